//! The evidence that a commit carries: identities, trailers and marker lines.
//!
//! Identities are read raw, before any `.mailmap`, and every line of the message is scanned, since a
//! squash keeps only the last commit's trailers as trailers.

use super::attribution::{self, shortened};
use super::found::{Found, NamedAgent, Trace};
use super::message::{Line, identities, lines, scanned, trailer};
use super::table::{AgentTable, BUILTIN_TEXT, Row};
use super::{AgentRole, EvidenceSource, Extent, Strength};
use crate::change::{Commit, Identity, sha256};

/// What a trailer that holds an identity makes of an agent.
struct IdentityTrailer {
    key: &'static str,
    rule: &'static str,
    source: EvidenceSource,
    role: AgentRole,
    signed_off: bool,
}

/// The trailers whose identities are looked at. A review is AI's help too.
const IDENTITY_TRAILERS: [IdentityTrailer; 4] = [
    IdentityTrailer {
        key: "co-authored-by",
        rule: "co-author",
        source: EvidenceSource::Identity,
        role: AgentRole::Coauthor,
        signed_off: false,
    },
    IdentityTrailer {
        key: "co-developed-by",
        rule: "co-developer",
        source: EvidenceSource::Identity,
        role: AgentRole::Coauthor,
        signed_off: false,
    },
    IdentityTrailer {
        key: "signed-off-by",
        rule: "signed-off-by",
        source: EvidenceSource::Trailer,
        role: AgentRole::Unknown,
        signed_off: true,
    },
    IdentityTrailer {
        key: "reviewed-by",
        rule: "reviewed-by",
        source: EvidenceSource::Trailer,
        role: AgentRole::Reviewer,
        signed_off: false,
    },
];

impl AgentTable {
    /// The traces of AI use that the commits of a change carry, by this table.
    pub fn read_commits(&self, commits: &[Commit]) -> Found {
        let mut found = Found::default();
        if self.is_unreadable() {
            found.add(unreadable());
            return found;
        }
        for commit in commits {
            let mut reader = Reader {
                table: self,
                commit,
                found: &mut found,
            };
            reader.read();
        }
        found
    }
}

/// Fail closed: without the table nothing can be told from an agent's own work.
fn unreadable() -> Trace {
    Trace {
        rule: "agent-table/unreadable".to_owned(),
        source: EvidenceSource::Marker,
        commit: None,
        reference: None,
        line: None,
        sha256: sha256(BUILTIN_TEXT.as_bytes()),
        strength: Strength::Strong,
        extent: Extent::Autonomous,
        agent: None,
        signed_off: false,
    }
}

struct Reader<'a> {
    table: &'a AgentTable,
    commit: &'a Commit,
    found: &'a mut Found,
}

/// What one rule says of one place; the rest of a [`Trace`] follows from the place.
struct Match {
    rule: String,
    source: EvidenceSource,
    strength: Strength,
    extent: Extent,
    agent: Option<NamedAgent>,
    signed_off: bool,
}

