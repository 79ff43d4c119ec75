#!/usr/bin/env python3
"""Prints change manifests, version 1, from plain git: an oracle for the Rust program.

    manifest.py [-C REPOSITORY] BASE HEAD              the manifest of a change
    manifest.py [-C REPOSITORY] --digest BASE HEAD     its digest alone
    manifest.py [-C REPOSITORY] --first-parent N [REV] "<commit> <digest>" of the newest N
                                                       first-parent commits of REV (default HEAD);
                                                       with --keep-going, "<commit> undecided" where
                                                       an object is missing or malformed

BASE and HEAD are anything that names a tree; BASE may be "-" for the empty tree. Written from the
format's text alone: it shares no code with the program. Exit code 2: could not decide.
"""

import argparse
import hashlib
import os
import subprocess
import sys

HEADER = b"countersign-change-v1\n"
BLOB_MODES = {b"100644": b"100644", b"100664": b"100644", b"100755": b"100755", b"120000": b"120000"}
SUBMODULE = b"160000"
ABSENT = b"000000"


class Undecided(Exception):
    """The repository doesn't say, or says it in a way that the format refuses."""


def isolated_environment():
    """Git's environment with everything out of play that could show other objects."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    kept.update(
        GIT_NO_REPLACE_OBJECTS="1",
        GIT_GRAFT_FILE=os.devnull,
        GIT_CONFIG_NOSYSTEM="1",
        GIT_CONFIG_GLOBAL=os.devnull,
        GIT_NO_LAZY_FETCH="1",
        GIT_OPTIONAL_LOCKS="0",
        LC_ALL="C",
    )
    return kept


class Repository:
    def __init__(self, folder):
        self.git = ["git", "--no-replace-objects", "-C", folder, "-c", "core.commitGraph=false"]
        self.environment = isolated_environment()
        self.digests = {}
        self.batch = None
        kind = self.run("rev-parse", "--show-object-format").strip()
        # The hash of an empty tree object, in the repository's own object format.
        self.empty_tree = hashlib.new(kind.decode(), b"tree 0\0").hexdigest().encode()

    def run(self, *arguments, stdin=None):
        done = subprocess.run(
            [*self.git, *arguments], input=stdin, capture_output=True, env=self.environment
        )
        if done.returncode != 0:
            raise Undecided(done.stderr.decode(errors="replace").strip() or "git failed")
        return done.stdout

    def resolve(self, name, kind):
        if name == "-":
            return self.empty_tree
        return self.run("rev-parse", "--verify", "--end-of-options", name + "^{" + kind + "}").strip()

    def blob_digest(self, object_id):
        """The hex SHA-256 of a blob's content; read once for each object id."""
        known = self.digests.get(object_id)
        if known is not None:
            return known
        if self.batch is None:
            self.batch = subprocess.Popen(
                [*self.git, "cat-file", "--batch"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=self.environment,
            )
        self.batch.stdin.write(object_id + b"\n")
        self.batch.stdin.flush()
        head = self.batch.stdout.readline().split()
        if len(head) != 3:
            raise Undecided("object %s is missing" % object_id.decode())
        left, digest = int(head[2]), hashlib.sha256()
        while left:
            chunk = self.batch.stdout.read(min(left, 1 << 20))
            if not chunk:
                raise Undecided("object %s is cut short" % object_id.decode())
            digest.update(chunk)
            left -= len(chunk)
        self.batch.stdout.read(1)
        if head[1] != b"blob":
            raise Undecided("object %s is no blob" % object_id.decode())
        self.digests[object_id] = digest.hexdigest().encode()
        return self.digests[object_id]

    def side(self, mode, object_id):
        if mode == ABSENT:
            return b"-"
        if mode == SUBMODULE:
            return b"160000:gitCommit:" + object_id
        if mode not in BLOB_MODES:
            raise Undecided("mode %s" % mode.decode(errors="replace"))
        return BLOB_MODES[mode] + b":sha256:" + self.blob_digest(object_id)

    def manifest(self, raw):
        """The manifest of `git diff-tree -r -z --no-renames` records: meta and path by turns."""
        entries = {}
        for meta, path in zip(raw[0::2], raw[1::2]):
            old_mode, new_mode, old_id, new_id, _ = meta[1:].split(b" ")
            check_path(path)
            old, new = entries.get(path, (b"-", b"-"))
            this_old, this_new = self.side(old_mode, old_id), self.side(new_mode, new_id)
            if path in entries:
                # A path twice is a removal and an addition (a kind that changed), nothing else.
                if (old != b"-" and this_old != b"-") or (new != b"-" and this_new != b"-"):
                    raise Undecided("%s stands twice" % encode(path).decode())
            entries[path] = (
                old if this_old == b"-" else this_old,
                new if this_new == b"-" else this_new,
            )
        lines = [HEADER]
        for path in sorted(entries):
            old, new = entries[path]
            if old != new:
                lines.append(b"%s %s %s\n" % (old, new, encode(path)))
        return b"".join(lines)

    def diff(self, base, head):
        raw = self.run(
            "diff-tree", "-r", "-z", "--no-renames", "--no-ext-diff", "--no-textconv",
            "--ignore-submodules=none", "--full-index", base, head,
        )
        return self.manifest(raw.split(b"\0")[:-1])

    def first_parents(self, count, name):
        """Commit and manifest of the newest commits of a first-parent line, the newest first; an
        Undecided in the manifest's place where there is none."""
        tip = self.resolve(name, "commit")
        if self.run("rev-parse", "--is-shallow-repository").strip() == b"true":
            raise Undecided("a shallow repository")
        listed = self.run("rev-list", "--first-parent", "--parents", "-n", str(count), tip.decode())
        pairs = []
        for line in listed.splitlines():
            commit, *parents = line.split(b" ")
            pairs.append((commit, parents[0] if parents else self.empty_tree))
        trees = self.trees([one for pair in pairs for one in pair])
        feed = b"".join(b"%s %s\n" % (trees[base], trees[commit]) for commit, base in pairs)
        # One process for all pairs of trees; a header line stands before the records of each.
        raw = self.run(
            "diff-tree", "--stdin", "-r", "-z", "--no-renames", "--no-ext-diff", "--no-textconv",
            "--ignore-submodules=none", "--full-index", stdin=feed,
        )
        headers = [b"%s %s" % (trees[base], trees[commit]) for commit, base in pairs]
        for (commit, _), records in zip(pairs, split_by_header(raw, headers)):
            try:
                yield commit, self.manifest(records)
            except Undecided as error:
                yield commit, error

    def trees(self, commits):
        """The tree of each commit; the empty tree stands for itself."""
        wanted = sorted(set(commits) - {self.empty_tree})
        feed = b"".join(commit + b"^{tree}\n" for commit in wanted)
        answers = self.run("cat-file", "--batch-check=%(objectname) %(objecttype)", stdin=feed)
        found = {self.empty_tree: self.empty_tree}
        for commit, line in zip(wanted, answers.splitlines()):
            tree, _, kind = line.partition(b" ")
            if kind != b"tree":
                raise Undecided("commit %s has no tree here" % commit.decode())
            found[commit] = tree
        return found


def split_by_header(raw, headers):
    """The records of each pair of trees. The header is a line of its own and ends with LF, the
    records with NUL; pairs that don't differ have a header too."""
    position = 0
    for header in headers:
        if not raw.startswith(header + b"\n", position):
            raise Undecided("git diff-tree answers in another order")
        position += len(header) + 1
        fields = []
        while raw.startswith(b":", position):
            for _ in range(2):
                end = raw.index(b"\0", position)
                fields.append(raw[position:end])
                position = end + 1
        yield fields
    if position != len(raw):
        raise Undecided("git diff-tree answers more than was asked")


def check_path(path):
    for name in path.split(b"/"):
        if name in (b"", b".", b"..") or name.lower() == b".git":
            raise Undecided("a tree holds the name %r" % name)


def encode(path):
    """Percent-encodes every byte outside 0x21..0x7e, and the percent sign."""
    return b"".join(
        b"%c" % byte if 0x21 <= byte <= 0x7E and byte != 0x25 else b"%%%02X" % byte for byte in path
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-C", dest="folder", default=".", metavar="REPOSITORY")
    parser.add_argument("--first-parent", type=int, metavar="N")
    parser.add_argument("--keep-going", action="store_true", help='print "<commit> undecided"')
    parser.add_argument("--digest", action="store_true")
    parser.add_argument("revisions", nargs="*", metavar="REV")
    options = parser.parse_args()
    if options.first_parent is None and len(options.revisions) != 2:
        parser.error("BASE and HEAD are needed")
    if options.first_parent is not None and (options.first_parent < 1 or len(options.revisions) > 1):
        parser.error("--first-parent takes a number from 1 and one REV at most")
    try:
        repository = Repository(options.folder)
        if options.first_parent is not None:
            name = (options.revisions or ["HEAD"])[0]
            code = 0
            for commit, manifest in repository.first_parents(options.first_parent, name):
                if isinstance(manifest, Undecided):
                    if not options.keep_going:
                        raise manifest
                    print(commit.decode(), "undecided")
                    code = 2
                else:
                    print(commit.decode(), hashlib.sha256(manifest).hexdigest())
            return code
        base, head = (repository.resolve(name, "tree").decode() if name != "-" else
                      repository.empty_tree.decode() for name in options.revisions)
        manifest = repository.diff(base, head)
        if options.digest:
            print(hashlib.sha256(manifest).hexdigest())
        else:
            sys.stdout.buffer.write(manifest)
        return 0
    except Undecided as error:
        print("could not decide: %s" % error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
