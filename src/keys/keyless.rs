//! Signing without a key of one's own, over the network: a certificate from Fulcio for an identity token,
//! an entry in Rekor, a timestamp where an authority is named.
//!
//! The key lives for one signature and is never written. What is signed this way names the signer in a
//! public log for good, so the caller says so before [`KeylessSigner::sign`].

use std::time::Duration;

use sigstore_sign::oidc::IdentityToken;
use sigstore_sign::{Error, SigningContext, SigningServices, SigstoreInstance, reqwest};

use super::sigstore::{
    SignedAt, SigstoreError, SigstoreIdentity, SigstoreIdentityError, TrustedRoot,
    claimed_identity, quoted, verify_keyless,
};

/// How long a signature may take in all, unless the caller says otherwise.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// How long a service may take to answer a connection.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// How many seconds ahead of this machine's clock the log's may be, as of every statement (SPEC 4.6).
const AHEAD_LIMIT: u32 = 300;

/// The longest identity token, in bytes.
const TOKEN_LIMIT: usize = 64 * 1024;

/// Where the certificate, the log entry and the timestamp come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeylessServices(SigningServices);

/// Signs with certificates for one identity token.
#[derive(Debug)]
pub struct KeylessSigner {
    services: KeylessServices,
    token: IdentityToken,
    time_limit: Duration,
}

/// A statement that was signed, logged and verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeylessStatement {
    bundle: Vec<u8>,
    identity: SigstoreIdentity,
    signed_at: SignedAt,
}

/// A service that takes part in signing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeylessService {
    /// The certificate authority.
    Fulcio,
    /// The transparency log.
    Rekor,
    /// The timestamp authority.
    Timestamps,
}

/// Why there is no signed statement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeylessError {
    /// An identity token may not go there.
    #[error("{address} is not an https address (or http on this machine)")]
    Address {
        /// The address, escaped.
        address: String,
    },
    /// Not an identity token.
    #[error("not an OpenID identity token (JWT): {detail}")]
    Token {
        /// Why, escaped.
        detail: String,
    },
    /// The identity token is no longer valid.
    #[error("the identity token has expired; get a new one")]
    TokenExpired,
    /// Nobody gave an identity token.
    #[error("no identity token: {detail}")]
    NoToken {
        /// Why, escaped.
        detail: String,
    },
    /// A service did not do its part.
    #[error("{service} at {address} did not do its part: {detail}")]
    Service {
        /// Which.
        service: KeylessService,
        /// Its address, escaped.
        address: String,
        /// Why, escaped.
        detail: String,
    },
    /// The services took too long.
    #[error("no signature within {seconds} seconds")]
    TimedOut {
        /// The limit.
        seconds: u64,
    },
    /// What the services made does not verify.
    #[error("what the services made does not verify: {0}")]
    Unverified(#[from] SigstoreError),
    /// The certificate has no identity that can be enrolled.
    #[error("the certificate is for no e-mail address and no URI")]
    NoIdentity,
    /// Signing itself failed.
    #[error("signing failed: {detail}")]
    Other {
        /// Why, escaped.
        detail: String,
    },
}

impl KeylessServices {
    /// Services of one's own. Fulcio and Rekor v1 are named by where their API begins, the timestamp
    /// authority by its whole address (`https://.../api/v1/timestamp`).
    ///
    /// # Errors
    /// [`KeylessError::Address`] for plain http to another machine.
    pub fn new(fulcio: &str, rekor: &str, timestamps: Option<&str>) -> Result<Self, KeylessError> {
        private(fulcio)?;
        private(rekor)?;
        // The clients put their own slash behind it.
        let services =
            SigningServices::new(fulcio.trim_end_matches('/'), rekor.trim_end_matches('/'));
        match timestamps {
            Some(address) => Self(services).with_timestamps(address),
            None => Ok(Self(services)),
        }
    }

    /// The same with this timestamp authority.
    ///
    /// # Errors
    /// As of [`Self::new`].
    pub fn with_timestamps(self, address: &str) -> Result<Self, KeylessError> {
        private(address)?;
        Ok(Self(self.0.with_tsa_url(address)))
    }

    /// The same with this OpenID provider, at which a person can be asked who they are.
    ///
    /// # Errors
    /// As of [`Self::new`].
    pub fn with_provider(self, address: &str) -> Result<Self, KeylessError> {
        private(address)?;
        Ok(Self(self.0.with_oidc_url(address)))
    }

