//! What the fleet has said is said again, past the streams' deduplication, and nothing moves.

use std::collections::{BTreeMap, BTreeSet};

use bots::client::{Client, Refusal};
use bots::game;
use contracts::{Service, Stream, Topic};
use sea_orm::{ConnectionTrait as _, DbBackend, Statement};
use serde_json::{Value, json};
use store::Db;
use testkit::eventually;

use crate::duel::{create_game, filled, order, terms, trade_at};
use crate::fleet::{Fleet, LIMIT};
use crate::player::Player;

/// What moves by itself: leases, and checkpoints in streams that grow.
const LIVING: [&str; 2] = ["leases", "arena_shards"];
/// What these two battles earn: a debut and a first trade each, and a first win.
const GRANTS: usize = 5;

const CANCEL_MATCH: &str =
    "mutation Off($id: ID!) { cancelMatch(id: $id) { userErrors { code } } }";
const WINNER: &str = "query Winner($id: ID!) { gameMatch(id: $id) { winnerID revision } }";
const VOID: &str = "mutation Void($id: ID!, $player: ID!) {
    voidMatchPlayer(id: $id, userID: $player, reason: \"Two accounts of one person.\") {
        match { winnerID revision participants { edges { node { userID rank isVoid voidReason } } } }
        userErrors { code }
    }
}";
const CANCEL: &str = "mutation Cancel($id: ID!) { cancelGameMatchPosition(id: $id) }";
const CLOSE: &str = "mutation Close($id: ID!) {
    closeGameMatchPosition(id: $id) { userErrors { code } }
}";
const AMEND: &str = "mutation Amend($id: ID!) {
    amendGameMatchPosition(id: $id, stopLoss: \"45\") { userErrors { code } }
}";

/// Whether the battles below make the fleet say it, so that it is said again.
const fn comes_again(topic: Topic) -> bool {
    match topic {
        Topic::PositionNew
        | Topic::PositionClose
        | Topic::PositionCancel
        | Topic::PositionAmend
        | Topic::ArenaPosition
        | Topic::ArenaBattle
        | Topic::MatchmakingAdd
        | Topic::PlaceChanged
        | Topic::BattleOpened
        | Topic::BattleSettled
        | Topic::BattleCanceled
        | Topic::CreateGame
        | Topic::CancelBattle
        | Topic::VoidPlayer
        | Topic::ClaimPlayMoney
        | Topic::ClaimItems
        | Topic::TreasuryPosted
        | Topic::PlayerEvent
        | Topic::AchievementGranted
        | Topic::OtpEmail
        | Topic::Email
        | Topic::InApp => true,
        // One leader writes the market, and expects what it wrote last: whoever writes besides takes
        // its lease. The arena's own tests say all of it twice.
        Topic::Tick | Topic::Watermark | Topic::Gap | Topic::Note | Topic::Offset => false,
        // Their owners' tests ask each twice.
        Topic::MatchmakingLeave
        | Topic::RoomChanged
        | Topic::PartyChanged
        | Topic::UpdateGame
        | Topic::DeleteGame
        | Topic::CreateRoom
        | Topic::JoinRoom
        | Topic::LeaveRoom
        | Topic::KickFromRoom
        | Topic::StartRoom
        | Topic::InviteToParty
        | Topic::JoinParty
        | Topic::RemoveFromParty
        | Topic::LeaveParty
        | Topic::AgreeToRoom
        | Topic::QueueParty
        | Topic::JoinRoomAsParty
        | Topic::ForgetPlayer
        | Topic::CreateWallet
        | Topic::Withdraw
        | Topic::ReviewWithdrawal
        | Topic::CreateAchievementDefinition
        | Topic::UpdateAchievementDefinition
        | Topic::DeleteAchievementDefinition
        | Topic::MarkNotificationsRead
        | Topic::MuteMails => false,
    }
}

/// Every row of every table that does not move by itself.
type Rows = BTreeMap<String, Vec<String>>;

async fn rows(db: &Db) -> Rows {
    let tables = "SELECT table_name::text FROM information_schema.tables
        WHERE table_schema = 'public' AND table_type = 'BASE TABLE'";
    let mut rows = Rows::new();
    for table in column(db, tables).await {
        if !LIVING.contains(&table.as_str()) {
            let sql = format!("SELECT t::text FROM {table} t ORDER BY 1");
            rows.insert(table, column(db, &sql).await);
        }
    }
    rows
}

async fn column(db: &Db, sql: &str) -> Vec<String> {
    let statement = Statement::from_string(DbBackend::Postgres, sql);
    let rows = db.connection().query_all_raw(statement).await.unwrap();
    let rows = rows.iter();
    rows.map(|row| row.try_get_by_index(0).unwrap()).collect()
}

/// The rows, once all that was announced is published, all that was published is handled, and
/// nothing follows from it any more.
async fn settled(fleet: &Fleet, db: &Db) -> Rows {
    let mut before = Rows::new();
    eventually(LIMIT, async || {
        let waiting = "SELECT id::text FROM outbox WHERE published_at IS NULL";
        let waits = !column(db, waiting).await.is_empty();
        for stream in Stream::ALL {
            fleet.space().all_drained(stream).await;
        }
        let now = rows(db).await;
        let moved = now != before;
        before.clone_from(&now);
        (!waits && !moved).then_some(now)
    })
    .await
}

/// A match of the two, from the price on.
async fn meet(fleet: &Fleet, game: &str, a: &Player, b: &Player) -> String {
    trade_at(fleet, a, "95").await;
    a.join(game).await;
    b.join(game).await;
    let battle = game::opened(&a.api, game).await.unwrap();
    assert_eq!(game::opened(&b.api, game).await.unwrap(), battle);
    battle
}

