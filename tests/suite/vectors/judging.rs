//! The operations that judge: keys, signatures, trust versions.

use std::collections::BTreeMap;

use countersign::keys::PublicKey;
use countersign::roster::Roster;
use countersign::trust::{Chain, TrustError};
use countersign::verify::{Content, Expected, VerifiedStatement, verify};
use serde_json::{Value, json};

use super::{Answer, Input, Outcome};

pub fn operate(operation: &str, input: Input<'_>) -> Option<Outcome> {
    Some(match operation {
        "key.read" => Outcome::of(
            PublicKey::from_openssh(&input.text()),
            None,
            |key| json!({ "fingerprint": key.fingerprint() }),
        ),
        "signature.verify" => signature(input.only(&["key", "message", "signature"])),
        "trust.chain" => chain(input.only(&["root", "versions"])),
        "statement.verify" => statement(input),
        _ => return None,
    })
}

fn signature(input: Input<'_>) -> Outcome {
    let key = PublicKey::from_openssh(input.field("key").str()).unwrap();
    let signature = input.field("signature").bytes();
    match key.verify(&input.field("message").bytes(), &signature) {
        Ok(_) => Outcome {
            out: None,
            ..Outcome::ok(Value::Null)
        },
        Err(_) => Outcome::refused(None),
    }
}

fn chain(input: Input<'_>) -> Outcome {
    let versions = input.field("versions").fields();
    let files: BTreeMap<u64, Vec<u8>> = versions
        .map(|(number, file)| (number.parse().unwrap(), file.bytes()))
        .collect();
    let root = input.field("root").str().parse().unwrap();
    let refused = |code, stands: u64| Outcome {
        out: Some(json!({ "stands": stands })),
        ..Outcome::refused(code)
    };
    match Chain::verify(&files, &root) {
        Ok((chain, None)) => {
            let last = chain.last().unwrap();
            Outcome::ok(json!({ "stands": chain.newest(), "signedBy": last.signed_by() }))
        }
        // What ended the chain has a code only where a change brings the version: SPEC 5.6.
        Ok((chain, Some(_))) => refused(None, chain.newest()),
        Err(TrustError::RootDiffers { .. }) => refused(Some("CS408"), 0),
        Err(TrustError::NoVersions) => refused(Some("CS406"), 0),
        Err(_) => refused(Some("CS407"), 0),
    }
}

fn statement(input: Input<'_>) -> Outcome {
    let input = input.only(&["bundle", "roster", "change", "repositories", "now"]);
    let roster = Roster::parse(&input.field("roster").text(), "roster.toml").unwrap();
    let repositories = input.field("repositories").list();
    let repositories: Vec<_> = repositories.map(|name| name.str().to_owned()).collect();
    let expected = Expected {
        sigstore: None,
        timestamps: false,
        change: Some(input.field("change").str().parse().unwrap()),
        repositories: &repositories,
        now: input.field("now").str().parse().unwrap(),
    };
    match verify(&input.field("bundle").bytes(), &roster, &expected) {
        Ok(statement) => Outcome::ok(json!({
            "kind": kind(&statement),
            "signer": statement.signer(),
            "payload": statement.payload(),
            "bundle": statement.bundle(),
        })),
        Err(rejected) => Outcome {
            result: Answer::Refused,
            ..Outcome::refused(Some(&rejected.code.to_string()))
        },
    }
}

fn kind(statement: &VerifiedStatement) -> &'static str {
    match statement.content() {
        Content::Declaration(_) => "declaration",
        Content::SignOff(_) if statement.rejection().is_some() => "rejection",
        Content::SignOff(_) if statement.emergency().is_some() => "emergency",
        Content::SignOff(_) => "sign-off",
    }
}
