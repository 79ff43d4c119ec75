//! The arguments of `trust`.

use clap::{Args, Subcommand};

use super::args::KeyArgs;

/// `trust`
#[derive(Debug, Subcommand)]
pub enum TrustCommand {
    /// Sign the next version of roster and policy
    Sign(TrustSignArgs),
    /// Say what is in force, what waits for signatures, and whose turn it is
    Status,
    /// List the versions
    Log,
    /// Pin the root digest in this repository's git config
    Pin {
        /// sha256: and 64 hex digits
        digest: String,
    },
}

/// `trust sign`
#[derive(Debug, Args)]
pub struct TrustSignArgs {
    /// When the version expires: a date, or a number of days such as 90d (default: 13 months)
    #[arg(long, value_name = "D")]
    pub expires: Option<String>,
    /// Accept a unit that fails all the same, and say why; may be repeated
    #[arg(long, value_name = "COMMIT=REASON")]
    pub excuse: Vec<String>,
    /// Leave the protected branches' checkpoints where they are
    #[arg(long, conflicts_with = "excuse")]
    pub keep_checkpoints: bool,
    /// Set a protected branch's checkpoint back, so that what landed since is judged again; may be repeated
    #[arg(long = "checkpoint", value_name = "BRANCH=COMMIT")]
    pub checkpoints: Vec<String>,
    /// Start anew with a version 1 that replaces the pinned root: for admins who lost their threshold. Every
    /// gate must pin the new root by hand
    #[arg(long)]
    pub replace_root: bool,
    /// Sign without a terminal: the number of the version
    #[arg(long, value_name = "N")]
    pub confirm: Option<u64>,
    /// Where the key comes from.
    #[command(flatten)]
    pub key: KeyArgs,
}

impl TrustSignArgs {
    /// Whether it asks for what a version that others have begun may not say.
    pub fn is_new(&self) -> bool {
        let asks = [&self.excuse, &self.checkpoints];
        self.expires.is_some()
            || self.keep_checkpoints
            || asks.iter().any(|asked| !asked.is_empty())
    }
}