    /// The public good instance's, as they were when this version of countersign was made.
    ///
    /// # Errors
    /// Never in a build whose tests pass.
    pub fn public_good() -> Result<Self, KeylessError> {
        SigningServices::from_embedded(SigstoreInstance::PublicGood)
            .map(Self)
            .map_err(|error| KeylessError::Other {
                detail: quoted(&error.to_string()),
            })
    }

    /// The certificate authority's address.
    pub fn fulcio(&self) -> &str {
        self.0.fulcio_url()
    }

    /// The log's address: whatever is signed stands there for good.
    pub fn rekor(&self) -> &str {
        self.0.rekor_url()
    }

    /// The timestamp authority's address.
    pub fn timestamps(&self) -> Option<&str> {
        self.0.tsa_url()
    }

    /// The address of the OpenID provider.
    pub fn provider(&self) -> Option<&str> {
        self.0.oidc_url()
    }

    /// Whose fault it is.
    fn fault(&self, error: &Error) -> KeylessError {
        let (service, address) = match error {
            Error::Fulcio(_) => (KeylessService::Fulcio, self.fulcio()),
            Error::Rekor(_) => (KeylessService::Rekor, self.rekor()),
            Error::Tsa(_) => (
                KeylessService::Timestamps,
                self.timestamps().unwrap_or_default(),
            ),
            _ => {
                return KeylessError::Other {
                    detail: quoted(&error.to_string()),
                };
            }
        };
        KeylessError::Service {
            service,
            address: quoted(address),
            detail: quoted(&error.to_string()),
        }
    }
}

impl KeylessSigner {
    /// A signer for an identity token: a JWT in its usual form, as CI systems and `--identity-token` give.
    ///
    /// # Errors
    /// [`KeylessError::Token`]; [`KeylessError::TokenExpired`] by this machine's clock, before anything is
    /// sent. Whether the token is genuine is for Fulcio to say.
    pub fn new(services: KeylessServices, token: &str) -> Result<Self, KeylessError> {
        let malformed = |detail: &str| KeylessError::Token {
            detail: quoted(detail),
        };
        if token.len() > TOKEN_LIMIT {
            return Err(malformed("longer than any"));
        }
        let token =
            IdentityToken::from_jwt(token).map_err(|error| malformed(&error.to_string()))?;
        if token.is_expired() {
            return Err(KeylessError::TokenExpired);
        }
        Ok(Self {
            services,
            token,
            time_limit: TIME_LIMIT,
        })
    }

    /// Sets how long signing may take in all; one minute unless set.
    #[must_use]
    pub fn with_time_limit(mut self, limit: Duration) -> Self {
        self.time_limit = limit;
        self
    }

    /// For whom the certificate can be, to tell before anything is signed: of each issuer that it may name,
    /// `named`, else the token's e-mail address. None without either: for workloads, Fulcio makes the
    /// identity, and only it knows how.
    ///
    /// # Errors
    /// [`SigstoreIdentityError`] for a text that no certificate can have.
    pub fn identities(
        &self,
        named: Option<&str>,
    ) -> Result<Vec<SigstoreIdentity>, SigstoreIdentityError> {
        let Some(identity) = named.or(self.token.email()) else {
            return Ok(Vec::new());
        };
        let claims = self.token.claims();
        // A provider that asks another one says which; whether the certificate does is Fulcio's choice.
        let asked = claims.federated_claims.as_ref();
        let asked = asked.and_then(|claims| claims.connector_id.as_deref());
        let issuers = asked.into_iter().chain([self.token.issuer()]);
        // A connector may have a name that is no issuer's.
        let found = issuers.map(|issuer| SigstoreIdentity::new(identity, issuer));
        let (good, bad): (Vec<_>, Vec<_>) = found.partition(Result::is_ok);
        match bad.into_iter().find_map(Result::err) {
            Some(error) if good.is_empty() => Err(error),
            _ => Ok(good.into_iter().flatten().collect()),
        }
    }

    /// The services that it signs with.
    pub fn services(&self) -> &KeylessServices {
        &self.services
    }

