"""SPEC 8: whole verdicts over the worked example's repository."""

import base64
import json
import subprocess
import tempfile

from common import EXAMPLE, Key, Layer, bundle, changed_at, compact, envelope, join, sha256
from manifests import composed, written
from statements import statement

MAYA, GRACE, EVE = Key("maya"), Key("grace"), Key("eve")
NOW = "2025-11-24T10:00:00Z"
PERSON = "Maya Lind <maya@code.example>"


def example(name):
    return (EXAMPLE / name).read_bytes()


def commit_ids(stream):
    with tempfile.TemporaryDirectory() as folder:
        def git(*args, given=None):
            done = subprocess.run(["git", "-C", folder, *args], input=given, check=True, capture_output=True)
            return done.stdout.decode().split()

        git("init", "-q", "--object-format=sha1")
        git("fast-import", "--quiet", given=stream)
        return git("rev-list", "--reverse", "refs/heads/main")


def commit(mark, who, message, body, seconds):
    """One more commit for the end of the stream."""
    head = f"commit refs/heads/main\nmark :{mark}\n" + "".join(f"{word} {who} {seconds} +0000\n" for word in ("author", "committer"))
    return f"{head}data {len(message.encode())}\n{message}from :{mark - 1}\n{body}\n"


def inline(mode, path, text):
    return f'M {mode} inline "{path}"\ndata {len(text.encode())}\n{text}\n'


def side(text):
    return f"100644:sha256:{sha256(text.encode())}"


