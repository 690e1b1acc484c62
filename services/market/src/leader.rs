//! Leads, term after term, and stands by in between.

use std::time::Duration;

use anyhow::Context as _;
use bus::{Bus, BusError};
use domain::candle::Candles;
use futures::future::try_join_all;
use tokio::sync::mpsc;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::candles::Chart;
use crate::desk::{Desk, Left, Tools};
use crate::feed::Feed;
use crate::guard::Deposed;
use crate::inbox::Inbox;
use crate::lease::{Lease, Term};
use crate::publisher::Publisher;
use crate::settings;
use crate::tail::Tail;
use crate::window::Window;

/// Entries of one symbol that may wait for NATS: more than a lease full of them.
const PUBLISHER_QUEUE: usize = 100_000;
/// The pause after a term that ended early.
const PAUSE: Duration = Duration::from_millis(100);

/// Why a term ended.
#[derive(Debug, thiserror::Error)]
enum TermEnd {
    #[error(transparent)]
    Deposed(#[from] Deposed),
    #[error(transparent)]
    Left(#[from] Left),
    #[error("cannot read where the stream ends")]
    NoTail(#[from] BusError),
}

/// A replica of market.
pub(crate) struct Leader {
    pub(crate) bus: Bus,
    pub(crate) lease: Lease,
    pub(crate) tools: Tools,
    pub(crate) rules: settings::Feed,
    pub(crate) inbox: Inbox,
    pub(crate) window: Window,
    pub(crate) chart: Chart,
}

impl Leader {
    /// Runs until told to stop.
    ///
    /// # Errors
    /// When something went wrong that no other term can mend.
    pub(crate) async fn run(mut self, shutdown: CancellationToken) -> anyhow::Result<()> {
        match shutdown.run_until_cancelled(Box::pin(self.terms())).await {
            Some(ended) => ended,
            None => Ok(()),
        }
    }

    async fn terms(&mut self) -> anyhow::Result<()> {
        loop {
            let term = tokio::select! {
                term = self.lease.claim() => term,
                () = self.inbox.drain() => return Err(Left::NoLine.into()),
            };
            metrics::gauge!("battlesbit_market_leading").set(1.0);
            tracing::info!(epoch = term.epoch, "leading");
            let end = self.lead(&term).await;
            metrics::gauge!("battlesbit_market_leading").set(0.0);
            match end {
                TermEnd::Deposed(Deposed::Refused(error)) => {
                    return Err(error).context("an entry cannot be published");
                }
                TermEnd::Deposed(Deposed::Expired | Deposed::Superseded)
                | TermEnd::Left(_)
                | TermEnd::NoTail(_) => tracing::warn!(cause = %end, "no longer leading"),
            }
            sleep(PAUSE).await;
        }
    }

    async fn lead(&mut self, term: &Term) -> TermEnd {
        let mut places = Vec::new();
        let mut publishing = Vec::new();
        let shown = self.window.shown.iter().zip(&self.chart.candles);
        for (symbol, (shown, candles)) in self.tools.symbols.all().iter().zip(shown) {
            let tail = match Tail::load(&self.bus, symbol, term).await {
                Ok(tail) => tail,
                Err(error) => return error.into(),
            };
            let (entries, queue) = mpsc::channel(PUBLISHER_QUEUE);
            let feed = Feed::new(self.rules.band_bps, self.rules.freshness(), tail.resume);
            shown.send_replace(tail.resume.tick);
            candles.send_replace(Candles::default());
            places.push((feed, entries));
            let publisher = Publisher {
                bus: &self.bus,
                term,
                symbol,
                last: tail.last,
                shown,
                candles,
            };
            publishing.push(publisher.run(queue));
        }
        let desk = Desk::new(self.tools.clone(), places);
        tokio::select! {
            deposed = self.lease.keep(term) => deposed.into(),
            left = desk.work(&mut self.inbox) => left.into(),
            Err(deposed) = try_join_all(publishing) => deposed.into(),
            () = self.window.show() => Left::NoLine.into(),
            () = self.chart.keep() => Left::NoLine.into(),
        }
    }
}
