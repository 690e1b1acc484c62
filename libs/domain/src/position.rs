//! A position: the order for it, its fill, its end, and the arithmetic of profit, fees and
//! liquidation. All of it integer; each rounding is named where it lands.
//!
//! | state | may become |
//! |---|---|
//! | PENDING | OPEN, CANCELED, REJECTED |
//! | OPEN | CLOSED, LIQUIDATED, CANCELED |
//! | CLOSED | – |
//! | LIQUIDATED | – |
//! | CANCELED | – |
//! | REJECTED | – |
//!
//! What each event does, to a position with a stop and a take that is alone in its match: to a BUY,
//! and to a SELL whose prices lie as far on the other side of the market. Times are those of the
//! newest command on the position, and an armed order or close is one whose time a watermark has
//! passed. A code is a refusal, and `no trace` says that it is neither kept nor logged; `lapses` says
//! that a noted command no longer applies. The oracle's tests make these lines anew, cell by cell.
//!
//! | PENDING | market | market, armed | market, amendment noted | limit | limit, armed | limit, cancel noted | limit, amendment noted | limit, amendment and then cancel noted | limit, cancel and then amendment noted |
//! |---|---|---|---|---|---|---|---|---|---|
//! | tick a moment early, at the limit | – | – | OPEN | – | – | OPEN; cancel lapses | OPEN | amended; OPEN; cancel lapses | CANCELED: cancel; amend lapses |
//! | tick in time, at the limit | OPEN | OPEN | amended; OPEN | OPEN | OPEN | CANCELED: cancel | amended; OPEN | amended; CANCELED: cancel | CANCELED: cancel; amend lapses |
//! | tick in time, short of the limit | OPEN | OPEN | amended; OPEN | – | – | CANCELED: cancel | amended | amended; CANCELED: cancel | CANCELED: cancel; amend lapses |
//! | tick at the liquidation price | OPEN | OPEN | amended; OPEN | OPEN | OPEN | CANCELED: cancel | amended; OPEN | amended; CANCELED: cancel | CANCELED: cancel; amend lapses |
//! | tick at the stop | OPEN | OPEN | amended; OPEN | OPEN | OPEN | CANCELED: cancel | amended; OPEN | amended; CANCELED: cancel | CANCELED: cancel; amend lapses |
//! | tick at the take | OPEN | OPEN | amended; OPEN | – | – | CANCELED: cancel | amended | amended; CANCELED: cancel | CANCELED: cancel; amend lapses |
//! | tick at the lowest price | REJECTED: liquidation_too_close | REJECTED: liquidation_too_close | amended; REJECTED: liquidation_too_close | BUY: REJECTED: liquidation_too_close, SELL: – | BUY: REJECTED: liquidation_too_close, SELL: – | CANCELED: cancel | BUY: amended; REJECTED: liquidation_too_close, SELL: amended | amended; CANCELED: cancel | CANCELED: cancel; amend lapses |
//! | watermark in time, then a tick before it | – | – | amended | – | – | CANCELED: cancel | amended | amended; CANCELED: cancel | CANCELED: cancel; amend lapses |
//! | copy of a tick | – | – | – | – | – | – | – | – | – |
//! | tick of an older epoch | – | – | – | – | – | – | – | – | – |
//! | tick of another asset | – | – | – | – | – | – | – | – | – |
//! | watermark a moment early | – | – | – | – | – | – | – | amended | CANCELED: cancel; amend lapses |
//! | watermark in time | – | – | amended | – | – | CANCELED: cancel | amended | amended; CANCELED: cancel | CANCELED: cancel; amend lapses |
//! | watermark just before the deadline | – | – | amended | – | – | CANCELED: cancel | amended | amended; CANCELED: cancel | CANCELED: cancel; amend lapses |
//! | watermark at the deadline | REJECTED: feed_stale | REJECTED: feed_stale | amended; REJECTED: feed_stale | – | – | CANCELED: cancel | amended | amended; CANCELED: cancel | CANCELED: cancel; amend lapses |
//! | watermark older than the last | – | – | – | – | – | – | – | – | – |
//! | watermark of an older epoch | – | – | – | – | – | – | – | – | – |
//! | gap | – | – | – | – | – | – | – | – | – |
//! | note of a late or rejected trade | – | – | – | – | – | – | – | – | – |
//! | offset | – | – | – | – | – | – | – | – | – |
//! | close | POSITION_NOT_OPEN | POSITION_NOT_OPEN | POSITION_NOT_OPEN | POSITION_NOT_OPEN | POSITION_NOT_OPEN | POSITION_NOT_OPEN | POSITION_NOT_OPEN | POSITION_NOT_OPEN | POSITION_NOT_OPEN |
//! | cancel | POSITION_NOT_PENDING | POSITION_NOT_PENDING | POSITION_NOT_PENDING | accepted | accepted | ALREADY_CLOSING | accepted | ALREADY_CLOSING | ALREADY_CLOSING |
//! | amendment | accepted | accepted | accepted | accepted | accepted | accepted | accepted | accepted | accepted |
//! | amendment, stop on the wrong side | INVALID_STOP_LOSS | INVALID_STOP_LOSS | INVALID_STOP_LOSS | INVALID_STOP_LOSS | INVALID_STOP_LOSS | INVALID_STOP_LOSS | INVALID_STOP_LOSS | INVALID_STOP_LOSS | INVALID_STOP_LOSS |
//! | amendment, take on the wrong side | INVALID_TAKE_PROFIT | INVALID_TAKE_PROFIT | INVALID_TAKE_PROFIT | INVALID_TAKE_PROFIT | INVALID_TAKE_PROFIT | INVALID_TAKE_PROFIT | INVALID_TAKE_PROFIT | INVALID_TAKE_PROFIT | INVALID_TAKE_PROFIT |
//! | the newest command again | accepted as before | accepted as before | accepted as before | accepted as before | accepted as before | accepted as before | accepted as before | accepted as before | accepted as before |
//! | another command under its request id | IDEMPOTENCY_CONFLICT, no trace | IDEMPOTENCY_CONFLICT, no trace | IDEMPOTENCY_CONFLICT, no trace | IDEMPOTENCY_CONFLICT, no trace | IDEMPOTENCY_CONFLICT, no trace | IDEMPOTENCY_CONFLICT, no trace | IDEMPOTENCY_CONFLICT, no trace | IDEMPOTENCY_CONFLICT, no trace | IDEMPOTENCY_CONFLICT, no trace |
//! | another order under the position's id | IDEMPOTENCY_CONFLICT, no trace | IDEMPOTENCY_CONFLICT, no trace | IDEMPOTENCY_CONFLICT, no trace | IDEMPOTENCY_CONFLICT, no trace | IDEMPOTENCY_CONFLICT, no trace | IDEMPOTENCY_CONFLICT, no trace | IDEMPOTENCY_CONFLICT, no trace | IDEMPOTENCY_CONFLICT, no trace | IDEMPOTENCY_CONFLICT, no trace |
//! | close, cancel or amendment by a rival | POSITION_NOT_FOUND | POSITION_NOT_FOUND | POSITION_NOT_FOUND | POSITION_NOT_FOUND | POSITION_NOT_FOUND | POSITION_NOT_FOUND | POSITION_NOT_FOUND | POSITION_NOT_FOUND | POSITION_NOT_FOUND |
//! | close, cancel or amendment stamped at the end | MATCH_NOT_OPEN | MATCH_NOT_OPEN | MATCH_NOT_OPEN | MATCH_NOT_OPEN | MATCH_NOT_OPEN | MATCH_NOT_OPEN | MATCH_NOT_OPEN | MATCH_NOT_OPEN | MATCH_NOT_OPEN |
//! | close, cancel or amendment, one too many | RATE_LIMITED, no trace | RATE_LIMITED, no trace | RATE_LIMITED, no trace | RATE_LIMITED, no trace | RATE_LIMITED, no trace | RATE_LIMITED, no trace | RATE_LIMITED, no trace | RATE_LIMITED, no trace | RATE_LIMITED, no trace |
//! | tick beyond the end | CANCELED: match_end | CANCELED: match_end | amended; CANCELED: match_end | CANCELED: match_end | CANCELED: match_end | CANCELED: cancel | amended; CANCELED: match_end | amended; CANCELED: cancel | CANCELED: cancel; amend lapses |
//! | watermark beyond the end | REJECTED: feed_stale | REJECTED: feed_stale | amended; REJECTED: feed_stale | CANCELED: match_end | CANCELED: match_end | CANCELED: cancel | amended; CANCELED: match_end | amended; CANCELED: cancel | CANCELED: cancel; amend lapses |
//! | watermark of another asset beyond the end | – | – | – | – | – | – | – | – | – |
//! | finalise | CANCELED: match_end | CANCELED: match_end | CANCELED: match_end; amend lapses | CANCELED: match_end | CANCELED: match_end | CANCELED: match_end; cancel lapses | CANCELED: match_end; amend lapses | CANCELED: match_end; amend lapses; cancel lapses | CANCELED: match_end; cancel lapses; amend lapses |
//! | cancel of the match | CANCELED: match_canceled | CANCELED: match_canceled | CANCELED: match_canceled; amend lapses | CANCELED: match_canceled | CANCELED: match_canceled | CANCELED: match_canceled; cancel lapses | CANCELED: match_canceled; amend lapses | CANCELED: match_canceled; amend lapses; cancel lapses | CANCELED: match_canceled; cancel lapses; amend lapses |
//! | the match forgotten | – | – | – | – | – | – | – | – | – |
//!
//! | filled or ended | OPEN | OPEN, close noted | OPEN, close armed | OPEN, amendment noted | OPEN, close and amendment noted | CLOSED | LIQUIDATED | CANCELED | REJECTED |
//! |---|---|---|---|---|---|---|---|---|---|
//! | tick a moment early, at the limit | – | – | – | – | CLOSED: close; amend lapses | – | – | – | – |
//! | tick in time, at the limit | – | CLOSED: close | CLOSED: close | amended | amended; CLOSED: close | – | – | – | – |
//! | tick in time, short of the limit | – | CLOSED: close | CLOSED: close | amended | amended; CLOSED: close | – | – | – | – |
//! | tick at the liquidation price | LIQUIDATED | LIQUIDATED; close lapses | LIQUIDATED; close lapses | amended; LIQUIDATED | amended; LIQUIDATED; close lapses | – | – | – | – |
//! | tick at the stop | CLOSED: stop_loss | CLOSED: stop_loss; close lapses | CLOSED: stop_loss; close lapses | amended; CLOSED: stop_loss | amended; CLOSED: stop_loss; close lapses | – | – | – | – |
//! | tick at the take | CLOSED: take_profit | CLOSED: take_profit; close lapses | CLOSED: take_profit; close lapses | amended; CLOSED: take_profit | amended; CLOSED: take_profit; close lapses | – | – | – | – |
//! | tick at the lowest price | BUY: LIQUIDATED, SELL: CLOSED: take_profit | BUY: LIQUIDATED; close lapses, SELL: CLOSED: take_profit; close lapses | BUY: LIQUIDATED; close lapses, SELL: CLOSED: take_profit; close lapses | BUY: amended; LIQUIDATED, SELL: amended; CLOSED: take_profit | BUY: amended; LIQUIDATED; close lapses, SELL: amended; CLOSED: take_profit; close lapses | – | – | – | – |
//! | watermark in time, then a tick before it | – | – | – | amended | amended | – | – | – | – |
//! | copy of a tick | – | – | – | – | – | – | – | – | – |
//! | tick of an older epoch | – | – | – | – | – | – | – | – | – |
//! | tick of another asset | – | – | – | – | – | – | – | – | – |
//! | watermark a moment early | – | – | – | – | – | – | – | – | – |
//! | watermark in time | – | – | – | amended | amended | – | – | – | – |
//! | watermark just before the deadline | – | – | – | amended | amended | – | – | – | – |
//! | watermark at the deadline | – | – | – | amended | amended | – | – | – | – |
//! | watermark older than the last | – | – | – | – | – | – | – | – | – |
//! | watermark of an older epoch | – | – | – | – | – | – | – | – | – |
//! | gap | – | – | – | – | – | – | – | – | – |
//! | note of a late or rejected trade | – | – | – | – | – | – | – | – | – |
//! | offset | – | – | – | – | – | – | – | – | – |
//! | close | accepted | ALREADY_CLOSING | ALREADY_CLOSING | accepted | ALREADY_CLOSING | POSITION_NOT_OPEN | POSITION_NOT_OPEN | POSITION_NOT_OPEN | POSITION_NOT_OPEN |
//! | cancel | POSITION_NOT_PENDING | POSITION_NOT_PENDING | POSITION_NOT_PENDING | POSITION_NOT_PENDING | POSITION_NOT_PENDING | POSITION_NOT_PENDING | POSITION_NOT_PENDING | POSITION_NOT_PENDING | POSITION_NOT_PENDING |
//! | amendment | accepted | accepted | accepted | accepted | accepted | POSITION_CLOSED | POSITION_CLOSED | POSITION_CLOSED | POSITION_CLOSED |
//! | amendment, stop on the wrong side | INVALID_STOP_LOSS | INVALID_STOP_LOSS | INVALID_STOP_LOSS | INVALID_STOP_LOSS | INVALID_STOP_LOSS | POSITION_CLOSED | POSITION_CLOSED | POSITION_CLOSED | POSITION_CLOSED |
//! | amendment, take on the wrong side | INVALID_TAKE_PROFIT | INVALID_TAKE_PROFIT | INVALID_TAKE_PROFIT | INVALID_TAKE_PROFIT | INVALID_TAKE_PROFIT | POSITION_CLOSED | POSITION_CLOSED | POSITION_CLOSED | POSITION_CLOSED |
//! | the newest command again | accepted as before | accepted as before | accepted as before | accepted as before | accepted as before | accepted as before | accepted as before | accepted as before | accepted as before |
//! | another command under its request id | IDEMPOTENCY_CONFLICT, no trace | IDEMPOTENCY_CONFLICT, no trace | IDEMPOTENCY_CONFLICT, no trace | IDEMPOTENCY_CONFLICT, no trace | IDEMPOTENCY_CONFLICT, no trace | IDEMPOTENCY_CONFLICT, no trace | IDEMPOTENCY_CONFLICT, no trace | IDEMPOTENCY_CONFLICT, no trace | IDEMPOTENCY_CONFLICT, no trace |
//! | another order under the position's id | IDEMPOTENCY_CONFLICT, no trace | IDEMPOTENCY_CONFLICT, no trace | IDEMPOTENCY_CONFLICT, no trace | IDEMPOTENCY_CONFLICT, no trace | IDEMPOTENCY_CONFLICT, no trace | IDEMPOTENCY_CONFLICT, no trace | IDEMPOTENCY_CONFLICT, no trace | IDEMPOTENCY_CONFLICT, no trace | IDEMPOTENCY_CONFLICT, no trace |
//! | close, cancel or amendment by a rival | POSITION_NOT_FOUND | POSITION_NOT_FOUND | POSITION_NOT_FOUND | POSITION_NOT_FOUND | POSITION_NOT_FOUND | POSITION_NOT_FOUND | POSITION_NOT_FOUND | POSITION_NOT_FOUND | POSITION_NOT_FOUND |
//! | close, cancel or amendment stamped at the end | MATCH_NOT_OPEN | MATCH_NOT_OPEN | MATCH_NOT_OPEN | MATCH_NOT_OPEN | MATCH_NOT_OPEN | MATCH_NOT_OPEN | MATCH_NOT_OPEN | MATCH_NOT_OPEN | MATCH_NOT_OPEN |
//! | close, cancel or amendment, one too many | RATE_LIMITED, no trace | RATE_LIMITED, no trace | RATE_LIMITED, no trace | RATE_LIMITED, no trace | RATE_LIMITED, no trace | RATE_LIMITED, no trace | RATE_LIMITED, no trace | RATE_LIMITED, no trace | RATE_LIMITED, no trace |
//! | tick beyond the end | CLOSED: match_end | CLOSED: match_end; close lapses | CLOSED: match_end; close lapses | amended; CLOSED: match_end | amended; CLOSED: match_end; close lapses | – | – | – | – |
//! | watermark beyond the end | CLOSED: match_end | CLOSED: match_end; close lapses | CLOSED: match_end; close lapses | amended; CLOSED: match_end | amended; CLOSED: match_end; close lapses | – | – | – | – |
//! | watermark of another asset beyond the end | – | – | – | – | – | – | – | – | – |
//! | finalise | CLOSED: match_end | CLOSED: match_end; close lapses | CLOSED: match_end; close lapses | CLOSED: match_end; amend lapses | CLOSED: match_end; close lapses; amend lapses | – | – | – | – |
//! | cancel of the match | CANCELED: match_canceled | CANCELED: match_canceled; close lapses | CANCELED: match_canceled; close lapses | CANCELED: match_canceled; amend lapses | CANCELED: match_canceled; close lapses; amend lapses | – | – | – | – |
//! | the match forgotten | – | – | – | – | – | – | – | – | – |
//!
//! An asset that has passed the end while another of the match has not is final: its positions wait
//! for the end of the match.
//!
//! | its asset final | market | market, amendment noted | limit | limit, cancel noted | OPEN | OPEN, close noted | OPEN, amendment noted |
//! |---|---|---|---|---|---|---|---|
//! | tick a moment early, at the limit | – | – | – | – | – | – | – |
//! | tick in time, at the limit | – | amended | – | CANCELED: cancel | – | – | amended |
//! | tick in time, short of the limit | – | amended | – | CANCELED: cancel | – | – | amended |
//! | tick at the liquidation price | – | amended | – | CANCELED: cancel | – | – | amended |
//! | tick at the stop | – | amended | – | CANCELED: cancel | – | – | amended |
//! | tick at the take | – | amended | – | CANCELED: cancel | – | – | amended |
//! | tick at the lowest price | – | amended | – | CANCELED: cancel | – | – | amended |
//! | watermark in time, then a tick before it | REJECTED: feed_stale | amended; REJECTED: feed_stale | – | CANCELED: cancel | – | – | amended |
//! | copy of a tick | – | – | – | – | – | – | – |
//! | tick of an older epoch | – | – | – | – | – | – | – |
//! | tick of another asset | – | – | – | – | – | – | – |
//! | watermark a moment early | – | – | – | – | – | – | – |
//! | watermark in time | – | amended | – | CANCELED: cancel | – | – | amended |
//! | watermark just before the deadline | – | amended | – | CANCELED: cancel | – | – | amended |
//! | watermark at the deadline | REJECTED: feed_stale | amended; REJECTED: feed_stale | – | CANCELED: cancel | – | – | amended |
//! | watermark older than the last | – | – | – | – | – | – | – |
//! | watermark of an older epoch | – | – | – | – | – | – | – |
//! | gap | – | – | – | – | – | – | – |
//! | note of a late or rejected trade | – | – | – | – | – | – | – |
//! | offset | – | – | – | – | – | – | – |
//! | close | POSITION_NOT_OPEN | POSITION_NOT_OPEN | POSITION_NOT_OPEN | POSITION_NOT_OPEN | accepted | ALREADY_CLOSING | accepted |
//! | cancel | POSITION_NOT_PENDING | POSITION_NOT_PENDING | accepted | ALREADY_CLOSING | POSITION_NOT_PENDING | POSITION_NOT_PENDING | POSITION_NOT_PENDING |
//! | amendment | accepted | accepted | accepted | accepted | accepted | accepted | accepted |
//! | amendment, stop on the wrong side | INVALID_STOP_LOSS | INVALID_STOP_LOSS | INVALID_STOP_LOSS | INVALID_STOP_LOSS | INVALID_STOP_LOSS | INVALID_STOP_LOSS | INVALID_STOP_LOSS |
//! | amendment, take on the wrong side | INVALID_TAKE_PROFIT | INVALID_TAKE_PROFIT | INVALID_TAKE_PROFIT | INVALID_TAKE_PROFIT | INVALID_TAKE_PROFIT | INVALID_TAKE_PROFIT | INVALID_TAKE_PROFIT |
//! | the newest command again | accepted as before | accepted as before | accepted as before | accepted as before | accepted as before | accepted as before | accepted as before |
//! | another command under its request id | IDEMPOTENCY_CONFLICT, no trace | IDEMPOTENCY_CONFLICT, no trace | IDEMPOTENCY_CONFLICT, no trace | IDEMPOTENCY_CONFLICT, no trace | IDEMPOTENCY_CONFLICT, no trace | IDEMPOTENCY_CONFLICT, no trace | IDEMPOTENCY_CONFLICT, no trace |
//! | another order under the position's id | IDEMPOTENCY_CONFLICT, no trace | IDEMPOTENCY_CONFLICT, no trace | IDEMPOTENCY_CONFLICT, no trace | IDEMPOTENCY_CONFLICT, no trace | IDEMPOTENCY_CONFLICT, no trace | IDEMPOTENCY_CONFLICT, no trace | IDEMPOTENCY_CONFLICT, no trace |
//! | close, cancel or amendment by a rival | POSITION_NOT_FOUND | POSITION_NOT_FOUND | POSITION_NOT_FOUND | POSITION_NOT_FOUND | POSITION_NOT_FOUND | POSITION_NOT_FOUND | POSITION_NOT_FOUND |
//! | close, cancel or amendment stamped at the end | MATCH_NOT_OPEN | MATCH_NOT_OPEN | MATCH_NOT_OPEN | MATCH_NOT_OPEN | MATCH_NOT_OPEN | MATCH_NOT_OPEN | MATCH_NOT_OPEN |
//! | close, cancel or amendment, one too many | RATE_LIMITED, no trace | RATE_LIMITED, no trace | RATE_LIMITED, no trace | RATE_LIMITED, no trace | RATE_LIMITED, no trace | RATE_LIMITED, no trace | RATE_LIMITED, no trace |
//! | tick beyond the end | – | amended | – | CANCELED: cancel | – | – | amended |
//! | watermark beyond the end | REJECTED: feed_stale | amended; REJECTED: feed_stale | – | CANCELED: cancel | – | – | amended |
//! | watermark of another asset beyond the end | CANCELED: match_end | CANCELED: match_end; amend lapses | CANCELED: match_end | CANCELED: match_end; cancel lapses | CLOSED: match_end | CLOSED: match_end; close lapses | CLOSED: match_end; amend lapses |
//! | finalise | CANCELED: match_end | CANCELED: match_end; amend lapses | CANCELED: match_end | CANCELED: match_end; cancel lapses | CLOSED: match_end | CLOSED: match_end; close lapses | CLOSED: match_end; amend lapses |
//! | cancel of the match | CANCELED: match_canceled | CANCELED: match_canceled; amend lapses | CANCELED: match_canceled | CANCELED: match_canceled; cancel lapses | CANCELED: match_canceled | CANCELED: match_canceled; close lapses | CANCELED: match_canceled; amend lapses |
//! | the match forgotten | – | – | – | – | – | – | – |

