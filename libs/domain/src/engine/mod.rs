//! The engine of one shard: follows the market, decides commands and ends battles. It owns every
//! position and every chip of its battles and knows no clock: all that it does follows from the
//! market entries and commands that it is given, in the order in which it is given them.
//!
//! An entry does, first to last: what is noted and due, cancels and amendments, applies in log order;
//! a watermark rejects market orders past their deadline; beyond the end the asset becomes final, and
//! with the last one the match; and a tick inside the match does one thing each to the positions that
//! it touches, in order of acceptance. So these happen, in the order of their numbers, where all of
//! it has fallen due at once and the tick reaches it all:
//!
//! | due, in order of acceptance | watermark | tick | watermark beyond the end | tick beyond the end | finalise | cancel of the match |
//! |---|---|---|---|---|---|---|
//! | OPEN, amendment to a stop at the tick, and close | 2. amended | 2. amended 4. CLOSED: stop_loss 5. close lapses | 2. amended 6. CLOSED: match_end 7. close lapses | 2. amended 4. CLOSED: match_end 5. close lapses | 1. CLOSED: match_end 2. amend lapses 3. close lapses | 1. CANCELED: match_canceled 2. amend lapses 3. close lapses |
//! | OPEN, close | – | 6. CLOSED: close | 8. CLOSED: match_end 9. close lapses | 6. CLOSED: match_end 7. close lapses | 4. CLOSED: match_end 5. close lapses | 4. CANCELED: match_canceled 5. close lapses |
//! | market order past its deadline | 4. REJECTED: feed_stale | 7. OPEN | 4. REJECTED: feed_stale | 8. CANCELED: match_end | 6. CANCELED: match_end | 6. CANCELED: match_canceled |
//! | limit order in reach, amendment and cancel | 1. amended 3. CANCELED: cancel | 1. amended 3. CANCELED: cancel | 1. amended 3. CANCELED: cancel | 1. amended 3. CANCELED: cancel | 7. CANCELED: match_end 8. amend lapses 9. cancel lapses | 7. CANCELED: match_canceled 8. amend lapses 9. cancel lapses |
//! | limit order in reach | – | 8. OPEN | 10. CANCELED: match_end | 9. CANCELED: match_end | 10. CANCELED: match_end | 10. CANCELED: match_canceled |
//! | market order | – | 9. OPEN | 5. REJECTED: feed_stale | 10. CANCELED: match_end | 11. CANCELED: match_end | 11. CANCELED: match_canceled |
//! | the match | – | – | 11. FINAL | 11. FINAL | 12. FINAL | 12. CANCELED |
//!
//! A command is refused for the first of its faults, or taken. `kept` says that the refusal is logged
//! and kept under the request id, `no trace` that it is not, and – that the command cannot have the
//! fault:
//!
//! | fault | refusal | order | close | cancel | amendment |
//! |---|---|---|---|---|---|
//! | there is no such match | MATCH_NOT_FOUND | no trace | no trace | no trace | no trace |
//! | no seat in it | NOT_A_PARTICIPANT | no trace | no trace | no trace | no trace |
//! | its request id was used for another | IDEMPOTENCY_CONFLICT | no trace | no trace | no trace | no trace |
//! | its position's id is taken | IDEMPOTENCY_CONFLICT | no trace | – | – | – |
//! | the match has ended | MATCH_NOT_OPEN | no trace | no trace | no trace | no trace |
//! | stamped outside the match, and one too many | MATCH_NOT_OPEN | no trace | no trace | no trace | no trace |
//! | one too many | RATE_LIMITED | no trace | no trace | no trace | no trace |
//! | stamped outside the match | MATCH_NOT_OPEN | kept | kept | kept | kept |
//! | not an asset of the match | ASSET_NOT_FOUND | kept | – | – | – |
//! | no tick, or stamped over 10 s past the watermark | FEED_STALE | kept | – | – | – |
//! | leverage above the template's, or too coarse a step | LEVERAGE_NOT_ALLOWED | kept | – | – | – |
//! | leverage above 10 without a card | LEVERAGE_ITEM_REQUIRED | kept | – | – | – |
//! | margin too small or malformed, or size too large | INVALID_MARGIN | kept | – | – | – |
//! | limit price malformed | INVALID_LIMIT_PRICE | kept | – | – | – |
//! | no such position of the player's | POSITION_NOT_FOUND | – | kept | kept | kept |
//! | not a pending limit order | POSITION_NOT_PENDING | – | – | kept | – |
//! | not an open position | POSITION_NOT_OPEN | – | kept | – | – |
//! | the position has ended | POSITION_CLOSED | – | – | – | kept |
//! | a close or cancel of it is noted | ALREADY_CLOSING | – | kept | kept | – |
//! | stop loss out of bounds or malformed | INVALID_STOP_LOSS | kept | – | – | kept |
//! | take profit out of bounds or malformed | INVALID_TAKE_PROFIT | kept | – | – | kept |
//! | as many positions as there may be | MAX_POSITIONS | kept | – | – | – |
//! | not enough chips | INSUFFICIENT_V_BALANCE | kept | – | – | – |
//!
//! [`battle`](crate::battle) has the table of a match, and [`position`](crate::position) that of an
//! order and a position. The oracle's tests make all of them anew, cell by cell.
//!
//! Where the rules of the game are silent, these hold:
//!
//! - The epoch is one for all assets, and so is the order of entries.
//! - A trade is one tick, however often it is stored: the exchange numbers the trades of an asset
//!   upwards, and the market tells ticks in that order, so one whose number is not above the last
//!   tick's is a copy.
//! - MATCH_NOT_FOUND, NOT_A_PARTICIPANT, IDEMPOTENCY_CONFLICT and RATE_LIMITED leave no trace:
//!   they are neither logged nor kept nor counted, and the request id may be tried again. So
//!   nobody locks himself out by sending too much, and what is refused for that cannot fill the
//!   record.
//! - Neither does a command outside the match that is one too many besides: its answer is
//!   MATCH_NOT_OPEN, which comes before RATE_LIMITED.
//! - Neither does a new command leave any once the battle has ended: its record is complete, and
//!   the answer is MATCH_NOT_OPEN however often it comes. What was kept before is answered as
//!   before.
//! - Every other command is logged, kept, counted, and raises the battle's last stamp, refused
//!   ones too, MATCH_NOT_OPEN before the start or behind the end of a running battle included.
//! - A second close or cancel is ALREADY_CLOSING; an amendment of a closing position is taken.
//! - A noted cancel lapses the moment that its order fills; everything noted on a position lapses
//!   when it ends. An amendment is checked when it is taken, not again when it applies, and only
//!   the levels that it sets.
//! - A fill and the fees of an exit never cost more than margin and profit cover.
//! - A canceled match returns margin and open fee of every position that had not ended.
//!
//! An entry of an older epoch, a tick at or before its watermark or older than the last, a copy of
//! a tick, and a watermark older than the last do nothing at all.

