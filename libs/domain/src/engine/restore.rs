//! A battle to rows and back. What can be derived from the rows is not in them: lines of equity,
//! reserved chips, triggers and duties.
//!
//! A duty that was done before the rows were taken, such as arming an order, is queued again and
//! done by the next entry, before that entry could have used it.

use std::collections::BTreeMap;

use super::blocks::Blocks;
use super::book::{Duty, Slot, Triggers};
use super::chunks::Chunks;
use super::equity::Line;
use super::live::{Battle, Course, Listed, Listing, Order, Player, Position, Stage, Waiting};
use super::turn::Turn;
use crate::battle::{
    AssetFinal, BattleProgress, BattleRows, BattleState, BattleStatus, BattleTerms, OutcomeState,
    ParticipantState, Seat,
};
use crate::order::OrderKind;
use crate::position::{Noted, NotedChange, PositionState, PositionStatus, Stake};

impl Battle {
    /// A battle as it opens. `assets` are the indices of its assets in the engine.
    pub(super) fn open(slot: Slot, terms: BattleTerms, assets: &[usize]) -> Self {
        let listed = terms.template.assets.iter().zip(assets);
        let listings: Vec<Listing> = listed
            .map(|(allowed, asset)| Listing {
                asset: *asset,
                price_step: allowed.price_step,
                course: Course::Running,
            })
            .collect();
        let cash = terms.template.start_balance;
        let seats = terms.seats.iter();
        let player = |seat: &Seat| Player::new(seat.player, cash, seat.card_uses);
        Self {
            slot,
            status: BattleStatus::Open,
            log_number: 0,
            last_effective_time: None,
            players: seats.clone().map(player).collect(),
            lines: vec![Line::default(); seats.len().saturating_mul(listings.len())],
            numbers: seats.map(|seat| seat.player).zip(0..).collect(),
            positions: Chunks::new(),
            ids: Blocks::new(),
            ends: Chunks::new(),
            noted: BTreeMap::new(),
            ended_at: None,
            result: None,
            listings,
            terms,
        }
    }

    pub(super) fn progress(&self) -> BattleProgress {
        let assets = self.terms.template.assets.iter().zip(&self.listings);
        let finals = assets.filter_map(|(allowed, listing)| match listing.course {
            Course::Running => None,
            Course::Final(tick) => Some(AssetFinal {
                symbol: allowed.symbol.clone(),
                tick,
            }),
        });
        BattleProgress {
            battle: self.terms.battle,
            status: self.status,
            log_number: self.log_number,
            accepted: self.position_numbers().end,
            last_effective_time: self.last_effective_time,
            finals: finals.collect(),
            ended_at: self.ended_at,
            result: self.result.clone(),
        }
    }

    pub(super) fn state(&self) -> BattleState {
        let BattleProgress {
            battle: _,
            status,
            log_number,
            accepted,
            last_effective_time,
            finals,
            ended_at,
            result,
        } = self.progress();
        BattleState {
            terms: self.terms.clone(),
            status,
            log_number,
            accepted,
            last_effective_time,
            finals,
            ended_at,
            result,
        }
    }

    pub(super) fn participant_state(&self, number: u32) -> Option<ParticipantState> {
        let player = self.player(number)?;
        Some(ParticipantState {
            battle: self.terms.battle,
            player: player.id,
            number,
            cash: player.cash,
            cards_left: player.cards_left,
            fills: player.fills,
            usage: player.usage,
        })
    }

    pub(super) fn position_state(&self, number: u32) -> Option<PositionState> {
        let position = self.position(number)?;
        let noted = self.noted_on(number).map(|(number, waiting)| Noted {
            number,
            effective_time: waiting.effective_time,
            change: waiting.change,
        });
        let end = self.end_of(position);
        let status = match position.stage() {
            Stage::Pending => PositionStatus::Pending,
            Stage::Open(_) => PositionStatus::Open,
            Stage::Ended => end?.status(),
        };
        Some(PositionState {
            id: position.id,
            battle: self.terms.battle,
            player: self.player(position.player)?.id,
            number,
            symbol: self
                .terms
                .template
                .assets
                .get(position.listing.index())?
                .symbol
                .clone(),
            side: position.stake.side(),
            kind: position.order.kind(),
            margin: position.stake.margin(),
            leverage: position.stake.leverage(),
            size: position.stake.size(),
            open_fee: position.open_fee,
            card_spent: position.card_spent,
            stop_loss: position.stop_loss,
            take_profit: position.take_profit,
            status,
            effective_time: position.effective_time,
            stale_at: position.order.stale_at(),
            fill: position.fill,
            end,
            noted: noted.collect(),
        })
    }

    pub(super) fn rows(&self) -> BattleRows {
        let players = self.players.iter().zip(0..);
        let outcomes = self.players.iter().flat_map(|player| {
            player
                .kept
                .iter()
                .map(|(request, (body_hash, outcome))| OutcomeState {
                    battle: self.terms.battle,
                    player: player.id,
                    request: *request,
                    body_hash: *body_hash,
                    outcome: *outcome,
                })
        });
        BattleRows {
            battle: self.state(),
            participants: players
                .filter_map(|(_, number)| self.participant_state(number))
                .collect(),
            positions: self
                .position_numbers()
                .filter_map(|number| self.position_state(number))
                .collect(),
            outcomes: outcomes.collect(),
        }
    }
}

