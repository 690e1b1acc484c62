//! Who leads. The lease is the market stream's own `market.offset`: a leader publishes it in every
//! term's first moment and from then on at least three times per lease, each time only if nobody
//! else has meanwhile. A standby that has seen no new one for a whole lease publishes its own,
//! under a higher epoch. No clock of one machine is compared with another's.

use std::time::Duration;

use bus::{Bus, BusError, LastMessage, PublishOptions};
use contracts::Key;
use contracts::market::Offset;
use runtime::Clock;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use crate::guard::{self, Deposed};
use crate::offset::ClockOffset;

/// Renewals per lease.
const RENEWALS: u32 = 3;
/// How often a standby looks, per lease.
const LOOKS: u32 = 15;

/// What this replica is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Nobody is known to lead.
    Waiting,
    /// Another replica leads.
    Following,
    /// This one does.
    Leading,
}

/// A time of leading.
#[derive(Debug)]
pub(crate) struct Term {
    /// Higher than that of every earlier term.
    pub(crate) epoch: u64,
    /// Where the claim lies in the stream: entries of earlier epochs behind it do not count.
    pub(crate) fence: u64,
    valid_until: watch::Sender<Instant>,
}

impl Term {
    /// A term that was claimed at `fence` and lasts until `valid_until` unless it is renewed.
    pub(crate) fn new(epoch: u64, fence: u64, valid_until: Instant) -> Self {
        Self {
            epoch,
            fence,
            valid_until: watch::Sender::new(valid_until),
        }
    }

    /// Whether nobody else can have taken over yet.
    pub(crate) fn is_valid(&self) -> bool {
        Instant::now() < *self.valid_until.borrow()
    }
}

/// The way to a term.
#[derive(Debug)]
pub(crate) struct Lease {
    bus: Bus,
    clock: Clock,
    offset: watch::Receiver<Option<ClockOffset>>,
    duration: Duration,
    standing: watch::Sender<Standing>,
}

impl Lease {
    pub(crate) fn new(
        bus: Bus,
        clock: Clock,
        offset: watch::Receiver<Option<ClockOffset>>,
        duration: Duration,
    ) -> Self {
        let standing = watch::Sender::new(Standing::Waiting);
        Self {
            bus,
            clock,
            offset,
            duration,
            standing,
        }
    }

    pub(crate) fn watch(&self) -> watch::Receiver<Standing> {
        self.standing.subscribe()
    }

    /// Waits until this replica leads. It needs to know the exchange's clock first.
    pub(crate) async fn claim(&mut self) -> Term {
        self.standing.send_replace(Standing::Waiting);
        let mut seen: Option<(u64, Instant)> = None;
        loop {
            match self.bus.last::<Offset>(&Key::none()).await {
                Ok(last) => {
                    let sequence = last.as_ref().map_or(0, |last| last.sequence);
                    let since = match seen {
                        Some((before, since)) if before == sequence => since,
                        Some(_) => {
                            self.standing.send_replace(Standing::Following);
                            Instant::now()
                        }
                        None => Instant::now(),
                    };
                    seen = Some((sequence, since));
                    let vacant = last.is_none() || since.elapsed() >= self.duration;
                    if vacant {
                        if let Some(term) = self.try_claim(last.as_ref()).await {
                            self.standing.send_replace(Standing::Leading);
                            return term;
                        }
                        self.standing.send_replace(Standing::Waiting);
                    }
                }
                Err(error) => {
                    seen = None;
                    tracing::warn!(%error, "cannot see who leads");
                }
            }
            sleep(self.duration / LOOKS).await;
        }
    }

    async fn try_claim(&self, last: Option<&LastMessage<Offset>>) -> Option<Term> {
        let offset = (*self.offset.borrow())?;
        // The clock keeps epochs rising even after the stream has forgotten the last one.
        let now = u64::try_from(self.clock.now_ms()).unwrap_or(0);
        let epoch = last
            .map_or(0, |last| last.message.epoch.saturating_add(1))
            .max(now);
        let sent = Instant::now();
        let expected = last.map_or(0, |last| last.sequence);
        let guard = PublishOptions {
            expected_last_sequence: Some(expected),
            ttl: None,
        };
        let claim = Offset {
            epoch,
            offset_ns: offset.ns,
        };
        match self
            .bus
            .publish_with(&claim, &offset_id(epoch, 0), guard)
            .await
        {
            Ok(stored) => Some(Term::new(epoch, stored.sequence, sent + self.duration)),
            Err(BusError::WrongLastSequence) => None,
            Err(error) => {
                tracing::warn!(%error, "cannot claim the lease");
                None
            }
        }
    }

    /// Renews a term until it is lost.
    pub(crate) async fn keep(&self, term: &Term) -> Deposed {
        let mut last = term.fence;
        for renewal in 1_u64.. {
            sleep(self.duration / RENEWALS).await;
            let sent = Instant::now();
            let Some(offset) = *self.offset.borrow() else {
                continue;
            };
            let message = Offset {
                epoch: term.epoch,
                offset_ns: offset.ns,
            };
            let id = offset_id(term.epoch, renewal);
            match guard::publish(&self.bus, term, &message, &id, &mut last).await {
                Ok(()) => {
                    term.valid_until.send_replace(sent + self.duration);
                }
                Err(deposed) => return deposed,
            }
        }
        Deposed::Expired
    }
}

fn offset_id(epoch: u64, number: u64) -> String {
    format!("{epoch}/offset/{number}")
}
