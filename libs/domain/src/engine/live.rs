//! A battle while it lives in the engine: its players, its positions, and what they wait for.

use std::collections::BTreeMap;
use std::hint::black_box;

use super::blocks::Blocks;
use super::book::{Key, Slot, Triggers};
use super::chunks::Chunks;
use super::equity::Line;
use crate::battle::{BattleStatus, BattleTerms, LiveStanding, Usage};
use crate::chips::Chips;
use crate::id::{PositionId, RequestId, UserId};
use crate::market::Tick;
use crate::order::{BodyHash, OrderKind, Outcome, Side};
use crate::position::{End, EndCause, Fill, NotedChange, Stake};
use crate::price::Price;
use crate::ranking::{BattleResult, ranks};
use crate::symbol::Symbol;
use crate::timestamp::Timestamp;

/// One battle.
#[derive(Debug)]
pub(super) struct Battle {
    pub slot: Slot,
    pub terms: BattleTerms,
    pub status: BattleStatus,
    pub log_number: u64,
    pub last_effective_time: Option<Timestamp>,
    /// In the order of the template's assets.
    pub listings: Vec<Listing>,
    /// By number.
    pub players: Vec<Player>,
    /// Player by player, each in the order of the listings.
    pub lines: Vec<Line>,
    pub numbers: BTreeMap<UserId, u32>,
    /// By number.
    pub positions: Chunks<Position>,
    /// What is left of each position's id, and its number.
    pub ids: Blocks<(u32, u32)>,
    pub ends: Chunks<End>,
    /// Accepted commands that wait for their moment, by position and log number.
    pub noted: BTreeMap<(u32, u64), Waiting>,
    pub ended_at: Option<u64>,
    pub result: Option<BattleResult>,
}

/// An asset in a battle.
#[derive(Clone, Copy, Debug)]
pub(super) struct Listing {
    /// The asset's index in the engine.
    pub asset: usize,
    pub price_step: Price,
    pub course: Course,
}

/// Whether an asset's ticks still count in a battle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Course {
    Running,
    /// Its last tick inside the match, if there was one.
    Final(Option<Tick>),
}

/// A player in a battle.
#[derive(Debug)]
pub(super) struct Player {
    pub id: UserId,
    pub cash: Chips,
    /// Margins and open fees of pending orders.
    pub reserved: Chips,
    pub cards_left: u32,
    pub fills: u32,
    /// Pending and open positions.
    pub held: u32,
    pub usage: Usage,
    pub kept: BTreeMap<RequestId, (BodyHash, Outcome)>,
}

/// A position in the engine. There may be a million of them, so every byte counts.
#[derive(Debug)]
pub(super) struct Position {
    pub id: PositionId,
    pub stake: Stake,
    pub open_fee: Chips,
    pub order: Order,
    pub stop_loss: Option<Price>,
    pub take_profit: Option<Price>,
    pub effective_time: Timestamp,
    pub fill: Option<Fill>,
    /// Which of the battle's ends is its own.
    pub end: Option<EndNumber>,
    /// The owner's number.
    pub player: u32,
    /// The index of its asset among the battle's listings.
    pub listing: Listed,
    pub card_spent: bool,
    /// Whether a tick or watermark has reached the effective time of the order, or, once it is
    /// open, of its close.
    pub armed: bool,
}

/// The index of an asset among a battle's listings, half as large.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Listed(u32);

/// The place of an end among its battle's, from 1.
pub(super) type EndNumber = std::num::NonZeroU32;

/// How an order fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// At a tick before this moment.
    Market { stale_at: Timestamp },
    /// At this price or a better one.
    Limit(Price),
}

/// How far a position has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Pending,
    Open(Fill),
    Ended,
}

/// An accepted command that waits for its moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Waiting {
    pub effective_time: Timestamp,
    pub change: NotedChange,
}

impl Battle {
    pub(super) fn position(&self, number: u32) -> Option<&Position> {
        self.positions.get(usize::try_from(number).ok()?)
    }

    /// Takes a position in; the next number is its own.
    pub(super) fn push_position(&mut self, position: Position) {
        let number = self.position_numbers().end;
        self.ids.insert((residue(position.id), number));
        self.positions.push(position);
    }

