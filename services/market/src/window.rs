//! The shop window: last prices for whoever watches, and for display. All of it may be lost.

use std::sync::Arc;
use std::time::Duration;

use bus::Bus;
use cache::{Cache, Day, LastPrice};
use contracts::live::LivePrice;
use domain::market::Tick;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use crate::rest::Rest;
use crate::symbols::Symbols;

/// Between two shouts of a price: a person sees no more.
const SHOUT_EVERY: Duration = Duration::from_millis(100);
/// Between two writes of prices into the cache.
const STORE_EVERY: Duration = Duration::from_millis(250);
/// Between two looks at the day's figures.
const DAY_EVERY: Duration = Duration::from_secs(10);

/// What is shown, by symbol in the symbols' order.
pub(crate) struct Window {
    bus: Bus,
    cache: Cache,
    rest: Rest,
    symbols: Arc<Symbols>,
    /// The last tick of each symbol.
    pub(crate) shown: Vec<watch::Sender<Option<Tick>>>,
    /// The day's figures of each symbol, as last seen.
    days: Vec<watch::Sender<Option<Day>>>,
}

impl Window {
    pub(crate) fn new(bus: Bus, cache: Cache, rest: Rest, symbols: Arc<Symbols>) -> Self {
        let shown = symbols
            .all()
            .iter()
            .map(|_| watch::Sender::new(None))
            .collect();
        let days = symbols
            .all()
            .iter()
            .map(|_| watch::Sender::new(None))
            .collect();
        Self {
            bus,
            cache,
            rest,
            symbols,
            shown,
            days,
        }
    }

    /// Shows for ever.
    pub(crate) async fn show(&self) {
        tokio::join!(self.shout(), self.store(), self.watch_days());
    }

    async fn shout(&self) {
        let mut ticks = self.watched();
        let mut beats = beats(SHOUT_EVERY);
        loop {
            beats.tick().await;
            for (symbol, shown) in self.symbols.all().iter().zip(&mut ticks) {
                let Some(tick) = news(shown) else { continue };
                let price = LivePrice {
                    symbol: symbol.clone(),
                    price: tick.price,
                    time: tick.time,
                };
                if let Err(error) = self.bus.shout(&price) {
                    tracing::debug!(%error, "a price was not shouted");
                }
            }
        }
    }

    async fn store(&self) {
        let mut ticks = self.watched();
        let mut beats = beats(STORE_EVERY);
        loop {
            beats.tick().await;
            let places = self.symbols.all().iter().zip(&self.days).zip(&mut ticks);
            let changed: Vec<_> = places
                .filter_map(|((symbol, day), shown)| {
                    let tick = news(shown)?;
                    let (symbol, day) = (symbol.clone(), day.borrow().clone());
                    Some(LastPrice {
                        symbol,
                        price: tick.price,
                        time: tick.time,
                        day,
                    })
                })
                .collect();
            // Redis being away shows in /readyz; the next prices are tried again.
            if let Err(error) = self.cache.put_prices(&changed).await {
                tracing::debug!(%error, "prices were not cached");
            }
        }
    }

    async fn watch_days(&self) {
        let mut beats = beats(DAY_EVERY);
        loop {
            beats.tick().await;
            for (symbol, day) in self.symbols.all().iter().zip(&self.days) {
                match self.rest.day(symbol).await {
                    Ok(figures) => day.send_replace(Some(figures)),
                    Err(error) => {
                        tracing::debug!(%symbol, %error, "no figures of the day");
                        continue;
                    }
                };
            }
        }
    }

    fn watched(&self) -> Vec<watch::Receiver<Option<Tick>>> {
        let mut ticks: Vec<_> = self.shown.iter().map(watch::Sender::subscribe).collect();
        ticks.iter_mut().for_each(watch::Receiver::mark_changed);
        ticks
    }
}

/// Beats that are not made good when one is missed.
pub(crate) fn beats(every: Duration) -> tokio::time::Interval {
    let mut beats = interval(every);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    beats
}

/// The last tick, if it has not been looked at.
fn news(shown: &mut watch::Receiver<Option<Tick>>) -> Option<Tick> {
    if shown.has_changed().unwrap_or(false) {
        *shown.borrow_and_update()
    } else {
        None
    }
}
