//! Waiting for a condition, with a limit, instead of sleeping.

use std::panic::Location;
use std::time::{Duration, Instant};

/// The condition is asked this often.
const ASK_EVERY: Duration = Duration::from_millis(20);

/// What a condition may answer: `bool`, or an `Option` that holds what was waited for.
pub trait Outcome {
    /// What was waited for.
    type Value;

    /// The value, once the condition holds.
    fn reached(self) -> Option<Self::Value>;
}

impl Outcome for bool {
    type Value = ();

    fn reached(self) -> Option<()> {
        self.then_some(())
    }
}

impl<T> Outcome for Option<T> {
    type Value = T;

    fn reached(self) -> Self {
        self
    }
}

/// Asks `condition` until it holds, and returns what it found.
///
/// # Panics
/// When it does not hold within `limit`; the text names the caller.
#[track_caller]
pub fn eventually<C, O>(limit: Duration, mut condition: C) -> impl Future<Output = O::Value>
where
    C: AsyncFnMut() -> O,
    O: Outcome,
{
    let caller = Location::caller();
    async move {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(value) = condition().await.reached() {
                return value;
            }
            assert!(
                Instant::now() < deadline,
                "not reached within {limit:?} at {caller}"
            );
            tokio::time::sleep(ASK_EVERY).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_value_that_was_waited_for_is_returned() {
        let mut asked = 0;
        let found = eventually(Duration::from_secs(5), || {
            asked += 1;
            let found = (asked == 3).then_some(asked);
            async move { found }
        });
        assert_eq!(found.await, 3);
    }

    #[tokio::test]
    #[should_panic(expected = "eventually.rs")]
    async fn a_condition_that_never_holds_panics_with_the_callers_place() {
        eventually(Duration::ZERO, || async { false }).await;
    }
}
