"""SPEC 3 and 5.3: the payloads of declarations, sign-offs and trust metadata, field by field."""

import json

from common import STATEMENT, Key, Layer, changed_at, compact, join, repeat, sha256

PREFIX = "https://countersign.dev"
DIGEST, OTHER = "1" * 64, "2" * 64
COMMIT = "c" * 40

CHANGE = {
    "repository": "code.example/acme/pay",
    "targets": [{"ref": "refs/heads/main", "tip": COMMIT}],
    "base": "b" * 40, "head": "a" * 64, "landed": "d" * 40, "commits": [DIGEST],
    "files": 1, "insertions": 2, "deletions": 18446744073709551615,
}
AUTHORS = [{"name": "Maya", "email": "maya@code.example", "id": "maya", "as": "author"}]
AI = {
    "extent": "generated", "declared": "assisted",
    "agents": [{"id": "a1", "tool": "Cursor", "model": "m", "role": "coauthor"}],
    "evidence": [{"rule": "cursor/co-author", "source": "identity", "commit": COMMIT, "line": 3, "sha256": OTHER,
                  "strength": "strong", "extent": "generated", "agent": "a1"}],
    "contradictions": [{"declared": "assisted", "evidence": "generated", "rule": "cursor/co-author"}],
}


def statement(kind, predicate, *names):
    subject = [{"name": name, "digest": {"sha256": DIGEST}} for name in names or ["change"]]
    return {"_type": STATEMENT, "subject": subject, "predicateType": f"{PREFIX}/{kind}/v1", "predicate": predicate}


DECLARATION = statement("declaration", {
    "change": CHANGE, "authors": AUTHORS, "author": {"id": "maya"}, "aiAssistance": AI, "reason": "Faster.",
    "tickets": ["PAY-1"], "asked": ["grace"], "declaredOn": "2025-11-24T09:00:00Z",
})
SIGN_OFF = statement("sign-off", {
    "change": CHANGE, "authors": AUTHORS, "aiAssistance": AI, "declarations": [OTHER],
    "review": {"decision": "approved", "comment": "Read.", "evidence": [{"uri": "https://code.example/7", "sha256": OTHER}],
               "replaces": [OTHER], "interactive": True},
    "blastRadius": {"level": "high", "share": 0.5}, "policy": {"trustVersion": 1, "sha256": OTHER},
    "signer": {"id": "grace"}, "signedOn": "2025-11-24T09:40:00Z",
    "emergency": {"incident": "INC-7", "reason": "Down.", "followUpBy": "2025-11-27T09:40:00Z"},
})
TRUST = statement("trust", {
    "version": 2, "previous": OTHER, "issuedOn": "2025-11-24T08:00:00Z", "expiresOn": "2026-12-24T08:00:00Z",
    "admins": [{"id": "ana", "keys": [Key("ana").line]}, {"id": "ben", "keys": [Key("ben").line]}], "threshold": 2,
    "checkpoints": [{"ref": "refs/heads/main", "gitCommit": COMMIT}], "excused": [{"gitCommit": COMMIT, "reason": "Undone."}],
}, "roster.toml", "policy.toml")

# Paths below /predicate: an asterisk is an optional field.
CHANGE_FIELDS = ["repository", "targets", "targets/0/ref", "targets/0/tip", "base", "head", "landed*", "commits*", "files", "insertions", "deletions"]
AI_FIELDS = ["extent", "declared", "agents", "agents/0/id", "agents/0/tool", "agents/0/model*", "agents/0/role", "evidence",
             "evidence/0/rule", "evidence/0/source", "evidence/0/commit*", "evidence/0/line*", "evidence/0/sha256", "evidence/0/strength",
             "evidence/0/extent", "evidence/0/agent*", "contradictions", "contradictions/0/declared", "contradictions/0/evidence", "contradictions/0/rule"]
