//! The operations over bytes: changes, JSON, base64, bundles, statements.

use countersign::attestation::json::{self as strict, Limits};
use countersign::attestation::limits::BUNDLE_BYTES;
use countersign::attestation::{
    AnyStatement, AttestationError, Bundle, Envelope, PAYLOAD_TYPE, Statement, TrustMetadata, pae,
};
use countersign::change::{ChangeManifest, RepoPath, merge_lines};
use serde_json::{Value, json};

use super::{Input, Outcome, shown};

/// A statement that can't be read.
const MALFORMED: Option<&str> = Some("CS212");

pub fn operate(operation: &str, input: Input<'_>) -> Option<Outcome> {
    Some(match operation {
        "manifest.read" => Outcome::of(
            manifest(input),
            None,
            |manifest| json!({ "digest": manifest.digest(), "entries": manifest.len() }),
        ),
        "manifest.compose" => compose(input),
        "manifest.invert" => {
            let inverse = manifest(input.only(&["manifest"]).field("manifest"))
                .unwrap()
                .invert();
            Outcome::ok(json!({ "manifest": inverse.to_string() }))
        }
        "text.merge" => {
            let input = input.only(&["old", "new", "cur"]);
            let [old, new, cur] = ["old", "new", "cur"].map(|name| input.field(name).bytes());
            let merged = merge_lines(&old, &new, &cur).map(|merged| shown(&merged));
            Outcome::ok(json!({ "merged": merged }))
        }
        "path.read" => Outcome::of(
            RepoPath::decode(&input.text()),
            None,
            |path| json!({ "path": shown(path.as_bytes()) }),
        ),
        "path.write" => Outcome::of(
            RepoPath::new(input.bytes()),
            None,
            |path| json!({ "encoded": path.to_string() }),
        ),
        "json.read" => match strict::parse(&input.bytes(), Limits::bytes(BUNDLE_BYTES)) {
            Ok(_) => Outcome {
                out: None,
                ..Outcome::ok(Value::Null)
            },
            Err(_) => Outcome::refused(None),
        },
        "base64.read" => Outcome::of(
            base64(&input.text()),
            None,
            |bytes| json!({ "bytes": shown(&bytes) }),
        ),
        "pae" => {
            let input = input.only(&["type", "payload"]);
            let bytes = pae(input.field("type").str(), &input.field("payload").bytes());
            Outcome::ok(json!({ "pae": shown(&bytes) }))
        }
        _ => return signed(operation, input),
    })
}

/// Bundles, envelopes and payloads.
fn signed(operation: &str, input: Input<'_>) -> Option<Outcome> {
    Some(match operation {
        "bundle.read" => Outcome::of(Bundle::parse(&input.bytes()), MALFORMED, |bundle| {
            json!({
                "name": bundle.name(),
                "payload": shown(bundle.payload()),
                "hint": bundle.hint(),
                "keyid": bundle.keyid(),
                "signature": shown(bundle.signature()),
            })
        }),
        "envelope.read" => Outcome::of(Envelope::parse(&input.bytes()), None, |envelope| {
            json!({
                "payload": shown(envelope.payload()),
                "signatures": envelope.signatures().len(),
            })
        }),
        "statement.read" => statement(&input.bytes()),
        "trust.read" => {
            let read = Statement::<TrustMetadata>::parse(&input.bytes());
            Outcome::of(
                read,
                None,
                |statement| json!({ "kind": "trust", "subject": statement.subject.roster }),
            )
        }
        _ => return None,
    })
}

/// A manifest; wrong UTF-8 is none.
fn manifest(input: Input<'_>) -> Result<ChangeManifest, ()> {
    let text = String::from_utf8(input.bytes()).map_err(|_| ())?;
    let manifest: ChangeManifest = text.parse().map_err(|_| ())?;
    assert_eq!(
        manifest.to_string(),
        text,
        "what is read is written the same"
    );
    Ok(manifest)
}

fn compose(input: Input<'_>) -> Outcome {
    let input = input.only(&["first", "second"]);
    let [first, second] = ["first", "second"].map(|name| manifest(input.field(name)).unwrap());
    Outcome::of(
        first.compose(&second),
        None,
        |composed| json!({ "manifest": composed.to_string() }),
    )
}

/// Base64 is read inside of envelopes alone.
fn base64(text: &str) -> Result<Vec<u8>, AttestationError> {
    let envelope = json!({
        "payload": text,
        "payloadType": PAYLOAD_TYPE,
        "signatures": [{ "sig": "AA==" }],
    });
    Envelope::parse(envelope.to_string().as_bytes()).map(|envelope| envelope.payload().to_vec())
}

/// Reads a payload as a declaration or a sign-off, whichever it says that it is.
fn statement(payload: &[u8]) -> Outcome {
    match AnyStatement::parse(payload) {
        Ok(statement) => Outcome::ok(json!({
            "kind": match &statement {
                AnyStatement::SignOff(_) => "sign-off",
                AnyStatement::Declaration(_) => "declaration",
            },
            "subject": statement.change_digest(),
        })),
        Err(_) => Outcome::refused(MALFORMED),
    }
}
