//! Texts of reviewed changes and of the line, and what merging them says, once in a check for the same texts.

use std::rc::Rc;

use super::Gate;
use super::clean::{Merge, Reviewed};
use super::line::Line;
use super::text_lines::{HunkLines, Lines};
use super::verdict::Undecided;
use crate::change::{
    CommitId, Content, Digest, Fares, HistoryError, RepoPath, hunks_in, is_mergeable, merge_lines,
    sha256,
};
use crate::codes::Code;

/// What merging three texts gave.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct MergedTexts {
    /// Of the three together; 0 where one is none that is merged.
    pub bytes: usize,
    /// The SHA-256 of the result; `None` where there is none.
    pub result: Option<Digest>,
}

/// How the hunks of a text fare in another; `None` where one of the texts isn't merged.
pub(super) type Hunks = Rc<Option<Vec<Fares>>>;

/// The old, the new and another text of a path, by name.
pub(super) type Names = [Digest; 3];

/// Where the other text stands.
#[derive(Clone, Copy)]
pub(super) enum Stands<'a> {
    /// At a commit that has to be here.
    On(&'a CommitId),
    /// On a side of a reviewed change.
    In(&'a Reviewed),
}

/// Nobody can tell whether a change landed before without the text that it was about at a path.
pub(super) fn lacks_text((reviewed, path): (&Reviewed, &RepoPath)) -> Undecided {
    let change = reviewed.digest.short();
    let message = format!(
        "what {change} was about at {path} is not here, so that nobody can tell whether it landed before"
    );
    Undecided::new(Code::OBJECT_MISSING, message)
}

/// A text, as far as it is one that is merged.
pub(super) enum Text {
    Missing,
    /// Binary, or too large to be merged.
    Unfit,
    Fit(Vec<u8>),
}

impl Text {
    fn of(bytes: Vec<u8>) -> Self {
        match is_mergeable(&bytes) {
            true => Self::Fit(bytes),
            false => Self::Unfit,
        }
    }
}

/// Three texts of a path.
enum Texts {
    /// A reviewed one is not here.
    Missing,
    Unfit,
    Fit([Vec<u8>; 3]),
}

impl Gate<'_> {
    /// What merging the texts at a path gives; `None` where a reviewed one is not here.
    pub(super) fn merged_texts(
        &self,
        line: &Line<'_>,
        at: (&Reviewed, &RepoPath),
        names: Names,
        cur: Stands<'_>,
    ) -> Result<Option<Rc<MergedTexts>>, Undecided> {
        line.memo.merged(names, || {
            Ok(match self.texts(at, names, cur)? {
                Texts::Missing => None,
                Texts::Unfit => Some(MergedTexts::default()),
                Texts::Fit([old, new, cur]) => {
                    let bytes = old.len() + new.len() + cur.len();
                    line.memo.charge(bytes)?;
                    let merged = merge_lines(&old, &new, &cur);
                    let result = merged.map(|merged| sha256(&merged));
                    Some(MergedTexts { bytes, result })
                }
            })
        })
    }

    /// How the hunks of a reviewed text fare in another; `None` where one of these is not here.
    pub(super) fn hunks(
        &self,
        line: &Line<'_>,
        at: (&Reviewed, &RepoPath),
        names: Names,
        cur: Stands<'_>,
    ) -> Result<Option<Hunks>, Undecided> {
        line.memo.hunks(names, || {
            Ok(match self.texts(at, names, cur)? {
                Texts::Missing => None,
                Texts::Unfit => Some(None),
                Texts::Fit([old, new, cur]) => {
                    line.memo.charge(old.len() + new.len() + cur.len())?;
                    Some(Some(hunks_in(&old, &new, &cur)))
                }
            })
        })
    }

    /// Whether what landed at a path may be the merge of a reviewed text by its lines: each that this brings is there, and
    /// no other was taken away or brought. Many changes of one file are told apart so, each of which is read once, where
    /// merging each with each would take too long. True where that isn't known.
    pub(super) fn may_be_merge(
        &self,
        line: &Line<'_>,
        reviewed: &Reviewed,
        merge: &Merge,
        (base, last): (&CommitId, &CommitId),
    ) -> Result<bool, Undecided> {
        let path = &merge.path;
        let about = self.hunk_lines(line, (reviewed, path), (merge.old, merge.new))?;
        let before = self.lines_of(line, Stands::On(base), path, merge.cur)?;
        let after = self.lines_of(line, Stands::On(last), path, merge.result)?;
        let (Some(about), Some(before), Some(after)) = (about, before, after) else {
            return Ok(true);
        };
        let about_that = before.differences(&after).all(|line| about.contain(line));
        Ok(about_that && about.all_are_in(&after))
    }

    /// Whether a hunk of a reviewed text may stand in another: all lines that it brings are there. True where that isn't
    /// known.
    pub(super) fn may_stand(
        &self,
        line: &Line<'_>,
        at: (&Reviewed, &RepoPath),
        sides: (Digest, Digest),
        (stands, name): (Stands<'_>, Digest),
    ) -> Result<bool, Undecided> {
        let about = self.hunk_lines(line, at, sides)?;
        let text = self.lines_of(line, stands, at.1, name)?;
        let known = about.zip(text);
        Ok(known.is_none_or(|(about, text)| about.may_stand(&text)))
    }

    fn hunk_lines(
        &self,
        line: &Line<'_>,
        (reviewed, path): (&Reviewed, &RepoPath),
        (old, new): (Digest, Digest),
    ) -> Result<Option<Rc<HunkLines>>, Undecided> {
        let memo = &line.memo;
        memo.lines.about((old, new), || {
            let old = self.side(reviewed, path, &old)?;
            let new = self.side(reviewed, path, &new)?;
            if let (Text::Fit(old), Text::Fit(new)) = (&old, &new) {
                memo.charge(old.len() + new.len())?;
            }
            Ok((old, new))
        })
    }

    fn lines_of(
        &self,
        line: &Line<'_>,
        stands: Stands<'_>,
        path: &RepoPath,
        name: Digest,
    ) -> Result<Option<Rc<Lines>>, Undecided> {
        let memo = &line.memo;
        memo.lines.of(name, || {
            let text = self.standing(stands, path, &name)?;
            if let Text::Fit(text) = &text {
                memo.charge(text.len())?;
            }
            Ok(text)
        })
    }

    /// The old and the new text of a reviewed path, and another.
    fn texts(
        &self,
        (reviewed, path): (&Reviewed, &RepoPath),
        [old, new, cur]: Names,
        stands: Stands<'_>,
    ) -> Result<Texts, Undecided> {
        let cur = self.standing(stands, path, &cur)?;
        let old = self.side(reviewed, path, &old)?;
        let new = self.side(reviewed, path, &new)?;
        Ok(match (old, new, cur) {
            (Text::Fit(old), Text::Fit(new), Text::Fit(cur)) => Texts::Fit([old, new, cur]),
            (Text::Unfit, ..) | (_, Text::Unfit, _) | (.., Text::Unfit) => Texts::Unfit,
            _ => Texts::Missing,
        })
    }

    /// A text of a path that stands somewhere.
    fn standing(
        &self,
        stands: Stands<'_>,
        path: &RepoPath,
        name: &Digest,
    ) -> Result<Text, Undecided> {
        match stands {
            Stands::On(commit) => Ok(self.text_at(commit, path, name)?),
            Stands::In(reviewed) => self.side(reviewed, path, name),
        }
    }

    /// A side of a reviewed change: from the store, else from where statements say that it stands.
    fn side(&self, reviewed: &Reviewed, path: &RepoPath, name: &Digest) -> Result<Text, Undecided> {
        if let Some(text) = self.store.blob(&reviewed.digest, name)? {
            return Ok(Text::of(text));
        }
        for commit in reviewed.sides.iter().flat_map(|(base, head)| [base, head]) {
            // Reviewed commits may be gone after a squash.
            match self.text_at(commit, path, name) {
                Ok(Text::Missing) | Err(_) => {}
                Ok(text) => return Ok(text),
            }
        }
        Ok(Text::Missing)
    }

    /// The text at a path of a commit, if it is this one.
    fn text_at(
        &self,
        commit: &CommitId,
        path: &RepoPath,
        name: &Digest,
    ) -> Result<Text, HistoryError> {
        match self.history.text(commit, path) {
            Ok(Some(text)) if sha256(&text) == *name => Ok(Text::of(text)),
            Ok(_) => Ok(Text::Missing),
            Err(HistoryError::Limit(_)) => {
                let content = self.history.content(commit, path)?;
                let file = content.as_ref().and_then(Content::regular_file);
                let is_it = file.is_some_and(|(_, digest)| digest == *name);
                Ok(if is_it { Text::Unfit } else { Text::Missing })
            }
            Err(error) => Err(error),
        }
    }
}
