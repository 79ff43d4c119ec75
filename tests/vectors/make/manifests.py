"""SPEC 2.1 to 2.5: manifests and paths."""

from common import Layer, join, repeat, sha256, shown

HEADER = "countersign-change-v1\n"
A, B, C = (f"100644:sha256:{digit * 64}" for digit in "abc")
RUN = f"100755:sha256:{'a' * 64}"
LINK = f"120000:sha256:{'d' * 64}"
SUB = f"160000:gitCommit:{'e' * 40}"
SUB256 = f"160000:gitCommit:{'f' * 64}"


def manifest(*lines):
    return HEADER + "".join(line + "\n" for line in lines)


def encoded(raw):
    return "".join(chr(b) if 0x21 <= b <= 0x7E and b != 0x25 else f"%{b:02X}" for b in raw)


def written(entries):
    """The manifest of {raw path: (old, new)}."""
    return manifest(*(f"{old} {new} {encoded(path)}" for path, (old, new) in sorted(entries.items()) if old != new))


def composed(first, second):
    """None where they do not follow one another."""
    result = dict(first)
    for path, (old, new) in second.items():
        if path in first and first[path][1] != old:
            return None
        result[path] = (first.get(path, (old, None))[0], new)
    return result


def read_cases(layer):
    def ok(name, text, clause="2.2"):
        data = text.encode()
        layer.ok("manifest.read", clause, name, text, {"digest": sha256(data), "entries": text.count("\n") - 1})

    def refused(name, data, twin, clause="2.2"):
        layer.refused("manifest.read", clause, name, data if not isinstance(data, bytes) else shown(data), twin)

    one = manifest(f"- {A} a")
    ok("an empty change", HEADER, "2.1")
    ok("a file is added", one)
    ok("a file is removed", manifest(f"{A} - a"))
    ok("a file is modified", manifest(f"{A} {B} a"))
    ok("a file becomes executable", manifest(f"{A} {RUN} a"))
    ok("a symbolic link takes a file's place", manifest(f"{A} {LINK} a"))
    ok("a submodule is added", manifest(f"- {SUB} lib"))
    ok("a submodule moves between kinds of ids", manifest(f"{SUB} {SUB256} lib"))
    ok("a submodule takes a file's place", manifest(f"{A} {SUB} lib"))
    ok("a file becomes a folder", manifest(f"{A} - a", f"- {A} a/b"))
    ok("a file and a folder on one side, which no tree has", manifest(f"- {A} a", f"- {A} a/b"))
    ok("sorted by raw bytes: a space before !", manifest(f"- {A} a%20b", f"- {A} a!b"))
    ok("sorted by raw bytes: z before a byte over 0x7f", manifest(f"- {A} z", f"- {A} %C3%A4"))
    ok("sorted by raw bytes: - . / 0", manifest(*(f"- {A} a{c}b" for c in "-./0")))
    ok("sorted by raw bytes: capitals first", manifest(f"- {A} B", f"- {A} a"))
    ok("names that only resemble .git", manifest(*(f"- {A} {p}" for p in (".GIT/x", ".git2/x", ".gitignore", "git/x", "x.git/y"))))
    ok("names that only resemble . and ..", manifest(f"- {A} .../x", f"- {A} ..x", f"- {A} .x"))
    ok("every printable byte but % stands for itself", manifest("- " + A + " " + "".join(chr(b) for b in range(0x21, 0x7F) if chr(b) not in "%/")), "2.3")
    ok("control bytes and DEL", manifest(f"- {A} %01%09%0A%0D%1F%7F"), "2.3")
    ok("bytes that are no UTF-8", manifest(f"- {A} %80%FE%FF"), "2.3")
    ok("percent and space", manifest(f"- {A} 100%25%20sure"), "2.3")

    twin = "a file is added"
    for name, bad, clause in [
        ("no bytes", "", "2.1"),
        ("another version", one.replace("v1", "v2"), "2.1"),
        ("a space after the header", one.replace("v1\n", "v1 \n"), "2.1"),
        ("no header", one[len(HEADER):], "2.1"),
        ("a byte order mark", "\ufeff" + one, "2.1"),
        ("no last line feed", one[:-1], "2.1"),
        ("carriage returns", one.replace("\n", "\r\n"), "2.1"),
        ("a carriage return at the end of an entry", one[:-1] + "\r\n", "2.1"),
        ("an empty line at the end", one + "\n", "2.1"),
        ("an empty line after the header", HEADER + "\n" + one[len(HEADER):], "2.1"),
        ("an empty line before the header", "\n" + one, "2.1"),
        ("bytes after the last line feed", one + " ", "2.1"),
        ("wrong UTF-8", one.encode()[:-1] + b"\xff\n", "2.1"),
        ("the path twice", one + one[len(HEADER):], "2.2"),
        ("the path twice, with other sides", one + f"{A} - a\n", "2.2"),
        ("both sides absent", manifest("- - a"), "2.2"),
        ("equal sides", manifest(f"{A} {A} a"), "2.2"),
        ("equal submodules", manifest(f"{SUB} {SUB} a"), "2.2"),
        ("no path", manifest(f"- {A}"), "2.2"),
        ("an empty path", manifest(f"- {A} "), "2.2"),
        ("two spaces between the sides", manifest(f"-  {A} a"), "2.2"),
        ("two spaces before the path", manifest(f"- {A}  a"), "2.2"),
        ("a space before the entry", manifest(f" - {A} a"), "2.2"),
        ("a space after the path", manifest(f"- {A} a "), "2.2"),
        ("a tab between the sides", manifest(f"-\t{A} a"), "2.2"),
        ("upper-case hex", manifest(f"- {A.replace('a' * 64, 'A' * 64)} a"), "2.2"),
        ("a digest of 63 digits", manifest(f"- {A[:-1]} a"), "2.2"),
        ("a digest of 65 digits", manifest(f"- {A}a a"), "2.2"),
        ("no digest", manifest("- 100644:sha256: a"), "2.2"),
        ("a digest of another kind", manifest(f"- 100644:sha1:{'a' * 40} a"), "2.2"),
        ("the kind in capitals", manifest(f"- 100644:SHA256:{'a' * 64} a"), "2.2"),
        ("a mode that git no longer writes", manifest(f"- {A.replace('100644', '100664')} a"), "2.2"),
        ("a folder's mode", manifest(f"- {A.replace('100644', '040000')} a"), "2.2"),
        ("a mode of three digits", manifest(f"- {A.replace('100644', '644')} a"), "2.2"),
        ("a file by a commit id", manifest(f"- 100644:gitCommit:{'e' * 40} a"), "2.2"),
        ("a submodule by a SHA-256", manifest(f"- 160000:sha256:{'e' * 64} a"), "2.2"),
        ("a submodule of 41 digits", manifest(f"- {SUB}e a"), "2.2"),
        ("a submodule in capitals", manifest(f"- 160000:gitCommit:{'E' * 40} a"), "2.2"),
    ]:
        refused(name, bad, twin, clause)
    refused("sorted by encoded lines", manifest(f"- {A} a!b", f"- {A} a%20b"), "sorted by raw bytes: a space before !")
    refused("sorted by encoded bytes over 0x7f", manifest(f"- {A} %C3%A4", f"- {A} z"), "sorted by raw bytes: z before a byte over 0x7f")
    refused("sorted as folders are in git's trees", manifest(*(f"- {A} a{c}b" for c in "/-.0")), "sorted by raw bytes: - . / 0")
    refused("sorted without case", manifest(f"- {A} a", f"- {A} B"), "sorted by raw bytes: capitals first")


