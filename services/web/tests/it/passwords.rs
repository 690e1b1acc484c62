//! Passwords: who may set one, what it opens, and what nobody learns by guessing.

use std::time::{Duration, Instant};

use futures::future::join_all;
use serde_json::{Value, json};

use crate::client::{Client, Told};
use crate::stage::Stage;

const ANN: &str = "ann@example.com";
const FIRST: &str = "correct horse";
const SECOND: &str = "battery staple";
/// How many sign in at once: more than are checked at a time.
const AT_ONCE: usize = 16;
const SET: &str = "mutation($new: String!, $current: String, $code: String) {
    setPassword(newPassword: $new, currentPassword: $current, verificationCode: $code) {
        revoked userErrors { code } } }";

async fn try_login(client: &Client, email: &str, password: &str) -> Told {
    let query = "mutation($e: String!, $p: String!) {
        loginWithPassword(email: $e, password: $p) { accessToken refreshToken expiresIn } }";
    client
        .ask(query, json!({ "e": email, "p": password }))
        .await
}

/// Sets a password; answers how many devices were signed out, or why it was not set.
async fn set(client: &Client, new: &str, proof: Value) -> Result<u64, String> {
    let mut variables = proof;
    variables["new"] = json!(new);
    let told = client.ask(SET, variables).await.data()["setPassword"].clone();
    match told["userErrors"][0]["code"].as_str() {
        Some(code) => Err(code.to_owned()),
        None => Ok(told["revoked"].as_u64().unwrap()),
    }
}

/// Somebody whose password is [`FIRST`].
async fn with_password(stage: &Stage) -> Client {
    let ann = stage.signed_in(ANN).await;
    let code = stage.request_code(&ann, ANN).await;
    assert_eq!(set(&ann, FIRST, json!({ "code": code })).await, Ok(0));
    ann
}

#[tokio::test]
async fn a_password_that_was_set_with_a_mailed_code_signs_in() {
    let stage = Stage::new().await;
    let ann = with_password(&stage).await;
    let mut other = stage.client();
    let told = try_login(&other, " ANN@example.com", FIRST).await.data();
    other.keep(&told["loginWithPassword"]);
    assert_eq!(other.id().await, ann.id().await);
    let profile = "{ profile { hasPassword } }";
    let told = ann.ask(profile, json!({})).await.data();
    assert_eq!(told["profile"]["hasPassword"], true);
    let told = try_login(&other, ANN, "Correct horse").await;
    assert_eq!(told.code(), "INVALID_CREDENTIALS");
    // What is kept is no password.
    let kept = format!("users WHERE password_hash LIKE '$argon2id$%' AND email = '{ANN}'");
    assert_eq!(stage.count(&kept).await, 1);
}

#[tokio::test]
async fn a_change_takes_the_present_password_or_a_code_and_signs_other_devices_out() {
    let stage = Stage::new().await;
    let ann = with_password(&stage).await;
    let lost = stage.signed_in(ANN).await;
    let wrong = json!({ "current": "guessed it" });
    let refused = |code: &str| Err(code.to_owned());
    assert_eq!(
        set(&lost, SECOND, wrong).await,
        refused("INVALID_CREDENTIALS")
    );
    let wrong = json!({ "code": "nonsense" });
    assert_eq!(
        set(&lost, SECOND, wrong).await,
        refused("INVALID_VERIFICATION_CODE")
    );
    let right = json!({ "current": FIRST });
    assert_eq!(set(&ann, SECOND, right).await, Ok(1));
    let told = lost.ask("{ profile { id } }", json!({})).await;
    assert_eq!(told.code(), "UNAUTHENTICATED");
    ann.id().await;
    let told = try_login(&lost, ANN, FIRST).await;
    assert_eq!(told.code(), "INVALID_CREDENTIALS");
    try_login(&lost, ANN, SECOND).await.data();
}

