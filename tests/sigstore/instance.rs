//! A private instance of Sigstore: Fulcio, Rekor, a timestamp authority and an OpenID provider in a server of node.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign::keys::{KeylessServices, KeylessSigner, TrustedRoot};
use serde_json::{Value, json};
use sigstore_sign::oidc::IdentityToken;
use sigstore_sign::{SigningContext, SigningServices};

/// Who vouches for the tokens that name nobody else.
pub const ISSUER: &str = "https://accounts.example.com";

/// A running instance; it ends with this value.
pub struct Instance {
    server: Child,
    pub address: String,
    folder: tempfile::TempDir,
    pub root: TrustedRoot,
}

impl Instance {
    pub fn start() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sigstore");
        assert!(
            folder.join("node_modules/@sigstore/mock").is_dir(),
            "missing: the packages of tests/sigstore; install them with: npm ci --prefix tests/sigstore"
        );
        let made = tempfile::tempdir().unwrap();
        let root = made.path().join("trusted_root.json");
        let mut server = Command::new("node")
            .arg(folder.join("server.js"))
            .arg(&root)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("missing: node (20 or newer)");
        let mut address = String::new();
        let mut said = BufReader::new(server.stdout.take().unwrap());
        said.read_line(&mut address).unwrap();
        assert!(address.starts_with("http://127.0.0.1:"), "{address}");
        Self {
            server,
            address: address.trim_end().to_owned(),
            root: TrustedRoot::parse(&std::fs::read(root).unwrap()).unwrap(),
            folder: made,
        }
    }

    /// A service's address.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }

    /// The file with its trusted root.
    pub fn root_file(&self) -> PathBuf {
        self.folder.path().join("trusted_root.json")
    }

    pub fn signer(&self, claims: &Value, timestamps: bool) -> KeylessSigner {
        let stamps = self.at("/api/v1/timestamp");
        let stamps = timestamps.then_some(stamps.as_str());
        let services = KeylessServices::new(&self.address, &self.address, stamps).unwrap();
        KeylessSigner::new(services, &token(claims)).unwrap()
    }
}

/// Has a statement signed as `sign` does, by a log whose clock is so many seconds ahead; nothing waits for it.
pub fn signed_ahead(instance: &Instance, claims: &Value, payload: &[u8], ahead: u32) -> Vec<u8> {
    let rekor = instance.at(&format!("/ahead/{ahead}"));
    let services = SigningServices::new(&instance.address, rekor);
    let token = IdentityToken::from_jwt(&token(claims)).unwrap();
    let signer = SigningContext::new(services).signer(token);
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build().unwrap();
    let bundle = runtime
        .block_on(signer.sign_raw_statement(payload))
        .unwrap();
    bundle.to_json().unwrap().into_bytes()
}

impl Drop for Instance {
    fn drop(&mut self) {
        drop(self.server.stdin.take());
        self.server.wait().unwrap();
    }
}

pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    since.as_secs().try_into().unwrap()
}

/// An identity token that nobody signed: the stand-in for Fulcio asks nobody either. Valid for ten minutes, by
/// `ISSUER`, unless the claims say otherwise.
pub fn token(claims: &Value) -> String {
    let mut all = json!({"iss": ISSUER, "exp": now() + 600});
    for (name, value) in claims.as_object().unwrap() {
        all[name] = value.clone();
    }
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let header = part("{\"alg\":\"none\"}");
    format!("{header}.{}.{}", part(&all.to_string()), part("unsigned"))
}
