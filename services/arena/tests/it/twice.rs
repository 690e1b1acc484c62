//! Everything that the arena reads is delivered twice, past the dedupe, and some of it before the
//! arena has heard of the battle. What it tells is told again in `journeys`, where it is heard.

use std::collections::BTreeSet;

use arena::READS;
use contracts::arena::{BattleChange, BattleEvent, PositionEvent};
use contracts::battles::{BattleCanceled, BattleOpened};
use contracts::market::{Gap, Note, NoteKind, Offset, Tick, Watermark};
use contracts::positions::NewPosition;
use contracts::{Message, Topic};
use domain::battle::BattleTerms;
use domain::engine::PositionChange;
use domain::order::{Entered, LevelChange, OrderKind, Side};
use domain::record;
use domain::timestamp::Timestamp;
use store::battle;

use crate::audit::audit;
use crate::floor::{Floor, LIMIT, btc, now, order, soon, whole};
use crate::process::{Running, binary};
use crate::sent::Sent;

/// What comes twice while a battle is played to its end.
const PLAYED: &[Topic] = &[
    Topic::Tick,
    Topic::Watermark,
    Topic::Gap,
    Topic::Note,
    Topic::Offset,
    Topic::PositionNew,
    Topic::PositionClose,
    Topic::PositionCancel,
    Topic::PositionAmend,
    Topic::BattleOpened,
];
/// What comes twice while a battle is called off.
const CALLED_OFF: &[Topic] = &[
    Topic::Tick,
    Topic::Watermark,
    Topic::PositionNew,
    Topic::BattleOpened,
    Topic::BattleCanceled,
];

#[test]
fn everything_that_the_arena_reads_comes_twice() {
    let reads = BTreeSet::from_iter(READS.into_iter().flatten());
    assert_eq!(reads, PLAYED.iter().chain(CALLED_OFF).collect());
}

/// Says everything twice, and knows what was said.
struct Twice<'f> {
    floor: &'f Floor,
    said: BTreeSet<Topic>,
}

impl<'f> Twice<'f> {
    fn on(floor: &'f Floor) -> Self {
        let said = BTreeSet::new();
        Self { floor, said }
    }

    /// Publishes a message twice under different ids: JetStream's dedupe sees two.
    async fn say<M: Message>(&mut self, message: &M) {
        for _ in 0..2 {
            let id = runtime::ids::mint::<uuid::Uuid>().to_string();
            self.floor.bus.publish(message, &id).await.unwrap();
        }
        self.said.insert(M::TOPIC);
    }

    async fn ask(&mut self, request: &Sent) {
        request.publish_twice(self.floor).await;
        self.said.insert(request.topic());
    }

    async fn tick(&mut self, trade_id: u64, price: i64, time: Timestamp) {
        self.say(&Tick {
            epoch: 1,
            symbol: btc(),
            trade_id,
            price: whole(price),
            time,
        })
        .await;
        self.say(&Watermark {
            epoch: 1,
            symbol: btc(),
            time: now(),
        })
        .await;
    }

    /// A trade that does not count.
    async fn note(&mut self, kind: NoteKind, trade_id: u64, price: i64) {
        self.say(&Note {
            epoch: 1,
            symbol: btc(),
            kind,
            trade_id,
            price: whole(price),
            time: soon(),
        })
        .await;
    }

    /// What market says beside ticks and watermarks, with trades that would fire everything.
    async fn aside(&mut self) {
        self.note(NoteKind::Late, 1_000, 1).await;
        self.note(NoteKind::Rejected, 1_001, 1_000).await;
        let (first, last) = (1_002, 1_003);
        self.say(&Gap {
            epoch: 1,
            symbol: btc(),
            first,
            last,
        })
        .await;
        self.say(&Offset {
            epoch: 1,
            offset_ns: 1_500_000,
        })
        .await;
    }

    async fn opened(&mut self, terms: &BattleTerms) {
        self.say(&BattleOpened {
            battle: terms.battle,
            game: terms.game,
            title: String::new(),
            start_time: terms.start_time,
            end_time: terms.end_time,
            players: Vec::new(),
        })
        .await;
    }

    async fn called_off(&mut self, terms: &BattleTerms) {
        self.say(&BattleCanceled {
            battle: terms.battle,
            game: terms.game,
            title: String::new(),
            players: Vec::new(),
        })
        .await;
    }
}

/// An order of each player, with a stop that 79 crosses on one side and a target on the other.
fn orders(terms: &BattleTerms) -> [NewPosition; 2] {
    let mut buy = order(terms, 0, Side::Buy);
    buy.order.stop_loss = Entered::Value(whole(80));
    let mut sell = order(terms, 1, Side::Sell);
    sell.order.take_profit = Entered::Value(whole(80));
    [buy, sell]
}

/// An order that no tick of these tests reaches.
fn far_order(terms: &BattleTerms) -> NewPosition {
    let mut limit = order(terms, 0, Side::Buy);
    limit.order.kind = OrderKind::Limit(Entered::Value(whole(70)));
    limit
}

async fn decided(floor: &Floor, count: usize) {
    let decided = "SELECT count(*) FROM position_outcomes";
    let count = i64::try_from(count).unwrap();
    testkit::eventually(LIMIT, async || floor.number(decided).await == count).await;
}

async fn stand(floor: &Floor, count: i64, status: &str) {
    let sql = format!("SELECT count(*) FROM positions WHERE status = '{status}'");
    testkit::eventually(LIMIT, async || floor.number(&sql).await == count).await;
}

