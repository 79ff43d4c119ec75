//! Where an identity token comes from that nobody hands over: the CI job around us, or a person.

use std::sync::mpsc;
use std::time::Duration;

use sigstore_sign::oidc::{
    AuthCallback, AuthMode, AuthOptions, HtmlTemplates, IdentityToken, OAuthClient, OAuthConfig,
    SecretString,
};
use zeroize::Zeroizing;

use super::keyless::{KeylessError, KeylessServices, client, runtime};
use super::sigstore::quoted;

/// How long a CI system may take to give a token, and a provider to answer.
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// An identity token (a JWT). Wiped when it is dropped.
pub type Token = Zeroizing<String>;

/// Somebody who can open an address and answer.
pub trait Person {
    /// Shows the address at which they say who they are.
    fn show(&self, address: &str);

    /// Asks for the code that they are given there.
    ///
    /// # Errors
    /// Where nobody answers.
    fn code(&self) -> std::io::Result<String>;
}

/// The token that the CI job around us may have, made for Sigstore; `None` outside of such a job.
///
/// The one function of the library that looks at the process's variables: GitHub Actions, GitLab CI, Buildkite
/// (by its agent) and CircleCI tell a job in them where its token is.
///
/// # Errors
/// [`KeylessError::NoToken`] in a job that may have none, or whose CI system does not answer in time.
pub fn ambient_token() -> Result<Option<Token>, KeylessError> {
    let (tell, told) = mpsc::channel();
    // Buildkite's agent is a program that nothing can hurry, so it is left behind where it hangs.
    std::thread::spawn(move || tell.send(detect()));
    told.recv_timeout(TIME_LIMIT).unwrap_or_else(|_| {
        let seconds = TIME_LIMIT.as_secs();
        Err(none(&format!(
            "the CI system gave none in {seconds} seconds"
        )))
    })
}

fn detect() -> Result<Option<Token>, KeylessError> {
    let runtime = runtime()?;
    let found = runtime.block_on(IdentityToken::detect_ambient());
    let found = found.map_err(|error| none(&error))?;
    Ok(found.map(|token| Zeroizing::new(token.expose_secret().to_owned())))
}

/// Asks a person at the services' OpenID provider who they are. Starts no program and opens no port: they open the
/// address in whatever browser they like, and bring the code back. Blocks until they do.
///
/// # Errors
/// [`KeylessError::NoToken`] where nobody answers, the provider refuses, or the services have none.
pub fn token_of_person(
    services: &KeylessServices,
    person: &impl Person,
) -> Result<Token, KeylessError> {
    let Some(provider) = services.provider() else {
        return Err(none(&"the services name no OpenID provider to ask"));
    };
    let (runtime, client) = (runtime()?, client(Some(TIME_LIMIT))?);
    let asked = OAuthClient::with_http_client(OAuthConfig::dex(provider), client);
    let options = AuthOptions::new().with_force_oob(true);
    let token = runtime.block_on(asked.authenticate_with_options(Asked(person), options));
    runtime.shutdown_background();
    let token = token.map_err(|error| none(&error))?;
    Ok(Zeroizing::new(token.expose_secret().to_owned()))
}

fn none(detail: &dyn std::fmt::Display) -> KeylessError {
    KeylessError::NoToken {
        detail: quoted(&detail.to_string()),
    }
}

/// A person, as the library asks them.
struct Asked<'a, P>(&'a P);

/// Pages of a port that is never opened.
impl<P: Person> HtmlTemplates for Asked<'_, P> {}

impl<P: Person> AuthCallback for Asked<'_, P> {
    fn auth_url_ready(&self, url: &str, _: AuthMode) {
        self.0.show(url);
    }

    fn prompt_for_code(&self) -> std::io::Result<SecretString> {
        self.0.code().map(SecretString::new)
    }
}
