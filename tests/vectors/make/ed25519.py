"""SPEC 4.3: keys and signatures at the edges, with the curve written out here. Not constant-time."""

import base64
import hashlib

from common import Key, Layer, b64, fingerprint, shown, ssh_line

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
I = pow(2, (P - 1) // 4, P)
ZERO = (0, 1)


def add(a, b):
    t = D * a[0] * b[0] * a[1] * b[1]
    return ((a[0] * b[1] + b[0] * a[1]) * pow(1 + t, -1, P) % P, (a[1] * b[1] + a[0] * b[0]) * pow(1 - t, -1, P) % P)


def mul(n, a):
    result = ZERO
    while n:
        result = add(result, a) if n & 1 else result
        a, n = add(a, a), n >> 1
    return result


def x_of(y, odd):
    """None where no point has this y."""
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if x * x % P == square else x * I % P
    if x * x % P != square:
        return None
    return P - x if x % 2 != odd and x else x


def write(point):
    return (point[1] | (point[0] % 2) << 255).to_bytes(32, "little")


BASE = (x_of(4 * pow(5, -1, P) % P, 0), 4 * pow(5, -1, P) % P)


def torsion():
    """A point of order 8."""
    y = 2
    while True:
        y += 1
        x = x_of(y, 0)
        point = x is not None and mul(L, (x, y))
        if point and mul(4, point) != ZERO:
            return point


T8 = torsion()
SMALL = [mul(n, T8) for n in range(8)]


def hashed(r, a, message):
    return int.from_bytes(hashlib.sha512(r + a + message).digest(), "little") % L


def signature(r, s):
    return r + s.to_bytes(32, "little")


def holds(r, a, message, s):
    """The equation without the cofactor, over points."""
    k = hashed(write(r), write(a), message)
    return mul(s, BASE) == add(r, mul(k, a))


def search(found):
    """The first message of a numbered list that suits."""
    return next(message for message in (b"message %d" % n for n in range(10_000)) if found(message))


class Signer:
    """The scalar and the point of a secret seed, as in RFC 8032."""

    def __init__(self, seed):
        digest = hashlib.sha512(seed).digest()
        scalar = int.from_bytes(digest[:32], "little")
        self.scalar = (scalar & ((1 << 254) - 8)) | 1 << 254
        self.point, self.prefix = mul(self.scalar, BASE), digest[32:]

    def nonce(self, message):
        return int.from_bytes(hashlib.sha512(self.prefix + message).digest(), "little") % L

    def sign(self, message, nonce_point=ZERO, key_point=ZERO):
        """R and A may each have a part of small order."""
        r, a = add(mul(self.nonce(message), BASE), nonce_point), add(self.point, key_point)
        k = hashed(write(r), write(a), message)
        return r, a, (self.nonce(message) + k * self.scalar) % L


def signatures(layer):
    signer, plain = Signer(hashlib.sha256(b"countersign test vectors: edges").digest()), "a signature"
    message = b"message"
    r, a, s = signer.sign(message)

    def case(name, key, message, sig, result="refused", twin=plain):
        given = {"key": key if isinstance(key, str) else ssh_line(key), "message": shown(message), "signature": {"base64": b64(sig)}}
        if result == "ok":
            layer.ok("signature.verify", "4.3", name, given)
        else:
            layer.refused("signature.verify", "4.3", name, given, twin)

    key, good = write(a), signature(write(r), s)
    case(plain, key, message, good, "ok")
    published = {  # RFC 8032, 7.1, tests 1 to 3: key, message, signature
        "of no bytes": ("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "", "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"),
        "of one byte": ("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72", "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
        "of two bytes": ("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82", "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"),
    }
    for name, parts in published.items():
        public, text, sig = map(bytes.fromhex, parts)
        case(f"RFC 8032: {name}", public, text, sig, "ok")
    case("of another message", key, b"Message", good)
    case("by another key", Key("ana").line, message, good)
    for name, at in [("R", 0), ("S", 40)]:
        case(f"one bit of {name} differs", key, message, good[:at] + bytes([good[at] ^ 1]) + good[at + 1:])
    case("63 bytes", key, message, good[:-1])
    case("65 bytes", key, message, good + b"\0")
    case("no bytes", key, message, b"")
    case("all zeros", key, message, bytes(64))
    for times in (1, 2, 8):
        case(f"S + {times} L", key, message, signature(write(r), s + times * L))
    case("S = L", key, message, signature(write(r), L))
    case("the highest bit of S", key, message, signature(write(r), s | 1 << 255))
    case("S negated", key, message, signature(write(r), L - s))

    # The equation holds in each of these; what is refused is the point.
    k = hashed(write(ZERO), key, message)
    case("R is the neutral point", key, message, signature(write(ZERO), k * signer.scalar % L))
    other = (P + 1).to_bytes(32, "little")
    case("R is the neutral point in another encoding", key, message, signature(other, hashed(other, key, message) * signer.scalar % L))
    signed = (1 | 1 << 255).to_bytes(32, "little")
    case("R is the neutral point with a sign", key, message, signature(signed, hashed(signed, key, message) * signer.scalar % L))
    mixed = add(signer.point, T8)
    for order, small in [(8, SMALL[1]), (4, SMALL[2]), (2, SMALL[4])]:
        found = search(lambda m: add(small, mul(hashed(write(small), write(mixed), m), T8)) == ZERO)
        k = hashed(write(small), write(mixed), found)
        assert holds(small, mixed, found, k * signer.scalar % L)
        case(f"R of order {order} under a key of mixed order", write(mixed), found, signature(write(small), k * signer.scalar % L), twin="R and the key of mixed order, the equation holds")

    # A key with a part of small order is no key of small order.
    found = search(lambda m: holds(*signer.sign(m, SMALL[1], T8)[:2], m, signer.sign(m, SMALL[1], T8)[2]))
    r_mixed, a_mixed, s_mixed = signer.sign(found, SMALL[1], T8)
    case("R and the key of mixed order, the equation holds", write(a_mixed), found, signature(write(r_mixed), s_mixed), "ok")
    found = search(lambda m: hashed(write(signer.sign(m, ZERO, T8)[0]), write(mixed), m) % 8 == 0)
    r_plain, _, s_plain = signer.sign(found, ZERO, T8)
    case("a key of mixed order, the equation holds", write(mixed), found, signature(write(r_plain), s_plain), "ok")
    # With the cofactor these would hold.
    failing = search(lambda m: hashed(write(signer.sign(m, ZERO, T8)[0]), write(mixed), m) % 8 != 0)
    r_plain, _, s_plain = signer.sign(failing, ZERO, T8)
    case("it holds with the cofactor alone: a key of mixed order", write(mixed), failing, signature(write(r_plain), s_plain), twin="a key of mixed order, the equation holds")
    r_off, _, s_off = signer.sign(message, T8)
    case("it holds with the cofactor alone: R of mixed order", key, message, signature(write(r_off), s_off))


def keys(layer):
    plain = "a key"

    def ok(name, line):
        layer.ok("key.read", "4.3", name, line, {"fingerprint": fingerprint(line)})

    def refused(name, line, twin=plain, clause="4.3"):
        layer.refused("key.read", clause, name, line, twin)

    line = Key("ana").line
    blob = base64.b64decode(line.split()[1])
    ok(plain, line)
    ok("a comment", line + " ana@example.org")
    ok("a comment with spaces", line + " ana  of the team")
    ok("an empty comment", line + " ")
    ok("a key of mixed order", ssh_line(write(add(Signer(b"x").point, T8))))
    for name, text in [
        ("nothing", ""), ("no base64", "ssh-ed25519"), ("a space before", " " + line), ("two spaces", line.replace(" ", "  ")), ("a tab", line.replace(" ", "\t")),
        ("a line feed at the end", line + "\n"), ("a carriage return in the comment", line + " a\rb"), ("options before it", "no-pty " + line), ("the type in capitals", line.replace("ssh-ed25519", "SSH-ED25519")),
        ("another type in the text", line.replace("ssh-ed25519", "ssh-rsa")), ("another type in the blob", "ssh-ed25519 " + ssh_line(blob[-32:], b"ssh-ed25518").split()[1]),
        ("a byte more in the blob", "ssh-ed25519 " + b64(blob + b"\0")), ("a byte less in the blob", "ssh-ed25519 " + b64(blob[:-1])), ("no padding", "ssh-ed25519 " + b64(blob[:-1] + b"").rstrip("=")),
        ("the raw 32 bytes", "ssh-ed25519 " + b64(blob[-32:])), ("the URL-safe alphabet", line.replace("/", "_").replace("+", "-")), ("a letter cut off", line[:-1]),
        ("a line feed in the base64", line[:40] + "\n" + line[40:]), ("an RSA key", ssh_line(b"\1\0\1", b"ssh-rsa")), ("a FIDO key", ssh_line(blob[-32:], b"sk-ssh-ed25519@openssh.com")),
        ("a certificate", ssh_line(blob[-32:], b"ssh-ed25519-cert-v01@openssh.com")),
    ]:
        if text != line:
            refused(name, text)
    names = ["1", "8", "4", "8, another", "2", "8, a third", "4, another", "8, a fourth"]
    for name, point in zip(names, SMALL):
        refused(f"a key of order {name}", ssh_line(write(point)))
    # y = p + n reads as y = n, where 2^255 - 19 + n fits: another text of a point.
    for n in range(19):
        for odd in (0, 1):
            x = x_of(n, odd)
            if x is not None and not (x == 0 and odd):
                refused(f"a key whose y is p + {n}{', odd' if odd else ''}", ssh_line((P + n | odd << 255).to_bytes(32, "little")))
    refused("a key of order 1 with a sign", ssh_line((1 | 1 << 255).to_bytes(32, "little")))
    refused("a key of order 2 with a sign", ssh_line((P - 1 | 1 << 255).to_bytes(32, "little")))
    y = next(y for y in range(2, 100) if x_of(y, 0) is None)
    refused("a y that no point has", ssh_line(y.to_bytes(32, "little")))
    on_curve = next(y for y in range(2, 100) if x_of(y, 0) is not None)
    ok("a small y that a point has", ssh_line(on_curve.to_bytes(32, "little")))


def layers():
    layer = Layer("ed25519")
    keys(layer)
    signatures(layer)
    return [layer]