    /// Signs an in-toto statement, of whose subjects one has the SHA-256 `subject`. Blocks.
    ///
    /// # Errors
    /// [`KeylessError`]; [`KeylessError::TokenExpired`], and a root of timestamp authorities alone, before anything is sent. Nothing is returned that
    /// [`verify_keyless`] does not accept against `root`; it may be in the log all the same. Where the log's clock is
    /// ahead of this one, by up to five minutes, it waits until the time has come.
    pub fn sign(
        &self,
        payload: &[u8],
        subject: &[u8; 32],
        root: &TrustedRoot,
    ) -> Result<KeylessStatement, KeylessError> {
        if self.token.is_expired() {
            return Err(KeylessError::TokenExpired);
        }
        if !root.checks_certificates() {
            return Err(SigstoreError::TimestampsAlone.into());
        }
        let bundle = self.request(payload)?;
        let identity = claimed_identity(&bundle)?.ok_or(KeylessError::NoIdentity)?;
        let verify = || verify_keyless(&bundle, payload, subject, root, &identity);
        let mut verified = verify();
        // It is logged for good, so that dropping it would be no way back.
        for _ in 0..AHEAD_LIMIT {
            if !matches!(verified, Err(SigstoreError::AheadOfClock { .. })) {
                break;
            }
            std::thread::sleep(Duration::from_secs(1));
            verified = verify();
        }
        let signed_at = verified?;
        Ok(KeylessStatement {
            bundle,
            identity,
            signed_at,
        })
    }

    /// Asks the services, within the time limit.
    fn request(&self, payload: &[u8]) -> Result<Vec<u8>, KeylessError> {
        let (runtime, client) = (runtime()?, client(None)?);
        let context = SigningContext::new(self.services.0.clone()).with_http_client(client);
        let signer = context.signer(self.token.clone());
        let signed = runtime.block_on(async {
            tokio::time::timeout(self.time_limit, signer.sign_raw_statement(payload)).await
        });
        // A name that is being looked up would hold the runtime back.
        runtime.shutdown_background();
        let bundle = signed
            .map_err(|_| KeylessError::TimedOut {
                seconds: self.time_limit.as_secs(),
            })?
            .map_err(|error| self.services.fault(&error))?;
        let text = bundle.to_json().map_err(|error| other(&error))?;
        Ok(text.into_bytes())
    }
}

fn other(error: &dyn std::fmt::Display) -> KeylessError {
    KeylessError::Other {
        detail: quoted(&error.to_string()),
    }
}

/// What the services are asked in.
pub(super) fn runtime() -> Result<tokio::runtime::Runtime, KeylessError> {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build().map_err(|error| other(&error))
}

/// What the services are asked with; `limit` is for each answer.
pub(super) fn client(limit: Option<Duration>) -> Result<reqwest::Client, KeylessError> {
    let client = reqwest::Client::builder()
        .connect_timeout(CONNECT_LIMIT)
        // A redirect would take the identity token along.
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("countersign/", env!("CARGO_PKG_VERSION")));
    let client = match limit {
        Some(limit) => client.timeout(limit),
        None => client,
    };
    client.build().map_err(|error| other(&error))
}

impl KeylessStatement {
    /// The bundle v0.3.
    pub fn bundle(&self) -> &[u8] {
        &self.bundle
    }

    /// Whom the certificate is for.
    pub fn identity(&self) -> &SigstoreIdentity {
        &self.identity
    }

    /// When it was signed, by the word of the log or the timestamp authority.
    pub fn signed_at(&self) -> SignedAt {
        self.signed_at
    }
}

impl std::fmt::Display for KeylessService {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Fulcio => "the certificate authority (Fulcio)",
            Self::Rekor => "the transparency log (Rekor)",
            Self::Timestamps => "the timestamp authority",
        })
    }
}

pub(super) fn private(address: &str) -> Result<(), KeylessError> {
    match is_private(address) {
        true => Ok(()),
        false => Err(KeylessError::Address {
            address: quoted(address),
        }),
    }
}

/// Whether nobody on the way can read what is sent there.
fn is_private(address: &str) -> bool {
    if address.starts_with("https://") {
        return true;
    }
    let Ok(url) = reqwest::Url::parse(address) else {
        return false;
    };
    url.scheme() == "http" && matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"))
}

#[cfg(test)]
#[path = "keyless_tests.rs"]
mod tests;