SHARED = ["change", "authors", "authors/0/email*", "authors/0/as", "aiAssistance"]
FIELDS = {
    "declaration": SHARED + ["authors/0/name*", "authors/0/id*", "author", "author/id", "reason*", "tickets", "asked*", "declaredOn"]
    + [f"change/{f}" for f in CHANGE_FIELDS] + [f"aiAssistance/{f}" for f in AI_FIELDS],
    "sign-off": SHARED + ["declarations", "review", "review/decision", "review/comment*", "review/evidence", "review/evidence/0/uri",
                          "review/evidence/0/sha256*", "review/replaces", "review/interactive", "blastRadius*", "policy", "policy/trustVersion",
                          "policy/sha256", "signer", "signer/id", "signedOn", "emergency*", "emergency/incident", "emergency/reason",
                          "emergency/followUpBy", "change/head", "aiAssistance/declared"],
    "trust": ["version", "previous", "issuedOn", "expiresOn", "admins", "admins/0/id", "admins/0/keys", "threshold", "checkpoints",
              "checkpoints/0/ref", "checkpoints/0/gitCommit", "excused", "excused/0/gitCommit", "excused/0/reason"],
}
ELEMENTS = {
    "declaration": ["change/targets/0", "change/commits/0", "authors/0", "tickets/0", "asked/0", "aiAssistance/agents/0",
                    "aiAssistance/evidence/0", "aiAssistance/contradictions/0"],
    "sign-off": ["declarations/0", "review/evidence/0", "review/replaces/0"],
    "trust": ["admins/0", "admins/0/keys/0", "checkpoints/0", "excused/0"],
}
OBJECTS = {
    "declaration": ["", "change", "change/targets/0", "authors/0", "author", "aiAssistance", "aiAssistance/agents/0",
                    "aiAssistance/evidence/0", "aiAssistance/contradictions/0"],
    "sign-off": ["", "review", "review/evidence/0", "policy", "signer", "blastRadius", "emergency"],
    "trust": ["", "admins/0", "checkpoints/0", "excused/0"],
}
TIMES = {"declaration": "declaredOn", "sign-off": "signedOn", "trust": "expiresOn"}


