"""Statements and their predicates: SPEC.md section 3 and 5.3."""
import strict
from strict import (array, boolean, commit_id, digest, exactly, field, need, one_of, string, time,
                    unsigned)

STATEMENT = "https://in-toto.io/Statement/v1"
KINDS = {
    "https://countersign.dev/declaration/v1": "declaration",
    "https://countersign.dev/sign-off/v1": "sign-off",
    "https://countersign.dev/trust/v1": "trust",
}
EXTENTS = ["none", "assisted", "generated", "autonomous"]
ident = string(strict.ID_BYTES, empty=False)
words = string(empty=False)
comment = string(strict.COMMENT_BYTES, empty=False)


def full_ref(value):
    need(isinstance(value, str) and value.startswith("refs/") and len(value) > 5, "no full ref")
    need(len(value.encode()) <= strict.STRING_BYTES, "a long ref")
    return value


def subject(value):
    exactly(value, ["name", "digest"])
    found = field(value, "digest", lambda it: it)
    exactly(found, ["sha256"])
    return field(value, "name", string()), field(found, "sha256", digest)


def target(value):
    return field(value, "ref", full_ref), field(value, "tip", commit_id)


def change(value):
    found = {
        "repository": field(value, "repository", words),
        "targets": field(value, "targets", array(target, 64, 1)),
        "base": field(value, "base", commit_id),
        "head": field(value, "head", commit_id),
        "landed": field(value, "landed", commit_id, None),
        "commits": field(value, "commits", array(digest, 2_000), None),
    }
    for name in ("files", "insertions", "deletions"):
        field(value, name, unsigned())
    refs = [ref for ref, _ in found["targets"]]
    need(len(set(refs)) == len(refs), "a target twice")
    return found


def author(value):
    found = {name: field(value, name, string(), None) for name in ("name", "email")}
    found["id"] = field(value, "id", ident, None)
    need(any(part is not None for part in found.values()), "an author without anything")
    found["as"] = field(value, "as", one_of("author", "coAuthor", "declarant", "operator"))
    return found


def agent(value):
    field(value, "tool", words)
    field(value, "model", string(), None)
    field(value, "role", one_of("author", "coauthor", "completion", "reviewer", "unknown"))
    return field(value, "id", ident)


def trace(value):
    field(value, "rule", ident)
    field(value, "source", one_of("git-ai-note", "agent-trace", "trailer", "identity", "marker",
                                  "declaration"))
    field(value, "commit", commit_id, None)
    field(value, "line", unsigned(1), None)
    field(value, "sha256", digest)
    field(value, "strength", one_of("weak", "medium", "strong", "signed"))
    field(value, "extent", one_of(*EXTENTS))
    return field(value, "agent", ident, None)


def contradiction(value):
    field(value, "declared", one_of(*EXTENTS))
    field(value, "evidence", one_of(*EXTENTS))
    field(value, "rule", ident)


def ai(value, must_declare):
    extent = field(value, "extent", one_of("unknown", *EXTENTS))
    if must_declare:
        declared = field(value, "declared", one_of(*EXTENTS))
    else:
        declared = field(value, "declared",
                         lambda it: None if it is None else one_of(*EXTENTS)(it))
    order = ["unknown", *EXTENTS]
    if declared is not None:
        need(order.index(extent) >= order.index(declared), "the extent lies below what was declared")
    field(value, "agents", array(agent, 1_000))
    field(value, "evidence", array(trace, 1_000))
    field(value, "contradictions", array(contradiction, 1_000))
    return {"extent": extent, "declared": declared}


def claim(value):
    return field(value, "id", ident)


def obj(value):
    need(isinstance(value, dict), "no object")
    return value


def sign_off(value):
    found = {"change": field(value, "change", change)}
    found["authors"] = field(value, "authors", array(author, 2_000))
    found["ai"] = field(value, "aiAssistance", lambda it: ai(it, False))
    found["declarations"] = field(value, "declarations", array(digest, 256))
    review = field(value, "review", obj)
    found["decision"] = field(review, "decision", one_of("approved", "rejected"))
    field(review, "comment", comment, None)
    evidence = field(review, "evidence", array(obj, 256))
    for item in evidence:
        field(item, "uri", words)
        field(item, "sha256", digest, None)
    found["replaces"] = field(review, "replaces", array(digest, 256))
    field(review, "interactive", boolean)
    field(value, "blastRadius", obj, None)
    policy = field(value, "policy", obj)
    field(policy, "trustVersion", unsigned(1))
    field(policy, "sha256", digest)
    found["signer"] = field(value, "signer", claim)
    found["time"] = field(value, "signedOn", time)
    found["emergency"] = field(value, "emergency", emergency, None)
    return found


def emergency(value):
    field(value, "incident", words)
    field(value, "reason", string(strict.COMMENT_BYTES, empty=False))
    return {"followUpBy": field(value, "followUpBy", time)}


def declaration(value):
    found = {"change": field(value, "change", change)}
    found["authors"] = field(value, "authors", array(author, 2_000))
    found["signer"] = field(value, "author", claim)
    found["ai"] = field(value, "aiAssistance", lambda it: ai(it, True))
    field(value, "reason", comment, None)
    field(value, "tickets", array(words, 256))
    field(value, "asked", array(ident, 2_000), None)
    found["time"] = field(value, "declaredOn", time)
    return found


def admin(value):
    return field(value, "id", ident), field(value, "keys", array(string(16_384, empty=False), 16, 1))


def trust(value):
    found = {"version": field(value, "version", unsigned(1))}
    found["previous"] = field(value, "previous", digest, None)
    issued = field(value, "issuedOn", time)
    need(field(value, "expiresOn", time) > issued, "it expires before it is issued")
    found["admins"] = field(value, "admins", array(admin, 64))
    found["threshold"] = field(value, "threshold", unsigned(1))
    need(found["threshold"] <= len(found["admins"]), "a threshold that nobody reaches")
    refs = field(value, "checkpoints",
                 array(lambda it: (field(it, "ref", full_ref), field(it, "gitCommit", commit_id))[0], 256))
    need(len(set(refs)) == len(refs), "a checkpoint twice")
    ids = [person for person, _ in found["admins"]]
    need(len(set(ids)) == len(ids), "an admin twice")
    excused = field(value, "excused", array(lambda it: (field(it, "gitCommit", commit_id),
                                                        field(it, "reason", words)), 1_000))
    commits = [commit for commit, _ in excused]
    need(len(set(commits)) == len(commits), "a unit excused twice")
    found["replaces"] = field(value, "replaces", digest, None)
    need(found["version"] == 1 or found["replaces"] is None, "replaces after version 1")
    need(found["version"] > 1 or found["previous"] is None, "version 1 with a previous")
    need(found["version"] == 1 or found["previous"] is not None, "no previous")
    return found


READERS = {"declaration": declaration, "sign-off": sign_off, "trust": trust}


def read(raw, limit, kinds):
    """The kind, the subjects' digests and the predicate of a payload."""
    value = strict.read_json(raw, limit)
    need(isinstance(value, dict), "no object")
    need(field(value, "_type", string()) == STATEMENT, "another statement type")
    kind = KINDS.get(field(value, "predicateType", string()))
    need(kind in kinds, "another predicate type")
    exactly(value, ["_type", "subject", "predicateType", "predicate"])
    names = ["roster.toml", "policy.toml"] if kind == "trust" else ["change"]
    subjects = field(value, "subject", array(subject, len(names), len(names)))
    need([name for name, _ in subjects] == names, "other subjects")
    return kind, [found for _, found in subjects], field(value, "predicate", READERS[kind])
