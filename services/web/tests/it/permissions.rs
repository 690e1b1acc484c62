//! Who may do what, and what comes of it where staff or one's own profile are concerned.

use contracts::Topic;
use contracts::commands::{Answer, ForgetPlayer, UpdateAchievementDefinition};
use domain::achievement::Terms;
use domain::id::AchievementDefinitionId;
use futures::future::join_all;
use runtime::ids::mint;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::client::{Client, Told};
use crate::stage::{LIMIT, Stage};

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

/// It was refused for this field.
#[track_caller]
fn assert_is_refused(told: &Told, field: &str) {
    assert_eq!(told.code(), "BAD_USER_INPUT", "{told:?}");
    let path = &told.0["errors"][0]["extensions"]["path"];
    assert_eq!(*path, json!([field]), "{told:?}");
}

#[tokio::test]
async fn an_account_that_staff_make_is_there_for_whoever_has_the_address() {
    const CREATE: &str = "mutation($email: String!, $name: String!) {
        createUser(createUserInput: { email: $email, nickName: $name }) { id email nickName } }";
    const FIND: &str = "query($id: ID!) { user(id: $id) { ... on User { id email nickName } } }";
    let stage = Stage::new().await;
    let admin = stage.staff("admin").await;
    let create = async |email: &str, name: &str| {
        let variables = json!({ "email": email, "name": name });
        admin.ask(CREATE, variables).await
    };
    let told = create(" Ann@Example.com ", "Ann-1").await.data()["createUser"].clone();
    let id = told["id"].as_str().unwrap();
    let made = json!({ "id": id, "email": "ann@example.com", "nickName": "Ann-1" });
    assert_eq!(told, made);
    let found = admin.ask(FIND, json!({ "id": id })).await.data();
    assert_eq!(found["user"], made);
    let ann = stage.signed_in("ann@example.com").await;
    let profile = "{ profile { id email nickName } }";
    let own = ann.ask(profile, json!({})).await.data();
    assert_eq!(own["profile"], made);

    for (email, name, field) in [
        ("ANN@example.com", "Ann-2", "email"),
        ("eve", "Eve-1", "email"),
        ("eve@example.com", "ANN-1", "nickName"),
        ("eve@example.com", "ev", "nickName"),
    ] {
        assert_is_refused(&create(email, name).await, field);
    }
    assert_eq!(stage.count("users").await, 2);
}

#[tokio::test]
async fn what_staff_change_of_a_user_shows_and_what_they_leave_out_stays() {
    const UPDATE: &str = "mutation($id: ID!, $input: UpdateUserInput!) {
        updateUser(id: $id, updateUserInput: $input) { id nickName avatar } }";
    const PICTURE: &str = "https://example.com/ann.png";
    let stage = Stage::new().await;
    let (ann, admin) = (
        stage.signed_in("ann@example.com").await,
        stage.staff("admin").await,
    );
    let id = ann.id().await;
    let update = async |id: &str, input: &Value| {
        let variables = json!({ "id": id, "input": input });
        admin.ask(UPDATE, variables).await
    };
    let own = async || {
        let profile = "{ profile { id nickName avatar } }";
        ann.ask(profile, json!({})).await.data()["profile"].clone()
    };
    for (input, name, avatar) in [
        (
            json!({ "nickName": "Ann-1", "avatar": PICTURE }),
            "Ann-1",
            Some(PICTURE),
        ),
        (json!({ "nickName": "Ann-2" }), "Ann-2", Some(PICTURE)),
        (json!({}), "Ann-2", Some(PICTURE)),
        (json!({ "avatar": "" }), "Ann-2", None),
    ] {
        let expected = json!({ "id": id, "nickName": name, "avatar": avatar });
        let told = update(&id, &input).await.data();
        assert_eq!(told["updateUser"], expected, "{input}");
        assert_eq!(own().await, expected, "{input}");
    }
    let before = own().await;
    for (input, field) in [
        (json!({ "nickName": "A", "avatar": PICTURE }), "nickName"),
        (
            json!({ "nickName": "Ann-3", "avatar": "ann.png" }),
            "avatar",
        ),
    ] {
        assert_is_refused(&update(&id, &input).await, field);
        assert_eq!(own().await, before, "{input}");
    }
    let nobody = update(ID, &json!({ "nickName": "Ann-3" })).await;
    assert_eq!(nobody.code(), "NOT_FOUND");
}

