//! Judges signatures that others made, for `scripts/suites`: a JSON object a line on standard input, a word a line out.
//!
//! `{"key": OpenSSH line or PEM, "message": base64, "signature": base64}`: a statement's signature. `{"sshsig": armoured,
//! "namespace": text, "message": base64}`: an SSH signature by the key that it names. Out: `accepted`, with what it proves
//! behind it, `refused`, or `key` where the key isn't taken.

use std::error::Error;
use std::io::{BufRead, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign::keys::{Proof, PublicKey, SshSignature, dearmor};
use serde_json::Value;

fn main() -> Result<(), Box<dyn Error>> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for line in std::io::stdin().lock().lines() {
        let case: Value = serde_json::from_str(&line?)?;
        let text = |name: &str| case.get(name).and_then(Value::as_str);
        let message = STANDARD.decode(text("message").ok_or("no message")?)?;
        let judged = match text("sshsig") {
            Some(armour) => ssh(armour, text("namespace").ok_or("no namespace")?, &message),
            None => {
                let signature = STANDARD.decode(text("signature").ok_or("no signature")?)?;
                statement(text("key").ok_or("no key")?, &message, &signature)
            }
        };
        writeln!(out, "{judged}")?;
    }
    Ok(())
}

fn statement(key: &str, message: &[u8], signature: &[u8]) -> String {
    let key = match key.starts_with("-----") {
        true => PublicKey::from_pem(key),
        false => PublicKey::from_openssh(key),
    };
    match key.map(|key| key.verify(message, signature)) {
        Err(_) => "key".to_owned(),
        Ok(Err(_)) => "refused".to_owned(),
        Ok(Ok(proof)) => accepted(proof),
    }
}

fn ssh(armour: &str, namespace: &str, message: &[u8]) -> String {
    let Some(bytes) = dearmor(armour.as_bytes()) else {
        return "refused".to_owned();
    };
    let Ok(signature) = SshSignature::parse(&bytes) else {
        return "refused".to_owned();
    };
    let Ok(key) = PublicKey::from_blob(signature.claimed_key()) else {
        return "key".to_owned();
    };
    match signature.verify(&key, namespace, message) {
        Err(_) => "refused".to_owned(),
        Ok(proof) => accepted(proof),
    }
}

fn accepted(proof: Proof) -> String {
    [&["accepted"], proof.words().as_slice()]
        .concat()
        .join(", ")
}
