"""SPEC 4.6 and 5.3: statements that are genuine, and chains of trust versions."""

import json

from common import Key, Layer, b64, bundle, changed_at, compact, envelope, fingerprint, sha256, ssh_line
from statements import STATEMENT, statement

ANA, BEN, CYD, DEE = (Key(name) for name in ("ana", "ben", "cyd", "dee"))
ANA2 = Key("ana's second")
WEAK = ssh_line((1).to_bytes(32, "little"))
FIDO = ssh_line(ANA.raw, b"sk-ssh-ed25519@openssh.com")


def payload(number, previous, admins, threshold, **more):
    predicate = {"version": number, "previous": previous, "issuedOn": "2025-11-24T08:00:00Z", "expiresOn": "2026-12-24T08:00:00Z",
                 "admins": [{"id": name, "keys": [key.line if isinstance(key, Key) else key for key in keys]} for name, keys in admins.items()],
                 "threshold": threshold, "checkpoints": [], "excused": []} | more
    if previous is None:
        del predicate["previous"]
    return compact(statement("trust", predicate, "roster.toml", "policy.toml")).encode()


def chain_layer():
    alone = {"ana": [ANA]}
    three = {"ana": [ANA], "ben": [BEN], "cyd": [CYD]}
    later = {"ben": [BEN], "cyd": [CYD], "dee": [DEE]}
    p1 = payload(1, None, alone, 1)
    root = sha256(p1)
    p2 = payload(2, root, three, 2)
    p3 = payload(3, sha256(p2), later, 2)
    v1, v2, v3 = envelope(p1, ANA), envelope(p2, ANA, BEN), envelope(p3, BEN, CYD)
    layer = Layer("chain", {f"version {n}": compact(v) for n, v in enumerate([v1, v2, v3], 1)})
    given = {n: {"of": f"version {n}"} for n in (1, 2, 3)}

    def files(versions):
        known = {compact(v): given[n] for n, v in enumerate([v1, v2, v3], 1)}
        return {str(n): known.get(compact(v), compact(v)) for n, v in versions.items()}

    def ok(name, versions, signed_by, pinned=root):
        out = {"stands": max(versions), "signedBy": signed_by}
        layer.ok("trust.chain", "5.3", name, {"root": pinned, "versions": files(versions)}, out)

    def refused(name, versions, stands, twin, pinned=root, code=None):
        code = code or (None if stands else "CS407")
        layer.refused("trust.chain", "5.3", name, {"root": pinned, "versions": files(versions)}, twin, code, {"stands": stands})

    def one(payload, *keys):
        return {"versions": {1: envelope(payload, *keys)}, "pinned": sha256(payload)}

    base = "three versions"
    ok("version 1 alone", {1: v1}, ["ana"])
    ok("two versions", {1: v1, 2: v2}, ["ana", "ben"])
    ok(base, {1: v1, 2: v2, 3: v3}, ["ben", "cyd"])
    refused("another root is pinned", {1: v1, 2: v2}, 0, "two versions", "0" * 64, "CS408")
    refused("the digest of the envelope is pinned", {1: v1}, 0, "version 1 alone", sha256(compact(v1).encode()), "CS408")
    refused("the root is version 2's", {1: v1, 2: v2}, 0, "two versions", sha256(p2), "CS408")
    refused("version 1 is missing", {2: v2, 3: v3}, 0, base, code="CS406")
    refused("version 2 is missing", {1: v1, 3: v3}, 1, base)
    refused("the file of version 2 holds version 3", {1: v1, 2: envelope(payload(3, root, three, 2), ANA, BEN)}, 1, "two versions")
    refused("the file of version 3 holds version 2", {1: v1, 2: v2, 3: v2}, 2, base)
    refused("version 2 names another previous", {1: v1, 2: envelope(payload(2, "0" * 64, three, 2), ANA, BEN)}, 1, "two versions")
    refused("version 2 names the digest of an envelope", {1: v1, 2: envelope(payload(2, sha256(compact(v1).encode()), three, 2), ANA, BEN)}, 1, "two versions")
    refused("version 3 names version 1 as previous", {1: v1, 2: v2, 3: envelope(payload(3, root, later, 2), BEN, CYD)}, 2, base)
    refused("version 2 has no previous", {1: v1, 2: envelope(payload(2, None, three, 2), ANA, BEN)}, 1, "two versions")
    refused("version 2 replaces a root", {1: v1, 2: envelope(payload(2, root, three, 2, replaces="0" * 64), ANA, BEN)}, 1, "two versions")
    first = payload(1, None, alone, 1, replaces="0" * 64)
    ok("version 1 replaces a root", signed_by=["ana"], **one(first, ANA))
    refused("version 1 has a previous", stands=0, twin="version 1 alone", **one(payload(1, "0" * 64, alone, 1), ANA))
    refused("version 2 cannot be read", {1: v1, 2: {**v2, "unknown": 1}, 3: v3}, 1, base)
    refused("version 1 cannot be read", {1: {**v1, "unknown": 1}}, 0, "version 1 alone")

    # Thresholds: those of its own admins and those of the version before.
    ok("version 1 by two of two", signed_by=["ana", "ben"], **one(payload(1, None, {"ana": [ANA], "ben": [BEN]}, 2), ANA, BEN))
    refused("version 1 by one of two", stands=0, twin="version 1 by two of two", **one(payload(1, None, {"ana": [ANA], "ben": [BEN]}, 2), ANA))
    refused("version 1 by nobody that it names", stands=0, twin="version 1 alone", **one(payload(1, None, alone, 1), BEN))
    refused("version 2 without enough of its own admins", {1: v1, 2: envelope(p2, ANA)}, 1, "two versions")
    refused("version 2 without the admin before", {1: v1, 2: envelope(p2, BEN, CYD)}, 1, "two versions")
    refused("version 3 without enough of the admins before", {1: v1, 2: v2, 3: envelope(p3, CYD, DEE)}, 2, base)
    refused("version 3 without enough of its own admins", {1: v1, 2: v2, 3: envelope(p3, ANA, BEN)}, 2, base)
    ok("version 3 by different people for the two thresholds", {1: v1, 2: v2, 3: envelope(p3, ANA, BEN, DEE)}, ["ben", "dee"])
    ok("more than enough", {1: v1, 2: envelope(p2, ANA, BEN, CYD)}, ["ana", "ben", "cyd"])
    fewer = payload(3, sha256(p2), {"dee": [DEE]}, 1)
    ok("admins who go sign as those of the version before", {1: v1, 2: v2, 3: envelope(fewer, ANA, CYD, DEE)}, ["dee"])

    # People, not keys and not signatures.
    both = {"ana": [ANA, ANA2], "ben": [BEN]}
    two_keys = payload(2, root, both, 2)
    ok("a person with two keys and another", {1: v1, 2: envelope(two_keys, ANA, BEN)}, ["ana", "ben"])
    refused("a person with two keys counts once", {1: v1, 2: envelope(two_keys, ANA, ANA2)}, 1, "a person with two keys and another")
    refused("a signature twice counts once", {1: v1, 2: envelope(p2, ANA, ANA)}, 1, "two versions")
    renewed = payload(2, root, {"ana": [ANA2]}, 1)
    ok("a new key, signed by the old and the new one", {1: v1, 2: envelope(renewed, ANA, ANA2)}, ["ana"])
    refused("a new key, signed by it alone", {1: v1, 2: envelope(renewed, ANA2)}, 1, "a new key, signed by the old and the new one")
    refused("a new key, signed by the old one alone", {1: v1, 2: envelope(renewed, ANA)}, 1, "a new key, signed by the old and the new one")

    # Signatures.
    def signatures(number, *more):
        whole = {1: v1, 2: v2}[number]
        return {**whole, "signatures": [*more]}

    good_ana, good_ben = v2["signatures"]
    wrong = {"keyid": ANA.id, "sig": b64(b"x" * 64)}
    ok("a signature by nobody known is passed over", {1: v1, 2: signatures(2, {"keyid": DEE.id, "sig": b64(DEE.sign(p2))}, good_ana, good_ben)}, ["ana", "ben"])
    ok("a wrong signature before a right one", {1: v1, 2: signatures(2, wrong, good_ana, good_ben)}, ["ana", "ben"])
    ok("a wrong signature after a right one", {1: v1, 2: signatures(2, good_ana, good_ben, wrong)}, ["ana", "ben"])
    refused("a wrong signature", {1: v1, 2: signatures(2, wrong, good_ben)}, 1, "two versions")
    refused("a signature over another version", {1: v1, 2: signatures(2, v1["signatures"][0], good_ben)}, 1, "two versions")
    refused("a signature over the payload without its encoding", {1: v1, 2: signatures(2, {"keyid": ANA.id, "sig": b64(ANA.private.sign(p2))}, good_ben)}, 1, "two versions")
    refused("a signature under another admin's keyid", {1: v1, 2: signatures(2, {**good_ana, "keyid": CYD.id}, good_ben)}, 1, "two versions")
    refused("a signature without keyid", {1: v1, 2: signatures(2, {"sig": good_ana["sig"]}, good_ben)}, 1, "two versions")
    refused("a signature under an id instead of a fingerprint", {1: v1, 2: signatures(2, {**good_ana, "keyid": "ana"}, good_ben)}, 1, "two versions")
    changed = p2.replace(b"2026-12-24", b"2036-12-24")
    refused("the payload was changed", {1: v1, 2: {**v2, "payload": b64(changed)}}, 1, "two versions")
    refused("the payload of version 1 was changed, and pinned", {1: {**v1, "payload": b64(p1 + b" ")}}, 0, "version 1 alone", sha256(p1 + b" "))

    # Admins.
    for name, admins, threshold in [
        ("a key of two admins", {"ana": [ANA], "ben": [BEN], "cyd": [BEN]}, 2), ("a key twice of one admin", {"ana": [ANA, ANA], "ben": [BEN]}, 2),
        ("a weak key", {"ana": [ANA], "ben": [BEN], "cyd": [WEAK]}, 2), ("a key of a type that is not supported", {"ana": [ANA], "ben": [BEN], "cyd": [FIDO]}, 2),
        ("a key that is none", {"ana": [ANA], "ben": [BEN], "cyd": ["ana"]}, 2), ("a key with a line feed", {"ana": [ANA], "ben": [BEN.line + "\n"]}, 2),
        ("a threshold over the number of admins", {"ana": [ANA], "ben": [BEN]}, 3), ("a threshold of nobody", {"ana": [ANA], "ben": [BEN]}, 0),
        ("an admin without a key", {"ana": [ANA], "ben": [BEN], "cyd": []}, 2),
    ]:
        refused(name, {1: v1, 2: envelope(payload(2, root, admins, threshold), ANA, BEN)}, 1, "two versions")
    twice = json.loads(p2)
    twice["predicate"]["admins"][2] = {"id": "ana", "keys": [CYD.line]}
    refused("an admin twice", {1: v1, 2: envelope(compact(twice).encode(), ANA, BEN)}, 1, "two versions")
    ok("a key with a comment", {1: v1, 2: envelope(payload(2, root, {"ana": [ANA.line + " of ana"], "ben": [BEN]}, 2), ANA, BEN)}, ["ana", "ben"])
    return layer


