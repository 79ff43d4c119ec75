#!/usr/bin/env python3
"""Checks tests/vectors by SPEC.md alone: a second implementation, which shares nothing with the first.

    python3 -B tests/reader/reader.py [LAYER ...]

Prints for each layer how many cases agree, and each that doesn't. Exit status 1 where one doesn't.
"""
import base64
import json
import pathlib
import sys

import ed25519
import envelope
import glob_paths
import line_merge
import manifest
import policy
import statement
import strict
import trust
import verdict
from strict import Refused

VECTORS = pathlib.Path(__file__).resolve().parent.parent / "vectors"


class Layer:
    """One file of cases, and how it writes bytes."""

    def __init__(self, path):
        whole = json.loads(path.read_text())
        unknown = set(whole) - {"cases", "texts"}
        assert not unknown, f"{path}: unknown {unknown}"
        self.cases, self.texts = whole["cases"], whole.get("texts", {})

    def bytes(self, value):
        if isinstance(value, str):
            return value.encode()
        keys = set(value)
        if keys == {"base64"}:
            return base64.b64decode(value["base64"])
        if keys == {"file"}:
            return (VECTORS / value["file"]).read_bytes()
        if keys == {"join"}:
            return b"".join(self.bytes(part) for part in value["join"])
        if keys == {"repeat", "times"}:
            return self.bytes(value["repeat"]) * value["times"]
        whole = self.bytes(self.texts[value["of"]])
        if keys == {"of"}:
            return whole
        assert keys == {"of", "replace", "by"}, keys
        old = value["replace"].encode()
        assert whole.count(old) == 1, value["replace"]
        return whole.replace(old, self.bytes(value["by"]))


def shown(raw):
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(raw).decode()}


def fields(bundle):
    found = {name: shown(part) if isinstance(part, bytes) else part for name, part in bundle.items()}
    return {name: "" if part is None else part for name, part in found.items()}


def read_envelope(raw):
    payload, signatures = envelope.read_trust_envelope(raw)
    return {"payload": shown(payload), "signatures": len(signatures)}


def read_manifest(raw):
    return {"digest": manifest.digest(raw), "entries": len(manifest.read(raw))}


def read_statement(raw):
    kind, subjects, _ = statement.read(raw, strict.STATEMENT_BYTES, ["declaration", "sign-off"])
    return {"kind": kind, "subject": subjects[0]}


def read_metadata(raw):
    kind, subjects, _ = statement.read(raw, strict.METADATA_BYTES, ["trust"])
    return {"kind": kind, "subject": subjects[0]}


def operate(layer, do, given):
    """What a case's operation gives; None where it only reads."""
    raw = layer.bytes
    if do == "manifest.compose":
        first, second = (manifest.read(raw(given[name])) for name in ("first", "second"))
        return {"manifest": shown(manifest.write(manifest.compose(first, second)))}
    if do == "text.merge":
        merged = line_merge.merge(*(raw(given[name]) for name in ("old", "new", "cur")))
        return {"merged": None if merged is None else shown(merged)}
    if do == "trust.chain":
        versions = {int(number): raw(envelope) for number, envelope in given["versions"].items()}
        return trust.chain(versions, given["root"])
    if do == "statement.verify":
        told = trust.genuine(raw(given["bundle"]), raw(given["roster"]), given["change"],
                             given["repositories"], given["now"])
        return {name: told[name] for name in ("kind", "signer", "payload", "bundle")}
    if do == "signature.verify":
        key = ed25519.read_key(given["key"])
        return ed25519.verify(key, raw(given["message"]), raw(given["signature"]))
    if do == "pae":
        return {"pae": shown(envelope.pae(given["type"].encode(), raw(given["payload"])))}
    if do == "glob":
        paths = [(path, raw(path)) for path in given["paths"]]
        matches = glob_paths.compile_glob(given["glob"])
        return {"matches": [path for path, bytes_ in paths if matches(bytes_)]}
    if do == "policy.decide":
        rules = policy.Policy(raw(given["roster"]), raw(given["policy"]))
        return policy.decide(rules, policy.Facts(given["facts"], raw))
    if do == "verdict":
        return verdict.judge(layer, given)
    simple = {
        "manifest.read": lambda: read_manifest(raw(given)),
        "manifest.invert": lambda: {
            "manifest": shown(manifest.write(manifest.invert(manifest.read(raw(given["manifest"])))))},
        "path.read": lambda: {"path": shown(manifest.read_path(raw(given)))},
        "path.write": lambda: {"encoded": manifest.write_path(raw(given))},
        "json.read": lambda: strict.read_json(raw(given), strict.BUNDLE_BYTES) and None,
        "base64.read": lambda: {"bytes": shown(strict.read_base64(given))},
        "bundle.read": lambda: fields(envelope.read_bundle(raw(given))),
        "envelope.read": lambda: read_envelope(raw(given)),
        "statement.read": lambda: read_statement(raw(given)),
        "trust.read": lambda: read_metadata(raw(given)),
        "key.read": lambda: {"fingerprint": ed25519.fingerprint(ed25519.read_key(given))},
    }
    return simple[do]()


CODES = {"bundle.read": "CS212", "statement.read": "CS212"}


def answer(layer, case):
    """The result, code and out of one case, by this reader."""
    try:
        return "ok", None, operate(layer, case["do"], case["input"])
    except verdict.Undecided as undecided:
        return "undecided", undecided.code, None
    except Refused as refused:
        return "refused", refused.code or CODES.get(case["do"]), refused.out


def differs(layer, case):
    unknown = set(case) - {"name", "clause", "do", "input", "result", "code", "out", "twin"}
    assert not unknown, f"{case['name']}: unknown {unknown}"
    result, code, out = answer(layer, case)
    if result != case["result"]:
        return f"{result}, not {case['result']}"
    if "code" in case and code != case["code"]:
        return f"{code}, not {case['code']}"
    if "out" in case and out != case["out"]:
        return f"{out}, not {case['out']}"
    return None


# Operations that this reader doesn't have.
LEFT_OUT = {"trust.files", "evidence.read", "authors.read"}


def main(names):
    failed = False
    for path in sorted(VECTORS.glob("*.json")):
        if names and path.stem not in names:
            continue
        layer = Layer(path)
        cases = [case for case in layer.cases
                 if case["do"] not in LEFT_OUT and not (case["do"] == "verdict" and not verdict.has(case))]
        told = [(case["name"], differs(layer, case)) for case in cases]
        wrong = [(name, why) for name, why in told if why]
        left_out = len(layer.cases) - len(cases)
        told = f", {left_out} left out" if left_out else ""
        print(f"{path.stem:12} {len(cases) - len(wrong)} of {len(cases)} agree{told}")
        for name, why in wrong:
            failed = True
            print(f"    {name}: {why}"[:400])
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
