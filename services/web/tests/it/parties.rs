//! Parties: what is asked of the matcher, and who sees them.

use contracts::Code;
use contracts::commands::{
    AgreeToRoom, Answer, Ask, InviteToParty, JoinParty, JoinRoomAsParty, LeaveParty, QueueParty,
    Refused, RemoveFromParty,
};
use contracts::matchmaking::PartyChanged;
use domain::id::PartyId;
use runtime::ids::mint;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::client::Client;
use crate::socket::Socket;
use crate::stage::Stage;
use crate::subscriptions::shout_until;

const INVITE: &str = "mutation($id: ID!, $request: UUID) {
    inviteToParty(userID: $id, requestId: $request) { party { id } userErrors { code } } }";
const QUEUE: &str = "mutation($game: ID!) {
    queueParty(gameId: $game) { queued userErrors { code path } } }";
const JOIN: &str = "mutation($id: ID!) {
    joinMatch(id: $id, asParty: true) { match { id } userErrors { code path } } }";
const LIST: &str = "{ parties { totalCount edges { node {
    id leader { id } members { userID joinedAt user { id } } } } } }";

const READY: &str = "mutation($id: ID, $code: String) {
    readyForMatch(id: $id, inviteCode: $code) { party { members { readyForMatchID } } } }";

impl Stage {
    /// A party that one leads and that invites another.
    pub(crate) async fn party(&self, leader: &str, invited: &str) -> PartyId {
        let id: PartyId = mint();
        self.script(&format!(
            "INSERT INTO parties (id, leader_id, expires_at_ms)
                 VALUES ('{id}', '{leader}', 1893456000000);
             INSERT INTO party_members (party_id, player_id, joined_at)
                 VALUES ('{id}', '{leader}', now()), ('{id}', '{invited}', NULL)"
        ))
        .await;
        id
    }
}

async fn list(client: &Client) -> Value {
    let told = client.ask(LIST, json!({})).await.data();
    told["parties"].clone()
}

#[tokio::test]
async fn an_invitation_goes_out_in_ones_own_name_and_a_retry_is_the_same() {
    let mut stage = Stage::new().await;
    let (ann, bob) = (
        stage.signed_in("ann@example.com").await,
        stage.signed_in("bob@example.com").await,
    );
    let (ann_id, bob_id) = (ann.id().await, bob.id().await);
    stage
        .answer(|question: InviteToParty| Answer::Done {
            value: question.party,
        })
        .await;
    let request = Uuid::from_u128(1);
    for _again in 0..2 {
        let variables = json!({ "id": bob_id, "request": request });
        let told = ann.ask(INVITE, variables).await.data();
        // Nobody has made the party here.
        let expected = json!({ "party": null, "userErrors": [] });
        assert_eq!(told["inviteToParty"], expected);
    }
    let asked = stage.questions::<InviteToParty>(2).await;
    assert_eq!(asked[0].caller, asked[1].caller);
    assert_eq!(asked[0].body_hash(), asked[1].body_hash());
    assert_eq!(asked[0].caller.user.to_string(), ann_id);
    assert_eq!(asked[0].player.to_string(), bob_id);
    let profile = ann.ask("{ profile { nickName } }", json!({})).await.data();
    let name = asked[0].name.as_deref();
    assert_eq!(profile["profile"]["nickName"].as_str(), name);
    // Bob hears it a third time in an hour, and no more from her.
    for _again in 0..2 {
        ann.ask(INVITE, json!({ "id": bob_id })).await.data();
    }
    let asked = stage.questions::<InviteToParty>(4).await;
    let named = asked.iter().map(|it| it.name.is_some());
    assert_eq!(named.collect::<Vec<_>>(), [true, true, true, false]);
    let told = stage.client().ask(INVITE, json!({ "id": bob_id })).await;
    assert_eq!(told.code(), "UNAUTHENTICATED");
}

