//! `--keyless`: signing as an identity of Sigstore, over the network.

use countersign::attestation::{Bundle, limits};
use countersign::change::ChangeDigest;
use countersign::codes::Code;
use countersign::git::UserConfig;
use countersign::keys::{
    KeylessError, KeylessServices, KeylessSigner, Person, Proof, SigstoreIdentity, Token,
    ambient_token, token_of_person,
};
use countersign::policy::Proofs;
use countersign::text::escape;
use zeroize::Zeroizing;

use super::context::Context;
use super::environment::Environment;
use super::keyless_args::KeylessArgs;
use super::sealing::{Asked, Sealed, Sealer};
use super::session::Session;
use super::{Failure, Output, text_file};

/// The largest identity token that is read, in bytes.
const MAX_TOKEN: u64 = 64 << 10;
/// What of a bundle a certificate, its log entry and a timestamp take at most, in bytes.
const EVIDENCE: usize = 32 << 10;

/// An identity, and the token that shows it.
pub struct Keyless<'a> {
    context: &'a Context,
    signer: KeylessSigner,
    /// `--identity`.
    named: Option<String>,
    /// Whom the certificate must be for.
    identity: SigstoreIdentity,
    source: Source,
}

/// Where the token comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    Option,
    Job,
    Person,
}

/// Gets a token, and finds the identity that it is for. Nothing is signed yet.
pub fn find<'a>(
    asked: &Asked<'_>,
    config: &UserConfig,
    session: &'a Session,
) -> Result<Keyless<'a>, Failure> {
    let (context, roster) = (&session.context, &session.judging.roster);
    let args = asked.keyless;
    if context.offline {
        return Err(Failure::usage(
            "--keyless signs over the network, which --offline forbids",
        ));
    }
    // What can't be verified afterwards must not get into the log.
    if !context.trusted_root()?.checks_certificates() {
        let message =
            "the trusted root has timestamp authorities alone: no certificate could be checked";
        return Err(
            Failure::usage(message).next("--trusted-root FILE: the instance's trusted_root.json")
        );
    }
    let services = services(asked, config, context)?;
    let (token, source) = token(args, &services, context)?;
    let signer = KeylessSigner::new(services, &token).map_err(failure)?;
    let mut identities = identities(&signer, args.identity.as_deref())?.into_iter();
    let is_known = |identity: &SigstoreIdentity| {
        let name = identity.to_string();
        roster.key(&name).is_some() || roster.automation_key(&name).is_some()
    };
    let first = identities.clone().next().ok_or_else(|| {
        Failure::usage("the identity token names no e-mail address, so it doesn't say whom the certificate will be for")
            .next("--identity URI, as the roster has it")
    })?;
    Ok(Keyless {
        context,
        named: args.identity.clone(),
        identity: identities.find(is_known).unwrap_or(first),
        signer,
        source,
    })
}

fn identities(
    signer: &KeylessSigner,
    named: Option<&str>,
) -> Result<Vec<SigstoreIdentity>, Failure> {
    let found = signer.identities(named);
    found.map_err(|error| Failure::usage(error.to_string()))
}

/// The services of one instance: the public one, or another whose trusted root is named too.
fn services(
    asked: &Asked<'_>,
    config: &UserConfig,
    context: &Context,
) -> Result<KeylessServices, Failure> {
    let args = asked.keyless;
    let named = |option: Option<&String>, key: &str| {
        // The identity token goes there: no repository says where.
        let named = option.cloned().or_else(|| config.user_string(key));
        named.filter(|address| !address.is_empty())
    };
    let fulcio = named(args.fulcio_url.as_ref(), "countersign.fulcioUrl");
    let rekor = named(args.rekor_url.as_ref(), "countersign.rekorUrl");
    // One of another instance would only be noticed once the log has the entry.
    let mut services = match (fulcio, rekor, context.sigstore.is_named()) {
        (None, None, false) => KeylessServices::public_good(),
        (Some(fulcio), Some(rekor), true) => KeylessServices::new(&fulcio, &rekor, None),
        _ => {
            let message = "certificate authority, log and trusted root are of one instance: name all three, or none";
            return Err(Failure::usage(message)
                .next("--fulcio-url URL --rekor-url URL --trusted-root FILE, or in your git configuration, not the repository's: countersign.fulcioUrl, countersign.rekorUrl, countersign.trustedRoot"));
        }
    }
    .map_err(failure)?;
    let stamps = asked
        .timestamps
        .and_then(|args| args.timestamp_url.as_ref());
    if let Some(address) = named(stamps, "countersign.timestampUrl") {
        services = services.with_timestamps(&address).map_err(failure)?;
    }
    if let Some(address) = named(args.oidc_url.as_ref(), "countersign.oidcUrl") {
        services = services.with_provider(&address).map_err(failure)?;
    }
    Ok(services)
}

/// The token that is handed over, else the CI job's, else what a person is asked for.
fn token(
    args: &KeylessArgs,
    services: &KeylessServices,
    context: &Context,
) -> Result<(Token, Source), Failure> {
    if let Some(path) = &args.identity_token {
        let text = Zeroizing::new(text_file::read(path, MAX_TOKEN)?);
        return Ok((Zeroizing::new(text.trim().to_owned()), Source::Option));
    }
    if let Some(token) = ambient_token().map_err(failure)? {
        return Ok((token, Source::Job));
    }
    if !context.environment.interactive {
        let detail = "no CI job's own, and no terminal to ask on".to_owned();
        return Err(failure(KeylessError::NoToken { detail }));
    }
    Ok((ask(services, context)?, Source::Person))
}

