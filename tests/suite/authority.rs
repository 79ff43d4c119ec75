//! A timestamp authority (RFC 3161): its certificate, what a trusted root has of it, and its answers.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign::keys::TrustedRoot;
use jiff::Timestamp;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{DerSignature, SigningKey};
use p256::pkcs8::EncodePublicKey as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const OCTETS: u8 = 0x04;
const INTEGER: u8 = 0x02;

// The contents of the object identifiers that stand in a token.
const SHA256: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 3, 4, 2, 1];
const ECDSA_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
const COMMON_NAME: &[u8] = &[0x55, 4, 3];
const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x25];
const TIME_STAMPING: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 8];
const SIGNED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2];
const CONTENT_TYPE: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 3];
const MESSAGE_DIGEST: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 4];
const TST_INFO: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 0x10, 1, 4];
const POLICY: &[u8] = &[0x2b, 6, 1, 4, 1, 1];

/// An authority with a key of its own.
pub struct Authority {
    key: SigningKey,
    name: Vec<u8>,
    certificate: Vec<u8>,
}

impl Authority {
    /// The one of this number: always the same key.
    pub fn new(number: u8) -> Self {
        let key = SigningKey::from_slice(&[number; 32]).unwrap();
        let common_name = [object(COMMON_NAME), der(0x0c, format!("tsa {number}"))].concat();
        let name = der(SEQUENCE, der(SET, der(SEQUENCE, common_name)));
        let signed_with = der(SEQUENCE, object(ECDSA_SHA256));
        let years = [der(0x17, "200101000000Z"), der(0x17, "491231235959Z")].concat();
        let usage = der(OCTETS, der(SEQUENCE, object(TIME_STAMPING)));
        let usage = [object(EXTENDED_KEY_USAGE), der(0x01, [0xff]), usage].concat();
        let public = key.verifying_key().to_public_key_der().unwrap();
        let certified = der(
            SEQUENCE,
            [
                der(0xa0, der(INTEGER, [2])),
                der(INTEGER, [number]),
                signed_with.clone(),
                name.clone(),
                der(SEQUENCE, years),
                name.clone(),
                public.as_bytes().to_vec(),
                der(0xa3, der(SEQUENCE, der(SEQUENCE, usage))),
            ]
            .concat(),
        );
        let signature: DerSignature = key.sign(&certified);
        let signature = der(0x03, [&[0], signature.as_bytes()].concat());
        Self {
            certificate: der(SEQUENCE, [certified, signed_with, signature].concat()),
            key,
            name,
        }
    }

    /// What a trusted root has of it.
    pub fn entry(&self, valid_for: Value) -> Value {
        json!({
            "subject": {"organization": "Example", "commonName": "tsa"},
            "uri": "https://tsa.example",
            "certChain": {"certificates": [{"rawBytes": STANDARD.encode(&self.certificate)}]},
            "validFor": valid_for,
        })
    }

    /// A trusted root with nothing but this authority.
    pub fn root(&self) -> Value {
        roots(&[self.entry(json!({"start": "2020-01-01T00:00:00Z"}))])
    }

    /// Its answer for a signature.
    pub fn stamp(&self, signature: &[u8], at: Timestamp) -> Vec<u8> {
        let hashed_with = der(SEQUENCE, object(SHA256));
        let imprint = [hashed_with.clone(), der(OCTETS, Sha256::digest(signature))];
        let info = [
            der(INTEGER, [1]),
            object(POLICY),
            der(SEQUENCE, imprint.concat()),
            der(INTEGER, [7]),
            der(0x18, at.strftime("%Y%m%d%H%M%SZ").to_string()),
        ];
        let info = der(SEQUENCE, info.concat());
        let attribute = |name, value| der(SEQUENCE, [object(name), der(SET, value)].concat());
        let attributes = [
            attribute(CONTENT_TYPE, object(TST_INFO)),
            attribute(MESSAGE_DIGEST, der(OCTETS, Sha256::digest(&info))),
        ]
        .concat();
        let signature: DerSignature = self.key.sign(&der(SET, attributes.clone()));
        let number = self.key.to_bytes()[0];
        let signer = [
            der(INTEGER, [1]),
            der(
                SEQUENCE,
                [self.name.clone(), der(INTEGER, [number])].concat(),
            ),
            hashed_with.clone(),
            der(0xa0, attributes),
            der(SEQUENCE, object(ECDSA_SHA256)),
            der(OCTETS, signature.as_bytes()),
        ];
        let content = [object(TST_INFO), der(0xa0, der(OCTETS, info))].concat();
        let signed = [
            der(INTEGER, [3]),
            der(SET, hashed_with),
            der(SEQUENCE, content),
            der(SET, der(SEQUENCE, signer.concat())),
        ];
        let signed = der(0xa0, der(SEQUENCE, signed.concat()));
        let token = der(SEQUENCE, [object(SIGNED_DATA), signed].concat());
        let granted = der(SEQUENCE, der(INTEGER, [0]));
        der(SEQUENCE, [granted, token].concat())
    }
}

/// A trusted root of timestamp authorities alone.
pub fn roots(authorities: &[Value]) -> Value {
    json!({
        "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
        "timestampAuthorities": authorities,
    })
}

pub fn parsed(root: &Value) -> TrustedRoot {
    TrustedRoot::parse(root.to_string().as_bytes()).unwrap()
}

fn object(identifier: &[u8]) -> Vec<u8> {
    der(0x06, identifier)
}

/// A value of DER, of at most 65,535 bytes.
fn der(tag: u8, content: impl AsRef<[u8]>) -> Vec<u8> {
    let content = content.as_ref();
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    let head: &[u8] = match content.len() {
        0..0x80 => &[tag, length[1]],
        0x80..0x100 => &[tag, 0x81, length[1]],
        _ => &[tag, 0x82, length[0], length[1]],
    };
    [head, content].concat()
}
