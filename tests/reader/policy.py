"""What a policy says of a group: SPEC.md 6.1 to 6.7, over all sets of people, slow and plain."""
import tomllib

from glob_paths import compile_glob
from strict import Refused

EXTENTS = ["none", "assisted", "generated", "autonomous"]
STRANGER = object()
# What a rule may ask of each signature, and the name of what proves it in an approval.
PROOFS = {"presence": "presence", "user_verification": "userVerification", "timestamp": "timestamp"}


class Policy:
    """Roster and policy, read without looking for their mistakes."""

    def __init__(self, roster, policy):
        self.roster = tomllib.loads(roster.decode())
        self.policy = tomllib.loads(policy.decode())
        self.people = {person["id"]: person for person in self.roster["engineer"]}
        default = dict(self.policy["default"], name="[default]")
        self.rules = [default, *self.policy.get("rule", [])]
        self.undeclared = self.policy.get("undeclared", "assisted")

    def rank(self, level):
        return self.roster["levels"].index(level)

    def level(self, person, rule):
        """A stranger's is the lowest; `above` gives the one that signers must stand above."""
        return 0 if person is STRANGER else self.rank(self.people[person]["level"])

    def above(self, person, rule):
        if person is not STRANGER:
            return self.level(person, rule)
        below = rule.get("when", {}).get("author_below")
        top = len(self.roster["levels"]) - 1
        return max(self.rank(below) - 1, 0) if below else top


class Facts:
    """What is known of a group; `of` gives a copy with other values."""

    NAMES = ["paths", "claimed", "proven", "approvals", "declared", "evidence", "unknownAuthor"]

    def __init__(self, given, raw):
        self.paths = [raw(path) for path in given["paths"]]
        self.claimed, self.proven = set(given["claimed"]), set(given["proven"])
        self.approvals = given["approvals"]
        self.declared, self.evidence = given["declared"], given["evidence"]
        self.unknown = given["unknownAuthor"]
        self.files, self.lines = given.get("files", 0), given.get("lines", 0)
        self.exempt, self.automated = given.get("exempt", False), given.get("automated", False)
        self.tools, self.models = set(given.get("tools", [])), set(given.get("models", []))
        self.agent_wrote = given.get("agentWrote", False)
        self.stage, self.emergencies = given.get("stage"), set(given.get("emergencies", []))
        self.merged = given.get("merged", False)

    def of(self, **other):
        copy = Facts.__new__(Facts)
        copy.__dict__ = {**self.__dict__, **other}
        return copy

    def extent(self, undeclared):
        ranks = [EXTENTS.index(found) for found in (self.evidence, self.declared or undeclared) if found]
        return EXTENTS[max(ranks)]


def authors(facts):
    found = set(facts.proven | facts.claimed)
    known = facts.declared is not None and not facts.unknown and found
    return list(found) + ([] if known else [STRANGER])


def matches(rule, facts):
    paths, left_out = ([compile_glob(glob) for glob in rule.get(key, [])]
                       for key in ("paths", "except_paths"))
    return any((not paths or any(one(path) for one in paths)) and not any(one(path) for one in left_out)
               for path in facts.paths)


def conditions(policy, rule, facts, person, with_ai=True):
    when = rule.get("when", {})
    if with_ai and "ai" in when:
        extent = facts.extent(policy.undeclared)
        if EXTENTS.index(extent) < EXTENTS.index(when["ai"]):
            return False
    if with_ai and "tool" in when and when["tool"].lower() not in facts.tools:
        return False
    if with_ai and "model" in when and when["model"].lower() not in facts.models:
        return False
    if "stage" in when and when["stage"] != facts.stage:
        return False
    if when.get("author") == "agent" and not facts.agent_wrote:
        return False
    if "author_below" in when and policy.level(person, rule) >= policy.rank(when["author_below"]):
        return False
    if when.get("author") == "unproven" and facts.proven:
        return False
    if "files_over" in when and facts.files <= when["files_over"]:
        return False
    return "lines_over" not in when or facts.lines is None or facts.lines > when["lines_over"]


def asked(rule):
    require = rule.get("require")
    if require is None:
        return 0, []
    alone = require.get("declaration") and set(require) == {"declaration"}
    return require.get("signers", 0 if alone else 1), require.get("teams", [])


def enough(policy, rule, signers, author):
    """SPEC 6.5, the author's own sign-off left out."""
    require, (number, teams) = rule.get("require", {}), asked(rule)
    top = len(policy.roster["levels"]) - 1

    def counts(person):
        if person == author or person not in policy.people:
            return False
        level = policy.level(person, rule)
        if "level" in require and level < policy.rank(require["level"]):
            return False
        if "team" in require and require["team"] not in policy.people[person].get("teams", []):
            return False
        above = policy.above(author, rule)
        return not require.get("above_author") or level > above or (above == top and level == top)

    able = {person for person in signers if counts(person)}
    served = all(any(team in policy.people[person].get("teams", []) for person in able) for team in teams)
    return len(able) >= number and served


