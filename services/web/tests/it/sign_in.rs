//! Signing in, staying signed in, and everything that must not.

use std::time::Duration;

use contracts::Key;
use contracts::notifications::OtpEmail;
use futures::future::join_all;
use serde_json::{Value, json};

use crate::client::Client;
use crate::stage::Stage;

const EMAIL: &str = "ann@example.com";

#[tokio::test]
async fn a_mailed_code_signs_in_once_and_makes_the_account() {
    let stage = Stage::new().await;
    let mut client = stage.client();
    let told = client.request_code("Ann@Example.com").await.data();
    assert_eq!(told["requestEmailVerificationCode"]["expiresIn"], 120);
    let code = stage.mailed_code(EMAIL).await;
    assert!(
        code.len() == 6 && code.bytes().all(|digit| digit.is_ascii_digit()),
        "{code}"
    );
    client.login(EMAIL, &code).await;
    let profile = client
        .ask("{ profile { email nickName level cups roles } }", json!({}))
        .await;
    let profile = profile.data()["profile"].clone();
    assert_eq!(profile["email"], EMAIL);
    assert_eq!(
        (&profile["level"], &profile["cups"]),
        (&json!(1), &json!(0))
    );
    assert_eq!(
        client.try_login(EMAIL, &code).await.code(),
        "INVALID_VERIFICATION_CODE"
    );
}

#[tokio::test]
async fn signing_in_again_finds_the_same_account() {
    let stage = Stage::new().await;
    let first = stage.signed_in(EMAIL).await.id().await;
    assert_eq!(stage.signed_in("ANN@example.com").await.id().await, first);
}

#[tokio::test]
async fn the_answer_does_not_tell_whether_an_address_is_known() {
    let stage = Stage::new().await;
    stage.signed_in(EMAIL).await;
    let known = stage.client().request_code(EMAIL).await.0;
    assert_eq!(
        known,
        stage.client().request_code("nobody@example.com").await.0
    );
}

#[tokio::test]
async fn five_wrong_guesses_use_a_code_up() {
    let stage = Stage::new().await;
    let client = stage.client();
    let code = stage.request_code(&client, EMAIL).await;
    let wrong = if code == "000000" { "000001" } else { "000000" };
    for _ in 0..5 {
        assert_eq!(
            client.try_login(EMAIL, wrong).await.code(),
            "INVALID_VERIFICATION_CODE"
        );
    }
    assert_eq!(
        client.try_login(EMAIL, &code).await.code(),
        "INVALID_VERIFICATION_CODE"
    );
}

