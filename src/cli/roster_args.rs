//! The arguments of the `roster` commands.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `roster`
#[derive(Debug, Subcommand)]
pub enum RosterCommand {
    /// Add a person to roster.toml
    Add(RosterAddArgs),
    /// Change a person: level, teams, addresses, keys
    Set(RosterSetArgs),
    /// Mark a key, or all keys of a person, as revoked
    Revoke(RosterRevokeArgs),
    /// Add or change many people from a file
    Import(RosterImportArgs),
    /// List the people, or one
    List {
        /// The person's id
        id: Option<String>,
    },
    /// Print public keys in force for other tools
    Export(RosterExportArgs),
    /// Check roster.toml
    Lint,
}

/// `roster add`
#[derive(Debug, Args)]
pub struct RosterAddArgs {
    /// The id: lower-case letters, digits, -, _ and .
    pub id: String,
    /// The name
    #[arg(long)]
    pub name: String,
    /// An e-mail address that commits carry; may be repeated
    #[arg(long = "email", value_name = "ADDRESS", required = true)]
    pub emails: Vec<String>,
    /// The level
    #[arg(long)]
    pub level: String,
    /// A public key file; may be repeated
    #[arg(long = "key", value_name = "FILE", required = true)]
    pub keys: Vec<PathBuf>,
    /// A team; may be repeated
    #[arg(long = "team", value_name = "TEAM")]
    pub teams: Vec<String>,
    /// The GitHub login, from which noreply addresses follow
    #[arg(long, value_name = "LOGIN")]
    pub github: Option<String>,
    /// The GitHub account's number, which noreply addresses carry
    #[arg(long, value_name = "N", requires = "github")]
    pub github_id: Option<u64>,
}

/// `roster set`
#[derive(Debug, Args)]
pub struct RosterSetArgs {
    /// The person's id
    pub id: String,
    /// Another name
    #[arg(long)]
    pub name: Option<String>,
    /// Another level
    #[arg(long)]
    pub level: Option<String>,
    /// A team to add; may be repeated
    #[arg(long = "team", value_name = "TEAM")]
    pub teams: Vec<String>,
    /// A team to take away; may be repeated
    #[arg(long = "remove-team", value_name = "TEAM")]
    pub without_teams: Vec<String>,
    /// An e-mail address to add; may be repeated
    #[arg(long = "email", value_name = "ADDRESS")]
    pub emails: Vec<String>,
    /// An e-mail address to take away; may be repeated
    #[arg(long = "remove-email", value_name = "ADDRESS")]
    pub without_emails: Vec<String>,
    /// The GitHub login, from which noreply addresses follow
    #[arg(long, value_name = "LOGIN")]
    pub github: Option<String>,
    /// The GitHub account's number, which noreply addresses carry
    #[arg(long, value_name = "N", requires = "github")]
    pub github_id: Option<u64>,
    /// A public key file to add; may be repeated
    #[arg(long = "key", value_name = "FILE")]
    pub keys: Vec<PathBuf>,
}

/// `roster revoke`
#[derive(Debug, Args)]
pub struct RosterRevokeArgs {
    /// A person's id for all their keys, or one key: its SHA256:.. fingerprint or public key file
    #[arg(value_name = "ID|KEY")]
    pub what: String,
    /// retired: given up in good order; compromised: somebody else may have used it
    #[arg(long, value_parser = ["retired", "compromised"])]
    pub reason: String,
    /// Since when, as YYYY-MM-DD (default: today)
    #[arg(long, value_name = "DATE")]
    pub on: Option<String>,
}

/// `roster import`
#[derive(Debug, Args)]
pub struct RosterImportArgs {
    /// A CSV file, an allowed_signers file, or a host's USER.keys text; - for standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The level of new people for whom the file names none
    #[arg(long)]
    pub level: Option<String>,
    /// Whose keys they are, for a text of keys alone (default: USER of USER.keys)
    #[arg(long, value_name = "ID")]
    pub id: Option<String>,
}

/// `roster export`
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("form").required(true))]
pub struct RosterExportArgs {
    /// The person's id, or with --pem a gate's (default, with --allowed-signers: everybody)
    #[arg(required_unless_present = "allowed_signers")]
    pub id: Option<String>,
    /// As PEM, the form that cosign and openssl take
    #[arg(long, group = "form")]
    pub pem: bool,
    /// As a file for ssh-keygen -Y verify and git's gpg.ssh.allowedSignersFile
    #[arg(long, group = "form")]
    pub allowed_signers: bool,
}
