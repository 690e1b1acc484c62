//! Leaders that meet on a real stream.

use bus::NatsSettings;
use contracts::Key;
use domain::market;
use domain::symbol::Symbol;
use domain::timestamp::Timestamp;
use testkit::Space;
use tokio::time::Instant;

use super::*;
use crate::tail::Tail;

const LONG: Duration = Duration::from_secs(60);

async fn bus(space: &Space) -> Bus {
    let settings = NatsSettings {
        max_stream_bytes: Some(64 << 20),
        ..NatsSettings::new(
            space.nats_url(),
            space.prefix().to_owned().try_into().unwrap(),
        )
    };
    let bus = Bus::connect(&settings, "test").await.unwrap();
    bus.declare_streams().await.unwrap();
    bus
}

fn symbol() -> Symbol {
    "BTCUSDT".parse().unwrap()
}

fn tick(epoch: u64, trade_id: u64) -> Tick {
    let market::Tick { trade, price, time } = crate::frame::tick(trade_id, "100", 1_000).unwrap();
    Tick {
        epoch,
        symbol: symbol(),
        trade_id: trade,
        price,
        time,
    }
}

/// A leader that knows where the subject of ticks ends.
struct Leader {
    bus: Bus,
    term: Term,
    last: u64,
}

impl Leader {
    /// Claims the stream with an offset, as a lease does.
    async fn claim(bus: &Bus, epoch: u64) -> Self {
        let claim = Offset {
            epoch,
            offset_ns: 0,
        };
        let fence = bus
            .publish(&claim, &format!("{epoch}/claim"))
            .await
            .unwrap()
            .sequence;
        let last = bus.last::<Tick>(&Key::from(&symbol())).await.unwrap();
        let term = Term::new(epoch, fence, Instant::now() + LONG);
        Self {
            bus: bus.clone(),
            term,
            last: last.map_or(0, |last| last.sequence),
        }
    }

    async fn publish(&mut self, trade_id: u64) -> Result<(), Deposed> {
        let tick = tick(self.term.epoch, trade_id);
        let id = format!("{}/{trade_id}", self.term.epoch);
        publish(&self.bus, &self.term, &tick, &id, &mut self.last).await
    }
}

#[tokio::test]
async fn a_deposed_leader_is_told_so_by_the_first_entry_of_its_successor() {
    let space = Space::new();
    let bus = bus(&space).await;
    let mut former = Leader::claim(&bus, 1).await;
    former.publish(7).await.unwrap();
    let mut successor = Leader::claim(&bus, 2).await;
    successor.publish(8).await.unwrap();
    assert!(matches!(former.publish(8).await, Err(Deposed::Superseded)));
    let last = bus
        .last::<Tick>(&Key::from(&symbol()))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(last.message, tick(2, 8));
}

#[tokio::test]
async fn an_entry_that_slipped_in_behind_the_claim_is_told_again() {
    let space = Space::new();
    let bus = bus(&space).await;
    let mut former = Leader::claim(&bus, 1).await;
    former.publish(7).await.unwrap();
    let mut successor = Leader::claim(&bus, 2).await;
    former.publish(8).await.unwrap();
    let tail = Tail::load(&bus, &symbol(), &successor.term).await.unwrap();
    assert_eq!(tail.resume.last_id, Some(7));
    assert_eq!(tail.resume.tick, None);
    successor.publish(8).await.unwrap();
    assert_eq!(successor.last, tail.last.tick + 1);
}

#[tokio::test]
async fn a_leader_goes_on_behind_what_counts() {
    let space = Space::new();
    let bus = bus(&space).await;
    let mut former = Leader::claim(&bus, 1).await;
    former.publish(7).await.unwrap();
    let gap = Gap {
        epoch: 1,
        symbol: symbol(),
        first: 8,
        last: 9,
    };
    bus.publish(&gap, "gap").await.unwrap();
    let time = Timestamp::from_ms(5_000);
    bus.publish(
        &Watermark {
            epoch: 1,
            symbol: symbol(),
            time,
        },
        "watermark",
    )
    .await
    .unwrap();
    let successor = Leader::claim(&bus, 2).await;
    let resume = Tail::load(&bus, &symbol(), &successor.term)
        .await
        .unwrap()
        .resume;
    assert_eq!(resume.last_id, Some(9));
    assert_eq!(resume.tick.map(|tick| tick.trade), Some(7));
    assert_eq!(resume.watermark, Some(time));
}

#[tokio::test]
async fn an_entry_that_was_stored_without_our_knowing_is_not_stored_twice() {
    let space = Space::new();
    let bus = bus(&space).await;
    let mut leader = Leader::claim(&bus, 1).await;
    let stored = bus.publish(&tick(1, 7), "another id").await.unwrap();
    leader.publish(7).await.unwrap();
    assert_eq!(leader.last, stored.sequence);
}

#[tokio::test]
async fn an_expired_leader_publishes_nothing() {
    let space = Space::new();
    let bus = bus(&space).await;
    let mut leader = Leader::claim(&bus, 1).await;
    leader.term = Term::new(1, leader.term.fence, Instant::now());
    assert!(matches!(leader.publish(7).await, Err(Deposed::Expired)));
    assert_eq!(bus.last::<Tick>(&Key::from(&symbol())).await.unwrap(), None);
}
