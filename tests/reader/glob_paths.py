"""Globs over path bytes: SPEC.md 6.2."""
import re

from strict import need

GLOB_BYTES = 1_024


def compile_glob(glob):
    """A function that says whether a path, as bytes, matches."""
    need(glob and len(glob.encode()) <= GLOB_BYTES, "empty, or too long")
    need(not glob.startswith("!"), "no negation")
    reader = Reader(glob)
    pattern = reader.sequence(False)
    need(reader.at == len(glob), "a brace alone")
    check_components(glob)
    whole = re.compile(b"(?s:" + pattern.encode("latin-1") + rb")\Z")
    return lambda path: bool(whole.match(path))


def check_components(glob):
    """What no path has, and stars beside other characters: braces and classes aside."""
    plain = re.sub(r"\\.", "x", glob, flags=re.S)
    plain = re.sub(r"\[!?\]?[^\]]*\]", "x", plain)
    parts = re.split(r"[{},]", plain) if "{" in plain else [plain]
    for part in parts:
        need("//" not in part, "an empty component")
        for component in part.split("/"):
            need(component not in (".", ".."), "a component that no path has")
            need("**" not in component or component == "**", "stars beside other characters")
    need(not plain.startswith("/") and not plain.endswith("/"), "a slash at an end")


class Reader:
    """Turns a glob into a regular expression over bytes."""

    def __init__(self, glob):
        self.glob, self.at = glob, 0

    def sequence(self, inside):
        out = []
        while self.at < len(self.glob):
            c = self.glob[self.at]
            if inside and c in ",}":
                break
            need(c != "}", "a brace alone")
            out.append(self.one(c))
        return "".join(out)

    def one(self, c):
        rest = self.glob[self.at:]
        starts = self.at == 0 or self.glob[self.at - 1] in "/{,"
        if rest.startswith("**") and starts:
            if rest.startswith("**/"):
                self.at += 3
                return "(?:[^/]+/)*"
            self.at += 2
            need(self.at == len(self.glob) or self.glob[self.at] in ",}", "stars beside a name")
            return "[^/]+(?:/[^/]+)*"
        if c == "/" and rest == "/**":
            self.at += 3
            return "(?:/[^/]+)+"
        self.at += 1
        if c == "*":
            return "[^/]*"
        if c == "?":
            return "[^/]"
        if c == "[":
            return self.character_class()
        if c == "{":
            return self.alternatives()
        if c == "\\":
            need(self.at < len(self.glob), "it ends with an escape")
            c = self.glob[self.at]
            self.at += 1
        return "".join(re.escape(chr(byte)) for byte in c.encode())

    def character_class(self):
        end = self.glob.find("]", self.at + (1 if self.glob[self.at:self.at + 1] != "!" else 2))
        need(end > 0, "a class without end")
        inner = self.glob[self.at:end]
        self.at = end + 1
        negated = inner.startswith("!")
        inner = inner[1:] if negated else inner
        need(inner.isascii() and "/" not in inner and not inner.startswith("[:") and "[:" not in inner,
             "a class of more than ASCII")
        for low, high in re.findall(r"(.)-(.)", inner, flags=re.S):
            need(low <= high, "a range that goes down")
        body = re.sub(r"([\\\]\[^&~|])", r"\\\1", inner)
        return f"[^/{body}]" if negated else f"[{body}]"

    def alternatives(self):
        parts = [self.sequence(True)]
        while self.glob[self.at:self.at + 1] == ",":
            self.at += 1
            parts.append(self.sequence(True))
        need(self.glob[self.at:self.at + 1] == "}", "a brace alone")
        self.at += 1
        return "(?:" + "|".join(parts) + ")"
