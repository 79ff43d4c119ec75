//! What the policy is asked about: who may have written a change, and what counts for it (SPEC 6.3).

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;

use super::Gate;
use super::authors::{Claims, read_claims};
use super::line::Line;
use super::size::Size;
use super::statements::{Place, Statements};
use super::trust_unit::touches_trust;
use super::verdict::{AuthorView, Undecided};
use crate::ai::{AgentRole, ClaimedRole, Extent, Strength};
use crate::attestation::{Author, AuthorRole};
use crate::change::{CommitId, Identity};
use crate::policy::{Approval, Facts, Proofs};
use crate::roster::PersonId;
use crate::verify::VerifiedStatement;

impl Gate<'_> {
    /// Gathers what the policy is asked about (SPEC 6.3).
    pub(super) fn facts(
        &self,
        place: &Place<'_>,
        claims: &Claims,
        statements: &Statements,
        (size, landed_at): (Size, Timestamp),
    ) -> Facts {
        let roster = &self.judging.roster;
        let mut all = claims.clone();
        if let Some(lander) = self.lander(claims, statements) {
            match roster.claimed(&lander) {
                Some(engineer) => all.people.remove(&engineer.id),
                None => all.unknown.remove(&lander),
            };
        }
        let mut evidence = claims.found.extent();
        for statement in &statements.verified {
            for author in statement.authors() {
                self.claim_author(&mut all, author);
            }
            if is_by_author(statement) {
                all.people.insert(statement.signer().clone());
            }
            evidence = evidence.max(statement.extent());
        }
        let mut facts = Facts {
            stage: self.stage.clone(),
            paths: place.touched().into_iter().collect(),
            files: place.manifest.len() as u64,
            lines: size.lines,
            exempt: size.exempt,
            automated: statements
                .counted()
                .any(VerifiedStatement::is_by_automation),
            evidence,
            claimed: all.people,
            merged: place.reviewed.is_some(),
            claims_unknown: !all.unknown.is_empty() || claims.left_out > 0,
            ..Facts::default()
        };
        self.agents(claims, statements, &mut facts);
        for statement in statements.counted() {
            if let Some(declaration) = statement.declaration() {
                // An automation proves nobody's authorship.
                if is_by_author(statement) {
                    facts.proven.insert(statement.signer().clone());
                }
                facts.declared = facts.declared.max(Some(
                    declaration.ai_assistance.declared.unwrap_or(Extent::None),
                ));
            } else if statement.emergency().is_some() {
                facts.emergencies.insert(statement.signer().clone());
            } else if statement.approval().is_some() {
                let age = landed_at.duration_since(statement.signed_on());
                // One that was signed after the landing, or ahead of this clock, is new.
                let age = Duration::try_from(age).unwrap_or_default();
                let proof = statement.proof();
                let approvals = facts.approvals.entry(statement.signer().clone());
                approvals.or_default().push(Approval {
                    age: Some(age),
                    proofs: Proofs {
                        presence: proof.presence,
                        user_verification: proof.user_verification,
                        timestamp: proof.timestamp,
                    },
                });
            }
        }
        facts
    }

    /// What the policy is asked about a landed unit that nobody signed; `None` where it changes nothing, or the trust
    /// files.
    ///
    /// # Errors
    /// The unit can't be read.
    pub fn unsigned_facts(&self, commit: &CommitId) -> Result<Option<Facts>, Undecided> {
        let line = Line::new(self.history);
        let unit = line.unit(commit)?;
        if unit.manifest.is_empty() || touches_trust(&unit.manifest) {
            return Ok(None);
        }
        let place = Place::of_unit(&unit);
        let base = unit.parent.as_ref();
        let people = (&self.judging.roster, self.judging.policy.agents());
        let claims = read_claims(self.history, people, base, commit)?;
        let size = self.size(&place, base, commit)?;
        let nothing = Statements::default();
        Ok(Some(self.facts(
            &place,
            &claims,
            &nothing,
            (size, self.now),
        )))
    }

    /// The agents that took part: by traces that are more than weak, and by what genuine statements name.
    fn agents(&self, claims: &Claims, statements: &Statements, facts: &mut Facts) {
        let traced = claims.found.traces();
        let traced = traced
            .filter(|trace| trace.strength > Strength::Weak)
            .filter_map(|trace| trace.agent)
            .map(|agent| (agent.tool, agent.model, agent.role));
        let stated = statements
            .verified
            .iter()
            .flat_map(VerifiedStatement::agents);
        let stated = stated.map(|agent| (agent.tool.clone(), agent.model.clone(), agent.role));
        for (tool, model, role) in traced.chain(stated) {
            facts.tools.insert(tool.to_lowercase());
            facts.models.extend(model.map(|model| model.to_lowercase()));
            facts.agent_wrote |= role == AgentRole::Author;
        }
        facts.agents_left_out = claims.found.left_out() > 0;
    }

    /// The author of the one commit that is no merge, where somebody else's declaration counts and no
    /// statement names them: they landed it (SPEC 6.3).
    fn lander(&self, claims: &Claims, statements: &Statements) -> Option<Identity> {
        let author = claims.sole_author.as_ref()?;
        let person = self
            .judging
            .roster
            .claimed(author)
            .map(|engineer| &engineer.id);
        let declared = |statement: &VerifiedStatement| {
            is_by_author(statement) && Some(statement.signer()) != person
        };
        let named = statements
            .verified
            .iter()
            .flat_map(VerifiedStatement::authors)
            .any(|named| {
                let same_person = person.is_some() && self.person_of(named).as_ref() == person;
                same_person
                    || named
                        .email
                        .as_ref()
                        .is_some_and(|email| email.eq_ignore_ascii_case(&author.email))
            });
        let declares = statements
            .verified
            .iter()
            .any(|statement| is_by_author(statement) && Some(statement.signer()) == person);
        // The commit may name them as a co-author too, under another of their addresses, or a note as who drove an agent.
        let wrote = claims.named.iter().any(|(identity, role)| {
            let claimed = self.judging.roster.claimed(identity);
            let same_person = claimed.is_some_and(|engineer| Some(&engineer.id) == person);
            let same_address = identity.email.eq_ignore_ascii_case(&author.email);
            *role != ClaimedRole::Author && (same_person || same_address)
        });
        let lands = statements.counted().any(declared) && !named && !declares && !wrote;
        lands.then(|| author.clone())
    }

    fn person_of(&self, author: &Author) -> Option<PersonId> {
        let roster = &self.judging.roster;
        let by_id = author.id.as_ref().and_then(|id| roster.engineer(id));
        let by_email = || roster.claimed(&identity(author));
        by_id.or_else(by_email).map(|engineer| engineer.id.clone())
    }

    fn claim_author(&self, claims: &mut Claims, author: &Author) {
        match self.person_of(author) {
            Some(person) => {
                claims.people.insert(person);
            }
            // A declarant without an address says nothing new: the signer is claimed already.
            None if author.role == AuthorRole::Declarant && author.email.is_none() => {}
            None => {
                claims.unknown.insert(identity(author));
            }
        }
    }

    pub(super) fn author_views(&self, facts: &Facts, claims: &Claims) -> Vec<AuthorView> {
        let roster = &self.judging.roster;
        let known: BTreeSet<&PersonId> = facts.proven.union(&facts.claimed).collect();
        let mut views: Vec<_> = known
            .into_iter()
            .filter_map(|id| roster.engineer(id))
            .map(|engineer| AuthorView {
                id: Some(engineer.id.clone()),
                name: engineer.name.clone(),
                level: Some(roster.level_name(engineer.level).to_owned()),
                proven: facts.proven.contains(&engineer.id),
            })
            .collect();
        if facts.claims_unknown {
            views.extend(claims.unknown.iter().map(|identity| AuthorView {
                id: None,
                name: format!("{} <{}>", identity.name, identity.email),
                level: None,
                proven: false,
            }));
        }
        views
    }
}

/// Whether it is a person's declaration.
fn is_by_author(statement: &VerifiedStatement) -> bool {
    statement.declaration().is_some() && !statement.is_by_automation()
}

fn identity(author: &Author) -> Identity {
    Identity {
        name: author.name.clone().unwrap_or_default(),
        email: author.email.clone().unwrap_or_default(),
    }
}
