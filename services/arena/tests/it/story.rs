//! What the rules make of one position, entry by entry: its order, the commands on it and the market
//! in, its fill, its end and everything that its owner hears out.

use contracts::market::Tick;
use domain::battle::LoggedCommand;
use domain::order::{
    CommandBody, Entered, LevelChange, NewOrder, OrderKind, Outcome, Refusal, Side,
};
use domain::position::EndCause;
use domain::price::Price;
use domain::timestamp::Timestamp;

/// A market order that found no tick by then is rejected.
const STALE_MS: i64 = 10_000;

/// What the market said.
#[derive(Debug)]
pub(crate) enum Said {
    Tick(Tick),
    Watermark(Timestamp),
}

/// Something of the market, and its place in the stream.
pub(crate) type Placed = (u64, Said);

/// An accepted change that has not applied yet.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Noted {
    from: Timestamp,
    change: Change,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Change {
    Close,
    Cancel,
    Amend(LevelChange, LevelChange),
}

/// A position on its way.
#[derive(Debug)]
pub(crate) struct Story<'a> {
    order: &'a NewOrder,
    from: Timestamp,
    stale_at: Timestamp,
    match_end: Timestamp,
    stop_loss: Option<Price>,
    take_profit: Option<Price>,
    noted: Vec<Noted>,
    /// The last tick that counts in the match.
    last: Option<Tick>,
    /// The place and the tick that filled it.
    pub(crate) fill: Option<(u64, Tick)>,
    /// Why it ended, and where.
    pub(crate) end: Option<(EndCause, u64)>,
    /// At what price it left, and with what profit, in the smallest parts of a chip.
    pub(crate) exit: Option<(Price, i128)>,
    /// What its owner heard, in order.
    pub(crate) told: Vec<&'static str>,
}

impl<'a> Story<'a> {
    /// An order that was accepted and counts `from` then on, when the newest watermark was this.
    pub(crate) fn new(
        order: &'a NewOrder,
        from: Timestamp,
        watermark: Timestamp,
        match_end: Timestamp,
    ) -> Self {
        Self {
            order,
            from,
            stale_at: from.max(watermark).plus_ms(STALE_MS),
            match_end,
            stop_loss: order.stop_loss.value(),
            take_profit: order.take_profit.value(),
            noted: Vec::new(),
            last: None,
            fill: None,
            end: None,
            exit: None,
            told: vec!["accepted"],
        }
    }

    /// Takes a command on it in. Answers why it has to be refused, but for levels that lie wrong.
    pub(crate) fn command(&mut self, command: &LoggedCommand) -> Option<Refusal> {
        let change = match &command.body {
            CommandBody::New(_) => return None,
            CommandBody::Close { .. } if self.fill.is_none() || self.end.is_some() => {
                return Some(Refusal::PositionNotOpen);
            }
            CommandBody::Close { .. } => Change::Close,
            CommandBody::Cancel { .. } if !self.can_be_canceled() => {
                return Some(Refusal::PositionNotPending);
            }
            CommandBody::Cancel { .. } => Change::Cancel,
            CommandBody::Amend { .. } if self.end.is_some() => {
                return Some(Refusal::PositionClosed);
            }
            CommandBody::Amend {
                stop_loss,
                take_profit,
                ..
            } => Change::Amend(*stop_loss, *take_profit),
        };
        if self.noted.iter().any(|noted| noted.change == change) && leaves(change) {
            return Some(Refusal::AlreadyClosing);
        }
        let from = command.effective_time;
        if !matches!(command.outcome, Outcome::Refused(_)) {
            self.noted.push(Noted { from, change });
        }
        None
    }

    /// Lets something of the market befall it.
    pub(crate) fn befall(&mut self, (sequence, said): &Placed) {
        if self.end.is_some() {
            return;
        }
        let time = match said {
            Said::Tick(tick) => tick.time,
            Said::Watermark(time) => *time,
        };
        self.change(*sequence, time);
        if let Said::Watermark(_) = said
            && self.order.kind == OrderKind::Market
            && self.fill.is_none()
            && time >= self.stale_at
        {
            self.end(EndCause::FeedStale, *sequence);
        }
        if time > self.match_end {
            self.end(EndCause::MatchEnd, *sequence);
        }
        match said {
            Said::Tick(tick) if self.end.is_none() => {
                self.last = Some(tick.clone());
                self.trade(*sequence, tick);
            }
            Said::Tick(_) | Said::Watermark(_) => {}
        }
    }

    /// Its stop and its target, as they are now.
    pub(crate) const fn levels(&self) -> (Option<Price>, Option<Price>) {
        (self.stop_loss, self.take_profit)
    }

