//! One tick closes a hundred thousand positions of all shards: how many of them a second are
//! durable, next to bare SQL that writes the same rows.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use contracts::Service;
use domain::timestamp::Timestamp;
use futures::future::join_all;
use measure::Figure;
use sea_orm::sqlx::postgres::PgPoolOptions;
use sea_orm::sqlx::{self, PgPool};
use tokio::time::Instant;

use crate::BENCH;
use crate::floor::{Floor, ready};
use crate::world::{ALL_AT_ONCE, ENTRY};

const POSITIONS: usize = 100_000;
const PLAYERS: usize = 125;
/// What these have in the middle counts.
const ROUNDS: usize = 3;
/// How many closes are written one by one, and over how many connections.
const SINGLE: i64 = 20_000;
const CONNECTIONS: u32 = 32;
/// The disk and its neighbours change: between both ways that are compared lies no more.
const APART_AT_MOST: Duration = Duration::from_secs(60);
const GOAL_VS_SQL: f64 = 0.5;
const GOAL_VS_SINGLE: f64 = 10.0;

/// Keeps every row as it is before the tick.
const KEEP_OPEN: &str = "
    CREATE TABLE open_positions AS SELECT * FROM positions;
    CREATE TABLE open_participants AS SELECT * FROM arena_participants";

/// Keeps every row as the arena left it, and puts the rows from before the tick back.
const KEEP_CLOSED: &str = "
    CREATE TABLE closed AS SELECT *, row_number() OVER (ORDER BY id) AS place FROM positions;
    CREATE TABLE paid AS SELECT * FROM arena_participants;
    CREATE TABLE told AS SELECT *, row_number() OVER (ORDER BY payload::jsonb #>> '{position,id}')
        AS place FROM outbox;
    ALTER TABLE closed ADD PRIMARY KEY (place);
    ALTER TABLE told ADD PRIMARY KEY (place);";
const PUT_BACK: &str = "
    TRUNCATE positions, arena_participants, outbox;
    INSERT INTO arena_participants SELECT * FROM open_participants;
    INSERT INTO positions SELECT * FROM open_positions";

/// The rows of one tick in one statement.
const SET_BASED: &str = "
    WITH closing AS (
        UPDATE positions p SET updated_at = now(), status = c.status, end_cause = c.end_cause,
            end_time_ms = c.end_time_ms, end_sequence = c.end_sequence, exit_trade = c.exit_trade,
            exit_price = c.exit_price, exit_trade_time_ms = c.exit_trade_time_ms,
            profit = c.profit, close_fee = c.close_fee, payout = c.payout
        FROM closed c WHERE p.id = c.id
    ), paying AS (
        UPDATE arena_participants p SET cash = c.cash FROM paid c
        WHERE p.battle_id = c.battle_id AND p.player_id = c.player_id
    )
    INSERT INTO outbox (id, service, bucket, aggregate_id, version, subject, payload)
    SELECT id, service, bucket, aggregate_id, version, subject, payload FROM told ORDER BY number";

/// The rows of one close, statement by statement.
const CLOSE_ONE: &str = "
    UPDATE positions p SET updated_at = now(), status = c.status, end_cause = c.end_cause,
        end_time_ms = c.end_time_ms, end_sequence = c.end_sequence, exit_trade = c.exit_trade,
        exit_price = c.exit_price, exit_trade_time_ms = c.exit_trade_time_ms,
        profit = c.profit, close_fee = c.close_fee, payout = c.payout
    FROM closed c WHERE c.place = $1 AND p.id = c.id";
const PAY_ONE: &str = "
    UPDATE arena_participants p SET cash = p.cash + c.payout FROM closed c
    WHERE c.place = $1 AND p.battle_id = c.battle_id AND p.player_id = c.player_id";
const TELL_ONE: &str = "
    INSERT INTO outbox (id, service, bucket, aggregate_id, version, subject, payload)
    SELECT id, service, bucket, aggregate_id, version, subject, payload FROM told WHERE place = $1";

const CLOSED: &str = "SELECT count(*) FROM positions WHERE status = 'CLOSED'";
const TOLD: &str = "SELECT count(*) FROM outbox";
/// Closes a second.
struct Rates {
    arena: f64,
    sql: f64,
    single: f64,
}

pub(crate) async fn measure() {
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let rates = round().await;
        let Rates { arena, sql, single } = &rates;
        eprintln!("durable_closes: {arena:.0}/s, set-based {sql:.0}/s, one by one {single:.0}/s");
        rounds.push(rates);
    }
    rounds.sort_by(|one, other| (one.arena / one.sql).total_cmp(&(other.arena / other.sql)));
    let Rates { arena, sql, single } = rounds[ROUNDS / 2];
    for (name, baseline, goal) in [
        ("durable_closes_vs_sql", sql, GOAL_VS_SQL),
        ("durable_closes_vs_single", single, GOAL_VS_SINGLE),
    ] {
        let ratio = arena / baseline;
        Figure {
            name,
            value: arena,
            unit: "closes/s",
            baseline,
            ratio,
            goal,
            met: ratio >= goal,
        }
        .print(BENCH);
    }
}

