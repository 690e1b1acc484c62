//! Matches that wait for players: what is asked of the matcher, and who sees them.

use contracts::Code;
use contracts::battles::RoomChanged;
use contracts::commands::{
    AgreeToRoom, Answer, CreateRoom, JoinRoom, JoinRoomAsParty, QueueParty, Refused, StartRoom,
};
use domain::id::BattleId;
use runtime::ids::mint;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::client::Client;
use crate::rows::Game;
use crate::socket::Socket;
use crate::stage::Stage;
use crate::subscriptions::shout_until;

const CREATE: &str = "mutation($game: ID!, $private: Boolean, $official: Boolean, $request: UUID) {
    createMatch(gameId: $game, private: $private, official: $official, requestId: $request) {
        match { id } userErrors { code } } }";
const JOIN: &str = "mutation($id: ID!, $code: String) {
    joinMatch(id: $id, inviteCode: $code) { match { id } userErrors { code } } }";
const LOOK: &str = "query($id: ID!) { gameMatch(id: $id) {
    status inviteCode creator { ... on PublicUser { id } ... on User { id } } startTime
    waiting { ... on PublicUser { id } ... on User { id } } } }";

impl Stage {
    /// A match of `game` that waits, with these in it.
    pub(crate) async fn room(
        &self,
        game: &Game,
        creator: &str,
        invite_code: Option<&str>,
        members: &[&str],
    ) -> BattleId {
        let id: BattleId = mint();
        let Game { id: game, template } = game;
        let code = invite_code.map_or("NULL".to_owned(), |code| format!("'{code}'"));
        self.script(&format!(
            "INSERT INTO battles (id, game_id, game_version, template, origin, status, ranked,
                shard, creator_id, invite_code, expires_at_ms)
             VALUES ('{id}', '{game}', 1, '{template}', 'ROOM', 'WAITING', false,
                0, '{creator}', {code}, 1893456000000)"
        ))
        .await;
        for (since, member) in (1..).zip(members) {
            let ticket: Uuid = mint();
            self.script(&format!(
                "INSERT INTO tickets (id, game_id, game_version, player_id, status, cups,
                    queued_at_ms, expires_at_ms, room_id)
                 VALUES ('{ticket}', '{game}', 1, '{member}', 'QUEUED', 0, {since}, 1893456000000,
                    '{id}')"
            ))
            .await;
        }
        id
    }
}

async fn look(client: &Client, battle: BattleId) -> Value {
    let told = client.ask(LOOK, json!({ "id": battle })).await.data();
    told["gameMatch"].clone()
}

#[tokio::test]
async fn a_match_is_made_under_ids_that_a_retry_repeats() {
    let mut stage = Stage::new().await;
    let ann = stage.signed_in("ann@example.com").await;
    let game = stage.game("Duel").await;
    stage
        .answer(|_: CreateRoom| Answer::Refused {
            refusal: Refused::new(Code::RoomsNotAllowed),
        })
        .await;
    let request = Uuid::from_u128(1);
    let variables = json!({ "game": game.id, "private": true, "request": request });
    for _again in 0..2 {
        let told = ann.ask(CREATE, variables.clone()).await.data();
        assert_eq!(
            told["createMatch"],
            json!({ "match": null, "userErrors": [{ "code": "ROOMS_NOT_ALLOWED" }] })
        );
    }
    let asked = stage.questions::<CreateRoom>(2).await;
    assert_eq!(asked[0], asked[1]);
    assert!(asked[0].private && !asked[0].official);
    assert_eq!(asked[0].caller.request.uuid(), request);
}

