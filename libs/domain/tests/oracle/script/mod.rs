//! Scripts: what a market and its players do, written so that any step can be left out and the
//! rest still means something.

mod fragments;
mod maker;
mod special;
pub(crate) mod terms;

use domain::battle::BattleTerms;
use domain::market::MarketEvent;

pub(crate) use self::maker::script;
pub(crate) use self::special::{bazaar, crowd, recorded, rich, tireless};
pub(crate) use self::terms::{player, symbol};

/// When the first battles begin.
pub(crate) const START: i64 = 1_000_000;
/// What the market speaks of; no battle trades the last.
pub(crate) const SYMBOLS: [&str; 4] = ["BTCUSDT", "ETHUSDT", "SOLUSDT", "DOGEUSDT"];

/// A player who holds no seat.
pub(crate) const OUTSIDER: usize = 100_000;

/// A market and battles on it.
#[derive(Clone, Debug)]
pub(crate) struct Script {
    pub(crate) terms: Vec<BattleTerms>,
    /// What the exchange's clock shows at first.
    pub(crate) begins: i64,
    /// What each asset costs before its first tick.
    pub(crate) prices: Vec<i64>,
    /// The exchange's number of the trade before the first.
    pub(crate) trades: u64,
    pub(crate) steps: Vec<Step>,
}

/// What happens next. Indices that point nowhere wrap around.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Wait {
        ms: i64,
    },
    /// An entry of a recorded market.
    Feed {
        event: MarketEvent,
        now: i64,
    },
    Tick {
        on: On,
        price: At,
        time: When,
    },
    Watermark {
        on: On,
        time: When,
    },
    Gap {
        asset: usize,
    },
    Note {
        asset: usize,
    },
    Offset {
        ahead_ns: i64,
    },
    /// A new leader.
    Leader,
    /// The next entry is of an older epoch.
    Deposed,
    /// The last sequence once more.
    Again,
    /// A tick once more, in an entry of its own: the one that came so many ticks before the last.
    Copy {
        back: usize,
    },
    /// Entries that were about nothing of ours.
    Skip {
        count: u64,
    },
    Open {
        battle: usize,
    },
    Finalise {
        battle: usize,
    },
    Cancel {
        battle: usize,
    },
    Forget {
        battle: usize,
    },
    Ask {
        battle: usize,
        stored: Stored,
        ask: Ask,
    },
    /// A command that was sent before, or another under its id.
    Repeat {
        back: usize,
        changed: bool,
    },
    Restore {
        split: u64,
    },
    Check,
}

/// Which asset an entry speaks of.
#[derive(Clone, Copy, Debug)]
pub(crate) enum On {
    Asset(usize),
    /// That of a live position, counted from the newest; price and time may refer to it.
    Position(usize),
}

/// At what price, `off` units beside.
#[derive(Clone, Copy, Debug)]
pub(crate) enum At {
    Last,
    Drift { bps: i64 },
    Units(i64),
    Liquidation { off: i64 },
    Stop { off: i64 },
    Take { off: i64 },
    Limit { off: i64 },
}

/// At what time, `off` milliseconds beside.
#[derive(Clone, Copy, Debug)]
pub(crate) enum When {
    Now,
    Ago(i64),
    /// The effective time of the position.
    Stamp {
        off: i64,
    },
    /// The effective time of the newest command noted on the position.
    Noted {
        off: i64,
    },
    /// The deadline of the position.
    Stale {
        off: i64,
    },
    LastTick {
        off: i64,
    },
    LastWatermark {
        off: i64,
    },
    Start {
        battle: usize,
        off: i64,
    },
    End {
        battle: usize,
        off: i64,
    },
    /// At this very moment.
    At(i64),
}

/// When a command is stored.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stored {
    /// Now, and a bit.
    Now {
        ns: i64,
    },
    /// At this very moment, in nanoseconds.
    At(i64),
    /// So that it counts from this moment on.
    Start {
        off: i64,
    },
    End {
        off: i64,
    },
    /// Ten seconds past the newest watermark of the asset.
    Fresh {
        off: i64,
    },
}

#[derive(Clone, Debug)]
pub(crate) enum Ask {
    New(Order),
    Close(Pick),
    Cancel(Pick),
    Amend {
        pick: Pick,
        stop: Level,
        take: Level,
    },
}

#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(crate) player: usize,
    /// Whether it bears the id of a position that is there already.
    pub(crate) clash: bool,
    pub(crate) asset: Choice<usize>,
    pub(crate) buy: bool,
    /// None for a market order.
    pub(crate) limit: Option<Level>,
    pub(crate) margin: Margin,
    pub(crate) leverage: Choice<u8>,
    pub(crate) stop: Level,
    pub(crate) take: Level,
}

/// A field, as a client may fill it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Choice<T> {
    Absent,
    Malformed,
    Value(T),
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Margin {
    Absent,
    Malformed,
    Units(i64),
    /// A share of the free chips.
    Share {
        percent: i64,
    },
    /// Everything that there is.
    All {
        off: i64,
    },
}

/// A price that depends on the order's reference.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Level {
    Absent,
    Remove,
    Malformed,
    Units(i64),
    /// Beside the reference.
    Beside {
        bps: i64,
    },
    /// A few units beside it.
    Near {
        off: i64,
    },
    /// A few units beside the liquidation price that the reference gives.
    Liquidation {
        off: i64,
    },
}

/// Which position a command speaks of, counted from the newest.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pick {
    /// A live one, by its owner.
    Live(usize),
    /// Any, by its owner.
    Any(usize),
    /// Any, by somebody else.
    Foreign(usize),
    /// One that is not there.
    Nothing,
}

/// What kind of market and battles a script is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flavor {
    Ordinary,
    /// Few prices, so that much is equal.
    Coarse,
    /// From the lowest price to the highest; so with times, clocks and numbers of trades.
    Extreme,
    /// As an exchange prints them.
    Recorded,
}