use serde::{Deserialize, Serialize};

use crate::chips::Chips;
use crate::exact::{div_ceil, div_floor};
use crate::id::{BattleId, PositionId, UserId};
use crate::leverage::{Bps, Leverage};
use crate::market::Tick;
use crate::order::{OrderKind, Side, Verb};
use crate::price::Price;
use crate::symbol::Symbol;
use crate::timestamp::Timestamp;

/// The smallest margin: 0.01 chips.
pub const MIN_MARGIN: Chips = Chips::from_units(1_000_000);
/// The largest size.
pub const MAX_SIZE: Chips = Chips::from_units(10_000_000_000_000_000);
/// Profit beyond this saturates.
pub const MAX_PROFIT: Chips = Chips::from_units(10_000_000_000_000_000);

/// What a position bets: which way, how much of its owner's chips, and how much that moves.
///
/// The margin is at least [`MIN_MARGIN`], and margin × leverage at most [`MAX_SIZE`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Stake {
    side: Side,
    leverage: Leverage,
    margin: Chips,
}

/// Where a position would be liquidated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Liquidation {
    /// At no price that a tick can have.
    Never,
    /// At this price and beyond, strictly on the losing side of the entry.
    At(Price),
    /// At the entry itself: the position cannot be opened there.
    TooClose,
}

