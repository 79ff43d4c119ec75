//! New paths that people take for others: attack 51.

use std::collections::HashMap;

use countersign::change::{ChangeManifest, CommitId, History, HistoryError, RepoPath};
use countersign::text::{escape, fold, hides};

/// The most new paths that are looked at.
const MAX_PATHS: usize = 2_000;
/// The most that is told.
const SHOWN: usize = 20;

/// What a change adds that looks like something else, one in a line: names that differ only in case or in Unicode's form
/// from what stands beside them, and characters that hide.
pub fn alike(
    history: &dyn History,
    head: &CommitId,
    manifest: &ChangeManifest,
) -> Result<Vec<String>, HistoryError> {
    let mut told = Vec::new();
    // The names of each folder, by what people take them for.
    let mut folders: HashMap<String, HashMap<String, Vec<String>>> = HashMap::new();
    let added = manifest.entries().filter(|entry| entry.old.is_none());
    for entry in added.take(MAX_PATHS) {
        let path = entry.path.to_text_lossy();
        if hides(&path) {
            told.push(format!(
                "{} has characters that can't be seen",
                shown(entry.path)
            ));
        }
        // Each folder of the path may be beside one that looks like it, too.
        let mut folder = String::new();
        for name in path.split('/') {
            if !folders.contains_key(&folder) {
                let mut names: HashMap<_, Vec<_>> = HashMap::new();
                for name in history.folder(head, &folder)? {
                    names.entry(fold(&name)).or_default().push(name);
                }
                folders.insert(folder.clone(), names);
            }
            let alike = folders
                .get(&folder)
                .and_then(|names| names.get(&fold(name)));
            if let Some(other) = alike.into_iter().flatten().find(|other| *other != name) {
                let other = join(&folder, other);
                let line = format!(
                    "{} beside {}: the names differ only in case or Unicode form",
                    escape(&join(&folder, name), 200),
                    escape(&other, 200)
                );
                if !told.contains(&line) {
                    told.push(line);
                }
            }
            folder = join(&folder, name);
        }
        if told.len() > SHOWN {
            told.truncate(SHOWN);
            told.push("and more".to_owned());
            break;
        }
    }
    Ok(told)
}

fn join(folder: &str, name: &str) -> String {
    match folder {
        "" => name.to_owned(),
        folder => format!("{folder}/{name}"),
    }
}

fn shown(path: &RepoPath) -> String {
    escape(&path.to_text_lossy(), 200)
}
