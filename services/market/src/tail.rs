//! Where a symbol's entries in the market stream end, as a new leader finds them.

use bus::{Bus, BusError, LastMessage};
use contracts::Key;
use contracts::market::{Gap, Note, Tick, Watermark};
use domain::market;
use domain::symbol::Symbol;

use crate::feed::Resume;
use crate::guard::Stamped;
use crate::lease::Term;

/// The end of a symbol's entries.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tail {
    /// What they say.
    pub(crate) resume: Resume,
    /// The last sequence of each of the symbol's subjects; 0 is none.
    pub(crate) last: LastSequences,
}

/// The last sequence of each of a symbol's subjects.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LastSequences {
    pub(crate) tick: u64,
    pub(crate) watermark: u64,
    pub(crate) gap: u64,
    pub(crate) note: u64,
}

impl Tail {
    /// Reads the end of a symbol's entries after a term was claimed.
    ///
    /// A former leader may have had one entry on its way when it was deposed. If that came to lie
    /// behind the claim, readers ignore it: the trade that it speaks of is still to be told.
    pub(crate) async fn load(bus: &Bus, symbol: &Symbol, term: &Term) -> Result<Self, BusError> {
        let key = Key::from(symbol);
        let tick = bus.last::<Tick>(&key).await?;
        let watermark = bus.last::<Watermark>(&key).await?;
        let gap = bus.last::<Gap>(&key).await?;
        let note = bus.last::<Note>(&key).await?;
        let ids = [
            last_id(tick.as_ref(), term, |tick| (tick.trade_id, tick.trade_id)),
            last_id(gap.as_ref(), term, |gap| (gap.first, gap.last)),
            last_id(note.as_ref(), term, |note| (note.trade_id, note.trade_id)),
        ];
        let counts = tick.as_ref().filter(|tick| !is_ignored(tick, term));
        let resume = Resume {
            last_id: ids.into_iter().flatten().max(),
            tick: counts.map(|tick| market::Tick {
                trade: tick.message.trade_id,
                price: tick.message.price,
                time: tick.message.time,
            }),
            watermark: watermark.as_ref().map(|watermark| watermark.message.time),
        };
        let last = LastSequences {
            tick: sequence(tick.as_ref()),
            watermark: sequence(watermark.as_ref()),
            gap: sequence(gap.as_ref()),
            note: sequence(note.as_ref()),
        };
        Ok(Self { resume, last })
    }
}

fn sequence<M>(last: Option<&LastMessage<M>>) -> u64 {
    last.map_or(0, |last| last.sequence)
}

fn is_ignored<M: Stamped>(last: &LastMessage<M>, term: &Term) -> bool {
    last.sequence > term.fence && last.message.epoch() < term.epoch
}

/// The highest id up to which an entry says that trades have been told.
fn last_id<M: Stamped>(
    last: Option<&LastMessage<M>>,
    term: &Term,
    ids: impl Fn(&M) -> (u64, u64),
) -> Option<u64> {
    let last = last?;
    let (first_id, last_id) = ids(&last.message);
    Some(if is_ignored(last, term) {
        first_id.saturating_sub(1)
    } else {
        last_id
    })
}
