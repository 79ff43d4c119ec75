//! The command line's grammar.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::format::{Format, FormatFile};
use super::keyless_args::KeylessArgs;
use super::roster_args::RosterCommand;
use super::timestamp::TimestampArgs;
use super::trust_args::TrustCommand;

/// Cryptographic sign-off for AI-assisted changes.
#[derive(Debug, Parser)]
#[command(
    name = "countersign",
    version,
    max_term_width = 100,
    arg_required_else_help = true
)]
#[command(after_help = "Examples:
  countersign demo                     the loop with throw-away keys
  countersign init                     start in a repository of your own
  countersign declare --ai assisted    declare how AI took part in this branch
  countersign sign maya/retry          sign a colleague's branch off
  countersign verify HEAD~1..HEAD      what CI runs

Exit status: 0 verified or done, 1 waiting or refused, 2 could not decide.")]
pub struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub global: Global,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command.
#[derive(Debug, Args)]
pub struct Global {
    /// Run as if started in DIR
    #[arg(
        short = 'C',
        value_name = "DIR",
        global = true,
        default_value = ".",
        hide_default_value = true
    )]
    pub folder: PathBuf,
    /// Output format
    #[arg(long, global = true, value_enum, default_value_t = Format::Human, hide_default_value = true)]
    pub format: Format,
    /// Say less
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Ask nothing
    #[arg(long, global = true)]
    pub no_input: bool,
    /// Use no network
    #[arg(long, global = true)]
    pub offline: bool,
    /// Judge for this stage: its rules apply too
    #[arg(long, global = true, value_name = "NAME")]
    pub stage: Option<String>,
    /// Trust the published keys of keys-example/, to try it out
    #[arg(
        long,
        global = true,
        hide_short_help = true,
        long_help = "Trust the published keys of keys-example/, to try it out. Everybody has them"
    )]
    pub allow_example_keys: bool,
    /// The remote that holds the store (default: the branch's, else origin)
    #[arg(long, global = true, value_name = "NAME")]
    pub remote: Option<String>,
    /// The store: a git ref, or a folder
    #[arg(long, global = true, value_name = "REF|DIR")]
    pub store: Option<String>,
    /// Check Sigstore's certificates against this trusted_root.json (default: the public good instance's)
    #[arg(long, global = true, value_name = "FILE", hide_short_help = true)]
    pub trusted_root: Option<PathBuf>,
}

/// Where the signing key comes from.
#[derive(Debug, Clone, Default, Args)]
pub struct KeyArgs {
    /// The key: a file, or the fingerprint of one in the agent (default: git's user.signingkey; verify has none)
    #[arg(long, value_name = "PATH|FINGERPRINT")]
    pub key: Option<String>,
    /// Read the key's passphrase from a file's first line
    #[arg(long, value_name = "FILE", conflicts_with = "passphrase_fd")]
    pub passphrase_file: Option<PathBuf>,
    /// Read the key's passphrase from a file descriptor's first line
    #[arg(long, value_name = "N")]
    pub passphrase_fd: Option<u32>,
}

/// Which change.
#[derive(Debug, Default, Args)]
pub struct ChangeArgs {
    /// The change: a branch, BASE..HEAD, a commit, change:DIGEST (default: this branch)
    #[arg(value_name = "CHANGE")]
    pub change: Option<String>,
    /// The branch on which it lands (default: the first protected branch)
    #[arg(long, value_name = "BRANCH")]
    pub target: Option<String>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Play the whole loop in a throw-away repository with throw-away keys
    Demo(DemoArgs),
    /// Show what is known of a change: authors, size, traces of AI. Needs no set-up
    #[command(after_help = "Examples:
  countersign inspect                       this branch
  countersign inspect --each v1.0..HEAD     each commit of a range, with a count for each tool

It judges nothing, and no trace does not mean that no AI took part.")]
    Inspect(InspectArgs),
    /// Make roster, policy and trust version 1 in this repository
    Init(InitArgs),
    /// Print the change digest, or the change manifest
    Digest(DigestArgs),
    /// Declare how AI took part in a change, and sign the declaration
    Declare(DeclareArgs),
    /// Look at a change and sign it off, or reject it
    #[command(
        after_help = "Answers on the screen: y yes, m sets the comment, r rejects, anything empty is no.

Exit status: 0 signed off, 1 rejected, declined or without effect, 2 could not."
    )]
    Sign(SignArgs),
    /// Verify a range or a change against roster and policy
    #[command(after_help = "Examples:
  countersign verify                                          this branch against its target
  countersign verify --fetch --root sha256:5f0c... BASE..HEAD  what CI runs

