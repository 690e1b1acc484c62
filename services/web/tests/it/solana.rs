//! Wallets on Solana: signing in with one, and linking one.

use std::time::Duration;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};

use crate::client::{Client, Told};
use crate::stage::Stage;

const LOGIN: &str = "mutation($address: String!, $message: String!, $signature: String!) {
    it: loginWithSolana(address: $address, message: $message, signature: $signature) {
        accessToken refreshToken expiresIn } }";
const LINK: &str = "mutation($address: String!, $message: String!, $signature: String!) {
    it: linkSolana(address: $address, message: $message, signature: $signature) {
        user { id solanaAddress isGuest } userErrors { code } } }";

/// A wallet as its owner holds it.
pub(crate) struct Wallet {
    key: Ed25519KeyPair,
    pub(crate) address: String,
}

impl Wallet {
    pub(crate) fn new(seed: u8) -> Self {
        let key = Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap();
        let public: &[u8] = key.public_key().as_ref();
        let mut text = [0; 44];
        let length = five8::encode_32(public.try_into().unwrap(), &mut text);
        let address = String::from_utf8(text[..usize::from(length)].to_vec()).unwrap();
        Self { key, address }
    }

    fn sign(&self, message: &str) -> String {
        let signature = self.key.sign(message.as_bytes());
        let signature: &[u8] = signature.as_ref();
        let mut text = [0; 88];
        let length = five8::encode_64(signature.try_into().unwrap(), &mut text);
        String::from_utf8(text[..usize::from(length)].to_vec()).unwrap()
    }

    /// What the gateway wants signed.
    async fn challenge(&self, client: &Client, purpose: &str) -> String {
        let query = "mutation($a: String!, $p: SolanaChallengePurpose!) {
            requestSolanaChallenge(address: $a, purpose: $p) { message expiresIn } }";
        let variables = json!({ "a": self.address, "p": purpose });
        let told = client.ask(query, variables).await.data();
        let challenge = &told["requestSolanaChallenge"];
        assert_eq!(challenge["expiresIn"], 300);
        challenge["message"].as_str().unwrap().to_owned()
    }
}

async fn present(
    client: &Client,
    query: &str,
    address: &str,
    message: &str,
    signature: &str,
) -> Told {
    let variables = json!({ "address": address, "message": message, "signature": signature });
    client.ask(query, variables).await
}

/// Signs in with a new message.
pub(crate) async fn sign_in(stage: &Stage, wallet: &Wallet) -> Client {
    let mut client = stage.client();
    let message = wallet.challenge(&client, "SIGN_IN").await;
    let signature = wallet.sign(&message);
    let told = present(&client, LOGIN, &wallet.address, &message, &signature).await;
    client.keep(&told.data()["it"]);
    client
}

/// Links a wallet; answers with the payload.
pub(crate) async fn link_wallet(client: &Client, wallet: &Wallet) -> Value {
    let message = wallet.challenge(client, "LINK").await;
    let signature = wallet.sign(&message);
    let told = present(client, LINK, &wallet.address, &message, &signature).await;
    told.data()["it"].clone()
}

#[tokio::test]
async fn a_wallet_signs_in_to_one_account_of_its_own() {
    let stage = Stage::new().await;
    let (one, other) = (Wallet::new(1), Wallet::new(2));
    let ann = sign_in(&stage, &one).await;
    let profile = "{ profile { id email solanaAddress isGuest } }";
    let told = ann.ask(profile, json!({})).await.data()["profile"].clone();
    assert_eq!(told["solanaAddress"], one.address);
    assert_eq!(
        (&told["email"], &told["isGuest"]),
        (&Value::Null, &json!(false))
    );
    assert_eq!(told["id"], sign_in(&stage, &one).await.id().await);
    assert_ne!(told["id"], sign_in(&stage, &other).await.id().await);
}

#[tokio::test]
async fn what_is_signed_says_where_for_whom_and_until_when() {
    let stage = Stage::with(&[("identity.domain", "play.example")]).await;
    let wallet = Wallet::new(1);
    let message = wallet.challenge(&stage.client(), "SIGN_IN").await;
    let head = format!(
        "play.example wants you to sign in with your Solana account:\n{}\n\nSign in.",
        wallet.address
    );
    assert!(message.starts_with(&head), "{message}");
    assert!(message.contains("\nExpiration Time: 2"), "{message}");
    let again = wallet.challenge(&stage.client(), "SIGN_IN").await;
    assert_ne!(message, again);
}

