//! Keys of people, bots and gates.

use crate::keys::{KeyError, PublicKey, SigstoreIdentity};
use crate::text::toml::{Fields, Placed};

use super::{Credential, Revocation, RevocationReason};

/// The keys of an `[[engineer.key]]`.
pub(super) const ENGINEER_KEY_KEYS: [&str; 4] = ["ssh", "pem", "sigstore", "revoked"];

/// The keys of the `key` of a bot or a gate.
pub(super) const OTHER_KEY_KEYS: [&str; 3] = ["ssh", "pem", "sigstore"];

/// The keys of `sigstore = {..}`.
pub(super) const SIGSTORE_KEYS: [&str; 2] = ["identity", "issuer"];

/// The keys of `revoked = {..}`.
pub(super) const REVOKED_KEYS: [&str; 2] = ["on", "reason"];

/// A key as the file has it.
pub(super) struct ReadKey {
    /// What makes it the same key as another, and where it stands.
    pub identity: Placed<String>,
    /// The key, or the identity.
    pub credential: Credential,
}

/// Reads `ssh`, `pem` or `sigstore`, whichever stands in the table.
pub(super) fn read_key(fields: &Fields<'_>) -> Option<ReadKey> {
    let forms: Vec<_> = OTHER_KEY_KEYS
        .into_iter()
        .filter(|form| fields.has(form))
        .collect();
    match forms.as_slice() {
        [form] => match *form {
            "ssh" => read_ssh(fields),
            "pem" => read_pem(fields),
            _ => read_sigstore(fields),
        },
        [] => {
            let message = format!("{} has none of ssh, pem, sigstore", fields.name);
            fields.reader.error(fields.at, message);
            None
        }
        [first, second, ..] => {
            let at = fields.key_at(second).unwrap_or(fields.at);
            let message = format!("a key is either \"{first}\" or \"{second}\"");
            fields.reader.error(at, message);
            None
        }
    }
}

fn read_ssh(fields: &Fields<'_>) -> Option<ReadKey> {
    let line = fields.string("ssh")?;
    found(fields, line, PublicKey::from_openssh(line.value))
}

fn read_pem(fields: &Fields<'_>) -> Option<ReadKey> {
    let pem = fields.string("pem")?;
    found(fields, pem, PublicKey::from_pem(pem.value.trim()))
}

/// One key has one identity, in whichever form it stands.
fn found(
    fields: &Fields<'_>,
    text: Placed<&str>,
    key: Result<PublicKey, KeyError>,
) -> Option<ReadKey> {
    match key {
        Ok(key) => Some(ReadKey {
            identity: text.map(|_| key.fingerprint()),
            credential: Credential::Key(key),
        }),
        Err(error) => {
            fields.reader.error(text.at, error.to_string());
            None
        }
    }
}

fn read_sigstore(fields: &Fields<'_>) -> Option<ReadKey> {
    let sigstore = fields.table("sigstore", "sigstore")?;
    sigstore.allow(&SIGSTORE_KEYS);
    sigstore.demand(&SIGSTORE_KEYS);
    let identity = sigstore.label("identity")?;
    let issuer = sigstore.label("issuer")?;
    // Exact identities only: no wildcard principals (attack 28).
    if identity.value.contains('*') {
        let message = "\"identity\" is exact: it can't hold \"*\"";
        sigstore.reader.error(identity.at, message);
        return None;
    }
    if !issuer.value.starts_with("https://") {
        let message = "\"issuer\" must be an https:// address";
        sigstore.reader.error(issuer.at, message);
        return None;
    }
    // What stands before an @ is read as the host, and is none.
    let authority = issuer.value.split('/').nth(2).unwrap_or_default();
    if authority.contains('@') {
        let message = "\"issuer\" has a name before its host";
        sigstore.reader.error(issuer.at, message);
        return None;
    }
    match SigstoreIdentity::new(identity.value, issuer.value) {
        Ok(keyless) => Some(ReadKey {
            identity: identity.map(|_| keyless.to_string()),
            credential: Credential::Keyless(keyless),
        }),
        Err(error) => {
            sigstore.reader.error(identity.at, error.to_string());
            None
        }
    }
}

/// Reads `revoked = {..}`; `None` where it is missing or wrong.
pub(super) fn read_revocation(fields: &Fields<'_>) -> Option<Revocation> {
    let revoked = fields.table("revoked", "revoked")?;
    revoked.allow(&REVOKED_KEYS);
    revoked.demand(&REVOKED_KEYS);
    let reasons = [
        ("retired", RevocationReason::Retired),
        ("compromised", RevocationReason::Compromised),
    ];
    let reason = revoked.choice("reason", &reasons);
    let on = revoked.date("on");
    Some(Revocation {
        on: on?.value,
        reason: reason?.value,
    })
}