Exit status: 0 verified, 1 waiting or refused, 2 could not decide.")]
    Verify(VerifyArgs),
    /// Show what is declared, signed and missing
    Status(StatusArgs),
    /// Show bundles in words, and whether each counts
    Show(ShowArgs),
    /// Exchange attestations with a remote; only ever adds
    Sync(SyncArgs),
    /// Git's pre-push hook: declares what evidence answers, and never stops a push
    #[command(subcommand)]
    Hook(HookCommand),
    /// Check keys, root, roster and store, and say what repairs each
    Doctor(DoctorArgs),
    /// The people and their keys
    #[command(subcommand)]
    Roster(RosterCommand),
    /// The rules
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// The signed versions of roster and policy
    #[command(subcommand)]
    Trust(TrustCommand),
    /// Explain a code, or list all codes
    Explain(ExplainArgs),
    /// Print a shell's completion script
    Completions(CompletionsArgs),
    /// Print the man page, or write one for each command
    Man(ManArgs),
}

/// `demo`
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Keep the repository and keys in this new folder
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,
}

/// `init`
#[derive(Debug, Args)]
pub struct InitArgs {
    /// Where the key comes from.
    #[command(flatten)]
    pub key: KeyArgs,
    /// The protected branch (default: this branch)
    #[arg(long, value_name = "BRANCH")]
    pub target: Option<String>,
}

/// `inspect`
#[derive(Debug, Args)]
pub struct InspectArgs {
    /// Which change.
    #[command(flatten)]
    pub change: ChangeArgs,
    /// Each commit by itself, those with traces of AI in a table
    #[arg(long)]
    pub each: bool,
    /// One part alone
    #[arg(long, value_name = "PART", value_parser = ["ai", "rules"])]
    pub only: Option<String>,
}

/// `digest`
#[derive(Debug, Args)]
pub struct DigestArgs {
    /// Which change.
    #[command(flatten)]
    pub change: ChangeArgs,
    /// Print the manifest whose SHA-256 is the digest
    #[arg(long)]
    pub manifest: bool,
}

/// `declare`
#[derive(Debug, Default, Args)]
pub struct DeclareArgs {
    /// Which change.
    #[command(flatten)]
    pub change: ChangeArgs,
    /// How far AI took part
    #[arg(long, value_name = "EXTENT", value_parser = ["none", "assisted", "generated", "autonomous"])]
    pub ai: Option<String>,
    /// The AI tool
    #[arg(long, value_name = "TOOL")]
    pub tool: Option<String>,
    /// The AI model
    #[arg(long, value_name = "MODEL", requires = "tool")]
    pub model: Option<String>,
    /// Write the sessions' ids and links too, where evidence names them
    #[arg(long)]
    pub with_session_links: bool,
    /// A ticket's address; may be repeated
    #[arg(long = "ticket", value_name = "URI")]
    pub tickets: Vec<String>,
    /// Why, in a sentence
    #[arg(short = 'm', value_name = "REASON")]
    pub reason: Option<String>,
    /// Ask these people for a sign-off, by id
    #[arg(long = "to", value_name = "ID")]
    pub to: Vec<String>,
    /// Where the key comes from.
    #[command(flatten)]
    pub key: KeyArgs,
    /// Or without a key.
    #[command(flatten)]
    pub keyless: KeylessArgs,
    /// Write the bundle to a file or stdout (-) as well
    #[arg(short = 'o', value_name = "FILE|-")]
    pub output: Option<PathBuf>,
}

/// `sign`
#[derive(Debug, Args)]
pub struct SignArgs {
    /// Which change.
    #[command(flatten)]
    pub change: ChangeArgs,
    /// Sign only if the head is this commit
    #[arg(long, value_name = "COMMIT")]
    pub at: Option<String>,
    /// Reject the change: it passes once you sign it off yourself, or admins withdraw that
    #[arg(long)]
    pub reject: bool,
    /// Let the change through before those have signed whom the rules ask, where the policy allows you to. They sign
    /// later, or it counts no more
    #[arg(
        long,
        requires = "incident",
        requires = "reason",
        conflicts_with = "reject"
    )]
    pub emergency: bool,
    /// The incident, with --emergency
    #[arg(long, value_name = "ID", requires = "emergency")]
    pub incident: Option<String>,
    /// Why it can't wait, with --emergency
    #[arg(long, value_name = "TEXT", requires = "emergency")]
    pub reason: Option<String>,
    /// A comment in the statement
    #[arg(short = 'm', value_name = "COMMENT")]
    pub comment: Option<String>,
    /// Evidence of the review, by address; may be repeated
    #[arg(long = "evidence", value_name = "URI")]
    pub evidence: Vec<String>,
    /// The author's declaration, from declare -o -: a file, or a text such as a pull request's (-: stdin)
    #[arg(long, value_name = "FILE|-")]
    pub declaration: Option<PathBuf>,
    /// Sign without a terminal: the full change digest
    #[arg(long, value_name = "DIGEST")]
    pub confirm: Option<String>,
    /// Where the key comes from.
    #[command(flatten)]
    pub key: KeyArgs,
    /// Who says when.
    #[command(flatten)]
    pub timestamps: TimestampArgs,
    /// Or without a key.
    #[command(flatten)]
    pub keyless: KeylessArgs,
    /// Write the bundle to a file or stdout (-) as well
    #[arg(short = 'o', value_name = "FILE|-")]
    pub output: Option<PathBuf>,
}

