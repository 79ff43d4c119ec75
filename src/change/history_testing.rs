//! Histories for tests, which answer what a test asks and nothing else.

/// The methods of [`History`](super::History) that a test never calls.
macro_rules! unanswered {
    ($($name:ident),+ $(,)?) => {
        $($crate::change::history_testing::unanswered!(@ $name);)+
    };
    (@ commit) => {
        fn commit(&self, _: &CommitId) -> Result<$crate::change::Commit, HistoryError> {
            unimplemented!()
        }
    };
    (@ parents) => {
        fn parents(&self, _: &CommitId) -> Result<Vec<CommitId>, HistoryError> {
            unimplemented!()
        }
    };
    (@ change) => {
        fn change(
            &self,
            _: Option<&CommitId>,
            _: &CommitId,
        ) -> Result<$crate::change::ChangeManifest, HistoryError> {
            unimplemented!()
        }
    };
    (@ merge_bases) => {
        fn merge_bases(&self, _: &CommitId, _: &CommitId) -> Result<Vec<CommitId>, HistoryError> {
            unimplemented!()
        }
    };
    (@ is_ancestor) => {
        fn is_ancestor(&self, _: &CommitId, _: &CommitId) -> Result<bool, HistoryError> {
            unimplemented!()
        }
    };
    (@ commits_between) => {
        fn commits_between(&self, _: &[CommitId], _: &CommitId) -> Result<Vec<CommitId>, HistoryError> {
            unimplemented!()
        }
    };
    (@ content) => {
        fn content(
            &self,
            _: &CommitId,
            _: &$crate::change::RepoPath,
        ) -> Result<Option<$crate::change::Content>, HistoryError> {
            unimplemented!()
        }
    };
    (@ file) => {
        fn file(
            &self,
            _: &CommitId,
            _: &str,
        ) -> Result<Option<($crate::change::FileMode, Vec<u8>)>, HistoryError> {
            unimplemented!()
        }
    };
    (@ folder) => {
        fn folder(&self, _: &CommitId, _: &str) -> Result<Vec<String>, HistoryError> {
            unimplemented!()
        }
    };
    (@ line_count) => {
        fn line_count(
            &self,
            _: Option<&CommitId>,
            _: &CommitId,
            _: &$crate::change::RepoPath,
        ) -> Result<$crate::change::LineCount, HistoryError> {
            unimplemented!()
        }
    };
    (@ is_opaque) => {
        fn is_opaque(&self, _: &CommitId, _: &$crate::change::RepoPath) -> Result<bool, HistoryError> {
            unimplemented!()
        }
    };
    (@ reference) => {
        fn reference(&self, _: &str) -> Result<Option<CommitId>, HistoryError> {
            unimplemented!()
        }
    };
}

pub(crate) use unanswered;
