#!/usr/bin/env python3
"""How many commits of a range have traces of each AI tool, by plain git and the table of SPEC.md 7.2.

    ai_traces.py [-C REPOSITORY] BASE..HEAD

Independent of the program: exact addresses, marker lines, trailers, and an agent's name in Assisted-by and
Generated-by. Prints `<commits> <tool>` for each tool, sorted, and the number of marked commits.
"""
import argparse
import collections
import pathlib
import re
import subprocess
import tomllib

TABLE = pathlib.Path(__file__).resolve().parent.parent.parent / "src/ai/agents.toml"
AGENTS = tomllib.loads(TABLE.read_text())["agent"]
BY_ADDRESS = {address.lower(): agent["tool"] for agent in AGENTS for address in agent.get("addresses", [])}
BY_NAME = {name: agent["tool"] for agent in AGENTS for key in ("names", "given_names")
           for name in agent.get(key, [])}
NO_AGENTS = {"http", "https", "mailto", "ssh", "git", "github", "agent", "agent_name"}
GIVEN = {name for agent in AGENTS for name in agent.get("given_names", [])}
IDENTITIES = {"co-authored-by", "co-developed-by", "signed-off-by", "reviewed-by"}


def matches(row, value):
    if "value" in row:
        return value == row["value"]
    if "prefix" in row:
        return value.startswith(row["prefix"])
    if "hex" in row:
        return re.fullmatch(r"[0-9a-fA-F]{%d}" % row["hex"], value) is not None
    return bool(value)


def marker(agent, line):
    for row in agent.get("markers", []):
        if line == row.get("line"):
            return True
        if "prefix" in row and line.startswith(row["prefix"]) and line.endswith(row.get("suffix", "")):
            return True
    return False


def by_attribution(value):
    """An agent by its address, or by name as AGENT:MODEL, alone, or before what is in brackets."""
    for address in re.findall(r"<([^>]*)>", value):
        if address.lower() in BY_ADDRESS:
            return BY_ADDRESS[address.lower()]
    kernel = re.match(r"([^:]+):\s*(\S+)", value)
    if kernel:
        name = kernel.group(1).strip().lower()
        if name in BY_NAME:
            return BY_NAME[name]
        word = re.fullmatch(r"[A-Za-z0-9._-]+", kernel.group(1)) and not value.split(":", 1)[1][:1].isspace()
        if word and name not in NO_AGENTS and not value.split(":", 1)[1].startswith("//"):
            return kernel.group(1)
    tool = value.rsplit(" via ", 1)[-1].strip().lower()
    if " via " in value and tool in BY_NAME:
        return BY_NAME[tool]
    words = re.split(r"[\s]+", value.strip())
    for length in range(len(words), 0, -1):
        name = " ".join(words[:length]).lower().rstrip(",;")
        rest = " ".join(words[length:])
        # People bear some names too: only with a version behind it is it no surname.
        person = name in GIVEN and rest and not (re.search(r"[0-9]", rest) and not re.search("[#@]", rest))
        if name in BY_NAME:
            return None if person else BY_NAME[name]
    return None


def of_line(line):
    found = set()
    text = line.strip()
    plain = re.sub(r"^\W+ ", "", text) if not text[:1].isascii() else text
    for agent in AGENTS:
        if marker(agent, text) or marker(agent, plain):
            found.add(agent["tool"])
    trailer = re.fullmatch(r"([A-Za-z0-9-]+):\s*(.*)", text)
    if not trailer:
        return found
    key, value = trailer.group(1).lower(), trailer.group(2)
    if key in IDENTITIES:
        found |= {BY_ADDRESS[a.lower()] for a in re.findall(r"<([^>]*)>", value) if a.lower() in BY_ADDRESS}
    if key in ("assisted-by", "generated-by"):
        found |= {by_attribution(value)} - {None}
    for agent in AGENTS:
        for row in agent.get("trailers", []):
            if key == row["key"].lower() and matches(row, value):
                if row.get("agent_in_value"):
                    found.add(BY_NAME.get(value.lower(), agent["tool"]))
                else:
                    found.add(agent["tool"])
    return found


def of_commit(name, email, by, by_email, message):
    found = {BY_ADDRESS[a.lower()] for a in (email, by_email) if a.lower() in BY_ADDRESS}
    found |= {agent["tool"] for agent in AGENTS
              if agent.get("name_suffix") and name.endswith(agent["name_suffix"])}
    for line in re.split(r"\n|\r|\\n", message):
        found |= of_line(line)
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("-C", dest="repository", default=".")
    parser.add_argument("range")
    arguments = parser.parse_args()
    form = "%an%x00%ae%x00%cn%x00%ce%x00%B%x00%x01"
    log = ["git", "-C", arguments.repository, "log", "--no-mailmap", f"--format={form}", arguments.range]
    raw = subprocess.run(log, check=True, stdout=subprocess.PIPE).stdout.decode(errors="replace")
    counts, marked = collections.Counter(), 0
    for record in raw.split("\0\x01\n"):
        if record:
            tools = of_commit(*record.split("\0", 4))
            counts.update(tools)
            marked += bool(tools)
    for tool, number in sorted(counts.items()):
        print(number, tool)
    print(marked, "marked")


if __name__ == "__main__":
    main()