class Kind:
    """The cases of one kind of statement, each against the whole statement."""

    def __init__(self, kind, document):
        self.kind, self.document, self.text = kind, document, compact(document)
        self.layer, self.plain = Layer(kind, {kind: self.text}), f"a whole {kind}"
        self.do = "trust.read" if kind == "trust" else "statement.read"
        self.code = None if kind == "trust" else "CS212"
        self.ok(self.plain, {"of": kind}, "3.1")

    def at(self, path, *value):
        pointer = f"/predicate/{path}" if not path.startswith("^") else path[1:]
        return self.layer.changed(self.kind, compact(changed_at(self.document, pointer, *value)))

    def ok(self, name, given, clause):
        self.layer.ok(self.do, clause, name, given, {"kind": self.kind, "subject": DIGEST})

    def refused(self, name, given, clause, twin=None):
        self.layer.refused(self.do, clause, name, given, twin or self.plain, self.code)

    def long(self, path, limit, clause="10"):
        """A string at and over its limit."""
        for size, say in [(limit, self.ok), (limit + 1, self.refused)]:
            given = self.at(path, "~~~~")
            given["by"] = spread(given["by"], "~~~~", repeat("x", size))
            twin = () if say == self.ok else (f"{path} of {limit:,} bytes",)
            say(f"{path} of {size:,} bytes", given, clause, *twin)

    def many(self, path, element, limit):
        """An array at and over its limit, of one element again and again."""
        for size, say in [(limit, self.ok), (limit + 1, self.refused)]:
            given = self.at(path, "~~~~")
            given["by"] = spread(given["by"], '"~~~~"', join("[", repeat(compact(element) + ",", size - 1), compact(element), "]"))
            twin = () if say == self.ok else (f"{path} with {limit:,} elements",)
            say(f"{path} with {size:,} elements", given, "10", *twin)

    def shape(self, clause):
        """What holds of every statement."""
        for field in ("_type", "subject", "predicateType", "predicate"):
            self.refused(f"without {field}", self.at(f"^/{field}"), "3.1")
            self.refused(f"null at {field}", self.at(f"^/{field}", None), "3.1")
        for place, name in [("", "the statement"), ("/subject/0", "a subject"), ("/subject/0/digest", "a digest")]:
            self.refused(f"an unknown field in {name}", self.at(f"^{place}/unknown", "1"), "3.1")
        for path in OBJECTS[self.kind]:
            self.ok(f"an unknown field in {path or 'the predicate'}", self.at(f"{path}/unknown".strip("/"), {"a": [None]}), "3.1")
        subject = self.document["subject"]
        for name, path, value in [
            ("another statement type", "^/_type", STATEMENT.replace("v1", "v0.1")), ("another predicate type", "^/predicateType", f"{PREFIX}/{self.kind}/v2"),
            ("the predicate type of nobody", "^/predicateType", "https://slsa.dev/provenance/v1"), ("no subject", "^/subject", []),
            ("a subject more", "^/subject", [*subject, subject[0]]), ("a subject less", "^/subject", subject[1:]),
            ("another subject name", "^/subject/0/name", "changes"), ("a digest of another kind", "^/subject/0/digest", {"sha512": DIGEST}),
            ("two digests", "^/subject/0/digest", {"sha256": DIGEST, "sha512": DIGEST * 2}), ("no digest", "^/subject/0/digest", {}),
            ("a digest in capitals", "^/subject/0/digest/sha256", "A" * 64), ("a digest of 63 digits", "^/subject/0/digest/sha256", "1" * 63),
            ("a digest of 65 digits", "^/subject/0/digest/sha256", "1" * 65), ("a digest with its kind", "^/subject/0/digest/sha256", f"sha256:{DIGEST}"),
            ("null in a digest", "^/subject/0/digest/sha256", None), ("a subject without a name", "^/subject/0", {"digest": {"sha256": DIGEST}}),
        ]:
            if (name, self.kind) not in {("no subject", "declaration"), ("no subject", "sign-off")}:
                self.refused(name, self.at(path, value), "3.1")
        self.refused("an array of a statement", {"join": ["[", {"of": self.kind}, "]"]}, "3.1")
        self.refused("a field twice", {"of": self.kind, "replace": '{"_type"', "by": '{"predicate":{},"_type"'}, "4.4")
        self.refused("a field of the predicate twice after unescaping", {
            "of": self.kind, "replace": '"predicate":{', "by": f'"predicate":{{"\\u{ord(TIMES[self.kind][0]):04x}{TIMES[self.kind][1:]}":1,'}, "4.4")
        self.refused("a byte after it", {"join": [{"of": self.kind}, "\0"]}, "4.4")
        self.refused("a byte order mark", {"join": ["\ufeff", {"of": self.kind}]}, "4.4")
        limit = 786_432 if self.kind == "trust" else 196_608
        pad = limit - len(self.text.encode())
        self.ok(f"{limit:,} bytes", {"join": [{"of": self.kind}, repeat(" ", pad)]}, "10")
        self.refused(f"{limit + 1:,} bytes", {"join": [{"of": self.kind}, repeat(" ", pad + 1)]}, "10", f"{limit:,} bytes")
        self.ok("another layout and order", json.dumps(dict(reversed(self.document.items())), indent=1), "3.1")
        for path in FIELDS[self.kind]:
            optional, path = path.endswith("*"), path.rstrip("*")
            say = self.ok if optional else self.refused
            say(f"without {path}", self.at(path), clause)
        for path in [field.rstrip("*") for field in FIELDS[self.kind]] + ELEMENTS[self.kind]:
            value = self.value(path)
            wrong = "1" if not isinstance(value, str) else 1
            if path != "aiAssistance/declared" or self.kind == "declaration":
                self.refused(f"null at {path}", self.at(path, None), "3.1")
            self.refused(f"a {'string' if wrong == '1' else 'number'} at {path}", self.at(path, wrong), "3.1")
            if isinstance(value, dict):
                self.refused(f"an array at {path}", self.at(path, [value]), "3.1")
            if isinstance(value, list):
                self.refused(f"an object at {path}", self.at(path, {"0": value[0]}), "3.1")
            if isinstance(value, int) and not isinstance(value, bool):
                for name, number in [("a fraction", 1.5), ("a whole number with a point", 1.0), ("a negative number", -1), ("2^64", 1 << 64)]:
                    self.refused(f"{name} at {path}", self.at(path, number), "3.1")

    def value(self, path):
        value = self.document["predicate"]
        for step in path.split("/"):
            value = value[int(step)] if isinstance(value, list) else value[step]
        return value

    def values(self, clause, accepted, refused):
        for path, values in accepted:
            for value in values:
                if value != self.value(path):
                    self.ok(f"{path}: {brief(value)}", self.at(path, value), clause)
        for path, values in refused:
            for value in values:
                self.refused(f"{path}: {brief(value)}", self.at(path, value), clause)

    def times(self):
        path = TIMES[self.kind]
        self.values("3.1", [(path, ["2026-02-01T00:00:00Z", "2026-02-28T23:59:59.1Z", "2026-02-28T23:59:59.123456789Z", "2028-02-29T00:00:00Z"])], [
            (path, ["2026-02-01T00:00:00", "2026-02-01T00:00:00+00:00", "2026-02-01T00:00:00z", "2026-02-01t00:00:00Z", "2026-02-01 00:00:00Z",
                    "2026-02-01T00:00Z", "2026-02-01", "2026-02-01T00:00:00.Z", "2026-02-01T00:00:00.1234567890Z", "2026-02-01T00:00:00,5Z",
                    "2016-12-31T23:59:60Z", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-02-01T24:00:00Z",
                    "2026-02-01T00:60:00Z", "20260201T000000Z", "+002026-02-01T00:00:00Z", " 2026-02-01T00:00:00Z", "2026-02-01T00:00:00Z\n", ""])])


