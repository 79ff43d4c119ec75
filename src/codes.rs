//! The catalogue of stable codes: what each means, whose turn it is, how it is mended.
//!
//! The first digit says whose turn it is: 1 get a signature, 2 a signature doesn't count, 3 the
//! author changes something, 4 admins, 5 CI or repository, 6 store, 9 usage. SPEC section 9.

use std::fmt;

/// A stable code such as `CS101`. Codes are never reused or renumbered.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(u16);

impl Code {
    /// The code with this number, if the catalogue has it.
    pub fn from_number(number: u16) -> Option<Self> {
        CATALOGUE
            .iter()
            .any(|entry| entry.code.0 == number)
            .then_some(Self(number))
    }

    /// The number without its letters.
    pub fn number(self) -> u16 {
        self.0
    }

    /// The code's catalogue entry.
    pub fn entry(self) -> &'static CatalogueEntry {
        CATALOGUE
            .iter()
            .find(|entry| entry.code == self)
            .unwrap_or(&INTERNAL_ENTRY)
    }

    /// The title: a few words in lower case.
    pub fn title(self) -> &'static str {
        self.entry().title
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CS{:03}", self.0)
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl serde::Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// One entry of the catalogue.
#[derive(Debug)]
pub struct CatalogueEntry {
    /// The code.
    pub code: Code,
    /// A few words, in lower case, without a full stop.
    pub title: &'static str,
    /// What it means and why it happens.
    pub meaning: &'static str,
    /// What to do about it.
    pub repair: &'static str,
}

/// All codes, sorted by number.
pub fn catalogue() -> &'static [CatalogueEntry] {
    CATALOGUE
}