#[tokio::test]
async fn aliases_gain_no_guesses() {
    let stage = Stage::new().await;
    let client = stage.client();
    let code = stage.request_code(&client, EMAIL).await;
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let guess = |(number, code): (usize, &str)| {
        format!(
            "guess{number}: loginWithEmail(email: \"{EMAIL}\", verificationCode: \"{code}\") {{ accessToken }}"
        )
    };
    // Each is carried out: the sixth is one too many, though it is right.
    let guesses = [wrong, wrong, wrong, wrong, wrong, &code];
    let guesses = guesses.into_iter().enumerate().map(guess);
    let query = format!("mutation {{ {} }}", guesses.collect::<Vec<_>>().join(" "));
    let told = client.ask(&query, json!({})).await;
    assert_eq!(told.0["data"], Value::Null);
    let errors = told.0["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 6);
    for error in errors {
        assert_eq!(error["extensions"]["code"], "INVALID_VERIFICATION_CODE");
    }
    let told = client.try_login(EMAIL, &code).await;
    assert_eq!(told.code(), "INVALID_VERIFICATION_CODE");
}

#[tokio::test]
async fn many_who_guess_at_once_at_two_gateways_have_no_more_guesses() {
    let stage = Stage::new().await;
    let replica = stage.replica(&[]).await;
    let (here, there) = (stage.client(), replica.client());
    let code = stage.request_code(&here, EMAIL).await;
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let guesses = [&here, &there].repeat(3);
    let told = join_all(
        guesses
            .into_iter()
            .map(|client| client.try_login(EMAIL, wrong)),
    )
    .await;
    for told in told {
        assert_eq!(told.code(), "INVALID_VERIFICATION_CODE");
    }
    for client in [here, there] {
        let told = client.try_login(EMAIL, &code).await;
        assert_eq!(told.code(), "INVALID_VERIFICATION_CODE");
    }
    replica.stop().await;
}

#[tokio::test]
async fn the_fifth_guess_may_be_right() {
    let stage = Stage::new().await;
    let client = stage.client();
    let code = stage.request_code(&client, EMAIL).await;
    for _ in 0..4 {
        assert_eq!(
            client.try_login(EMAIL, "nonsense").await.code(),
            "INVALID_VERIFICATION_CODE"
        );
    }
    client.try_login(EMAIL, &code).await.data();
}

#[tokio::test]
async fn a_code_is_good_for_two_minutes() {
    let stage = Stage::new().await;
    let client = stage.client();
    let code = stage.request_code(&client, EMAIL).await;
    stage.clock.advance(Duration::from_secs(120));
    assert_eq!(
        client.try_login(EMAIL, &code).await.code(),
        "INVALID_VERIFICATION_CODE"
    );
}

#[tokio::test]
async fn a_new_code_takes_the_place_of_the_old_one() {
    let stage = Stage::new().await;
    let client = stage.client();
    let old = stage.request_code(&client, EMAIL).await;
    client.request_code(EMAIL).await.data();
    let new = testkit::eventually(crate::stage::LIMIT, async || {
        Some(stage.mailed_code(EMAIL).await).filter(|code| *code != old)
    })
    .await;
    assert_eq!(
        client.try_login(EMAIL, &old).await.code(),
        "INVALID_VERIFICATION_CODE"
    );
    client.try_login(EMAIL, &new).await.data();
}

#[tokio::test]
async fn of_many_who_present_a_code_at_once_one_signs_in() {
    let stage = Stage::new().await;
    let client = stage.client();
    let code = stage.request_code(&client, EMAIL).await;
    let told = join_all((0..5).map(|_| client.try_login(EMAIL, &code))).await;
    assert_eq!(
        told.iter()
            .filter(|told| told.find_code().is_none())
            .count(),
        1
    );
}

#[tokio::test]
async fn codes_are_limited_per_address_and_per_ip() {
    let stage = Stage::with(&[
        ("limits.codes_per_address", "2"),
        ("limits.codes_per_ip", "4"),
    ])
    .await;
    let client = stage.client();
    for _ in 0..2 {
        client.request_code(EMAIL).await.data();
    }
    let refused = client.request_code("ANN@example.com").await;
    assert_eq!(refused.code(), "RATE_LIMITED");
    let wait = &refused.0["errors"][0]["extensions"]["retryAfterSeconds"];
    assert!((1..=601).contains(&wait.as_u64().unwrap()), "{wait}");
    client.request_code("bob@example.com").await.data();
    assert_eq!(
        client.request_code("cid@example.com").await.code(),
        "RATE_LIMITED"
    );
}

#[tokio::test]
async fn an_access_token_is_good_for_a_quarter_of_an_hour() {
    let stage = Stage::new().await;
    let client = stage.signed_in(EMAIL).await;
    stage.clock.advance(Duration::from_secs(15 * 60 - 1));
    client.id().await;
    stage.clock.advance(Duration::from_secs(1));
    let told = client.ask("{ profile { id } }", json!({})).await;
    assert_eq!(told.code(), "UNAUTHENTICATED");
}

#[tokio::test]
async fn a_refresh_token_works_once_and_its_reuse_ends_the_session() {
    let stage = Stage::new().await;
    let mut client = stage.signed_in(EMAIL).await;
    let first = client.refresh.clone().unwrap();
    let told = client.try_refresh(&first).await.data();
    client.keep(&told["refreshToken"]);
    let second = client.refresh.clone().unwrap();
    let told = client.try_refresh(&second).await.data();
    client.keep(&told["refreshToken"]);
    client.id().await;

    assert_eq!(
        client.try_refresh(&first).await.code(),
        "INVALID_REFRESH_TOKEN"
    );
    let newest = client.refresh.clone().unwrap();
    assert_eq!(
        client.try_refresh(&newest).await.code(),
        "INVALID_REFRESH_TOKEN"
    );
    let told = client.ask("{ profile { id } }", json!({})).await;
    assert_eq!(told.code(), "UNAUTHENTICATED");
}

#[tokio::test]
async fn of_those_who_refresh_at_once_one_is_served_and_the_session_ends() {
    let stage = Stage::new().await;
    let client = stage.signed_in(EMAIL).await;
    let token = client.refresh.clone().unwrap();
    let told = join_all((0..4).map(|_| client.try_refresh(&token))).await;
    let mut served = told.iter().filter(|told| told.find_code().is_none());
    let next = &served.next().unwrap().0["data"]["refreshToken"]["refreshToken"];
    assert_eq!(served.count(), 0);
    assert_eq!(
        client.try_refresh(next.as_str().unwrap()).await.code(),
        "INVALID_REFRESH_TOKEN"
    );
}

#[tokio::test]
async fn a_nickname_is_one_whatever_its_case_and_of_plain_letters() {
    let stage = Stage::new().await;
    let (ann, bob) = (
        stage.signed_in(EMAIL).await,
        stage.signed_in("bob@example.com").await,
    );
    let rename = async |client: &Client, name: &str| {
        let query = "mutation($n: String!) {
            updateProfile(updateProfileInput: { nickName: $n }) { nickName } }";
        client.ask(query, json!({ "n": name })).await
    };
    let told = rename(&ann, "Ann_1-2.3").await.data();
    assert_eq!(told["updateProfile"]["nickName"], "Ann_1-2.3");
    rename(&ann, "ann_1-2.3").await.data();
    // The last two are Cyrillic and fullwidth.
    for taken in ["ANN_1-2.3", "ann_1-2.3", "\u{410}nn", "\u{ff21}nn"] {
        assert_eq!(
            rename(&bob, taken).await.code(),
            "BAD_USER_INPUT",
            "{taken}"
        );
    }
}

