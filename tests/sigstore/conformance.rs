//! The bundles of sigstore-conformance, `test/assets/bundle-verify`: a folder each, whose name ends in
//! `_fail` where it must be refused. `scripts/conformance-sigstore FOLDER` runs it.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign::keys::{SigstoreIdentity, TrustedRoot, verify_keyless};
use serde_json::Value;
use sigstore_verify::trust_root::SIGSTORE_PRODUCTION_TRUSTED_ROOT;
use sigstore_verify::types::{Bundle, DerPublicKey, Sha256Hash};
use sigstore_verify::{
    IdentityMatcher, Policy, PublicKeyVerificationPolicy, VerificationPolicy, Verifier,
};

const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
const IDENTITY: &str = "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main";
const ISSUER: &str = "https://token.actions.githubusercontent.com";

/// One folder of the suite.
struct Case {
    name: String,
    folder: PathBuf,
    bundle: Vec<u8>,
    artifact: Vec<u8>,
}

impl Case {
    fn read(folder: PathBuf) -> Self {
        let artifact = Some(folder.join("artifact")).filter(|path| path.exists());
        let artifact = artifact.unwrap_or_else(|| folder.with_file_name("a.txt"));
        Self {
            name: folder.file_name().unwrap().to_str().unwrap().to_owned(),
            bundle: std::fs::read(folder.join("bundle.sigstore.json")).unwrap(),
            artifact: std::fs::read(artifact).unwrap(),
            folder,
        }
    }

    fn must_fail(&self) -> bool {
        self.name.ends_with("_fail")
    }

    fn text(&self, name: &str, default: &str) -> String {
        let found = std::fs::read_to_string(self.folder.join(name)).ok();
        found.map_or(default.to_owned(), |text| text.trim_end().to_owned())
    }

    fn root(&self) -> String {
        self.text("trusted_root.json", SIGSTORE_PRODUCTION_TRUSTED_ROOT)
    }

    /// The payload of an envelope in a bundle of the version that countersign reads.
    fn payload(&self) -> Option<Vec<u8>> {
        let bundle: Value = serde_json::from_slice(&self.bundle).ok()?;
        let payload = bundle["dsseEnvelope"]["payload"].as_str()?;
        (bundle["mediaType"] == MEDIA_TYPE).then(|| STANDARD.decode(payload).unwrap())
    }

    fn subject(&self) -> [u8; 32] {
        *sigstore_verify::crypto::sha256(&self.artifact).as_bytes()
    }

    /// Our own word on it.
    fn ours(&self, payload: &[u8]) -> Result<(), String> {
        let root = TrustedRoot::parse(self.root().as_bytes()).map_err(|error| error.to_string())?;
        let (identity, issuer) = (self.text("identity", IDENTITY), self.text("issuer", ISSUER));
        let identity = SigstoreIdentity::new(&identity, &issuer).unwrap();
        verify_keyless(&self.bundle, payload, &self.subject(), &root, &identity)
            .map(drop)
            .map_err(|error| error.to_string())
    }

    /// The library's word on it, for what is not a statement.
    fn library(&self) -> Result<(), String> {
        let told = |error: sigstore_verify::Error| error.to_string();
        let root = sigstore_verify::trust_root::TrustedRoot::from_json(&self.root());
        let verifier = Verifier::new(&root.map_err(|error| error.to_string())?).map_err(told)?;
        let text = String::from_utf8(self.bundle.clone()).unwrap();
        let bundle = Bundle::from_json(&text).map_err(|error| error.to_string())?;
        let policy: Box<dyn Policy> = match self.text("key.pub", "").as_str() {
            "" => {
                let identity = IdentityMatcher::Uri(self.text("identity", IDENTITY));
                Box::new(VerificationPolicy::new(
                    identity,
                    self.text("issuer", ISSUER),
                ))
            }
            key => Box::new(PublicKeyVerificationPolicy::new(
                DerPublicKey::from_pem(key).map_err(|error| error.to_string())?,
            )),
        };
        let whole = verifier.verify(self.artifact.as_slice(), &bundle, policy.as_ref());
        let digest = Sha256Hash::new(self.subject());
        let short = verifier.verify(digest, &bundle, policy.as_ref());
        assert_eq!(whole.is_ok(), short.is_ok(), "{}", self.name);
        whole.map(drop).map_err(told)
    }
}

#[test]
#[ignore = "needs the suite's folder: scripts/conformance-sigstore FOLDER"]
fn every_bundle_of_the_suite_is_judged_as_its_name_says() {
    let folder = std::env::var("SIGSTORE_CONFORMANCE").expect("the folder in SIGSTORE_CONFORMANCE");
    let mut folders: Vec<_> = Path::new(&folder)
        .read_dir()
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    let (mut right, mut ours, mut must_fail) = (0, 0, 0);
    for folder in &folders {
        let case = Case::read(folder.clone());
        let payload = case.payload();
        let outcome = match &payload {
            Some(payload) => case.ours(payload),
            None => {
                // What is no statement in a bundle v0.3 is never one to us.
                assert!(case.ours(b"").is_err(), "{}", case.name);
                case.library()
            }
        };
        ours += usize::from(payload.is_some());
        must_fail += usize::from(case.must_fail());
        let fits = outcome.is_err() == case.must_fail();
        right += usize::from(fits);
        let mark = if fits { "right" } else { "WRONG" };
        let by = if payload.is_some() { "ours" } else { "library" };
        let word = outcome.map_or_else(|why| why, |()| "accepted".to_owned());
        println!("{mark} ({by}) {}: {word}", case.name);
    }
    println!(
        "{right} of {} right ({must_fail} must be refused), {ours} of them statements judged by our own function",
        folders.len()
    );
    assert_eq!(
        (folders.len(), must_fail, ours),
        (70, 49, 8),
        "another state of the suite"
    );
    assert_eq!(right, folders.len());
}