#[tokio::test]
async fn while_the_matcher_is_silent_nothing_happens_later_either() {
    let stage = Stage::new().await;
    let ann = stage.signed_in("ann@example.com").await;
    let lapses_at_ms = stage.clock.clock().now_ms() + 2_000;
    let id: Uuid = mint();
    let silent = async |mutation: &str| {
        let mutation = format!("mutation {{ it: {mutation} {{ userErrors {{ code }} }} }}");
        ann.ask(&mutation, json!({})).await.code().to_owned()
    };
    for (mutation, code) in [
        (
            format!("createMatch(gameId: \"{id}\")"),
            "SERVICE_UNAVAILABLE",
        ),
        (format!("joinMatch(id: \"{id}\")"), "SERVICE_UNAVAILABLE"),
        (
            format!("joinMatch(id: \"{id}\", asParty: true)"),
            "SERVICE_UNAVAILABLE",
        ),
        (format!("startMatch(id: \"{id}\")"), "SERVICE_UNAVAILABLE"),
        (
            format!("readyForMatch(id: \"{id}\")"),
            "SERVICE_UNAVAILABLE",
        ),
        (
            format!("queueParty(gameId: \"{id}\")"),
            "SERVICE_UNAVAILABLE",
        ),
        // Money comes back however late.
        (format!("leaveMatch(id: \"{id}\")"), "OUTCOME_UNKNOWN"),
    ] {
        assert_eq!(silent(&mutation).await, code, "{mutation}");
    }
    let lapse = [
        stage.questions::<CreateRoom>(1).await[0].expires_at_ms,
        stage.questions::<JoinRoom>(1).await[0].expires_at_ms,
        stage.questions::<JoinRoomAsParty>(1).await[0].expires_at_ms,
        stage.questions::<StartRoom>(1).await[0].expires_at_ms,
        stage.questions::<AgreeToRoom>(1).await[0].expires_at_ms,
        stage.questions::<QueueParty>(1).await[0].expires_at_ms,
    ];
    assert_eq!(lapse, [lapses_at_ms; 6]);
}

#[tokio::test]
async fn only_staff_make_official_matches() {
    let stage = Stage::new().await;
    let ann = stage.signed_in("ann@example.com").await;
    let game = stage.game("Duel").await;
    let told = ann
        .ask(CREATE, json!({ "game": game.id, "official": true }))
        .await;
    assert_eq!(told.code(), "FORBIDDEN");
    let anonymous = stage.client();
    let told = anonymous.ask(CREATE, json!({ "game": game.id })).await;
    assert_eq!(told.code(), "UNAUTHENTICATED");
}

#[tokio::test]
async fn an_invite_code_reaches_the_matcher() {
    let mut stage = Stage::new().await;
    let ann = stage.signed_in("ann@example.com").await;
    let id = ann.id().await;
    let game = stage.game("Duel").await;
    let bob = stage.signed_in("bob@example.com").await;
    let bob_id = bob.id().await;
    let members = [id.as_str(), bob_id.as_str()];
    let battle = stage.room(&game, &id, Some("7Q2XK9MD"), &members).await;
    stage
        .answer(|question: JoinRoom| Answer::Done {
            value: question.battle,
        })
        .await;
    let told = bob
        .ask(JOIN, json!({ "id": battle, "code": "7Q2XK9MD" }))
        .await
        .data();
    assert_eq!(told["joinMatch"]["match"]["id"], battle.to_string());
    let asked = stage.questions::<JoinRoom>(1).await.remove(0);
    assert_eq!(asked.invite_code.as_deref(), Some("7Q2XK9MD"));
    // Whoever was sent away since hears the old outcome again, and sees nothing.
    stage
        .script(&format!(
            "UPDATE tickets SET status = 'KICKED' WHERE player_id = '{bob_id}'"
        ))
        .await;
    let told = bob.ask(JOIN, json!({ "id": battle })).await.data();
    let expected = json!({ "match": null, "userErrors": [] });
    assert_eq!(told["joinMatch"], expected);
}

#[tokio::test]
async fn a_public_match_is_everybodys_to_see_and_a_private_one_its_members() {
    let stage = Stage::new().await;
    let (ann, bob) = (
        stage.signed_in("ann@example.com").await,
        stage.signed_in("bob@example.com").await,
    );
    let eve = stage.signed_in("eve@example.com").await;
    let (ann_id, bob_id) = (ann.id().await, bob.id().await);
    let games = [stage.game("Duel").await, stage.game("Duel").await];
    let public = stage.room(&games[0], &ann_id, None, &[&ann_id]).await;
    let members = [ann_id.as_str(), bob_id.as_str()];
    let private = stage.room(&games[1], &ann_id, Some("CODE"), &members).await;

    let seen = look(&eve, public).await;
    assert_eq!(
        (&seen["status"], &seen["inviteCode"], &seen["startTime"]),
        (&json!("WAITING"), &Value::Null, &Value::Null)
    );
    assert_eq!(seen["waiting"], json!([{ "id": ann_id }]));
    assert_eq!(look(&eve, private).await, Value::Null);
    for member in [&ann, &bob] {
        let seen = look(member, private).await;
        assert_eq!(seen["inviteCode"], "CODE");
        assert_eq!(seen["creator"]["id"], ann_id);
        assert_eq!(seen["waiting"], json!([{ "id": ann_id }, { "id": bob_id }]));
    }
    let list = "{ gameMatches(filterBy: { status: WAITING }) { totalCount } }";
    for (client, count) in [(&eve, 1), (&bob, 2)] {
        let told = client.ask(list, json!({})).await.data();
        assert_eq!(told["gameMatches"]["totalCount"], count);
    }

    stage
        .script("UPDATE tickets SET status = 'KICKED' WHERE room_id IS NOT NULL")
        .await;
    assert_eq!(look(&bob, private).await, Value::Null);
    assert_ne!(look(&ann, private).await, Value::Null);
}

