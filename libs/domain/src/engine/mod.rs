//! The engine of one shard: follows the market, decides commands and ends battles. It owns every
//! position and every chip of its battles and knows no clock: all that it does follows from the
//! market entries and commands that it is given, in the order in which it is given them.

mod effects;

pub use effects::{Effects, Fact, PositionChange, Touched};

use crate::battle::{
    BattleRows, BattleState, BattleTerms, LiveStanding, MarketState, ParticipantState,
};
use crate::id::{BattleId, PositionId, UserId};
use crate::market::{Incarnation, MarketEntry};
use crate::order::{Answer, Command, Origin, Outcome, Refusal};
use crate::position::PositionState;

/// All battles of one shard.
#[derive(Debug, Default)]
pub struct Engine {}

/// Why an engine cannot be restored from rows: they contradict each other.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("battle {battle}: {what}")]
pub struct RestoreError {
    /// The battle whose rows are at fault.
    pub battle: BattleId,
    /// What was expected.
    pub what: &'static str,
}

/// Why a battle cannot be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenRefusal {
    /// Its template breaks a rule.
    #[error(transparent)]
    Template(#[from] crate::game::TemplateRefusal),
    /// Nobody sits there, too many do, or somebody sits twice.
    #[error("expected as many different players as the template seats")]
    Seats,
    /// It would end before it starts.
    #[error("expected an end after the start")]
    Times,
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
        let _ = incarnation;
        Self::default()
    }

    /// The engine that these rows were taken from. It goes on exactly as that one would have.
    pub fn restore(market: MarketState, battles: Vec<BattleRows>) -> Result<Self, RestoreError> {
        drop((market, battles));
        Ok(Self::default())
    }

    /// Takes a battle's rows in beside those already here, as at the last entry applied. A
    /// battle that is already here stays as it is.
    pub fn adopt(&mut self, rows: BattleRows) -> Result<(), RestoreError> {
        drop(rows);
        Ok(())
    }

    /// What is known of the market: the part of the checkpoint that is not a battle's.
    pub fn market_state(&self) -> MarketState {
        MarketState::default()
    }

    /// Every row of a battle.
    pub fn rows(&self, battle: BattleId) -> Option<BattleRows> {
        let _ = battle;
        None
    }

    /// The battles that are here, ended ones too, in the order of their ids.
    pub fn battles(&self) -> impl Iterator<Item = BattleId> + '_ {
        std::iter::empty()
    }

    /// Begins to follow the market for a battle. Opening it again does nothing.
    pub fn open(&mut self, terms: BattleTerms, effects: &mut Effects) -> Result<(), OpenRefusal> {
        let _ = (terms, effects);
        Ok(())
    }

    /// Applies the market entry at `sequence`. One that was applied before does nothing.
    pub fn market(&mut self, sequence: u64, entry: &MarketEntry, effects: &mut Effects) {
        let _ = (sequence, entry, effects);
    }

    /// Decides a command behind the last market entry applied. A repeat gets the kept outcome.
    pub fn command(&mut self, command: &Command, effects: &mut Effects) -> Answer {
        let _ = (command, effects);
        Answer {
            outcome: Outcome::Refused(Refusal::MatchNotFound),
            origin: Origin::Passing,
        }
    }

    /// Ends a battle with the ticks that came so far. Returns whether it was still open.
    pub fn finalise(&mut self, battle: BattleId, effects: &mut Effects) -> bool {
        let _ = (battle, effects);
        false
    }

    /// Calls a battle off: positions are canceled, card uses come back, nothing is ranked. Doing
    /// it again does nothing.
    pub fn cancel_battle(
        &mut self,
        battle: BattleId,
        effects: &mut Effects,
    ) -> Result<(), CancelRefusal> {
        let _ = (battle, effects);
        Ok(())
    }

    /// Drops a battle that has ended, its kept outcomes too. An open one stays.
    pub fn forget(&mut self, battle: BattleId) {
        let _ = battle;
    }

    /// A battle's latest row.
    pub fn battle(&self, battle: BattleId) -> Option<BattleState> {
        let _ = battle;
        None
    }

    /// A participant's latest row.
    pub fn participant(&self, battle: BattleId, player: UserId) -> Option<ParticipantState> {
        let _ = (battle, player);
        None
    }

    /// A position's latest row.
    pub fn position(&self, battle: BattleId, position: PositionId) -> Option<PositionState> {
        let _ = (battle, position);
        None
    }

    /// Live equity, rank and open positions of every player of a battle, by number.
    pub fn standings(&self, battle: BattleId) -> Option<Vec<LiveStanding>> {
        let _ = battle;
        None
    }
}