#[tokio::test]
async fn a_password_is_set_with_one_proof_by_somebody_who_has_an_address() {
    let stage = Stage::new().await;
    let ann = stage.signed_in(ANN).await;
    for proof in [json!({}), json!({ "current": "x", "code": "x" })] {
        let mut variables = proof;
        variables["new"] = json!(FIRST);
        let told = ann.ask(SET, variables).await;
        assert_eq!(told.code(), "BAD_USER_INPUT");
    }
    let short = json!({ "new": "7 chars", "current": "x" });
    let told = ann.ask(SET, short).await;
    assert_eq!(
        told.0["errors"][0]["extensions"]["path"],
        json!(["newPassword"])
    );
    // There is none yet, so none is right.
    let none = set(&ann, FIRST, json!({ "current": "" })).await;
    assert_eq!(none, Err("INVALID_CREDENTIALS".to_owned()));
    let guest = stage.guest().await;
    let refused = set(&guest, FIRST, json!({ "current": "x" })).await;
    assert_eq!(refused, Err("EMAIL_REQUIRED".to_owned()));
    let told = stage
        .client()
        .ask(SET, json!({ "new": FIRST, "code": "x" }))
        .await;
    assert_eq!(told.code(), "UNAUTHENTICATED");
}

#[tokio::test]
async fn nobody_learns_by_guessing_who_has_an_account_or_a_password() {
    const GUESSES: usize = 10;
    let free = [("limits.passwords_per_address", "1000")];
    let stage = Stage::with(&free).await;
    with_password(&stage).await;
    stage.signed_in("bob@example.com").await;
    let client = stage.client();
    let mut told = [(); 3].map(|()| (Value::Null, Duration::MAX));
    // In turns, so that a busy machine is so for all of them.
    for _ in 0..GUESSES {
        for (email, told) in [ANN, "bob@example.com", "nobody@example.com"]
            .iter()
            .zip(&mut told)
        {
            let asked = Instant::now();
            let mut answer = try_login(&client, email, "guessed it").await.0;
            answer["errors"][0]["extensions"]["traceId"] = Value::Null;
            *told = (answer, told.1.min(asked.elapsed()));
        }
    }
    assert_eq!(told[0].0, told[1].0);
    assert_eq!(told[0].0, told[2].0);
    // The hash is most of what takes time; without it there is a tenth of it.
    for (_, quickest) in &told[1..] {
        assert!(*quickest > told[0].1 / 4, "{told:?}");
    }
}

#[tokio::test]
async fn guesses_are_limited_whether_or_not_there_is_an_account_and_by_aliases_too() {
    let stage = Stage::with(&[("limits.passwords_per_address", "3")]).await;
    with_password(&stage).await;
    let client = stage.client();
    for email in [ANN, "nobody@example.com"] {
        let guess =
            format!("loginWithPassword(email: \"{email}\", password: \"x\") {{ expiresIn }}");
        let aliases: Vec<String> = (0..4).map(|n| format!("g{n}: {guess}")).collect();
        let query = format!("mutation {{ {} }}", aliases.join(" "));
        let told = client.ask(&query, json!({})).await.0;
        let errors = told["errors"].as_array().unwrap();
        let codes: Vec<_> = errors.iter().map(|it| &it["extensions"]["code"]).collect();
        let (wrong, limited) = ("INVALID_CREDENTIALS", "RATE_LIMITED");
        assert_eq!(codes, [wrong, wrong, wrong, limited], "{told}");
    }
    assert_eq!(try_login(&client, ANN, FIRST).await.code(), "RATE_LIMITED");
    // By mail there is still a way in.
    stage.signed_in(ANN).await.id().await;
}

#[tokio::test]
async fn whoever_signs_in_with_the_old_password_while_it_is_changed_is_signed_out() {
    let stage = Stage::with(&[("limits.passwords_per_address", "100")]).await;
    let ann = with_password(&stage).await;
    let clients: Vec<Client> = (0..AT_ONCE).map(|_| stage.client()).collect();
    let logins = clients.iter().map(|client| try_login(client, ANN, FIRST));
    let code = stage.request_code(&ann, ANN).await;
    let changing = set(&ann, SECOND, json!({ "code": code }));
    let (changed, told) = tokio::join!(changing, join_all(logins));
    assert!(changed.is_ok(), "{changed:?}");
    for (mut client, told) in clients.into_iter().zip(told) {
        if told.find_code().is_none() {
            client.keep(&told.0["data"]["loginWithPassword"]);
            let told = client.ask("{ profile { id } }", json!({})).await;
            assert_eq!(told.code(), "UNAUTHENTICATED");
        }
    }
    ann.id().await;
}
