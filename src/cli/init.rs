//! `init`: roster, policy and trust version 1, signed by whoever runs it.

use std::path::Path;

use countersign::attestation::Checkpoint;
use countersign::change::{Digest, History, Identity};
use countersign::codes::Code;
use countersign::gate::read_texts;
use countersign::git::UserConfig;
use countersign::text::escape;
use countersign::trust::{
    Draft, FOLDER, NewVersion, POLICY_PATH, ROSTER_PATH, VALID_MONTHS, VERSIONS_FOLDER,
    expires_after, version_path,
};

use super::args::{Global, InitArgs};
use super::context::{Context, ROOT_KEY, full_branch, short_branch};
use super::environment::Environment;
use super::roster::replace;
use super::trust_sign::issue_failure;
use super::{Done, Failure, Output, key};

/// Makes the trust files. Overwrites nothing.
pub fn run(
    args: &InitArgs,
    global: &Global,
    environment: Environment,
    output: &mut Output,
) -> Result<Done, Failure> {
    let context = Context::open(global, environment)?;
    let folder = context.work_dir()?.to_owned();
    if folder.join(FOLDER).exists() {
        return Err(Failure::no(
            Code::USAGE,
            format!("{FOLDER}/ is there already; nothing was changed"),
        ));
    }
    let config = UserConfig::read(&global.folder)?;
    let identity = config.identity().ok_or_else(|| {
        Failure::usage("git doesn't know your name and address")
            .next("git config user.name \"NAME\" && git config user.email ADDRESS")
    })?;
    let key = key::find(&args.key, &config, &context.environment, None)?;
    let branch = match &args.target {
        Some(branch) => full_branch(branch),
        None => context.repo.head_branch()?.ok_or_else(|| {
            Failure::usage("HEAD is detached, so the protected branch is not known")
                .next("countersign init --target BRANCH")
        })?,
    };
    let id = person_id(&identity)?;
    let repository = repository_name(&context, &folder)?;
    let roster_text = roster_text(&id, &identity, &key.signer.public_key().to_openssh());
    let policy_text = policy_text(&repository, &branch);
    let (roster, _) = read_texts(roster_text.as_bytes(), policy_text.as_bytes())?;
    context.refuse_published(&roster)?;
    let now = context.environment.now;
    let tip = History::reference(&context.repo, &branch)?;
    let checkpoints = tip.map(|git_commit| Checkpoint {
        name: branch.clone(),
        git_commit,
    });
    let version = NewVersion {
        number: 1,
        previous: None,
        replaces: None,
        roster_bytes: roster_text.as_bytes(),
        policy_bytes: policy_text.as_bytes(),
        roster: &roster,
        checkpoints: checkpoints.into_iter().collect(),
        excused: Vec::new(),
        issued_on: now,
        expires_on: expires_after(now, VALID_MONTHS),
    };
    let mut draft = Draft::new(&version).map_err(|error| issue_failure(&error))?;
    let signed = draft.sign(None, &key);
    let envelope = signed
        .and_then(|()| draft.to_bytes())
        .map_err(|error| issue_failure(&error))?;
    let root = draft.payload();
    write_all(&folder, &roster_text, &policy_text, &envelope)?;
    context.set_config(ROOT_KEY, &format!("sha256:{root}"))?;

    report(output, &key, &identity, &id, &branch, &root)?;
    Ok(Done::Yes)
}

/// Says what was made, and what comes next.
fn report(
    output: &mut Output,
    key: &key::Found,
    identity: &Identity,
    id: &str,
    branch: &str,
    root: &Digest,
) -> Result<(), Failure> {
    output.row(
        "Key",
        &format!(
            "{} {}  ({})      you: {} <{}> = {id}, senior, admin 1 of 1",
            key.signer.public_key().algorithm(),
            key.fingerprint(),
            key.source,
            escape(&identity.name, 80),
            escape(&identity.email, 80)
        ),
    )?;
    output.row("Policy", "you are alone, so nobody can countersign you: every change needs your signed AI declaration instead.")?;
    output.row(
        "",
        &format!(
            "When a second engineer joins, their AI-assisted changes need a sign-off by {id}."
        ),
    )?;
    output.row(
        "Wrote",
        &format!(
            "{ROSTER_PATH}, policy.toml, trust/1.dsse.json; {} is protected",
            short_branch(branch)
        ),
    )?;
    output.row(
        "Root",
        &format!("sha256:{root}   kept in .git/config; give it to CI"),
    )?;
    output.row(
        "Next",
        &format!("git add {FOLDER} && git commit -m \"Introduce countersign\""),
    )?;
    Ok(())
}

