#!/usr/bin/env python3
"""Checks the signature of an Ed25519 bundle and prints the digest that it signs.

    verify_bundle.py BUNDLE KEY      KEY: a public key file, PEM or OpenSSH

Written from the formats' texts alone (DSSE, in-toto Statement v1, Sigstore bundle v0.3): it shares no
code with the program. Exit code 1: the signature doesn't verify; 3: this script can't run here.
"""

import base64
import json
import sys

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import serialization
except ImportError:
    print("missing: run python3 -m pip install -r tests/oracle/requirements.txt, or .ci/run", file=sys.stderr)
    sys.exit(3)


def pae(payload_type, payload):
    """DSSE's pre-authentication encoding: what is signed."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def main(bundle_path, key_path):
    with open(bundle_path, "rb") as file:
        envelope = json.load(file)["dsseEnvelope"]
    with open(key_path, "rb") as file:
        text = file.read()
    pem = text.startswith(b"-----BEGIN")
    load = serialization.load_pem_public_key if pem else serialization.load_ssh_public_key
    payload = base64.b64decode(envelope["payload"], validate=True)
    [signature] = envelope["signatures"]
    try:
        signed = pae(envelope["payloadType"], payload)
        load(text).verify(base64.b64decode(signature["sig"], validate=True), signed)
    except InvalidSignature:
        print("the signature does not verify", file=sys.stderr)
        return 1
    [subject] = json.loads(payload)["subject"]
    print(subject["digest"]["sha256"])
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
