"""SPEC 2.9: line merges."""

import pathlib
import random
import sys

from common import Layer, shown

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "reader"))
from line_merge import merge  # noqa: E402

CASES = [
    ('one line between', '1\n2\n3\n4\n5\n', '1\nX\n3\n4\n5\n', '1\n2\n3\nY\n5\n'),
    ('touching', '1\n2\n3\n4\n', '1\nX\n3\n4\n', '1\n2\nY\n4\n'),
    ('two lines between', '1\n2\n3\n4\n5\n6\n', '1\nX\n3\n4\n5\n6\n', '1\n2\n3\n4\nY\n6\n'),
    ('same insertion point', '1\n2\n', '1\nA\n2\n', '1\nB\n2\n'),
    ('same change on both sides', '1\n2\n3\n4\n5\n', '1\nX\n3\n4\nZ\n', '1\nX\n3\n4\n5\n'),
    ('same change twice plus another', '1\n2\n3\n4\n5\n6\n7\n', '1\nX\n3\n4\n5\n6\n7\n', '1\nX\n3\n4\nQ\n6\n7\n'),
    ('append at the end, tail repeats', 'h\nf\na\n}\nend\n', 'h\nf\na\n}\ng\na\n}\nend\n', 'h\nf\nb\n}\nend\n'),
    ('insertion slides to the other hunk', 'x\na\nb\ny\n', 'x\na\nb\na\nb\ny\n', 'x\nQ\nb\ny\n'),
    ('three equal blocks, one deleted, one edited', 'a\nb\nc\na\nb\nc\na\nb\nc\n', 'a\nb\nc\na\nb\nc\n', 'a\nb\nc\na\nQ\nc\na\nb\nc\n'),
    ('no LF at the end', '1\n2\n3', '1\nX\n3', '1\n2\n3\n4\n'),
    ('no LF at the end, far', '1\n2\n3\n4\n5', 'X\n2\n3\n4\n5', '1\n2\n3\n4\n5\n6\n'),
    ('deleted and edited apart', '1\n2\n3\n4\n5\n6\n', '4\n5\n6\n', '1\n2\n3\n4\n5\nY\n'),
    ('block moved, other edits inside', 'a\nb\nc\nd\ne\nf\n', 'd\ne\nf\na\nb\nc\n', 'a\nB\nc\nd\ne\nf\n'),
    ('blocks swapped, far edit', 'a\nb\nc\nd\ne\nf\ng\nh\n', 'd\ne\na\nb\nc\nf\ng\nh\n', 'a\nb\nc\nd\ne\nf\ng\nH\n'),
    ('empty old', '', 'x\n', 'x\n'),
]


def edited(made, lines):
    """A text with up to three edits, from few different lines."""
    lines = list(lines)
    for _ in range(made.randrange(1, 3)):
        at = made.randrange(len(lines) + 1)
        lines[at:at + made.randrange(3)] = made.choices(POOL, k=made.randrange(3))
    return lines


POOL = [f"{letter}\n" for letter in "abcdefghij}"] + ["\n"]


def made_up(count):
    made = random.Random(2026)
    for number in range(count):
        old = made.choices(POOL, k=made.randrange(28))
        sides = ["".join(lines) + made.choice(["", "", "z"]) for lines in (old, edited(made, old), edited(made, old))]
        yield f"made up {number + 1}", *sides


def layers():
    layer = Layer("merge")
    for name, old, new, cur in [*CASES, *made_up(400)]:
        result = merge(old.encode(), new.encode(), cur.encode())
        merged = None if result is None else shown(result)
        layer.ok("text.merge", "2.9", name, {"old": old, "new": new, "cur": cur}, {"merged": merged})
    return [layer]