#[tokio::test]
async fn a_message_is_good_once_for_its_own_wallet_and_purpose_and_for_a_while() {
    let stage = Stage::new().await;
    let client = stage.client();
    let (one, other) = (Wallet::new(1), Wallet::new(2));
    let refused = async |query: &str, address: &str, message: &str, signature: &str| {
        let told = present(&client, query, address, message, signature).await;
        assert_eq!(told.code(), "INVALID_SIGNATURE", "{message}");
    };
    let message = one.challenge(&client, "SIGN_IN").await;
    let signature = one.sign(&message);
    // None of these uses it up, for none has the key.
    refused(LOGIN, &one.address, &message, &other.sign(&message)).await;
    refused(LOGIN, &other.address, &message, &signature).await;
    let changed = message.replace("Sign in.", "Sign off.");
    refused(LOGIN, &one.address, &changed, &signature).await;
    let told = present(&client, LOGIN, &one.address, &message, &signature).await;
    told.data();
    refused(LOGIN, &one.address, &message, &signature).await;

    // Signed by its wallet, but not ours, for another wallet, for another purpose, or too late.
    let own = "I am the owner.";
    refused(LOGIN, &one.address, own, &one.sign(own)).await;
    let others = other.challenge(&client, "SIGN_IN").await;
    refused(LOGIN, &one.address, &others, &one.sign(&others)).await;
    let link = one.challenge(&client, "LINK").await;
    refused(LOGIN, &one.address, &link, &one.sign(&link)).await;
    let late = one.challenge(&client, "SIGN_IN").await;
    stage.clock.advance(Duration::from_secs(300));
    refused(LOGIN, &one.address, &late, &one.sign(&late)).await;

    for (address, signature) in [("x", &*signature), (&*one.address, "x")] {
        let told = present(&client, LOGIN, address, "x", signature).await;
        assert_eq!(told.code(), "BAD_USER_INPUT");
    }
}

#[tokio::test]
async fn a_message_that_is_presented_at_two_gateways_at_once_signs_in_once() {
    let stage = Stage::new().await;
    let replica = stage.replica(&[]).await;
    let wallet = Wallet::new(1);
    let message = wallet.challenge(&stage.client(), "SIGN_IN").await;
    let signature = wallet.sign(&message);
    let (here, there) = (stage.client(), replica.client());
    let told = tokio::join!(
        present(&here, LOGIN, &wallet.address, &message, &signature),
        present(&there, LOGIN, &wallet.address, &message, &signature)
    );
    let codes = [told.0.find_code(), told.1.find_code()];
    assert!(codes.contains(&None) && codes.contains(&Some("INVALID_SIGNATURE")));
    replica.stop().await;
}

#[tokio::test]
async fn a_guest_links_a_wallet_that_nobody_else_has() {
    let stage = Stage::new().await;
    let (one, other) = (Wallet::new(1), Wallet::new(2));
    let guest = stage.guest().await;
    let told = link_wallet(&guest, &one).await;
    let user = json!({ "id": guest.id().await, "solanaAddress": one.address, "isGuest": false });
    assert_eq!(told["user"], user);
    assert_eq!(sign_in(&stage, &one).await.id().await, guest.id().await);
    let told = link_wallet(&guest, &other).await;
    assert_eq!(told["userErrors"][0]["code"], "ALREADY_LINKED");
    let told = link_wallet(&stage.guest().await, &one).await;
    assert_eq!(told["userErrors"][0]["code"], "SOLANA_ADDRESS_TAKEN");
    // A message to sign in with links nothing.
    let message = other.challenge(&guest, "SIGN_IN").await;
    let signature = other.sign(&message);
    let told = present(&guest, LINK, &other.address, &message, &signature).await;
    let code = &told.data()["it"]["userErrors"][0]["code"];
    assert_eq!(code, "INVALID_SIGNATURE");
}
