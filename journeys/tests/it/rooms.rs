//! A match among friends: one makes a private room, a party comes in with its code, and they play.

use bots::game;
use serde_json::{Value, json};

use crate::duel::{filled, order, terms, trade_at};
use crate::fleet::Fleet;
use crate::player::Player;

const CREATE_GAME: &str = "mutation CreateGame($input: CreateGameInput!) {
    createGame(createGameInput: $input) { id }
}";
const CREATE: &str = "mutation Create($game: ID!) {
    it: createMatch(gameId: $game, private: true) { match { id inviteCode } userErrors { code } }
}";
const JOIN: &str = "mutation Join($id: ID!, $code: String) {
    it: joinMatch(id: $id, inviteCode: $code, asParty: true) {
        match { waiting { id } } userErrors { code }
    }
}";
const READY: &str = "mutation Ready($id: ID!, $code: String) {
    it: readyForMatch(id: $id, inviteCode: $code) {
        party { members { userID readyForMatchID } } userErrors { code }
    }
}";
const START: &str = "mutation Start($id: ID!) {
    it: startMatch(id: $id) { match { status } userErrors { code } }
}";
const ASK: &str = "mutation Ask($id: ID!) {
    it: requestFriend(userID: $id) { friendship { status } userErrors { code } }
}";
const ACCEPT: &str = "mutation Accept($id: ID!) {
    it: acceptFriend(userID: $id) { friendship { status } userErrors { code } }
}";
const INVITE: &str = "mutation Invite($id: ID!) {
    it: inviteToParty(userID: $id) { party { id } userErrors { code } }
}";
const COME: &str = "mutation Come($id: ID!) {
    it: joinParty(id: $id) { party { members { userID joinedAt } } userErrors { code } }
}";
const PARTIES: &str = "query Parties { parties { edges { node { id leader { id } } } } }";

/// Changes something, which nobody refuses.
async fn done(player: &Player, mutation: &str, variables: Value) -> Value {
    let data = player.api.run(mutation, variables).await.unwrap();
    assert_eq!(data["it"]["userErrors"], json!([]));
    data["it"].clone()
}

/// Two to four who share what they pay, which the winner gets.
async fn create_game(fleet: &Fleet) -> String {
    let input = json!({
        "title": "Friends", "currency": "USDT", "duration": 20, "countdownMs": 1_000,
        "minPlayers": 2, "maxPlayers": 4, "entryFee": "10", "fillDelayMs": 250,
        "assets": [{ "asset": "bitcoin", "priceStep": "0.01" }],
        "pool": { "rakeBps": 1_000, "sharesBps": [10_000] }, "cup": 20, "winExp": 100,
    });
    let staff = fleet.staff().await;
    let data = staff.run(CREATE_GAME, json!({ "input": input })).await;
    data.unwrap()["createGame"]["id"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// Lets two become friends and one of them lead the other.
async fn party(leader: &Player, friend: &Player) {
    let (leads, follows) = (leader.profile().await.id, friend.profile().await.id);
    done(leader, ASK, json!({ "id": follows })).await;
    let accepted = done(friend, ACCEPT, json!({ "id": leads })).await;
    assert_eq!(accepted["friendship"]["status"], "FRIENDS");
    done(leader, INVITE, json!({ "id": follows })).await;
    let parties = friend.api.run(PARTIES, json!({})).await.unwrap();
    let party = &parties["parties"]["edges"][0]["node"];
    assert_eq!(party["leader"]["id"], leads);
    let came = done(friend, COME, json!({ "id": party["id"] })).await;
    let members = came["party"]["members"].as_array().unwrap();
    assert_eq!(members.len(), 2);
    assert!(members.iter().all(|member| member["joinedAt"].is_string()));
}

#[tokio::test]
async fn friends_come_into_a_private_room_as_a_party_and_play_it_to_the_end() {
    let fleet = Fleet::start().await;
    let game = create_game(&fleet).await;
    let creator = fleet.player("creator").await;
    let (leader, friend) = (fleet.player("leader").await, fleet.player("friend").await);
    trade_at(&fleet, &creator, "95").await;
    party(&leader, &friend).await;

    let made = done(&creator, CREATE, json!({ "game": game })).await;
    let battle = made["match"]["id"].as_str().unwrap().to_owned();
    let code = &made["match"]["inviteCode"];
    let wrong = json!({ "id": battle, "code": "00000000" });
    let refused = leader.api.run(JOIN, wrong).await.unwrap();
    let refused = &refused["it"]["userErrors"][0]["code"];
    assert_eq!(refused, "INVALID_INVITE_CODE");
    // Nobody spends a friend's money.
    let knows = json!({ "id": battle, "code": code });
    let refused = leader.api.run(JOIN, knows.clone()).await.unwrap();
    assert_eq!(refused["it"]["userErrors"][0]["code"], "PARTY_NOT_READY");
    assert_eq!(friend.profile().await.free.to_string(), "50");
    let ready = done(&friend, READY, knows.clone()).await;
    assert_eq!(ready["party"]["members"][1]["readyForMatchID"], battle);
    let came = done(&leader, JOIN, knows).await;
    assert_eq!(came["match"]["waiting"].as_array().unwrap().len(), 3);
    for player in [&creator, &leader, &friend] {
        assert_eq!(player.profile().await.free.to_string(), "40");
    }
    let started = done(&creator, START, json!({ "id": battle })).await;
    assert_eq!(started["match"]["status"], "OPEN");

    let bought = order(&leader, &battle, terms("BUY", 2)).await;
    filled(&fleet, &leader, &bought, "95").await;
    trade_at(&fleet, &creator, "110").await;
    let ended = game::ended(&friend.api, &battle).await.unwrap();
    assert_eq!(ended.status, "CLOSED");
    assert_eq!(ended.seats.len(), 3);
    assert_eq!(ended.winner, Some(leader.profile().await.id));
    // Thirty less a tenth; nothing else is at stake among friends.
    assert_eq!(leader.balance().await, "67");
    for player in [&creator, &friend] {
        assert_eq!(player.balance().await, "40");
    }
    for seat in &ended.seats {
        assert_eq!((seat.cups, seat.experience), (Some(0), Some(0)));
    }
    fleet.battlesbit(&["ledger", "check"]).await;
}