impl Turn<'_> {
    /// Puts rows into the battle, which was opened with their terms. The error says what was
    /// expected of them.
    pub(super) fn restore(&mut self, rows: BattleRows) -> Result<(), &'static str> {
        let BattleRows {
            battle: state,
            participants,
            mut positions,
            outcomes,
        } = rows;
        let battle = &mut *self.battle;
        battle.status = state.status;
        battle.log_number = state.log_number;
        battle.last_effective_time = state.last_effective_time;
        battle.ended_at = state.ended_at;
        battle.result = state.result;
        for asset in state.finals {
            let listing = battle.listing(&asset.symbol);
            let listing = listing.and_then(|listing| battle.listings.get_mut(listing));
            listing
                .ok_or("expected final assets that the template allows")?
                .course = Course::Final(asset.tick);
        }
        for row in &participants {
            restore_player(battle, row)?;
        }
        if participants.len() != battle.players.len() {
            return Err("expected a participant for every seat");
        }
        positions.sort_by_key(|row| row.number);
        if positions.len() != usize::try_from(state.accepted).unwrap_or(usize::MAX) {
            return Err("expected every accepted position");
        }
        for row in positions {
            self.restore_position(row)?;
        }
        for row in outcomes {
            let battle = &mut *self.battle;
            let number = battle.numbers.get(&row.player).copied();
            let player = number.and_then(|number| battle.player_mut(number));
            let player = player.ok_or("expected outcomes of participants")?;
            player
                .kept
                .insert(row.request, (row.body_hash, row.outcome));
        }
        Ok(())
    }

    fn restore_position(&mut self, row: PositionState) -> Result<(), &'static str> {
        let battle = &mut *self.battle;
        let number = battle.position_numbers().end;
        if row.number != number {
            return Err("expected positions numbered from 0 without a gap");
        }
        let position = position(battle, &row)?;
        let (listing, owner) = (position.listing.index(), position.player);
        let (stake, cost) = (position.stake, position.cost());
        battle.push_position(position);
        if let Some(end) = row.end {
            battle.end(number, end);
        }
        let stage = battle.position(number).map(Position::stage);
        let player = battle
            .player_mut(owner)
            .ok_or("expected positions of participants")?;
        match stage {
            Some(Stage::Pending) => {
                player.reserved = player.reserved.saturating_add(cost);
                player.held = player.held.saturating_add(1);
            }
            Some(Stage::Open(fill)) => {
                player.held = player.held.saturating_add(1);
                let line = battle
                    .line_mut(owner, listing)
                    .ok_or("expected a listed asset")?;
                line.add(stake, fill.tick.price);
            }
            Some(Stage::Ended) | None => {}
        }
        if stage == Some(Stage::Pending) {
            self.schedule(listing, row.effective_time, Duty::Arm { number });
            if let Some(stale_at) = row.stale_at {
                self.schedule(listing, stale_at, Duty::Stale { number });
            }
        }
        for noted in row.noted {
            self.restore_noted(listing, number, noted);
        }
        self.rearm(number, Triggers::default());
        Ok(())
    }

    fn restore_noted(&mut self, listing: usize, number: u32, noted: Noted) {
        let Noted {
            number: log,
            effective_time,
            change,
        } = noted;
        self.battle.noted.insert(
            (number, log),
            Waiting {
                effective_time,
                change,
            },
        );
        let duty = match change {
            NotedChange::Close => Duty::Close { number },
            NotedChange::Cancel | NotedChange::Amend { .. } => Duty::Change { log, number },
        };
        self.schedule(listing, effective_time, duty);
    }
}

fn restore_player(battle: &mut Battle, row: &ParticipantState) -> Result<(), &'static str> {
    let player = battle
        .player_mut(row.number)
        .filter(|player| player.id == row.player);
    let player = player.ok_or("expected participants in the order of the seats")?;
    player.cash = row.cash;
    player.cards_left = row.cards_left;
    player.fills = row.fills;
    player.usage = row.usage;
    Ok(())
}

fn position(battle: &Battle, row: &PositionState) -> Result<Position, &'static str> {
    let order = match (row.kind, row.stale_at) {
        (OrderKind::Market, Some(stale_at)) => Order::Market { stale_at },
        (OrderKind::Limit(limit), None) => Order::Limit(limit),
        (OrderKind::Market, None) | (OrderKind::Limit(_), Some(_)) => {
            return Err("expected a deadline of market orders alone");
        }
    };
    Ok(Position {
        id: row.id,
        player: battle
            .numbers
            .get(&row.player)
            .copied()
            .ok_or("expected positions of participants")?,
        listing: battle
            .listing(&row.symbol)
            .map(Listed::new)
            .ok_or("expected positions in assets that the template allows")?,
        stake: Stake::parse(row.side, row.margin, row.leverage)
            .ok_or("expected a margin and a size in range")?,
        order,
        open_fee: row.open_fee,
        card_spent: row.card_spent,
        stop_loss: row.stop_loss,
        take_profit: row.take_profit,
        effective_time: row.effective_time,
        fill: row.fill,
        end: None,
        armed: false,
    })
}
