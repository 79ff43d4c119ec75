"""SPEC 5.1, 5.2, 6.2, 6.4 to 6.7: globs, roster and policy files, decisions."""

from common import Key, Layer, shown

LEVELS = ["junior", "mid", "senior", "principal"]
PEOPLE = {"maya": "junior", "omar": "mid", "linus": "senior", "ana": "senior", "grace": "principal", "tomas": "principal"}
TEAMS = {"maya": ["payments"], "ana": ["security"], "grace": ["payments"], "tomas": ["payments", "security"]}


def quoted(words):
    return "[" + ", ".join(f'"{word}"' for word in words) + "]"


def person(name):
    teams = f"teams = {quoted(TEAMS[name])}\n" if name in TEAMS else ""
    return (f'[[engineer]]\nid = "{name}"\nname = "The {name}"\nlevel = "{PEOPLE[name]}"\n{teams}emails = ["{name}@code.example"]\n'
            f'[[engineer.key]]\nssh = "{Key("people: " + name).line}"\n\n')


ROSTER = f"levels = {quoted(LEVELS)}\n\n" + "".join(map(person, PEOPLE)) + '[admins]\nids = ["grace", "tomas"]\nthreshold = 1\n'
HEAD = 'repository = "code.example/pay"\nprotected = ["refs/heads/main"]\n'
OPEN = "[default]\n"
DECLARE = "[default]\nrequire = { declaration = true }\n"


def rule(name, **keys):
    return f'[[rule]]\nname = "{name}"\n' + "".join(f"{key} = {value}\n" for key, value in keys.items())


def glob_layer():
    layer = Layer("glob")

    def ok(name, glob, matches, others, clause="6.2"):
        layer.ok("glob", clause, name, {"glob": glob, "paths": [shown(p) if isinstance(p, bytes) else p for p in [*matches, *others]]},
                 {"matches": [shown(p) if isinstance(p, bytes) else p for p in matches]})

    def refused(name, glob, twin, clause="6.2"):
        layer.refused("glob", clause, name, {"glob": glob, "paths": []}, twin)

    ok("a path", "src/lib.rs", ["src/lib.rs"], ["src/lib.rsx", "xsrc/lib.rs", "src/lib_rs", "lib.rs", "src/lib.rs/x", "SRC/lib.rs", "src"])
    ok("? is one byte", "a?c", ["abc", "a?c", b"a\xffc"], ["ac", "abbc", "a/c", "aäc"])
    ok("* is any bytes but /", "src/*.rs", ["src/a.rs", "src/.rs", "src/a.b.rs", b"src/\xff.rs"], ["src/a/b.rs", "src/a.rsx", "a.rs"])
    ok("* matches a dot at the start", "*", [".env", "a", "..."], ["a/b", ".github/x"])
    ok("* in a folder's name", "crates/*/src", ["crates/a/src"], ["crates/src", "crates/a/b/src", "crates/a/srcs"])
    ok("two single stars", "*-*.md", ["a-b.md", "-.md"], ["ab.md", "a/b-c.md"])
    ok("** at the end", "src/**", ["src/a", "src/a/b", "src/.x"], ["src", "srcs/a", "a/src/b"])
    ok("** at the start", "**/lib.rs", ["lib.rs", "a/lib.rs", "a/b/lib.rs"], ["xlib.rs", "a/xlib.rs", "lib.rs/x"])
    ok("** inside", "a/**/z", ["a/z", "a/b/z", "a/b/c/z"], ["az", "a/bz", "xa/z", "a/b/zz"])
    ok("** alone", "**", ["a", "a/b", ".x/y"], [])
    ok("** twice", "**/test/**", ["test/a", "x/test/a/b"], ["test", "x/test", "atest/b"])
    ok("a class", "[a-c]x", ["ax", "bx", "cx"], ["dx", "x", "Ax", "a-cx"])
    ok("a class of single bytes", "[-ab]x", ["-x", "ax", "bx"], ["cx"])
    ok("a class negated", "a[!0-9]", ["ax", "a-", "a!"], ["a5", "a", "a/b"])
    ok("a class with ] first", "[]a]", ["]", "a"], ["[", "b"])
    ok("a class negated, and /", "a[!x]b", ["ayb"], ["axb", "a/b"])
    ok("alternatives", "{src,lib}/*.{rs,toml}", ["src/a.rs", "lib/a.toml"], ["bin/a.rs", "src/a.rst", "{src,lib}/a.rs"])
    ok("alternatives inside one another", "{a,b{c,d}}", ["a", "bc", "bd"], ["b", "bcd", "ac"])
    ok("an empty alternative", "a{,.md}", ["a", "a.md"], ["a.", "a,"])
    ok("alternatives with stars", "{docs/**,*.md}", ["docs/a", "a.md"], ["a/b.md", "docs"])
    ok("an escaped star", "a\\*", ["a*"], ["ab", "a\\*", "a"])
    ok("an escaped brace", "\\{a\\}", ["{a}"], ["a"])
    ok("an escaped bracket", "\\[a]", ["[a]"], ["a"])
    ok("an escaped ! at the start", "\\!a", ["!a"], ["a"])
    ok("bytes beyond ASCII", "größe/*", ["größe/a"], ["grosse/a", "gro\u0308ße/a"])
    ok("1,024 bytes", "a" * 1024, ["a" * 1024], ["a" * 1023], "10")
    refused("1,025 bytes", "a" * 1025, "1,024 bytes", "10")
    for name, glob, twin in [
        ("an empty glob", "", "a path"), ("! at the start", "!src/lib.rs", "an escaped ! at the start"), ("/ at the start", "/src/lib.rs", "a path"), ("/ at the end", "src/lib.rs/", "a path"),
        ("//", "src//lib.rs", "a path"), (". as a component", "./src/lib.rs", "a path"), (". inside", "src/./lib.rs", "a path"), (".. as a component", "src/../lib.rs", "a path"),
        ("** beside a name", "src**", "** at the end"), ("** before a name", "**.rs", "** at the start"), ("** beside a star", "a/***", "** at the end"), ("** after a name in a component", "a/b**/c", "** inside"),
        ("[ without ]", "[a-c", "a class"), ("[ and ] alone", "[]", "a class with ] first"), ("a range that goes down", "[c-a]x", "a class"), ("/ in a class", "[a/b]x", "a class"),
        ("a class of more than ASCII", "[ä]x", "a class"), ("a named class", "[[:alpha:]]x", "a class"), ("{ without }", "{src,lib", "alternatives"), ("} without {", "src}", "alternatives"), ("\\ at the end", "a\\", "an escaped star"),
    ]:
        refused(name, glob, twin)
    return layer


