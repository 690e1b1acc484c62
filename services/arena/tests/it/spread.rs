//! Shards move between arenas: when one comes, goes or dies.

use std::time::Duration;

use contracts::commands::Answer;
use contracts::shard::Shard;
use domain::battle::BattleTerms;
use domain::chips::Chips;
use domain::game::Template;
use domain::order::{Entered, Side};
use futures::future::join_all;
use sea_orm::ConnectionTrait;
use tokio::time::{Instant, interval};
use tokio_util::sync::CancellationToken;

use crate::floor::{Floor, LIMIT, order, soon, template, terms};
use crate::process::binary;

/// Within what a player may send.
const BETWEEN_ORDERS: Duration = Duration::from_millis(200);
/// For how long the gateway waits before it answers PENDING: its `ANSWER_WITHIN`.
const GATEWAY_WAITS: Duration = Duration::from_secs(2);
/// How long after its arena was killed a shard answers at the latest, with an operator's leases of
/// 2 s. That is about when they expire, not about how fast rows are read.
const TAKEN_OVER_WITHIN: Duration = Duration::from_secs(5);

/// How many shards each arena has, the most first.
async fn shares(floor: &Floor) -> Vec<i64> {
    let share = |place: i64| {
        format!(
            "SELECT coalesce((SELECT count(*) FROM arena_shards WHERE owner IS NOT NULL
             GROUP BY owner ORDER BY count(*) DESC OFFSET {place} LIMIT 1), 0)"
        )
    };
    let mut shares = Vec::new();
    for place in 0..4 {
        shares.push(floor.number(&share(place)).await);
    }
    shares.retain(|share| *share > 0);
    shares
}

async fn shared(floor: &Floor, expected: &[i64]) {
    testkit::eventually(LIMIT, async || shares(floor).await == expected).await;
}

#[tokio::test]
async fn arenas_share_the_shards_as_they_come_and_go_and_none_moves_in_between() {
    let floor = Floor::new().await;
    let _first = binary(&floor).start_ready().await;
    shared(&floor, &[64]).await;
    let mut second = binary(&floor).start_ready().await;
    shared(&floor, &[32, 32]).await;
    let mut third = binary(&floor).start_ready().await;
    shared(&floor, &[22, 22, 20]).await;

    // Every lease is renewed twice more, and no shard has another owner.
    let epochs = "SELECT sum(epoch)::bigint FROM arena_shards";
    let renewed = "SELECT floor(extract(epoch FROM min(lease_expires_at)) * 1000)::bigint
                   FROM arena_shards";
    let (taken, from) = (floor.number(epochs).await, floor.number(renewed).await);
    testkit::eventually(LIMIT, async || floor.number(renewed).await > from + 600).await;
    assert_eq!(floor.number(epochs).await, taken);

    assert!(second.terminate().await.success());
    shared(&floor, &[32, 32]).await;
    third.kill().await;
    shared(&floor, &[64]).await;
}

/// Battles in as many shards.
async fn spread_battles(floor: &Floor, count: usize) -> Vec<BattleTerms> {
    let mut battles: Vec<BattleTerms> = Vec::new();
    while battles.len() < count {
        let busy = Template {
            max_positions: 1_000,
            ..template()
        };
        let new = terms(600, busy);
        let shard = |terms: &BattleTerms| Shard::of(terms.battle);
        if battles.iter().all(|other| shard(other) != shard(&new)) {
            floor.open(&new).await;
            battles.push(new);
        }
    }
    battles
}

/// Asks for small orders in one battle until `stop`: each is taken. Answers how many were, and the
/// longest wait.
async fn ask(floor: &Floor, terms: &BattleTerms, stop: &CancellationToken) -> (i64, Duration) {
    let (mut asked, mut longest) = (0, Duration::ZERO);
    let mut beat = interval(BETWEEN_ORDERS);
    while !stop.is_cancelled() {
        beat.tick().await;
        let mut buy = order(terms, 0, Side::Buy);
        buy.order.margin = Entered::Value(Chips::from_units(1_000_000));
        let began = Instant::now();
        let answer = floor.ask(&buy).await;
        longest = longest.max(began.elapsed());
        let value = buy.order.position;
        assert_eq!(answer, Answer::Done { value });
        asked += 1;
    }
    (asked, longest)
}

