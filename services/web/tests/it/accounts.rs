//! Guests, and what makes accounts of them that can be signed in to.

use std::time::Duration;

use serde_json::{Value, json};

use crate::client::Client;
use crate::solana::{Wallet, link_wallet, sign_in};
use crate::stage::Stage;

const GUEST: &str = "mutation { loginAsGuest { accessToken refreshToken expiresIn } }";
const PROFILE: &str = "{ profile { id email solanaAddress isGuest hasPassword } }";
const LINK: &str = "mutation($email: String!, $code: String!) {
    linkEmail(email: $email, verificationCode: $code) {
        user { id email isGuest } userErrors { code } } }";

impl Stage {
    /// Somebody whom nobody knows.
    pub(crate) async fn guest(&self) -> Client {
        let mut client = self.client();
        let told = client.ask(GUEST, json!({})).await.data();
        client.keep(&told["loginAsGuest"]);
        client
    }
}

/// Links an address; answers with the payload.
async fn link(stage: &Stage, client: &Client, email: &str) -> Value {
    let code = stage.request_code(client, email).await;
    let variables = json!({ "email": email, "code": code });
    client.ask(LINK, variables).await.data()["linkEmail"].clone()
}

#[tokio::test]
async fn a_guest_plays_and_becomes_somebody_by_linking_an_address() {
    let stage = Stage::new().await;
    let mut guest = stage.guest().await;
    let id = guest.id().await;
    let told = guest.ask(PROFILE, json!({})).await.data();
    let nobody = json!({ "id": id, "email": null, "solanaAddress": null, "isGuest": true,
        "hasPassword": false });
    assert_eq!(told["profile"], nobody);
    assert_ne!(stage.guest().await.id().await, id);
    let told = guest.try_refresh(guest.refresh.as_deref().unwrap()).await;
    guest.keep(&told.data()["refreshToken"]);

    let told = link(&stage, &guest, "Ann@Example.com").await;
    let user = json!({ "id": id, "email": "ann@example.com", "isGuest": false });
    assert_eq!(told["user"], user);
    assert_eq!(stage.signed_in("ann@example.com").await.id().await, id);
    // The guest's device goes on.
    guest.id().await;
}

#[tokio::test]
async fn an_address_is_linked_once_by_whoever_reads_it() {
    let stage = Stage::new().await;
    let ann = stage.signed_in("ann@example.com").await;
    let guest = stage.guest().await;
    let told = link(&stage, &guest, "ann@example.com").await;
    assert_eq!(told["userErrors"][0]["code"], "EMAIL_TAKEN");
    let told = link(&stage, &ann, "other@example.com").await;
    assert_eq!(told["userErrors"][0]["code"], "ALREADY_LINKED");
    let variables = json!({ "email": "bob@example.com", "code": "nonsense" });
    let told = guest.ask(LINK, variables).await.data();
    let code = &told["linkEmail"]["userErrors"][0]["code"];
    assert_eq!(code, "INVALID_VERIFICATION_CODE");
    assert!(guest.ask(PROFILE, json!({})).await.data()["profile"]["isGuest"] == true);
    // What was taken stays whose it was.
    assert_eq!(
        stage.signed_in("ann@example.com").await.id().await,
        ann.id().await
    );
}

#[tokio::test]
async fn whoever_signed_in_a_while_ago_links_nothing_more_unless_it_is_a_guest() {
    let stage = Stage::new().await;
    let (wallet, another) = (Wallet::new(1), Wallet::new(2));
    let (mut ann, mut guest) = (sign_in(&stage, &wallet).await, stage.guest().await);
    let mut mailed = stage.signed_in("bob@example.com").await;
    stage.clock.advance(Duration::from_secs(10 * 60));
    for client in [&mut ann, &mut guest, &mut mailed] {
        let told = client.try_refresh(client.refresh.as_deref().unwrap()).await;
        client.keep(&told.data()["refreshToken"]);
    }
    let told = link(&stage, &ann, "thief@example.com").await;
    assert_eq!(told["userErrors"][0]["code"], "SIGN_IN_AGAIN");
    let told = link_wallet(&mailed, &another).await;
    assert_eq!(told["userErrors"][0]["code"], "SIGN_IN_AGAIN");
    let ann = sign_in(&stage, &wallet).await;
    let told = link(&stage, &ann, "ann@example.com").await;
    assert_eq!(told["user"]["email"], "ann@example.com");
    let told = link_wallet(&guest, &another).await;
    assert_eq!(told["user"]["solanaAddress"], another.address);
}

#[tokio::test]
async fn guests_are_limited_per_ip() {
    let stage = Stage::with(&[("limits.guests_per_ip", "2")]).await;
    for _ in 0..2 {
        stage.guest().await;
    }
    let told = stage.client().ask(GUEST, json!({})).await;
    assert_eq!(told.code(), "RATE_LIMITED");
    assert_eq!(stage.count("users").await, 2);
}
