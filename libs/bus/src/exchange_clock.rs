//! What time it is on the exchange's clock, the clock of every match: ours, moved by the offset
//! that market last published.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use contracts::market::Offset;
use contracts::{Key, Topic};
use domain::timestamp::Timestamp;
use runtime::{Clock, Context};

use crate::{Bus, BusError, Listener};

/// A moment on the exchange's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The moment, in whole milliseconds.
    pub now: Timestamp,
    /// By how much the exchange's clock was ahead of ours, in nanoseconds.
    pub offset_ns: i64,
}

/// The exchange's clock, as far as this process knows it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ExchangeClock {
    wall: Clock,
    offset_ns: Arc<AtomicI64>,
}

impl ExchangeClock {
    /// Reads the last offset that market published, and follows it until the shutdown. Before
    /// market has measured anything the clocks agree.
    pub async fn follow(bus: &Bus, context: &Context) -> Result<Self, BusError> {
        let heard = bus.listen(Topic::Offset.pattern()).await?;
        let last = bus.last::<Offset>(&Key::none()).await?;
        let offset_ns = Arc::new(AtomicI64::new(last.map_or(0, |one| one.message.offset_ns)));
        let clock = Self {
            wall: context.clock.clone(),
            offset_ns: Arc::clone(&offset_ns),
        };
        let shutdown = context.shutdown();
        context.spawn("exchange clock", async move {
            shutdown.run_until_cancelled(keep(heard, &offset_ns)).await;
            Ok(())
        });
        Ok(clock)
    }

    /// The present moment.
    pub fn now(&self) -> Timestamp {
        self.read().now
    }

    /// The present moment, and the offset that it was found with.
    pub fn read(&self) -> Moment {
        let offset_ns = self.offset_ns.load(Ordering::Relaxed);
        Moment {
            now: Timestamp::from_ms(self.wall.now_ms()).plus_ns(offset_ns),
            offset_ns,
        }
    }
}

async fn keep(mut heard: Listener, offset_ns: &AtomicI64) {
    while let Some(heard) = heard.next().await {
        match heard.decode::<Offset>() {
            Ok(offset) => offset_ns.store(offset.offset_ns, Ordering::Relaxed),
            Err(error) => tracing::warn!(%error, "an offset cannot be read"),
        }
    }
}