def path_cases(layer):
    texts = {
        b"a": "a plain name", b"src/main.rs": "a folder and a file", "docs/Größe 1.md".encode(): "bytes over 0x7f and a space",
        b"100%": "a percent", b"\x01\n\x7f\xff": "bytes that are no text", b"a\\b\"c'": "a backslash and quotes stand for themselves",
        b".gitmodules": "a name that starts with .git", b".GIT": ".GIT is another name than .git", b"...": "three dots",
    }
    for raw, name in texts.items():
        layer.ok("path.read", "2.3", f"read: {name}", encoded(raw), {"path": shown(raw)})
        layer.ok("path.write", "2.3", f"write: {name}", shown(raw), {"encoded": encoded(raw)})
    for name, text, twin in [
        ("lower-case hex", "Gr%c3%B6", "bytes over 0x7f and a space"),
        ("a letter escaped", "%61", "a plain name"),
        ("a slash escaped", "src%2Fmain.rs", "a folder and a file"),
        ("a space as it is", "docs/Gr%C3%B6%C3%9Fe 1.md", "bytes over 0x7f and a space"),
        ("a space as +, which is another name, escaped", "a%2Bb", "a plain name"),
        ("text as it is", "docs/Größe%201.md", "bytes over 0x7f and a space"),
        ("DEL as it is", "\x7f", "bytes that are no text"),
        ("a percent as it is", "100%", "a percent"),
        ("a percent with one digit", "100%2", "a percent"),
        ("a percent with no hex", "100%2G", "a percent"),
        ("a percent with a sign", "%+1", "a percent"),
        ("NUL", "a%00", "a plain name"),
    ]:
        layer.refused("path.read", "2.3", f"read: {name}", text, f"read: {twin}")
    for name, raw in [
        ("empty", b""), (".", b"."), ("..", b".."), (".git", b".git"), (".git inside", b"a/.git/config"), (".. inside", b"a/../b"),
        (". at the end", b"a/."), ("an empty component", b"a//b"), ("/ at the start", b"/a"), ("/ at the end", b"a/"), ("/ alone", b"/"),
    ]:
        layer.refused("path.read", "2.3", f"read: {name}", encoded(raw), "read: a folder and a file")
        layer.refused("path.write", "2.3", f"write: {name}", shown(raw), "write: a folder and a file")
    layer.refused("path.write", "2.3", "write: NUL", "a\0", "write: a plain name")
    long = join(repeat("a/", 3000), "b")
    layer.ok("path.write", "2.3", "write: a long path", long, {"encoded": "a/" * 3000 + "b"})


