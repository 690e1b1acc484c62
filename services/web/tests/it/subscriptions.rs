//! Subscriptions over a real WebSocket.

use std::collections::BTreeSet;
use std::time::Duration;

use contracts::arena::PositionEvent;
use contracts::live::{LiveBattle, LivePlayer, LivePrice};
use contracts::market::Watermark;
use contracts::matchmaking::{PlaceChanged, PlaceStatus};
use domain::chips::Chips;
use domain::engine::PositionChange;
use domain::id::{BattleId, PositionId, TicketId};
use domain::leverage::Leverage;
use domain::order::{OrderKind, Side};
use domain::position::{PositionState, PositionStatus};
use domain::timestamp::Timestamp;
use runtime::ids::mint;
use serde_json::{Value, json};
use tokio::time::{interval, timeout};
use uuid::Uuid;

use crate::client::Client;
use crate::rows::Position;
use crate::socket::Socket;
use crate::stage::{LIMIT, Stage};

const RETRY: Duration = Duration::from_millis(50);

/// Shouts until the client has heard it: a subscription says nothing when it begins.
pub(crate) async fn shout_until<T>(shout: impl AsyncFn(), heard: impl Future<Output = T>) -> T {
    let mut ticks = interval(RETRY);
    tokio::pin!(heard);
    loop {
        tokio::select! {
            heard = &mut heard => return heard,
            _ = ticks.tick() => shout().await,
        }
    }
}

pub(crate) fn price(text: &str) -> LivePrice {
    LivePrice {
        symbol: "BTCUSDT".parse().unwrap(),
        price: text.parse().unwrap(),
        time: Timestamp::from_ms(1_723_075_200_000),
    }
}

#[tokio::test]
async fn prices_reach_whoever_listens() {
    let stage = Stage::new().await;
    let mut socket = Socket::open(&stage.client()).await;
    let query = "subscription { assetUpdated(id: \"bitcoin\") { id priceUSD price time } }";
    socket.subscribe("1", query, json!({})).await;
    let shout = async || stage.bus.shout(&price("61837.63")).unwrap();
    let told = shout_until(shout, socket.next("1")).await;
    assert_eq!(
        told["assetUpdated"],
        json!({ "id": "bitcoin", "priceUSD": 61837.63, "price": "61837.63",
            "time": "2024-08-08T00:00:00.000Z" })
    );
}