def layers():
    layer = Layer("verdict")
    stream, change = example("history.fast-import"), sha256(example("change.manifest"))
    first, base, head = commit_ids(stream)
    history = {"file": "../../keys-example/history.fast-import"}
    root = sha256(base64.b64decode(json.loads(example("trust.1.dsse.json"))["payload"]))
    declaration, sign_off = (json.loads(example(f"{kind}.payload.json")) for kind in ("declaration", "sign-off"))
    declared, signed = ({"file": f"../../keys-example/{kind}.bundle.json"} for kind in ("declaration", "sign-off"))
    data = {json.dumps(declared): example("declaration.bundle.json"), json.dumps(signed): example("sign-off.bundle.json")}
    assert bundle(compact(declaration).encode(), MAYA) == json.loads(data[json.dumps(declared)])

    def at(document, path, *value):
        return changed_at(document, path if path.startswith("/subject") else f"/predicate/{path}", *value)

    def by(document, key):
        """The text of a bundle."""
        return compact(bundle(compact(document).encode(), key))

    def name(given):
        return sha256(data.get(json.dumps(given)) or given.encode())

    def placed(statements, subject=change):
        return {f"{subject[:2]}/{subject[2:4]}/{subject}/{name(given)}.json": given for given in statements}

    def case(title, clause, statements, codes=(), answer="ok", code=None, twin="verified", waiting=None, units=None, coverage="exact", listed=None, store=None, **more):
        """`statements`: (bundle, code or None). `units`: (commit, coverage, codes, statements) where not the last commit alone."""
        given = {"history": history, "root": root, "target": "refs/heads/main", "tip": head, "range": [base, head], "now": NOW, "publishedKeys": True,
                 "store": store or placed([given for given, _ in statements])} | more
        given = {key: value for key, value in given.items() if value is not None}
        if answer == "undecided":
            layer.undecided("verdict", clause, title, given, twin, code)
            return
        listed = [{"bundle": name(given), "code": told} for given, told in (statements if listed is None else listed)]
        group = [] if "change" in given else [head]
        units = [(head, coverage, list(codes), listed, group)] if units is None else units
        out = {"units": [{"commit": c, "coverage": how, "codes": told, "statements": sorted(listed, key=lambda s: s["bundle"]), "group": (group or [[c]])[0]} for c, how, told, listed, *group in units]}
        if answer == "ok":
            layer.ok("verdict", clause, title, given, out)
        else:
            layer.refused("verdict", clause, title, given, twin, out={"waiting": waiting} | out)

    def waits(title, clause, statements, *codes, **more):
        case(title, clause, statements, codes, "refused", waiting=True, **more)

    def undecided(title, clause, code, statements=((declared, None), (signed, None)), **more):
        case(title, clause, list(statements), answer="undecided", code=code, **more)

    both = [(declared, None), (signed, None)]
    case("verified", "8.6", both)
    case("verified as one change", "8.1", both, range=None, change=[base, head], tip=base)
    case("an empty range", "8.1", [], units=[], range=[head, head])
    case("a trust unit", "5.6", [], units=[(base, "trust", [], [])], range=[first, base])
    start = (first, "none", ["CS102"], [])
    case("the whole line: the first commit waits", "8.1", both, answer="refused", waiting=True, range=[None, head],
         units=[start, (base, "trust", [], []), (head, "exact", [], [{"bundle": name(g), "code": None} for g in (declared, signed)])])

    # Less than both.
    waits("nothing is signed", "8.6", [], "CS102", "CS101", coverage="none")
    waits("no sign-off", "6.7", [(declared, None)], "CS101")
    waits("no declaration", "8.3", [(signed, "CS603")], "CS102", "CS101", coverage="none")
    alone = by(at(sign_off, "declarations", []), GRACE)
    waits("a sign-off that was shown no declaration, and no declaration", "6.4", [(alone, None)], "CS102")
    case("a sign-off that was shown no declaration", "8.3", [(declared, None), (alone, None)])

    # Statements that do not count: nothing but their code differs.
    def not_counted(title, clause, statement, code, key=GRACE):
        text = statement if isinstance(statement, str) else by(statement, key)
        waits(title, clause, [(declared, None), (text, code)], "CS101")

    not_counted("by a key that nobody knows", "4.6", sign_off, "CS201", EVE)
    hidden = compact(changed_at(bundle(compact(sign_off).encode(), GRACE), "/verificationMaterial/publicKey/hint"))
    not_counted("without a hint", "4.2", hidden, "CS201")
    not_counted("by the author", "6.5", at(sign_off, "signer/id", "maya"), "CS205", MAYA)
    not_counted("another signer is named", "4.6", at(sign_off, "signer/id", "maya"), "CS214")
    not_counted("of another change", "4.6", at(sign_off, "/subject/0/digest/sha256", "0" * 64), "CS203")
    not_counted("of another repository", "4.6", at(sign_off, "change/repository", "code.example/acme/other"), "CS204")
    not_counted("for another branch", "8.3", at(sign_off, "change/targets/0/ref", "refs/heads/next"), "CS204")
    not_counted("with a tip that is the landed commit", "8.3", at(sign_off, "change/targets/0/tip", head), "CS216")
    not_counted("for another landed commit", "8.3", at(sign_off, "change/landed", base), "CS216")
    not_counted("with another base", "4.7", at(sign_off, "change/base", first), "CS213")
    not_counted("signed ahead of the clock", "4.6", at(sign_off, "signedOn", "2025-11-24T10:05:01Z"), "CS215")
    not_counted("shown a declaration that is not here", "8.3", at(sign_off, "declarations", ["0" * 64]), "CS603")
    not_counted("in an emergency, where the policy knows none", "6.10", at(sign_off, "emergency", {"incident": "INC-7", "reason": "Down.", "followUpBy": "2025-11-27T09:40:00Z"}), "CS206")
    not_counted("malformed", "4.6", at(sign_off, "review/interactive"), "CS212")
    not_counted("an empty file", "4.6", "{}", "CS212")
    case("signed 300 seconds ahead of the clock", "4.6", [(declared, None), (by(at(sign_off, "signedOn", "2025-11-24T10:05:00Z"), GRACE), None)])
    case("with an older tip of the line", "8.3", [(declared, None), (by(at(sign_off, "change/targets/0/tip", first), GRACE), None)])
    case("for this landed commit, with a tip that is not here", "8.3", [(declared, None), (by(at(at(sign_off, "change/landed", head), "change/targets/0/tip", "f" * 40), GRACE), None)])
    case("for several branches", "8.3", [(declared, None), (by(at(sign_off, "change/targets", [{"ref": "refs/heads/next", "tip": head}, *sign_off["predicate"]["change"]["targets"]]), GRACE), None)])
    case("whose base and head are not here", "4.7", [(declared, None), (by(at(at(sign_off, "change/base", "e" * 40), "change/head", "f" * 40), GRACE), None)])
    case("what does not count does no harm", "4.6", [*both, (by(sign_off, EVE), "CS201"), ("{}", "CS212")])
    other = by(at(sign_off, "review/comment", "Read."), EVE)
    junk = placed([declared, signed]) | {f"{change[:2]}/{change[2:4]}/{change}/{'0' * 64}.json": other, f"{change[:2]}/{change[2:4]}/{change}/x": "x", "README": "x", "zz/x": "x"}
    case("junk in the store hides nothing", "8.5", both, store=junk)
    elsewhere = placed([declared]) | placed([signed], "0" * 64)
    waits("the sign-off is filed under another change", "8.5", [(declared, None)], "CS101", store=elsewhere)

    # Who declares, and what.
    none = at(at(declaration, "aiAssistance/declared", "none"), "aiAssistance/extent", "assisted")
    lone = by(none, MAYA)
    waits("none is declared, but a commit shows an agent", "6.6", [(lone, None)], "CS101")
    theirs = by(at(declaration, "author/id", "grace"), GRACE)
    waits("the reviewer declares", "6.3", [(theirs, None), (signed, "CS603")], "CS101")

    # Rejections.
    rejection = at(sign_off, "review/decision", "rejected")
    rejected = by(rejection, GRACE)
    case("rejected", "6.7", [*both, (rejected, None)], ["CS302"], "refused", waiting=False)
    case("rejected by somebody who could not sign", "6.7", [*both, (by(at(rejection, "signer/id", "maya"), MAYA), None)])
    case("rejected by a key that nobody knows", "6.7", [*both, (by(rejection, EVE), "CS201")])
    back = at(at(sign_off, "review/replaces", [sha256(compact(rejection).encode())]), "signedOn", "2025-11-24T09:50:00Z")
    case("rejected, and taken back", "6.7", [(declared, None), (rejected, None), (by(back, GRACE), None)])
    early = at(back, "signedOn", "2025-11-24T09:30:00Z")
    case("rejected, and taken back before", "6.7", [(declared, None), (rejected, None), (by(early, GRACE), None)], ["CS302"], "refused", waiting=False, twin="rejected, and taken back")
    change_mind = at(rejection, "review/replaces", [sha256(compact(sign_off).encode())])
    case("approved, and taken back by a rejection", "6.7", [(declared, None), (signed, "CS211"), (by(change_mind, GRACE), None)], ["CS302", "CS101"], "refused", waiting=False)

    # Landed, undone, landed again.
    undo = 'M 100644 inline "docs/Graph.md"\ndata 8\n# Graph\n\nD "docs/Größe 1.md"\n' + inline("100644", "src/retry.rs", "pub const TRIES: u32 = 1;\n\npub fn retry() {}\n") + inline("100644", "tools/run", "#!/bin/sh\nexec cargo run\n") + 'M 160000 1c002dd4b536e7479fe34593e72e6c6c1819e53b "vendor/lib"\n'
    redo = 'D "docs/Graph.md"\n' + inline("100644", "docs/Größe 1.md", "# Größe\n") + inline("100644", "src/retry.rs", "pub const TRIES: u32 = 3;\n\npub fn retry() {}\n") + inline("100755", "tools/run", "#!/bin/sh\nexec cargo run\n") + 'D "vendor/lib"\n'
    more = commit(4, PERSON, "Undo\n", undo, 1763974000) + commit(5, PERSON, "Again\n", redo, 1763975000)
    _, _, _, undone, again = commit_ids(stream + more.encode())
    late = {"history": join(history, more), "tip": again, "now": "2025-11-24T12:00:00Z"}
    order = [(declared, "CS209"), (signed, "CS209")]
    unit = [(again, "none", ["CS102", "CS101"], [{"bundle": name(g), "code": c} for g, c in order])]
    waits("landed again after it was undone", "8.4", both, units=unit, range=[undone, again], twin="landed again, signed again", **late)
    new_declaration = at(declaration, "change/targets/0/tip", undone)
    new_sign_off = at(at(sign_off, "change/targets/0/tip", undone), "declarations", [sha256(compact(new_declaration).encode())])
    anew = [(by(new_declaration, MAYA), None), (by(new_sign_off, GRACE), None)]
    case("landed again, signed again", "8.4", anew, units=[(again, "exact", [], [{"bundle": name(g), "code": None} for g, _ in anew])], range=[undone, again], **late)
    case("the first landing stays signed", "8.4", both, **late)

    # What can't be decided.
    undecided("another root", "5.5", "CS408", root="0" * 64)
    undecided("no trust version where it is judged", "5.5", "CS406", range=[None, first], tip=first)
    undecided("another root, and a tree without versions", "5.5", "CS408", root="0" * 64, trust=[head, first])
    undecided("another root, and a tree without versions before it", "5.5", "CS408", root="0" * 64, trust=[first, head])
    case("a tree without versions is passed over", "5.5", both, trust=[first, head])
    undecided("the trust version expired", "5.5", "CS404", now="2026-12-24T08:10:01Z")
    case("the last second of the trust version", "5.5", both, now="2026-12-24T08:10:00Z")
    undecided("published keys", "1.6", "CS902", publishedKeys=False)
    undecided("the head lies behind the base", "8.1", "CS502", range=[head, base])
    undecided("a commit ahead of the clock", "8.1", "CS502", now="2025-11-24T08:24:59Z")
    undecided("a tip that is not here", "8.3", "CS503", [(declared, None), (by(at(sign_off, "change/targets/0/tip", "f" * 40), GRACE), None)])
    series(case, by, at, declaration, stream, history, head)
    trust_units(case, undecided, stream, history, head, root)
    return [layer]


