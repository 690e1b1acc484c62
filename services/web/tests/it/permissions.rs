//! Who may do what.

use contracts::commands::ForgetPlayer;
use futures::future::join_all;
use serde_json::json;

use crate::client::Client;
use crate::stage::Stage;

const ID: &str = "00000000-0000-4000-8000-000000000000";

/// Every mutation of staff and the roles that may use it.
pub(crate) const STAFF: &[(&str, &[&str])] = &[
    (
        "createGame(createGameInput: {title: \"x\"}) { id }",
        &["admin", "game_master"],
    ),
    (
        "updateGame(id: $id, updateGameInput: {title: \"x\"}) { id }",
        &["admin", "game_master"],
    ),
    ("deleteGame(id: $id)", &["admin", "game_master"]),
    (
        "cancelMatch(id: $id) { userErrors { code } }",
        &["admin", "game_master"],
    ),
    (
        "voidMatchPlayer(id: $id, userID: $id, reason: \"x\") { userErrors { code } }",
        &["admin"],
    ),
    (
        "approveWithdrawal(id: $id) { userErrors { code } }",
        &["admin"],
    ),
    (
        "rejectWithdrawal(id: $id, reason: \"x\") { userErrors { code } }",
        &["admin"],
    ),
    (
        "createAchievementDefinition(createAchievementDefinitionInput: \
            {title: \"x\", metric: \"m\", threshold: 1}) { id }",
        &["admin", "game_master"],
    ),
    (
        "updateAchievementDefinition(id: $id, updateAchievementDefinitionInput: {}) { id }",
        &["admin", "game_master"],
    ),
    (
        "deleteAchievementDefinition(id: $id)",
        &["admin", "game_master"],
    ),
    (
        "createUser(createUserInput: {email: \"x\", nickName: \"x\"}) { id }",
        &["admin"],
    ),
    (
        "updateUser(id: $id, updateUserInput: {}) { id }",
        &["admin"],
    ),
    ("deleteUser(id: $id)", &["admin"]),
    (
        "banUser(id: $id, reason: \"x\") { userErrors { code } }",
        &["admin"],
    ),
    ("unbanUser(id: $id) { userErrors { code } }", &["admin"]),
];

async fn is_allowed(client: &Client, mutation: &str) -> bool {
    let head = if mutation.contains("$id") {
        "mutation($id: ID!)"
    } else {
        "mutation"
    };
    let told = client
        .ask(&format!("{head} {{ {mutation} }}"), json!({ "id": ID }))
        .await;
    let code = told.find_code();
    assert_ne!(
        code,
        Some("GRAPHQL_VALIDATION_FAILED"),
        "{mutation}: {}",
        told.0
    );
    code != Some("FORBIDDEN")
}

#[tokio::test]
async fn each_role_may_do_what_it_includes_and_nothing_else() {
    let stage = Stage::new().await;
    for role in ["admin", "game_master", "support", "janitor"] {
        let client = stage.staff(role).await;
        let checks = STAFF.iter().map(async |(mutation, roles)| {
            assert_eq!(
                is_allowed(&client, mutation).await,
                roles.contains(&role),
                "{role}: {mutation}"
            );
        });
        join_all(checks).await;
    }
}

#[tokio::test]
async fn a_player_may_do_nothing_of_staff() {
    let stage = Stage::new().await;
    let player = stage.signed_in("ann@example.com").await;
    for (mutation, _) in STAFF {
        assert!(!is_allowed(&player, mutation).await, "{mutation}");
    }
}

#[tokio::test]
async fn whoever_is_not_signed_in_is_told_so() {
    let stage = Stage::new().await;
    let anybody = stage.client();
    for query in [
        "{ profile { id } }",
        "{ users { totalCount } }",
        "{ gameMatches { totalCount } }",
        "{ gameMatchPositions { totalCount } }",
        "{ wallets { totalCount } }",
        "{ transactions { totalCount } }",
        "{ notifications { totalCount } }",
        "{ unreadNotificationCount }",
        "{ sessions { totalCount } }",
        "{ queueTickets { totalCount } }",
        "{ achievements { totalCount } }",
        "mutation { joinGame(id: \"x\") }",
        "mutation { deleteGame(id: \"x\") }",
        "mutation { revokeAllSessions { revoked } }",
    ] {
        let told = anybody.ask(query, json!({})).await;
        assert_eq!(told.code(), "UNAUTHENTICATED", "{query}");
        assert_eq!(
            told.0["errors"][0]["extensions"]["traceId"]
                .as_str()
                .unwrap()
                .len(),
            32
        );
    }
    for query in ["{ assets { totalCount } }", "{ games { totalCount } }"] {
        anybody.ask(query, json!({})).await.data();
    }
}

