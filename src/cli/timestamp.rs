//! `--timestamp-url`: an authority says when a key signed, over the network.

use clap::Args;
use countersign::attestation::Bundle;
use countersign::codes::Code;
use countersign::git::UserConfig;
use countersign::keys::TrustedRoot;
use countersign::text::escape;

use super::Failure;
use super::context::Context;

/// Whom to ask for a timestamp.
#[derive(Debug, Clone, Default, Args)]
pub struct TimestampArgs {
    /// Have this timestamp authority (RFC 3161) say when you signed (default: countersign.timestampUrl in your git configuration, else none; the public good instance's with its log)
    #[arg(long, value_name = "URL")]
    pub timestamp_url: Option<String>,
}

#[cfg(feature = "keyless")]
type Service = countersign::keys::TimestampService;
/// A program without the feature has none.
#[cfg(not(feature = "keyless"))]
type Service = std::convert::Infallible;

/// Stamps signatures, where an authority is named.
pub struct Stamper<'a> {
    context: &'a Context,
    service: Option<Service>,
}

impl<'a> Stamper<'a> {
    /// Finds the authority; nothing is asked yet.
    pub fn find(
        args: &TimestampArgs,
        config: &UserConfig,
        context: &'a Context,
    ) -> Result<Self, Failure> {
        let none = Self {
            context,
            service: None,
        };
        let address = match &args.timestamp_url {
            Some(_) if context.offline => {
                let message = "--timestamp-url asks over the network, which --offline forbids";
                return Err(Failure::usage(message));
            }
            Some(address) => address.clone(),
            None if context.offline => return Ok(none),
            None => config
                .user_string("countersign.timestampUrl")
                .unwrap_or_default(),
        };
        if address.is_empty() {
            return Ok(none);
        }
        // What can't be verified afterwards isn't asked for.
        context.trusted_root()?;
        Ok(Self {
            context,
            service: Some(service(&address)?),
        })
    }

    /// Whether signatures get a timestamp.
    pub fn is_some(&self) -> bool {
        self.service.is_some()
    }

    /// The bundle with a timestamp over its signature; one with a certificate has evidence of its own.
    pub fn stamp(&self, bundle: Bundle) -> Result<Bundle, Failure> {
        let Some(service) = self.service.as_ref().filter(|_| !bundle.is_keyless()) else {
            return Ok(bundle);
        };
        let token = ask(service, bundle.signature(), self.context.trusted_root()?)?;
        let stamped = bundle.with_timestamp(&token);
        stamped.map_err(|error| Failure::new(Code::LIMIT, error.to_string()))
    }
}

#[cfg(feature = "keyless")]
fn service(address: &str) -> Result<Service, Failure> {
    Service::new(address).map_err(|error| Failure::usage(format!("--timestamp-url: {error}")))
}

#[cfg(not(feature = "keyless"))]
fn service(address: &str) -> Result<Service, Failure> {
    let address = escape(address, 200);
    let message =
        format!("this program was built without timestamps, and {address} is to give one");
    let failure = Failure::new(Code::UNSUPPORTED, message);
    Err(failure.next("cargo install --locked --path . --features keyless"))
}

#[cfg(feature = "keyless")]
fn ask(service: &Service, signature: &[u8], root: &TrustedRoot) -> Result<Vec<u8>, Failure> {
    eprintln!("Asking {} for a timestamp", escape(service.address(), 200));
    let stamped = service.stamp(signature, root).map_err(|error| {
        let failure = Failure::new(Code::NO_PRESENCE, error.to_string());
        failure.row("kept", "nothing: the signature has no timestamp")
    });
    stamped.map(|(token, _)| token)
}

#[cfg(not(feature = "keyless"))]
fn ask(service: &Service, _: &[u8], _: &TrustedRoot) -> Result<Vec<u8>, Failure> {
    match *service {}
}