#[tokio::test]
async fn a_fragment_may_hold_what_is_subscribed_to() {
    let stage = Stage::new().await;
    let mut socket = Socket::open(&stage.client()).await;
    let query = "subscription { ...F } fragment F on Subscription {
        assetUpdated(id: \"bitcoin\") { price } }";
    socket.subscribe("1", query, json!({})).await;
    let shout = async || stage.bus.shout(&price("2")).unwrap();
    let told = shout_until(shout, socket.next("1")).await;
    assert_eq!(told["assetUpdated"]["price"], "2");
}

#[tokio::test]
async fn whoever_asks_the_same_hears_the_same() {
    let stage = Stage::new().await;
    let ann = stage.signed_in("ann@example.com").await;
    let query = "subscription($id: ID!) { assetUpdated(id: $id) { price } }";
    let mut sockets = Vec::new();
    for client in [&ann, &ann, &stage.client()] {
        let mut socket = Socket::open(client).await;
        socket
            .subscribe("a", query, json!({ "id": "bitcoin" }))
            .await;
        // As clients name them, which the others have nothing to do with.
        socket.subscribe("\"", query, json!({ "id": "BTC" })).await;
        sockets.push(socket);
    }
    let shout = async || stage.bus.shout(&price("2")).unwrap();
    let everybody = async {
        for socket in &mut sockets {
            let mut silent = BTreeSet::from(["a", "\""]);
            while !silent.is_empty() {
                let told = socket.hear().await;
                assert_eq!(
                    told["payload"]["data"]["assetUpdated"]["price"], "2",
                    "{told}"
                );
                silent.remove(told["id"].as_str().unwrap());
            }
        }
    };
    shout_until(shout, everybody).await;
}

/// Everybody's standing at one moment.
fn standing(battle: BattleId, players: &[&str]) -> LiveBattle {
    let player = |(rank, player): (u32, &&str)| LivePlayer {
        player: player.parse().unwrap(),
        equity: 10_000_000_000,
        rank,
        open_positions: 0,
    };
    LiveBattle {
        battle,
        time: Timestamp::from_ms(0),
        players: (1..).zip(players).map(player).collect(),
    }
}

#[tokio::test]
async fn whoever_looks_into_a_room_hears_nothing_of_its_players() {
    let stage = Stage::new().await;
    let ann = stage.signed_in("ann@example.com").await;
    let eve = stage.signed_in("eve@example.com").await;
    let id = ann.id().await;
    let game = stage.game("Duel").await;
    let battle = stage.room(&game, &id, None, &[&id]).await;
    let query = "subscription($id: ID!) { gameMatchUpdated(id: $id) { players { userID rank } } }";
    let prices = "subscription { assetUpdated(id: \"bitcoin\") { price } }";
    let mut outside = Socket::open(&eve).await;
    outside.subscribe("1", query, json!({ "id": battle })).await;
    outside.subscribe("2", prices, json!({})).await;
    let mut inside = Socket::open(&ann).await;
    inside.subscribe("1", query, json!({ "id": battle })).await;
    // As if it had opened meanwhile.
    let shout = async || {
        stage.bus.shout(&standing(battle, &[&id])).unwrap();
        stage.bus.shout(&price("2")).unwrap();
    };
    let told = shout_until(shout, inside.next("1")).await;
    assert_eq!(
        told["gameMatchUpdated"]["players"],
        json!([{ "userID": id, "rank": 1 }])
    );
    for _ in 0..3 {
        let told = shout_until(shout, outside.hear()).await;
        assert_eq!(told["id"], "2", "{told}");
    }
}

#[tokio::test]
async fn all_prices_come_together_and_the_latest_wins() {
    let stage = Stage::new().await;
    let mut socket = Socket::open(&stage.client()).await;
    socket
        .subscribe(
            "1",
            "subscription { assetsUpdated { id price } }",
            json!({}),
        )
        .await;
    let shout = async || {
        for text in ["1", "2", "3"] {
            stage.bus.shout(&price(text)).unwrap();
        }
    };
    // A moment may fall between two of them, but an asset is told once in each.
    let latest = async {
        loop {
            let told = socket.next("1").await["assetsUpdated"].clone();
            assert_eq!(told.as_array().unwrap().len(), 1, "{told}");
            if told[0] == json!({ "id": "bitcoin", "price": "3" }) {
                return;
            }
        }
    };
    shout_until(shout, latest).await;
}

#[tokio::test]
async fn the_time_is_told_as_soon_as_one_listens() {
    let stage = Stage::new().await;
    let mut socket = Socket::open(&stage.client()).await;
    socket
        .subscribe("1", "subscription { currentTime }", json!({}))
        .await;
    let told = socket.next("1").await;
    let time = told["currentTime"].as_str().unwrap();
    assert!(
        time.ends_with('Z') && time.len() == "2026-11-20T12:00:00.250Z".len(),
        "{time}"
    );
    socket.say(json!({ "id": "1", "type": "complete" })).await;
    socket.subscribe("2", "{ __typename }", json!({})).await;
    assert_eq!(socket.next("2").await["__typename"], "Query");
    assert_eq!(
        socket.hear().await,
        json!({ "id": "2", "type": "complete" })
    );
}

#[tokio::test]
async fn the_standing_of_a_match_is_for_its_players() {
    let stage = Stage::new().await;
    let ann = stage.signed_in("ann@example.com").await;
    let cid = stage.signed_in("cid@example.com").await;
    let id = ann.id().await;
    let battle = stage
        .battle(&stage.game("Duel").await, &[&id], "OPEN")
        .await;
    let query = "subscription($id: ID!) { gameMatchUpdated(id: $id) {
        matchID players { userID user { nickName } equity rank openPositions } } }";
    let mut outside = Socket::open(&cid).await;
    outside.subscribe("1", query, json!({ "id": battle })).await;
    let refused = outside.hear().await;
    assert_eq!(
        refused["payload"]["errors"][0]["extensions"]["code"], "MATCH_NOT_FOUND",
        "{refused}"
    );

    let mut socket = Socket::open(&ann).await;
    socket.subscribe("1", query, json!({ "id": battle })).await;
    let player = LivePlayer {
        player: id.parse().unwrap(),
        equity: 10_315_000_000,
        rank: 1,
        open_positions: 2,
    };
    let standing = LiveBattle {
        battle,
        time: Timestamp::from_ms(0),
        players: vec![player],
    };
    let shout = async || stage.bus.shout(&standing).unwrap();
    let told = shout_until(shout, socket.next("1")).await["gameMatchUpdated"].clone();
    let line = &told["players"][0];
    assert_eq!(
        (&line["equity"], &line["openPositions"]),
        (&json!("103.15"), &json!(2))
    );
    assert!(
        line["user"]["nickName"]
            .as_str()
            .unwrap()
            .starts_with("Player")
    );
}

