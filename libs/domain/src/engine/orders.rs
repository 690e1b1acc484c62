//! Deciding a command: every refusal in its order, and what an accepted one reserves or notes.

use super::book::{Asset, Duty};
use super::live::{Listed, Listing, Order, Position, Stage, Waiting};
use super::turn::Turn;
use super::{PositionChange, stamp};
use crate::battle::{BattleStatus, LogBody, LoggedCommand, OutcomeState, STALE_MS};
use crate::id::PositionId;
use crate::leverage::Leverage;
use crate::market::Tick;
use crate::order::{
    Answer, Command, CommandBody, LevelChange, NewOrder, OrderKind, Origin, Outcome, Refusal,
};
use crate::position::{Bounds, NotedChange, Stake};
use crate::price::Price;
use crate::timestamp::Timestamp;

/// A reference price holds at least this many price steps per 1× of leverage.
const MIN_STEPS_PER_LEVERAGE: i128 = 1_000;

/// What accepting a command comes to.
enum Decision {
    /// A new position.
    Accept(Box<Position>),
    /// A change of an existing one, for later.
    Note { number: u32, change: NotedChange },
}

impl Turn<'_> {
    /// Decides a command of this battle. `ahead_ns` is how far the exchange's clock is ahead.
    pub(super) fn command(&mut self, command: &Command, ahead_ns: i64) -> Answer {
        let Some(number) = self.battle.numbers.get(&command.player).copied() else {
            return passing(Refusal::NotAParticipant);
        };
        let Some(player) = self.battle.player(number) else {
            return passing(Refusal::NotAParticipant);
        };
        if let Some((body_hash, outcome)) = player.kept.get(&command.request) {
            return if *body_hash == command.body_hash {
                Answer {
                    outcome: *outcome,
                    origin: Origin::Kept,
                }
            } else {
                passing(Refusal::IdempotencyConflict)
            };
        }
        // The gateway derives a new position's id from battle, player and request id.
        if matches!(command.body, CommandBody::New(_))
            && self
                .battle
                .position_number(command.body.position())
                .is_some()
        {
            return passing(Refusal::IdempotencyConflict);
        }
        if self.battle.status != BattleStatus::Open {
            return passing(Refusal::MatchNotOpen);
        }
        let terms = &self.battle.terms;
        let delay_ms = terms.template.fill_delay_ms;
        let previous = self.battle.last_effective_time;
        let effective_time = stamp::stamp(command.stored_at_ns, ahead_ns, delay_ms, previous);
        let usage = player.usage.counting(command.body.verb(), effective_time);
        let outside = effective_time < terms.start_time || effective_time >= terms.end_time;
        let decision = match (outside, usage.exceeds(command.body.verb())) {
            (true, true) => return passing(Refusal::MatchNotOpen),
            (false, true) => return passing(Refusal::RateLimited),
            (true, false) => Err(Refusal::MatchNotOpen),
            (false, false) => self.decide(number, &command.body, effective_time),
        };
        if let Some(player) = self.battle.player_mut(number) {
            player.usage = usage;
        }
        self.settle(number, command, effective_time, decision)
    }

    /// Logs and keeps the outcome of a command, and does what was decided.
    fn settle(
        &mut self,
        player: u32,
        command: &Command,
        effective_time: Timestamp,
        decision: Result<Decision, Refusal>,
    ) -> Answer {
        let outcome = match &decision {
            Ok(_) => Outcome::Accepted {
                position: command.body.position(),
            },
            Err(refusal) => Outcome::Refused(*refusal),
        };
        self.battle.last_effective_time = Some(effective_time);
        self.log(LogBody::Command(LoggedCommand {
            participant: player,
            request: command.request,
            body_hash: command.body_hash,
            stored_at_ns: command.stored_at_ns,
            effective_time,
            body: command.body.clone(),
            outcome,
        }));
        self.touch_player(player);
        if let Some(player) = self.battle.player_mut(player) {
            player
                .kept
                .insert(command.request, (command.body_hash, outcome));
        }
        self.effects.outcomes.push(OutcomeState {
            battle: command.battle,
            player: command.player,
            request: command.request,
            body_hash: command.body_hash,
            outcome,
        });
        match decision {
            Ok(Decision::Accept(position)) => self.accept(*position),
            Ok(Decision::Note { number, change }) => self.note(number, effective_time, change),
            Err(_) => {}
        }
        Answer {
            outcome,
            origin: Origin::Decided,
        }
    }

    fn decide(
        &self,
        player: u32,
        body: &CommandBody,
        effective_time: Timestamp,
    ) -> Result<Decision, Refusal> {
        match body {
            CommandBody::New(order) => self
                .decide_order(player, order, effective_time)
                .map(|position| Decision::Accept(Box::new(position))),
            CommandBody::Close { position } => {
                let (number, position) = self.owned(player, *position)?;
                match position.stage() {
                    Stage::Open(_) => self.decide_leaving(number, NotedChange::Close),
                    Stage::Pending | Stage::Ended => Err(Refusal::PositionNotOpen),
                }
            }
            CommandBody::Cancel { position } => {
                let (number, position) = self.owned(player, *position)?;
                match (position.stage(), position.order) {
                    (Stage::Pending, Order::Limit(_)) => {
                        self.decide_leaving(number, NotedChange::Cancel)
                    }
                    (Stage::Pending | Stage::Open(_) | Stage::Ended, _) => {
                        Err(Refusal::PositionNotPending)
                    }
                }
            }
            CommandBody::Amend {
                position,
                stop_loss,
                take_profit,
            } => {
                let (number, position) = self.owned(player, *position)?;
                let change = self.decide_amendment(position, *stop_loss, *take_profit)?;
                Ok(Decision::Note { number, change })
            }
        }
    }

    fn decide_order(
        &self,
        player: u32,
        order: &NewOrder,
        effective_time: Timestamp,
    ) -> Result<Position, Refusal> {
        let template = &self.battle.terms.template;
        let owner = self.battle.player(player).ok_or(Refusal::NotAParticipant)?;
        let symbol = order
            .symbol
            .as_ref()
            .value()
            .ok_or(Refusal::AssetNotFound)?;
        let listing = self.battle.listing(symbol).ok_or(Refusal::AssetNotFound)?;
        let terms = self
            .battle
            .listings
            .get(listing)
            .ok_or(Refusal::AssetNotFound)?;
        let (tick, watermark) = self
            .fresh(terms, effective_time)
            .ok_or(Refusal::FeedStale)?;

        let kind = match order.kind {
            OrderKind::Market => Some(OrderKind::Market),
            OrderKind::Limit(limit) => limit.value().map(OrderKind::Limit),
        };
        let reference = kind.map(|kind| reference(kind, tick));
        let leverage = order.leverage.value().ok_or(Refusal::LeverageNotAllowed)?;
        let too_coarse = reference.is_some_and(|price| is_coarse(price, leverage, terms));
        if leverage > template.max_leverage || too_coarse {
            return Err(Refusal::LeverageNotAllowed);
        }
        let card_spent = leverage > Leverage::FREE_UP_TO;
        if card_spent && owner.cards_left == 0 {
            return Err(Refusal::LeverageItemRequired);
        }
        let margin = order.margin.value().ok_or(Refusal::InvalidMargin)?;
        let stake = Stake::parse(order.side, margin, leverage).ok_or(Refusal::InvalidMargin)?;
        let (Some(kind), Some(reference)) = (kind, reference) else {
            return Err(Refusal::InvalidLimitPrice);
        };

        let bounds = Bounds::of(stake, reference, template.maintenance_bps);
        let stop_loss = order
            .stop_loss
            .level(Refusal::InvalidStopLoss, |level| bounds.allow_stop(level))?;
        let take_profit = order
            .take_profit
            .level(Refusal::InvalidTakeProfit, |level| bounds.allow_take(level))?;

        if owner.held >= template.max_positions {
            return Err(Refusal::MaxPositions);
        }
        let position = Position {
            id: order.position,
            stake,
            open_fee: stake.open_fee(template.fee_bps),
            order: match kind {
                OrderKind::Market => Order::Market {
                    stale_at: effective_time.max(watermark).plus_ms(STALE_MS),
                },
                OrderKind::Limit(limit) => Order::Limit(limit),
            },
            stop_loss,
            take_profit,
            effective_time,
            fill: None,
            end: None,
            player,
            listing: Listed::new(listing),
            card_spent,
            armed: false,
        };
        if owner.cash < position.cost() {
            return Err(Refusal::InsufficientVBalance);
        }
        Ok(position)
    }

    fn decide_leaving(&self, number: u32, change: NotedChange) -> Result<Decision, Refusal> {
        let leaves = |change| matches!(change, NotedChange::Close | NotedChange::Cancel);
        if self
            .battle
            .noted_on(number)
            .any(|(_, waiting)| leaves(waiting.change))
        {
            return Err(Refusal::AlreadyClosing);
        }
        Ok(Decision::Note { number, change })
    }

    fn decide_amendment(
        &self,
        position: &Position,
        stop_loss: LevelChange,
        take_profit: LevelChange,
    ) -> Result<NotedChange, Refusal> {
        let listing = self.battle.listings.get(position.listing.index());
        let asset = listing.and_then(|listing| self.assets.get(listing.asset));
        let tick = asset.and_then(Asset::tick).ok_or(Refusal::FeedStale)?;
        let maintenance = self.battle.terms.template.maintenance_bps;
        let bounds = match position.stage() {
            Stage::Pending => {
                let reference = reference(position.order.kind(), tick);
                Bounds::of(position.stake, reference, maintenance)
            }
            Stage::Open(fill) => Bounds::of_open(position.stake, &fill, tick.price),
            Stage::Ended => return Err(Refusal::PositionClosed),
        };
        let stop_loss =
            stop_loss.checked(Refusal::InvalidStopLoss, |level| bounds.allow_stop(level))?;
        let take_profit =
            take_profit.checked(Refusal::InvalidTakeProfit, |level| bounds.allow_take(level))?;
        Ok(NotedChange::Amend {
            stop_loss,
            take_profit,
        })
    }

    /// The last tick and the newest watermark of an asset that is fresh enough for a stamp.
    fn fresh(&self, listing: &Listing, effective_time: Timestamp) -> Option<(Tick, Timestamp)> {
        let asset = self.assets.get(listing.asset)?;
        let (tick, watermark) = (asset.tick()?, asset.watermark()?);
        (effective_time <= watermark.plus_ms(STALE_MS)).then_some((tick, watermark))
    }

    fn owned(&self, player: u32, id: PositionId) -> Result<(u32, &Position), Refusal> {
        let number = self
            .battle
            .position_number(id)
            .ok_or(Refusal::PositionNotFound)?;
        let position = self
            .battle
            .position(number)
            .filter(|position| position.player == player);
        Ok((number, position.ok_or(Refusal::PositionNotFound)?))
    }

    fn accept(&mut self, position: Position) {
        let number = self.battle.position_numbers().end;
        let (listing, effective_time) = (position.listing.index(), position.effective_time);
        if let Some(player) = self.battle.player_mut(position.player) {
            player.cash = player.cash.saturating_sub(position.cost());
            player.reserved = player.reserved.saturating_add(position.cost());
            player.held = player.held.saturating_add(1);
            player.cards_left = player.cards_left.saturating_sub(position.card_spent.into());
        }
        if let Some(stale_at) = position.order.stale_at() {
            self.schedule(listing, stale_at, Duty::Stale { number });
        }
        self.battle.push_position(position);
        self.schedule(listing, effective_time, Duty::Arm { number });
        self.announce(number, PositionChange::Accepted);
    }

    fn note(&mut self, number: u32, effective_time: Timestamp, change: NotedChange) {
        let log = self.battle.log_number;
        let Some(position) = self.battle.position(number) else {
            return;
        };
        let listing = position.listing.index();
        self.battle.noted.insert(
            (number, log),
            Waiting {
                effective_time,
                change,
            },
        );
        self.touch_position(number);
        let duty = match change {
            NotedChange::Close => Duty::Close { number },
            NotedChange::Cancel | NotedChange::Amend { .. } => Duty::Change { log, number },
        };
        self.schedule(listing, effective_time, duty);
    }
}

const fn passing(refusal: Refusal) -> Answer {
    Answer {
        outcome: Outcome::Refused(refusal),
        origin: Origin::Passing,
    }
}

/// The price that an order's levels are measured from before it is filled.
const fn reference(kind: OrderKind<Price>, last: Tick) -> Price {
    match kind {
        OrderKind::Market => last.price,
        OrderKind::Limit(limit) => limit,
    }
}

/// Whether a price step is too large a part of `price` for the leverage.
fn is_coarse(price: Price, leverage: Leverage, listing: &Listing) -> bool {
    let steps = MIN_STEPS_PER_LEVERAGE.saturating_mul(leverage.times().into());
    i128::from(price.units()) < steps.saturating_mul(listing.price_step.units().into())
}