    /// The number of the position with this id.
    pub(super) fn position_number(&self, id: PositionId) -> Option<u32> {
        let residue = residue(id);
        let alike = self.ids.from((residue, u32::MIN));
        alike
            .take_while(|(other, _)| *other == residue)
            .map(|(_, number)| number)
            .find(|number| {
                self.position(*number)
                    .is_some_and(|position| position.id == id)
            })
    }

    /// Ends a position.
    pub(super) fn end(&mut self, number: u32, end: End) {
        self.ends.push(end);
        let place = u32::try_from(self.ends.len()).ok();
        if let Some(position) = self.position_mut(number) {
            position.end = place.and_then(EndNumber::new);
        }
    }

    /// How a position ended.
    pub(super) fn end_of(&self, position: &Position) -> Option<End> {
        let place = usize::try_from(position.end?.get()).ok()?.checked_sub(1)?;
        self.ends.get(place).copied()
    }

    pub(super) fn position_mut(&mut self, number: u32) -> Option<&mut Position> {
        self.positions.get_mut(usize::try_from(number).ok()?)
    }

    pub(super) fn player(&self, number: u32) -> Option<&Player> {
        self.players.get(usize::try_from(number).ok()?)
    }

    pub(super) fn player_mut(&mut self, number: u32) -> Option<&mut Player> {
        self.players.get_mut(usize::try_from(number).ok()?)
    }

    /// A player's lines, in the order of the listings.
    fn lines_of(&self, player: u32) -> &[Line] {
        let first = self.line_index(player, 0);
        let behind = first.saturating_add(self.listings.len());
        self.lines.get(first..behind).unwrap_or_default()
    }

    pub(super) fn line_mut(&mut self, player: u32, listing: usize) -> Option<&mut Line> {
        let index = self.line_index(player, listing);
        self.lines.get_mut(index)
    }

    fn line_index(&self, player: u32, listing: usize) -> usize {
        let player = usize::try_from(player).unwrap_or(usize::MAX);
        let first = player.saturating_mul(self.listings.len());
        first.saturating_add(listing)
    }

    /// Reads a little of every cache line that these positions are about to need. Nothing here
    /// waits for anything, so the processor loads it all side by side; the work itself would wait
    /// position by position.
    pub(super) fn fetch(&self, keys: &[Key]) {
        let positions = keys.iter().filter_map(|key| self.position(key.number));
        for position in positions.clone() {
            black_box((position.id, position.stop_loss, position.fill, position.end));
        }
        for position in positions {
            let line = self.line_index(position.player, position.listing.index());
            black_box(self.lines.get(line).copied());
            let player = self.player(position.player);
            black_box(player.map(|player| (player.id, player.cash, player.held)));
        }
    }

    /// The numbers of all positions, in order of acceptance.
    pub(super) fn position_numbers(&self) -> std::ops::Range<u32> {
        0..u32::try_from(self.positions.len()).unwrap_or(u32::MAX)
    }

    /// The index of `symbol` among the listings.
    pub(super) fn listing(&self, symbol: &Symbol) -> Option<usize> {
        self.terms
            .template
            .assets
            .iter()
            .position(|asset| asset.symbol == *symbol)
    }

    /// What waits for its moment on a position, in the order of the log.
    pub(super) fn noted_on(&self, number: u32) -> impl Iterator<Item = (u64, Waiting)> + '_ {
        let range = self.noted.range((number, u64::MIN)..=(number, u64::MAX));
        range.map(|((_, log), waiting)| (*log, *waiting))
    }

    /// Live equity, rank and open positions of every player. `prices` are those of the listings.
    pub(super) fn standings(&self, prices: &[Option<Price>]) -> Vec<LiveStanding> {
        let equities: Vec<Chips> = self
            .players
            .iter()
            .zip(0..)
            .map(|(player, number)| player.live_equity(self.lines_of(number), prices))
            .collect();
        let ranks = ranks(&equities);
        let numbered = self.players.iter().zip(equities).zip(ranks).zip(0..);
        numbered
            .map(|(((player, equity), rank), number)| LiveStanding {
                player: player.id,
                number,
                equity,
                rank,
                open_positions: self
                    .lines_of(number)
                    .iter()
                    .fold(0, |open, line| line.open.saturating_add(open)),
            })
            .collect()
    }
}