impl Stake {
    /// The stake, unless the margin is too small or the size too large.
    pub fn parse(side: Side, margin: Chips, leverage: Leverage) -> Option<Self> {
        let size = margin.units().checked_mul(i64::from(leverage.times()))?;
        let fits = MIN_MARGIN <= margin && Chips::from_units(size) <= MAX_SIZE;
        fits.then_some(Self {
            side,
            leverage,
            margin,
        })
    }

    /// Which way it bets.
    pub const fn side(self) -> Side {
        self.side
    }

    /// How many times the margin it moves.
    pub const fn leverage(self) -> Leverage {
        self.leverage
    }

    /// The chips at stake.
    pub const fn margin(self) -> Chips {
        self.margin
    }

    /// Margin × leverage.
    pub fn size(self) -> Chips {
        let times = i64::from(self.leverage.times());
        // At most MAX_SIZE.
        Chips::from_units(self.margin.units().saturating_mul(times))
    }

    /// `fee_bps` of the size, rounded up.
    pub fn open_fee(self, fee_bps: Bps) -> Chips {
        let fee = i128::from(self.size().units()).saturating_mul(fee_bps.get().into());
        Chips::saturated(div_ceil(fee, Bps::WHOLE.get().into()))
    }

    /// What the position has gained at `price`: floored, never below −margin, saturating at
    /// [`MAX_PROFIT`].
    pub fn profit_at(self, entry: Price, price: Price) -> Chips {
        let moved = match self.side {
            Side::Buy => price.units().saturating_sub(entry.units()),
            Side::Sell => entry.units().saturating_sub(price.units()),
        };
        let gained = i128::from(self.size().units()).saturating_mul(moved.into());
        let profit = Chips::saturated(div_floor(gained, entry.units().into()));
        profit
            .max(Chips::from_units(self.margin.units().saturating_neg()))
            .min(MAX_PROFIT)
    }