/// Writes the three files into a new folder that gets its name last: all of it or nothing.
fn write_all(folder: &Path, roster: &str, policy: &str, envelope: &[u8]) -> Result<(), Failure> {
    let temporary = folder.join(format!("{FOLDER}.{}.tmp", std::process::id()));
    let within =
        |path: &str| temporary.join(path.trim_start_matches(FOLDER).trim_start_matches('/'));
    let failed = |error: std::io::Error| Failure::usage(format!("can't write {FOLDER}/: {error}"));
    let write = || -> Result<(), Failure> {
        std::fs::create_dir_all(within(VERSIONS_FOLDER)).map_err(failed)?;
        replace(&within(ROSTER_PATH), roster.as_bytes())?;
        replace(&within(POLICY_PATH), policy.as_bytes())?;
        replace(&within(&version_path(1)), envelope)?;
        std::fs::rename(&temporary, folder.join(FOLDER)).map_err(failed)
    };
    write().inspect_err(|_| {
        // The error that matters is the first; what was begun is taken away.
        let _ = std::fs::remove_dir_all(&temporary);
    })
}

/// An id from the first word of the name, else from the address.
fn person_id(identity: &Identity) -> Result<String, Failure> {
    let plain = |text: &str| -> String {
        let kept = text
            .chars()
            .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
        kept.collect::<String>()
            .to_ascii_lowercase()
            .trim_matches(['-', '_', '.'])
            .to_owned()
    };
    let from_name = plain(identity.name.split_whitespace().next().unwrap_or_default());
    let from_email = plain(identity.email.split('@').next().unwrap_or_default());
    [from_name, from_email]
        .into_iter()
        .find(|id| !id.is_empty())
        .ok_or_else(|| Failure::usage("neither your name nor your address gives an id"))
}

/// The remote's `host/path`, else `local/<folder>-<8 hex digits>` (SPEC 5.2).
fn repository_name(context: &Context, folder: &Path) -> Result<String, Failure> {
    if let Some(remote) = &context.remote
        && let Ok(url) = context.repo.remote_url(&context.git()?, remote)
        && let Some(name) = host_and_path(&url)
    {
        return Ok(name);
    }
    let mut random = [0u8; 4];
    getrandom::fill(&mut random)
        .map_err(|error| Failure::new(Code::INTERNAL, error.to_string()))?;
    let hex: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    let full = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let name = full.file_name().unwrap_or_default().to_string_lossy();
    let name: String = name
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
        .collect();
    Ok(format!(
        "local/{}-{hex}",
        if name.is_empty() { "repository" } else { &name }
    ))
}

/// `host/path` of a URL or an scp-like address, without scheme, user, port and `.git`. A path on this
/// machine has no host.
fn host_and_path(url: &str) -> Option<String> {
    let (host, path) = match url.split_once("://") {
        Some(("file", _)) => return None,
        Some((_, rest)) => rest.split_once('/')?,
        None => url
            .split_once(':')
            .filter(|(host, _)| !host.contains('/'))?,
    };
    let host = host.rsplit('@').next()?;
    let host = host.split(':').next()?;
    let path = path.trim_matches('/').trim_end_matches(".git");
    (!host.is_empty() && !path.is_empty()).then(|| format!("{}/{path}", host.to_ascii_lowercase()))
}

fn toml(text: &str) -> String {
    toml_edit::Value::from(text).to_string()
}