#[tokio::test]
async fn what_only_staff_may_see_is_told_by_the_roles_of_now() {
    let stage = Stage::new().await;
    let support = stage.staff("support").await;
    let bob = stage.signed_in("bob@example.com").await;
    let (id, rival) = (support.id().await, bob.id().await);
    let players = [id.as_str(), rival.as_str()];
    let battle = stage
        .battle(&stage.game("Duel").await, &players, "OPEN")
        .await;
    let mut socket = Socket::open(&support).await;
    let query = "subscription($id: ID!) { gameMatchUpdated(id: $id) {
        players { user { __typename ... on User { email } } } } }";
    socket.subscribe("1", query, json!({ "id": battle })).await;
    let shout = async || stage.bus.shout(&standing(battle, &players)).unwrap();
    let in_full = json!({ "__typename": "User", "email": "bob@example.com" });
    let public = json!({ "__typename": "PublicUser" });
    let given = format!("INSERT INTO staff_roles (user_id, role) VALUES ('{id}', 'support')");
    for (change, expected) in [
        ("SELECT", &in_full),
        ("DELETE FROM staff_roles", &public),
        (&given, &in_full),
    ] {
        stage.script(change).await;
        let told = async {
            loop {
                let told = socket.next("1").await;
                let told = &told["gameMatchUpdated"]["players"][1]["user"];
                assert!([&in_full, &public].contains(&told), "{told}");
                if told == expected {
                    return;
                }
            }
        };
        timeout(LIMIT, shout_until(shout, told)).await.unwrap();
    }
}

#[tokio::test]
async fn those_who_play_are_looked_up_once_and_not_at_every_standing() {
    let (stage, way) = Stage::overheard(&[]).await;
    let ann = stage.signed_in("ann@example.com").await;
    let bob = stage.signed_in("bob@example.com").await;
    let (id, rivals) = (ann.id().await, bob.id().await);
    let players = [id.as_str(), rivals.as_str()];
    let battle = stage
        .battle(&stage.game("Duel").await, &players, "OPEN")
        .await;
    let mut socket = Socket::open(&ann).await;
    let query = "subscription($id: ID!) { gameMatchUpdated(id: $id) {
        players { user { ... on PublicUser { id } ... on User { id } } } } }";
    socket.subscribe("1", query, json!({ "id": battle })).await;
    let shout = async || stage.bus.shout(&standing(battle, &players)).unwrap();
    shout_until(shout, socket.next("1")).await;
    way.take();
    for _ in 0..3 {
        shout().await;
        let told = socket.next("1").await;
        let users = json!([{ "user": { "id": id } }, { "user": { "id": rivals } }]);
        assert_eq!(told["gameMatchUpdated"]["players"], users);
    }
    let sent = way.take();
    assert!(!sent.iter().any(|it| it.contains("users")), "{sent:?}");
}

pub(crate) fn event(battle: BattleId, player: &str, id: PositionId) -> PositionEvent {
    let player = player.parse().unwrap();
    let position = PositionState {
        id,
        battle,
        player,
        number: 1,
        symbol: "BTCUSDT".parse().unwrap(),
        side: Side::Buy,
        kind: OrderKind::Market,
        margin: Chips::from_units(1_000_000_000),
        leverage: Leverage::try_from(2).unwrap(),
        size: Chips::from_units(2_000_000_000),
        open_fee: Chips::ZERO,
        card_spent: false,
        stop_loss: None,
        take_profit: None,
        status: PositionStatus::Pending,
        effective_time: Timestamp::from_ms(0),
        stale_at: None,
        fill: None,
        end: None,
        noted: Vec::new(),
    };
    PositionEvent {
        battle,
        player,
        change: PositionChange::Accepted,
        position,
    }
}

#[tokio::test]
async fn ones_own_orders_are_told_and_a_rivals_are_not() {
    let stage = Stage::new().await;
    let ann = stage.signed_in("ann@example.com").await;
    let bob = stage.signed_in("bob@example.com").await;
    let (ann_id, bob_id) = (ann.id().await, bob.id().await);
    let battle = stage
        .battle(&stage.game("Duel").await, &[&ann_id, &bob_id], "OPEN")
        .await;
    let (of_ann, of_bob): (PositionId, PositionId) = (mint(), mint());
    for (id, player, number) in [(of_ann, &ann_id, 1), (of_bob, &bob_id, 2)] {
        stage
            .position(&Position {
                id,
                battle,
                player,
                number,
                margin: 1_000_000_000,
            })
            .await;
    }
    let mut socket = Socket::open(&bob).await;
    let query = "subscription($id: ID!) { gameMatchPositionUpdated(matchID: $id) { id status } }";
    socket.subscribe("1", query, json!({ "id": battle })).await;
    let announce = async || {
        for event in [
            event(battle, &ann_id, of_ann),
            event(battle, &bob_id, of_bob),
        ] {
            stage
                .bus
                .publish(&event, &mint::<Uuid>().to_string())
                .await
                .unwrap();
        }
    };
    let told = shout_until(announce, socket.next("1")).await;
    assert_eq!(told["gameMatchPositionUpdated"]["id"], of_bob.to_string());
}