mod blocks;
mod book;
mod chunks;
mod directory;
mod effects;
mod ending;
mod equity;
mod flow;
mod live;
mod orders;
#[cfg(test)]
mod properties;
mod restore;
mod stamp;
#[cfg(test)]
mod tests;
mod turn;

use std::collections::BTreeMap;

pub use effects::{Effects, Fact, PositionChange, Touched};

use self::book::{Duty, Key, Siblings, Slot};
use self::directory::Directory;
use self::live::{Battle, Course};
use self::turn::Turn;
use crate::battle::{
    AssetState, BattleProgress, BattleRows, BattleState, BattleStatus, BattleTerms, LiveStanding,
    LogBody, MarketState, ParticipantState, TermsRefusal,
};
use crate::id::{BattleId, PositionId, UserId};
use crate::market::{Epoch, Incarnation};
use crate::order::{Answer, Command, Origin, Outcome, Refusal};
use crate::position::PositionState;
use crate::price::Price;
use crate::symbol::Symbol;

/// All battles of one shard.
///
/// What every entry reads comes first, in one cache line, and the assets behind it.
#[derive(Debug, Default)]
#[repr(C, align(128))]
pub struct Engine {
    sequence: u64,
    epoch: Epoch,
    ahead_ns: i64,
    incarnation: Incarnation,
    /// By slot; a battle that was forgotten leaves its slot empty for good.
    battles: Vec<Option<Box<Battle>>>,
    slots: BTreeMap<BattleId, Slot>,
    /// What fires, and what it leaves behind: empty between calls.
    fired: Vec<Key>,
    siblings: Siblings,
    directory: Directory,
}

/// Why an engine cannot be restored from rows: they contradict each other.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("battle {battle}: {expected}")]
pub struct RestoreError {
    /// The battle whose rows are at fault.
    pub battle: BattleId,
    /// What was expected.
    pub expected: &'static str,
}

/// Why a battle cannot be canceled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CancelRefusal {
    /// No such battle is here.
    #[error("there is no such match")]
    NotFound,
    /// It has a result already.
    #[error("the match already has a result")]
    Final,
}

impl Engine {
    /// An engine without battles that has applied nothing of the market stream.
    pub fn new(incarnation: Incarnation) -> Self {
        Self {
            incarnation,
            ..Self::default()
        }
    }

