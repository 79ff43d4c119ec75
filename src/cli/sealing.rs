//! What statements are signed with: a key that was found, or an identity of Sigstore.

use countersign::attestation::Bundle;
use countersign::change::ChangeDigest;
use countersign::git::UserConfig;
use countersign::keys::{Proof, Signer as _};
use countersign::policy::Proofs;

use super::args::KeyArgs;
use super::key::{self, Found};
use super::keyless_args::KeylessArgs;
use super::session::Session;
use super::timestamp::{Stamper, TimestampArgs};
use super::{Failure, Output, statement};

/// Signs statements. Who that is, the roster says.
pub trait Sealer {
    /// By which the roster knows it: a fingerprint, or `IDENTITY at ISSUER`.
    fn name(&self) -> String;

    /// Where it was found, in words.
    fn source(&self) -> &'static str;

    /// How the roster gets to know it.
    fn enrolment(&self) -> &'static str;

    /// What its signatures prove, as far as it is known before one is made.
    fn could_prove(&self) -> Proofs;

    /// Shows what a signature gives away, before there is one.
    fn warn(&self, _: &mut Output) -> Result<(), Failure> {
        Ok(())
    }

    /// Signs the payload of a statement about a change.
    fn seal(&self, payload: &[u8], change: &ChangeDigest) -> Result<Sealed, Failure>;
}

/// A signed statement.
pub struct Sealed {
    pub bundle: Bundle,
    /// The name of what signed.
    pub by: String,
    pub proof: Proof,
}

impl Sealer for Found {
    fn name(&self) -> String {
        self.fingerprint()
    }

    fn source(&self) -> &'static str {
        self.source
    }

    fn enrolment(&self) -> &'static str {
        "countersign roster add"
    }

    fn could_prove(&self) -> Proofs {
        Found::could_prove(self)
    }

    fn seal(&self, payload: &[u8], _: &ChangeDigest) -> Result<Sealed, Failure> {
        let bundle = statement::seal(payload, self)?;
        let proof = self.public_key().verify(&bundle.pae(), bundle.signature());
        Ok(Sealed {
            bundle,
            by: self.fingerprint(),
            proof: proof.unwrap_or_default(),
        })
    }
}

/// A key, with whom to ask when it signed.
struct Stamped<'a> {
    key: Found,
    stamper: Stamper<'a>,
}

impl Sealer for Stamped<'_> {
    fn name(&self) -> String {
        self.key.name()
    }

    fn source(&self) -> &'static str {
        self.key.source
    }

    fn enrolment(&self) -> &'static str {
        self.key.enrolment()
    }

    fn could_prove(&self) -> Proofs {
        Proofs {
            timestamp: self.stamper.is_some(),
            ..self.key.could_prove()
        }
    }

    fn seal(&self, payload: &[u8], change: &ChangeDigest) -> Result<Sealed, Failure> {
        let Sealed { bundle, by, proof } = self.key.seal(payload, change)?;
        Ok(Sealed {
            bundle: self.stamper.stamp(bundle)?,
            by,
            proof: Proof {
                timestamp: self.stamper.is_some(),
                ..proof
            },
        })
    }
}

/// What the command line says of signing.
pub struct Asked<'a> {
    pub key: &'a KeyArgs,
    pub keyless: &'a KeylessArgs,
    /// Where nothing is said, keys sign without.
    pub timestamps: Option<&'a TimestampArgs>,
}

/// Finds what to sign with: the key, or what `--keyless` asks for.
pub fn find<'a>(
    asked: &Asked<'_>,
    config: &UserConfig,
    session: &'a Session,
) -> Result<Box<dyn Sealer + 'a>, Failure> {
    let (context, roster) = (&session.context, &session.judging.roster);
    if asked.keyless.keyless {
        return without_key(asked, config, session);
    }
    let key = key::find(asked.key, config, &context.environment, Some(roster))?;
    Ok(match asked.timestamps {
        Some(args) => Box::new(Stamped {
            key,
            stamper: Stamper::find(args, config, context)?,
        }),
        None => Box::new(key),
    })
}

#[cfg(feature = "keyless")]
fn without_key<'a>(
    asked: &Asked<'_>,
    config: &UserConfig,
    session: &'a Session,
) -> Result<Box<dyn Sealer + 'a>, Failure> {
    Ok(Box::new(super::keyless::find(asked, config, session)?))
}

#[cfg(not(feature = "keyless"))]
fn without_key<'a>(
    _: &Asked<'_>,
    _: &UserConfig,
    _: &'a Session,
) -> Result<Box<dyn Sealer + 'a>, Failure> {
    let message = "this program was built without the feature \"keyless\"";
    let failure = Failure::new(countersign::codes::Code::UNSUPPORTED, message);
    Err(failure.next("cargo install --locked --path . --features keyless"))
}