fn ask(services: &KeylessServices, context: &Context) -> Result<Token, Failure> {
    token_of_person(services, &AtTerminal(&context.environment)).map_err(failure)
}

/// Whoever sits at the terminal.
struct AtTerminal<'a>(&'a Environment);

impl Person for AtTerminal<'_> {
    fn show(&self, address: &str) {
        eprintln!("Say who you are, in a browser:\n\n  {address}\n");
    }

    fn code(&self) -> std::io::Result<String> {
        let answer = self.0.ask("The code that you are given there: ");
        let answer = answer.map_err(|failure| std::io::Error::other(failure.message))?;
        let answer = answer.filter(|code| !code.is_empty());
        answer.ok_or_else(|| std::io::Error::other("nobody gave a code"))
    }
}

impl Keyless<'_> {
    /// Asks the same person once more: their tokens are valid for a minute, and screens take longer to read.
    fn again(&self) -> Result<KeylessSigner, Failure> {
        let services = self.signer.services();
        let token = ask(services, self.context)?;
        let signer = KeylessSigner::new(services.clone(), &token).map_err(failure)?;
        if identities(&signer, self.named.as_deref())?.contains(&self.identity) {
            return Ok(signer);
        }
        let message = format!("you said that you are somebody else than {}", self.identity);
        Err(Failure::new(Code::NO_KEY, message))
    }
}

impl Sealer for Keyless<'_> {
    fn name(&self) -> String {
        self.identity.to_string()
    }

    fn source(&self) -> &'static str {
        match self.source {
            Source::Option => "--identity-token",
            Source::Job => "the CI job's identity token",
            Source::Person => "the OpenID provider",
        }
    }

    fn enrolment(&self) -> &'static str {
        "sigstore = { identity, issuer } in roster.toml"
    }

    fn could_prove(&self) -> Proofs {
        Proofs {
            timestamp: true,
            ..Proofs::default()
        }
    }

    fn warn(&self, output: &mut Output) -> Result<(), Failure> {
        let log = escape(self.signer.services().rekor(), 200);
        let identity = &self.identity;
        let fulcio = self.signer.services().fulcio();
        let public = KeylessServices::public_good().map_err(failure)?;
        let token = match fulcio == public.fulcio() {
            true => String::new(),
            false => format!("; the identity token goes to {}", escape(fulcio, 200)),
        };
        let text = format!("the log {log} will name {identity} to everybody, for good{token}");
        output.row("Keyless", &text)?;
        output.flush()
    }

    fn seal(&self, payload: &[u8], change: &ChangeDigest) -> Result<Sealed, Failure> {
        if payload.len().div_ceil(3) * 4 + EVIDENCE > limits::BUNDLE_BYTES {
            let message = "the statement is too large to be signed without a key";
            return Err(Failure::new(Code::LIMIT, message));
        }
        let root = self.context.trusted_root()?;
        tell_network(self.signer.services());
        let sign = |signer: &KeylessSigner| signer.sign(payload, change.as_bytes(), root);
        let signed = match sign(&self.signer) {
            Err(KeylessError::TokenExpired) if self.source == Source::Person => {
                sign(&self.again()?)
            }
            signed => signed,
        };
        let signed = signed.map_err(failure)?;
        if *signed.identity() != self.identity {
            let (found, wanted) = (signed.identity(), &self.identity);
            let message = format!("the certificate is for {found}, not for {wanted}");
            return Err(Failure::new(Code::NO_KEY, message)
                .row("kept", "nothing here; the log has the entry"));
        }
        let bundle = Bundle::parse(signed.bundle())
            .map_err(|error| Failure::new(Code::LIMIT, error.to_string()))?;
        Ok(Sealed {
            bundle,
            by: self.name(),
            proof: Proof {
                timestamp: true,
                ..Proof::default()
            },
        })
    }
}

/// Says on stderr who is asked over the network, and what is public.
fn tell_network(services: &KeylessServices) {
    let (fulcio, rekor) = (
        escape(services.fulcio(), 200),
        escape(services.rekor(), 200),
    );
    let time = services
        .timestamps()
        .map(|address| format!(", {} (time)", escape(address, 200)))
        .unwrap_or_default();
    eprintln!("Signing with {fulcio} (certificate), {rekor} (log, public for good){time}");
}

/// What to do where there is no keyless signature.
fn failure(error: KeylessError) -> Failure {
    let message = error.to_string();
    match error {
        KeylessError::Address { .. } => Failure::usage(message),
        KeylessError::NoToken { .. } => Failure::new(Code::NO_KEY, message)
            .next("--identity-token FILE|-; a job of GitHub needs permissions: id-token: write"),
        KeylessError::Unverified(_) | KeylessError::NoIdentity => {
            let failure = Failure::new(Code::NO_KEY, message);
            failure.row("kept", "nothing here; the log has the entry")
        }
        _ => Failure::new(Code::NO_KEY, message),
    }
}