    /// What the position is worth when it leaves at `tick`. The fee is `fee_bps` of size × price
    /// ⁄ entry, rounded up, as far as margin and profit cover it.
    pub fn exit_at(self, entry: Price, tick: Tick, fee_bps: Bps) -> Exit {
        let profit = self.profit_at(entry, tick.price);
        let worth = self.margin.saturating_add(profit);
        let traded = i128::from(self.size().units()).saturating_mul(tick.price.units().into());
        let whole = i128::from(entry.units()).saturating_mul(Bps::WHOLE.get().into());
        let fee = div_ceil(traded.saturating_mul(fee_bps.get().into()), whole);
        let fee = Chips::saturated(fee).min(worth);
        Exit {
            tick,
            profit,
            fee,
            payout: worth.saturating_sub(fee),
        }
    }

    /// Where the position is liquidated when filled at `entry`: entry × (1 ∓ (1 ⁄ leverage −
    /// maintenance)), a BUY's rounded up and a SELL's down, never later than the exact value.
    pub fn liquidation(self, entry: Price, maintenance: Bps) -> Liquidation {
        let leverage = i128::from(self.leverage.times());
        let one = i128::from(Bps::WHOLE.get()).saturating_mul(leverage);
        let reach = i128::from(Bps::WHOLE.get())
            .saturating_sub(leverage.saturating_mul(maintenance.get().into()));
        let part = |parts: i128| i128::from(entry.units()).saturating_mul(parts);
        let level = match self.side {
            Side::Buy => div_ceil(part(one.saturating_sub(reach)), one),
            Side::Sell => div_floor(part(one.saturating_add(reach)), one),
        };
        let price = i64::try_from(level).ok().and_then(Price::from_units);
        match (self.side, price) {
            (_, None) => Liquidation::Never,
            (Side::Buy, Some(price)) if price < entry => Liquidation::At(price),
            (Side::Sell, Some(price)) if price > entry => Liquidation::At(price),
            (Side::Buy | Side::Sell, Some(_)) => Liquidation::TooClose,
        }
    }
}