#[tokio::test]
async fn a_party_is_its_members_to_see_and_of_those_whom_it_invites() {
    let stage = Stage::new().await;
    let (ann, bob, eve) = (
        stage.signed_in("ann@example.com").await,
        stage.signed_in("bob@example.com").await,
        stage.signed_in("eve@example.com").await,
    );
    let (ann_id, bob_id) = (ann.id().await, bob.id().await);
    let party = stage.party(&ann_id, &bob_id).await;
    let node = "query($id: ID!) { node(id: $id) { __typename } }";
    for client in [&ann, &bob] {
        let seen = list(client).await;
        let seen = &seen["edges"][0]["node"];
        assert_eq!(seen["id"], party.to_string());
        assert_eq!(seen["leader"]["id"], ann_id);
        let [leader, invited] = [&seen["members"][0], &seen["members"][1]];
        assert_eq!(
            (&leader["userID"], &invited["user"]["id"]),
            (&json!(ann_id), &json!(bob_id))
        );
        assert!(leader["joinedAt"].is_string() && invited["joinedAt"].is_null());
        let told = client.ask(node, json!({ "id": party })).await.data();
        assert_eq!(told["node"]["__typename"], "Party");
    }
    assert_eq!(list(&eve).await["totalCount"], 0);
    let told = eve.ask(node, json!({ "id": party })).await.data();
    assert_eq!(told["node"], Value::Null);
}

#[tokio::test]
async fn a_refusal_of_a_party_reaches_its_leader() {
    let mut stage = Stage::new().await;
    let ann = stage.signed_in("ann@example.com").await;
    stage
        .answer(move |_: QueueParty| Answer::Refused {
            refusal: Refused::new(Code::AlreadyWaiting),
        })
        .await;
    stage
        .answer(move |_: JoinRoomAsParty| Answer::Refused {
            refusal: Refused::new(Code::PartyNotReady),
        })
        .await;
    let id: Uuid = mint();
    let told = ann.ask(QUEUE, json!({ "game": id })).await.data();
    let errors = json!([{ "code": "ALREADY_WAITING", "path": [] }]);
    let expected = json!({ "queued": false, "userErrors": errors });
    assert_eq!(told["queueParty"], expected);
    let told = ann.ask(JOIN, json!({ "id": id })).await.data();
    let errors = json!([{ "code": "PARTY_NOT_READY", "path": [] }]);
    let expected = json!({ "match": null, "userErrors": errors });
    assert_eq!(told["joinMatch"], expected);
}

#[tokio::test]
async fn who_comes_goes_or_is_sent_away_is_asked_of_the_matcher() {
    const COME: &str = "mutation($id: ID!) {
        joinParty(id: $id) { party { id } userErrors { code } } }";
    const GO: &str = "mutation($id: ID!) {
        leaveParty(id: $id) { party { id } userErrors { code } } }";
    const SEND_AWAY: &str = "mutation($id: ID!) {
        removeFromParty(userID: $id) { party { id } userErrors { code } } }";
    let mut stage = Stage::new().await;
    let (ann, bob) = (
        stage.signed_in("ann@example.com").await,
        stage.signed_in("bob@example.com").await,
    );
    let (ann_id, bob_id) = (ann.id().await, bob.id().await);
    let party = stage.party(&ann_id, &bob_id).await;
    stage
        .answer(|question: JoinParty| Answer::Done {
            value: question.party,
        })
        .await;
    stage
        .answer(move |_: RemoveFromParty| Answer::Done { value: party })
        .await;
    stage
        .answer(|question: LeaveParty| Answer::Done {
            value: question.party,
        })
        .await;
    let seen = json!({ "party": { "id": party }, "userErrors": [] });
    let told = bob.ask(COME, json!({ "id": party })).await.data();
    assert_eq!(told["joinParty"], seen);
    let told = ann.ask(SEND_AWAY, json!({ "id": bob_id })).await.data();
    assert_eq!(told["removeFromParty"], seen);
    let told = ann.ask(GO, json!({ "id": party })).await.data();
    assert_eq!(told["leaveParty"], seen);

    let came = stage.questions::<JoinParty>(1).await.remove(0);
    assert_eq!(came.caller.user.to_string(), bob_id);
    assert_eq!(came.party, party);
    let sent = stage.questions::<RemoveFromParty>(1).await.remove(0);
    assert_eq!(sent.caller.user.to_string(), ann_id);
    assert_eq!(sent.player.to_string(), bob_id);
    let went = stage.questions::<LeaveParty>(1).await.remove(0);
    assert_eq!(went.caller.user.to_string(), ann_id);
    assert_eq!(went.party, party);
    // What is no id is nobody's.
    for mutation in [COME, GO, SEND_AWAY] {
        let told = bob.ask(mutation, json!({ "id": "x" })).await.data();
        let told = told.as_object().unwrap().values().next().unwrap();
        let errors = json!([{ "code": "PARTY_NOT_FOUND" }]);
        assert_eq!(told["userErrors"], errors, "{mutation}");
    }
}

