"""SPEC 4.1, 4.2, 4.4, 4.5: JSON, base64, the encoding that is signed, bundles, envelopes."""

import json

from common import EXAMPLE, MEDIA_TYPE, PAYLOAD_TYPE, Layer, b64, changed_at, compact, join, pae, repeat, sha256, shown


def json_layer():
    layer = Layer("json")

    def ok(name, text):
        layer.ok("json.read", "4.4", name, text)

    def refused(name, text, twin, clause="4.4"):
        layer.refused("json.read", clause, name, text, twin)

    ok("an object", '{"a": 1}')
    ok("white space around", ' \t\r\n{"a":1}\n')
    ok("every type", '{"a":[null,true,false,"x",0,-1,1.5,2e3,18446744073709551615,-9223372036854775808]}')
    ok("two keys", '{"a":1,"b":2}')
    ok("the same key in two objects", '{"a":{"k":1},"b":{"k":2}}')
    ok("the same key in two objects of an array", '[{"k":1},{"k":2}]')
    ok("keys that differ in case", '{"a":1,"A":2}')
    ok("keys that differ in their Unicode form", '{"\\u00e4":1,"a\\u0308":2}')
    ok("a pair of surrogates", '["\\ud83d\\ude00"]')
    ok("an escaped NUL", '["\\u0000"]')
    ok("an empty key", '{"":1}')
    ok("a number over 64 bits", "[18446744073709551616]")
    refused("a key twice", '{"a":1,"a":1}', "two keys")
    refused("a key twice after unescaping", '{"a":1,"\\u0061":2}', "two keys")
    refused("an empty key twice", '{"":1,"":2}', "an empty key")
    refused("a key twice, deep", '{"a":[{"b":{"k":1,"x":[],"k":2}}]}', "the same key in two objects")
    refused("a key twice, deep and escaped", '[{"k":1},{"\\u006b":1,"k":2}]', "the same key in two objects of an array")
    refused("a slash escaped makes no other key", '{"/":1,"\\/":2}', "two keys")
    for name, text in [
        ("nothing", ""), ("white space alone", " \n"), ("a second document", '{"a": 1}{}'), ("a word after it", '{"a": 1} x'),
        ("a NUL after it", '{"a": 1}\0'), ("a form feed after it", '{"a": 1}\f'), ("a byte order mark", '\ufeff{"a": 1}'), ("cut short", '{"a": 1'),
        ("a comma at the end", '{"a": 1,}'), ("a comment", '{"a": 1/**/}'), ("single quotes", "{'a': 1}"), ("a key without quotes", "{a: 1}"),
        ("a number as key", "{1: 1}"), ("no value", '{"a":}'), ("no colon", '{"a" 1}'), ("NaN", '{"a": NaN}'), ("Infinity", '{"a": Infinity}'),
        ("a leading zero", '{"a": 01}'), ("a plus sign", '{"a": +1}'), ("no digit before the point", '{"a": .5}'), ("no digit after the point", '{"a": 1.}'),
        ("hex", '{"a": 0x1}'), ("True", '{"a": True}'), ("a number over a double's range", '{"a": 1e999}'),
    ]:
        refused(name, text, "an object")
    refused("wrong UTF-8", {"base64": b64(b'["\xff"]')}, "an escaped NUL")
    refused("a surrogate in UTF-8", {"base64": b64(b'["\xed\xa0\x80"]')}, "a pair of surrogates")
    refused("an overlong NUL in UTF-8", {"base64": b64(b'["\xc0\x80"]')}, "an escaped NUL")
    refused("half a pair of surrogates", '["\\ud83d"]', "a pair of surrogates")
    refused("half a pair, the low one", '["\\ude00"]', "a pair of surrogates")
    refused("a pair the wrong way round", '["\\ude00\\ud83d"]', "a pair of surrogates")
    refused("a line feed inside a string", '["\n"]', "an escaped NUL")
    refused("a NUL inside a string", '["\0"]', "an escaped NUL")
    refused("an escape that is none", '["\\x41"]', "an escaped NUL")

    def nested(depth, start, end):
        return join(repeat(start, depth), "1", repeat(end, depth))

    for kind, start, end in [("arrays", "[", "]"), ("objects", '{"a":', "}")]:
        ok(f"32 {kind} in one another", nested(32, start, end))
        refused(f"33 {kind} in one another", nested(33, start, end), f"32 {kind} in one another", "10")
        refused(f"100,000 {kind} in one another", nested(100_000, start, end), f"32 {kind} in one another", "10")
    ok("262,144 bytes", join('"', repeat("x", 262_142), '"'))
    refused("262,145 bytes", join('"', repeat("x", 262_143), '"'), "262,144 bytes", "10")
    refused("262,145 bytes with white space", join('"', repeat("x", 262_142), '" '), "262,144 bytes", "10")
    return layer


