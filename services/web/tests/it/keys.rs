//! The keys of access tokens, and how they take each other's place.

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Value, json};

use crate::client::{Client, json_of};
use crate::replicas::at;
use crate::stage::{Replica, SIGNING_KEY, Stage};

const NEXT_KEY: &str = "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210";

async fn key_set(client: &Client) -> Value {
    let response = client.get("/.well-known/jwks.json").send().await.unwrap();
    assert_eq!(response.headers()["cache-control"], "public, max-age=300");
    json_of(response).await
}

/// Whether the key set alone is enough to check this client's token with, and says whose it is.
fn checks(set: &Value, client: &Client) -> Option<String> {
    let set: JwkSet = serde_json::from_value(set.clone()).unwrap();
    let token = client.access.as_deref().unwrap();
    let kid = jsonwebtoken::decode_header(token).unwrap().kid.unwrap();
    let key = DecodingKey::from_jwk(set.find(&kid)?).unwrap();
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_issuer(&["battlesbit"]);
    validation.set_audience(&["battlesbit-api"]);
    let token = jsonwebtoken::decode::<Value>(token, &key, &validation).unwrap();
    Some(token.claims["sub"].as_str().unwrap().to_owned())
}

async fn is_known(replica: &Replica, client: &Client) -> bool {
    let client = at(replica, client);
    let told = client.ask("{ profile { id } }", json!({})).await;
    told.find_code().is_none()
}

#[tokio::test]
async fn anybody_can_check_a_token_with_the_public_keys() {
    let stage = Stage::new().await;
    let ann = stage.signed_in("ann@example.com").await;
    let set = key_set(&stage.client()).await;
    assert_eq!(set["keys"].as_array().unwrap().len(), 1);
    let key = &set["keys"][0];
    for (field, expected) in [
        ("kty", "OKP"),
        ("crv", "Ed25519"),
        ("alg", "EdDSA"),
        ("use", "sig"),
    ] {
        assert_eq!(key[field], expected);
    }
    // What only we may know of a key is its `d`.
    assert_eq!(key.get("d"), None);
    assert_eq!(checks(&set, &ann), Some(ann.id().await));
}

#[tokio::test]
async fn a_key_takes_the_place_of_another_while_nobody_is_signed_out() {
    let stage = Stage::with(&[("identity.next_signing_key", NEXT_KEY)]).await;
    let early = stage.signed_in("ann@example.com").await;
    let changed = [
        ("identity.signing_key", NEXT_KEY),
        ("identity.former_signing_key", SIGNING_KEY),
    ];
    let replica = stage.replica(&changed).await;
    assert!(is_known(&replica, &early).await);
    let mut late = at(&replica, &early);
    let told = late.try_refresh(early.refresh.as_deref().unwrap()).await;
    late.keep(&told.data()["refreshToken"]);
    // Whoever has not been restarted yet knows the new key already.
    let mut there = stage.client();
    there.access.clone_from(&late.access);
    there.id().await;
    let [before, after] = [
        key_set(&stage.client()).await,
        key_set(&replica.client()).await,
    ];
    for set in [&before, &after] {
        assert_eq!(checks(set, &early), checks(set, &late));
    }

    let last = stage.replica(&changed[..1]).await;
    assert!(is_known(&last, &late).await);
    assert!(!is_known(&last, &early).await);
    assert_eq!(checks(&key_set(&last.client()).await, &early), None);
    for gateway in [replica, last] {
        gateway.stop().await;
    }
}
