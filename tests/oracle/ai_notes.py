"""What git-ai notes say, read from plain git and by the format's description alone.

usage: ai_notes.py REPOSITORY < ids of the commits that have notes
"""

import json
import re
import subprocess
import sys

MAX_LINE = 2**32 - 1
SESSION = re.compile(r"(s_[0-9a-fA-F]{14})::t_[0-9a-fA-F]{14}")
PERSON = re.compile(r"h_[0-9a-fA-F]{14}")
PROMPT = re.compile(r"[0-9a-fA-F]{16}|[0-9a-fA-F]{7}")
NUMBER = re.compile(r"\+?[0-9]+")


def note_bytes(repository, ids):
    """The bytes of each commit's note, by one `git cat-file`."""
    listed = subprocess.run(
        ["git", "-C", repository, "notes", "--ref", "ai", "list"],
        capture_output=True, check=True, text=True,
    ).stdout.split("\n")
    blobs = {line.split()[1]: line.split()[0] for line in listed if line}
    git = subprocess.Popen(
        ["git", "-C", repository, "cat-file", "--batch"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )
    for commit in ids:
        git.stdin.write(blobs[commit].encode() + b"\n")
        git.stdin.flush()
        size = int(git.stdout.readline().split()[2])
        yield commit, git.stdout.read(size)
        git.stdout.read(1)


def number(text):
    if not NUMBER.fullmatch(text) or int(text) > MAX_LINE:
        return None
    return int(text)


def bounds(text):
    start, dash, end = text.partition("-")
    start, end = number(start), number(end if dash else start)
    if start is None or end is None or not 1 <= start <= end:
        return None
    return start, end


def owners(metadata):
    """The keys of agents, each with what tells it from another, and those of people."""
    agents = {}
    for kind in ("prompts", "sessions"):
        entries = metadata.get(kind)
        for key, entry in entries.items() if isinstance(entries, dict) else ():
            agent = entry.get("agent_id") if isinstance(entry, dict) else None
            if isinstance(agent, dict) and isinstance(agent.get("tool"), str):
                agents[key] = (
                    agent["tool"], agent.get("model"), agent.get("id"), entry.get("human_author"),
                )
    people = metadata.get("humans")
    return agents, set(people) if isinstance(people, dict) else set()


def whose(key, agents, people):
    """`ai`, `human`, or why nobody's; and the agent."""
    session = SESSION.fullmatch(key)
    if session or PROMPT.fullmatch(key):
        agent = agents.get(session.group(1) if session else key)
        return ("ai", agent) if agent else ("dangling", None)
    if PERSON.fullmatch(key):
        return ("human" if key in people else "dangling"), None
    return "malformed", None


def read(note):
    try:
        text = note.decode()
    except UnicodeDecodeError:
        return "odd: no note of git-ai"
    files, rule, metadata = ("\n" + text).partition("\n---\n")
    if not rule:
        return "odd: no note of git-ai"
    try:
        metadata = json.loads(metadata)
        version = metadata["schema_version"]
        if not version.startswith("authorship/3."):
            raise ValueError
    except (ValueError, KeyError, AttributeError, TypeError):
        return "odd: the metadata of a note can't be read"
    agents, people = owners(metadata)
    odd = {"malformed": 0, "dangling": 0, "unsorted": 0, "unread": 0}
    lines, used, path = {}, set(), None
    for line in files.split("\n")[1:]:
        if not line.startswith("  "):
            quoted = len(line) > 1 and line[0] == line[-1] == '"'
            path = line[1:-1] if quoted else line
            if not path or path.startswith("/") or {"", ".", ".."} & set(path.split("/")):
                path = None
                odd["unread"] += 1
            continue
        key, space, listed = line.strip().rpartition(" ")
        if not space:
            odd["unread"] += 1
            continue
        kind, agent = whose(key.strip(), agents, people)
        if kind in odd:
            odd[kind] += 1
            continue
        if path is None:
            continue
        painted, last, ordered = lines.setdefault(path, {}), 0, True
        for listed_range in listed.split(","):
            found = bounds(listed_range)
            if not found:
                odd["unread"] += 1
                continue
            ordered, last = ordered and found[0] >= last, found[0]
            painted.update((line, kind) for line in range(found[0], found[1] + 1))
            if agent:
                used.add(tuple(str(part) for part in agent))
        odd["unsorted"] += not ordered
    count = {kind: sum(list(file.values()).count(kind) for file in lines.values()) for kind in ("ai", "human")}
    told = ", ".join(f"{number} {name}" for name, number in odd.items())
    return f"{len(lines)} files, {count['ai']} ai, {count['human']} human, {len(used)} agents, {told}"


def main():
    ids = sys.stdin.read().split()
    for commit, note in note_bytes(sys.argv[1], ids):
        print(commit, read(note))


if __name__ == "__main__":
    main()