def base64_layer():
    layer = Layer("base64")
    for name, data in [("one byte", b"\xff"), ("two bytes", b"\xff\xff"), ("three bytes", b"\xff\xef\xbe"), ("text", b"payload"), ("nothing", b"")]:
        layer.ok("base64.read", "4.4", name, b64(data), {"bytes": shown(data)})
    for name, text, twin in [
        ("the URL-safe alphabet: _", "_w==", "one byte"), ("the URL-safe alphabet: -", "_---", "three bytes"),
        ("no padding, one byte", "/w", "one byte"), ("no padding, two bytes", "//8", "two bytes"),
        ("too little padding", "/w=", "one byte"), ("too much padding", "/w===", "one byte"), ("padding alone", "====", "nothing"),
        ("padding that is not needed", "/+++====", "three bytes"), ("bits left over, one byte", "/x==", "one byte"), ("one bit left over", "//9=", "two bytes"),
        ("a line feed at the end", "/w==\n", "one byte"), ("a line feed inside", "cGF5\nbG9hZA==", "text"), ("a space inside", "cGF5 bG9hZA==", "text"),
        ("a space before", " /w==", "one byte"), ("padding inside", "/w==/w==", "one byte"), ("one letter", "/", "one byte"),
        ("a letter of no alphabet", "/*==", "one byte"), ("a NUL at the end", "/w==\0", "one byte"), ("text that is no ASCII", "\u00ff===", "one byte"),
    ]:
        layer.refused("base64.read", "4.4", name, text, twin)
    return layer


def pae_layer():
    layer = Layer("pae")
    for name, kind, payload in [
        ("DSSE's own example", "http://example.com/HelloWorld", b"hello world"), ("an empty payload", PAYLOAD_TYPE, b""),
        ("an empty object", PAYLOAD_TYPE, b"{}"), ("lengths in bytes, not characters", PAYLOAD_TYPE, '{"name":"Größe"}'.encode()),
        ("bytes that are no text", PAYLOAD_TYPE, b"\xff\x00\n"), ("an empty type", "", b"x"), ("spaces are not escaped", "a 1 b", b"1 x"),
    ]:
        layer.ok("pae", "4.1", name, {"type": kind, "payload": shown(payload)}, {"pae": shown(pae(payload, kind))})
    payload = (EXAMPLE / "declaration.payload.json").read_bytes()
    given = {"type": PAYLOAD_TYPE, "payload": {"file": "../../keys-example/declaration.payload.json"}}
    layer.ok("pae", "4.1", "the worked example", given, {"pae": shown(pae(payload))})
    return layer


STAMPS, LIST, STAMP = "/verificationMaterial/timestampVerificationData", "rfc3161Timestamps", {"signedTimestamp": "AQ=="}


