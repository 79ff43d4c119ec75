"""SPEC 6.3 and 7: what commits tell of AI and of their authors."""

from common import Layer, join, repeat, sha256

MAYA = {"name": "Maya Lind", "email": "maya@code.example"}
CLAUDE, CURSOR = "noreply@anthropic.com", "cursoragent@cursor.com"
DEVIN = "158243242+devin-ai-integration[bot]@users.noreply.github.com"


def commit(message, author=MAYA, committer=None):
    return {"author": author, "committer": committer or author, "message": message}


def person(name, email):
    return {"name": name, "email": email}


def trace(rule, line, text, extent, strength="strong", source="trailer"):
    """`text` is what matched: the line without white space around it, or `name <address>`."""
    return {"rule": rule, "source": source, "line": line, "sha256": sha256(text.encode()), "strength": strength, "extent": extent}


def evidence_layer():
    layer = Layer("evidence")

    def case(clause, name, commits, *traces, extent=None, declared=None, contradictions=()):
        commits = [commits] if isinstance(commits, dict) else commits
        order = sorted(traces, key=lambda found: (found["rule"], found["line"] or 0))
        out = {"extent": extent, "traces": order, "contradictions": list(contradictions)}
        layer.ok("evidence.read", clause, name, {"commits": commits, "declared": declared}, out)

    def line(clause, name, text, rule=None, extent=None, strength="strong", source="trailer", raises=True):
        """A message whose third line is `text`."""
        found = [trace(rule, 3, text.strip(), extent, strength, source)] if rule else []
        raised = extent if rule and raises and strength != "weak" else None
        case(clause, name, commit(f"Subject\n\n{text}\n"), *found, extent=raised)

    case("7.3", "nothing", commit("Subject\n\nWhy.\n"))
    case("7.3", "no commit", [])
    # Identities.
    claude, devin = person("Claude", CLAUDE), person("Devin", DEVIN)
    case("7.2", "an agent as author", commit("s", claude), trace("claude-code/author", None, f"Claude <{CLAUDE}>", "generated", source="identity"), extent="generated")
    case("7.3", "an agent that works alone as author", commit("s", devin), trace("devin/author", None, f"Devin <{DEVIN}>", "autonomous", source="identity"), extent="autonomous")
    case("7.2", "an agent as committer alone", commit("s", MAYA, claude), trace("claude-code/committer", None, f"Claude <{CLAUDE}>", "assisted", "medium", "identity"), extent="assisted")
    case("7.3", "an agent that works alone as committer", commit("s", MAYA, devin), trace("devin/committer", None, f"Devin <{DEVIN}>", "assisted", "medium", "identity"), extent="assisted")
    case("7.2", "an agent as author and the same committer", commit("s", claude, claude), trace("claude-code/author", None, f"Claude <{CLAUDE}>", "generated", source="identity"), extent="generated")
    shouted = person("Claude", CLAUDE.upper())
    case("7.2", "an address in capitals", commit("s", shouted), trace("claude-code/author", None, f"Claude <{CLAUDE.upper()}>", "generated", source="identity"), extent="generated")
    case("7.2", "a name alone is no trace", commit("s", person("Claude", "claude@code.example")))
    case("7.2", "an agent's host is no trace", commit("s", person("Ana", "ana@anthropic.com")))
    aider = person("Maya Lind (aider)", "maya@code.example")
    case("7.2", "a suffix of an author's name", commit("s", aider), trace("aider/author", None, "Maya Lind (aider) <maya@code.example>", "generated", "medium", "identity"), extent="generated")
    case("7.2", "a suffix of a committer's name is weak", commit("s", MAYA, aider), trace("aider/committer", None, "Maya Lind (aider) <maya@code.example>", "assisted", "weak", "identity"))

    # Trailers with identities.
    for key, rule, source in [("Co-authored-by", "co-author", "identity"), ("Co-developed-by", "co-developer", "identity"),
                              ("Signed-off-by", "signed-off-by", "trailer"), ("Reviewed-by", "reviewed-by", "trailer")]:
        line("7.3", f"{key}: an agent", f"{key}: Cursor <{CURSOR}>", f"cursor/{rule}", "assisted", source=source)
        line("7.3", f"{key}: an agent that works alone", f"{key}: Devin <{DEVIN}>", f"devin/{rule}", "autonomous", source=source)
        line("7.2", f"{key}: an agent's name with a person's address", f"{key}: Cursor <cursor@code.example>")
    line("7.1", "a key in capitals", f"CO-AUTHORED-BY: Cursor <{CURSOR}>", "cursor/co-author", "assisted", source="identity")
    line("7.1", "a space before the colon", f"Co-authored-by : Cursor <{CURSOR}>", "cursor/co-author", "assisted", source="identity")
    line("7.1", "no space after the colon", f"Co-authored-by:Cursor <{CURSOR}>", "cursor/co-author", "assisted", source="identity")
    line("7.1", "white space around the line", f" \t Co-authored-by: Cursor <{CURSOR}> ", "cursor/co-author", "assisted", source="identity")
    line("7.1", "an address alone", f"Co-authored-by: {CURSOR}", "cursor/co-author", "assisted", source="identity")
    line("7.1", "no bracket at the end", f"Co-authored-by: Cursor <{CURSOR}", "cursor/co-author", "assisted", source="identity")
    line("7.1", "an agent beside a person", f"Co-authored-by: Ana <ana@code.example>, Cursor <{CURSOR}>", "cursor/co-author", "assisted", source="identity")
    line("7.1", "another key", f"Thanks-to: Cursor <{CURSOR}>")
    line("7.1", "prose before the key", f"See also Co-authored-by: Cursor <{CURSOR}>")
    line("7.1", "a quoted line", f"> Co-authored-by: Cursor <{CURSOR}>")
    trailer = f"Co-authored-by: Cursor <{CURSOR}>"

    def found(number):
        return trace("cursor/co-author", number, trailer, "assisted", source="identity")

    case("7.1", "in the subject", commit(trailer), found(1), extent="assisted")
    case("7.1", "in the middle of a message", commit(f"Subject\n\n{trailer}\n\nMore text.\n"), found(3), extent="assisted")
    case("7.1", "behind a carriage return", commit(f"Subject\r\n\r\n{trailer}\r\n"), found(3), extent="assisted")
    case("7.1", "a carriage return splits a line", commit(f"Subject\r{trailer}"), found(1), extent="assisted")
    case("7.1", "a literal \\n splits a line", commit(f"Subject\\n\\n{trailer}"), found(1), extent="assisted")
    case("7.1", "the same line twice is one trace", commit(f"S\n\n{trailer}\n{trailer}\n"), found(3), extent="assisted")
    case("7.1", "the same line in two commits", [commit(f"S\n\n{trailer}\n"), commit(f"T\n\n{trailer}\n")], found(3), found(3), extent="assisted")
    limit = 1_048_576
    inside = {**commit(""), "message": join(repeat("x", limit - len(trailer) - 1), f"\n{trailer}\n")}
    beyond = {**commit(""), "message": join(repeat("x", limit), f"\n{trailer}\n")}
    case("7.1", "the last line of the first 1,048,576 bytes", inside, found(2), extent="assisted")
    case("7.1", "after the first 1,048,576 bytes", beyond)

    # Assisted-by and Generated-by.
    for key, extent in [("Assisted-by", "assisted"), ("Generated-by", "generated")]:
        low = key.lower()
        for name, value, agent, strength in [
            ("AGENT:MODEL", "Claude:claude-opus-4-7", "claude-code", "strong"), ("AGENT:MODEL with tools", "claude-code:opus coccinelle sparse", "claude-code", "strong"),
            ("a known address", f"Claude <{CLAUDE}>", "claude-code", "strong"), ("a known name", "Cursor", "cursor", "medium"), ("a known name and a model", "GitHub Copilot (gpt-5)", "copilot", "medium"),
            ("a model via a tool", "gpt-5 via Cursor", "cursor", "medium"), ("an unknown word:model", "housebot:v3", "any", "medium"), ("a person", "Ana Ruiz <ana@code.example>", "any", "weak"),
            ("a name that people bear, with a surname", "Devin Smith", "any", "weak"), ("a name that people bear, with a person's address", "Claude <claude@code.example>", "any", "weak"),
            ("a link", "https://code.example/x", "any", "weak"), ("free text", "a friend", "any", "weak"),
        ]:
            line("7.2", f"{key}: {name}", f"{key}: {value}", f"{agent}/{low}", extent, strength)

    # Marker lines and trailers of a row.
    marker = "Generated with [Claude Code](https://claude.com/claude-code)"
    line("7.2", "a marker line", marker, "claude-code/marker", "generated", source="marker")
    line("7.2", "a marker line with more on it", f"{marker}, reviewed by Ana")
    line("7.2", "a marker line in other case", marker.lower())
    line("7.2", "a marker by prefix and suffix", "Generated with [Crush](https://charm.land/crush)", "crush/marker", "generated", source="marker")
    line("7.2", "a trailer of a row", "Claude-Session: abc", "claude-code/claude-session", "assisted")
    line("7.2", "a trailer with its value", "Made-with: Cursor", "cursor/made-with", "assisted")
    line("7.2", "a trailer with another value", "Made-with: care")
    line("7.2", "a trailer with its prefix", "Amp-Thread-ID: https://ampcode.com/threads/T-1", "amp/amp-thread-id", "assisted")
    line("7.2", "a trailer with another prefix", "Amp-Thread-ID: https://ampcode.example/threads/T-1")
    line("7.2", "a trailer of hex digits", "Entire-Checkpoint: 0123456789ab", "entire/entire-checkpoint", "assisted")
    line("7.2", "a trailer of too few hex digits", "Entire-Checkpoint: 0123456789a")
    line("7.2", "a trailer with an extent of its own", "Replit-Commit-Author: Agent", "replit/replit-commit-author", "generated")

    # What is declared and what is found.
    for declared, extent, against in [("none", "assisted", True), ("assisted", "assisted", False), ("generated", "generated", False), ("autonomous", "autonomous", False)]:
        case("7.3", f"assisted is found, {declared} is declared", commit(f"S\n\n{trailer}\n"), found(3), extent=extent, declared=declared,
             contradictions=[{"rule": "cursor/co-author", "declared": declared, "evidence": "assisted"}] if against else [])
    case("7.3", "nothing is found, none is declared", commit("S"), extent="none", declared="none")
    weak = "Assisted-by: a friend"
    case("7.3", "a weak trace contradicts nothing", commit(f"S\n\n{weak}\n"), trace("any/assisted-by", 3, weak, "assisted", "weak"), extent="none", declared="none")
    case("7.3", "the highest trace counts", commit(f"S\n\n{trailer}\n{marker}\n"), found(3), trace("claude-code/marker", 4, marker, "generated", source="marker"), extent="generated")
    return layer