fn limit(price: &str) -> Value {
    let mut terms = terms("BUY", 2);
    terms["type"] = "LIMIT".into();
    terms["limitPrice"] = price.into();
    terms
}

/// A match that staff calls off, with a position in it and an order.
async fn play_and_call_off(fleet: &Fleet, staff: &Client, battle: &str, a: &Player) {
    let bought = order(a, battle, terms("BUY", 2)).await;
    filled(fleet, a, &bought, "95").await;
    order(a, battle, limit("50")).await;
    let off = staff
        .run(CANCEL_MATCH, json!({ "id": battle }))
        .await
        .unwrap();
    assert_eq!(off["cancelMatch"]["userErrors"], json!([]));
    a.position_is(&bought, "CANCELED").await;
    assert_eq!(
        game::ended(&a.api, battle).await.unwrap().status,
        "CANCELED"
    );
}

/// A match to its end, in which orders are taken back and amended, and positions closed by their
/// owner, by their liquidation and by the end.
async fn play(fleet: &Fleet, battle: &str, a: &Player, b: &Player) {
    let pending = order(a, battle, limit("50")).await;
    let bought = order(a, battle, terms("BUY", 9)).await;
    let sold = order(b, battle, terms("SELL", 2)).await;
    let closed = order(b, battle, terms("SELL", 2)).await;
    filled(fleet, a, &bought, "95").await;
    filled(fleet, b, &sold, "95").await;
    filled(fleet, b, &closed, "95").await;
    for (player, mutation, position) in [
        (a, AMEND, &pending),
        (a, CANCEL, &pending),
        (b, CLOSE, &closed),
    ] {
        change(player, mutation, position).await;
    }
    trade_until(fleet, b, &closed, "95", "CLOSED").await;
    trade_until(fleet, a, &bought, "80", "LIQUIDATED").await;
    a.position_is(&pending, "CANCELED").await;
    assert_eq!(game::ended(&a.api, battle).await.unwrap().status, "CLOSED");
}

/// Makes the winner's result void: the other one has won then.
async fn play_fair(staff: &Client, battle: &str) {
    let won = staff.run(WINNER, json!({ "id": battle })).await.unwrap();
    let winner = &won["gameMatch"]["winnerID"];
    assert_eq!(won["gameMatch"]["revision"], 1);
    let variables = json!({ "id": battle, "player": winner });
    let void = staff.run(VOID, variables).await.unwrap();
    let void = &void["voidMatchPlayer"];
    assert_eq!(void["userErrors"], json!([]));
    assert_eq!(void["match"]["revision"], 2);
    let players = void["match"]["participants"]["edges"].as_array().unwrap();
    for player in players {
        let player = &player["node"];
        let is_void = player["userID"] == *winner;
        assert_eq!(player["isVoid"], is_void);
        assert_eq!(player["voidReason"].is_string(), is_void);
        assert_eq!(player["rank"], if is_void { 2 } else { 1 });
        assert_eq!(player["userID"] == void["match"]["winnerID"], !is_void);
    }
    assert_eq!(players.len(), 2);
}

/// Asks for something to be done to a position, as soon as the rate allows it.
async fn change(player: &Player, mutation: &str, position: &str) {
    eventually(LIMIT, async || {
        match player.api.run(mutation, json!({ "id": position })).await {
            Ok(_) => Some(()),
            Err(error) => match error.downcast::<Refusal>() {
                Ok(refusal) if refusal.code == "RATE_LIMITED" => None,
                Ok(refusal) => panic!("{refusal}"),
                Err(error) => panic!("{error:#}"),
            },
        }
    })
    .await;
}

/// Trades at `price` until the position has this status.
async fn trade_until(fleet: &Fleet, player: &Player, position: &str, price: &str, status: &str) {
    eventually(LIMIT, async || {
        fleet.trade("BTCUSDT", price).await;
        player.position(position).await["status"] == status
    })
    .await;
}

#[tokio::test]
async fn what_the_fleet_has_said_moves_nothing_when_it_is_said_again() {
    let fleet = Fleet::start().await;
    let db = Db::connect_as_operator(fleet.postgres().as_str())
        .await
        .unwrap();
    let staff = fleet.staff().await;
    let game = create_game(&staff, 30).await;
    let (a, b) = (fleet.player("a").await, fleet.player("b").await);
    let off = meet(&fleet, &game, &a, &b).await;
    play_and_call_off(&fleet, &staff, &off, &a).await;
    let battle = meet(&fleet, &game, &a, &b).await;
    play(&fleet, &battle, &a, &b).await;
    play_fair(&staff, &battle).await;
    let granted = "SELECT id::text FROM achievement_grants";
    eventually(LIMIT, async || column(&db, granted).await.len() == GRANTS).await;
    let before = settled(&fleet, &db).await;

    let mut again = BTreeSet::new();
    for stream in Stream::ALL
        .into_iter()
        .filter(|stream| *stream != Stream::Market)
    {
        for subject in fleet.space().publish_all_again(stream).await {
            let mut topics = Topic::ALL.iter();
            let topic = topics.find(|topic| topic.matches(&subject));
            again.insert(*topic.unwrap_or_else(|| panic!("{subject} is of no topic")));
        }
    }
    let after = settled(&fleet, &db).await;

    for (table, rows) in &before {
        assert_eq!(&after[table], rows, "{table}");
    }
    let expected = Topic::ALL
        .iter()
        .copied()
        .filter(|topic| comes_again(*topic));
    assert_eq!(again, expected.collect());
    let arenas = |topic: &&Topic| topic.publisher() == Some(Service::Arena);
    assert!(
        Topic::ALL
            .iter()
            .filter(arenas)
            .all(|topic| again.contains(topic))
    );
    fleet.battlesbit(&["ledger", "check"]).await;
}