/// Between which prices the levels of a position may lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    side: Side,
    reference: Price,
    liquidation: Option<Price>,
}

impl Bounds {
    /// The bounds of a position that fills at `reference`.
    pub fn of(stake: Stake, reference: Price, maintenance: Bps) -> Self {
        let liquidation = match stake.liquidation(reference, maintenance) {
            Liquidation::Never => None,
            Liquidation::At(price) => Some(price),
            Liquidation::TooClose => Some(reference),
        };
        Self {
            side: stake.side,
            reference,
            liquidation,
        }
    }

    /// The bounds of a position that is open, when the price is `reference`.
    pub const fn of_open(stake: Stake, fill: &Fill, reference: Price) -> Self {
        Self {
            side: stake.side,
            reference,
            liquidation: fill.liquidation,
        }
    }

    /// Whether a stop loss lies between the liquidation price and the reference.
    pub fn allow_stop(self, level: Price) -> bool {
        match self.side {
            Side::Buy => level < self.reference && self.liquidation.is_none_or(|low| low < level),
            Side::Sell => level > self.reference && self.liquidation.is_none_or(|top| top > level),
        }
    }

    /// Whether a take profit lies on the winning side of the reference.
    pub fn allow_take(self, level: Price) -> bool {
        match self.side {
            Side::Buy => level > self.reference,
            Side::Sell => level < self.reference,
        }
    }
}