#[tokio::test]
async fn members_hear_who_comes_and_goes_until_they_may_no_longer() {
    let stage = Stage::new().await;
    let (ann, bob) = (
        stage.signed_in("ann@example.com").await,
        stage.signed_in("bob@example.com").await,
    );
    let (ann_id, bob_id) = (ann.id().await, bob.id().await);
    let game = stage.game("Duel").await;
    let members = [ann_id.as_str(), bob_id.as_str()];
    let battle = stage.room(&game, &ann_id, Some("CODE"), &members).await;
    let mut socket = Socket::open(&bob).await;
    let query = "subscription($id: ID!) { gameMatchRoomUpdated(id: $id) {
        waiting { ... on PublicUser { id } ... on User { id } } } }";
    socket.subscribe("1", query, json!({ "id": battle })).await;
    let publish = async || {
        let id: Uuid = mint();
        let changed = RoomChanged {
            battle,
            players: Vec::new(),
        };
        stage.bus.publish(&changed, &id.to_string()).await.unwrap();
    };
    let told = shout_until(publish, socket.next("1")).await;
    let waiting = &told["gameMatchRoomUpdated"]["waiting"];
    assert_eq!(*waiting, json!([{ "id": ann_id }, { "id": bob_id }]));
    stage
        .script(&format!(
            "UPDATE tickets SET status = 'KICKED' WHERE player_id = '{bob_id}'"
        ))
        .await;
    publish().await;
    while socket.next("1").await["gameMatchRoomUpdated"] != Value::Null {}
}

#[tokio::test]
async fn staff_look_into_a_match_for_as_long_as_they_have_the_role() {
    let stage = Stage::new().await;
    let ann = stage.signed_in("ann@example.com").await;
    let staff = stage.staff("support").await;
    let ann_id = ann.id().await;
    let game = stage.game("Duel").await;
    let battle = stage
        .room(&game, &ann_id, Some("CODE"), &[ann_id.as_str()])
        .await;
    let mut socket = Socket::open(&staff).await;
    for (id, query) in [
        (
            "old",
            "subscription($id: ID!) { gameMatchRoomUpdated(id: $id) { id } }",
        ),
        (
            "new",
            "subscription($id: ID!) { gameMatchRoomEvents(id: $id) {
                ... on GameMatchRoomChanged { match { id } } } }",
        ),
    ] {
        socket.subscribe(id, query, json!({ "id": battle })).await;
    }
    let publish = async || {
        let id: Uuid = mint();
        let changed = RoomChanged {
            battle,
            players: Vec::new(),
        };
        stage.bus.publish(&changed, &id.to_string()).await.unwrap();
    };
    // Both have been told, in whatever order, that one sees it, or that one does not.
    let mut both = async |expected: bool| {
        let mut missing = vec!["old", "new"];
        while !missing.is_empty() {
            let heard = socket.hear().await;
            assert_eq!(heard["type"], "next", "{heard}");
            assert_eq!(heard["payload"].get("errors"), None, "{heard}");
            let data = &heard["payload"]["data"];
            let said = [
                &data["gameMatchRoomUpdated"],
                &data["gameMatchRoomEvents"]["match"],
            ];
            let is_event = data["gameMatchRoomEvents"] != json!({});
            if is_event && said.into_iter().any(Value::is_object) == expected {
                missing.retain(|of| heard["id"] != *of);
            }
        }
    };
    shout_until(publish, both(true)).await;
    stage.script("DELETE FROM staff_roles").await;
    publish().await;
    // What was said before the role was taken comes first.
    both(false).await;
}
