use super::super::testing::der;
use super::*;

#[test]
fn a_set_has_no_more_elements_than_anybody_writes_however_deep_it_lies() {
    let elements = |number: usize| vec![[0x05, 0x00]; number].concat();
    let wrap: [fn(Vec<u8>) -> Vec<u8>; 4] = [
        |set| set,
        |set| {
            der(
                SEQUENCE,
                &[&[0x02, 0x01, 0x07], &set[..], &[0x05, 0x00]].concat(),
            )
        },
        |set| der(0xa0, &der(SEQUENCE, &set)),
        // An extension of a certificate holds its value as bytes.
        |set| der(OCTETS, &der(SEQUENCE, &set)),
    ];
    for wrap in wrap {
        for tag in [0x31, 0xa0, 0xa1] {
            let measured = |number| measure(&wrap(der(tag, &elements(number))), CERTIFICATE);
            assert_eq!(measured(64), Ok(()), "{tag}");
            let limit = ELEMENTS;
            assert_eq!(measured(65), Err(SigstoreError::TooManyElements { limit }));
        }
        let sequence = wrap(der(SEQUENCE, &elements(1_000)));
        assert_eq!(measure(&sequence, CERTIFICATE), Ok(()));
    }
}

#[test]
fn no_more_bytes_are_read_than_anybody_writes() {
    assert_eq!(measure(&[0; CERTIFICATE], CERTIFICATE), Ok(()));
    let limit = CERTIFICATE;
    assert_eq!(
        measure(&[0; CERTIFICATE + 1], limit),
        Err(SigstoreError::TooMuchDer { limit })
    );
}

#[test]
fn what_is_no_der_is_not_too_large() {
    let deep = (0..3_000).fold(Vec::new(), |deep, _| [&[0x31, 0x80][..], &deep].concat());
    let set = der(0x31, &[[0x05, 0x00]; 64].concat());
    for junk in [
        &b""[..],
        b"x",
        &[0x30, 0x84, 0xff],
        &[0x31, 0xff],
        &deep,
        &[0xff; 9_000],
    ] {
        assert_eq!(measure(junk, TIMESTAMP), Ok(()));
    }
    for cut in 0..set.len() {
        assert_eq!(measure(&set[..cut], TIMESTAMP), Ok(()));
    }
}