/// Where a position stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum PositionStatus {
    /// The order waits for its fill.
    Pending,
    /// Filled, and follows the price.
    Open,
    /// Closed at a tick.
    Closed,
    /// Closed by its liquidation price.
    Liquidated,
    /// Ended without a result.
    Canceled,
    /// Accepted, but could not be filled.
    Rejected,
}

/// A position in full: its row, and what its owner sees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PositionState {
    /// Its id.
    pub id: PositionId,
    /// The battle.
    pub battle: BattleId,
    /// The owner.
    pub player: UserId,
    /// Its number among the orders accepted in the battle, from 0.
    pub number: u32,
    /// What is traded.
    pub symbol: Symbol,
    /// Which way.
    pub side: Side,
    /// How the order fills.
    pub kind: OrderKind<Price>,
    /// Chips at stake.
    pub margin: Chips,
    /// How many times the margin the position moves.
    pub leverage: Leverage,
    /// Margin × leverage.
    pub size: Chips,
    /// The fee taken at acceptance.
    pub open_fee: Chips,
    /// Whether a use of a leverage card is spent on it.
    pub card_spent: bool,
    /// Where it stops a loss.
    pub stop_loss: Option<Price>,
    /// Where it takes a profit.
    pub take_profit: Option<Price>,
    /// Where it stands.
    pub status: PositionStatus,
    /// From which trade time on the order counts.
    pub effective_time: Timestamp,
    /// A market order is rejected by a watermark at or after this.
    pub stale_at: Option<Timestamp>,
    /// How it was filled.
    pub fill: Option<Fill>,
    /// How it ended.
    pub end: Option<End>,
    /// Commands accepted but not yet applied, in the order of the log.
    pub noted: Vec<Noted>,
}