def algebra_cases(layer):
    def compose(name, first, second, twin=None):
        whole = composed(first, second)
        given = {"first": written(first), "second": written(second)}
        if whole is None:
            layer.refused("manifest.compose", "2.5", name, given, twin)
        else:
            layer.ok("manifest.compose", "2.5", name, given, {"manifest": written(whole)})

    first = {b"a": (A, B), b"b": ("-", A), b"d e": (A, "-"), "ä".encode(): (A, C)}
    compose("of two that share no path", first, {b"c": (A, "-"), b"a!": ("-", A)})
    compose("a path of both keeps its first and last side", first, {b"a": (B, C)})
    compose("what comes back leaves no entry", first, {b"a": (B, A), b"c": ("-", B)})
    compose("added and removed", first, {b"b": (A, "-")})
    compose("removed and added again as it was", first, {b"d e": ("-", A)})
    compose("removed and added as another", first, {b"d e": ("-", LINK)})
    compose("with an empty one", first, {})
    compose("an empty one first", {}, first)
    inverse = {path: (new, old) for path, (old, new) in first.items()}
    compose("with its inverse it is empty", first, inverse)
    compose("a mode alone", {b"a": (A, RUN)}, {b"a": (RUN, B)})
    compose("a submodule", {b"a": (A, SUB)}, {b"a": (SUB, SUB256)})
    twin = "a path of both keeps its first and last side"
    compose("the second starts from other content", first, {b"a": (C, B)}, twin)
    compose("the second starts from what the first changed", first, {b"a": (A, B)}, twin)
    compose("the second finds nothing", first, {b"a": ("-", B)}, twin)
    compose("the second finds what the first removed", first, {b"d e": (A, B)}, "removed and added as another")
    compose("the second adds what the first added", first, {b"b": ("-", A)}, "added and removed")
    compose("the second finds another mode", {b"a": (A, RUN)}, {b"a": (A, B)}, "a mode alone")
    compose("one of several paths does not follow", first, {b"a": (B, C), b"b": (B, C)}, twin)
    for name, entries in [("of a change", first), ("of an empty change", {}), ("of a submodule", {b"x": (SUB, "-")})]:
        swapped = {path: (new, old) for path, (old, new) in entries.items()}
        layer.ok("manifest.invert", "2.5", f"the inverse {name}", {"manifest": written(entries)}, {"manifest": written(swapped)})


def layers():
    manifests, paths, algebra = Layer("manifest"), Layer("path"), Layer("composition")
    read_cases(manifests)
    path_cases(paths)
    algebra_cases(algebra)
    return [manifests, paths, algebra]
