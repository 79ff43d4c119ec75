use std::io::{Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::{Child, Command, Stdio};

use super::super::sshsig::Proof;
use super::super::testing::{keygen, signer};
use super::*;

/// Long enough for a loaded machine; only an agent that never answers uses it up.
const PATIENT: Duration = Duration::from_secs(60);

/// An agent's socket in a folder of its own, with a path short enough for a socket's address.
fn socket_folder() -> (tempfile::TempDir, PathBuf) {
    // Not the usual temporary folder, whose path may be too long.
    let folder = tempfile::tempdir_in("/tmp").unwrap();
    let path = folder.path().join("s");
    assert!(path.as_os_str().len() < 100, "{}", path.display());
    (folder, path)
}

/// A real ssh-agent, ended when dropped.
struct RealAgent {
    child: Child,
    folder: tempfile::TempDir,
    socket: PathBuf,
}

impl RealAgent {
    fn start() -> Self {
        let (folder, socket) = socket_folder();
        let child = Command::new("ssh-agent")
            .arg("-D")
            .arg("-a")
            .arg(&socket)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let agent = Self {
            child,
            folder,
            socket,
        };
        for _ in 0..1000 {
            if UnixStream::connect(&agent.socket).is_ok() {
                return agent;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("ssh-agent did not start");
    }

    /// Makes a key with ssh-keygen and adds it; returns its public line.
    fn add(&self, name: &str, options: &[&str]) -> String {
        let path = keygen(self.folder.path(), name, "", options);
        self.ssh_add(&[path.as_os_str()]);
        let line = std::fs::read_to_string(path.with_extension("pub")).unwrap();
        line.trim_end().to_owned()
    }

    fn ssh_add(&self, arguments: &[&std::ffi::OsStr]) {
        let output = Command::new("ssh-add")
            .arg("-q")
            .args(arguments)
            .env("SSH_AUTH_SOCK", &self.socket)
            .output()
            .unwrap();
        assert!(output.status.success(), "ssh-add: {output:?}");
    }

    fn agent(&self) -> Agent {
        Agent::connect(&self.socket, PATIENT).unwrap()
    }
}

impl Drop for RealAgent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a fake agent does after it has read a request.
#[derive(Clone)]
enum Fake {
    /// Sends these bytes and hangs up.
    Answer(Vec<u8>),
    /// Sends these bytes and waits until the other side hangs up.
    Stall(Vec<u8>),
    /// Hangs up without reading the request.
    HangUp,
}

/// Runs a fake agent until the tests end.
fn fake(behaviour: Fake) -> (tempfile::TempDir, PathBuf) {
    let (folder, path) = socket_folder();
    let listener = UnixListener::bind(&path).unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            serve(stream.unwrap(), &behaviour);
        }
    });
    (folder, path)
}

fn serve(mut stream: UnixStream, behaviour: &Fake) {
    if matches!(behaviour, Fake::HangUp) {
        return;
    }
    let mut length = [0; 4];
    // A connection that only looks whether anybody is there asks nothing.
    if stream.read_exact(&mut length).is_err() {
        return;
    }
    let mut request = vec![0; u32::from_be_bytes(length) as usize];
    if stream.read_exact(&mut request).is_err() {
        return;
    }
    match behaviour {
        Fake::Answer(bytes) => drop(stream.write_all(bytes)),
        Fake::Stall(bytes) => {
            let _ = stream.write_all(bytes);
            let _ = stream.read(&mut [0]);
        }
        Fake::HangUp => {}
    }
}

fn identities_of(behaviour: Fake, timeout: Duration) -> Result<Identities, AgentError> {
    let (_folder, path) = fake(behaviour);
    Agent::connect(&path, timeout).unwrap().identities()
}

fn sign_with(body: &[u8]) -> Result<Vec<u8>, SignError> {
    let (_folder, path) = fake(Fake::Answer(framed(body)));
    let agent = Agent::connect(&path, PATIENT).unwrap();
    agent
        .signer(signer(1).public_key(), PATIENT)
        .sign(b"message")
}

fn framed(body: &[u8]) -> Vec<u8> {
    let mut frame = Vec::new();
    put_string(&mut frame, body).unwrap();
    frame
}

fn listing(blobs: &[Vec<u8>]) -> Vec<u8> {
    let mut body = vec![IDENTITIES_ANSWER];
    body.extend_from_slice(&u32::try_from(blobs.len()).unwrap().to_be_bytes());
    for blob in blobs {
        put_string(&mut body, blob).unwrap();
        put_string(&mut body, b"comment").unwrap();
    }
    body
}

fn sign_response(algorithm: &[u8], signature: &[u8]) -> Vec<u8> {
    let mut blob = Vec::new();
    put_string(&mut blob, algorithm).unwrap();
    put_string(&mut blob, signature).unwrap();
    let mut body = vec![SIGN_RESPONSE];
    put_string(&mut body, &blob).unwrap();
    body
}