impl Reader<'_> {
    fn read(&mut self) {
        self.author();
        self.committer();
        for line in lines(&self.commit.message) {
            if let Some((key, value)) = trailer(line.text) {
                self.trailer(line, &key.to_ascii_lowercase(), value);
            }
            for (row, rule) in self.table.by_marker(line.text) {
                self.add_line(
                    line,
                    Match {
                        rule: format!("{}/marker", row.id),
                        source: EvidenceSource::Marker,
                        strength: rule.strength,
                        extent: rule.extent,
                        agent: Some(named(row, None, AgentRole::Unknown)),
                        signed_off: false,
                    },
                );
            }
        }
        let unread = self.commit.message.len() - scanned(&self.commit.message).len();
        self.found.odd.message_bytes += u64::try_from(unread).unwrap_or(u64::MAX);
    }

    fn author(&mut self) {
        let author = &self.commit.author;
        let (row, strength, extent) = if let Some(row) = self.table.by_address(&author.email) {
            let extent = if row.alone {
                Extent::Autonomous
            } else {
                Extent::Generated
            };
            (row, Strength::Strong, extent)
        } else if let Some(row) = self.table.by_name_suffix(&author.name) {
            (row, Strength::Medium, Extent::Generated)
        } else {
            return;
        };
        let agent = named(row, row.model_in(&author.name), AgentRole::Author);
        self.add_identity(author, "author", row, strength, extent, agent);
    }

    /// A committer may only have moved somebody's commit: it says less than an author.
    fn committer(&mut self) {
        let committer = &self.commit.committer;
        if *committer == self.commit.author {
            return;
        }
        let (row, strength) = if let Some(row) = self.table.by_address(&committer.email) {
            (row, Strength::Medium)
        } else if let Some(row) = self.table.by_name_suffix(&committer.name) {
            (row, Strength::Weak)
        } else {
            return;
        };
        let agent = named(row, row.model_in(&committer.name), AgentRole::Unknown);
        self.add_identity(
            committer,
            "committer",
            row,
            strength,
            Extent::Assisted,
            agent,
        );
    }

    fn trailer(&mut self, line: Line<'_>, key: &str, value: &str) {
        if let Some(kind) = IDENTITY_TRAILERS.iter().find(|kind| kind.key == key) {
            for identity in identities(value) {
                self.identity_trailer(line, kind, &identity);
            }
        }
        match key {
            "assisted-by" => self.attribution(line, key, value, Extent::Assisted),
            "generated-by" => self.attribution(line, key, value, Extent::Generated),
            _ => {}
        }
        for (row, rule) in self.table.by_trailer(key, value) {
            let agent = if rule.agent_in_value {
                let attribution = attribution::read(self.table, value);
                attribution.named()
            } else {
                // What the tool itself writes may say where its session is.
                let link = value.starts_with("https://") && !value.contains(char::is_whitespace);
                Some(NamedAgent {
                    session_url: link.then(|| shortened(value)),
                    ..named(row, None, AgentRole::Unknown)
                })
            };
            self.add_line(
                line,
                Match {
                    rule: format!("{}/{key}", row.id),
                    source: EvidenceSource::Trailer,
                    strength: rule.strength,
                    extent: rule.extent,
                    agent,
                    signed_off: false,
                },
            );
        }
    }

    fn identity_trailer(&mut self, line: Line<'_>, kind: &IdentityTrailer, who: &Identity) {
        let Some(row) = self.table.by_address(&who.email) else {
            return;
        };
        self.add_line(
            line,
            Match {
                rule: format!("{}/{}", row.id, kind.rule),
                source: kind.source,
                strength: Strength::Strong,
                extent: if row.alone {
                    Extent::Autonomous
                } else {
                    Extent::Assisted
                },
                agent: Some(named(row, row.model_in(&who.name), kind.role)),
                signed_off: kind.signed_off,
            },
        );
    }

    fn attribution(&mut self, line: Line<'_>, key: &str, value: &str, extent: Extent) {
        let attribution = attribution::read(self.table, value);
        let id = attribution.id.as_deref().unwrap_or("any");
        self.add_line(
            line,
            Match {
                rule: format!("{id}/{key}"),
                source: EvidenceSource::Trailer,
                strength: attribution.strength,
                extent,
                agent: attribution.named(),
                signed_off: false,
            },
        );
    }

    fn add_identity(
        &mut self,
        who: &Identity,
        place: &str,
        row: &Row,
        strength: Strength,
        extent: Extent,
        agent: NamedAgent,
    ) {
        let matched = Match {
            rule: format!("{}/{place}", row.id),
            source: EvidenceSource::Identity,
            strength,
            extent,
            agent: Some(agent),
            signed_off: false,
        };
        let bytes = format!("{} <{}>", who.name, who.email);
        self.add(matched, None, bytes.as_bytes());
    }

    fn add_line(&mut self, line: Line<'_>, matched: Match) {
        self.add(matched, Some(line.number), line.text.as_bytes());
    }

    fn add(&mut self, matched: Match, line: Option<u64>, bytes: &[u8]) {
        self.found.add(Trace {
            rule: matched.rule,
            source: matched.source,
            commit: Some(self.commit.id.clone()),
            reference: None,
            line,
            sha256: sha256(bytes),
            strength: matched.strength,
            extent: matched.extent,
            agent: matched.agent,
            signed_off: matched.signed_off,
        });
    }
}

fn named(row: &Row, model: Option<String>, role: AgentRole) -> NamedAgent {
    NamedAgent {
        tool: row.tool.clone(),
        model: model.map(|model| shortened(&model)),
        role,
        ..NamedAgent::default()
    }
}

#[cfg(test)]
#[path = "commit_tests.rs"]
mod tests;