#[tokio::test]
async fn a_session_lapses_unless_it_is_refreshed() {
    let stage = Stage::new().await;
    let client = stage.signed_in(EMAIL).await;
    stage.clock.advance(Duration::from_secs(30 * 24 * 60 * 60));
    let told = client.try_refresh(client.refresh.as_deref().unwrap()).await;
    assert_eq!(told.code(), "INVALID_REFRESH_TOKEN");
}

#[tokio::test]
async fn a_revoked_session_stops_at_once_and_others_go_on() {
    let stage = Stage::new().await;
    let phone = stage.signed_in(EMAIL).await;
    let laptop = stage.signed_in(EMAIL).await;
    let told = phone
        .ask("{ sessions { edges { node { id current } } } }", json!({}))
        .await
        .data();
    let edges = told["sessions"]["edges"].as_array().unwrap().clone();
    assert_eq!(edges.len(), 2);
    let other = edges
        .iter()
        .find(|edge| edge["node"]["current"] == false)
        .unwrap();
    let revoke = "mutation($id: ID!) { revokeSession(id: $id) { revoked userErrors { code } } }";
    let told = phone
        .ask(revoke, json!({ "id": other["node"]["id"] }))
        .await
        .data();
    assert_eq!(told["revokeSession"]["revoked"], 1);
    let told = laptop.ask("{ profile { id } }", json!({})).await;
    assert_eq!(told.code(), "UNAUTHENTICATED");
    phone.id().await;
}

#[tokio::test]
async fn somebody_elses_session_cannot_be_revoked() {
    let stage = Stage::new().await;
    let ann = stage.signed_in(EMAIL).await;
    let bob = stage.signed_in("bob@example.com").await;
    let told = ann
        .ask("{ sessions { edges { node { id } } } }", json!({}))
        .await
        .data();
    let id = told["sessions"]["edges"][0]["node"]["id"].clone();
    let revoke = "mutation($id: ID!) { revokeSession(id: $id) { revoked userErrors { code } } }";
    let told = bob.ask(revoke, json!({ "id": id })).await.data();
    assert_eq!(told["revokeSession"]["userErrors"][0]["code"], "NOT_FOUND");
    ann.id().await;
}

#[tokio::test]
async fn a_code_leaves_the_stream_when_it_expires_and_was_never_in_a_table() {
    let stage = Stage::with(&[("identity.code_s", "1")]).await;
    stage.request_code(&stage.client(), EMAIL).await;
    testkit::eventually(crate::stage::LIMIT, async || {
        let last = stage.bus.last::<OtpEmail>(&Key::none()).await.unwrap();
        last.is_none()
    })
    .await;
    assert_eq!(
        stage.count("outbox").await + stage.count("dead_letters").await,
        0
    );
}
