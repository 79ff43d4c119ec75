"""Strict Ed25519 (RFC 8032, SPEC.md 4.3) and OpenSSH's form of its keys. Slow, and only for checking."""
import base64
import hashlib
import re

from strict import Refused, need, read_base64

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
LINE_BYTES = 16_384


def add(one, other):
    (x1, y1, z1, t1), (x2, y2, z2, t2) = one, other
    a, b = (y1 - x1) * (y2 - x2) % P, (y1 + x1) * (y2 + x2) % P
    c, d = 2 * t1 * t2 * D % P, 2 * z1 * z2 % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(scalar, point):
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point, scalar = add(point, point), scalar >> 1
    return result


def encode(point):
    x, y, z, _ = point
    inverse = pow(z, -1, P)
    x, y = x * inverse % P, y * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def decode(raw):
    number = int.from_bytes(raw, "little")
    sign, y = number >> 255, number & (2**255 - 1)
    need(y < P, "another encoding of a point")
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    need((x * x - square) % P == 0, "no point")
    need(x or not sign, "another encoding of a point")
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


BASE = decode(bytes.fromhex("58" + "66" * 31))
NEUTRAL = encode((0, 1, 1, 0))


def is_small(point):
    return encode(times(8, point)) == NEUTRAL


def verify(key, message, signature):
    """Raises where the signature doesn't verify strictly."""
    need(len(signature) == 64, "a signature has 64 bytes")
    raw, scalar = signature[:32], int.from_bytes(signature[32:], "little")
    need(scalar < ORDER, "S is over the order")
    need(not is_small(decode(raw)), "R is of small order")
    hashed = hashlib.sha512(raw + key + message).digest()
    k = int.from_bytes(hashed, "little") % ORDER
    point = decode(key)
    need(not is_small(point), "a weak key")
    negative = (P - point[0], point[1], 1, P - point[3])
    need(encode(add(times(scalar, BASE), times(k, negative))) == raw, "it does not verify")


def read_key(line):
    """The 32 bytes of one OpenSSH line."""
    need(len(line.encode()) <= LINE_BYTES, "a long line")
    need(not re.search(r"[\x00-\x1f\x7f-\x9f]", line), "control characters")
    parts = line.split(" ", 2)
    need(len(parts) >= 2 and parts[0] == "ssh-ed25519", "another kind of key")
    blob = read_base64(parts[1])
    prefix = b"\0\0\0\x0bssh-ed25519\0\0\0\x20"
    need(blob.startswith(prefix) and len(blob) == len(prefix) + 32, "no Ed25519 key")
    key = blob[len(prefix):]
    if is_small(decode(key)):
        raise Refused("a weak key")
    return key


def fingerprint(key):
    blob = b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + key
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
