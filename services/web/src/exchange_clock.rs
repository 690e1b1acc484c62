//! The exchange's clock, as far as this process knows it: the clock of every match.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use bus::{Bus, BusError};
use contracts::market::Offset;
use contracts::{Key, Topic};
use domain::timestamp::Timestamp;
use futures::StreamExt;
use runtime::{Clock, Context};

use crate::hub::Hub;

const NS_PER_MS: i64 = 1_000_000;

/// Our clock and how far the exchange's is ahead of it. Cheap to clone.
#[derive(Clone)]
pub(crate) struct ExchangeClock {
    clock: Clock,
    ahead_ns: Arc<AtomicI64>,
}

impl ExchangeClock {
    /// Reads the last offset that market published, and follows it from then on.
    pub(crate) async fn follow(bus: &Bus, hub: &Hub, context: &Context) -> Result<Self, BusError> {
        let following = hub.hear::<Offset>(Topic::Offset.pattern()).await?;
        let known = bus.last::<Offset>(&Key::none()).await?;
        let ahead_ns = known.map_or(0, |last| last.message.offset_ns);
        let clock = Self {
            clock: context.clock.clone(),
            ahead_ns: Arc::new(AtomicI64::new(ahead_ns)),
        };
        let ahead_ns = Arc::clone(&clock.ahead_ns);
        context.spawn("exchange clock", async move {
            following
                .for_each(async |offset| ahead_ns.store(offset.offset_ns, Ordering::Relaxed))
                .await;
            Ok(())
        });
        Ok(clock)
    }

    /// The present moment on the exchange's clock.
    pub(crate) fn now(&self) -> Timestamp {
        let ahead_ms = self.ahead_ns.load(Ordering::Relaxed).div_euclid(NS_PER_MS);
        Timestamp::from_ms(self.clock.now_ms()).plus_ms(ahead_ms)
    }
}
