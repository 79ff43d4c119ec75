//! What the policy answers: what is not met, and why an approval does not help (SPEC 6.4, 6.5).

use super::Enforce;
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
    /// Who could lower the number, in the roster's order.
    pub who: Vec<PersonId>,
}

impl Missing {
    /// Whether sign-offs are missing.
    pub fn is_sign_offs(&self) -> bool {
        matches!(self, Self::SignOffs(_))
    }
}

/// Why an approval by `person` lowers nothing that the rule misses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unhelpful {
    /// It is older than the rule takes.
    Age,
    /// They wrote the change, or may have.
    Author,
    /// Their level or team is not what the rule asks.
    Level,
}