fn good_listing() -> Vec<u8> {
    listing(&[signer(1).public_key().blob().to_vec()])
}

#[test]
fn a_real_agent_lists_its_keys_and_signs_with_them() {
    let real = RealAgent::start();
    let lines =
        [("ed", "ed25519"), ("ec", "ecdsa")].map(|(name, kind)| real.add(name, &["-t", kind]));
    real.add("rsa", &["-t", "rsa"]);
    let agent = real.agent();

    let identities = agent.identities().unwrap();
    let keys = lines.map(|line| PublicKey::from_openssh(&line).unwrap());
    let listed = |key: &PublicKey| AgentKey {
        key: key.clone(),
        comment: "a comment".to_owned(),
    };
    assert_eq!(identities.keys, keys.each_ref().map(listed));
    let skipped = SkippedKey {
        reason: KeyError::Unsupported {
            algorithm: "ssh-rsa".to_owned(),
        },
        comment: "a comment".to_owned(),
    };
    assert_eq!(identities.skipped, [skipped]);

    for key in keys {
        let signer: Box<dyn Signer> = Box::new(agent.signer(&key, PATIENT));
        for message in [b"".as_slice(), b"message", &[7; 100_000]] {
            let signature = signer.sign(message).unwrap();
            assert_eq!(key.verify(message, &signature), Ok(Proof::default()));
        }
    }
}

#[test]
fn a_real_agent_without_keys_lists_none() {
    let real = RealAgent::start();
    assert_eq!(real.agent().identities().unwrap(), Identities::default());
}

#[test]
fn a_real_agent_refuses_to_sign_with_a_key_that_it_does_not_hold() {
    let real = RealAgent::start();
    let held = PublicKey::from_openssh(&real.add("ed", &["-t", "ed25519"])).unwrap();
    let other = signer(1);
    let refused = real
        .agent()
        .signer(other.public_key(), PATIENT)
        .sign(b"message");
    assert!(matches!(
        refused,
        Err(SignError::Agent(AgentError::Refused))
    ));
    assert!(real.agent().signer(&held, PATIENT).sign(b"message").is_ok());
}

#[test]
fn a_request_over_the_limit_is_not_sent() {
    let real = RealAgent::start();
    let key = PublicKey::from_openssh(&real.add("ed", &["-t", "ed25519"])).unwrap();
    let refused = real
        .agent()
        .signer(&key, PATIENT)
        .sign(&vec![0; MESSAGE_LIMIT]);
    assert!(matches!(
        refused,
        Err(SignError::Agent(AgentError::RequestTooLong { .. }))
    ));
    // The type, the two lengths, the key and the flags take the rest.
    let room = MESSAGE_LIMIT - (1 + 4 + key.blob().len() + 4 + 4);
    assert!(
        real.agent()
            .signer(&key, PATIENT)
            .sign(&vec![0; room])
            .is_ok()
    );
}

#[test]
fn a_socket_without_an_agent_is_a_connection_error() {
    let (folder, path) = socket_folder();
    let nobody = Agent::connect(&path, PATIENT).map(|_| ());
    assert!(matches!(nobody, Err(AgentError::Connect { .. })));
    let too_long = folder.path().join("s".repeat(200));
    let unreachable = Agent::connect(&too_long, PATIENT).map(|_| ());
    assert!(matches!(unreachable, Err(AgentError::Connect { .. })));
    let _listener = UnixListener::bind(&path).unwrap();
    assert!(Agent::connect(&path, PATIENT).is_ok());
}

#[test]
fn an_agent_that_stalls_runs_into_the_timeout() {
    let good = framed(&good_listing());
    let short = Duration::from_millis(50);
    for sent in [0, 3, 4, 20, good.len() - 1] {
        let stalled = identities_of(Fake::Stall(good[..sent].to_vec()), short);
        assert!(matches!(stalled, Err(AgentError::TimedOut)), "{sent}");
    }
    // With all of the answer there is nothing to wait for.
    assert!(identities_of(Fake::Stall(good), PATIENT).is_ok());
}

#[test]
fn no_time_at_all_is_a_timeout() {
    let good = framed(&good_listing());
    let refused = identities_of(Fake::Stall(good), Duration::ZERO);
    assert!(matches!(refused, Err(AgentError::TimedOut)));
}

#[test]
fn an_answer_that_ends_early_is_truncated() {
    let good = framed(&good_listing());
    for sent in [1, 4, 20, good.len() - 1] {
        let truncated = identities_of(Fake::Answer(good[..sent].to_vec()), PATIENT);
        assert!(matches!(truncated, Err(AgentError::Truncated)), "{sent}");
    }
    let whole = identities_of(Fake::Answer(good), PATIENT).unwrap();
    assert_eq!(&whole.keys[0].key, signer(1).public_key());
}