#[tokio::test]
async fn an_arena_that_stops_hands_over_without_a_refused_order() {
    let floor = Floor::new().await;
    floor.tick(95, soon()).await;
    let battles = spread_battles(&floor, 16).await;
    let mut first = binary(&floor).start_ready().await;
    let second = binary(&floor).start_ready().await;
    shared(&floor, &[32, 32]).await;

    let stop = CancellationToken::new();
    let handing_over = async {
        let orders = "SELECT count(*) FROM positions";
        testkit::eventually(LIMIT, async || floor.number(orders).await > 50).await;
        assert!(first.terminate().await.success());
        shared(&floor, &[64]).await;
        let so_far = floor.number(orders).await;
        testkit::eventually(LIMIT, async || floor.number(orders).await > so_far + 50).await;
        stop.cancel();
    };
    let asking = join_all(battles.iter().map(|terms| ask(&floor, terms, &stop)));
    let (asked, ()) = tokio::join!(asking, handing_over);
    let longest = asked.iter().map(|(_, longest)| *longest).max().unwrap();
    let asked: i64 = asked.iter().map(|(asked, _)| asked).sum();
    println!("{asked} orders, the longest wait {longest:?}");
    assert!(longest < GATEWAY_WAITS, "a player was told PENDING");
    assert_eq!(floor.number("SELECT count(*) FROM positions").await, asked);
    assert!(!second.stderr().contains("a shard is lost"));
}

/// Makes one filled position of a battle ten thousand.
const MULTIPLY: &str = "
    INSERT INTO positions SELECT copy.*
    FROM positions p, generate_series(1, 9999) place, LATERAL jsonb_populate_record(
        p, jsonb_build_object('id', gen_random_uuid(), 'number', place)) copy;
    INSERT INTO position_outcomes SELECT battle_id, player_id, gen_random_uuid(), id, body_hash,
        jsonb_build_object('accepted', jsonb_build_object('position', id))
    FROM (SELECT p.*, o.body_hash FROM positions p, position_outcomes o WHERE p.number > 0) copy;
    UPDATE arena_battles SET accepted = 10000";

#[tokio::test]
async fn after_a_crash_ten_thousand_open_positions_are_taken_over() {
    let floor = Floor::new().await;
    floor.tick(95, soon()).await;
    let terms = floor.open_battle(600).await;
    // As an operator has it.
    let program = binary(&floor).setting("shards.lease_ms", "2000");
    let mut first = program.start_ready().await;
    floor.ask(&order(&terms, 0, Side::Buy)).await;
    floor.tick(95, soon()).await;
    let filled = "SELECT count(*) FROM positions WHERE status = 'OPEN'";
    testkit::eventually(LIMIT, async || floor.number(filled).await == 1).await;
    assert!(first.terminate().await.success());
    floor
        .db
        .connection()
        .execute_unprepared(MULTIPLY)
        .await
        .unwrap();
    assert_eq!(floor.number(filled).await, 10_000);

    let mut first = program.start_ready().await;
    shared(&floor, &[64]).await;
    let owner = format!(
        "SELECT epoch FROM arena_shards WHERE shard = {}",
        Shard::of(terms.battle)
    );
    let epoch = floor.number(&owner).await;
    let second = binary(&floor).setting("shards.lease_ms", "2000");
    let _second = second.start_ready().await;
    shared(&floor, &[32, 32]).await;
    // What trades stays where it is as long as something else can go.
    assert_eq!(floor.number(&owner).await, epoch);
    let began = Instant::now();
    first.kill().await;
    let sell = order(&terms, 1, Side::Sell);
    let value = sell.order.position;
    assert_eq!(floor.ask(&sell).await, Answer::Done { value });
    let took = began.elapsed();
    println!("10000 open positions taken over in {took:?}");
    assert!(took <= TAKEN_OVER_WITHIN, "it took {took:?}");
}