def bundle_layer():
    whole = {
        "mediaType": MEDIA_TYPE,
        "verificationMaterial": {"publicKey": {"hint": "SHA256:hint"}, "tlogEntries": []},
        "dsseEnvelope": {"payload": b64(b"{}"), "payloadType": PAYLOAD_TYPE, "signatures": [{"keyid": "SHA256:keyid", "sig": b64(b"sig")}]},
    }
    envelope = whole["dsseEnvelope"]
    trust = changed_at(envelope, "/signatures", [*envelope["signatures"], {"keyid": "SHA256:other", "sig": b64(b"other")}])
    layer = Layer("bundle", {"bundle": compact(whole), "envelope": compact(trust)})
    plain, trust_plain = "a bundle", "an envelope with two signatures"

    def ok(name, document, hint="SHA256:hint", keyid="SHA256:keyid", clause="4.2"):
        text = document if isinstance(document, str) else compact(document)
        given = {"of": "bundle"} if name == plain else layer.changed("bundle", text)
        out = {"name": sha256(text.encode()), "payload": "{}", "hint": hint, "keyid": keyid, "signature": "sig"}
        layer.ok("bundle.read", clause, name, given, out)

    def refused(name, document, clause="4.2"):
        text = document if isinstance(document, str) else compact(document)
        layer.refused("bundle.read", clause, name, layer.changed("bundle", text), plain, "CS212")

    ok(plain, whole)
    ok("another layout", json.dumps(whole, indent=1) + "\n", clause="3.1")
    ok("another order", dict(reversed(whole.items())), clause="3.1")
    ok("no hint can be read", changed_at(whole, "/verificationMaterial/publicKey/hint"), hint="")
    ok("an empty hint can be read", changed_at(whole, "/verificationMaterial/publicKey/hint", ""), hint="")
    ok("no keyid", changed_at(whole, "/dsseEnvelope/signatures/0/keyid"), keyid="")
    ok("no tlogEntries", changed_at(whole, "/verificationMaterial/tlogEntries"))
    ok("a timestamp", changed_at(whole, STAMPS, {LIST: [STAMP]}))
    ok("eight timestamps", changed_at(whole, STAMPS, {LIST: [STAMP] * 8}), clause="10")
    ok("an empty list of timestamps", changed_at(whole, STAMPS, {LIST: []}))
    ok("no list of timestamps", changed_at(whole, STAMPS, {}))
    ok("a hint of 256 bytes", changed_at(whole, "/verificationMaterial/publicKey/hint", "x" * 256), hint="x" * 256, clause="10")

    for pointer in ["/mediaType", "/verificationMaterial", "/verificationMaterial/publicKey", "/dsseEnvelope", "/dsseEnvelope/payload",
                    "/dsseEnvelope/payloadType", "/dsseEnvelope/signatures", "/dsseEnvelope/signatures/0/sig"]:
        refused(f"without {pointer}", changed_at(whole, pointer))
    for pointer in ["/mediaType", "/verificationMaterial", "/verificationMaterial/publicKey", "/verificationMaterial/publicKey/hint", "/verificationMaterial/tlogEntries",
                    "/dsseEnvelope", "/dsseEnvelope/payload", "/dsseEnvelope/payloadType", "/dsseEnvelope/signatures", "/dsseEnvelope/signatures/0",
                    "/dsseEnvelope/signatures/0/sig", "/dsseEnvelope/signatures/0/keyid"]:
        refused(f"null at {pointer}", changed_at(whole, pointer, None))
        refused(f"a number at {pointer}", changed_at(whole, pointer, 1))
    for pointer in ["", "/verificationMaterial", "/verificationMaterial/publicKey", "/dsseEnvelope", "/dsseEnvelope/signatures/0"]:
        refused(f"an unknown field in {pointer or '/'}", changed_at(whole, f"{pointer}/unknown", 1), "4.4")
    for name, pointer, value in [
        ("another version", "/mediaType", MEDIA_TYPE.replace("0.3", "0.2")), ("the older form of the media type", "/mediaType", "application/vnd.dev.sigstore.bundle+json;version=0.3"),
        ("the media type in capitals", "/mediaType", MEDIA_TYPE.upper()), ("another payload type", "/dsseEnvelope/payloadType", "application/json"),
        ("a certificate", "/verificationMaterial/certificate", {"rawBytes": "AA=="}), ("a chain of certificates", "/verificationMaterial/x509CertificateChain", {"certificates": []}),
        ("a null certificate", "/verificationMaterial/certificate", None), ("a log entry", "/verificationMaterial/tlogEntries", [{}]),
        ("timestamps without their object", STAMPS, [{"signedTimestamp": "AQ=="}]), ("null for timestamps", STAMPS, None), ("null for a list of timestamps", STAMPS, {LIST: None}),
        ("another kind of timestamp", STAMPS, {LIST: [], "other": []}), ("nine timestamps", STAMPS, {LIST: [STAMP] * 9}), ("an empty timestamp", STAMPS, {LIST: [{"signedTimestamp": ""}]}),
        ("a timestamp without padding", STAMPS, {LIST: [{"signedTimestamp": "AQ"}]}), ("a timestamp that is none", STAMPS, {LIST: [{}]}),
        ("a timestamp with more beside it", STAMPS, {LIST: [{**STAMP, "at": 1}]}), ("a timestamp as it stands", STAMPS, {LIST: ["AQ=="]}),
        ("no signature", "/dsseEnvelope/signatures", []),
        ("two signatures", "/dsseEnvelope/signatures", trust["signatures"]), ("the same signature twice", "/dsseEnvelope/signatures", envelope["signatures"] * 2),
        ("an empty signature", "/dsseEnvelope/signatures/0/sig", ""), ("a signature in the URL-safe alphabet", "/dsseEnvelope/signatures/0/sig", "_w=="),
        ("a payload without padding", "/dsseEnvelope/payload", "e30"), ("a payload with bits left over", "/dsseEnvelope/payload", "e31="),
        ("a message signature beside it", "/messageSignature", {}), ("a hint of 257 bytes", "/verificationMaterial/publicKey/hint", "x" * 257),
        ("a keyid of 257 bytes", "/dsseEnvelope/signatures/0/keyid", "x" * 257),
    ]:
        refused(name, changed_at(whole, pointer, value), "10" if "257" in name or "nine" in name else "4.4" if "payload" in name or "URL" in name else "4.2")
    refused("a field twice", layer.texts["bundle"].replace('{"mediaType"', '{"mediaType":1,"mediaType"'), "4.4")
    refused("an array", f"[{layer.texts['bundle']}]", "4.2")
    size = len(layer.texts["bundle"])
    padded = {"of": "bundle", "replace": '{"mediaType"', "by": join("{", repeat(" ", 262_144 - size), '"mediaType"')}
    layer.ok("bundle.read", "10", "262,144 bytes", padded, {
        "name": sha256(layer.texts["bundle"].replace("{", "{" + " " * (262_144 - size), 1).encode()), "payload": "{}", "hint": "SHA256:hint", "keyid": "SHA256:keyid", "signature": "sig"})
    over = {"of": "bundle", "replace": '{"mediaType"', "by": join("{", repeat(" ", 262_145 - size), '"mediaType"')}
    layer.refused("bundle.read", "10", "262,145 bytes", over, "262,144 bytes", "CS212")

    def envelope_case(name, document, count=None):
        given = {"of": "envelope"} if name == trust_plain else layer.changed("envelope", compact(document))
        if count is None:
            layer.refused("envelope.read", "4.5", name, given, trust_plain)
        else:
            layer.ok("envelope.read", "4.5", name, given, {"payload": "{}", "signatures": count})

    one = trust["signatures"][0]
    envelope_case(trust_plain, trust, 2)
    envelope_case("an envelope with one signature", envelope, 1)
    envelope_case("an envelope whose second signature has no keyid", changed_at(trust, "/signatures/1/keyid"), 2)
    envelope_case("an envelope with 64 signatures", changed_at(trust, "/signatures", [one] * 64), 64)
    envelope_case("an envelope with 65 signatures", changed_at(trust, "/signatures", [one] * 65))
    envelope_case("an envelope with an empty list of signatures", changed_at(trust, "/signatures", []))
    envelope_case("an envelope with an unknown field", changed_at(trust, "/unknown", 1))
    envelope_case("an envelope of another payload type", changed_at(trust, "/payloadType", "application/json"))
    envelope_case("an envelope whose second signature is empty", changed_at(trust, "/signatures/1/sig", ""))
    for field in ("payload", "payloadType", "signatures", "signatures/0/sig"):
        envelope_case(f"an envelope without {field}", changed_at(trust, f"/{field}"))
    return layer


def layers():
    return [json_layer(), base64_layer(), pae_layer(), bundle_layer()]