#[tokio::test]
async fn an_event_that_comes_again_shows_the_position_as_it_is_by_then() {
    let stage = Stage::new().await;
    let ann = stage.signed_in("ann@example.com").await;
    let player = ann.id().await;
    let battle = stage
        .battle(&stage.game("Duel").await, &[&player], "OPEN")
        .await;
    let id: PositionId = mint();
    let row = Position {
        id,
        battle,
        player: &player,
        number: 1,
        margin: 1_000_000_000,
    };
    stage.position(&row).await;
    let mut socket = Socket::open(&ann).await;
    let query = "subscription($id: ID!) { gameMatchPositionUpdated(matchID: $id) { stopLoss } }";
    socket.subscribe("1", query, json!({ "id": battle })).await;
    let accepted = event(battle, &player, id);
    let again = async || stage.space().publish_again(&accepted, "accepted").await;
    let told = shout_until(again, socket.next("1")).await;
    assert_eq!(told["gameMatchPositionUpdated"]["stopLoss"], Value::Null);

    let amended = format!("UPDATE positions SET stop_loss = 9000000000 WHERE id = '{id}'");
    stage.script(&amended).await;
    // Those of before the amendment come first.
    let shown =
        async { while socket.next("1").await["gameMatchPositionUpdated"]["stopLoss"] != "90" {} };
    shout_until(again, shown).await;
    again().await;
    let told = socket.next("1").await;
    assert_eq!(told["gameMatchPositionUpdated"]["stopLoss"], "90");
}

#[tokio::test]
async fn a_new_message_in_ones_inbox_is_told() {
    let stage = Stage::new().await;
    let ann = stage.signed_in("ann@example.com").await;
    let id = ann.id().await;
    let in_app = stage.notice(&id).await;
    let mut socket = Socket::open(&ann).await;
    let query = "subscription { notificationCreated { id kind title text } }";
    socket.subscribe("1", query, json!({})).await;
    let shout = async || stage.bus.shout(&in_app).unwrap();
    let told = shout_until(shout, socket.next("1")).await["notificationCreated"].clone();
    let text = "Duel has opened and you have a seat in it. Good luck!";
    assert_eq!(told["text"], text);
    let told = ann
        .ask("{ unreadNotificationCount }", json!({}))
        .await
        .data();
    assert_eq!(told["unreadNotificationCount"], 1);
}

#[tokio::test]
async fn ones_wallets_are_told_as_they_are() {
    let stage = Stage::new().await;
    let ann = stage.signed_in("ann@example.com").await;
    let id = ann.id().await;
    let account =
        domain::ledger::Account::user(id.parse().unwrap(), domain::ledger::Unit::Usdt).id();
    stage
        .script(&format!(
            "INSERT INTO ledger_accounts (id, owner_id, kind, unit)
             VALUES ('{account}', '{id}', 'user', 'USDT')"
        ))
        .await;
    let mut socket = Socket::open(&ann).await;
    socket
        .subscribe(
            "1",
            "subscription { walletUpdated { currency balance } }",
            json!({}),
        )
        .await;
    let told = socket.next("1").await;
    assert_eq!(
        told["walletUpdated"],
        json!({ "currency": "USDT", "balance": "0" })
    );
}

#[tokio::test]
async fn a_place_in_a_queue_is_told_whatever_becomes_of_it() {
    let stage = Stage::new().await;
    let ann = stage.signed_in("ann@example.com").await;
    let id = ann.id().await;
    let game = stage.game("Duel").await.id;
    let ticket: TicketId = mint();
    stage
        .script(&format!(
            "INSERT INTO tickets (id, game_id, game_version, player_id, status, cups,
                queued_at_ms, expires_at_ms)
             VALUES ('{ticket}', '{game}', 1, '{id}', 'EXPIRED', 0, 1, 2)"
        ))
        .await;
    let mut socket = Socket::open(&ann).await;
    let query = "subscription { queueTicketUpdated { id status } }";
    socket.subscribe("1", query, json!({})).await;
    let publish = async || {
        let changed = PlaceChanged {
            player: id.parse().unwrap(),
            ticket,
            status: PlaceStatus::Expired,
        };
        let message: Uuid = mint();
        let id = message.to_string();
        stage.bus.publish(&changed, &id).await.unwrap();
    };
    let told = shout_until(publish, socket.next("1")).await;
    assert_eq!(
        told["queueTicketUpdated"],
        json!({ "id": ticket, "status": "EXPIRED" })
    );
}

