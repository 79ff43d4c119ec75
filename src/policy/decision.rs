//! What the policy answers: what is not met, and why an approval does not help (SPEC 6.4, 6.5).

use super::Enforce;
use super::Require;
use crate::ai::Extent;
use crate::roster::PersonId;

/// What the policy says of a group.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Decision {
    /// What is not met, in the policy's order; empty means that the policy is satisfied.
    pub unmet: Vec<Unmet>,
    /// The extent that rules compared with.
    pub extent: Option<Extent>,
}

impl Decision {
    /// Whether nothing that blocks is unmet.
    pub fn passes(&self) -> bool {
        self.unmet
            .iter()
            .all(|unmet| unmet.enforce == Enforce::Warn)
    }
}

/// A rule that is not met, by its place in [`Policy::rules`](super::Policy::rules).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmet {
    /// The rule's index in [`Policy::rules`](super::Policy::rules).
    pub rule: usize,
    /// Whether the rule blocks or warns.
    pub enforce: Enforce,
    /// What is missing.
    pub missing: Missing,
}

/// What a rule misses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missing {
    /// Nothing lifts this.
    Forbidden,
    /// A declaration by an author. Other requirements that it would lift are folded into it.
    Declaration,
    /// Sign-offs.
    SignOffs(MissingSignOffs),
}

/// The sign-offs that a rule misses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingSignOffs {
    /// How many more people must sign, at least.
    pub signers: usize,
    /// Teams of which nobody has signed.
    pub teams: Vec<String>,
    /// Whether the rule asks for somebody above the author.
    pub above_author: bool,
    /// Whether those who signed would be enough, did their signatures prove what the rule asks of each.
    pub proof_alone: bool,
    /// Who could lower the number, in the roster's order.
    pub who: Vec<PersonId>,
}

impl Missing {
    /// Whether sign-offs are missing.
    pub fn is_sign_offs(&self) -> bool {
        matches!(self, Self::SignOffs(_))
    }
}

/// Whether a rule is about a change, and else why it isn't.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// It asks what it asks, or forbids.
    Applies,
    /// It would apply, were more declared: somebody must declare.
    Silence,
    /// None of its paths is touched.
    Paths,
    /// The change is smaller.
    Size,
    /// It is for another stage.
    Stage,
    /// AI took a smaller part, or another tool or model did.
    Ai,
    /// Nobody who may have written the change is meant.
    Author,
    /// All that is touched is exempt.
    Exempt,
}

impl About {
    /// The words in outputs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Applies => "applies",
            Self::Silence => "asks for a declaration first",
            Self::Paths => "not about these paths",
            Self::Size => "about larger changes",
            Self::Stage => "for another stage",
            Self::Ai => "about another part of AI",
            Self::Author => "about other authors",
            Self::Exempt => "exempt",
        }
    }
}

impl Require {
    /// So many people in words, such as `2 principals of payments above the author`, and which of them must be of a
    /// team.
    pub fn people(&self, number: usize, teams: &[String]) -> Vec<String> {
        let noun = self.level.as_deref().unwrap_or("engineer");
        let plural = if number == 1 { "" } else { "s" };
        let of = self.team.as_ref().map(|team| format!(" of {team}"));
        let of = of.unwrap_or_default();
        let above = match self.above_author {
            true => " above the author",
            false => "",
        };
        let proofs = [
            (self.presence, ", presence"),
            (self.user_verification, ", user verification"),
            (self.timestamp, ", a timestamp"),
        ];
        let proofs = proofs.iter().filter(|(asked, _)| *asked);
        let proofs: String = proofs.map(|(_, word)| *word).collect();
        let mut words = vec![format!("{number} {noun}{plural}{of}{above}{proofs}")];
        words.extend(teams.iter().map(|team| format!("1 of them of {team}")));
        words
    }

    /// All that it asks, in words.
    pub fn words(&self) -> Vec<String> {
        let mut words = Vec::new();
        if self.declaration {
            words.push("a declaration by an author".to_owned());
        }
        let signers = self.signers.max(self.teams.len());
        if signers > 0 {
            words.extend(self.people(signers, &self.teams));
        }
        words
    }
}

/// Why an approval by `person` lowers nothing that the rule misses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unhelpful {
    /// It is older than the rule takes.
    Age,
    /// It doesn't prove what the rule asks of each signature.
    Proof,
    /// They wrote the change, or may have.
    Author,
    /// Their level or team is not what the rule asks.
    Level,
}