#[tokio::test]
async fn a_role_that_is_taken_away_is_gone_at_once() {
    let stage = Stage::new().await;
    let admin = stage.staff("admin").await;
    assert!(is_allowed(&admin, "deleteGame(id: $id)").await);
    stage.script("DELETE FROM staff_roles").await;
    assert!(!is_allowed(&admin, "deleteGame(id: $id)").await);
}

#[tokio::test]
async fn support_reads_what_a_player_may_not() {
    let stage = Stage::new().await;
    let (ann, support) = (
        stage.signed_in("ann@example.com").await,
        stage.staff("support").await,
    );
    let id = ann.id().await;
    let query = "query($id: ID!) { user(id: $id) { __typename ... on User { email } } }";
    let told = support.ask(query, json!({ "id": id })).await.data();
    assert_eq!(told["user"]["email"], "ann@example.com");
    let own = support.id().await;
    let told = ann.ask(query, json!({ "id": own })).await.data();
    assert_eq!(told["user"], json!({ "__typename": "PublicUser" }));
}

#[tokio::test]
async fn a_deleted_user_is_signed_out_and_forgotten() {
    let stage = Stage::new().await;
    let (ann, admin) = (
        stage.signed_in("ann@example.com").await,
        stage.staff("admin").await,
    );
    let id = ann.id().await;
    let delete = "mutation($id: ID!) { deleteUser(id: $id) }";
    admin.ask(delete, json!({ "id": id })).await.data();
    assert_eq!(
        ann.ask("{ profile { id } }", json!({})).await.code(),
        "UNAUTHENTICATED"
    );
    assert_ne!(stage.signed_in("ann@example.com").await.id().await, id);
}

#[tokio::test]
async fn what_a_deleted_user_took_part_in_is_still_to_be_seen() {
    let stage = Stage::new().await;
    let (ann, bob) = (
        stage.signed_in("ann@example.com").await,
        stage.signed_in("bob@example.com").await,
    );
    let admin = stage.staff("admin").await;
    let (ann_id, bob_id) = (ann.id().await, bob.id().await);
    let party = stage.party(&ann_id, &bob_id).await;
    let game = stage.game("Duel").await;
    let battle = stage.battle(&game, &[&ann_id, &bob_id], "CLOSED").await;
    stage
        .script(&format!(
            "UPDATE battles SET winner_id = '{bob_id}' WHERE id = '{battle}'"
        ))
        .await;
    let delete = "mutation($id: ID!) { deleteUser(id: $id) }";
    admin.ask(delete, json!({ "id": bob_id })).await.data();

    let asked = stage.questions::<ForgetPlayer>(1).await.remove(0);
    assert_eq!(asked.caller.user.to_string(), bob_id);
    let gone = format!("deleted/{bob_id}");
    let query = "query($id: ID!) {
        parties { edges { node { id members { user { id nickName } } } } }
        gameMatch(id: $id) { winner { nickName } participants { edges { node { user {
            ... on User { nickName } ... on PublicUser { nickName avatar } } } } } } }";
    let told = ann.ask(query, json!({ "id": battle })).await.data();
    let seen = &told["parties"]["edges"][0]["node"];
    assert_eq!(seen["id"], party.to_string());
    assert_eq!(seen["members"][1]["user"]["nickName"], gone);
    let seen = &told["gameMatch"];
    assert_eq!(seen["winner"]["nickName"], gone);
    let bob = &seen["participants"]["edges"][1]["node"]["user"];
    assert_eq!(*bob, json!({ "nickName": gone, "avatar": null }));
    // Nobody finds the account any more.
    let find = "query($id: ID!) { user(id: $id) { id } node(id: $id) { id } }";
    let told = ann.ask(find, json!({ "id": bob_id })).await.data();
    assert_eq!(told, json!({ "user": null, "node": null }));
}
