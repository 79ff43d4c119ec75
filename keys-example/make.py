#!/usr/bin/env python3
"""Makes the worked example of SPEC.md, with nothing of countersign's own code.

Needs git and the Python package `cryptography`. Run it here: it writes the same bytes every time,
since times are fixed and Ed25519 is deterministic. The two keys were made once, by

    ssh-keygen -t ed25519 -N '' -f EXAMPLE-key-maya
    ssh-keygen -t ed25519 -N '' -f EXAMPLE-key-grace

They are published: whoever enrols one of them trusts everybody, and the program refuses them.
"""

import base64
import hashlib
import json
import pathlib
import subprocess
import tempfile

from cryptography.hazmat.primitives.serialization import load_ssh_private_key

HERE = pathlib.Path(__file__).resolve().parent
STATEMENT = "https://in-toto.io/Statement/v1"
PAYLOAD_TYPE = "application/vnd.in-toto+json"
REPOSITORY = "code.example/acme/pay"
MESSAGE = "Retry card captures\n\nCo-authored-by: Cursor <cursoragent@cursor.com>\n"
SUBMODULE = "1c002dd4b536e7479fe34593e72e6c6c1819e53b"

# path: (mode, content) in the three commits; a submodule's content is its commit.
FIRST = {
    "docs/Graph.md": ("100644", "# Graph\n"),
    "src/retry.rs": ("100644", "pub const TRIES: u32 = 1;\n\npub fn retry() {}\n"),
    "tools/run": ("100644", "#!/bin/sh\nexec cargo run\n"),
    "vendor/lib": ("160000", SUBMODULE),
}
CHANGED = {
    "docs/Graph.md": None,
    "docs/Größe 1.md": ("100644", "# Größe\n"),
    "src/retry.rs": ("100644", "pub const TRIES: u32 = 3;\n\npub fn retry() {}\n"),
    "tools/run": ("100755", "#!/bin/sh\nexec cargo run\n"),
    "vendor/lib": None,
}


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def pae(payload):
    return b"DSSEv1 %d %s %d " % (len(PAYLOAD_TYPE), PAYLOAD_TYPE.encode(), len(payload)) + payload


def fingerprint(public):
    blob = base64.b64decode(public.split()[1])
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def key(private, public):
    signer = load_ssh_private_key((HERE / private).read_bytes(), None)
    line = " ".join((HERE / public).read_text().split()[:2])
    return signer, line, fingerprint(line)


def signature(payload, signer, keyid):
    return {"keyid": keyid, "sig": base64.b64encode(signer.sign(pae(payload))).decode()}


def envelope(payload, signed):
    return {
        "payload": base64.b64encode(payload).decode(),
        "payloadType": PAYLOAD_TYPE,
        "signatures": [signed],
    }


def bundle(payload, signer, keyid):
    return compact({
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": {"publicKey": {"hint": keyid}, "tlogEntries": []},
        "dsseEnvelope": envelope(payload, signature(payload, signer, keyid)),
    })


def manifest(old, new):
    def side(entry):
        if entry is None:
            return "-"
        mode, content = entry
        kind = "gitCommit:" + content if mode == "160000" else "sha256:" + sha256(content.encode())
        return f"{mode}:{kind}"

    def plain(byte):
        return 0x21 <= byte <= 0x7E and byte != 0x25

    paths = {path.encode() for path in [*old, *new] if old.get(path) != new.get(path)}
    lines = ["countersign-change-v1"]
    for path in sorted(paths):
        shown = "".join(chr(byte) if plain(byte) else f"%{byte:02X}" for byte in path)
        lines.append(f"{side(old.get(path.decode()))} {side(new.get(path.decode()))} {shown}")
    return ("\n".join(lines) + "\n").encode()


def fast_import(commits):
    out = []
    for number, (who, seconds, message, files) in enumerate(commits, 1):
        text = message.encode()
        out += [b"commit refs/heads/main\nmark :%d\n" % number]
        out += [f"{word} {who} {seconds} +0000\n".encode() for word in ("author", "committer")]
        out += [b"data %d\n" % len(text), text, b"from :%d\n" % (number - 1) if number > 1 else b""]
        for path, entry in files.items():
            if entry is None:
                out.append(f'D "{path}"\n'.encode())
            elif entry[0] == "160000":
                out.append(f'M 160000 {entry[1]} "{path}"\n'.encode())
            else:
                data = entry[1].encode()
                out += [f'M {entry[0]} inline "{path}"\n'.encode(), b"data %d\n" % len(data), data]
        out.append(b"\n")
    return b"".join(out)


def commit_ids(stream):
    """The ids that git gives the commits, the oldest first."""
    with tempfile.TemporaryDirectory() as folder:
        def git(*args, given=None):
            done = subprocess.run(["git", "-C", folder, *args], input=given, check=True, capture_output=True)
            return done.stdout.decode().split()

        git("init", "-q", "--object-format=sha1")
        git("fast-import", "--quiet", given=stream)
        return git("rev-list", "--reverse", "refs/heads/main")


