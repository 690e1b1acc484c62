//! Who is kept out: from when on, until when, and what they are told.

use std::time::Duration;

use serde_json::{Value, json};

use crate::client::{Client, Told};
use crate::replicas::ends_everywhere;
use crate::stage::Stage;

const ANN: &str = "ann@example.com";
const BAN: &str = "mutation($id: ID!, $reason: String!, $end: DateTime) {
    banUser(id: $id, reason: $reason, expiresAt: $end) {
        user { id ban { createdAt expiresAt reason } } userErrors { code } } }";
const UNBAN: &str = "mutation($id: ID!) {
    unbanUser(id: $id) { user { ban { reason } } userErrors { code } } }";
const SEEN: &str = "query($id: ID!) { user(id: $id) { ... on User { ban { reason } } } }";

async fn ban(by: &Client, id: &str, reason: &str, end: Option<&str>) -> Value {
    let variables = json!({ "id": id, "reason": reason, "end": end });
    by.ask(BAN, variables).await.data()["banUser"].clone()
}

async fn try_sign_in(stage: &Stage, email: &str) -> Told {
    let client = stage.client();
    let code = stage.request_code(&client, email).await;
    client.try_login(email, &code).await
}

#[tokio::test]
async fn whoever_is_banned_is_out_within_a_second_and_told_why_when_signing_in() {
    let stage = Stage::new().await;
    let admin = stage.staff("admin").await;
    let ann = stage.signed_in(ANN).await;
    let (id, newest) = (ann.id().await, ann.refresh.clone().unwrap());
    let ending = ends_everywhere(&stage, &ann, async || {
        let told = ban(&admin, &id, " Two accounts. ", None).await;
        assert_eq!(told["user"]["ban"]["reason"], "Two accounts.");
        assert_eq!(told["user"]["ban"]["expiresAt"], Value::Null);
    });
    Box::pin(ending).await;
    let told = ann.try_refresh(&newest).await;
    assert_eq!(told.code(), "INVALID_REFRESH_TOKEN");
    let told = try_sign_in(&stage, ANN).await;
    assert_eq!(told.code(), "ACCOUNT_BANNED");
    let extensions = &told.0["errors"][0]["extensions"];
    assert_eq!(extensions["reason"], "Two accounts.");
    assert_eq!(extensions["expiresAt"], Value::Null);
    // Nobody else hears of it, and whoever does not know the code does not either.
    let told = stage.client().try_login(ANN, "000000").await;
    assert_eq!(told.code(), "INVALID_VERIFICATION_CODE");
    let told = admin.ask(SEEN, json!({ "id": id })).await.data();
    assert_eq!(told["user"]["ban"]["reason"], "Two accounts.");

    let told = admin.ask(UNBAN, json!({ "id": id })).await.data();
    assert_eq!(told["unbanUser"]["user"]["ban"], Value::Null);
    let told = admin.ask(UNBAN, json!({ "id": id })).await.data();
    assert_eq!(told["unbanUser"]["userErrors"][0]["code"], "NOT_FOUND");
    stage.signed_in(ANN).await.id().await;
}

#[tokio::test]
async fn a_ban_ends_when_it_says_and_a_newer_one_takes_its_place() {
    let stage = Stage::new().await;
    let admin = stage.staff("admin").await;
    let id = stage.signed_in(ANN).await.id().await;
    let now = stage.clock.clock().now();
    let end = |hours| {
        let end = now + time::Duration::hours(hours);
        let format = time::format_description::well_known::Rfc3339;
        end.format(&format).unwrap()
    };
    ban(&admin, &id, "For good.", None).await;
    let told = ban(&admin, &id, "For an hour.", Some(end(1).as_str())).await;
    assert_eq!(told["user"]["ban"]["reason"], "For an hour.");
    assert_eq!(stage.count("bans WHERE lifted_at IS NULL").await, 1);
    assert_eq!(stage.count("bans").await, 2);
    let told = try_sign_in(&stage, ANN).await;
    let extensions = told.0["errors"][0]["extensions"].clone();
    assert_eq!(
        (&extensions["code"], &extensions["reason"]),
        (&json!("ACCOUNT_BANNED"), &json!("For an hour."))
    );
    let until = extensions["expiresAt"].as_str().unwrap();
    assert_eq!(until[..19], end(1)[..19]);
    stage.clock.advance(Duration::from_secs(60 * 60));
    let ann = stage.signed_in(ANN).await;
    let own = "{ profile { ban { reason } } }";
    let told = ann.ask(own, json!({})).await.data();
    assert_eq!(told["profile"]["ban"], Value::Null);
}

#[tokio::test]
async fn a_ban_has_a_reason_an_end_to_come_and_somebody_else() {
    let stage = Stage::new().await;
    let admin = stage.staff("admin").await;
    let own = admin.id().await;
    let id = stage.signed_in(ANN).await.id().await;
    for (whom, reason, end, why) in [
        (&own, "x", None, "id"),
        (&id, "  ", None, "reason"),
        (&id, &*"x".repeat(501), None, "reason"),
        (&id, "x", Some("2020-01-01T00:00:00Z"), "expiresAt"),
    ] {
        let variables = json!({ "id": whom, "reason": reason, "end": end });
        let told = admin.ask(BAN, variables).await;
        assert_eq!(told.code(), "BAD_USER_INPUT", "{why}");
        assert_eq!(told.0["errors"][0]["extensions"]["path"], json!([why]));
    }
    let told = ban(&admin, "00000000-0000-4000-8000-000000000000", "x", None).await;
    assert_eq!(told["userErrors"][0]["code"], "NOT_FOUND");
    assert_eq!(stage.count("bans").await, 0);
}

#[tokio::test]
async fn whoever_signs_in_while_being_banned_is_out_in_the_end() {
    const RACES: usize = 10;
    let stage = Stage::with(&[("limits.codes_per_address", "100")]).await;
    let admin = stage.staff("admin").await;
    let id = stage.signed_in(ANN).await.id().await;
    for _ in 0..RACES {
        let mut client = stage.client();
        let code = stage.request_code(&client, ANN).await;
        let (told, _) = tokio::join!(
            client.try_login(ANN, &code),
            ban(&admin, &id, "Races.", None)
        );
        if told.find_code().is_none() {
            client.keep(&told.0["data"]["loginWithEmail"]);
            let told = client.ask("{ profile { id } }", json!({})).await;
            assert_eq!(told.code(), "UNAUTHENTICATED");
        }
        admin.ask(UNBAN, json!({ "id": id })).await.data();
    }
    assert_eq!(
        stage
            .count(&format!(
                "sessions WHERE user_id = '{id}' AND revoked_at IS NULL"
            ))
            .await,
        0
    );
}