#[test]
fn an_agent_that_hangs_up_without_an_answer_is_closed() {
    for behaviour in [Fake::Answer(Vec::new()), Fake::HangUp] {
        let closed = identities_of(behaviour, PATIENT);
        assert!(matches!(closed, Err(AgentError::Closed)), "{closed:?}");
    }
}

#[test]
fn a_refusal_is_told_from_garbage() {
    let refused = identities_of(Fake::Answer(framed(&[FAILURE])), PATIENT);
    assert!(matches!(refused, Err(AgentError::Refused)));
    assert!(matches!(
        sign_with(&[FAILURE]),
        Err(SignError::Agent(AgentError::Refused))
    ));
}

#[test]
fn an_answer_over_the_limit_is_refused_before_it_is_read() {
    let length = u32::try_from(MESSAGE_LIMIT).unwrap() + 1;
    for announced in [length, u32::MAX] {
        let bytes = announced.to_be_bytes().to_vec();
        let refused = identities_of(Fake::Stall(bytes), PATIENT);
        assert!(matches!(refused, Err(AgentError::TooLong { .. })));
    }
    // As long as allowed, and nothing but its length is there: the limit is not what is wrong.
    let at = (length - 1).to_be_bytes().to_vec();
    let truncated = identities_of(Fake::Answer(at), PATIENT);
    assert!(matches!(truncated, Err(AgentError::Truncated)));
}

#[test]
fn a_listing_that_is_not_one_is_malformed() {
    let good = good_listing();
    let trailing = [good.as_slice(), &[0]].concat();
    let mut more_than_there_are = good.clone();
    more_than_there_are[1] = 0xff;
    let mut other_type = good.clone();
    other_type[0] = SIGN_RESPONSE;
    for bad in [
        b"".as_slice(),
        &[IDENTITIES_ANSWER],
        &trailing,
        &more_than_there_are,
        &other_type,
    ] {
        let refused = identities_of(Fake::Answer(framed(bad)), PATIENT);
        assert!(matches!(refused, Err(AgentError::Malformed)), "{bad:?}");
    }
    assert!(identities_of(Fake::Answer(framed(&good)), PATIENT).is_ok());
}

#[test]
fn a_key_in_the_agent_that_is_weak_or_cannot_be_read_is_skipped() {
    let mut weak = b"\0\0\0\x0bssh-ed25519\0\0\0\x20\x01".to_vec();
    weak.resize(51, 0);
    let short = b"\0\0\0\x0bssh-ed25519\0\0\0\x01a".to_vec();
    let mut odd_application = b"\0\0\0\x1ask-ssh-ed25519@openssh.com\0\0\0\x20".to_vec();
    let point = &signer(2).public_key().blob()[19..].to_vec();
    odd_application.extend_from_slice(point);
    odd_application.extend_from_slice(b"\0\0\0\x07ssh: \xf0\x9f");
    let kept = signer(1).public_key().blob().to_vec();
    let body = listing(&[weak, short, odd_application, kept, Vec::new()]);
    let identities = identities_of(Fake::Answer(framed(&body)), PATIENT).unwrap();
    assert_eq!(identities.keys.len(), 1);
    let skipped = identities.skipped.into_iter().map(|key| key.reason);
    let malformed = || KeyError::Malformed;
    assert_eq!(
        skipped.collect::<Vec<_>>(),
        [KeyError::Weak, malformed(), malformed(), malformed()]
    );
}

#[test]
fn a_signature_that_does_not_verify_is_not_handed_out() {
    let good = signer(1).sign(b"message").unwrap();
    let other_key = signer(2).sign(b"message").unwrap();
    let other_message = signer(1).sign(b"massage").unwrap();
    for bad in [other_key.as_slice(), &other_message, &good[..63], &[]] {
        let refused = sign_with(&sign_response(b"ssh-ed25519", bad));
        assert!(matches!(refused, Err(SignError::Unverified)), "{bad:?}");
    }
    let twin = sign_with(&sign_response(b"ssh-ed25519", &good)).unwrap();
    assert_eq!(twin, good);
}

#[test]
fn a_signing_answer_that_is_not_one_is_malformed() {
    let good = signer(1).sign(b"message").unwrap();
    let other_algorithm = sign_response(b"ssh-rsa", &good);
    let trailing = [sign_response(b"ssh-ed25519", &good), vec![0]].concat();
    for bad in [
        other_algorithm.as_slice(),
        &trailing,
        &[SIGN_RESPONSE],
        &good_listing(),
    ] {
        let refused = sign_with(bad);
        assert!(
            matches!(refused, Err(SignError::Agent(AgentError::Malformed))),
            "{bad:?}"
        );
    }
}