#[tokio::test]
async fn every_message_twice_makes_one_order_one_fill_and_one_exit() {
    let floor = Floor::new().await;
    let mut twice = Twice::on(&floor);
    twice.tick(1, 95, soon()).await;
    let (mut battles, mut sent, mut changes) = (Vec::new(), Vec::new(), Vec::new());
    let arena = Running::start(&floor);
    for _ in 0..4 {
        let terms = floor.open_battle(600).await;
        twice.opened(&terms).await;
        let [buy, sell] = orders(&terms);
        let to_close = order(&terms, 1, Side::Buy);
        let limit = far_order(&terms);
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
        twice.ask(order).await;
    }
    decided(&floor, sent.len()).await;
    twice.aside().await;
    twice.tick(2, 95, soon()).await;
    stand(&floor, 12, "OPEN").await;
    twice.aside().await;
    for change in changes {
        twice.ask(&change).await;
        sent.push(change);
    }
    decided(&floor, sent.len()).await;
    twice.tick(3, 90, soon()).await;
    // Again, long after they were decided, and by another arena.
    for request in &sent {
        twice.ask(request).await;
    }
    arena.stop().await;
    let arena = Running::start(&floor);
    for terms in &battles {
        twice.opened(terms).await;
    }
    for request in &sent {
        twice.ask(request).await;
    }
    twice.tick(4, 79, soon()).await;

    floor.end(&battles).await;
    let requests: Vec<_> = sent.iter().map(Sent::request).collect();
    let audit = audit(&floor, &battles, &requests).await;
    let taken = (audit.accepted, audit.filled, audit.fired);
    assert_eq!(taken, (16, 12, 8));
    let changed = (audit.closed, audit.canceled, audit.amended, audit.lapsed);
    assert_eq!(changed, (4, 4, 4, 0));
    assert_eq!(twice.said, PLAYED.iter().copied().collect());
    arena.stop().await;
}

#[tokio::test]
async fn a_battle_of_which_everything_is_heard_twice_is_called_off_once() {
    let floor = Floor::new().await;
    let mut twice = Twice::on(&floor);
    twice.tick(1, 95, soon()).await;
    let arena = Running::start(&floor);
    let (terms, other) = (floor.open_battle(600).await, floor.open_battle(600).await);
    twice.opened(&terms).await;
    let sent = [order(&terms, 1, Side::Sell), far_order(&terms)].map(Sent::New);
    for order in &sent {
        twice.ask(order).await;
    }
    decided(&floor, sent.len()).await;
    twice.tick(2, 95, soon()).await;
    stand(&floor, 1, "OPEN").await;

    floor.cancel(terms.battle).await;
    twice.called_off(&terms).await;
    stand(&floor, 2, "CANCELED").await;
    let bytes = floor.sealed(terms.battle).await;
    // Again, long after, and by another arena.
    twice.called_off(&terms).await;
    arena.stop().await;
    let arena = Running::start(&floor);
    twice.opened(&terms).await;
    twice.called_off(&terms).await;
    for order in &sent {
        twice.ask(order).await;
    }
    // A battle that ends now shows that all of it was read.
    floor.ask(&order(&other, 0, Side::Buy)).await;
    twice.tick(3, 95, soon()).await;
    floor.end(std::slice::from_ref(&other)).await;

    assert_eq!(record::verify(bytes.as_slice()).unwrap().result, None);
    assert_eq!(floor.sealed(terms.battle).await, bytes);
    let sealed = battle::find_sealed(&floor.db, terms.battle).await.unwrap();
    assert_eq!(sealed, None);
    let told = floor.heard::<PositionEvent>(8).await;
    let told = told.iter().filter(|event| event.battle == terms.battle);
    let told: Vec<_> = told.map(|event| name(&event.change)).collect();
    assert_eq!(
        told,
        ["accepted", "accepted", "filled", "canceled", "canceled"]
    );
    let told = floor.heard::<BattleEvent>(4).await;
    let told = told.iter().filter(|event| event.battle == terms.battle);
    let told: Vec<_> = told.map(|event| &event.change).collect();
    assert!(
        matches!(
            told.as_slice(),
            [BattleChange::Opened, BattleChange::Canceled { .. }]
        ),
        "{told:?}"
    );
    assert_eq!(twice.said, CALLED_OFF.iter().copied().collect());
    arena.stop().await;
}

const fn name(change: &PositionChange) -> &'static str {
    match change {
        PositionChange::Accepted => "accepted",
        PositionChange::Filled(_) => "filled",
        PositionChange::Canceled { .. } => "canceled",
        PositionChange::Closed { .. }
        | PositionChange::Liquidated { .. }
        | PositionChange::Rejected { .. }
        | PositionChange::Amended { .. }
        | PositionChange::Lapsed { .. } => "something else",
    }
}

#[tokio::test]
async fn orders_that_arrive_before_the_arena_heard_of_their_battle_are_taken() {
    let floor = Floor::new().await;
    let mut twice = Twice::on(&floor);
    floor.tick(95, soon()).await;
    // It hears of no battle by itself.
    let deaf = binary(&floor).setting("shards.poll_ms", "10000");
    let _arena = deaf.start_ready().await;
    floor.watermark(now()).await;
    let (mut battles, mut sent) = (Vec::new(), Vec::new());
    for _ in 0..8 {
        let terms = floor.open_battle(600).await;
        for order in orders(&terms) {
            twice.say(&order).await;
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