ROSTER = f"""levels = ["junior", "senior"]

[[engineer]]
id = "ana"
name = "Ana Ruiz"
level = "senior"
emails = ["ana@code.example"]
key = [
    {{ ssh = "{ANA.line}" }},
    {{ ssh = "{ANA2.line}", revoked = {{ on = "2025-11-01", reason = "retired" }} }},
    {{ ssh = "{DEE.line}", revoked = {{ on = "2025-11-01", reason = "compromised" }} }},
]

[[engineer]]
id = "ben"
name = "Ben Okoye"
level = "junior"

[[engineer.key]]
ssh = "{BEN.line}"

[admins]
ids = ["ana"]
threshold = 1
"""
SUBJECT, TIP = "1" * 64, "c" * 40
CHANGE = {"repository": "code.example/pay", "targets": [{"ref": "refs/heads/main", "tip": TIP}], "base": TIP, "head": "d" * 40,
          "files": 1, "insertions": 1, "deletions": 0}
AI = {"extent": "none", "declared": "none", "agents": [], "evidence": [], "contradictions": []}
DECLARATION = statement("declaration", {"change": CHANGE, "authors": [], "author": {"id": "ben"}, "aiAssistance": AI, "tickets": [], "declaredOn": "2025-11-24T09:00:00Z"})
SIGN_OFF = statement("sign-off", {
    "change": CHANGE, "authors": [], "aiAssistance": AI, "declarations": [],
    "review": {"decision": "approved", "evidence": [], "replaces": [], "interactive": True}, "policy": {"trustVersion": 1, "sha256": "2" * 64},
    "signer": {"id": "ana"}, "signedOn": "2025-11-24T09:00:00Z"})
