"""The chain of trust versions and the one verification of a statement: SPEC.md 5.3 and 4.6."""
import hashlib
import tomllib

import ed25519
import statement
import strict
from envelope import PAYLOAD_TYPE, pae, read_bundle, read_trust_envelope
from strict import Refused, need

AHEAD = 300


def verifies(key, payload, signature):
    try:
        ed25519.verify(key, pae(PAYLOAD_TYPE.encode(), payload), signature)
        return True
    except Refused:
        return False


def admin_keys(metadata):
    """Whose key each fingerprint is."""
    keys, ids = {}, set()
    for person, lines in metadata["admins"]:
        need(person not in ids, "an admin twice")
        ids.add(person)
        for line in lines:
            key = ed25519.read_key(line)
            name = ed25519.fingerprint(key)
            need(name not in keys, "a key twice")
            keys[name] = (person, key)
    return keys


def signers(metadata, payload, signatures):
    keys = admin_keys(metadata)
    found = set()
    for keyid, signature in signatures:
        if keyid in keys:
            person, key = keys[keyid]
            if verifies(key, payload, signature):
                found.add(person)
    return found


def version(number, raw, before, root):
    payload, signatures = read_trust_envelope(raw)
    name = hashlib.sha256(payload).hexdigest()
    if number == 1 and name != root:
        raise Refused("another root", "CS408")
    _, _, metadata = statement.read(payload, strict.METADATA_BYTES, ["trust"])
    need(metadata["version"] == number, "another number")
    need(metadata["previous"] == (before["payload"] if before else None), "another previous")
    own = signers(metadata, payload, signatures)
    need(len(own) >= metadata["threshold"], "its own threshold")
    if before:
        old = signers(before["metadata"], payload, signatures)
        need(len(old) >= before["metadata"]["threshold"], "the threshold of the one before")
    return {"payload": name, "metadata": metadata, "signed": sorted(own)}


def chain(versions, root):
    """Verifies from version 1 up; the first fault ends it."""
    stands, before = 0, None
    try:
        fail(1 in versions, "CS406")
        for number in sorted(versions):
            need(number == stands + 1, "a gap")
            before = version(number, versions[number], before, root)
            stands = number
    except Refused as refused:
        raise Refused(str(refused), refused.code or "CS407", {"stands": stands}) from None
    return {"stands": stands, "signedBy": before["signed"]}


def roster_keys(raw):
    """Whose key each fingerprint is, which are revoked, and the withdrawn payloads."""
    roster = tomllib.loads(raw.decode())
    keys = {}
    for person in roster.get("engineer", []):
        for key in person.get("key", []):
            if "ssh" in key and key["ssh"].startswith("ssh-ed25519 "):
                read = ed25519.read_key(key["ssh"])
                keys[ed25519.fingerprint(read)] = (person["id"], read, "revoked" in key, False)
    for bot in roster.get("automation", []):
        read = ed25519.read_key(bot["key"]["ssh"])
        keys[ed25519.fingerprint(read)] = (bot["id"], read, False, True)
    return keys, {entry["payload"] for entry in roster.get("withdrawn", [])}


def fail(condition, code):
    if not condition:
        raise Refused(code, code)


def coded(code, function, *arguments):
    try:
        return function(*arguments)
    except Refused as refused:
        raise Refused(str(refused), code) from None


def genuine(raw, roster, change, repositories, now):
    """The checks of 4.6, in their order."""
    bundle = coded("CS212", read_bundle, raw)
    keys, withdrawn = roster_keys(roster)
    fail(bundle["hint"] in keys, "CS201")
    person, key, revoked, automation = keys[bundle["hint"]]
    fail(verifies(key, bundle["payload"], bundle["signature"]), "CS210")
    fail(not revoked, "CS202")
    kind, subjects, predicate = coded("CS212", statement.read, bundle["payload"],
                                      strict.STATEMENT_BYTES, ["declaration", "sign-off"])
    fail(not automation or kind == "declaration", "CS201")
    fail(predicate["signer"] == person, "CS214")
    payload = hashlib.sha256(bundle["payload"]).hexdigest()
    fail(payload not in withdrawn, "CS211")
    fail(predicate["change"]["repository"] in repositories, "CS204")
    fail(int(predicate["time"] // 1) - int(strict.time(now) // 1) <= AHEAD, "CS215")
    fail(subjects[0] == change, "CS203")
    if kind == "sign-off" and predicate["decision"] == "rejected":
        kind = "rejection"
    elif predicate.get("emergency"):
        kind = "emergency"
    return {"kind": kind, "signer": person, "payload": payload, "bundle": bundle["name"],
            "change": change}


def predicate(raw):
    """The predicate of a bundle that was verified."""
    payload = read_bundle(raw)["payload"]
    return statement.read(payload, strict.STATEMENT_BYTES, ["declaration", "sign-off"])[2]
