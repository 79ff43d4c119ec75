"""SPEC 2.9: the line merge. Texts are bytes."""



def lines(text):
    found = text.split(b"\n")
    last = found.pop()
    return [line + b"\n" for line in found] + ([last] if last else [])


def match(x, y):
    """Pairs of equal lines, rising in both."""
    pairs = []

    def stretch(left, right, top, bottom, level):
        while left < right and top < bottom and x[left] == y[top]:
            pairs.append((left, top))
            left, top = left + 1, top + 1
        while left < right and top < bottom and x[right - 1] == y[bottom - 1]:
            right, bottom = right - 1, bottom - 1
            pairs.append((right, bottom))
        if level == 16:
            return
        some, others = x[left:right], y[top:bottom]
        once = [i for i in range(left, right) if some.count(x[i]) == 1 and others.count(x[i]) == 1]
        places = [(i, top + others.index(x[i])) for i in once]
        tops, notes = [], {}
        for number, (_, place) in enumerate(places):
            pile = next((at for at, other in enumerate(tops) if places[other][1] > place), len(tops))
            notes[number] = tops[pile - 1] if pile else None
            tops[pile:pile + 1] = [number]
        if not tops:
            return
        chain, at = [], tops[-1]
        while at is not None:
            chain.insert(0, places[at])
            at = notes[at]
        pairs.extend(chain)
        for (i, j), (k, m) in zip([(left - 1, top - 1)] + chain, chain + [(right, bottom)]):
            stretch(i + 1, k, j + 1, m, level + 1)

    stretch(0, len(x), 0, len(y), 0)
    return sorted(pairs)


def hunks(x, y):
    """(s, e, lines) for each maximal run without a pair."""
    found, i, j = [], 0, 0
    for k, m in match(x, y) + [(len(x), len(y))]:
        if (i, j) != (k, m):
            found.append((i, k, tuple(y[j:m])))
        i, j = k + 1, m + 1
    return found


def reach(x, all_hunks, number):
    start, end, added = all_hunks[number]
    low, high = start, end
    if start == end or not added:
        text = list(added) or x[start:end]
        above = all_hunks[number - 1][1] if number else 0
        below = all_hunks[number + 1][0] if number + 1 < len(all_hunks) else len(x)
        turned = text[:]
        while low > above and x[low - 1] == turned[-1]:
            low, turned = low - 1, turned[-1:] + turned[:-1]
        turned = text[:]
        while high < below and x[high] == turned[0]:
            high, turned = high + 1, turned[1:] + turned[:1]
    return low, high


def merge(old, new, cur):
    old, new, cur = lines(old), lines(new), lines(cur)
    one, other = hunks(old, new), hunks(old, cur)
    common = set(one) & set(other)
    for at, hunk in enumerate(one):
        for place, against in enumerate(other):
            if hunk in common or against in common:
                continue
            (a, b), (c, d) = reach(old, one, at), reach(old, other, place)
            if not (b < c or d < a):
                return None
    result, at = [], 0
    for start, end, added in sorted(set(one) | set(other)):
        result += old[at:start] + list(added)
        at = end
    return b"".join(result + old[at:])
