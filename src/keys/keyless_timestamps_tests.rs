use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;

use super::*;

fn root() -> TrustedRoot {
    TrustedRoot::public_good().unwrap()
}

/// A service that reads a request and does this.
fn service(act: impl FnOnce(&mut TcpStream, &[u8]) + Send + 'static) -> TimestampService {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/stamp", listener.local_addr().unwrap());
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut read = vec![0; 4096];
        let mut length = 0;
        // The request has a head of some lines and 69 bytes.
        while !read[..length].windows(4).any(|end| end == b"\r\n\r\n") || length < 69 {
            length += stream.read(&mut read[length..]).unwrap();
        }
        act(&mut stream, &read[..length]);
    });
    TimestampService::new(&address).unwrap()
}

fn refused(service: &TimestampService) -> String {
    let refused = service.stamp(b"signature", &root()).unwrap_err();
    assert!(
        matches!(
            refused,
            KeylessError::Service {
                service: KeylessService::Timestamps,
                ..
            }
        ),
        "{refused}"
    );
    refused.to_string()
}

#[test]
fn a_request_is_der_with_the_digest_the_nonce_and_the_wish_for_certificates() {
    let request = request(b"signature", positive([0xff; 8]));
    assert_eq!(request.len(), usize::from(request[1]) + 2);
    assert_eq!(request[24..56], *Sha256::digest(b"signature"));
    assert_eq!(request[56..58], [2, 8]);
    assert_eq!(request[58..66], [0x7f, 255, 255, 255, 255, 255, 255, 255]);
    assert_eq!(request[66..], [1, 1, 0xff]);
    // No zero that DER would leave out.
    assert_eq!(positive([0; 8])[0], 0x40);
}

#[test]
fn an_answer_is_bounded_in_size_and_time() {
    let endless = service(|stream, _| {
        let head = b"HTTP/1.1 200 OK\r\ncontent-type: application/timestamp-reply\r\n\r\n";
        let _ = stream.write_all(head);
        while stream.write_all(&[0; 4096]).is_ok() {}
    });
    assert!(refused(&endless).contains("more than 65536 bytes"));
    let silent = service(|_, _| thread::sleep(Duration::from_secs(60)));
    let silent = silent.with_time_limit(Duration::from_millis(300));
    assert!(refused(&silent).contains("no answer within"));
}

#[test]
fn what_is_no_timestamp_is_refused() {
    let answer = |text: &'static [u8]| service(move |stream, _| stream.write_all(text).unwrap());
    let other = answer(b"HTTP/1.1 302 Found\r\nlocation: /other\r\ncontent-length: 0\r\n\r\n");
    assert!(refused(&other).contains("status 302"));
    let junk = answer(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n\x30\x00");
    let refused = junk.stamp(b"signature", &root()).unwrap_err();
    assert!(matches!(refused, KeylessError::Unverified(_)), "{refused}");
}

#[test]
fn a_signature_is_told_over_nothing_that_others_can_change() {
    assert!(TimestampService::new("https://tsa.example/stamp").is_ok());
    for address in ["http://tsa.example", "ftp://127.0.0.1", "tsa.example", ""] {
        let refused = TimestampService::new(address).unwrap_err();
        assert!(matches!(refused, KeylessError::Address { .. }), "{address}");
    }
}