/// What is left of an id when its halves are laid over each other twice.
fn residue(id: PositionId) -> u32 {
    let (high, low) = id.uuid().as_u64_pair();
    let half = high ^ low;
    u32::try_from((half ^ half.rotate_left(32)) & u64::from(u32::MAX)).unwrap_or_default()
}

impl Player {
    pub(super) fn new(id: UserId, cash: Chips, cards_left: u32) -> Self {
        Self {
            id,
            cash,
            reserved: Chips::ZERO,
            cards_left,
            fills: 0,
            held: 0,
            usage: Usage::default(),
            kept: BTreeMap::new(),
        }
    }

    fn live_equity(&self, lines: &[Line], prices: &[Option<Price>]) -> Chips {
        let free = i128::from(self.cash.saturating_add(self.reserved).units());
        let lines = lines.iter().zip(prices);
        let worth = lines.filter_map(|(line, price)| price.map(|price| line.value_at(price)));
        Chips::saturated(worth.fold(free, i128::saturating_add))
    }
}

impl Listed {
    pub(super) fn new(index: usize) -> Self {
        Self(u32::try_from(index).unwrap_or(u32::MAX))
    }

    pub(super) fn index(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl Order {
    pub(super) const fn kind(self) -> OrderKind<Price> {
        match self {
            Self::Market { .. } => OrderKind::Market,
            Self::Limit(limit) => OrderKind::Limit(limit),
        }
    }

    pub(super) const fn stale_at(self) -> Option<Timestamp> {
        match self {
            Self::Market { stale_at } => Some(stale_at),
            Self::Limit(_) => None,
        }
    }
}

impl Position {
    pub(super) const fn stage(&self) -> Stage {
        match (self.fill, self.end) {
            (None, None) => Stage::Pending,
            (Some(fill), None) => Stage::Open(fill),
            (_, Some(_)) => Stage::Ended,
        }
    }

    /// What left cash when the order was accepted.
    pub(super) fn cost(&self) -> Chips {
        self.stake.margin().saturating_add(self.open_fee)
    }

    /// Where the position has to wait for the price.
    pub(super) fn wanted_triggers(&self) -> Triggers {
        match (self.stage(), self.order) {
            (Stage::Pending, Order::Market { .. }) if self.armed => Triggers::ALWAYS,
            (Stage::Pending, Order::Limit(limit)) if self.armed => match self.stake.side() {
                Side::Buy => Triggers {
                    below: Some(limit),
                    above: None,
                },
                Side::Sell => Triggers {
                    below: None,
                    above: Some(limit),
                },
            },
            (Stage::Pending | Stage::Ended, _) => Triggers::default(),
            (Stage::Open(_), _) if self.armed => Triggers::ALWAYS,
            (Stage::Open(fill), _) => match self.stake.side() {
                // A stop that the fill's own liquidation price has overtaken never comes first.
                Side::Buy => Triggers {
                    below: self.stop_loss.max(fill.liquidation),
                    above: self.take_profit,
                },
                Side::Sell => Triggers {
                    below: self.take_profit,
                    above: match (self.stop_loss, fill.liquidation) {
                        (Some(stop), Some(top)) => Some(stop.min(top)),
                        (stop, top) => stop.or(top),
                    },
                },
            },
        }
    }

    /// Why an open position leaves at `price`, if it does: liquidation before stop loss before
    /// take profit before a close.
    pub(super) fn exit_cause(&self, fill: Fill, price: Price) -> Option<EndCause> {
        let side = self.stake.side();
        let lost = |level: Price| match side {
            Side::Buy => price <= level,
            Side::Sell => price >= level,
        };
        let won = |level: Price| match side {
            Side::Buy => price >= level,
            Side::Sell => price <= level,
        };
        if fill.liquidation.is_some_and(lost) {
            Some(EndCause::Liquidation)
        } else if self.stop_loss.is_some_and(lost) {
            Some(EndCause::StopLoss)
        } else if self.take_profit.is_some_and(won) {
            Some(EndCause::TakeProfit)
        } else {
            self.armed.then_some(EndCause::Close)
        }
    }
}