#[tokio::test]
async fn who_is_ready_for_a_match_says_so_to_the_party_and_may_see_it() {
    let mut stage = Stage::new().await;
    let (ann, bob) = (
        stage.signed_in("ann@example.com").await,
        stage.signed_in("bob@example.com").await,
    );
    let (ann_id, bob_id) = (ann.id().await, bob.id().await);
    let party = stage.party(&ann_id, &bob_id).await;
    let game = stage.game("Duel").await;
    let room = stage.room(&game, &ann_id, Some("7Q2XK9MD"), &[]).await;
    let find = "query($id: ID!) { gameMatch(id: $id) { id } }";
    let seen = bob.ask(find, json!({ "id": room })).await.data();
    assert_eq!(seen["gameMatch"], Value::Null);
    stage
        .script(&format!(
            "UPDATE party_members SET joined_at = now(), ready_for = '{room}'
             WHERE player_id = '{bob_id}'"
        ))
        .await;
    stage
        .answer(move |_: AgreeToRoom| Answer::Done { value: party })
        .await;
    let variables = json!({ "id": room, "code": "7Q2XK9MD" });
    let told = bob.ask(READY, variables).await.data();
    let members = &told["readyForMatch"]["party"]["members"];
    assert_eq!(members[0]["readyForMatchID"], Value::Null);
    assert_eq!(members[1]["readyForMatchID"], room.to_string());
    let seen = bob.ask(find, json!({ "id": room })).await.data();
    assert_eq!(seen["gameMatch"]["id"], room.to_string());
    bob.ask(READY, json!({ "id": null })).await.data();
    let asked = stage.questions::<AgreeToRoom>(2).await;
    let agreed = (asked[0].battle, asked[0].invite_code.as_deref());
    assert_eq!(
        agreed.0.map(|battle| battle.to_string()),
        Some(room.to_string())
    );
    assert_eq!(agreed.1, Some("7Q2XK9MD"));
    assert_eq!(asked[1].battle, None);
}

#[tokio::test]
async fn members_hear_what_happens_in_their_party_until_they_may_no_longer() {
    let stage = Stage::new().await;
    let (ann, bob) = (
        stage.signed_in("ann@example.com").await,
        stage.signed_in("bob@example.com").await,
    );
    let eve = stage.signed_in("eve@example.com").await;
    let (ann_id, bob_id) = (ann.id().await, bob.id().await);
    let party = stage.party(&ann_id, &bob_id).await;
    let query = "subscription($id: ID!) {
        partyUpdated(id: $id) { expiresAt members { userID joinedAt } } }";
    let mut stranger = Socket::open(&eve).await;
    stranger.subscribe("1", query, json!({ "id": party })).await;
    let refused = stranger.hear().await;
    assert_eq!(
        refused["payload"]["errors"][0]["extensions"]["code"],
        "PARTY_NOT_FOUND"
    );
    let mut socket = Socket::open(&bob).await;
    socket.subscribe("1", query, json!({ "id": party })).await;
    let publish = async || {
        let id: Uuid = mint();
        let changed = PartyChanged { party };
        stage.bus.publish(&changed, &id.to_string()).await.unwrap();
    };
    let told = shout_until(publish, socket.next("1")).await;
    let seen = &told["partyUpdated"];
    assert_eq!(seen["members"][1]["userID"], bob_id);
    assert_eq!(seen["expiresAt"], "2030-01-01T00:00:00.000Z");
    stage
        .script(&format!(
            "DELETE FROM party_members WHERE player_id = '{bob_id}'"
        ))
        .await;
    publish().await;
    while socket.next("1").await["partyUpdated"] != Value::Null {}
}