def main():
    maya, maya_line, maya_id = key("EXAMPLE-key-maya", "EXAMPLE-key-maya.pub")
    grace, grace_line, grace_id = key("EXAMPLE-key-grace", "EXAMPLE-key-grace.pub")
    roster = f"""levels = ["junior", "senior"]

[[engineer]]
id = "maya"
name = "Maya Lind"
level = "junior"
emails = ["maya@code.example"]

[[engineer.key]]
ssh = "{maya_line}"

[[engineer]]
id = "grace"
name = "Grace Okoye"
level = "senior"
emails = ["grace@code.example"]

[[engineer.key]]
ssh = "{grace_line}"

[admins]
ids = ["grace"]
threshold = 1
"""
    policy = f"""repository = "{REPOSITORY}"
protected = ["refs/heads/main"]

[default]
require = {{ declaration = true }}

[[rule]]
name = "AI-assisted work below senior needs a senior above the author"
when = {{ ai = "assisted", author_below = "senior" }}
require = {{ signers = 1, level = "senior", above_author = true }}
"""
    grace_person, maya_person = "Grace Okoye <grace@code.example>", "Maya Lind <maya@code.example>"
    commits = [(grace_person, 1763971200, "Start\n", FIRST)]
    [first] = commit_ids(fast_import(commits))

    trust_payload = compact({
        "_type": STATEMENT,
        "subject": [
            {"name": "roster.toml", "digest": {"sha256": sha256(roster.encode())}},
            {"name": "policy.toml", "digest": {"sha256": sha256(policy.encode())}},
        ],
        "predicateType": "https://countersign.dev/trust/v1",
        "predicate": {
            "version": 1,
            "issuedOn": "2025-11-24T08:10:00Z",
            "expiresOn": "2026-12-24T08:10:00Z",
            "admins": [{"id": "grace", "keys": [grace_line]}],
            "threshold": 1,
            "checkpoints": [{"ref": "refs/heads/main", "gitCommit": first}],
            "excused": [],
        },
    })
    trust = json.dumps(envelope(trust_payload, signature(trust_payload, grace, grace_id)), indent=2) + "\n"
    trust_files = {
        ".countersign/policy.toml": ("100644", policy),
        ".countersign/roster.toml": ("100644", roster),
        ".countersign/trust/1.dsse.json": ("100644", trust),
    }
    commits.append((grace_person, 1763972000, "Introduce countersign\n", trust_files))
    commits.append((maya_person, 1763973000, MESSAGE, CHANGED))
    history = fast_import(commits)
    _, base, head = commit_ids(history)

    old = {**FIRST, **trust_files}
    new = {path: entry for path, entry in {**old, **CHANGED}.items() if entry}
    change_manifest = manifest(old, new)
    digest = sha256(change_manifest)
    subject = [{"name": "change", "digest": {"sha256": digest}}]
    change = {
        "repository": REPOSITORY,
        "targets": [{"ref": "refs/heads/main", "tip": base}],
        "base": base,
        "head": head,
        "commits": [digest],
        "files": 5,
        "insertions": 2,
        "deletions": 2,
    }
    authors = [
        {"name": "Maya Lind", "email": "maya@code.example", "id": "maya", "as": "author"},
        {"name": "Maya Lind", "id": "maya", "as": "declarant"},
    ]
    ai = {
        "extent": "generated",
        "declared": "generated",
        "agents": [{"id": "a1", "tool": "Cursor", "role": "coauthor"}],
        "evidence": [{
            "rule": "cursor/co-author",
            "source": "identity",
            "commit": head,
            "line": 3,
            "sha256": sha256(MESSAGE.splitlines()[2].encode()),
            "strength": "strong",
            "extent": "assisted",
            "agent": "a1",
        }],
        "contradictions": [],
    }
    declaration = compact({
        "_type": STATEMENT,
        "subject": subject,
        "predicateType": "https://countersign.dev/declaration/v1",
        "predicate": {
            "change": change,
            "authors": authors,
            "author": {"id": "maya"},
            "aiAssistance": ai,
            "tickets": ["PAY-1182"],
            "declaredOn": "2025-11-24T09:02:00Z",
        },
    })
    sign_off = compact({
        "_type": STATEMENT,
        "subject": subject,
        "predicateType": "https://countersign.dev/sign-off/v1",
        "predicate": {
            "change": change,
            "authors": authors,
            "aiAssistance": ai,
            "declarations": [sha256(declaration)],
            "review": {"decision": "approved", "evidence": [], "replaces": [], "interactive": True},
            "policy": {"trustVersion": 1, "sha256": sha256(policy.encode())},
            "signer": {"id": "grace"},
            "signedOn": "2025-11-24T09:40:00Z",
        },
    })
    files = {
        "change.manifest": change_manifest,
        "history.fast-import": history,
        "roster.toml": roster.encode(),
        "policy.toml": policy.encode(),
        "trust.1.dsse.json": trust.encode(),
        "declaration.payload.json": declaration,
        "declaration.pae": pae(declaration),
        "declaration.bundle.json": bundle(declaration, maya, maya_id),
        "sign-off.payload.json": sign_off,
        "sign-off.bundle.json": bundle(sign_off, grace, grace_id),
    }
    folder = pathlib.PurePath("store", digest[:2], digest[2:4], digest)
    for name in ("declaration.bundle.json", "sign-off.bundle.json"):
        files[folder / f"{sha256(files[name])}.json"] = files[name]
    files[folder / "manifest"] = change_manifest
    for name, data in files.items():
        (HERE / name).parent.mkdir(parents=True, exist_ok=True)
        (HERE / name).write_bytes(data)
    print(f"change digest  {digest}\nbase {base}\nhead {head}\nroot sha256:{sha256(trust_payload)}")
    for name in ("declaration", "sign-off"):
        payload, whole = files[f"{name}.payload.json"], files[f"{name}.bundle.json"]
        print(f"{name}: {len(payload)} bytes, payload {sha256(payload)}, bundle {sha256(whole)}")


main()
