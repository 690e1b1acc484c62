//! A battle while it lives in the engine: its players, its positions, and what they wait for.

use std::collections::BTreeMap;

use super::book::{Slot, Triggers};
use super::equity::Line;
use crate::battle::{BattleStatus, BattleTerms, LiveStanding, Usage};
use crate::chips::Chips;
use crate::id::{PositionId, RequestId, UserId};
use crate::market::Tick;
use crate::order::{BodyHash, OrderKind, Outcome, Side};
use crate::position::{End, EndCause, Fill, NotedChange, PositionStatus, Stake};
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
    pub numbers: BTreeMap<UserId, u32>,
    /// By number.
    pub positions: Vec<Position>,
    pub ids: BTreeMap<PositionId, u32>,
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
    /// In the order of the battle's listings.
    pub lines: Vec<Line>,
    pub kept: BTreeMap<RequestId, (BodyHash, Outcome)>,
}

/// A position in the engine.
#[derive(Debug)]
pub(super) struct Position {
    pub id: PositionId,
    /// The owner's number.
    pub player: u32,
    /// The index of its asset among the battle's listings.
    pub listing: usize,
    pub stake: Stake,
    pub kind: OrderKind<Price>,
    pub open_fee: Chips,
    pub card_spent: bool,
    pub stop_loss: Option<Price>,
    pub take_profit: Option<Price>,
    pub effective_time: Timestamp,
    pub stale_at: Option<Timestamp>,
    pub stage: Stage,
    /// Whether a tick or watermark has reached the effective time of the order, or, once it is
    /// open, of its close.
    pub armed: bool,
    /// Where it stands in its asset's book.
    pub triggers: Triggers,
}

/// How far a position has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Pending,
    Open(Fill),
    Ended(Option<Fill>, End),
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

    pub(super) fn position_mut(&mut self, number: u32) -> Option<&mut Position> {
        self.positions.get_mut(usize::try_from(number).ok()?)
    }

    pub(super) fn player(&self, number: u32) -> Option<&Player> {
        self.players.get(usize::try_from(number).ok()?)
    }

    pub(super) fn player_mut(&mut self, number: u32) -> Option<&mut Player> {
        self.players.get_mut(usize::try_from(number).ok()?)
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
            .map(|player| player.live_equity(prices))
            .collect();
        let ranks = ranks(&equities);
        let numbered = self.players.iter().zip(equities).zip(ranks).zip(0..);
        numbered
            .map(|(((player, equity), rank), number)| LiveStanding {
                player: player.id,
                number,
                equity,
                rank,
                open_positions: player.lines.iter().map(|line| line.open).sum(),
            })
            .collect()
    }
}

impl Player {
    pub(super) fn new(id: UserId, cash: Chips, cards_left: u32, listings: usize) -> Self {
        Self {
            id,
            cash,
            reserved: Chips::ZERO,
            cards_left,
            fills: 0,
            held: 0,
            usage: Usage::default(),
            lines: vec![Line::default(); listings],
            kept: BTreeMap::new(),
        }
    }

    fn live_equity(&self, prices: &[Option<Price>]) -> Chips {
        let free = i128::from(self.cash.saturating_add(self.reserved).units());
        let lines = self.lines.iter().zip(prices);
        let worth = lines.filter_map(|(line, price)| price.map(|price| line.value_at(price)));
        Chips::saturated(worth.fold(free, i128::saturating_add))
    }
}

impl Position {
    /// What left cash when the order was accepted.
    pub(super) fn cost(&self) -> Chips {
        self.stake.margin().saturating_add(self.open_fee)
    }

    pub(super) const fn fill(&self) -> Option<Fill> {
        match self.stage {
            Stage::Pending => None,
            Stage::Open(fill) => Some(fill),
            Stage::Ended(fill, _) => fill,
        }
    }

    pub(super) const fn status(&self) -> PositionStatus {
        match self.stage {
            Stage::Pending => PositionStatus::Pending,
            Stage::Open(_) => PositionStatus::Open,
            Stage::Ended(_, end) => end.status(),
        }
    }

    /// Where the position has to wait for the price.
    pub(super) fn wanted_triggers(&self) -> Triggers {
        match (self.stage, self.kind) {
            (Stage::Pending, OrderKind::Market) if self.armed => Triggers::ALWAYS,
            (Stage::Pending, OrderKind::Limit(limit)) if self.armed => match self.stake.side() {
                Side::Buy => Triggers {
                    below: Some(limit),
                    above: None,
                },
                Side::Sell => Triggers {
                    below: None,
                    above: Some(limit),
                },
            },
            (Stage::Pending | Stage::Ended(..), _) => Triggers::default(),
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
