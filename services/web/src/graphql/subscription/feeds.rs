//! Whether prices are fresh.

use std::sync::Arc;
use std::time::Duration;

use async_graphql::{Context, Subscription};
use contracts::Topic;
use contracts::market::Watermark;
use futures::stream::BoxStream;
use futures::{Stream, StreamExt, stream};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval};

use crate::error::ApiError;
use crate::gateway::Gateway;
use crate::graphql::access::Stated;
use crate::graphql::object::{AssetFeed, Watermarks, differ};
use crate::graphql::scope::Scope;

/// How often one looks whether anything has become stale.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How often it is told where nothing changes: whoever joins those who listen already waits no longer.
const TELL_EVERY: Duration = Duration::from_secs(10);

#[derive(Default)]
pub(crate) struct FeedHealthUpdated;

#[Subscription(guard = "Stated")]
impl FeedHealthUpdated {
    /// Whether the prices of each asset are fresh, by rank: whenever that changes for one of them, and
    /// every ten seconds.
    async fn feed_health_updated(
        &self,
        ctx: &Context<'_>,
    ) -> Result<impl Stream<Item = Vec<AssetFeed>> + use<>, ApiError> {
        let gateway = Arc::clone(ctx.gateway());
        let pattern = Topic::Watermark.pattern();
        let heard = gateway.hub.hear::<Watermark>(pattern).await?.boxed();
        let known = Watermarks::load(&gateway).await?;
        let mut looks = interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let watched = Watched {
            gateway,
            heard,
            known,
            looks,
            told: None,
        };
        Ok(stream::unfold(watched, async |mut watched| {
            Some((watched.next().await?, watched))
        }))
    }
}

struct Watched {
    gateway: Arc<Gateway>,
    heard: BoxStream<'static, Watermark>,
    known: Watermarks,
    looks: Interval,
    /// What was told last, and when.
    told: Option<(Vec<AssetFeed>, Instant)>,
}

impl Watched {
    async fn next(&mut self) -> Option<Vec<AssetFeed>> {
        loop {
            tokio::select! {
                watermark = self.heard.next() => self.known.hear(&watermark?),
                _ = self.looks.tick() => {
                    let now = self.known.feeds(&self.gateway);
                    let is_told = self.told.as_ref().is_some_and(|(told, at)| {
                        at.elapsed() < TELL_EVERY && !differ(told, &now)
                    });
                    if !is_told {
                        self.told = Some((now.clone(), Instant::now()));
                        return Some(now);
                    }
                }
            }
        }
    }
}