def suffices(policy, rule, facts, signers, with_ai):
    return all(enough(policy, rule, signers, person) for person in authors(facts)
               if conditions(policy, rule, facts, person, with_ai))


def met(policy, rule, facts, signers, with_ai=True):
    """Whether the sign-offs that the rule may rely on suffice (SPEC 6.4)."""
    signers = {person for person in signers if person in policy.people}
    while True:
        doubtful = set()
        for signer in signers:
            if facts.proven - {signer}:
                continue
            if not conditions(policy, rule, facts, signer, with_ai):
                continue
            if not enough(policy, rule, signers, signer):
                doubtful.add(signer)
        if not doubtful:
            return suffices(policy, rule, facts, signers, with_ai)
        signers -= doubtful


def not_exact(rule, facts):
    return facts.merged and rule.get("clean_merge") is False


def seconds(duration):
    return int(duration[:-1]) * {"m": 60, "h": 3600, "d": 86400, "w": 604800}[duration[-1]]


def taken(rule, facts):
    """The approvals that a rule takes."""
    if not_exact(rule, facts):
        return set()
    require = rule.get("require", {})

    def fits(approval):
        young = "max_age" not in require or approval.get("age", float("inf")) <= seconds(require["max_age"])
        return young and all(approval.get(shown) for key, shown in PROOFS.items() if require.get(key))

    return {person for person, given in facts.approvals.items() if any(map(fits, given))}


def missing_signers(policy, rule, facts, with_ai):
    """The fewest people more who would do, were they of the top level and of every team."""
    approvals, more = taken(rule, facts), set()
    teams = {team for person in policy.people.values() for team in person.get("teams", [])}
    one = {"level": policy.roster["levels"][-1], "teams": sorted(teams)}
    wider = Policy.__new__(Policy)
    wider.__dict__ = {**policy.__dict__, "people": dict(policy.people)}
    while not met(wider, rule, facts, approvals | more, with_ai):
        assert len(more) < 1_000, rule["name"]
        wider.people[f" {len(more)}"] = one
        more.add(f" {len(more)}")
    return len(more)


def applies(policy, rule, facts, with_ai=True):
    return any(conditions(policy, rule, facts, person, with_ai) for person in authors(facts))


def unmet(policy, rule, facts):
    """What a rule misses: a list of `forbidden`, `declaration`, `signOffs`."""
    exempt = facts.exempt or (facts.automated and not not_exact(rule, facts))
    if not matches(rule, facts) or (exempt and "forbid" not in rule):
        return []
    if applies(policy, rule, facts):
        found = ["forbidden"] if "forbid" in rule else []
        if rule.get("require", {}).get("declaration") and (not facts.proven or not_exact(rule, facts)):
            found.append("declaration")
        if not met(policy, rule, facts, taken(rule, facts)):
            found.append("signOffs")
        return found
    # Silence is not cheaper than honesty (SPEC 6.6).
    if facts.declared is None and applies(policy, rule, facts, with_ai=False):
        by_declaration = "forbid" in rule or rule.get("require", {}).get("declaration")
        if by_declaration or not met(policy, rule, facts, taken(rule, facts), with_ai=False):
            return ["declaration"]
    return []


def named(policy, person):
    """Whether `[emergency]` names somebody (SPEC 6.10)."""
    allowed = policy.policy.get("emergency")
    if allowed is None or person not in policy.people:
        return False
    one = policy.people[person]
    level = allowed.get("level")
    return (person in allowed.get("ids", []) or bool(set(allowed.get("teams", [])) & set(one.get("teams", [])))
            or (level is not None and policy.rank(one["level"]) >= policy.rank(level)))


def in_emergency(policy, facts):
    """Whether an emergency lets the change through: by its author where the policy says so, else by somebody who is not."""
    signers = {person for person in facts.emergencies if named(policy, person)}
    if policy.policy.get("emergency", {}).get("author"):
        return bool(signers)
    return bool(signers) and met(policy, {"require": {"signers": 1}}, facts, signers)


def decide(policy, facts):
    found, told = [], set()
    honest = facts.of(proven=facts.proven | facts.claimed, declared=facts.evidence or "none")
    for rule in policy.rules:
        warns = rule.get("enforce") == "warn"
        for what in unmet(policy, rule, facts):
            folds = facts.declared is None and facts.claimed and what == "signOffs"
            if folds and "signOffs" not in unmet(policy, rule, honest):
                what = "declaration"
            if what == "declaration":
                if warns in told:
                    continue
                told.add(warns)
            entry = {"rule": rule["name"], "missing": what}
            if what == "signOffs":
                entry["signers"] = missing_signers(policy, rule, facts, True)
                signed = [policy.people.get(person, {}).get("teams", []) for person in taken(rule, facts)]
                entry["teams"] = [team for team in asked(rule)[1]
                                  if not any(team in teams for teams in signed)]
            if warns:
                entry["warns"] = True
            found.append(entry)
    out = {"extent": facts.extent(policy.undeclared), "unmet": found}
    if facts.emergencies:
        out["inEmergency"] = in_emergency(policy, facts)
    if any("warns" not in entry for entry in found):
        raise Refused("unmet", None, out)
    return out
