//! What the signer decides on the screen, and which of their own statements that takes back.

use countersign::attestation::Decision;
use countersign::codes::Code;
use countersign::gate::Assessment;
use countersign::policy::Proofs;
use countersign::roster::Engineer;
use countersign::verify::VerifiedStatement;

use super::args::SignArgs;
use super::session::Session;
use super::useless::{refuse_useless, refuse_useless_emergency, refuse_useless_rejection};
use super::{Failure, Output};

/// How often the screen asks again after an answer that it doesn't know.
const MAX_ANSWERS: usize = 20;

/// What the signer decided, and how they were asked.
pub struct Decided {
    pub decision: Decision,
    pub comment: Option<String>,
    /// Whether a person was asked on a terminal.
    pub interactive: bool,
    /// The signer's own statements that this one takes back (SPEC 6.7).
    pub replaced: Vec<VerifiedStatement>,
}

/// A screen that was shown, and who looks at it.
pub struct Screen<'a> {
    pub args: &'a SignArgs,
    pub session: &'a Session,
    pub assessment: &'a Assessment,
    pub signer: &'a Engineer,
    /// What the signature will prove.
    pub proofs: Proofs,
}

impl Screen<'_> {
    /// What the command line asks for.
    pub fn wanted(&self) -> Decision {
        if self.args.reject {
            Decision::Rejected
        } else {
            Decision::Approved
        }
    }

    /// Stops where the statement would have no effect.
    pub fn refuse_useless(&self, decision: Decision) -> Result<(), Failure> {
        let (judging, assessment) = (&self.session.judging, self.assessment);
        match decision {
            Decision::Rejected => refuse_useless_rejection(judging, assessment, self.signer),
            Decision::Approved if self.args.emergency => {
                refuse_useless_emergency(judging, assessment, self.signer)
            }
            Decision::Approved => {
                let takes_back = !self.replaced(decision).is_empty();
                let signer = (self.signer, self.proofs);
                refuse_useless(judging, assessment, signer, takes_back)
            }
        }
    }

    /// The signer's genuine statements over this very change that decide otherwise and speak of no
    /// branch but this target: those that the new one replaces.
    fn replaced(&self, decision: Decision) -> Vec<VerifiedStatement> {
        let is_other = |statement: &&VerifiedStatement| match decision {
            Decision::Approved => statement.rejection().is_some(),
            Decision::Rejected => statement.approving().is_some(),
        };
        let target = &self.session.target.name;
        let genuine = self.assessment.genuine.iter();
        genuine
            .filter(is_other)
            .filter(|statement| *statement.signer() == self.signer.id)
            .filter(|statement| {
                let targets = &statement.change().targets;
                targets.iter().all(|named| named.name == *target)
            })
            .cloned()
            .collect()
    }

    /// Says what a decision takes back.
    fn tell_replaced(&self, decision: Decision, output: &mut Output) -> Result<(), Failure> {
        let noun = match decision {
            Decision::Approved => "rejection",
            Decision::Rejected => "approval",
        };
        for statement in self.replaced(decision) {
            let on = statement.signed_on().strftime("%Y-%m-%d %H:%MZ");
            output.row("Replaces", &format!("your {noun} of {on}"))?;
        }
        output.flush()
    }

    /// Asks, or compares `--confirm`; `None` is no.
    pub fn decide(&self, output: &mut Output) -> Result<Option<Decided>, Failure> {
        let decision = self.wanted();
        self.tell_replaced(decision, output)?;
        let decided = self.ask_or_compare(decision, output)?;
        let Some(decided) = decided else {
            output.line("Not signed")?;
            return Ok(None);
        };
        self.refuse_older(&decided)?;
        Ok(Some(decided))
    }

    fn ask_or_compare(
        &self,
        decision: Decision,
        output: &mut Output,
    ) -> Result<Option<Decided>, Failure> {
        let digest = self.assessment.unit.change.to_string();
        let environment = &self.session.context.environment;
        match &self.args.confirm {
            Some(confirmed) if *confirmed == digest => Ok(Some(self.decided(
                decision,
                self.args.comment.clone(),
                false,
            ))),
            Some(_) => {
                let message = "--confirm is not the full digest of the change that was shown";
                Err(Failure::new(Code::NO_TERMINAL, message).row("change", digest))
            }
            None if environment.interactive => self.ask(decision, output),
            None => {
                let message = "no terminal: sign shows a change to a person";
                Err(Failure::new(Code::NO_TERMINAL, message).next(format!("--confirm {digest}")))
            }
        }
    }

    /// `y` decides as asked, `r` turns to a rejection, `m` sets the comment; an empty answer is no.
    fn ask(&self, wanted: Decision, output: &mut Output) -> Result<Option<Decided>, Failure> {
        let environment = &self.session.context.environment;
        let (mut decision, mut comment) = (wanted, self.args.comment.clone());
        for _ in 0..MAX_ANSWERS {
            let question = match decision {
                Decision::Approved if self.args.emergency => "Let it through? [y/N] ",
                Decision::Approved => "Sign off? [y/N] ",
                Decision::Rejected => "Reject? [y/N] ",
            };
            let answer = environment.ask(question)?.unwrap_or_default();
            match answer.as_str() {
                "y" | "Y" | "yes" => return Ok(Some(self.decided(decision, comment, true))),
                "" | "n" | "N" | "no" | "q" => return Ok(None),
                "r" => {
                    decision = Decision::Rejected;
                    self.refuse_useless(decision)?;
                    self.tell_replaced(decision, output)?;
                }
                "m" => {
                    comment = environment
                        .ask("Message: ")?
                        .filter(|text| !text.is_empty());
                }
                _ => {
                    output.line("y yes   m message   r reject   q quit")?;
                    output.flush()?;
                }
            }
        }
        Ok(None)
    }

    fn decided(&self, decision: Decision, comment: Option<String>, interactive: bool) -> Decided {
        Decided {
            decision,
            comment,
            interactive,
            replaced: self.replaced(decision),
        }
    }

    /// Only a newer statement takes a rejection back.
    fn refuse_older(&self, decided: &Decided) -> Result<(), Failure> {
        let now = self.session.context.environment.now;
        let newer = |statement: &&VerifiedStatement| statement.signed_on() >= now;
        match decided.replaced.iter().find(newer) {
            Some(statement) if decided.decision == Decision::Approved => {
                let on = statement.signed_on();
                let message = format!("your rejection says {on}, which this clock has not reached");
                Err(Failure::no(Code::SIGNED_IN_FUTURE, message).next("set the clock, or wait"))
            }
            _ => Ok(()),
        }
    }
}