def authors_layer():
    layer = Layer("authors")

    def case(name, given, people, agents=()):
        out = {"people": [{"name": n, "email": e, "as": role} for n, e, role in people], "agents": [e for e in agents]}
        layer.ok("authors.read", "6.3", name, given, out)

    maya, ana = ("Maya Lind", "maya@code.example", "author"), ("Ana", "ana@code.example", "coAuthor")
    case("the author of a commit", commit("S"), [maya])
    case("the committer is nobody", commit("S", MAYA, person("Ana", "ana@code.example")), [maya])
    case("a co-author", commit("S\n\nCo-authored-by: Ana <ana@code.example>\n"), [maya, ana])
    case("a co-author in the middle of a message", commit("S\n\nCo-authored-by: Ana <ana@code.example>\n\nText.\n"), [maya, ana])
    case("a co-author on the first line", commit("Co-authored-by: Ana <ana@code.example>"), [maya, ana])
    case("two co-authors on a line", commit("S\n\nCo-authored-by: Ana <ana@code.example> & Ben <ben@code.example>\n"), [maya, ana, ("Ben", "ben@code.example", "coAuthor")])
    case("a co-author by address alone", commit("S\n\nco-authored-by: ana@code.example\n"), [maya, ("", "ana@code.example", "coAuthor")])
    case("a co-author by name alone is nobody", commit("S\n\nCo-authored-by: Ana\n"), [maya])
    case("a co-author twice, in other case", commit("S\n\nCo-authored-by: Ana <ana@code.example>\nCo-authored-by: A <ANA@code.example>\n"), [maya, ana])
    case("the author as co-author", commit("S\n\nCo-authored-by: Maya <maya@code.example>\n"), [maya])
    case("an agent as co-author is no author", commit(f"S\n\nCo-authored-by: Cursor <{CURSOR}>\n"), [maya], [CURSOR])
    case("an agent as author is no author", commit("S", person("Claude", CLAUDE)), [], [CLAUDE])
    case("other trailers name no authors", commit("S\n\nSigned-off-by: Ana <ana@code.example>\nCo-developed-by: Ana <ana@code.example>\nReviewed-by: Ana <ana@code.example>\n"), [maya])
    return layer


def layers():
    return [evidence_layer(), authors_layer()]