def series(case, by, at, declaration, stream, history, head):
    """Two commits under one declaration of no AI, on top of the example's last commit."""
    one, two = "one\n", "two\n"
    more = commit(4, PERSON, "One\n", inline("100644", "a", one), 1763974000) + commit(5, PERSON, "Two\n", inline("100644", "a", two) + inline("100644", "b", one), 1763975000)
    four, five = commit_ids(stream + more.encode())[3:]
    first = {b"a": ("-", side(one))}
    second = {b"a": (side(one), side(two)), b"b": ("-", side(one))}
    digests = [sha256(written(change).encode()) for change in (first, second)]
    whole = sha256(written(composed(first, second)).encode())
    none = {"extent": "none", "declared": "none", "agents": [], "evidence": [], "contradictions": []}

    def declared(digest, base, commits):
        place = {**declaration["predicate"]["change"], "base": base, "head": five, "targets": [{"ref": "refs/heads/main", "tip": head}], "commits": commits}
        place = {key: value for key, value in place.items() if value is not None}
        return by(at(at(at(declaration, "/subject/0/digest/sha256", digest), "change", place), "aiAssistance", none), MAYA)

    def units(*told):
        return [(commits[-1], how, codes, [{"bundle": sha256(text.encode()), "code": code} for text, code in listed], commits) for commits, how, codes, listed in told]

    def store(*placed):
        return {f"{digest[:2]}/{digest[2:4]}/{digest}/{sha256(text.encode())}.json": text for digest, text in placed}

    given = {"history": join(history, more), "tip": five, "now": "2025-11-24T12:00:00Z", "range": [head, five]}
    good, last = declared(whole, head, digests), declared(digests[1], four, [digests[1]])
    case("a series", "8.3", [], store=store((whole, good)), units=units(([four, five], "series", [], [(good, None)])), **given)
    case("a series as one change", "8.1", [], store=store((whole, good)), units=[(five, "exact", [], [{"bundle": sha256(good.encode()), "code": None}], [])],
         **given | {"range": None, "change": [head, five], "tip": head})
    for title, commits in [("in another order", digests[::-1]), ("with a commit less", digests[1:]), ("with a commit more", [*digests, digests[0]]), ("without its commits", None)]:
        bad = declared(whole, head, commits)
        case(f"a series {title}", "8.3", [], answer="refused", waiting=True, twin="a series", store=store((whole, bad)),
             units=units(([four, five], "none", ["CS102"], [(bad, "CS217")])), **given)
    case("a range that begins inside a series", "8.3", [], answer="refused", waiting=True, twin="a series", store=store((whole, good)), units=units(([five], "none", ["CS102"], [])), **given | {"range": [four, five]})
    case("a range that ends inside a series", "8.3", [], answer="refused", waiting=True, twin="a series", store=store((whole, good)), units=units(([four], "none", ["CS102"], [])), **given | {"range": [head, four]})
    case("the last unit of a series is signed alone", "8.3", [], answer="refused", waiting=True, twin="a series", store=store((digests[1], last)),
         units=units(([four], "none", ["CS102"], []), ([five], "exact", [], [(last, None)])), **given)
    both = store((digests[1], last), (whole, declared(whole, head, digests[::-1])))
    case("a series that does not count costs nobody an approval", "8.3", [], answer="refused", waiting=True, twin="a series", store=both,
         units=units(([four], "none", ["CS102"], []), ([five], "exact", [], [(last, None)])), **given)