async fn round() -> Rates {
    let (floor, now) = Floor::filled(PLAYERS, POSITIONS, &ALL_AT_ONCE).await;
    floor.execute(KEEP_OPEN).await;
    floor.settle().await;
    let (arena, committed) = through_the_arena(&floor, now).await;
    floor.execute(KEEP_CLOSED).await;
    floor.execute(PUT_BACK).await;
    floor.settle().await;
    let apart = committed.elapsed();
    eprintln!(
        "durable_closes: {:.1} s between arena and set-based",
        apart.as_secs_f64()
    );
    assert!(apart <= APART_AT_MOST, "{apart:?} lie between both ways");
    let sql = set_based(&floor).await;
    floor.execute(PUT_BACK).await;
    floor.settle().await;
    let single = one_by_one(&floor).await;
    Rates { arena, sql, single }
}

/// From the tick, which MARKET stores, until all that follows from it is committed. Answers when
/// that was, too.
async fn through_the_arena(floor: &Floor, now: Timestamp) -> (f64, Instant) {
    let mut arena = floor.start(Service::Arena);
    ready(floor, &arena, Instant::now()).await;
    let began = Instant::now();
    let tail = floor.tick(2, ENTRY - ENTRY / 50, now.plus_ms(1)).await;
    let took = floor.written(tail, began).await;
    arena.kill().await;
    complete(floor).await;
    (POSITIONS as f64 / took.as_secs_f64(), began + took)
}

async fn set_based(floor: &Floor) -> f64 {
    let began = Instant::now();
    floor.execute(SET_BASED).await;
    let took = began.elapsed();
    complete(floor).await;
    POSITIONS as f64 / took.as_secs_f64()
}

async fn complete(floor: &Floor) {
    for count in [CLOSED, TOLD] {
        let found = usize::try_from(floor.number(count).await).unwrap();
        assert_eq!(found, POSITIONS, "{count}");
    }
}

async fn one_by_one(floor: &Floor) -> f64 {
    let pool = PgPoolOptions::new()
        .min_connections(CONNECTIONS)
        .max_connections(CONNECTIONS)
        .connect(floor.url().as_str())
        .await
        .unwrap();
    let next = AtomicI64::new(1);
    let began = Instant::now();
    join_all((0..CONNECTIONS).map(|_| close_next(&pool, &next))).await;
    let took = began.elapsed();
    for count in [CLOSED, TOLD] {
        assert_eq!(floor.number(count).await, SINGLE, "{count}");
    }
    SINGLE as f64 / took.as_secs_f64()
}

async fn close_next(pool: &PgPool, next: &AtomicI64) {
    loop {
        let place = next.fetch_add(1, Ordering::Relaxed);
        if place > SINGLE {
            return;
        }
        let mut tx = pool.begin().await.unwrap();
        for statement in [CLOSE_ONE, PAY_ONE, TELL_ONE] {
            let done = sqlx::query(statement).bind(place).execute(&mut *tx).await;
            assert_eq!(done.unwrap().rows_affected(), 1, "{statement}");
        }
        tx.commit().await.unwrap();
    }
}
