use serde_json::{Value, json};

use super::super::testing::read;
use super::*;

#[test]
fn a_trusted_root_is_read_strictly() {
    let good = read("root.json");
    let parse = |root: &Value| TrustedRoot::parse(root.to_string().as_bytes());
    assert!(parse(&good).is_ok());
    let refused = |change: &dyn Fn(&mut Value)| {
        let mut root = good.clone();
        change(&mut root);
        parse(&root).unwrap_err()
    };
    for (key, part) in [
        ("certificateAuthorities", "certificate authority"),
        ("ctlogs", "certificate transparency log"),
        ("tlogs", "transparency log"),
    ] {
        let emptied = refused(&|root| root[key] = json!([]));
        assert_eq!(emptied, TrustedRootError::Lacks { part });
        let absent = refused(&|root| drop(root.as_object_mut().unwrap().remove(key)));
        assert_eq!(absent, TrustedRootError::Lacks { part });
    }
    // Nothing but timestamp authorities is a root too; nothing at all is none, nor are authorities without a chain.
    let part = "certificate authority";
    let rest = |root: &mut Value| {
        for key in ["certificateAuthorities", "ctlogs", "tlogs"] {
            root[key] = json!([]);
        }
    };
    let mut alone = good.clone();
    rest(&mut alone);
    assert!(parse(&alone).is_ok());
    for authorities in [json!([]), json!([{"certChain": {"certificates": []}}])] {
        let emptied = refused(&|root| {
            rest(root);
            root["timestampAuthorities"] = authorities.clone();
        });
        assert_eq!(emptied, TrustedRootError::Lacks { part });
    }
    // Timestamps are optional.
    let mut plain = good.clone();
    plain
        .as_object_mut()
        .unwrap()
        .remove("timestampAuthorities");
    assert!(parse(&plain).is_ok());
    let error = refused(&|root| root["tlogs"][0]["publicKey"]["rawBytes"] = json!("AAAA"));
    assert!(
        matches!(error, TrustedRootError::Unusable { .. }),
        "{error}"
    );
    let error = refused(&|root| root["mediaType"] = json!("application/json"));
    assert!(
        matches!(error, TrustedRootError::Malformed { .. }),
        "{error}"
    );
    let error = TrustedRoot::parse(&vec![b' '; 1024 * 1024 + 1]).unwrap_err();
    assert_eq!(error, TrustedRootError::TooLarge { limit: 1024 * 1024 });
    for bytes in [&b""[..], b"{}", b"\xff", &[b'['; 10_000]] {
        let error = TrustedRoot::parse(bytes).unwrap_err();
        assert!(
            matches!(error, TrustedRootError::Malformed { .. }),
            "{error}"
        );
    }
}