NOW = "2025-11-24T09:00:00Z"


def genuine_layer():
    layer = Layer("genuine", {"roster": ROSTER, "sign-off": compact(bundle(compact(SIGN_OFF).encode(), ANA))})
    base = "a sign-off"

    def case(name, document, key=ANA, code=None, twin=base, clause="4.6", roster=None, kind="sign-off", signer="ana", **more):
        """`document` is a statement to be signed, payload bytes to be signed, or a bundle's text."""
        data = document if isinstance(document, bytes) else compact(document).encode() if isinstance(document, dict) else None
        text = document if data is None else compact(bundle(data, key))
        given = {"bundle": {"of": "sign-off"} if text == layer.texts["sign-off"] else text, "roster": roster or {"of": "roster"},
                 "change": SUBJECT, "repositories": ["code.example/pay", "code.example/old"], "now": NOW} | more
        if code:
            layer.refused("statement.verify", clause, name, given, twin, code)
        else:
            data = data or json.dumps(document).encode()
            layer.ok("statement.verify", clause, name, given, {"kind": kind, "signer": signer, "payload": sha256(data), "bundle": sha256(text.encode())})

    def at(path, *value, of=SIGN_OFF):
        return changed_at(of, path if path.startswith("/subject") else f"/predicate/{path}", *value)

    case(base, SIGN_OFF)
    case("a declaration", DECLARATION, BEN, kind="declaration", signer="ben")
    case("a rejection", at("review/decision", "rejected"), kind="rejection")
    whole = bundle(compact(SIGN_OFF).encode(), ANA)

    def raw(pointer, *value):
        return compact(changed_at(whole, pointer, *value))

    case("1: the bundle has an unknown field", raw("/unknown", 1), code="CS212")
    case("1: the payload has another type", raw("/dsseEnvelope/payloadType", "text/plain"), code="CS212")
    hint = "/verificationMaterial/publicKey/hint"
    case("2: no hint", raw(hint), code="CS201", clause="4.2")
    case("2: an empty hint", raw(hint, ""), code="CS201", clause="4.2")
    case("2: the key is nobody's", SIGN_OFF, CYD, code="CS201")
    case("2: the hint without its kind", raw(hint, ANA.id.removeprefix("SHA256:")), code="CS201")
    case("2: the hint with padding", raw(hint, ANA.id + "="), code="CS201")
    case("2: the hint is the person", raw(hint, "ana"), code="CS201")
    case("3: the hint is somebody else's key", raw(hint, BEN.id), code="CS210")
    case("3: another key than the hint's signed", compact(changed_at(whole, "/dsseEnvelope/signatures/0/sig", b64(CYD.sign(compact(SIGN_OFF).encode())))), code="CS210")
    case("3: the payload was changed", raw("/dsseEnvelope/payload", b64(compact(at("review/decision", "rejected")).encode())), code="CS210", twin="a rejection")
    case("3: signed without the encoding", raw("/dsseEnvelope/signatures/0/sig", b64(ANA.private.sign(compact(SIGN_OFF).encode()))), code="CS210")
    case("3: signed with another type", raw("/dsseEnvelope/signatures/0/sig", b64(ANA.private.sign(b"DSSEv1 10 text/plain " + b"%d " % len(compact(SIGN_OFF)) + compact(SIGN_OFF).encode()))), code="CS210")
    case("3: a signature of 63 bytes", raw("/dsseEnvelope/signatures/0/sig", b64(ANA.sign(compact(SIGN_OFF).encode())[:-1])), code="CS210")
    keyid = raw("/dsseEnvelope/signatures/0/keyid", BEN.id)
    layer.ok("statement.verify", "4.2", "the keyid decides nothing", {"bundle": keyid, "roster": {"of": "roster"}, "change": SUBJECT, "repositories": ["code.example/pay"], "now": NOW},
             {"kind": "sign-off", "signer": "ana", "payload": sha256(compact(SIGN_OFF).encode()), "bundle": sha256(keyid.encode())})
    case("4: the key is retired", SIGN_OFF, ANA2, code="CS202")
    case("4: the key is compromised", SIGN_OFF, DEE, code="CS202")
    case("4: the key is retired, though it signed before", at("signedOn", "2025-10-01T00:00:00Z"), ANA2, code="CS202", twin="signed long ago")
    case("signed long ago", at("signedOn", "2005-10-01T00:00:00Z"))
    case("4 before 5: a retired key signs what is malformed", b"{}", ANA2, code="CS202")
    case("3 before 4: a retired key, a wrong signature", compact(changed_at(bundle(compact(SIGN_OFF).encode(), ANA2), "/dsseEnvelope/signatures/0/sig", b64(b"x" * 64))), code="CS210")
    case("3 before 5: what is malformed, with a wrong signature", raw("/dsseEnvelope/payload", b64(b"{}")), code="CS210")
    case("5: no statement", b"{}", code="CS212")
    case("5: nothing", b"", code="CS212")
    case("5: trust metadata", statement("trust", {"version": 1}, "roster.toml", "policy.toml"), code="CS212")
    case("5: a field is missing", at("signedOn"), code="CS212")
    case("5: another statement type", {**SIGN_OFF, "_type": STATEMENT.replace("v1", "v0.1")}, code="CS212")
    case("an unknown field in the predicate", at("unknown", {"a": None}), clause="3.1")
    case("6: somebody else is named", at("signer/id", "ben"), code="CS214")
    case("6: the id in capitals", at("signer/id", "Ana"), code="CS214")
    case("6: somebody else declares", DECLARATION, ANA, code="CS214", twin="a declaration")
    withdrawn = ROSTER + f'\n[[withdrawn]]\npayload = "{sha256(compact(SIGN_OFF).encode())}"\nwhy = "A mistake."\n'
    case("7: withdrawn", SIGN_OFF, code="CS211", roster=withdrawn)
    case("another statement is withdrawn", at("review/comment", "Read twice."), roster=withdrawn)
    case("10: another change", at("/subject/0/digest/sha256", "2" * 64), code="CS203")
    case("8: another repository", at("change/repository", "code.example/other"), code="CS204")
    case("8: the repository with a slash more", at("change/repository", "code.example/pay/"), code="CS204")
    case("8: the repository in capitals", at("change/repository", "code.example/Pay"), code="CS204")
    case("an alias of the repository", at("change/repository", "code.example/old"))
    case("300 seconds ahead", at("signedOn", "2025-11-24T09:05:00Z"))
    case("300.9 seconds ahead: whole seconds count", at("signedOn", "2025-11-24T09:05:00.9Z"))
    case("9: 301 seconds ahead", at("signedOn", "2025-11-24T09:05:01Z"), code="CS215", twin="300 seconds ahead")
    case("9: a declaration ahead", changed_at(DECLARATION, "/predicate/declaredOn", "2025-11-24T09:05:01Z"), BEN, code="CS215", twin="a declaration")
    emergency = {"incident": "INC-7", "reason": "Down.", "followUpBy": "2025-11-27T09:40:00Z"}
    case("an emergency", at("emergency", emergency), kind="emergency")
    case("6 before 7: somebody else's id on what is withdrawn", at("signer/id", "ben"), code="CS214",
         roster=ROSTER + f'\n[[withdrawn]]\npayload = "{sha256(compact(at("signer/id", "ben")).encode())}"\nwhy = "A mistake."\n')
    case("8 before 10: another change of another repository", changed_at(at("change/repository", "x"), "/subject/0/digest/sha256", "2" * 64), code="CS204")
    case("8 before 9: another repository, ahead", changed_at(at("change/repository", "x"), "/predicate/signedOn", "2026-11-24T09:05:01Z"), code="CS204")
    return layer


def layers():
    assert fingerprint(ANA.line) == ANA.id
    return [chain_layer(), genuine_layer()]