def files_layer():
    layer = Layer("files", {"roster": ROSTER, "policy": HEAD + DECLARE + rule("one", paths='["src/**"]', when='{ ai = "assisted", author_below = "senior" }', require='{ signers = 1, level = "senior" }')})
    policy = layer.texts["policy"]
    plain = {"roster": {"of": "roster"}, "policy": {"of": "policy"}}
    layer.ok("trust.files", "5.2", "a roster and a policy", plain)

    def in_roster(name, old, new, result="refused", clause="5.1"):
        case(name, {**plain, "roster": {"of": "roster", "replace": old, "by": new}}, result, clause)
        assert ROSTER.count(old) == 1, (name, old)

    def in_policy(name, old, new, result="refused", clause="5.2"):
        case(name, {**plain, "policy": {"of": "policy", "replace": old, "by": new}}, result, clause)
        assert policy.count(old) == 1, (name, old)

    def case(name, given, result, clause):
        if result == "ok":
            layer.ok("trust.files", clause, name, given)
        elif result == "later":
            layer.undecided("trust.files", "12", name, given, "a roster and a policy", "CS906")
        else:
            layer.undecided("trust.files", clause, name, given, "a roster and a policy", "CS406")

    maya, linus = Key("people: maya"), Key("people: linus")
    in_roster("an unknown key", "[admins]\n", "[admins]\nx = 1\n")
    in_roster("a level that is none", 'level = "junior"', 'level = "intern"')
    in_roster("no levels", f"levels = {quoted(LEVELS)}\n", "")
    in_roster("a level twice", '"mid", ', '"mid", "mid", ')
    in_roster("an id twice", 'id = "omar"', 'id = "maya"')
    in_roster("an id in capitals", 'id = "omar"', 'id = "Omar"')
    in_roster("an id of 64", 'id = "omar"', f'id = "{"o" * 64}"', "ok")
    in_roster("an id of 65", 'id = "omar"', f'id = "{"o" * 65}"')
    in_roster("an id that starts with a dot", 'id = "omar"', 'id = ".omar"')
    in_roster("a name with a control character", 'name = "The omar"', 'name = "The \\u0007omar"')
    in_roster("a name that reorders", 'name = "The omar"', 'name = "The \\u202eomar"')
    in_roster("a name with a space at its end", 'name = "The omar"', 'name = "The omar "')
    in_roster("one key of two people", linus.line, maya.line)
    in_roster("one address of two people", '"linus@code.example"', '"maya@code.example"')
    in_roster("one address of two people, in other case", '"linus@code.example"', '"Maya@Code.Example"')
    in_roster("an agent's address", '"linus@code.example"', '"noreply@anthropic.com"')
    in_roster("a weak key", linus.line, "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
    in_roster("an admin whom nobody knows", '["grace", "tomas"]', '["grace", "tom"]')
    in_roster("an admin twice", '["grace", "tomas"]', '["grace", "grace"]')
    in_roster("a threshold over the number of admins", "threshold = 1", "threshold = 3")
    in_roster("a threshold of nobody", "threshold = 1", "threshold = 0")
    in_roster("a threshold of all", "threshold = 1", "threshold = 2", "ok")
    in_roster("a key revoked without a reason", f'ssh = "{linus.line}"', f'ssh = "{linus.line}"\nrevoked = {{ on = "2025-01-01" }}')
    in_roster("a key revoked", f'ssh = "{linus.line}"', f'ssh = "{linus.line}"\nrevoked = {{ on = "2025-01-01", reason = "retired" }}', "ok")
    in_roster("no TOML", "[admins]", "[admins")
    in_roster("a key twice in a table", "threshold = 1", "threshold = 1\nthreshold = 1")
    in_policy("an unknown key at the top", HEAD, HEAD + "x = 1\n")
    in_policy("an unknown condition", 'ai = "assisted",', 'ai = "assisted", x = 1,')
    in_policy("an unknown requirement", "signers = 1,", "signers = 1, x = 1,")
    in_policy("no repository", 'repository = "code.example/pay"\n', "")
    in_policy("no protected branch", '["refs/heads/main"]', "[]")
    in_policy("a branch's short name", '["refs/heads/main"]', '["main"]')
    in_policy("a tag", '["refs/heads/main"]', '["refs/tags/v1"]')
    in_policy("no default", DECLARE, "")
    in_policy("an extent that is none", '"assisted"', '"some"')
    in_policy("a level that the roster lacks", 'author_below = "senior"', 'author_below = "staff"')
    in_policy("a team that the roster lacks", "signers = 1,", 'signers = 1, team = "web",')
    in_policy("a team of the roster", "signers = 1,", 'signers = 1, team = "security",', "ok")
    in_policy("nobody to sign", "signers = 1", "signers = 0")
    in_policy("101 to sign", "signers = 1", "signers = 101")
    in_policy("100 to sign", "signers = 1", "signers = 100", "ok")
    in_policy("a rule's name twice", '[[rule]]\nname = "one"', '[[rule]]\nname = "one"\nforbid = "x"\n\n[[rule]]\nname = "one"')
    in_policy("a rule that asks nothing", 'require = { signers = 1, level = "senior" }', "")
    in_policy("a glob that is none", '"src/**"', '"src/"')
    in_policy("a path twice", '"src/**"', '"src/**", "src/**"')
    in_policy("no path", '["src/**"]', "[]")
    in_policy("two paths", '"src/**"', '"src/**", "lib/**"', "ok")
    in_policy("enforce is none", 'name = "one"', 'name = "one"\nenforce = "no"')
    in_policy("enforce = warn", 'name = "one"', 'name = "one"\nenforce = "warn"', "ok")
    in_policy("clean_merge = false", 'name = "one"', 'name = "one"\nclean_merge = false', "ok")
    in_policy("clean_merge = true", HEAD, HEAD + "clean_merge = true\n", "ok")
    in_policy("emergency", "[default]", '[emergency]\nids = ["grace"]\nfollow_up = "3d"\n\n[default]', "ok")
    in_policy("an emergency of nobody", "[default]", '[emergency]\nfollow_up = "3d"\n\n[default]')
    in_policy("an emergency without an end", "[default]", '[emergency]\nids = ["grace"]\n\n[default]')
    in_policy("an emergency of somebody whom the roster lacks", "[default]", '[emergency]\nids = ["gracia"]\nfollow_up = "3d"\n\n[default]')
    in_policy("a window for reverts", "[default]", '[revert]\nwindow = "72h"\n\n[default]', "ok")
    in_policy("reverts without a window", "[default]", "[revert]\n\n[default]")
    in_policy("the line of a branch that is not protected", "[default]", '[accept_line_of]\n"refs/heads/main" = ["refs/heads/next"]\n\n[default]')
    in_policy("a blast radius as condition", 'ai = "assisted",', 'ai = "assisted", blast_radius = "high",', "later")
    in_policy("a stage as condition", 'ai = "assisted",', 'ai = "assisted", stage = "global",', "ok")
    in_policy("presence", "signers = 1,", "signers = 1, presence = true,", "ok")
    in_policy("checkpoints by gates", HEAD, HEAD + 'checkpoints = ["admins", "gate"]\n', "ok")
    in_policy("checkpoints by gates alone", HEAD, HEAD + 'checkpoints = ["gate"]\n')
    in_policy("a store elsewhere", HEAD, HEAD + 'store = "refs/x/attestations"\n', "later")
    return layer


def policy_layer():
    layer = Layer("policy", {"roster": ROSTER})
    def case(clause, name, rules, facts, *unmet, extent=None, twin=None, default=OPEN, through=False):
        """`unmet`: (rule, "forbidden" or "declaration"), or (rule, signers, teams), with "warn" at the end where it warns."""
        told = []
        for rule_name, what, *more in unmet:
            warns = "warn" in more
            teams = next((m for m in more if isinstance(m, list)), [])
            found = {"rule": rule_name, "missing": what} if isinstance(what, str) else {"rule": rule_name, "missing": "signOffs", "signers": what, "teams": teams}
            told.append(found | ({"warns": True} if warns else {}))
        given = {"roster": {"of": "roster"}, "policy": HEAD + default + rules, "facts": facts}
        extent = extent or max([facts.get("declared") or "assisted", facts.get("evidence") or "none"], key=["none", "assisted", "generated", "autonomous"].index)
        out = {"extent": extent, "unmet": told}
        if "emergencies" in facts:
            out["inEmergency"] = through
        if all("warns" in found for found in told):
            layer.ok("policy.decide", clause, name, given, out)
        else:
            layer.refused("policy.decide", clause, name, given, twin, out=out)

    def facts(claimed=(), proven=(), declared=None, approvals=(), paths=("src/lib.rs",), **more):
        given = approvals if isinstance(approvals, dict) else {who: [{}] for who in approvals}
        return {"paths": list(paths), "claimed": sorted(claimed), "proven": sorted(proven), "declared": declared, "approvals": given, "evidence": None, "unknownAuthor": False} | more

    def by(author, extent, *signers, approvals=None, **more):
        return facts([author], [author], extent, approvals or signers, **more)

    senior = rule("one", when='{ ai = "assisted", author_below = "senior" }', require='{ signers = 1, level = "senior", above_author = true }')
    ok = "junior's assisted work, signed by a senior"
    case("6.1", "nothing is asked", "", facts(["maya"]))
    case("6.4", ok, senior, by("maya", "assisted", "linus"))
    case("6.4", "junior's assisted work", senior, by("maya", "assisted"), ("one", 1), twin=ok)
    case("6.5", "signed by a mid", senior, by("maya", "assisted", "omar"), ("one", 1), twin=ok)
    case("6.5", "signed by the author", senior, by("maya", "assisted", "maya"), ("one", 1), twin=ok)
    case("6.5", "signed by nobody whom the roster knows", senior, by("maya", "assisted", "eve"), ("one", 1), twin=ok)
    case("6.4", "mid's generated work, signed by a principal", senior, by("omar", "generated", "grace"))
    case("6.4", "a senior's work is not below senior", senior, by("linus", "autonomous"))
    case("6.6", "no AI, declared", senior, by("maya", "none"))
    case("6.6", "no AI declared, evidence shows it", senior, by("maya", "none", evidence="assisted"), ("one", 1), twin="no AI, declared")
    case("6.6", "less declared than evidence shows, signed", senior, by("maya", "none", "linus", evidence="generated"), extent="generated")
    generated = senior.replace('"assisted"', '"generated"')
    case("6.6", "below the rule's extent", generated, by("maya", "assisted"))
    case("6.6", "at the rule's extent, signed", generated, by("maya", "generated", "linus"))
    case("6.6", "at the rule's extent", generated, by("maya", "generated"), ("one", 1), twin="at the rule's extent, signed")
    case("6.6", "above the rule's extent", generated, by("maya", "autonomous"), ("one", 1), twin="at the rule's extent, signed")

    # Authors: each possible one.
    case("6.4", "a claimed senior who did not declare", senior, facts(["linus"]), ("one", "declaration"), twin="a claimed senior, who declared")
    case("6.4", "a claimed senior, who declared", senior, by("linus", "assisted"))
    case("6.4", "nobody is claimed: a stranger", senior, facts(), ("one", 1), twin="a stranger, signed by a senior, to whose work the rule does not apply")
    case("6.4", "a stranger, signed by a senior, to whose work the rule does not apply", senior, facts(approvals=["linus"]))
    case("6.4", "undeclared junior work, signed by a senior", senior, facts(["maya"], approvals=["linus"]))
    case("6.4", "an unknown author beside a declared senior", senior, by("linus", "assisted", unknownAuthor=True), ("one", 1), twin="an unknown author beside a declared senior, signed by another")
    case("6.4", "an unknown author beside a declared senior, signed by another", senior, by("linus", "assisted", "ana", unknownAuthor=True))
    case("6.4", "a claimed junior beside a declared senior", senior, facts(["maya", "linus"], ["linus"], "assisted"), ("one", 1), twin="a claimed junior beside a declared senior, signed by another")
    case("6.4", "a claimed junior beside a declared senior, who signs: the rule does not apply to the senior's own work", senior, facts(["maya", "linus"], ["linus"], "assisted", ["linus"]))
    case("6.4", "a claimed junior beside a declared senior, signed by another", senior, facts(["maya", "linus"], ["linus"], "assisted", ["ana"]))
    anybody = rule("one", require="{ signers = 1 }")
    case("6.4", "anybody but the author", anybody, by("maya", "none", "omar"))
    case("6.4", "the author alone", anybody, by("maya", "none", "maya"), ("one", 1), twin="anybody but the author")
    case("6.4", "one signer may have written it: nobody declared", anybody, facts(["maya"], approvals=["omar"]), ("one", "declaration"), twin="two signers: one of them may have written it")
    case("6.4", "two signers: one of them may have written it", anybody, facts(["maya"], approvals=["linus", "omar"]))
    case("6.4", "an author signs what a second one declared", anybody, facts(["maya", "omar"], ["maya", "omar"], "none", ["omar"]), ("one", 1), twin="two authors, each signs for the other's part, and a third")
    case("6.4", "two authors, each signs for the other's part, and a third", anybody, facts(["maya", "omar"], ["maya", "omar"], "none", ["ana"]))
    case("6.4", "two authors sign what both wrote", anybody, facts(["maya", "omar"], ["maya", "omar"], "none", ["maya", "omar"]))

    # Counting people.
    two = rule("one", require="{ signers = 2 }")
    case("6.5", "two of two", two, by("maya", "none", "omar", "linus"))
    case("6.5", "one of two", two, by("maya", "none", "omar"), ("one", 1), twin="two of two")
    case("6.5", "none of two", two, by("maya", "none"), ("one", 2), twin="two of two")
    case("6.5", "two of two, one is the author", two, by("maya", "none", "omar", "maya"), ("one", 1), twin="two of two")
    above = rule("one", require="{ signers = 1, above_author = true }")
    case("6.5", "above the author", above, by("omar", "none", "linus"))
    case("6.5", "of the author's level", above, by("linus", "none", "ana"), ("one", 1), twin="above the author")
    case("6.5", "below the author", above, by("linus", "none", "omar"), ("one", 1), twin="above the author")
    case("6.5", "above the top: another person of it", above, by("grace", "none", "tomas"))
    case("6.5", "above the top: a person below it", above, by("grace", "none", "linus"), ("one", 1), twin="above the top: another person of it")
    case("6.5", "above the top: the same person", above, by("grace", "none", "grace"), ("one", 1), twin="above the top: another person of it")
    team = rule("one", require='{ signers = 1, team = "security" }')
    case("6.5", "of the team", team, by("maya", "none", "ana"))
    case("6.5", "of another team", team, by("maya", "none", "grace"), ("one", 1), twin="of the team")
    teams = rule("one", require='{ signers = 1, teams = ["payments", "security"] }')
    case("6.5", "one of each team", teams, by("maya", "none", "ana", "grace"))
    case("6.5", "one person of both teams", teams, by("maya", "none", "tomas"))
    case("6.5", "a team is missing", teams, by("maya", "none", "grace"), ("one", 1, ["security"]), twin="one of each team")
    case("6.5", "both teams are missing", teams, by("maya", "none"), ("one", 1, ["payments", "security"]), twin="one of each team")
    case("6.5", "the author's team does not count", teams, by("maya", "none", "ana", "maya"), ("one", 1), twin="one of each team")

    # Approvals of a certain age, and over what a change is the clean merge of.
    fresh = rule("one", require='{ level = "senior", max_age = "1d" }')
    case("6.5", "as old as the rule takes", fresh, by("maya", "none", approvals={"linus": [{"age": 86400}]}))
    case("6.5", "a second older", fresh, by("maya", "none", approvals={"linus": [{"age": 86401}]}), ("one", 1), twin="as old as the rule takes")
    case("6.5", "of an age that nobody knows", fresh, by("maya", "none", "linus"), ("one", 1), twin="as old as the rule takes")
    case("6.5", "one is fresh, one is not", rule("one", require='{ signers = 2, max_age = "1w" }'), by("maya", "none", approvals={"linus": [{"age": 604800}], "ana": [{"age": 604801}]}), ("one", 1), twin="as old as the rule takes")
    for key, fact in (("presence", "presence"), ("user_verification", "userVerification"), ("timestamp", "timestamp")):
        proof = rule("one", require=f'{{ level = "senior", {key} = true }}')
        case("6.5", f"with {key}", proof, by("maya", "none", approvals={"linus": [{fact: True}]}))
        case("6.5", f"without {key}", proof, by("maya", "none", "linus"), ("one", 1), twin=f"with {key}")
        case("6.5", f"{key} of somebody below the level", proof, by("maya", "none", approvals={"linus": [{}], "omar": [{fact: True}]}), ("one", 1), twin=f"with {key}")
    touched = rule("one", require='{ level = "senior", presence = true, max_age = "1d" }')
    case("6.5", "one approval is young and with a touch", touched, by("maya", "none", approvals={"linus": [{"age": 0}, {"age": 86400, "presence": True}]}))
    case("6.5", "one approval is young, another is with a touch", touched, by("maya", "none", approvals={"linus": [{"age": 0}, {"age": 86401, "presence": True}]}), ("one", 1), twin="one approval is young and with a touch")
    exact = rule("one", require='{ level = "senior" }', clean_merge="false")
    case("8.3", "a rule for exact changes, of one", exact, by("maya", "none", "linus"))
    case("8.3", "a rule for exact changes, of a clean merge", exact, by("maya", "none", "linus", merged=True), ("one", 1), twin="a rule for exact changes, of one")
    case("8.3", "a rule for all changes, of a clean merge", rule("one", require='{ level = "senior" }'), by("maya", "none", "linus", merged=True))
    declared = rule("one", require="{ declaration = true }", clean_merge="false")
    case("8.3", "a declaration for exact changes, of one", declared, by("maya", "none"))
    case("8.3", "a declaration for exact changes, of a clean merge", declared, by("maya", "none", merged=True), ("one", "declaration"), twin="a declaration for exact changes, of one")

    # Rules together.
    both = senior + rule("two", paths='["crypto/**"]', require='{ signers = 2, team = "security" }')
    case("6.1", "requirements add up", both, by("maya", "assisted", paths=["src/a", "crypto/b"]), ("one", 1), ("two", 2), twin="requirements add up, all met")
    case("6.1", "requirements add up, all met", both, by("maya", "assisted", "ana", "tomas", paths=["src/a", "crypto/b"]))
    case("6.2", "no path matches", both, by("maya", "assisted", "linus"))
    case("6.2", "a path is excepted", rule("one", paths='["src/**"]', except_paths='["src/gen/**"]', require="{ signers = 1 }"), by("maya", "none", paths=["src/gen/a"]))
    case("6.2", "one path is excepted, another is not", rule("one", paths='["src/**"]', except_paths='["src/gen/**"]', require="{ signers = 1 }"), by("maya", "none", paths=["src/a", "src/gen/a"]), ("one", 1), twin="a path is excepted")
    case("6.1", "warned", rule("one", require="{ signers = 1 }", enforce='"warn"'), by("maya", "none"), ("one", 1, "warn"))
    case("6.1", "warned and blocked", rule("one", require="{ signers = 1 }", enforce='"warn"') + rule("two", require="{ signers = 2 }"), by("maya", "none", "omar"), ("two", 1), twin="two of two, two rules")
    case("6.1", "two of two, two rules", rule("one", require="{ signers = 1 }", enforce='"warn"') + rule("two", require="{ signers = 2 }"), by("maya", "none", "omar", "ana"))

    # Declarations, silence, forbid.
    case("6.7", "declared by an author", "", by("maya", "none"), default=DECLARE)
    case("6.7", "not declared", "", facts(["maya"]), ("[default]", "declaration"), twin="declared by an author", default=DECLARE)
    case("6.7", "not declared, though signed", "", facts(["maya"], approvals=["grace"]), ("[default]", "declaration"), twin="declared by an author", default=DECLARE)
    forbid = rule("no", paths='["crypto/**"]', when='{ ai = "generated" }', forbid='"write it by hand"')
    case("6.7", "forbidden, below its extent", forbid, by("maya", "assisted", paths=["crypto/a"]))
    case("6.7", "forbidden", forbid, by("maya", "generated", "grace", "tomas", paths=["crypto/a"]), ("no", "forbidden"), twin="forbidden, below its extent")
    case("6.7", "forbidden, by evidence", forbid, by("maya", "none", evidence="generated", paths=["crypto/a"]), ("no", "forbidden"), twin="forbidden, below its extent")
    case("6.6", "silence about what is forbidden", forbid, facts(["maya"], approvals=["grace", "tomas"], paths=["crypto/a"]), ("no", "declaration"), twin="forbidden, below its extent")
    case("6.6", "silence about what a rule asks", generated, facts(["maya"]), ("one", "declaration"), twin="silence, and what the rule would ask")
    case("6.6", "silence, and what the rule would ask", generated, facts(["maya"], approvals=["linus"]))
    case("6.7", "one declaration is told once", generated, facts(["maya"]), ("[default]", "declaration"), twin="one declaration lifts both", default=DECLARE)
    case("6.7", "one declaration lifts both", generated, by("maya", "assisted"), default=DECLARE)
    more = '{ signers = 1, level = "principal" }'
    named = {"tool": "Claude Code", "model": "claude-opus-4-7"}
    for key, value in named.items():
        asks = rule("one", when=f'{{ {key} = "{value}" }}', require=more)
        other = {f"{key}s": ["another"]}
        this = {f"{key}s": ["another", value.lower()]}
        case("6.6", f"another {key}", asks, by("maya", "assisted", **other))
        case("6.6", f"the {key} of the rule", asks, by("maya", "assisted", **this), ("one", 1), twin=f"another {key}")
        case("6.6", f"silence about the {key}", asks, facts(["maya"], **other), ("one", "declaration"), twin=f"another {key}")
    agent = rule("one", when='{ author = "agent" }', require=more)
    case("6.4", "no agent wrote it", agent, facts(["maya"]))
    case("6.4", "an agent wrote it", agent, facts(["maya"], ["maya"], "assisted", agentWrote=True), ("one", 1), twin="no agent wrote it")
    for key in ("files", "lines"):
        over = rule("one", when=f"{{ {key}_over = 3 }}", require=more)
        case("6.8", f"as many {key} as the rule lets through", over, by("maya", "none", **{key: 3}))
        case("6.8", f"one of the {key} more", over, by("maya", "none", **{key: 4}), ("one", 1), twin=f"as many {key} as the rule lets through")
    case("6.8", "what exceeds every number of lines", over, by("maya", "none", lines=None), ("one", 1), twin="as many lines as the rule lets through")
    everything = rule("one", require=more)
    case("6.8", "exempt", everything, by("maya", "none", exempt=True))
    case("6.9", "an automation's", everything, by("maya", "none", automated=True))
    exactly = rule("one", require=more, clean_merge="false")
    case("8.3", "an automation's, of a clean merge, for exact changes", exactly, by("maya", "none", automated=True, merged=True), ("one", 1), twin="an automation's")
    case("8.3", "exempt, of a clean merge, for exact changes", exactly, by("maya", "none", exempt=True, merged=True))
    case("6.8", "not exempt", everything, by("maya", "none", exempt=False), ("one", 1), twin="exempt")
    case("6.8", "forbidden, though exempt", rule("no", forbid='"frozen"'), by("maya", "none", exempt=True), ("no", "forbidden"), twin="exempt")

    staged = rule("one", when='{ stage = "global" }', require=more)
    case("6.4", "of no stage", staged, by("maya", "none"))
    case("6.4", "of another stage", staged, by("maya", "none", stage="canary"))
    case("6.4", "of the rule's stage", staged, by("maya", "none", stage="global"), ("one", 1), twin="of another stage")

    # Emergencies: what is unmet stays so, and is let through or not.
    def emergency(name, allowed, given, through):
        policy = everything + f'[emergency]\nfollow_up = "3d"\n{allowed}\n'
        case("6.10", f"emergency: {name}", policy, given, ("one", 1 if given["proven"] else 2), twin="exempt", through=through)

    emergency("by somebody whom it names", 'ids = ["omar"]', by("maya", "none", emergencies=["omar"]), True)
    emergency("by somebody whom it doesn't name", 'ids = ["omar"]', by("maya", "none", emergencies=["linus"]), False)
    emergency("at its level", 'level = "senior"', by("maya", "none", emergencies=["linus"]), True)
    emergency("above its level", 'level = "senior"', by("maya", "none", emergencies=["grace"]), True)
    emergency("below its level", 'level = "senior"', by("maya", "none", emergencies=["omar"]), False)
    emergency("of its team", 'teams = ["security"]', by("maya", "none", emergencies=["ana"]), True)
    emergency("of no team", 'teams = ["security"]', by("maya", "none", emergencies=["linus"]), False)
    emergency("by the author", 'level = "mid"', by("omar", "none", emergencies=["omar"]), False)
    emergency("by the author, who may", 'level = "mid"\nauthor = true', by("omar", "none", emergencies=["omar"]), True)
    emergency("by one of two authors", 'level = "mid"', facts(["maya", "omar"], ["maya", "omar"], "none", emergencies=["omar"]), False)
    emergency("by whom nobody else's declaration clears", 'level = "mid"', facts(["maya"], emergencies=["linus"]), False)
    emergency("by two, of whom one may have written it", 'level = "mid"', facts(["maya"], emergencies=["linus", "omar"]), True)
    emergency("by nobody whom the roster knows", 'level = "junior"', by("maya", "none", emergencies=["eve"]), False)

    unproven = rule("one", when='{ author = "unproven" }', require='{ signers = 1, level = "senior" }')
    case("6.4", "proven", unproven, by("maya", "none"))
    case("6.4", "unproven", unproven, facts(["maya"], approvals=["omar"]), ("one", "declaration"), twin="proven")
    case("6.7", "folded: a declaration would lift the sign-offs", unproven, facts(["maya"]), ("one", "declaration"), twin="proven")
    return layer


def layers():
    return [glob_layer(), files_layer(), policy_layer()]