def brief(value):
    text = compact(value)
    return text if len(text) <= 60 else f"{text[:40]}... of {sha256(text.encode())[:8]}"


def spread(text, placeholder, expression):
    before, after = text.split(placeholder)
    return join(*(part for part in (before, expression, after) if part))


def declaration():
    kind = Kind("declaration", DECLARATION)
    kind.shape("3.3")
    kind.refused("trust metadata is neither declaration nor sign-off", compact(TRUST), "3.1")
    kind.refused("a sign-off's type over a declaration", kind.at("^/predicateType", f"{PREFIX}/sign-off/v1"), "3.1")
    kind.times()
    ids = ["A" * 40, "c" * 39, "c" * 41, "c" * 63, "HEAD", ""]
    two = [{"ref": "refs/heads/a", "tip": COMMIT}, {"ref": "refs/heads/b", "tip": COMMIT}]
    kind.values("3.2", [
        ("change/targets", [two]), ("change/base", ["b" * 64]), ("change/commits", [[], [DIGEST, DIGEST]]), ("change/files", [0]), ("authors", [[]]),
        ("authors/0/as", ["coAuthor", "declarant"]), ("authors/0", [{"name": "x", "as": "author"}, {"email": "x", "as": "author"}, {"id": "x", "as": "author"}]),
    ], [
        ("change/repository", [""]), ("change/targets", [[], two[:1] * 2, [two[0], {"ref": "refs/heads/a", "tip": "d" * 40}]]),
        ("change/targets/0/ref", ["main", "heads/main", "refs/", ""]), ("change/targets/0/tip", ids), ("change/base", ids), ("change/landed", ids),
        ("change/commits/0", ["A" * 64, "1" * 40]), ("authors/0/as", ["Author", "coauthor", "reviewer", ""]), ("authors/0", [{"as": "author"}]), ("authors/0/id", [""]),
    ])
    kind.values("3.3", [("tickets", [[]]), ("asked", [[]])], [("author/id", [""]), ("reason", [""]), ("tickets/0", [""]), ("asked/0", [""])])
    kind.values("3.4", [
        ("aiAssistance/extent", ["assisted", "autonomous"]), ("aiAssistance/declared", ["none", "generated"]),
        ("aiAssistance/agents/0/role", ["author", "completion", "reviewer", "unknown"]), ("aiAssistance/evidence/0/source", ["git-ai-note", "agent-trace", "trailer", "marker", "declaration"]),
        ("aiAssistance/evidence/0/strength", ["weak", "medium", "signed"]), ("aiAssistance/evidence/0/extent", ["none", "autonomous"]),
        ("aiAssistance/agents", [[], AI["agents"] * 2]), ("aiAssistance/evidence", [[]]), ("aiAssistance/contradictions", [[]]),
    ], [
        ("aiAssistance/extent", ["none", "unknown", "Assisted", "some", ""]), ("aiAssistance/declared", ["unknown", "autonomous", ""]),
        ("aiAssistance/agents/0/id", [""]), ("aiAssistance/agents/0/tool", [""]), ("aiAssistance/agents/0/role", ["coAuthor", ""]),
        ("aiAssistance/evidence/0/rule", [""]), ("aiAssistance/evidence/0/source", ["note", ""]), ("aiAssistance/evidence/0/commit", ids[:2]),
        ("aiAssistance/evidence/0/line", [0]), ("aiAssistance/evidence/0/strength", ["Strong", ""]), ("aiAssistance/evidence/0/extent", ["unknown", ""]),
        ("aiAssistance/contradictions/0/declared", ["unknown"]), ("aiAssistance/contradictions/0/evidence", ["unknown"]),
    ])
    for path, limit in [("change/repository", 4096), ("authors/0/name", 4096), ("authors/0/email", 4096), ("authors/0/id", 256), ("author/id", 256), ("reason", 16_384),
                        ("tickets/0", 4096), ("aiAssistance/agents/0/id", 256), ("aiAssistance/agents/0/tool", 4096), ("aiAssistance/agents/0/model", 4096), ("aiAssistance/evidence/0/rule", 256)]:
        kind.long(path, limit)
    for path, limit in [("change/commits", 2000), ("authors", 2000), ("asked", 2000), ("tickets", 256), ("aiAssistance/agents", 1000), ("aiAssistance/contradictions", 1000)]:
        kind.many(path, kind.value(path)[0], limit)
    kind.many("aiAssistance/evidence", {"rule": "r", "source": "marker", "sha256": OTHER, "strength": "weak", "extent": "none"}, 1000)
    return kind.layer


