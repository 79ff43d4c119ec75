//! Texts of reviewed changes and of the line, and what merging them says, once in a check for the same texts.

use std::rc::Rc;

use super::Gate;
use super::clean::{Merge, Reviewed};
use super::line::Line;
use super::text_lines::HunkLines;
use super::verdict::Undecided;
use crate::change::{
    CommitId, Digest, Fares, HistoryError, RepoPath, hunks_in, is_mergeable, merge_lines, sha256,
};
use crate::codes::Code;

/// The most bytes that one check merges (SPEC 10).
const MAX_CHECK: u64 = 4 << 30;

/// What merging three texts gave.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct MergedTexts {
    /// Of the three together; 0 where one is too large to be merged.
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
    /// On a side of another reviewed change.
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

/// Three texts of a path.
enum Texts {
    /// A reviewed one is not here.
    Missing,
    /// One is binary, or too large to be merged; the bytes of all.
    Unfit(usize),
    Fit([Vec<u8>; 3]),
}

impl Texts {
    fn bytes(&self) -> usize {
        match self {
            Self::Missing => 0,
            Self::Unfit(bytes) => *bytes,
            Self::Fit(texts) => texts.iter().map(Vec::len).sum(),
        }
    }
}

impl Gate<'_> {
    /// What merging the texts at a path gives; `None` where a reviewed one is not here.
    pub(super) fn merged_texts(
        &self,
        line: &Line<'_>,
        at: (&Reviewed, &RepoPath),
        names: Names,
        cur: Stands<'_>,
    ) -> Result<Option<MergedTexts>, Undecided> {
        if let Some(known) = line.merged_texts(&names) {
            return Ok(Some(known));
        }
        let texts = self.texts(at, names, cur)?;
        let mut found = MergedTexts {
            bytes: texts.bytes(),
            result: None,
        };
        match texts {
            Texts::Missing => return Ok(None),
            Texts::Unfit(_) => {}
            Texts::Fit([old, new, cur]) => {
                line.merges(found.bytes as u64, MAX_CHECK)?;
                let merged = merge_lines(&old, &new, &cur);
                found.result = merged.map(|merged| sha256(&merged));
            }
        }
        line.keep_merged_texts(names, found);
        Ok(Some(found))
    }

    /// How the hunks of a reviewed text fare in another; `None` where a reviewed one is not here.
    pub(super) fn hunks(
        &self,
        line: &Line<'_>,
        at: (&Reviewed, &RepoPath),
        names: Names,
        cur: Stands<'_>,
    ) -> Result<Option<Hunks>, Undecided> {
        if let Some(known) = line.hunks(&names) {
            return Ok(Some(known));
        }
        let texts = self.texts(at, names, cur)?;
        let bytes = texts.bytes();
        let found = match texts {
            Texts::Missing => return Ok(None),
            Texts::Unfit(_) => None,
            Texts::Fit([old, new, cur]) => {
                line.merges(bytes as u64, MAX_CHECK)?;
                Some(hunks_in(&old, &new, &cur))
            }
        };
        Ok(Some(line.keep_hunks(names, found)))
    }

    /// Whether what landed at a path took away or brought a line that the reviewed change is not about: then it is no
    /// merge of that, and nothing has to be merged to know. Many changes of one file are told apart so, each of which is
    /// read once. False where that isn't known.
    pub(super) fn brings_other_lines(
        &self,
        line: &Line<'_>,
        reviewed: &Reviewed,
        merge: &Merge,
        (base, last): (&CommitId, &CommitId),
    ) -> Result<bool, Undecided> {
        let path = &merge.path;
        let about = self.hunk_lines(line, (reviewed, path), (merge.old, merge.new))?;
        let before = line
            .lines
            .of(merge.cur, || self.text_at(base, path, &merge.cur))?;
        let after = line
            .lines
            .of(merge.result, || self.text_at(last, path, &merge.result))?;
        let (Some(about), Some(before), Some(after)) = (about, before, after) else {
            return Ok(false);
        };
        Ok(!before.differences(&after).all(|line| about.contain(line)))
    }

    /// Whether a hunk of a reviewed text may stand in another: all lines that it brings are there. True where that isn't
    /// known.
    pub(super) fn may_stand(
        &self,
        line: &Line<'_>,
        at: (&Reviewed, &RepoPath),
        sides: (Digest, Digest),
        (commit, name): (&CommitId, Digest),
    ) -> Result<bool, Undecided> {
        let about = self.hunk_lines(line, at, sides)?;
        let text = line.lines.of(name, || self.text_at(commit, at.1, &name))?;
        let known = about.zip(text);
        Ok(known.is_none_or(|(about, text)| about.may_stand(&text)))
    }

    fn hunk_lines(
        &self,
        line: &Line<'_>,
        (reviewed, path): (&Reviewed, &RepoPath),
        (old, new): (Digest, Digest),
    ) -> Result<Option<Rc<HunkLines>>, Undecided> {
        line.lines.about((old, new), || {
            let old = self.reviewed_text(reviewed, path, &old)?;
            Ok(old.zip(self.reviewed_text(reviewed, path, &new)?))
        })
    }

    /// The old and the new text of a reviewed path, and another.
    fn texts(
        &self,
        (reviewed, path): (&Reviewed, &RepoPath),
        [old, new, cur]: Names,
        stands: Stands<'_>,
    ) -> Result<Texts, Undecided> {
        let cur = match stands {
            Stands::On(commit) => match self.text_at(commit, path, &cur)? {
                Some(cur) => cur,
                // What is too large to be read is too large to be merged.
                None => return Ok(Texts::Unfit(0)),
            },
            Stands::In(other) => match self.reviewed_text(other, path, &cur)? {
                Some(cur) => cur,
                None => return Ok(Texts::Missing),
            },
        };
        let old = self.reviewed_text(reviewed, path, &old)?;
        let new = self.reviewed_text(reviewed, path, &new)?;
        let (Some(old), Some(new)) = (old, new) else {
            return Ok(Texts::Missing);
        };
        let texts = [old, new, cur];
        Ok(match texts.iter().all(|text| is_mergeable(text)) {
            true => Texts::Fit(texts),
            false => Texts::Unfit(texts.iter().map(Vec::len).sum()),
        })
    }

    /// A side of a reviewed change: from the store, else from where statements say that it stands.
    fn reviewed_text(
        &self,
        reviewed: &Reviewed,
        path: &RepoPath,
        name: &Digest,
    ) -> Result<Option<Vec<u8>>, Undecided> {
        if let Some(text) = self.store.blob(&reviewed.digest, name)? {
            return Ok(Some(text));
        }
        for commit in reviewed.sides.iter().flat_map(|(base, head)| [base, head]) {
            // Reviewed commits may be gone after a squash.
            if let Ok(Some(text)) = self.text_at(commit, path, name) {
                return Ok(Some(text));
            }
        }
        Ok(None)
    }

    /// The text at a path of a commit, if it is this one.
    fn text_at(
        &self,
        commit: &CommitId,
        path: &RepoPath,
        name: &Digest,
    ) -> Result<Option<Vec<u8>>, HistoryError> {
        match self.history.text(commit, path) {
            Ok(text) => Ok(text.filter(|text| sha256(text) == *name)),
            // No text of that size is merged.
            Err(HistoryError::Limit(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