#[tokio::test]
async fn what_needs_a_token_is_refused_without_one() {
    let stage = Stage::new().await;
    let mut socket = Socket::open(&stage.client()).await;
    for query in [
        "subscription { notificationCreated { id } }",
        "subscription { walletUpdated { id } }",
        "subscription { queueTicketUpdated { id } }",
        "subscription { gameMatchUpdated(id: \"x\") { time } }",
        "subscription { gameMatchPositionUpdated(matchID: \"x\") { id } }",
        "{ profile { id } }",
    ] {
        socket.subscribe("1", query, json!({})).await;
        let told = socket.hear().await;
        let errors = match told["type"].as_str() {
            Some("error") => told["payload"].clone(),
            _ => told["payload"]["errors"].clone(),
        };
        assert_eq!(
            errors[0]["extensions"]["code"], "UNAUTHENTICATED",
            "{query}: {told}"
        );
        if told["type"] == "next" {
            assert_eq!(socket.hear().await["type"], "complete");
        }
    }
}

const REVOKE_ALL: &str = "mutation { revokeAllSessions { revoked } }";

/// A socket of `client` that listens.
pub(crate) async fn listening(client: &Client) -> Socket {
    let mut socket = Socket::open(client).await;
    socket
        .subscribe("1", "subscription { currentTime }", json!({}))
        .await;
    socket.next("1").await;
    socket
}

#[tokio::test]
async fn a_connection_ends_with_its_token() {
    let stage = Stage::new().await;
    let ann = stage.signed_in("ann@example.com").await;
    let mut anybody = listening(&stage.client()).await;
    let mut socket = listening(&ann).await;
    stage.clock.advance(Duration::from_secs(15 * 60 - 1));
    socket.next("1").await;
    stage.clock.advance(Duration::from_secs(1));
    assert_eq!(socket.close_code().await, 4403);
    // Whoever never signed in has nothing that ends.
    for _ in 0..3 {
        anybody.next("1").await;
    }
}

#[tokio::test]
async fn a_connection_ends_with_its_session_and_those_of_others_go_on() {
    let stage = Stage::new().await;
    let ann = stage.signed_in("ann@example.com").await;
    let bob = stage.signed_in("bob@example.com").await;
    let (mut of_ann, mut of_bob) = (listening(&ann).await, listening(&bob).await);
    ann.ask(REVOKE_ALL, json!({})).await.data();
    assert_eq!(of_ann.close_code().await, 4403);
    of_bob.next("1").await;
}

#[tokio::test]
async fn a_feed_that_falls_silent_is_told_to_be_stale_and_fresh_again() {
    let stage = Stage::new().await;
    let fresh_up_to = async |ms: i64| {
        let watermark = Watermark {
            epoch: 1,
            symbol: "BTCUSDT".parse().unwrap(),
            time: Timestamp::from_ms(ms),
        };
        let id = mint::<Uuid>().to_string();
        stage.bus.publish(&watermark, &id).await.unwrap();
    };
    let is_fresh = |feeds: &Value| {
        let feeds = feeds.as_array().unwrap();
        let bitcoin = feeds.iter().find(|feed| feed["assetID"] == "bitcoin");
        bitcoin.unwrap()["isFresh"].as_bool().unwrap()
    };
    let client = stage.client();
    let query = "{ feedHealth { assetID isFresh } }";
    let asked = async || client.ask(query, json!({})).await.data()["feedHealth"].clone();
    assert!(!is_fresh(&asked().await));
    let now_ms = stage.clock.clock().now_ms();
    fresh_up_to(now_ms).await;
    assert!(is_fresh(&asked().await));
    let mut socket = Socket::open(&client).await;
    let query = "subscription { feedHealthUpdated { assetID isFresh } }";
    socket.subscribe("1", query, json!({})).await;
    let mut told = async || is_fresh(&socket.next("1").await["feedHealthUpdated"]);
    assert!(told().await);
    stage.clock.advance(Duration::from_secs(11));
    assert!(!is_fresh(&asked().await));
    while told().await {}
    fresh_up_to(now_ms + 11_000).await;
    while !told().await {}
}
