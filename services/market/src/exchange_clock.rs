//! Watches the exchange's clock.

use std::time::Duration;

use runtime::Clock;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::offset::{ClockOffset, RoundTrip, RoundTrips};
use crate::rest::{Rest, RestError};

/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Looks in quick succession at the start, so that the first estimate is a good one.
const FIRST_LOOKS: u32 = 3;
/// Between these, and after a failed one.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// Measures the offset for ever and tells `offset` of every better estimate.
pub(crate) async fn watch(rest: Rest, clock: Clock, offset: watch::Sender<Option<ClockOffset>>) {
    let mut trips = RoundTrips::default();
    for _look in 0..FIRST_LOOKS {
        look(&rest, &clock, &mut trips, &offset).await;
        sleep(FIRST_PAUSE).await;
    }
    let mut looks = interval(LOOK_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !offset.is_closed() {
        looks.tick().await;
        look(&rest, &clock, &mut trips, &offset).await;
    }
}

async fn look(
    rest: &Rest,
    clock: &Clock,
    trips: &mut RoundTrips,
    offset: &watch::Sender<Option<ClockOffset>>,
) {
    match round_trip(rest, clock).await {
        Ok(trip) => {
            if let Some(best) = trips.add(trip) {
                offset.send_replace(Some(best));
            }
        }
        Err(error) => tracing::warn!(%error, "cannot see the exchange's clock"),
    }
}

async fn round_trip(rest: &Rest, clock: &Clock) -> Result<RoundTrip, RestError> {
    let sent_ms = clock.now_ms();
    let server_ms = rest.server_time_ms().await?;
    Ok(RoundTrip {
        sent_ms,
        server_ms,
        received_ms: clock.now_ms(),
    })
}
