//! Everything is delivered twice, past the dedupe, and before the arena has heard of the battle.

use contracts::battles::BattleOpened;
use contracts::market::{Tick, Watermark};
use contracts::positions::NewPosition;
use domain::battle::BattleTerms;
use domain::order::{Entered, LevelChange, OrderKind, Side};
use domain::timestamp::Timestamp;

use crate::audit::audit;
use crate::floor::{Floor, LIMIT, btc, now, order, soon, whole};
use crate::process::{Running, binary};
use crate::sent::Sent;

/// Publishes a message twice under different ids: JetStream's dedupe sees two.
async fn publish_twice<M: contracts::Message>(floor: &Floor, message: &M) {
    for _ in 0..2 {
        let id = runtime::ids::mint::<uuid::Uuid>().to_string();
        floor.bus.publish(message, &id).await.unwrap();
    }
}

async fn tick_twice(floor: &Floor, trade_id: u64, price: i64, time: Timestamp) {
    let (symbol, price) = (btc(), whole(price));
    let tick = Tick {
        epoch: 1,
        symbol,
        trade_id,
        price,
        time,
    };
    publish_twice(floor, &tick).await;
    let mark = Watermark {
        epoch: 1,
        symbol: btc(),
        time: now(),
    };
    publish_twice(floor, &mark).await;
}

/// An order of each player, with a stop that 79 crosses on one side and a target on the other.
fn orders(terms: &BattleTerms) -> [NewPosition; 2] {
    let mut buy = order(terms, 0, Side::Buy);
    buy.order.stop_loss = Entered::Value(whole(80));
    let mut sell = order(terms, 1, Side::Sell);
    sell.order.take_profit = Entered::Value(whole(80));
    [buy, sell]
}

async fn decided(floor: &Floor, count: usize) {
    let decided = "SELECT count(*) FROM position_outcomes";
    let count = i64::try_from(count).unwrap();
    testkit::eventually(LIMIT, async || floor.number(decided).await == count).await;
}

#[tokio::test]
async fn every_message_twice_makes_one_order_one_fill_and_one_exit() {
    let floor = Floor::new().await;
    tick_twice(&floor, 1, 95, soon()).await;
    let (mut battles, mut sent, mut changes) = (Vec::new(), Vec::new(), Vec::new());
    let arena = Running::start(&floor);
    for _ in 0..4 {
        let terms = floor.open_battle(600).await;
        let told = BattleOpened {
            battle: terms.battle,
            game: terms.game,
            title: String::new(),
            start_time: terms.start_time,
            end_time: terms.end_time,
            players: Vec::new(),
        };
        publish_twice(&floor, &told).await;
        let [buy, sell] = orders(&terms);
        let to_close = order(&terms, 1, Side::Buy);
        let mut limit = order(&terms, 0, Side::Buy);
        limit.order.kind = OrderKind::Limit(Entered::Value(whole(70)));
        let stop = LevelChange::Set(whole(82));
        changes.extend([
            Sent::amend(&buy, stop, LevelChange::Keep),
            Sent::close(&to_close),
            Sent::cancel(&limit),
        ]);
        sent.extend([buy, sell, to_close, limit].map(Sent::New));
        battles.push(terms);
    }
    for order in &sent {
        order.publish_twice(&floor).await;
    }
    decided(&floor, sent.len()).await;
    tick_twice(&floor, 2, 95, soon()).await;
    let open = "SELECT count(*) FROM positions WHERE status = 'OPEN'";
    testkit::eventually(LIMIT, async || floor.number(open).await == 12).await;
    for change in changes {
        change.publish_twice(&floor).await;
        sent.push(change);
    }
    decided(&floor, sent.len()).await;
    tick_twice(&floor, 3, 90, soon()).await;
    // Again, long after they were decided, and by another arena.
    for request in &sent {
        request.publish_twice(&floor).await;
    }
    arena.stop().await;
    let arena = Running::start(&floor);
    for request in &sent {
        request.publish_twice(&floor).await;
    }
    tick_twice(&floor, 4, 79, soon()).await;

    floor.end(&battles).await;
    let requests: Vec<_> = sent.iter().map(Sent::request).collect();
    let audit = audit(&floor, &battles, &requests).await;
    let taken = (audit.accepted, audit.filled, audit.fired);
    assert_eq!(taken, (16, 12, 8));
    let changed = (audit.closed, audit.canceled, audit.amended, audit.lapsed);
    assert_eq!(changed, (4, 4, 4, 0));
    arena.stop().await;
}

#[tokio::test]
async fn orders_that_arrive_before_the_arena_heard_of_their_battle_are_taken() {
    let floor = Floor::new().await;
    floor.tick(95, soon()).await;
    // It hears of no battle by itself.
    let deaf = binary(&floor).setting("shards.poll_ms", "10000");
    let _arena = deaf.start_ready().await;
    floor.watermark(now()).await;
    let (mut battles, mut sent) = (Vec::new(), Vec::new());
    for _ in 0..8 {
        let terms = floor.open_battle(600).await;
        for order in orders(&terms) {
            publish_twice(&floor, &order).await;
            sent.push(order.caller.request);
        }
        battles.push(terms);
    }
    decided(&floor, sent.len()).await;
    floor.tick(95, soon()).await;
    floor.tick(79, soon()).await;

    floor.end(&battles).await;
    let audit = audit(&floor, &battles, &sent).await;
    assert_eq!((audit.accepted, audit.fired), (16, 16));
}
