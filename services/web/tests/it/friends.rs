//! Friends: who asks, who answers, who blocks, and who sees it.

use std::time::Duration;

use contracts::Key;
use contracts::notifications::{InApp, Notice};
use domain::friendship::{MAX_FRIENDS, MAX_REQUESTS};
use futures::future::join_all;
use serde_json::{Value, json};
use testkit::eventually;

use crate::client::Client;
use crate::stage::{LIMIT, Stage};

const LIST: &str = "query($status: FriendshipStatus) { friendships(filterBy: { status: $status }) {
    totalCount edges { node { id status userID user { id nickName } } } } }";

/// Asks for one of the changes; answers what the other is afterwards, or why not.
async fn change(client: &Client, mutation: &str, other: &str) -> Result<Option<String>, String> {
    let query = format!(
        "mutation($id: ID!) {{ it: {mutation}(userID: $id) {{
            friendship {{ status userID }} userErrors {{ code }} }} }}"
    );
    let told = client.ask(&query, json!({ "id": other })).await.data();
    match told["it"]["userErrors"][0]["code"].as_str() {
        Some(code) => Err(code.to_owned()),
        None if told["it"]["friendship"].is_null() => Ok(None),
        None => {
            assert_eq!(told["it"]["friendship"]["userID"], other);
            let status = told["it"]["friendship"]["status"].as_str();
            Ok(status.map(str::to_owned))
        }
    }
}

fn is(status: &str) -> Result<Option<String>, String> {
    Ok(Some(status.to_owned()))
}

fn refused(code: &str) -> Result<Option<String>, String> {
    Err(code.to_owned())
}