    /// The engine that these rows were taken from. It goes on exactly as that one would have.
    pub fn restore(market: MarketState, battles: Vec<BattleRows>) -> Result<Self, RestoreError> {
        let mut engine = Self {
            incarnation: market.incarnation,
            sequence: market.sequence,
            epoch: market.epoch,
            ahead_ns: market.ahead_ns,
            ..Self::default()
        };
        for state in market.assets {
            let index = engine.directory.find_or_insert(&state.symbol);
            if let Some(asset) = engine.directory.get_mut(index) {
                if let Some(tick) = state.tick {
                    asset.set_tick(tick);
                }
                if let Some(time) = state.watermark {
                    asset.set_watermark(time);
                }
            }
        }
        for rows in battles {
            engine.adopt(rows)?;
        }
        Ok(engine)
    }

    /// Takes a battle's rows in beside those already here, as at the last entry applied. A
    /// battle that is already here stays as it is.
    pub fn adopt(&mut self, rows: BattleRows) -> Result<(), RestoreError> {
        let terms = rows.battle.terms.clone();
        let battle = terms.battle;
        if self.slots.contains_key(&battle) {
            return Ok(());
        }
        let open = rows.battle.status == BattleStatus::Open;
        let slot = self.seat(terms);
        let mut effects = Effects::default();
        let restored = self
            .turn(slot, &mut effects)
            .map_or(Ok(()), |mut turn| turn.restore(rows));
        if let Err(expected) = restored {
            return Err(RestoreError { battle, expected });
        }
        if open {
            self.await_ends(slot);
        }
        Ok(())
    }

    /// What is known of the market: the part of the checkpoint that is not a battle's.
    pub fn market_state(&self) -> MarketState {
        self.market_of(self.directory.by_symbol().into_iter())
    }

    /// Every row of a battle.
    pub fn rows(&self, battle: BattleId) -> Option<BattleRows> {
        self.find(battle).map(Battle::rows)
    }

