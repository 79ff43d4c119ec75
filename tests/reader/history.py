"""A history made with real git from a fast-import stream, and what a gate reads of it: SPEC.md 2 and 8."""
import hashlib
import subprocess
import tempfile

import manifest


class History:
    def __init__(self, stream):
        self.folder = tempfile.TemporaryDirectory()
        self.git("init", "-q", "--bare", ".")
        subprocess.run(["git", "fast-import", "--quiet", "--force"], input=stream, cwd=self.folder.name,
                       check=True)

    def git(self, *words):
        return subprocess.run(["git", *words], cwd=self.folder.name, check=True,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout

    def has(self, commit):
        words = ["git", "cat-file", "-e", f"{commit}^{{commit}}"]
        return subprocess.run(words, cwd=self.folder.name, stderr=subprocess.DEVNULL).returncode == 0

    def commit(self, commit):
        """Parents, author, committer, committer's time, message."""
        form = "%P%x00%an%x00%ae%x00%cn%x00%ce%x00%ct%x00%B"
        text = self.git("log", "-1", "--no-mailmap", f"--format={form}", commit).decode()
        parents, name, email, by, by_email, seconds, message = text.split("\0", 6)
        return {"id": commit, "parents": parents.split(), "author": (name, email),
                "committer": (by, by_email), "seconds": int(seconds), "message": message}

    def line(self, base, head):
        """The first-parent commits after base, the oldest first; None where base isn't on the line."""
        found, at = [], head
        while at != base:
            found.append(at)
            parents = self.commit(at)["parents"]
            if not parents:
                return found[::-1] if base is None else None
            at = parents[0]
        return found[::-1]

    def brings(self, base, head):
        """The commits that a change brings in."""
        words = [head, f"^{base}"] if base else [head]
        return [self.commit(commit) for commit in self.git("rev-list", *words).decode().split()]

    def tree(self, commit):
        """Path to mode and object."""
        found = {}
        for row in self.git("ls-tree", "-r", "-z", commit).split(b"\0")[:-1]:
            told, path = row.split(b"\t", 1)
            mode, _, name = told.split(b" ")
            found[path] = (mode, name)
        return found

    def side(self, entry):
        if entry is None:
            return None
        mode, name = entry
        if mode == b"160000":
            return b"160000:gitCommit:" + name
        content = hashlib.sha256(self.git("cat-file", "blob", name.decode())).hexdigest()
        return mode + b":sha256:" + content.encode()

    def change(self, base, head):
        before, after = (self.tree(commit) if commit else {} for commit in (base, head))
        paths = {path for path in {*before, *after} if before.get(path) != after.get(path)}
        return {path: (self.side(before.get(path)), self.side(after.get(path))) for path in paths}

    def file(self, commit, path):
        entry = self.tree(commit).get(path.encode())
        if entry is None or entry[0] != b"100644":
            return None
        return self.git("cat-file", "blob", entry[1].decode())

    def holds(self, commit, entries):
        """Whether every path of a change has its new side here."""
        tree = self.tree(commit)
        return all(self.side(tree.get(path)) == new for path, (_, new) in entries.items())


def digest(entries):
    return manifest.digest(manifest.write(entries))