/// What everybody else is to this one, as status and user.
async fn list(client: &Client) -> Vec<(String, String)> {
    let told = client.ask(LIST, json!({})).await.data();
    let edges = told["friendships"]["edges"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    edges
        .iter()
        .map(|edge| (text(&edge["node"]["status"]), text(&edge["node"]["userID"])))
        .collect()
}

fn with(status: &str, user: &str) -> Vec<(String, String)> {
    vec![(status.to_owned(), user.to_owned())]
}

async fn people(stage: &Stage) -> [(Client, String); 3] {
    let mut people = Vec::new();
    for name in ["ann", "bob", "eve"] {
        let client = stage.signed_in(&format!("{name}@example.com")).await;
        let id = client.id().await;
        people.push((client, id));
    }
    people.try_into().unwrap_or_else(|_| unreachable!())
}

impl Stage {
    /// So many users who are this to one, as the columns of a friendship say.
    async fn crowd(&self, of: &str, count: u32, columns: &str, values: &str) {
        self.script(&format!(
            "INSERT INTO users (id, email, nick_name)
             SELECT id, id || '@crowd', id::text
             FROM (SELECT gen_random_uuid() AS id FROM generate_series(1, {count})) fresh;
             INSERT INTO friendships
                 (id, one_id, other_id, created_at, updated_at, {columns})
             SELECT gen_random_uuid(), least(u.id, '{of}'), greatest(u.id, '{of}'), now(), now(),
                 {values}
             FROM users u WHERE u.email LIKE '%@crowd' AND NOT EXISTS (
                 SELECT FROM friendships f WHERE u.id IN (f.one_id, f.other_id))"
        ))
        .await;
    }
}

#[tokio::test]
async fn who_is_asked_hears_of_it_and_becomes_a_friend_by_saying_yes() {
    let stage = Stage::new().await;
    let [(ann, ann_id), (bob, bob_id), (eve, _)] = people(&stage).await;
    for _again in 0..2 {
        let asked = change(&ann, "requestFriend", &bob_id).await;
        assert_eq!(asked, is("REQUESTED"));
    }
    assert_eq!(list(&ann).await, with("REQUESTED", &bob_id));
    assert_eq!(list(&bob).await, with("RECEIVED", &ann_id));
    let told = eventually(LIMIT, async || {
        stage.bus.last::<InApp>(&Key::none()).await.unwrap()
    })
    .await;
    assert_eq!(told.message.user.to_string(), bob_id);
    let Notice::FriendRequest { title, subject } = told.message.notice else {
        panic!("another notice");
    };
    let seen = ann.ask(LIST, json!({})).await.data();
    assert_eq!(seen["friendships"]["edges"][0]["node"]["id"], subject);
    let profile = ann.ask("{ profile { nickName } }", json!({})).await.data();
    assert_eq!(profile["profile"]["nickName"], title);
    assert_eq!(stage.count("outbox").await, 1, "told twice");

    let early = change(&ann, "acceptFriend", &bob_id).await;
    assert_eq!(early, refused("NO_FRIEND_REQUEST"));
    for _again in 0..2 {
        let accepted = change(&bob, "acceptFriend", &ann_id).await;
        assert_eq!(accepted, is("FRIENDS"));
    }
    assert_eq!(list(&ann).await, with("FRIENDS", &bob_id));
    assert_eq!(list(&bob).await, with("FRIENDS", &ann_id));

    // Nobody else sees it.
    let node = "query($id: ID!) { node(id: $id) { __typename id } }";
    for (client, seen) in [(&ann, "Friendship"), (&bob, "Friendship")] {
        let told = client.ask(node, json!({ "id": subject })).await.data();
        assert_eq!(told["node"]["__typename"], seen);
    }
    let told = eve.ask(node, json!({ "id": subject })).await.data();
    assert_eq!(told["node"], Value::Null);
    assert_eq!(list(&eve).await, []);
    let anonymous = stage.client().ask(LIST, json!({})).await;
    assert_eq!(anonymous.code(), "UNAUTHENTICATED");

    for _again in 0..2 {
        assert_eq!(change(&ann, "removeFriend", &bob_id).await, Ok(None));
    }
    assert_eq!(list(&bob).await, []);
    assert_eq!(stage.count("friendships").await, 0);
}

#[tokio::test]
async fn whoever_is_asked_again_and_again_hears_of_it_three_times() {
    let stage = Stage::new().await;
    let [(ann, ann_id), (_, bob_id), (eve, _)] = people(&stage).await;
    for _again in 0..5 {
        let asked = change(&ann, "requestFriend", &bob_id).await;
        assert_eq!(asked, is("REQUESTED"));
        change(&ann, "removeFriend", &bob_id).await.unwrap();
    }
    assert_eq!(stage.count("outbox").await, 3);
    // It is between the two of them.
    change(&eve, "requestFriend", &bob_id).await.unwrap();
    change(&eve, "requestFriend", &ann_id).await.unwrap();
    assert_eq!(stage.count("outbox").await, 5);
}

#[tokio::test]
async fn who_is_blocked_asks_nobody_and_sees_nothing() {
    let stage = Stage::new().await;
    let [(ann, ann_id), (bob, bob_id), _] = people(&stage).await;
    change(&ann, "requestFriend", &bob_id).await.unwrap();
    change(&bob, "acceptFriend", &ann_id).await.unwrap();
    for _again in 0..2 {
        assert_eq!(change(&ann, "blockUser", &bob_id).await, is("BLOCKED"));
    }
    assert_eq!(list(&ann).await, with("BLOCKED", &bob_id));
    assert_eq!(list(&bob).await, []);
    let asked = change(&bob, "requestFriend", &ann_id).await;
    assert_eq!(asked, refused("NO_REQUESTS_TAKEN"));
    let asked = change(&ann, "requestFriend", &bob_id).await;
    assert_eq!(asked, refused("USER_BLOCKED"));
    // Both may block, and each takes back only what is his.
    assert_eq!(change(&bob, "blockUser", &ann_id).await, is("BLOCKED"));
    assert_eq!(change(&ann, "unblockUser", &bob_id).await, Ok(None));
    let asked = change(&ann, "requestFriend", &bob_id).await;
    assert_eq!(asked, refused("NO_REQUESTS_TAKEN"));
    assert_eq!(change(&bob, "unblockUser", &ann_id).await, Ok(None));
    assert_eq!(stage.count("friendships").await, 0);
    assert_eq!(
        change(&bob, "requestFriend", &ann_id).await,
        is("REQUESTED")
    );
}

#[tokio::test]
async fn that_somebody_blocks_one_shows_in_nothing_that_one_sees() {
    let stage = Stage::new().await;
    let [(ann, ann_id), (bob, bob_id), _] = people(&stage).await;
    let query = "{ friendships { edges { node { id createdAt updatedAt status } } } }";
    let seen = async || {
        let told = bob.ask(query, json!({})).await.data();
        told["friendships"]["edges"].clone()
    };
    let pass = || stage.clock.advance(Duration::from_secs(60));
    change(&bob, "blockUser", &ann_id).await.unwrap();
    let before = seen().await;
    assert_eq!(before[0]["node"]["status"], "BLOCKED");
    pass();
    change(&ann, "blockUser", &bob_id).await.unwrap();
    assert_eq!(seen().await, before);
    pass();
    change(&ann, "unblockUser", &bob_id).await.unwrap();
    assert_eq!(seen().await, before);
    // The other way round too, and whether or not there still is a row of the two.
    let mut ids = Vec::new();
    for does in ["blockUser", "unblockUser"] {
        change(&ann, does, &bob_id).await.unwrap();
        change(&bob, "unblockUser", &ann_id).await.unwrap();
        assert_eq!(seen().await, json!([]));
        pass();
        change(&bob, "blockUser", &ann_id).await.unwrap();
        let again = seen().await;
        let now = &again[0]["node"];
        assert_eq!(now["createdAt"], now["updatedAt"]);
        assert_ne!(now["createdAt"], before[0]["node"]["createdAt"]);
        ids.push(now["id"].clone());
    }
    assert_eq!(ids[0], ids[1]);
}

#[tokio::test]
async fn two_who_ask_each_other_at_once_are_friends() {
    const RACES: usize = 10;
    let stage = Stage::new().await;
    let [(ann, ann_id), (bob, bob_id), _] = people(&stage).await;
    for _ in 0..RACES {
        let (one, other) = tokio::join!(
            change(&ann, "requestFriend", &bob_id),
            change(&bob, "requestFriend", &ann_id),
        );
        let mut told = [one.unwrap().unwrap(), other.unwrap().unwrap()];
        told.sort();
        // Whoever was first heard either that he has asked or already that he was asked back.
        assert_eq!(told[0], "FRIENDS");
        assert!(["FRIENDS", "REQUESTED"].contains(&told[1].as_str()));
        assert_eq!(list(&ann).await, with("FRIENDS", &bob_id));
        assert_eq!(stage.count("friendships").await, 1);
        let many = (0..4).map(|_| change(&ann, "removeFriend", &bob_id));
        assert!(join_all(many).await.into_iter().all(|it| it == Ok(None)));
    }
}

#[tokio::test]
async fn there_is_an_end_to_requests_and_to_friends() {
    let stage = Stage::new().await;
    let [(ann, ann_id), (bob, bob_id), (eve, eve_id)] = people(&stage).await;
    let asked = format!("'ASKED', '{ann_id}'");
    stage
        .crowd(&ann_id, MAX_REQUESTS - 1, "status, asked_by", &asked)
        .await;
    assert_eq!(
        change(&ann, "requestFriend", &bob_id).await,
        is("REQUESTED")
    );
    let one_more = change(&ann, "requestFriend", &eve_id).await;
    assert_eq!(one_more, refused("FRIEND_REQUEST_LIMIT"));
    // Others may ask, and be answered.
    change(&eve, "requestFriend", &ann_id).await.unwrap();
    stage
        .crowd(&ann_id, MAX_FRIENDS - 1, "status", "'FRIENDS'")
        .await;
    assert_eq!(change(&ann, "acceptFriend", &eve_id).await, is("FRIENDS"));
    let one_more = change(&bob, "acceptFriend", &ann_id).await;
    assert_eq!(one_more, refused("FRIEND_LIMIT"));
    // Somebody new hears what whoever is blocked hears.
    let late = stage.signed_in("late@example.com").await;
    let asked = change(&late, "requestFriend", &ann_id).await;
    assert_eq!(asked, refused("NO_REQUESTS_TAKEN"));
}

#[tokio::test]
async fn nobody_is_a_friend_of_himself_or_of_nobody() {
    let stage = Stage::new().await;
    let [(ann, ann_id), (_, bob_id), _] = people(&stage).await;
    let query = "mutation($id: ID!) { requestFriend(userID: $id) { userErrors { code } } }";
    let told = ann.ask(query, json!({ "id": ann_id })).await;
    assert_eq!(told.code(), "BAD_USER_INPUT");
    for nobody in ["x", "00000000-0000-0000-0000-000000000001"] {
        let asked = change(&ann, "requestFriend", nobody).await;
        assert_eq!(asked, refused("NOT_FOUND"));
    }
    change(&ann, "requestFriend", &bob_id).await.unwrap();
    let admin = stage.staff("admin").await;
    let delete = "mutation($id: ID!) { deleteUser(id: $id) }";
    admin.ask(delete, json!({ "id": bob_id })).await.data();
    assert_eq!(list(&ann).await, []);
    let asked = change(&ann, "requestFriend", &bob_id).await;
    assert_eq!(asked, refused("NOT_FOUND"));
}

#[tokio::test]
async fn a_list_is_of_one_kind_where_it_is_to_be() {
    let stage = Stage::new().await;
    let [(ann, ann_id), (bob, bob_id), (eve, eve_id)] = people(&stage).await;
    change(&ann, "requestFriend", &bob_id).await.unwrap();
    change(&eve, "requestFriend", &ann_id).await.unwrap();
    for (client, status, user) in [
        (&ann, "REQUESTED", &bob_id),
        (&ann, "RECEIVED", &eve_id),
        (&bob, "RECEIVED", &ann_id),
    ] {
        let told = client.ask(LIST, json!({ "status": status })).await.data();
        let friendships = &told["friendships"];
        assert_eq!(friendships["totalCount"], 1, "{status}");
        assert_eq!(friendships["edges"][0]["node"]["user"]["id"], **user);
    }
    let told = ann.ask(LIST, json!({ "status": "FRIENDS" })).await.data();
    assert_eq!(told["friendships"]["totalCount"], 0);
}
