//! A match of a thousand players from its sealed result to its last posting.

use contracts::arena::{BattleChange, BattleEvent};
use domain::battle::BattleTerms;
use domain::game::{ItemKind, ItemReward, Prize, Template};
use domain::id::BattleId;
use domain::ledger::{Account, Unit};
use domain::ranking::{BattleResult, Finish};
use futures::{StreamExt, stream};
use measure::{Figure, Histogram};
use sea_orm::sqlx;
use store::battle;
use tokio::time::Instant;
use uuid::Uuid;

use crate::BENCH;
use crate::floor::{Floor, join, match_of, reached};

const PLAYERS: u32 = 1_000;
/// How many of them join at the same time.
const AT_ONCE: usize = 64;
const ROUNDS: usize = 5;
const GOAL_MS: f64 = 1_000.0;
/// How many get a prize.
const PLACES: usize = 10;
/// What everybody has before, so that everybody has something to lose.
const CUPS: i64 = 50;
const CARDS: i64 = 3;
/// How many cards everybody brings back.
const CARDS_LEFT: u32 = 1;
/// What moves when it settles: prizes, the house's part, the winner's item; and cups, experience, a
/// card back and cards spent for everybody.
const MOVED: i64 = PLACES as i64 + 2 + 4 * PLAYERS as i64;
/// The transfers of a battle since it opened.
const SETTLED: &str = "SELECT count(*) FROM ledger_transfers
    WHERE reference_id = $1 AND kind NOT IN ('entry_fee', 'item_brought')";
/// When the transactions began that a settled battle and what was paid are of. Behind a savepoint rows
/// have an xmin of its own, so that does not tell.
const TRANSACTIONS: &str = "SELECT count(DISTINCT began) FROM (
        SELECT updated_at AS began FROM battles WHERE id = $1
        UNION ALL SELECT created_at FROM ledger_transfers WHERE reference_id = $1
            AND kind NOT IN ('entry_fee', 'item_brought')
    ) written";

pub(crate) async fn measure(syncs: &Histogram<u64>) {
    let floor = Floor::new().await;
    let mut rounds_ms = Vec::new();
    for _ in 0..ROUNDS {
        rounds_ms.push(round(&floor).await);
    }
    floor.complete().await;
    rounds_ms.sort_by(f64::total_cmp);
    eprintln!("settle_1000_ms: {rounds_ms:.1?}");
    let (value, sync_ms) = (rounds_ms[ROUNDS / 2], measure::at(syncs, 0.99) / 1e6);
    Figure {
        name: "settle_1000_ms",
        value,
        unit: "ms",
        baseline: sync_ms,
        ratio: value / sync_ms,
        goal: GOAL_MS,
        met: value <= GOAL_MS,
    }
    .print(BENCH);
}

/// Lets a match open and end; answers how long it took from there to seal its result and settle it.
async fn round(floor: &Floor) -> f64 {
    let terms = ended(floor).await;
    let result = result(&terms);
    let event = BattleEvent {
        battle: terms.battle,
        game: terms.game,
        change: BattleChange::Sealed {
            result: result.clone(),
            record_sha256: "a hash".to_owned(),
        },
    };
    floor.settle().await;
    // The leader looks for results by itself, too, and may find this one before it hears of it.
    let began = Instant::now();
    seal(floor, &result).await;
    let id = format!("sealed/{}", terms.battle);
    floor.bus.publish(&event, &id).await.unwrap();
    let took = closed(floor, terms.battle, began).await;
    let transactions: i64 = sqlx::query_scalar(TRANSACTIONS)
        .bind(terms.battle.uuid())
        .fetch_one(floor.pool())
        .await
        .unwrap();
    assert_eq!(transactions, 1, "settled in pieces");
    let moved: i64 = sqlx::query_scalar(SETTLED)
        .bind(terms.battle.uuid())
        .fetch_one(floor.pool())
        .await
        .unwrap();
    assert_eq!(moved, MOVED, "something was not settled");
    took
}

/// A match whose time is up.
async fn ended(floor: &Floor) -> BattleTerms {
    let players = floor.players(usize::try_from(PLAYERS).unwrap()).await;
    let cups = |player| Account::user(player, Unit::Cups);
    floor.give(&players, cups, CUPS).await;
    let cards = |player| Account::lot(player, Unit::LeverageCard, None);
    floor.give(&players, cards, CARDS).await;
    let game = floor.game(template()).await;
    stream::iter(players)
        .map(async |player| floor.ask(&join(player, game)).await)
        .buffer_unordered(AT_ONCE)
        .collect::<Vec<_>>()
        .await;
    let mut battle = None;
    reached(Instant::now(), async || {
        let find = "SELECT id FROM battles WHERE game_id = $1 AND status = 'SETTLING'";
        battle = sqlx::query_scalar::<_, Uuid>(find)
            .bind(game.uuid())
            .fetch_optional(floor.pool())
            .await
            .unwrap();
        battle.is_some()
    })
    .await;
    let battle = BattleId::new(battle.unwrap());
    battle::find_terms(&floor.db, battle)
        .await
        .unwrap()
        .unwrap()
}

/// A match for several prizes, and an item for the winner.
fn template() -> Template {
    let bps = |rate: u16| rate.try_into().unwrap();
    let share = u16::try_from(10_000 / PLACES).unwrap();
    Template {
        prize: Prize::Pool {
            rake_bps: bps(1_000),
            shares_bps: vec![bps(share); PLACES],
        },
        items: vec![ItemReward {
            kind: ItemKind::LeverageCard,
            uses: 3,
        }],
        ..match_of(PLAYERS, 1)
    }
}

/// Everybody ends differently.
fn result(terms: &BattleTerms) -> BattleResult {
    let finish = |number: u32| Finish {
        equity: format!("{}", 100 + number).parse().unwrap(),
        fills: 1,
        cards_left: CARDS_LEFT,
    };
    let finishes: Vec<Finish> = (0..PLAYERS).map(finish).collect();
    BattleResult::of(terms, &finishes)
}

/// Seals a result in the place of the arena, whose own rows are no matter here.
async fn seal(floor: &Floor, result: &BattleResult) {
    let mut tx = floor.pool().begin().await.unwrap();
    let unchecked = "SET LOCAL session_replication_role = replica";
    sqlx::raw_sql(unchecked).execute(&mut *tx).await.unwrap();
    let insert = "INSERT INTO battle_results (battle_id, result, record_sha256)
        VALUES ($1, $2::jsonb, 'a hash')";
    sqlx::query(insert)
        .bind(result.battle.uuid())
        .bind(serde_json::to_string(result).unwrap())
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

/// Waits until a match is closed; answers how many milliseconds that took.
async fn closed(floor: &Floor, battle: BattleId, since: Instant) -> f64 {
    let took = reached(since, async || {
        let is = "SELECT status = 'CLOSED' FROM battles WHERE id = $1";
        sqlx::query_scalar(is)
            .bind(battle.uuid())
            .fetch_one(floor.pool())
            .await
            .unwrap()
    })
    .await;
    took.as_secs_f64() * 1e3
}