macro_rules! catalogue {
    ($($name:ident = $number:literal, $title:literal, $meaning:literal, $repair:literal;)*) => {
        impl Code {
            $(#[doc = concat!("CS", stringify!($number), ": ", $title, ".")] pub const $name: Self = Self($number);)*
        }
        const CATALOGUE: &[CatalogueEntry] = &[
            $(CatalogueEntry { code: Code($number), title: $title, meaning: $meaning, repair: $repair },)*
        ];
    };
}

const INTERNAL_ENTRY: CatalogueEntry = CatalogueEntry {
    code: Code(999),
    title: "internal error",
    meaning: "The program met a state that it holds to be impossible. It decided nothing.",
    repair: "Report it with the command and its output.",
};

catalogue! {
    SIGN_OFF_MISSING = 101, "sign-off missing",
        "A rule asks for a sign-off by somebody who has not given one that counts.",
        "One of the people named under `who` runs countersign sign CHANGE.";
    DECLARATION_MISSING = 102, "declaration missing",
        "A rule asks for a signed declaration of how AI took part, by an author of the roster.",
        "An author runs countersign declare.";
    PRESENCE_MISSING = 103, "presence missing",
        "Enough people signed, and their signatures don't prove what the rule asks of each: a touch, a PIN or finger, or an authority's timestamp.",
        "They sign again with a key that proves it, or with sign --timestamp-url URL.";
    TEAM_MISSING = 104, "a team is missing",
        "A rule asks for a sign-off from a team, and nobody of that team has given one that counts.",
        "Somebody of the team who is named under `who` runs countersign sign CHANGE.";
    WOULD_WAIT = 110, "would wait once this rule blocks",
        "The rule is not met, but it has enforce = \"warn\", so the check passes.",
        "Get the sign-off all the same, or wait until the rule blocks.";
    EMERGENCY = 111, "passes in an emergency, a debt is open",
        "Somebody whom the policy allows let the change through before those had signed whom its rules ask. Their sign-offs are still to come, and until then no checkpoint passes it.",
        "One of the people named under `who` runs countersign sign COMMIT before it is due; countersign status --debts lists all.";
    EMERGENCY_OVERDUE = 120, "emergency debt overdue",
        "An emergency let the change through, and the sign-offs that were left out did not come in time. It counts no more.",
        "The people named under `who` run countersign sign COMMIT.";
    UNKNOWN_KEY = 201, "signed by a key that the roster doesn't know",
        "No roster key verifies the signature. The key named in the bundle is only a hint.",
        "Sign with an enrolled key, or let an admin run countersign roster add and countersign trust sign.";
    KEY_REVOKED = 202, "key revoked or removed",
        "The signature is by a key that the judging trust version lists as revoked.",
        "Sign again with a key that is in force.";
    EARLIER_CHANGE = 203, "signed an earlier change",
        "The statement is genuine, but of other bytes: something was pushed after it, or it was filed under another change. A sign-off covers exactly what was shown, no more.",
        "The same person runs countersign sign CHANGE again.";
    OTHER_TARGET = 204, "signed for another repository or branch",
        "A sign-off counts for the repository and the target branches that it names, and for no others.",
        "Sign again with --target BRANCH. A renamed repository is listed under aliases in policy.toml by the admins.";
    SIGNER_IS_AUTHOR = 205, "the signer is an author",
        "Nobody countersigns a change that they wrote or may have written: they are its author by a commit, a trailer or a declaration.",
        "Somebody else signs. If the signer only landed the change, the real author runs countersign declare.";
    BELOW_LEVEL = 206, "the signer is below the level or not in the team",
        "The rule asks for a higher level, another team, or somebody above the author.",
        "One of the people named under `who` signs.";
    NO_PRESENCE = 207, "the signature proves no presence",
        "The rule asks that each signature proves a touch, a PIN or finger, or a time, and this one doesn't.",
        "Sign with a key that proves it, or for a time with --timestamp-url URL.";
    TOO_OLD = 208, "signed too long ago",
        "A rule takes sign-offs of a certain age only, and this one was older when the change landed.",
        "The same person signs again: countersign sign CHANGE.";
    SPENT = 209, "spent on an earlier landing",
        "A sign-off covers one landing on a branch. This change landed before, so landing it again needs a new one.",
        "Sign again: countersign sign CHANGE.";
    BAD_SIGNATURE = 210, "signature wrong",
        "The bundle names a key or identity of the roster, but that doesn't verify its signature.",
        "Sign again. If the bundle should be good, compare it with the signer's copy; of an identity, see that --trusted-root names its instance.";
    WITHDRAWN = 211, "replaced or withdrawn",
        "The signer replaced the statement by a newer one, or the admins list it as withdrawn.",
        "Sign again, if it should count.";
    MALFORMED = 212, "malformed or of another kind",
        "The file is not a sign-off or declaration as SPEC section 3 asks. The message names the place.",
        "Make it again with countersign sign or countersign declare.";
    DIGEST_CONTRADICTS = 213, "digest contradicts its base and head",
        "The statement names a base and a head commit whose difference is another change than its subject.",
        "Sign again: countersign sign CHANGE.";
    SIGNER_CONTRADICTS = 214, "the signer named contradicts the key",
        "The statement says one person, the key that verifies it belongs to another.",
        "The person whose key it is signs again under their own id.";
    SIGNED_IN_FUTURE = 215, "signed in the future",
        "The statement's time is more than five minutes ahead of the gate's clock, or the log's time of an identity's statement lies ahead of it.",
        "Set the signer's clock and sign again; where the gate's clock is behind, set that.";
    TIP_WRONG = 216, "tip or landed commit wrong",
        "The target's tip that the statement names isn't on that branch's first-parent line, or the change landed before that tip.",
        "Sign again: countersign sign CHANGE.";
    SERIES_DIFFERS = 217, "reviewed commits differ from those that landed",
        "Several commits landed that together make up the signed change, but they are not the commits that the signer saw, one by one: one of them may undo somebody else's work.",
        "Land the branch as it was reviewed, or sign each commit that landed: countersign sign COMMIT.";
    OUTSIDE_PATHS = 218, "an automation's declaration outside its paths",
        "The declaration is genuine, but the change touches a path that the roster doesn't give this automation.",
        "Take the path out of the change, or have a person declare and sign it as usual.";
    OTHER_FORM = 219, "signed for another form of the change",
        "The change was signed in several forms: as it was reviewed, and merged with what landed meanwhile. What counts bears one digest.",
        "Nothing, where another form is signed; else sign what landed: countersign sign COMMIT.";
    FORBIDDEN = 301, "forbidden",
        "A rule of the policy forbids such a change. No sign-off lifts it.",
        "Take the part out of the change, or do what the rule's text says.";
    REJECTED = 302, "rejected",
        "Somebody who could have signed rejected the change.",
        "Mend what they found, or ask them to replace their rejection by an approval.";
    CONTRADICTION = 303, "AI evidence contradicts the declaration",
        "Commits carry traces of more AI use than was declared. The higher extent counts.",
        "Declare again with the extent that is true.";
    AGENT_SIGNED_OFF = 304, "an agent stands in Signed-off-by",
        "A Signed-off-by line is a person's word; a tool can't give it.",
        "Remove the line; name the tool in Assisted-by.";
    TRUST_UNSIGNED = 401, "roster or policy changed but not signed",
        "The roster or policy in this change is not what a new trust version signs.",
        "An admin runs countersign trust sign and commits .countersign/ with it.";
    TRUST_ROLLBACK = 402, "trust version went back",
        "The change removes or replaces trust versions that the target has.",
        "Put the missing files of .countersign/trust back.";
    TRUST_FORK = 403, "two versions with one number",
        "Two different trust versions carry the same number, so neither counts as the successor.",
        "Admins agree on one and remove the other.";
    TRUST_EXPIRED = 404, "trust expired",
        "The newest trust version is past its expiry, so nothing can be judged by it.",
        "An admin runs countersign trust sign and lands the result.";
    NO_ROOT = 405, "no root pinned",
        "The gate has no root digest, and a gate never trusts on first use.",
        "Give --root sha256:DIGEST or COUNTERSIGN_ROOT, or run countersign trust pin DIGEST once.";
    TRUST_INVALID = 406, "roster or policy invalid",
        "The roster or policy can't be read, or isn't what the trust version signs.",
        "An admin runs countersign roster lint and countersign policy lint.";
    TRUST_SIGNATURES = 407, "trust signature or threshold",
        "A trust version isn't signed by the threshold of the admins before it and of its own.",
        "The missing admins run countersign trust sign.";
    ROOT_DIFFERS = 408, "root differs",
        "Trust version 1 in the repository is not the one that is pinned.",
        "Compare the root digest with your team's; a wrong pin is mended with countersign trust pin.";
    TRUST_MIXED = 409, ".countersign/ mixed with other files",
        "A change to the trust files may touch nothing else, and nothing else may lie under .countersign/.",
        "Split the change in two.";
    TRUST_EXPIRES_SOON = 410, "trust expires soon",
        "The newest trust version expires within 60 days.",
        "An admin runs countersign trust sign and lands the result.";
    SHALLOW = 501, "history ends (shallow clone)",
        "The clone is cut, so what lies before can't be judged. A cut commit is never taken for a first one.",
        "countersign verify --fetch brings what is needed; git fetch --unshallow brings all of it.";
    RANGE_UNKNOWN = 502, "range unknown",
        "A revision of the range is empty, unknown, ambiguous or no commit, or HEAD lies behind BASE.",
        "Name two commits of this repository: BASE..HEAD.";
    OBJECT_MISSING = 503, "object missing",
        "The repository lacks an object that the check must read. A missing object is never taken for an absent file.",
        "git fetch it; in a partial clone, fetch without --filter.";
    OFF_LINE = 504, "base not on the first-parent line",
        "BASE isn't on HEAD's first-parent line: the branch was forced, or merged the wrong way round.",
        "Verify from a commit that is on the line, or mend the branch.";
    REF_UNRESOLVED = 505, "trust ref or target unresolved",
        "The branch whose trust version judges, or the target branch, isn't here.",
        "Fetch it, or name it with --trust-ref or --target.";
    MALFORMED_TREE = 506, "malformed tree or commit",
        "A git object is not well formed: a name twice or out of order, a reserved name, an unknown mode.",
        "Make the commit again with git.";
    LIMIT = 507, "limit reached",
        "The input is larger than a documented limit. Nothing was decided.",
        "Make the input smaller; SPEC section 10 lists the limits.";
    STORE_UNREADABLE = 601, "store unreadable",
        "The attestation store can't be read.",
        "Check --store and the ref it names.";
    STORE_JUNK = 602, "junk in the store skipped",
        "Files in the store are not what their names say. They count for nothing.",
        "Nothing must be done.";
    STORE_LOST = 603, "store lost bundles",
        "The store lacks what it once held: a remote lost bundles, or a declaration that a sign-off names isn't here.",
        "Let somebody who still has them run countersign sync; find out who rewrote the remote's ref.";
    NOT_FETCHED = 604, "attestations not fetched",
        "The remote was never asked for attestations, so their absence says nothing.",
        "countersign sync, or verify --fetch.";
    USAGE = 901, "usage",
        "The command line is wrong.",
        "See countersign --help.";
    EXAMPLE_KEY = 902, "example key",
        "The key is one of the published example keys: everybody has its private half.",
        "Use a key of your own.";
    NO_TERMINAL = 903, "no terminal",
        "The command shows something to a person before it signs, and there is no terminal.",
        "Run it on a terminal, or name the full change digest with --confirm.";
    NO_KEY = 904, "no usable key",
        "No signing key was found, or it can't be used.",
        "Name one with --key, or set git config gpg.format ssh and user.signingkey.";
    REFS_MOVED = 905, "refs moved",
        "A branch moved while the change was shown, so what would be signed isn't what was seen.",
        "Run the command again.";
    UNSUPPORTED = 906, "not supported yet",
        "The request or the policy needs something that this version doesn't have. It refuses rather than ignore it.",
        "Take it out, or use a version that has it.";
    EMPTY_CHANGE = 907, "empty change",
        "The two sides don't differ, so there is nothing to declare or sign.",
        "Check the branch and the target.";
    INTERNAL = 999, "internal error",
        "The program met a state that it holds to be impossible. It decided nothing.",
        "Report it with the command and its output.";
}
