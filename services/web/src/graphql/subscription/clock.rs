//! The time by which matches start and end.

use std::time::Duration;

use async_graphql::{Context, Subscription};
use futures::{Stream, stream};
use tokio::time::{MissedTickBehavior, interval};

use crate::graphql::access::Stated;
use crate::graphql::scalar::DateTime;
use crate::graphql::scope::Scope;

/// How often the time is told.
const EVERY: Duration = Duration::from_secs(1);

#[derive(Default)]
pub(crate) struct CurrentTime;

#[Subscription(guard = "Stated")]
impl CurrentTime {
    /// The time on the exchange's clock, by which matches start and end, once a second.
    async fn current_time(&self, ctx: &Context<'_>) -> impl Stream<Item = DateTime> + use<> {
        let clock = ctx.gateway().exchange_clock.clone();
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        stream::unfold((clock, ticks), async |(clock, mut ticks)| {
            ticks.tick().await;
            Some((clock.now().into(), (clock, ticks)))
        })
    }
}