def trust_units(case, undecided, stream, history, head, root):
    """What lies under .countersign/, judged by the version of the example's last commit."""
    roster, policy = example("roster.toml").decode(), example("policy.toml").decode()
    looser = policy.replace('"assisted"', '"generated"')

    def version(number, previous, policy, key):
        admins = [{"id": "grace", "keys": [GRACE.line]}]
        payload = compact(statement("trust", {
            "version": number, "previous": previous, "issuedOn": "2025-11-24T09:00:00Z", "expiresOn": "2026-12-24T08:10:00Z", "admins": admins, "threshold": 1,
            "checkpoints": [], "excused": []}, "roster.toml", "policy.toml"))
        payload = json.loads(payload)
        for subject, text in zip(payload["subject"], (roster, policy)):
            subject["digest"]["sha256"] = sha256(text.encode())
        payload = compact(payload).encode()
        return sha256(payload), inline("100644", f".countersign/trust/{number}.dsse.json", compact(envelope(payload, key)))

    digest2, two = version(2, root, looser, GRACE)
    files = inline("100644", ".countersign/policy.toml", looser)

    def unit(title, *bodies, code=None, twin="a new version", **more):
        """Each body is a commit; all of them are one trust unit."""
        grace = "Grace Okoye <grace@code.example>"
        extra = "".join(commit(4 + n, grace, "Trust\n", body, 1763974000 + n) for n, body in enumerate(bodies))
        commits = commit_ids(stream + extra.encode())[3:]
        given = {"history": join(history, extra), "tip": commits[-1], "range": [head, commits[-1]], "trust": [head]} | more
        result = ("ok", [], "trust") if code is None else ("refused", [code], "none")
        case(title, "5.6", [], answer=result[0], waiting=False, twin=twin, units=[(commits[-1], result[2], result[1], [], commits)], **given)
        return given

    unit("a new version", files + two)
    unit("a new version in two commits", files, two)
    digest3, three = version(3, digest2, policy, GRACE)
    unit("two versions in one commit", files.replace(looser, policy).replace(f"data {len(looser)}", f"data {len(policy)}") + two + three)
    loosened = unit("the policy is changed and not signed", files, code="CS401")
    undecided("the policy that judges is changed and not signed", "5.5", "CS406", [], **loosened | {"trust": None})
    unit("the version signs another policy", files.replace('"generated"', '"autonomous"').replace(f"data {len(looser)}", f"data {len(looser) + 1}") + two, code="CS401")
    unit("a version by somebody else", files + version(2, root, looser, EVE)[1], code="CS407")
    unit("a version without its previous", files + version(2, "0" * 64, looser, GRACE)[1], code="CS407")
    unit("a version is left out", files + version(3, root, looser, GRACE)[1], code="CS402")
    unit("a version is replaced", files + two.replace("trust/2.", "trust/1."), code="CS402")
    unit("a version is removed", 'D ".countersign/trust/1.dsse.json"\n', code="CS402")
    unit("the roster is removed", 'D ".countersign/roster.toml"\n' + two, code="CS401")
    unit("another file of the repository", files + two + inline("100644", "a", "a\n"), code="CS409")
    unit("another file in the folder", files + two + inline("100644", ".countersign/notes", "a\n"), code="CS409")
    unit("an executable policy", files.replace("100644", "100755") + two, code="CS409")
    unit("a symbolic link as policy", inline("120000", ".countersign/policy.toml", "roster.toml") + two, code="CS409")
    unit("a version's number with a zero before it", files + two.replace("trust/2.", "trust/02."), code="CS409")
    unit("a file in place of the folder", 'D ".countersign"\n' + inline("100644", ".countersign", "a\n"), code="CS409")
