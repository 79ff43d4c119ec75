"""securesystemslib and in-toto's attestation library on one bundle: verify.py BUNDLE KEY.pem. Ends with 1 where they refuse it."""

import json
import sys

from cryptography.hazmat.primitives.serialization import load_pem_public_key
from google.protobuf import json_format
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.statement import Statement
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import SSlibKey

with open(sys.argv[1], "rb") as file:
    bundle = json.load(file)
with open(sys.argv[2], "rb") as file:
    public = load_pem_public_key(file.read())
hint = bundle["verificationMaterial"]["publicKey"]["hint"]
envelope = Envelope.from_dict(bundle["dsseEnvelope"])
try:
    envelope.verify([SSlibKey.from_crypto(public, keyid=hint)], threshold=1)
except VerificationError as refused:
    print(refused, file=sys.stderr)
    sys.exit(1)
read = json_format.Parse(envelope.payload, statement_pb2.Statement())
Statement.copy_from_pb(read).validate()