    /// The battles that are here, ended ones too, in the order of their ids.
    pub fn battles(&self) -> impl Iterator<Item = BattleId> + '_ {
        self.slots.keys().copied()
    }

    /// Whether a battle is here, running or ended.
    pub fn knows(&self, battle: BattleId) -> bool {
        self.slots.contains_key(&battle)
    }

    /// Begins to follow the market for a battle. Opening it again does nothing.
    pub fn open(&mut self, terms: BattleTerms, effects: &mut Effects) -> Result<(), TermsRefusal> {
        if self.slots.contains_key(&terms.battle) {
            return Ok(());
        }
        terms.validate()?;
        let battle = terms.battle;
        let slot = self.seat(terms);
        self.await_ends(slot);
        let market = self.market_of(self.assets_of(slot).into_iter());
        effects.facts.push(Fact::BattleOpened { battle });
        if let Some(mut turn) = self.turn(slot, effects) {
            turn.log(LogBody::Opened { market });
            turn.touch_players();
        }
        Ok(())
    }

    /// Moves on to `sequence` without its entry, because nothing up to there was about a battle
    /// of ours, or is there any more: a record holds only the entries that were.
    pub fn skip_to(&mut self, sequence: u64) {
        self.sequence = self.sequence.max(sequence);
    }

    /// Decides a command behind the last market entry applied. A repeat gets the kept outcome.
    pub fn command(&mut self, command: &Command, effects: &mut Effects) -> Answer {
        let ahead_ns = self.ahead_ns;
        let slot = self.slots.get(&command.battle).copied();
        let turn = slot.and_then(|slot| self.turn(slot, effects));
        let answer = turn.map(|mut turn| turn.command(command, ahead_ns));
        answer.unwrap_or(Answer {
            outcome: Outcome::Refused(Refusal::MatchNotFound),
            origin: Origin::Passing,
        })
    }

    /// Ends a battle with the ticks that came so far. Returns whether it was still open.
    pub fn finalise(&mut self, battle: BattleId, effects: &mut Effects) -> bool {
        let slot = self.slots.get(&battle).copied();
        let turn = slot.and_then(|slot| self.turn(slot, effects));
        let open = turn.filter(|turn| turn.battle.status == BattleStatus::Open);
        open.map(|mut turn| turn.finalise()).is_some()
    }

    /// Calls a battle off: positions are canceled, card uses come back, nothing is ranked. Doing
    /// it again does nothing.
    pub fn cancel_battle(
        &mut self,
        battle: BattleId,
        effects: &mut Effects,
    ) -> Result<(), CancelRefusal> {
        let slot = self.slots.get(&battle).copied();
        let turn = slot.and_then(|slot| self.turn(slot, effects));
        let mut turn = turn.ok_or(CancelRefusal::NotFound)?;
        match turn.battle.status {
            BattleStatus::Open => turn.cancel(),
            BattleStatus::Canceled => {}
            BattleStatus::Final => return Err(CancelRefusal::Final),
        }
        Ok(())
    }

    /// Drops a battle that has ended, its kept outcomes too. An open one stays.
    pub fn forget(&mut self, battle: BattleId) {
        let ended = self
            .find(battle)
            .is_some_and(|battle| battle.status != BattleStatus::Open);
        if !ended {
            return;
        }
        let slot = self
            .slots
            .remove(&battle)
            .and_then(|slot| usize::try_from(slot).ok());
        if let Some(place) = slot.and_then(|slot| self.battles.get_mut(slot)) {
            *place = None;
        }
    }

    /// What has changed in a battle's row since it opened: its terms, which may be long, never do.
    pub fn progress(&self, battle: BattleId) -> Option<BattleProgress> {
        self.find(battle).map(Battle::progress)
    }

    /// A battle's latest row.
    pub fn battle(&self, battle: BattleId) -> Option<BattleState> {
        self.find(battle).map(Battle::state)
    }

    /// A participant's latest row.
    pub fn participant(&self, battle: BattleId, player: UserId) -> Option<ParticipantState> {
        let battle = self.find(battle)?;
        battle.participant_state(*battle.numbers.get(&player)?)
    }

    /// A position's latest row.
    pub fn position(&self, battle: BattleId, position: PositionId) -> Option<PositionState> {
        let battle = self.find(battle)?;
        battle.position_state(battle.position_number(position)?)
    }

    /// Live equity, rank and open positions of every player of a battle, by number.
    pub fn standings(&self, battle: BattleId) -> Option<Vec<LiveStanding>> {
        let battle = self.find(battle)?;
        let price = |asset: usize| Some(self.directory.get(asset)?.tick()?.price);
        let prices: Vec<Option<Price>> = battle
            .listings
            .iter()
            .map(|listing| match listing.course {
                Course::Running => price(listing.asset),
                Course::Final(tick) => tick.map(|tick| tick.price),
            })
            .collect();
        Some(battle.standings(&prices))
    }

    /// Gives a battle a slot, with its assets among ours.
    fn seat(&mut self, terms: BattleTerms) -> Slot {
        let symbols: Vec<Symbol> = terms
            .template
            .assets
            .iter()
            .map(|asset| asset.symbol.clone())
            .collect();
        let assets: Vec<usize> = symbols
            .iter()
            .map(|symbol| self.directory.find_or_insert(symbol))
            .collect();
        let slot = Slot::try_from(self.battles.len()).unwrap_or(Slot::MAX);
        self.slots.insert(terms.battle, slot);
        self.battles
            .push(Some(Box::new(Battle::open(slot, terms, &assets))));
        slot
    }

    /// Queues the end of a battle on each asset that is not final yet.
    fn await_ends(&mut self, slot: Slot) {
        let mut effects = Effects::default();
        let Some(mut turn) = self.turn(slot, &mut effects) else {
            return;
        };
        let beyond = turn.battle.terms.end_time.plus_ms(1);
        for index in 0..turn.battle.listings.len() {
            let course = turn
                .battle
                .listings
                .get(index)
                .map(|listing| listing.course);
            if course == Some(Course::Running) {
                turn.schedule(index, beyond, Duty::End);
            }
        }
    }

    fn turn<'a>(&'a mut self, slot: Slot, effects: &'a mut Effects) -> Option<Turn<'a>> {
        let place = self.battles.get_mut(usize::try_from(slot).ok()?)?;
        Some(Turn {
            battle: place.as_deref_mut()?,
            assets: &mut self.directory,
            incarnation: self.incarnation,
            sequence: self.sequence,
            siblings: &mut self.siblings,
            effects,
            firing: None,
        })
    }

    fn find(&self, battle: BattleId) -> Option<&Battle> {
        self.at(*self.slots.get(&battle)?)
    }

    fn at(&self, slot: Slot) -> Option<&Battle> {
        self.battles.get(usize::try_from(slot).ok()?)?.as_deref()
    }

    /// The id of the battle in a slot: effects come in the order of ids, which does not depend on
    /// the order in which battles came here.
    fn id(&self, slot: Slot) -> Option<BattleId> {
        self.at(slot).map(|battle| battle.terms.battle)
    }

    fn assets_of(&self, slot: Slot) -> Vec<usize> {
        let listings = self.at(slot).map(|battle| battle.listings.iter());
        listings
            .into_iter()
            .flatten()
            .map(|listing| listing.asset)
            .collect()
    }

    fn market_of(&self, assets: impl Iterator<Item = usize>) -> MarketState {
        let known = assets.filter_map(|index| self.directory.get(index));
        MarketState {
            incarnation: self.incarnation,
            sequence: self.sequence,
            epoch: self.epoch,
            ahead_ns: self.ahead_ns,
            assets: known
                .map(|asset| AssetState {
                    symbol: asset.symbol.clone(),
                    tick: asset.tick(),
                    watermark: asset.watermark(),
                })
                .collect(),
        }
    }
}
