//! Options of signing without a key of one's own.

use std::path::PathBuf;

use clap::Args;

/// Signing as an identity of Sigstore.
#[derive(Debug, Clone, Default, Args)]
pub struct KeylessArgs {
    /// Sign as an identity of Sigstore, without a key: a public log names it for good
    #[arg(long, conflicts_with_all = ["key", "passphrase_file", "passphrase_fd"])]
    pub keyless: bool,
    /// The identity token, with --keyless (-: stdin; default: the CI job's own, else you are asked who you are)
    #[arg(long, value_name = "FILE|-", requires = "keyless")]
    pub identity_token: Option<PathBuf>,
    /// Whom the certificate will be for (default: the token's e-mail address; jobs of a CI system have none)
    #[arg(
        long,
        value_name = "EMAIL|URI",
        requires = "keyless",
        hide_short_help = true
    )]
    pub identity: Option<String>,
    /// The certificate authority (default: countersign.fulcioUrl in your git configuration, never the repository's, else the public good instance's)
    #[arg(long, value_name = "URL", requires = "keyless", hide_short_help = true)]
    pub fulcio_url: Option<String>,
    /// The transparency log, Rekor version 1 (default: countersign.rekorUrl, else the public good instance's)
    #[arg(long, value_name = "URL", requires = "keyless", hide_short_help = true)]
    pub rekor_url: Option<String>,
    /// The OpenID provider that asks who you are (default: countersign.oidcUrl, else the public good instance's)
    #[arg(long, value_name = "URL", requires = "keyless", hide_short_help = true)]
    pub oidc_url: Option<String>,
}