/// How an order was filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fill {
    /// The tick that filled it; its price is the entry price.
    pub tick: Tick,
    /// That tick's place in the market stream.
    pub sequence: u64,
    /// Where the position is liquidated; none if that can never be.
    pub liquidation: Option<Price>,
}

/// How a position ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct End {
    /// Why.
    pub cause: EndCause,
    /// When, by the trade time of the tick or the time of the watermark that caused it; in a
    /// canceled match the newest moment that the market had told of. Never before the fill.
    pub time: Timestamp,
    /// The place in the market stream of the entry that caused it.
    pub sequence: u64,
    /// The result of a position that was open; none for an order, or when the match is canceled.
    pub exit: Option<Exit>,
}

/// Why a position ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndCause {
    /// The liquidation price was reached.
    Liquidation,
    /// The stop loss was reached.
    StopLoss,
    /// The take profit was reached.
    TakeProfit,
    /// Its owner closed it.
    Close,
    /// Its owner took the order back.
    Cancel,
    /// The match ended.
    MatchEnd,
    /// The match was canceled.
    MatchCanceled,
    /// No tick came in time to fill the market order.
    FeedStale,
    /// The fill would have been at or beyond its own liquidation price.
    LiquidationTooClose,
}

impl End {
    /// Where a position stands that ended so.
    pub const fn status(&self) -> PositionStatus {
        match self.cause {
            EndCause::Liquidation => PositionStatus::Liquidated,
            EndCause::StopLoss | EndCause::TakeProfit | EndCause::Close => PositionStatus::Closed,
            EndCause::MatchEnd if self.exit.is_some() => PositionStatus::Closed,
            EndCause::MatchEnd | EndCause::Cancel | EndCause::MatchCanceled => {
                PositionStatus::Canceled
            }
            EndCause::FeedStale | EndCause::LiquidationTooClose => PositionStatus::Rejected,
        }
    }
}

/// The result of a position that was open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exit {
    /// The tick whose price it left at.
    pub tick: Tick,
    /// Profit, floored; at least −margin.
    pub profit: Chips,
    /// The close fee, rounded up.
    pub fee: Chips,
    /// What went back to cash: margin + profit − fee, at least 0.
    pub payout: Chips,
}

/// A command that was accepted and waits for its moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Noted {
    /// Its number in the battle's log.
    pub number: u64,
    /// From which time on it applies.
    pub effective_time: Timestamp,
    /// What it does.
    pub change: NotedChange,
}

/// What a noted command does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum NotedChange {
    /// Leaves the position at the first tick.
    Close,
    /// Takes the order back.
    Cancel,
    /// Sets levels.
    Amend {
        /// What becomes of the stop loss.
        stop_loss: NewLevel,
        /// What becomes of the take profit.
        take_profit: NewLevel,
    },
}

impl NotedChange {
    /// The verb of the command.
    pub const fn verb(self) -> Verb {
        match self {
            Self::Close => Verb::Close,
            Self::Cancel => Verb::Cancel,
            Self::Amend { .. } => Verb::Amend,
        }
    }
}

/// What a checked amendment does to one level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NewLevel {
    /// The level stays.
    Keep,
    /// The level goes.
    Remove,
    /// The new level.
    Set(Price),
}

