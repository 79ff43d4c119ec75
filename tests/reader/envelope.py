"""DSSE envelopes and Sigstore bundles: SPEC.md 4.1, 4.2 and 4.5."""
import hashlib

import strict
from strict import array, exactly, field, need, read_base64, string

PAYLOAD_TYPE = "application/vnd.in-toto+json"
MEDIA_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"
SIGNATURES = 64
TIMESTAMPS = 8


def pae(kind, payload):
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def base64_field(value):
    need(isinstance(value, str), "no string")
    return read_base64(value)


def signature(value):
    exactly(value, ["sig", "keyid"])
    sig = field(value, "sig", base64_field)
    need(sig, "an empty signature")
    return field(value, "keyid", string(strict.ID_BYTES), None), sig


def envelope(value, limit, most):
    exactly(value, ["payload", "payloadType", "signatures"])
    need(field(value, "payloadType", string()) == PAYLOAD_TYPE, "another payload type")
    payload = field(value, "payload", base64_field)
    need(len(payload) <= limit, "a long payload")
    return payload, field(value, "signatures", array(signature, most, 1))


def timestamp(value):
    exactly(value, ["signedTimestamp"])
    token = field(value, "signedTimestamp", base64_field)
    need(token, "an empty timestamp")
    return token


def timestamps(value):
    exactly(value, ["rfc3161Timestamps"])
    return field(value, "rfc3161Timestamps", array(timestamp, TIMESTAMPS), [])


def read_bundle(raw):
    value = strict.read_json(raw, strict.BUNDLE_BYTES)
    exactly(value, ["mediaType", "verificationMaterial", "dsseEnvelope"])
    need(field(value, "mediaType", string()) == MEDIA_TYPE, "another media type")
    material = field(value, "verificationMaterial", lambda found: found)
    exactly(material, ["publicKey", "tlogEntries", "timestampVerificationData"])
    field(material, "tlogEntries", array(lambda entry: entry, 0), [])
    field(material, "timestampVerificationData", timestamps, [])
    key = field(material, "publicKey", lambda found: found)
    exactly(key, ["hint"])
    hint = field(key, "hint", string(strict.ID_BYTES), "")
    payload, signatures = envelope(
        field(value, "dsseEnvelope", lambda found: found), strict.STATEMENT_BYTES, 1)
    return {
        "name": hashlib.sha256(raw).hexdigest(),
        "payload": payload,
        "hint": hint,
        "keyid": signatures[0][0],
        "signature": signatures[0][1],
    }


def read_trust_envelope(raw):
    value = strict.read_json(raw, strict.TRUST_BYTES)
    return envelope(value, strict.METADATA_BYTES, SIGNATURES)
