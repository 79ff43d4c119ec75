"""What all layers share: cases, expressions for bytes, keys, envelopes."""

import base64
import hashlib
import json
import pathlib

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_ssh_private_key

EXAMPLE = pathlib.Path(__file__).resolve().parents[3] / "keys-example"
STATEMENT = "https://in-toto.io/Statement/v1"
PAYLOAD_TYPE = "application/vnd.in-toto+json"
MEDIA_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"


class Layer:
    """One file of cases."""

    def __init__(self, name, texts=None):
        self.name, self.texts, self.cases = name, texts or {}, []

    def case(self, do, clause, name, given, result, **more):
        known = {case["name"] for case in self.cases}
        assert name not in known, f"{self.name}: {name} stands twice"
        case = {"name": name, "clause": clause, "do": do, "input": given, "result": result}
        self.cases.append(case | {key: value for key, value in more.items() if value is not None})

    def ok(self, do, clause, name, given, out=None):
        self.case(do, clause, name, given, "ok", out=out)

    def refused(self, do, clause, name, given, twin, code=None, out=None):
        self.case(do, clause, name, given, "refused", twin=twin, code=code, out=out)

    def undecided(self, do, clause, name, given, twin, code):
        self.case(do, clause, name, given, "undecided", twin=twin, code=code)

    def changed(self, name, new):
        """The named text with what differs in `new` replaced: an expression that shows the fault."""
        old = self.texts[name]
        start = next((i for i, (a, b) in enumerate(zip(old, new)) if a != b), min(len(old), len(new)))
        end = 0
        while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
            end += 1
        stop = len(old) - end
        while old.count(old[start:stop]) != 1 or old[start] not in '{["\n':
            start = max(start - 1, 0)
            if start == 0 and old.count(old[start:stop]) != 1:
                stop += 1
            if start == 0 and old.count(old[start:stop]) == 1:
                break
        return {"of": name, "replace": old[start:stop], "by": new[start:len(new) - (len(old) - stop)]}

    def write(self, folder):
        for case in self.cases:
            twins = [twin for twin in self.cases if twin["name"] == case.get("twin")]
            if case["result"] != "ok":
                assert twins and twins[0]["result"] == "ok", f"{self.name}: {case['name']} has no twin"
                assert twins[0]["do"] == case["do"], f"{self.name}: {case['name']}"
        lines = ",\n".join(json.dumps(case, ensure_ascii=True) for case in self.cases)
        texts = ",\n".join(f"{json.dumps(name)}: {json.dumps(text)}" for name, text in self.texts.items())
        whole = f'{{"texts": {{\n{texts}\n}},\n"cases": [\n{lines}\n]}}\n' if texts else f'{{"cases": [\n{lines}\n]}}\n'
        (folder / f"{self.name}.json").write_text(whole)
        return len(self.cases)


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def b64(data):
    return base64.b64encode(data).decode()


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def shown(data):
    """Bytes as an expression: text where they are UTF-8."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return {"base64": b64(data)}


def repeat(what, times):
    return {"repeat": what, "times": times}


def join(*parts):
    return {"join": list(parts)}


def pae(payload, kind=PAYLOAD_TYPE):
    return b"DSSEv1 %d %s %d " % (len(kind.encode()), kind.encode(), len(payload)) + payload


class Key:
    """A key that everybody can make: the seed is the SHA-256 of a sentence with the name."""

    def __init__(self, name):
        path = EXAMPLE / f"EXAMPLE-key-{name}"
        if path.exists():
            self.private = load_ssh_private_key(path.read_bytes(), None)
        else:
            seed = hashlib.sha256(f"countersign test vectors: published key of {name}".encode()).digest()
            self.private = Ed25519PrivateKey.from_private_bytes(seed)
        self.raw = self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.line = ssh_line(self.raw)
        self.id = fingerprint(self.line)

    def sign(self, payload):
        return self.private.sign(pae(payload))


def ssh_line(raw, kind=b"ssh-ed25519"):
    parts = (kind, raw)
    return kind.decode() + " " + b64(b"".join(len(part).to_bytes(4, "big") + part for part in parts))


def fingerprint(line):
    digest = hashlib.sha256(base64.b64decode(line.split()[1])).digest()
    return "SHA256:" + b64(digest).rstrip("=")


def envelope(payload, *keys):
    signatures = [{"keyid": key.id, "sig": b64(key.sign(payload))} for key in keys]
    return {"payload": b64(payload), "payloadType": PAYLOAD_TYPE, "signatures": signatures}


def bundle(payload, key):
    return {
        "mediaType": MEDIA_TYPE,
        "verificationMaterial": {"publicKey": {"hint": key.id}, "tlogEntries": []},
        "dsseEnvelope": envelope(payload, key),
    }


def changed_at(document, pointer, *value):
    """A copy with the value at a pointer replaced or added; without a value, removed."""
    copy = json.loads(json.dumps(document))
    *folders, last = pointer.strip("/").split("/")
    place = copy
    for step in folders:
        place = place[int(step)] if isinstance(place, list) else place[step]
    last = int(last) if isinstance(place, list) else last
    if value:
        place[last] = value[0]
    else:
        del place[last]
    return copy