#[tokio::test]
async fn what_can_be_earned_is_what_staff_say_and_what_they_leave_out_stays() {
    const SHOWN: &str = "id title description metric threshold experience isActive";
    const TOPIC: Topic = Topic::UpdateAchievementDefinition;
    let stage = Stage::new().await;
    let staff = stage.staff("game_master").await;
    let definition: AchievementDefinitionId = mint();
    stage
        .script(&format!(
            "INSERT INTO achievement_definitions
                (id, title, description, metric, threshold, experience, is_active)
             VALUES ('{definition}', 'Winner', 'Win', 'battles_won', 1, 10, true)"
        ))
        .await;
    let tail = stage.bus.bounds(TOPIC.stream()).await.unwrap().tail();
    let mut questions = stage
        .bus
        .ordered(TOPIC.stream(), &[TOPIC], tail)
        .await
        .unwrap();
    // As its owner, who answers once it is written.
    let owner = async {
        let entry = timeout(LIMIT, questions.next()).await.unwrap().unwrap();
        let question = entry.decode::<UpdateAchievementDefinition>().unwrap();
        let value = question.definition;
        let Terms {
            title,
            description,
            metric,
            threshold,
            experience,
            is_active,
        } = question.terms;
        stage
            .script(&format!(
                "UPDATE achievement_definitions SET title = '{title}',
                    description = '{description}', metric = '{metric}', threshold = {threshold},
                    experience = {experience}, is_active = {is_active}
                 WHERE id = '{value}'"
            ))
            .await;
        let to = entry.answer_to.as_deref();
        stage.bus.answer(to, &Answer::Done { value });
    };
    let mutation = format!(
        "mutation($id: ID!, $input: UpdateAchievementDefinitionInput!) {{
            updateAchievementDefinition(id: $id, updateAchievementDefinitionInput: $input) {{
                {SHOWN} }} }}"
    );
    let input = json!({ "title": "Champion", "threshold": 5, "isActive": false });
    let variables = json!({ "id": definition, "input": input });
    let (told, ()) = tokio::join!(staff.ask(&mutation, variables), owner);
    let changed = json!({ "id": definition, "title": "Champion", "description": "Win",
        "metric": "battles_won", "threshold": 5, "experience": 10, "isActive": false });
    assert_eq!(told.data()["updateAchievementDefinition"], changed);
    let query = format!("query($id: ID!) {{ achievementDefinition(id: $id) {{ {SHOWN} }} }}");
    let anybody = stage.client();
    let told = anybody
        .ask(&query, json!({ "id": definition }))
        .await
        .data();
    assert_eq!(told["achievementDefinition"], changed);
    let nothing = json!({ "id": ID, "input": input });
    let told = staff.ask(&mutation, nothing).await;
    assert_eq!(told.code(), "ACHIEVEMENT_DEFINITION_NOT_FOUND");
}

#[tokio::test]
async fn a_picture_is_an_https_address_that_everybody_sees() {
    const UPDATE: &str = "mutation($avatar: String!) {
        updateProfile(updateProfileInput: { avatar: $avatar }) { avatar } }";
    let stage = Stage::new().await;
    let (ann, bob) = (
        stage.signed_in("ann@example.com").await,
        stage.signed_in("bob@example.com").await,
    );
    let id = ann.id().await;
    let update = async |avatar: &str| ann.ask(UPDATE, json!({ "avatar": avatar })).await;
    let seen_by = async |client: &Client| {
        let query = "query($id: ID!) { user(id: $id) { avatar } }";
        let told = client.ask(query, json!({ "id": id })).await.data();
        told["user"]["avatar"].clone()
    };
    assert_eq!(seen_by(&bob).await, Value::Null);
    let longest = format!("https://example.com/{}", "a".repeat(480));
    for avatar in ["https://example.com/ann.png", longest.as_str()] {
        let told = update(avatar).await.data();
        assert_eq!(told["updateProfile"]["avatar"], avatar);
        for client in [&ann, &bob] {
            assert_eq!(seen_by(client).await, avatar);
        }
    }
    let too_long = format!("{longest}a");
    for refused in [
        "http://example.com/ann.png",
        "ann.png",
        "javascript:alert(1)",
        "https://example.com/a b",
        " https://example.com/ann.png",
        too_long.as_str(),
    ] {
        assert_is_refused(&update(refused).await, "avatar");
        assert_eq!(seen_by(&ann).await, longest, "{refused}");
    }
    let told = update("").await.data();
    assert_eq!(told["updateProfile"]["avatar"], Value::Null);
    assert_eq!(seen_by(&bob).await, Value::Null);
}
