"""The verdict on units that one change each covers: SPEC.md 5.5 and section 8, without series, trust units and
changes to the trust files."""
import hashlib
import pathlib
import re
import tomllib

import policy as rules
import strict
import trust
from history import History, digest
from strict import Refused

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
AGENTS = tomllib.loads((ROOT / "src/ai/agents.toml").read_text())["agent"]
ADDRESSES = {address.lower() for agent in AGENTS for address in agent.get("addresses", [])}
ALONE = {address.lower() for agent in AGENTS if agent.get("alone") for address in agent["addresses"]}
FOLDER = b".countersign/"


def has(case):
    """Series and changes to the trust files are another reader's."""
    left_out = ("series", "version", "policy", "roster", "file of", "file in", "whole line", "trust unit",
                "published keys")
    return not any(word in case["name"] for word in left_out)


class Undecided(Refused):
    """Neither yes nor no."""


def undecided(condition, code):
    if not condition:
        raise Undecided(code, code)


class Gate:
    def __init__(self, layer, given):
        self.raw, self.given = layer.bytes, given
        self.history = History(self.raw(given["history"]))
        self.now = given["now"]
        self.tip, self.target = given["tip"], given["target"]
        head = (given.get("range") or given.get("change"))[1]
        self.find(given.get("trust", [head]), given["root"])
        self.store = {}
        for path, content in given["store"].items():
            found = re.fullmatch(r"(..)/(..)/([0-9a-f]{64})/([0-9a-f]{64})\.json", path)
            raw = self.raw(content)
            if found and hashlib.sha256(raw).hexdigest() == found.group(4) \
                    and found.group(3).startswith(found.group(1) + found.group(2)):
                self.store.setdefault(found.group(3), []).append(raw)

    def find(self, candidates, root):
        """The version that judges (SPEC 5.5)."""
        versions, failed = {}, None
        for commit in candidates:
            files = {}
            for path in self.history.tree(commit):
                found = re.fullmatch(rb"\.countersign/trust/([1-9][0-9]*)\.dsse\.json", path)
                raw = self.history.file(commit, path.decode()) if found else None
                if raw is not None:
                    files[int(found.group(1))] = raw
            stands = self.standing(files, root)
            if isinstance(stands, Refused):
                failed = stands if failed is None or failed.code == "CS406" else failed
                continue
            versions.update(stands)
        if not versions:
            raise Undecided(str(failed), failed.code)
        for number in sorted(versions, reverse=True):
            for commit in candidates:
                roster, policy = (self.history.file(commit, f".countersign/{name}.toml")
                                  for name in ("roster", "policy"))
                if roster is not None and policy is not None and \
                        [hashlib.sha256(raw).hexdigest() for raw in (roster, policy)] == versions[number][0]:
                    undecided(versions[number][1] >= strict.time(self.now), "CS404")
                    self.roster, self.rules = roster, rules.Policy(roster, policy)
                    return
        raise Undecided("no version", "CS406")

    def standing(self, files, root):
        """The digests and the end of each version that stands."""
        import envelope
        import statement
        try:
            stands = trust.chain(files, root)["stands"]
        except Refused as refused:
            if not refused.out["stands"]:
                return refused
            stands = refused.out["stands"]
        found = {}
        for number in range(1, stands + 1):
            payload, _ = envelope.read_trust_envelope(files[number])
            _, subjects, _ = statement.read(payload, strict.METADATA_BYTES, ["trust"])
            expires = strict.time(strict.read_json(payload, strict.METADATA_BYTES)["predicate"]["expiresOn"])
            found[number] = (subjects, expires)
        return found

    def person(self, email):
        for person in self.rules.roster["engineer"]:
            known = [address.lower() for address in person.get("emails", [])]
            if email.lower() in known:
                return person["id"]
        return None

    def genuine(self, change):
        """Each stored bundle with what verifying it says."""
        policy = self.rules.policy
        names = [policy["repository"], *policy.get("aliases", [])]
        for raw in self.store.get(change, []):
            name = hashlib.sha256(raw).hexdigest()
            try:
                told = trust.genuine(raw, self.roster, change, names, self.now)
                told["predicate"] = trust.predicate(raw)
                yield name, None, self.checked(told)
            except Refused as refused:
                yield name, refused.code, None

    def checked(self, told):
        """Base and head must differ by the subject, where they are here (SPEC 4.7)."""
        change = told["predicate"]["change"]
        if self.history.has(change["base"]) and self.history.has(change["head"]):
            trust.fail(digest(self.history.change(change["base"], change["head"])) == told["change"], "CS213")
        return told

    def why_not(self, told, entries, onto, unit):
        """The code by which a genuine statement doesn't count here (SPEC 8.3)."""
        change = told["predicate"]["change"]
        tips = dict(change["targets"])
        if self.target not in tips:
            return "CS204"
        if change["landed"]:
            return self.no_emergency(told) if change["landed"] == unit else "CS216"
        tip = tips[self.target]
        if not self.history.has(tip):
            return "CS503"
        since = self.history.line(tip, onto) if onto else None
        if since is None:
            return "CS216"
        if self.spent(tip, since, entries, unit):
            return "CS209"
        return self.no_emergency(told)

    def no_emergency(self, told):
        """Why an emergency lets nothing through; in a check of what lands it lands now (SPEC 6.10)."""
        if told["kind"] != "emergency":
            return None
        if not rules.named(self.rules, told["signer"]):
            return "CS206"
        follow_up = rules.seconds(self.rules.policy["emergency"]["follow_up"])
        signed, by = told["predicate"]["time"], told["predicate"]["emergency"]["followUpBy"]
        return "CS120" if strict.time(self.now) > min(signed + follow_up, by) else None

    def spent(self, tip, since, entries, unit):
        """SPEC 8.4: an equal change before, or all new sides held and lost again up to the unit."""
        before = tip
        for commit in since:
            if digest(self.history.change(before, commit)) == digest(entries):
                return True
            before = commit
        held = [self.history.holds(commit, entries) for commit in since + ([unit] if unit else [])]
        return any(one and not all(held[at:]) for at, one in enumerate(held))

    def statements(self, entries, onto, unit):
        found = [(name, code, told) for name, code, told in self.genuine(digest(entries))]
        genuine = [told for _, _, told in found if told]
        reasons = {told["bundle"]: self.why_not(told, entries, onto, unit) for told in genuine}
        declared = {told["payload"] for told in genuine if told["kind"] == "declaration"}
        replaced = {(payload, told["signer"]) for told in genuine if told["kind"] == "rejection"
                    for payload in told["predicate"]["replaces"]}
        for told in genuine:
            if told["kind"] in ("sign-off", "emergency") and not reasons[told["bundle"]]:
                if not set(told["predicate"]["declarations"]) <= declared:
                    reasons[told["bundle"]] = "CS603"
                elif (told["payload"], told["signer"]) in replaced:
                    reasons[told["bundle"]] = "CS211"
        views = [{"bundle": name, "code": code or reasons.get(name)} for name, code, _ in found]
        views.sort(key=lambda view: view["bundle"])
        return genuine, [told for told in genuine if not reasons[told["bundle"]]], views

    def facts(self, commits, entries, genuine, counted):
        claimed, unknown, evidence = set(), set(), []
        identities = [commit["author"] for commit in commits if len(commit["parents"]) < 2]
        named = []
        for commit in commits:
            for line in commit["message"].splitlines():
                found = re.fullmatch(r"\s*co-authored-by:\s*(.*?)\s*<([^>]*)>\s*", line, re.I)
                named += [found.groups()] if found else []
        for _, email in identities:
            if email.lower() in ADDRESSES:
                evidence.append("autonomous" if email.lower() in ALONE else "generated")
        for _, email in named:
            if email.lower() in ADDRESSES:
                evidence.append("autonomous" if email.lower() in ALONE else "assisted")
        sole = identities[0] if len(commits) == 1 and identities else None
        if sole and self.lands(sole, named, genuine, counted):
            identities = []
        for _, email in identities + named:
            if email.lower() not in ADDRESSES:
                person = self.person(email)
                claimed.add(person) if person else unknown.add(email)
        for told in genuine:
            for author in told["predicate"]["authors"]:
                person = author["id"] if author["id"] in self.rules.people else self.person(author["email"] or "")
                if person:
                    claimed.add(person)
                elif author["as"] != "declarant" or author["email"]:
                    unknown.add(author["email"])
            said = told["predicate"]["ai"]["extent"]
            evidence += [said] if said in rules.EXTENTS else []
            if told["kind"] == "declaration":
                claimed.add(told["signer"])
        declarations = [told for told in counted if told["kind"] == "declaration"]
        said = [rules.EXTENTS.index(told["predicate"]["ai"]["declared"]) for told in declarations]
        return rules.Facts({
            "paths": [], "claimed": claimed, "unknownAuthor": bool(unknown),
            "proven": {told["signer"] for told in declarations},
            "emergencies": {told["signer"] for told in counted if told["kind"] == "emergency"},
            "approvals": {told["signer"]: [{}] for told in counted if told["kind"] == "sign-off"},
            "declared": rules.EXTENTS[max(said)] if said else None,
            "evidence": max(evidence, key=rules.EXTENTS.index) if evidence else None,
        }, None).of(paths=list(entries), files=len(entries))

    def lands(self, sole, named, genuine, counted):
        """Whether the author of the one commit merely landed it (SPEC 6.3)."""
        person = self.person(sole[1])
        same = {sole[1].lower()}
        for told in genuine:
            for author in told["predicate"]["authors"]:
                who = author["id"] if author["id"] in self.rules.people else self.person(author["email"] or "")
                if (person and who == person) or (author["email"] or "").lower() in same:
                    return False
            if told["kind"] == "declaration" and told["signer"] == person:
                return False
        if person and any(self.person(email) == person for _, email in named):
            return False
        return any(told["kind"] == "declaration" and told["signer"] != person for told in counted)

    def rejections(self, facts, genuine, unit):
        found = []
        for told in genuine:
            if told["kind"] != "rejection" or not self.speaks(told, unit):
                continue
            newer = [other for other in genuine if other["kind"] == "sign-off"
                     and other["signer"] == told["signer"]
                     and told["payload"] in other["predicate"]["replaces"]
                     and other["predicate"]["time"] > told["predicate"]["time"]
                     and set(dict(told["predicate"]["change"]["targets"]))
                     <= set(dict(other["predicate"]["change"]["targets"]))]
            if not newer and self.could_sign(told["signer"], facts):
                found.append("CS302")
        return found

    def speaks(self, told, unit):
        change = told["predicate"]["change"]
        tips = dict(change["targets"])
        if self.target not in tips:
            return False
        if unit is None or change["landed"] == unit:
            return True
        tip = tips[self.target]
        return not self.history.has(tip) or unit not in self.history.git("rev-list", tip).decode().split()

    def could_sign(self, person, facts):
        one = self.rules.people[person]
        for rule in self.rules.rules:
            number, teams = rules.asked(rule)
            require = rule.get("require", {})
            level = self.rules.rank(require["level"]) if "level" in require else 0
            if (number or teams) and rules.matches(rule, facts) and \
                    self.rules.rank(one["level"]) >= level and \
                    require.get("team") in (None, *one.get("teams", [])):
                return True
        return False

    def unit(self, base, head, onto, landed):
        """The view of one unit, and whether each of its codes waits."""
        entries = self.history.change(base, head)
        view = {"commit": head, "group": [head] if landed else [], "codes": [], "statements": []}
        if not entries:
            return {**view, "coverage": "empty"}, []
        genuine, counted, view["statements"] = self.statements(entries, onto, head if landed else None)
        facts = self.facts(self.history.brings(base, head), entries, genuine, counted)
        found = [(code, False) for code in self.rejections(facts, genuine, head if landed else None)]
        try:
            missing = rules.decide(self.rules, facts)["unmet"]
        except Refused as refused:
            missing = refused.out["unmet"]
        self.name_unhelpful(facts, counted, missing, view["statements"])
        if rules.in_emergency(self.rules, facts):
            missing = [entry for entry in missing if entry["missing"] == "forbidden"]
        for entry in missing:
            if "warns" in entry:
                continue
            only_teams = entry.get("teams") and not entry.get("signers")
            code = {"forbidden": "CS301", "declaration": "CS102"}.get(entry["missing"])
            found.append((code or ("CS104" if only_teams else "CS101"), entry["missing"] != "forbidden"))
        view["codes"] = [code for code, _ in sorted(found, key=lambda one: one[1])]
        covers = any(told["kind"] != "rejection" for told in counted)
        return {**view, "coverage": "exact" if covers else "none"}, [waits for _, waits in found]

    def name_unhelpful(self, facts, counted, missing, views):
        """Counted approvals that help no rule which misses sign-offs (SPEC 8.3)."""
        names = {entry["rule"] for entry in missing if entry["missing"] == "signOffs"}
        unmet = [rule for rule in self.rules.rules if rule["name"] in names]
        for told in counted:
            if told["kind"] != "sign-off" or not unmet:
                continue
            signer = told["signer"]
            without = facts.of(approvals={who: given for who, given in facts.approvals.items() if who != signer})
            if any(rules.missing_signers(self.rules, rule, without, True)
                   != rules.missing_signers(self.rules, rule, facts, True) for rule in unmet):
                continue
            code = "CS205" if signer in facts.claimed | facts.proven else "CS206"
            next(view for view in views if view["bundle"] == told["bundle"])["code"] = code

    def judge(self):
        if "change" in self.given:
            base, head = self.given["change"]
            judged = [self.unit(base, head, self.tip, False)]
        else:
            base, head = self.given["range"]
            line = self.history.line(base, head)
            undecided(line is not None or self.history.line(head, base) is None, "CS502")
            undecided(line is not None, "CS504")
            judged = []
            for commit in line:
                undecided(self.history.commit(commit)["seconds"] - strict.time(self.now) // 1 <= 300, "CS502")
                parents = self.history.commit(commit)["parents"]
                judged.append(self.unit(parents[0] if parents else None, commit, (parents or [None])[0], True))
        out = {"units": [view for view, _ in judged]}
        waits = [one for _, effects in judged for one in effects]
        if not waits:
            return out
        out["waiting"] = all(waits)
        lost = any(one["code"] == "CS503" for view, effects in judged for one in view["statements"] if effects)
        undecided(not (all(waits) and lost), "CS503")
        raise Refused("refused", None, out)


def judge(layer, given):
    return Gate(layer, given).judge()