impl NewLevel {
    /// The level after the amendment.
    pub const fn applied_to(self, level: Option<Price>) -> Option<Price> {
        match self {
            Self::Keep => level,
            Self::Remove => None,
            Self::Set(price) => Some(price),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stake(side: Side, margin: i64, leverage: u8) -> Stake {
        Stake::parse(
            side,
            Chips::from_units(margin),
            leverage.try_into().unwrap(),
        )
        .unwrap()
    }

    fn price(units: i64) -> Price {
        Price::from_units(units).unwrap()
    }

    fn bps(bps: u16) -> Bps {
        bps.try_into().unwrap()
    }

    #[test]
    fn profit_is_floored_on_both_sides() {
        let (entry, now) = (price(9_500_000_000), price(11_000_000_000));
        let long = stake(Side::Buy, 1_000_000_000, 2).profit_at(entry, now);
        let short = stake(Side::Sell, 1_000_000_000, 2).profit_at(entry, now);
        assert_eq!((long.units(), short.units()), (315_789_473, -315_789_474));
    }

    #[test]
    fn liquidation_is_never_later_than_the_exact_value() {
        let entry = price(9_500_000_001);
        let long = stake(Side::Buy, 1_000_000_000, 2).liquidation(entry, bps(0));
        let short = stake(Side::Sell, 1_000_000_000, 2).liquidation(entry, bps(0));
        assert_eq!(long, Liquidation::At(price(4_750_000_001)));
        assert_eq!(short, Liquidation::At(price(14_250_000_001)));
    }

    #[test]
    fn maintenance_brings_liquidation_closer() {
        let long = stake(Side::Buy, 1_000_000_000, 10).liquidation(price(1_000_000), bps(100));
        let short = stake(Side::Sell, 1_000_000_000, 10).liquidation(price(1_000_000), bps(100));
        assert_eq!(long, Liquidation::At(price(910_000)));
        assert_eq!(short, Liquidation::At(price(1_090_000)));
    }

    #[test]
    fn an_unleveraged_buy_without_maintenance_never_liquidates() {
        let buy = stake(Side::Buy, 1_000_000_000, 1);
        assert_eq!(buy.liquidation(price(1), bps(0)), Liquidation::Never);
        assert_eq!(
            buy.liquidation(price(1_000), bps(1)),
            Liquidation::At(price(1))
        );
    }

    #[test]
    fn a_price_too_coarse_for_the_leverage_is_too_close() {
        let buy = stake(Side::Buy, 1_000_000_000, 100);
        assert_eq!(buy.liquidation(price(99), bps(0)), Liquidation::TooClose);
        assert_eq!(
            buy.liquidation(price(100), bps(0)),
            Liquidation::At(price(99))
        );
    }

    #[test]
    fn the_close_fee_follows_the_price_and_is_rounded_up() {
        let tick = Tick {
            trade: 1,
            price: price(300),
            time: Timestamp::from_ms(0),
        };
        let exit = stake(Side::Buy, 1_000_001, 1).exit_at(price(200), tick, bps(10));
        assert_eq!((exit.profit.units(), exit.fee.units()), (500_000, 1_501));
        assert_eq!(exit.payout.units(), 1_498_500);
    }

    #[test]
    fn a_stake_is_refused_below_the_margin_and_above_the_size() {
        let one = Leverage::try_from(1).unwrap();
        assert!(Stake::parse(Side::Buy, Chips::from_units(999_999), one).is_none());
        assert!(Stake::parse(Side::Buy, MAX_SIZE, one).is_some());
        assert!(Stake::parse(Side::Buy, MAX_SIZE, Leverage::MAX).is_none());
        assert!(Stake::parse(Side::Buy, Chips::from_units(i64::MAX), Leverage::MAX).is_none());
    }
}

#[cfg(test)]
mod properties {
    use proptest::prelude::*;

    use super::*;

    prop_compose! {
        fn stakes()(buy: bool, leverage in 1_u8..=100, margin in 1_000_000_i64..=100_000_000_000_000)
            -> Stake {
            let side = if buy { Side::Buy } else { Side::Sell };
            Stake::parse(side, Chips::from_units(margin), leverage.try_into().unwrap()).unwrap()
        }
    }

    fn prices() -> impl Strategy<Value = Price> {
        (0_u32..=16, 1_i64..=10).prop_map(|(digits, lead)| {
            Price::from_units(
                10_i64
                    .pow(digits)
                    .saturating_mul(lead)
                    .min(Price::MAX.units()),
            )
            .unwrap()
        })
    }

    proptest! {
        #[test]
        fn nobody_loses_more_than_the_margin(
            stake in stakes(), entry in prices(), now in prices(), fee in 0_u16..=10_000,
        ) {
            let tick = Tick { trade: 1, price: now, time: Timestamp::from_ms(0) };
            let exit = stake.exit_at(entry, tick, fee.try_into().unwrap());
            prop_assert!(exit.profit.units() >= -stake.margin().units());
            prop_assert!(exit.payout >= Chips::ZERO && exit.fee >= Chips::ZERO);
            let kept = stake.margin().units() + exit.profit.units();
            prop_assert_eq!(exit.payout.units() + exit.fee.units(), kept);
        }

        #[test]
        fn liquidation_leaves_at_most_the_maintenance_behind(
            stake in stakes(), entry in 1_000_000_i64..=1_000_000_000_000, bps in 0_u16..=50,
        ) {
            let entry = Price::from_units(entry).unwrap();
            if let Liquidation::At(price) = stake.liquidation(entry, bps.try_into().unwrap()) {
                let left = stake.margin().units() + stake.profit_at(entry, price).units();
                let step = stake.size().units() / entry.units() + 1;
                let maintenance = stake.size().units() / 10_000 * i64::from(bps);
                prop_assert!(left >= 0);
                prop_assert!(left <= maintenance + step + i64::from(bps) + 1, "{left}");
            }
        }

        #[test]
        fn opposite_stakes_never_gain_together(
            stake in stakes(), entry in prices(), now in prices(),
        ) {
            let other = match stake.side() { Side::Buy => Side::Sell, Side::Sell => Side::Buy };
            let other = Stake::parse(other, stake.margin(), stake.leverage()).unwrap();
            let (one, two) = (stake.profit_at(entry, now), other.profit_at(entry, now));
            prop_assert!(one <= Chips::ZERO || two <= Chips::ZERO);
        }
    }
}