    /// Cancels and amendments that are due apply, in the order of the log.
    fn change(&mut self, sequence: u64, time: Timestamp) {
        let due = |noted: &mut Noted| noted.change != Change::Close && noted.from <= time;
        let due: Vec<Noted> = self.noted.extract_if(.., due).collect();
        for (place, noted) in due.iter().enumerate() {
            match noted.change {
                Change::Cancel => {
                    self.noted.extend_from_slice(&due[place + 1..]);
                    return self.end(EndCause::Cancel, sequence);
                }
                Change::Amend(stop_loss, take_profit) => {
                    amend(&mut self.stop_loss, stop_loss);
                    amend(&mut self.take_profit, take_profit);
                    self.told.push("amended");
                }
                Change::Close => {}
            }
        }
    }

    fn trade(&mut self, sequence: u64, tick: &Tick) {
        if self.fill.is_some() {
            if let Some(cause) = self.leaves_at(tick) {
                self.end(cause, sequence);
            }
        } else if tick.time >= self.from && self.takes(tick.price) {
            self.fill = Some((sequence, tick.clone()));
            self.told.push("filled");
            self.lapse(|change| change == Change::Cancel);
        }
    }

    /// Whether the order takes this price.
    fn takes(&self, price: Price) -> bool {
        match (self.order.kind, self.order.side) {
            (OrderKind::Market, _) => true,
            (OrderKind::Limit(Entered::Value(limit)), Side::Buy) => price <= limit,
            (OrderKind::Limit(Entered::Value(limit)), Side::Sell) => price >= limit,
            (OrderKind::Limit(_), _) => false,
        }
    }

    /// Why the open position leaves at this tick.
    fn leaves_at(&self, tick: &Tick) -> Option<EndCause> {
        let side = self.order.side;
        let beyond = |level| match side {
            Side::Buy => tick.price <= level,
            Side::Sell => tick.price >= level,
        };
        let reached = |level| match side {
            Side::Buy => tick.price >= level,
            Side::Sell => tick.price <= level,
        };
        let closes = |noted: &Noted| noted.change == Change::Close && noted.from <= tick.time;
        if self.liquidation().is_some_and(beyond) {
            Some(EndCause::Liquidation)
        } else if self.stop_loss.is_some_and(beyond) {
            Some(EndCause::StopLoss)
        } else if self.take_profit.is_some_and(reached) {
            Some(EndCause::TakeProfit)
        } else {
            self.noted.iter().any(closes).then_some(EndCause::Close)
        }
    }

    /// Where it is liquidated, in a template without maintenance: where the margin is gone, and a
    /// BUY's price is rounded up, a SELL's down.
    pub(crate) fn liquidation(&self) -> Option<Price> {
        let (_, tick) = self.fill.as_ref()?;
        let entry = i128::from(tick.price.units());
        let leverage = self.leverage();
        let units = match self.order.side {
            Side::Buy => (entry * (leverage - 1) + leverage - 1) / leverage,
            Side::Sell => entry * (leverage + 1) / leverage,
        };
        Price::from_units(i64::try_from(units).unwrap())
    }

    /// What it has won at a price: floored, and never more lost than the margin.
    fn profit(&self, price: Price) -> i128 {
        let (_, tick) = self.fill.as_ref().expect("it is open");
        let margin = self.order.margin.value().expect("it was taken");
        let (margin, entry) = (i128::from(margin.units()), i128::from(tick.price.units()));
        let rise = i128::from(price.units()) - entry;
        let gain = match self.order.side {
            Side::Buy => rise,
            Side::Sell => -rise,
        };
        (margin * self.leverage() * gain)
            .div_euclid(entry)
            .max(-margin)
    }

    fn leverage(&self) -> i128 {
        i128::from(self.order.leverage.value().expect("it was taken").times())
    }

    fn end(&mut self, cause: EndCause, sequence: u64) {
        if self.end.is_some() {
            return;
        }
        if let (Some(_), Some(tick)) = (&self.fill, &self.last) {
            self.exit = Some((tick.price, self.profit(tick.price)));
        }
        self.end = Some((cause, sequence));
        self.told.push("ended");
        if cause == EndCause::Close {
            self.noted.retain(|noted| noted.change != Change::Close);
        }
        self.lapse(|_| true);
    }

    /// The owner hears of every change that can no longer apply.
    fn lapse(&mut self, lapses: impl Fn(Change) -> bool) {
        let lapsed = self.noted.extract_if(.., |noted| lapses(noted.change));
        self.told.extend(lapsed.map(|_| "lapsed"));
    }

    fn can_be_canceled(&self) -> bool {
        let limited = matches!(self.order.kind, OrderKind::Limit(_));
        limited && self.fill.is_none() && self.end.is_none()
    }
}

fn leaves(change: Change) -> bool {
    matches!(change, Change::Close | Change::Cancel)
}

fn amend(level: &mut Option<Price>, change: LevelChange) {
    match change {
        LevelChange::Keep | LevelChange::Malformed => {}
        LevelChange::Remove => *level = None,
        LevelChange::Set(price) => *level = Some(price),
    }
}
