//! One battle's turn at an input: fills, exits and all that moves chips.

use super::book::{Due, Duty, Key, Siblings, Triggers};
use super::directory::Directory;
use super::effects::{Effects, Fact, PositionChange};
use super::live::{Battle, Course, Stage, Waiting};
use crate::battle::{LogBody, LogEntry, Place, PositionKey};
use crate::chips::Chips;
use crate::market::{Incarnation, Tick};
use crate::position::{End, EndCause, Fill, Liquidation, NotedChange, PositionStatus};
use crate::price::Price;
use crate::timestamp::Timestamp;

/// A battle at its turn, with the market and the place in it.
#[derive(Debug)]
pub(super) struct Turn<'a> {
    pub battle: &'a mut Battle,
    pub assets: &'a mut Directory,
    pub incarnation: Incarnation,
    pub sequence: u64,
    pub siblings: &'a mut Siblings,
    pub effects: &'a mut Effects,
    /// The price of the tick that fires, if one does: the triggers that it reached are out of the
    /// book already.
    pub firing: Option<Price>,
}

impl Turn<'_> {
    /// Appends to the battle's log.
    pub(super) fn log(&mut self, body: LogBody) {
        self.battle.log_number = self.battle.log_number.saturating_add(1);
        let (incarnation, sequence) = (self.incarnation, self.sequence);
        let place = Place {
            incarnation,
            sequence,
            number: self.battle.log_number,
        };
        self.effects
            .log
            .push((self.battle.terms.battle, LogEntry { place, body }));
        self.touch_battle();
    }

    pub(super) fn touch_battle(&mut self) {
        let battle = self.battle.terms.battle;
        note(&mut self.effects.touched.battles, battle);
    }

    pub(super) fn touch_player(&mut self, number: u32) {
        let battle = self.battle.terms.battle;
        if let Some(player) = self.battle.player(number) {
            note(&mut self.effects.touched.participants, (battle, player.id));
        }
    }

    pub(super) fn touch_players(&mut self) {
        for number in (0..).take(self.battle.players.len()) {
            self.touch_player(number);
        }
    }

    pub(super) fn touch_position(&mut self, number: u32) {
        let battle = self.battle.terms.battle;
        if let Some(position) = self.battle.position(number).map(|position| position.id) {
            let key = PositionKey { battle, position };
            note(&mut self.effects.touched.positions, key);
        }
    }

    /// Announces what happened to a position; its row and its owner's change with it.
    pub(super) fn announce(&mut self, number: u32, change: PositionChange) {
        let battle = self.battle.terms.battle;
        let Some(position) = self.battle.position(number) else {
            return;
        };
        let Some(owner) = self.battle.player(position.player) else {
            return;
        };
        let (player, position) = (owner.id, position.id);
        self.effects.facts.push(Fact::Position {
            battle,
            player,
            position,
            change,
        });
        let touched = &mut self.effects.touched;
        note(&mut touched.participants, (battle, player));
        note(&mut touched.positions, PositionKey { battle, position });
    }

    /// Does what has fallen due.
    pub(super) fn perform(&mut self, duty: Duty, time: Timestamp, listing: usize) {
        match duty {
            Duty::Change { log, number } => self.change(number, log, time),
            Duty::Stale { number } => self.void(number, EndCause::FeedStale, time),
            Duty::End => self.end_asset(listing),
            Duty::Arm { number } => self.arm(number, |stage| stage == Stage::Pending),
            Duty::Close { number } => self.arm(number, |stage| matches!(stage, Stage::Open(_))),
        }
    }

    /// Lets a tick that a position waited for do its one thing to it.
    pub(super) fn fire(&mut self, number: u32, tick: Tick) {
        let Some(position) = self.battle.position(number) else {
            return;
        };
        match position.stage() {
            Stage::Pending => self.fill(number, tick),
            Stage::Open(fill) => {
                if let Some(cause) = position.exit_cause(fill, tick.price) {
                    self.exit(number, cause, tick);
                }
            }
            Stage::Ended => {}
        }
    }

    /// Ends an order without a fill, if it still pends: margin and fee go back to cash, and so
    /// does a card use unless its player took the order back.
    pub(super) fn void(&mut self, number: u32, cause: EndCause, time: Timestamp) {
        let Some(position) = self.battle.position(number) else {
            return;
        };
        if position.stage() != Stage::Pending {
            return;
        }
        let (sequence, old) = (self.sequence, self.standing(number));
        let end = End {
            cause,
            time,
            sequence,
            exit: None,
        };
        let (returned, owner) = (position.cost(), position.player);
        let card_back = position.card_spent && cause != EndCause::Cancel;
        self.battle.end(number, end);
        if let Some(player) = self.battle.player_mut(owner) {
            player.cash = player.cash.saturating_add(returned);
            player.reserved = player.reserved.saturating_sub(returned);
            player.held = player.held.saturating_sub(1);
            player.cards_left = player.cards_left.saturating_add(u32::from(card_back));
        }
        self.rearm(number, old);
        self.announce(number, ended_without_result(&end, returned));
        self.lapse(number);
    }

    /// Ends an open position without a result, because its match was canceled.
    pub(super) fn annul(&mut self, number: u32, time: Timestamp) {
        let Some(position) = self.battle.position(number) else {
            return;
        };
        let Stage::Open(fill) = position.stage() else {
            return;
        };
        let end = End {
            cause: EndCause::MatchCanceled,
            time,
            sequence: self.sequence,
            exit: None,
        };
        let returned = position.cost();
        self.leave(number, fill, end, returned);
        self.announce(number, ended_without_result(&end, returned));
        self.lapse(number);
    }

    /// Closes an open position at the price of `tick`.
    pub(super) fn exit(&mut self, number: u32, cause: EndCause, tick: Tick) {
        let (sequence, fee_bps) = (self.sequence, self.battle.terms.template.fee_bps);
        let Some(position) = self.battle.position(number) else {
            return;
        };
        let Stage::Open(fill) = position.stage() else {
            return;
        };
        let exit = position.stake.exit_at(fill.tick.price, tick, fee_bps);
        let end = End {
            cause,
            time: tick.time,
            sequence,
            exit: Some(exit),
        };
        self.leave(number, fill, end, exit.payout);
        if cause == EndCause::Close {
            self.forget_close(number);
        }
        let change = match end.status() {
            PositionStatus::Liquidated => PositionChange::Liquidated { exit },
            PositionStatus::Pending
            | PositionStatus::Open
            | PositionStatus::Closed
            | PositionStatus::Canceled
            | PositionStatus::Rejected => PositionChange::Closed { cause, exit },
        };
        self.announce(number, change);
        self.lapse(number);
    }

    /// Where a position stands in its asset's book: nowhere once that is final.
    pub(super) fn standing(&self, number: u32) -> Triggers {
        let standing = self.battle.position(number).and_then(|position| {
            let listing = self.battle.listings.get(position.listing.index())?;
            match listing.course {
                Course::Running => Some(position.wanted_triggers()),
                Course::Final(_) => None,
            }
        });
        standing.unwrap_or_default()
    }

    /// Puts a position that stood at `old` where it has to wait now.
    pub(super) fn rearm(&mut self, number: u32, old: Triggers) {
        let new = self.standing(number);
        self.replace(number, old, new);
    }

    /// Moves a position in its asset's book. What the tick that fires has reached is not there
    /// any more, and what else has to go goes at its end.
    pub(super) fn replace(&mut self, number: u32, old: Triggers, new: Triggers) {
        let battle = self.battle.slot;
        let key = Key { battle, number };
        let old = match self.firing {
            Some(price) => self.siblings.note(key, old.left_at(price), new),
            None => old,
        };
        let position = self.battle.position(number);
        let listing = position.and_then(|position| {
            let listing = position.listing.index();
            self.battle.listings.get(listing)
        });
        let asset = listing.and_then(|listing| self.assets.get_mut(listing.asset));
        if let Some(asset) = asset {
            asset.replace(key, old, new);
        }
    }

    /// Queues a duty on a position's asset.
    pub(super) fn schedule(&mut self, listing: usize, time: Timestamp, duty: Duty) {
        let battle = self.battle.slot;
        let listing = self.battle.listings.get(listing);
        let asset = listing.and_then(|listing| self.assets.get_mut(listing.asset));
        if let Some(asset) = asset {
            match duty {
                Duty::Stale { number } => asset.schedule_stale(time, Key { battle, number }),
                Duty::Change { .. } | Duty::End | Duty::Arm { .. } | Duty::Close { .. } => {
                    asset.schedule(Due { time, battle, duty });
                }
            }
        }
    }

    fn fill(&mut self, number: u32, tick: Tick) {
        let (sequence, maintenance) = (self.sequence, self.battle.terms.template.maintenance_bps);
        let old = self.standing(number);
        let Some(position) = self.battle.position_mut(number) else {
            return;
        };
        let liquidation = match position.stake.liquidation(tick.price, maintenance) {
            Liquidation::Never => None,
            Liquidation::At(price) => Some(price),
            Liquidation::TooClose => {
                return self.void(number, EndCause::LiquidationTooClose, tick.time);
            }
        };
        let fill = Fill {
            tick,
            sequence,
            liquidation,
        };
        position.fill = Some(fill);
        position.armed = false;
        let (owner, listing) = (position.player, position.listing.index());
        let (stake, cost) = (position.stake, position.cost());
        if let Some(player) = self.battle.player_mut(owner) {
            player.reserved = player.reserved.saturating_sub(cost);
            player.fills = player.fills.saturating_add(1);
        }
        if let Some(line) = self.battle.line_mut(owner, listing) {
            line.add(stake, tick.price);
        }
        self.rearm(number, old);
        self.announce(number, PositionChange::Filled(fill));
        self.lapse_cancels(number);
    }

    /// Ends a position that is open, and takes it out of its owner's books.
    fn leave(&mut self, number: u32, fill: Fill, end: End, payout: Chips) {
        let old = self.standing(number);
        let Some(position) = self.battle.position(number) else {
            return;
        };
        let (owner, listing, stake) = (position.player, position.listing.index(), position.stake);
        self.battle.end(number, end);
        if let Some(player) = self.battle.player_mut(owner) {
            player.cash = player.cash.saturating_add(payout);
            player.held = player.held.saturating_sub(1);
        }
        if let Some(line) = self.battle.line_mut(owner, listing) {
            line.remove(stake, fill.tick.price);
        }
        // What has ended waits for nothing.
        self.replace(number, old, Triggers::default());
    }

    /// From now on the order can be filled, or the open position leaves at the next tick.
    fn arm(&mut self, number: u32, expected: impl Fn(Stage) -> bool) {
        let old = self.standing(number);
        let Some(position) = self.battle.position_mut(number) else {
            return;
        };
        if expected(position.stage()) {
            position.armed = true;
            self.rearm(number, old);
        }
    }

    /// Applies a noted cancel or amendment, if it has not lapsed.
    fn change(&mut self, number: u32, log: u64, time: Timestamp) {
        let Some(waiting) = self.battle.noted.remove(&(number, log)) else {
            return;
        };
        match waiting.change {
            NotedChange::Cancel => self.void(number, EndCause::Cancel, time),
            NotedChange::Amend {
                stop_loss,
                take_profit,
            } => {
                let old = self.standing(number);
                let Some(position) = self.battle.position_mut(number) else {
                    return;
                };
                position.stop_loss = stop_loss.applied_to(position.stop_loss);
                position.take_profit = take_profit.applied_to(position.take_profit);
                let (stop_loss, take_profit) = (position.stop_loss, position.take_profit);
                self.rearm(number, old);
                self.announce(
                    number,
                    PositionChange::Amended {
                        stop_loss,
                        take_profit,
                    },
                );
            }
            // Closes wait for a tick: they are armed, not applied.
            NotedChange::Close => {}
        }
    }

    /// Drops the noted close that has just applied.
    fn forget_close(&mut self, number: u32) {
        let is_close = |waiting: &(u64, Waiting)| waiting.1.change == NotedChange::Close;
        let close = self.battle.noted_on(number).find(is_close);
        if let Some((log, _)) = close {
            self.battle.noted.remove(&(number, log));
        }
    }

    /// Tells the owner of every command that can no longer apply to a position.
    fn lapse(&mut self, number: u32) {
        self.lapse_where(number, |_| true);
    }

    /// A cancel can no longer apply once the order is filled.
    fn lapse_cancels(&mut self, number: u32) {
        self.lapse_where(number, |change| change == NotedChange::Cancel);
    }

    fn lapse_where(&mut self, number: u32, lapses: impl Fn(NotedChange) -> bool) {
        let noted: Vec<_> = self.battle.noted_on(number).collect();
        for (log, waiting) in noted {
            if lapses(waiting.change) {
                self.battle.noted.remove(&(number, log));
                let verb = waiting.change.verb();
                self.announce(number, PositionChange::Lapsed { number: log, verb });
            }
        }
    }
}

/// Notes a row, unless it was noted just before.
fn note<T: PartialEq>(rows: &mut Vec<T>, row: T) {
    if rows.last() != Some(&row) {
        rows.push(row);
    }
}

const fn ended_without_result(end: &End, returned: Chips) -> PositionChange {
    let cause = end.cause;
    match end.status() {
        PositionStatus::Rejected => PositionChange::Rejected { cause, returned },
        PositionStatus::Pending
        | PositionStatus::Open
        | PositionStatus::Closed
        | PositionStatus::Liquidated
        | PositionStatus::Canceled => PositionChange::Canceled { cause, returned },
    }
}