def sign_off():
    kind = Kind("sign-off", SIGN_OFF)
    kind.shape("3.2")
    kind.times()
    kind.ok("nobody declared and nothing is known", kind.layer.changed("sign-off", compact(changed_at(changed_at(SIGN_OFF, "/predicate/aiAssistance/declared", None), "/predicate/aiAssistance/extent", "unknown"))), "3.4")
    kind.ok("nobody declared", kind.at("aiAssistance/declared", None), "3.4")
    kind.values("3.2", [
        ("declarations", [[], [OTHER, OTHER]]), ("review/decision", ["rejected"]), ("review/interactive", [False]), ("review/evidence", [[]]), ("review/replaces", [[]]),
        ("blastRadius", [{}]), ("policy/trustVersion", [2, 18446744073709551615]),
    ], [
        ("declarations/0", ["A" * 64, "1" * 40]), ("review/decision", ["approve", "Approved", ""]), ("review/comment", [""]), ("review/evidence/0/uri", [""]),
        ("review/replaces/0", ["1" * 63]), ("policy/trustVersion", [0]), ("policy/sha256", ["1" * 63]), ("signer/id", [""]), ("emergency/incident", [""]),
        ("emergency/reason", [""]), ("emergency/followUpBy", ["2025-11-27"]), ("aiAssistance/extent", ["unknown"]),
    ])
    for path, limit in [("review/comment", 16_384), ("review/evidence/0/uri", 4096), ("signer/id", 256), ("emergency/incident", 4096), ("emergency/reason", 16_384)]:
        kind.long(path, limit)
    for path, limit in [("declarations", 256), ("review/replaces", 256), ("review/evidence", 256)]:
        kind.many(path, kind.value(path)[0], limit)
    return kind.layer


def trust():
    kind = Kind("trust", TRUST)
    kind.shape("5.3")
    kind.refused("a sign-off is no trust metadata", compact(SIGN_OFF), "5.3")
    kind.times()
    kind.values("5.3", [("threshold", [1]), ("checkpoints", [[]]), ("excused", [[]]), ("expiresOn", ["2025-11-24T08:00:01Z"])], [
        ("version", [0]), ("threshold", [0, 3, 18446744073709551615]), ("expiresOn", ["2025-11-24T08:00:00Z", "2025-11-24T07:59:59Z"]),
        ("admins", [[], TRUST["predicate"]["admins"][:1] * 2]), ("admins/0/id", [""]), ("admins/0/keys", [[]]), ("admins/0/keys/0", [""]),
        ("checkpoints", [TRUST["predicate"]["checkpoints"] * 2]), ("checkpoints/0/ref", ["main", "refs/"]), ("checkpoints/0/gitCommit", ["HEAD", "C" * 40]),
        ("excused", [TRUST["predicate"]["excused"] * 2]), ("excused/0/reason", [""]), ("previous", ["1" * 63]),
    ])
    first = changed_at(changed_at(TRUST, "/predicate/version", 1), "/predicate/previous")
    kind.ok("version 1", kind.layer.changed("trust", compact(first)), "5.3")
    kind.refused("version 1 with a previous", kind.at("version", 1), "5.3", "version 1")
    kind.ok("version 1 that replaces a root", kind.layer.changed("trust", compact(changed_at(first, "/predicate/replaces", OTHER))), "5.3")
    kind.refused("version 2 that replaces a root", kind.at("replaces", OTHER), "5.3", "version 1 that replaces a root")
    kind.refused("the subjects in the other order", kind.at("^/subject", TRUST["subject"][::-1]), "5.3")
    kind.long("admins/0/id", 256)
    kind.long("excused/0/reason", 4096)
    kind.many("admins/0/keys", TRUST["predicate"]["admins"][0]["keys"][0], 16)
    return kind.layer


def layers():
    return [declaration(), sign_off(), trust()]