/// `verify`
#[derive(Debug, Clone, Args)]
pub struct VerifyArgs {
    /// The range that landed or is to land (default: this branch as one change)
    #[arg(value_name = "BASE..HEAD")]
    pub range: Option<String>,
    /// Judge a branch as one change (default: this branch)
    #[arg(long, value_name = "CHANGE", num_args = 0..=1, default_missing_value = "HEAD", conflicts_with = "range")]
    pub pr: Option<String>,
    /// Judge all of the target's line since its checkpoint, up to REV (default: its tip): what a deploy runs
    #[arg(long, value_name = "REV", num_args = 0..=1, default_missing_value = "", conflicts_with_all = ["range", "pr"])]
    pub release: Option<String>,
    /// The protected branch on which it lands (default: the first)
    #[arg(long, value_name = "REF")]
    pub target: Option<String>,
    /// The pinned root digest
    #[arg(
        long,
        value_name = "DIGEST",
        env = "COUNTERSIGN_ROOT",
        hide_env_values = true
    )]
    pub root: Option<String>,
    /// The branch whose trust versions are looked at beside HEAD's
    #[arg(long, value_name = "REF")]
    pub trust_ref: Option<String>,
    /// Fetch the store and the trust branch first
    #[arg(long)]
    pub fetch: bool,
    /// Write the verdict to a file too; may be repeated, with any --format
    #[arg(short, long = "output", value_name = "FORMAT=FILE")]
    pub outputs: Vec<FormatFile>,
    /// The newest --vsa of this branch: its commit must still stand on the line, and is a checkpoint where the policy
    /// says so
    #[arg(long, value_name = "VSA")]
    pub after: Option<PathBuf>,
    /// Write the verdict on a release as SLSA's verification summary, signed with the gate's --key
    #[arg(long, value_name = "FILE", conflicts_with = "at")]
    pub vsa: Option<PathBuf>,
    /// Write its predicate alone, for others to sign
    #[arg(long, value_name = "FILE", conflicts_with = "at")]
    pub vsa_predicate: Option<PathBuf>,
    /// What was built of the release, in the summary too; may be repeated
    #[arg(long = "subject", value_name = "NAME@sha256:HEX", requires = "vsa")]
    pub subjects: Vec<String>,
    /// The gate's key.
    #[command(flatten)]
    pub key: KeyArgs,
    /// Judge by this clock instead of now (RFC 3339)
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
}

/// `status`
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// What emergencies let through on the target, and by when it must be signed
    #[arg(long, conflicts_with = "change")]
    pub debts: bool,
    /// Which change.
    #[command(flatten)]
    pub change: ChangeArgs,
}

/// `show`
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// A bundle's file, - for stdin, or a change
    #[arg(value_name = "FILE|CHANGE|-")]
    pub what: Option<String>,
    /// Write what a bundle's signature is over (pae), its payload and the signature into DIR
    #[arg(long, value_name = "DIR", requires = "what")]
    pub export: Option<PathBuf>,
    /// The branch on which the change lands (default: the first protected branch)
    #[arg(long, value_name = "BRANCH")]
    pub target: Option<String>,
}

/// `sync`
#[derive(Debug, Args)]
pub struct SyncArgs {
    /// The remote (default: the branch's, else origin)
    #[arg(value_name = "REMOTE")]
    pub name: Option<String>,
}

/// `hook`
#[derive(Debug, Subcommand)]
pub enum HookCommand {
    /// Install the pre-push hook in this repository; overwrites none
    Install {
        /// Install the gate of a server instead: it refuses pushes to protected branches
        #[arg(long)]
        pre_receive: bool,
    },
    /// What the hook of a server runs: judges what is pushed to protected branches
    PreReceive,
    /// What the hook runs
    PrePush {
        /// The remote's name, as git gives it
        remote: Option<String>,
        /// The remote's address, as git gives it
        url: Option<String>,
    },
}

/// `doctor`
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Where the key comes from.
    #[command(flatten)]
    pub key: KeyArgs,
}

/// `policy`
#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// Check policy.toml
    Lint,
    /// Ask the policy of this work tree about cases that you write down
    Test {
        /// Files of [[case]] in TOML
        #[arg(value_name = "FILE", required = true)]
        files: Vec<PathBuf>,
    },
    /// Replay what landed lately: who would have to sign how much
    Simulate(SimulateArgs),
}

/// `policy simulate`
#[derive(Debug, Args)]
pub struct SimulateArgs {
    /// The next policy (default: policy.toml of this work tree, where it is another than the one in force)
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// How far back (default: 90d)
    #[arg(long, value_name = "DURATION")]
    pub since: Option<String>,
}

/// `explain`
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// The code, such as CS203
    pub code: Option<String>,
}

/// `completions`
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

/// `man`
#[derive(Debug, Args)]
pub struct ManArgs {
    /// Write a page for each command into this folder
    #[arg(short = 'o', value_name = "DIR")]
    pub into: Option<PathBuf>,
}