fn roster_text(id: &str, identity: &Identity, key: &str) -> String {
    format!(
        "# Who takes part: people, their levels, teams and keys. In force once signed: countersign trust sign
levels = [\"junior\", \"mid\", \"senior\", \"principal\"]

[[engineer]]
id = {}
name = {}
level = \"senior\"
emails = [{}]

[[engineer.key]]
ssh = {}

[admins]
ids = [{}]
threshold = 1
",
        toml(id),
        toml(&identity.name),
        toml(&identity.email),
        toml(key),
        toml(id)
    )
}

fn policy_text(repository: &str, branch: &str) -> String {
    format!(
        "# What a change needs before it counts. In force once signed: countersign trust sign
repository = {}
protected = [{}]

# What was signed may land on a newer base: merged line by line, where both sides lie apart.
clean_merge = true

# Every rule that matches applies, requirements add up, forbid wins.

# Every change carries a signed declaration of how AI took part.
[default]
require = {{ declaration = true }}

[[rule]]
name = \"AI-assisted work below senior needs a senior above the author\"
when = {{ ai = \"assisted\", author_below = \"senior\" }}
require = {{ signers = 1, level = \"senior\", above_author = true }}

# What landed a short while ago may be taken back without a signature, by whoever declares that.
[revert]
window = \"72h\"

# Take the # away where you want more; then countersign trust sign.
#
# CI files decide what is checked: a senior looks at them, whoever wrote them.
# [[rule]]
# name = \"CI files\"
# paths = [\".github/workflows/**\", \".gitlab-ci.yml\"]
# require = {{ signers = 1, level = \"senior\" }}
#
# Files that instruct agents steer what they write next.
# [[rule]]
# name = \"agent instructions\"
# paths = [\"**/AGENTS.md\", \"**/CLAUDE.md\", \".cursor/**\", \".github/copilot-instructions.md\"]
# require = {{ signers = 1, level = \"senior\" }}
#
# Long changes are read badly: a senior looks at them too. Binaries count as long.
# [[rule]]
# name = \"long changes\"
# when = {{ lines_over = 1000 }}
# require = {{ signers = 1, level = \"senior\" }}
#
# Submodules: one line can redirect a whole library.
# [[rule]]
# name = \"submodules\"
# paths = [\".gitmodules\"]
# require = {{ signers = 1, level = \"senior\" }}
#
# At night somebody may have to act alone. It passes with a warning, and the others sign within follow_up.
# [emergency]
# level = \"senior\"
# author = true
# follow_up = \"72h\"
#
# A change of such text files alone needs nothing. This line goes above [default].
# exempt = [\"CHANGELOG.md\", \"docs/**/*.txt\"]
",
        toml(repository),
        toml(branch)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign::policy::Policy;

    #[test]
    fn a_repository_is_named_by_host_and_path_alone() {
        let cases = [
            (
                "https://user:secret@github.com:443/acme/pay.git",
                Some("github.com/acme/pay"),
            ),
            ("git@github.com:acme/pay.git", Some("github.com/acme/pay")),
            (
                "ssh://git@GitHub.com:22/acme/pay/",
                Some("github.com/acme/pay"),
            ),
            ("git@example.org:notes.git", Some("example.org/notes")),
            ("/srv/git/pay.git", None),
            ("../pay.git", None),
            ("file:///srv/pay.git", None),
        ];
        for (url, name) in cases {
            assert_eq!(host_and_path(url).as_deref(), name, "{url}");
        }
    }

    #[test]
    fn what_the_starter_policy_has_in_comments_is_supported() {
        let text = policy_text("code.example/a", "refs/heads/main");
        let keys = [
            "exempt",
            "[[rule]]",
            "name",
            "paths",
            "when",
            "require",
            "[emergency]",
            "level",
            "author",
            "follow_up",
        ];
        let uncommented = |line: &str| match line.strip_prefix("# ") {
            Some(rest) if keys.iter().any(|key| rest.starts_with(key)) => rest.to_owned(),
            _ => line.to_owned(),
        };
        let (top, below): (Vec<_>, Vec<_>) = text
            .lines()
            .map(uncommented)
            .partition(|line| line.starts_with("exempt"));
        let whole = [top, below].concat().join("\n");
        let policy = Policy::parse(&whole, "policy.toml").unwrap();
        assert!(policy.unsupported.is_empty());
        assert_eq!((policy.rules.len(), policy.exempt.len()), (6, 2));
        assert_eq!(policy.most_lines(), Some(1_000));
        let starter = Policy::parse(&text, "policy.toml").unwrap();
        assert_eq!((starter.rules.len(), starter.exempt.len()), (2, 0));
    }

    #[test]
    fn an_id_comes_from_the_name_or_the_address() {
        let id = |name: &str, email: &str| {
            person_id(&Identity {
                name: name.into(),
                email: email.into(),
            })
            .ok()
        };
        assert_eq!(id("Ana Ruiz", "a@example.org").as_deref(), Some("ana"));
        assert_eq!(
            id("李 明", "li.ming@example.org").as_deref(),
            Some("li.ming")
        );
        assert_eq!(id("", ""), None);
    }
}
