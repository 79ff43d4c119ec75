"""The change manifest: SPEC.md section 2."""
import hashlib
import re

from strict import Refused, need

HEADER = b"countersign-change-v1\n"
SIDE = re.compile(rb"(?:100644|100755|120000):sha256:[0-9a-f]{64}|160000:gitCommit:(?:[0-9a-f]{40}|[0-9a-f]{64})")
ESCAPED = re.compile(rb"%([0-9A-F]{2})")


def plain(byte):
    return 0x21 <= byte <= 0x7E and byte != 0x25


def check_path(path):
    for component in path.split(b"/"):
        need(component not in (b"", b".", b"..", b".git"), "a component that no path has")
        need(b"\0" not in component, "a NUL byte")
    return path


def read_path(encoded):
    path, at = bytearray(), 0
    while at < len(encoded):
        found = ESCAPED.match(encoded, at)
        if found:
            byte = int(found.group(1), 16)
            need(not plain(byte), "an escaped byte that stands for itself")
            path.append(byte)
            at = found.end()
        else:
            need(plain(encoded[at]), "a byte that must be escaped")
            path.append(encoded[at])
            at += 1
    return check_path(bytes(path))


def write_path(path):
    check_path(path)
    return "".join(chr(byte) if plain(byte) else f"%{byte:02X}" for byte in path)


def read(raw):
    """Entries by path: the old and the new side, None where nothing stands."""
    need(raw.startswith(HEADER) and raw.endswith(b"\n"), "no header, or no last line feed")
    entries, last = {}, None
    for line in raw[len(HEADER):].split(b"\n")[:-1]:
        parts = line.split(b" ")
        need(len(parts) == 3, "an entry has three parts")
        old, new = (side(part) for part in parts[:2])
        need(old != new, "equal sides")
        path = read_path(parts[2])
        need(last is None or last < path, "out of order, or twice")
        entries[path], last = (old, new), path
    return entries


def side(part):
    if part == b"-":
        return None
    need(SIDE.fullmatch(part), "no side")
    return part


def write(entries):
    lines = [HEADER]
    for path in sorted(entries):
        old, new = (part or b"-" for part in entries[path])
        lines.append(b"%s %s %s\n" % (old, new, write_path(path).encode()))
    return b"".join(lines)


def digest(raw):
    return hashlib.sha256(raw).hexdigest()


def compose(first, second):
    entries = dict(first)
    for path, (old, new) in second.items():
        if path in first:
            if first[path][1] != old:
                raise Refused("the two don't follow one another")
            old = first[path][0]
        if old == new:
            del entries[path]
        else:
            entries[path] = (old, new)
    return entries


def invert(entries):
    return {path: (new, old) for path, (old, new) in entries.items()}
