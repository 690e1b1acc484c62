//! One battle: its terms, its players, its log and the rows that it is kept in.
//!
//! What each event does to a match of two assets. Commands are stamped within it, and before its
//! start as long as that has not come; a code is a refusal, and `no trace` says that it is neither
//! kept nor logged. The oracle's tests make these lines anew, cell by cell.
//!
//! | match | not here | before its start | OPEN | OPEN, an asset final | FINAL | CANCELED |
//! |---|---|---|---|---|---|---|
//! | opened | OPEN | – | – | – | – | – |
//! | opened on terms that break a rule | refused | – | – | – | – | – |
//! | tick inside the match | – | – | – | – | – | – |
//! | watermark inside the match | – | – | – | – | – | – |
//! | tick beyond the end, of one asset | – | OPEN, an asset final | OPEN, an asset final | – | – | – |
//! | watermark beyond the end, of one asset | – | OPEN, an asset final | OPEN, an asset final | – | – | – |
//! | tick beyond the end, of every asset | – | FINAL | FINAL | FINAL | – | – |
//! | watermark beyond the end, of every asset | – | FINAL | FINAL | FINAL | – | – |
//! | watermark beyond the end, of an older epoch | – | – | – | – | – | – |
//! | gap | – | – | – | – | – | – |
//! | note of a trade beyond the end | – | – | – | – | – | – |
//! | offset | – | – | – | – | – | – |
//! | finalise | – | FINAL | FINAL | FINAL | – | – |
//! | cancel of the match | refused: there is no such match | CANCELED | CANCELED | CANCELED | refused: the match already has a result | – |
//! | forgotten | – | – | – | – | not here | not here |
//! | order | MATCH_NOT_FOUND, no trace | MATCH_NOT_OPEN | accepted | accepted | MATCH_NOT_OPEN, no trace | MATCH_NOT_OPEN, no trace |
//! | close | MATCH_NOT_FOUND, no trace | MATCH_NOT_OPEN | accepted | accepted | MATCH_NOT_OPEN, no trace | MATCH_NOT_OPEN, no trace |
//! | cancel of an order | MATCH_NOT_FOUND, no trace | MATCH_NOT_OPEN | accepted | accepted | MATCH_NOT_OPEN, no trace | MATCH_NOT_OPEN, no trace |
//! | amendment | MATCH_NOT_FOUND, no trace | MATCH_NOT_OPEN | accepted | accepted | MATCH_NOT_OPEN, no trace | MATCH_NOT_OPEN, no trace |
//! | order stamped at the end | MATCH_NOT_FOUND, no trace | MATCH_NOT_OPEN | MATCH_NOT_OPEN | MATCH_NOT_OPEN | MATCH_NOT_OPEN, no trace | MATCH_NOT_OPEN, no trace |
//! | order, one too many | MATCH_NOT_FOUND, no trace | MATCH_NOT_OPEN, no trace | RATE_LIMITED, no trace | RATE_LIMITED, no trace | MATCH_NOT_OPEN, no trace | MATCH_NOT_OPEN, no trace |
//! | order stamped at the end, one too many | MATCH_NOT_FOUND, no trace | MATCH_NOT_OPEN, no trace | MATCH_NOT_OPEN, no trace | MATCH_NOT_OPEN, no trace | MATCH_NOT_OPEN, no trace | MATCH_NOT_OPEN, no trace |
//! | its first command again | MATCH_NOT_FOUND, no trace | MATCH_NOT_OPEN as before | accepted as before | accepted as before | accepted as before | accepted as before |
//! | another command under its request id | MATCH_NOT_FOUND, no trace | IDEMPOTENCY_CONFLICT, no trace | IDEMPOTENCY_CONFLICT, no trace | IDEMPOTENCY_CONFLICT, no trace | IDEMPOTENCY_CONFLICT, no trace | IDEMPOTENCY_CONFLICT, no trace |
//! | command of somebody who does not play | MATCH_NOT_FOUND, no trace | NOT_A_PARTICIPANT, no trace | NOT_A_PARTICIPANT, no trace | NOT_A_PARTICIPANT, no trace | NOT_A_PARTICIPANT, no trace | NOT_A_PARTICIPANT, no trace |

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::chips::Chips;
use crate::game::{Template, TemplateRefusal};
use crate::id::{BattleId, GameId, PositionId, RequestId, UserId};
use crate::market::{Epoch, Incarnation, Tick};
use crate::order::{BodyHash, CommandBody, Outcome};
use crate::position::PositionState;
use crate::ranking::BattleResult;
use crate::symbol::Symbol;
use crate::timestamp::Timestamp;

/// The most commands of a player in one whole second of effective time.
pub const MAX_COMMANDS_PER_SECOND: u32 = 10;
/// The most new orders and amendments of a player in a battle; closes and cancels have as many of
/// their own.
pub const MAX_COMMANDS_PER_BATTLE: u32 = 5_000;
/// How far past an asset's newest watermark a stamp may lie, and how long past its moment a market
/// order waits for a tick, in milliseconds.
pub const STALE_MS: i64 = 10_000;

/// What a battle was opened with. Nothing of it changes afterwards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BattleTerms {
    /// Its id.
    pub battle: BattleId,
    /// The game that it is a match of.
    pub game: GameId,
    /// The version of the game's template.
    pub version: u32,
    /// The battle's own copy of that template.
    pub template: Template,
    /// Whether cups, experience and items are at stake; a room that no admin made is unranked.
    pub ranked: bool,
    /// When trading begins.
    pub start_time: Timestamp,
    /// When trading ends; the moment itself is outside.
    pub end_time: Timestamp,
    /// The players; a player's number is the place in this list.
    pub seats: Vec<Seat>,
}

impl BattleTerms {
    /// Refuses terms that no battle can be played by.
    pub fn validate(&self) -> Result<(), TermsRefusal> {
        self.template.validate_play()?;
        let players = self.seats.iter().map(|seat| seat.player);
        let different = players.collect::<BTreeSet<_>>().len();
        let seats = u32::try_from(self.seats.len()).unwrap_or(u32::MAX);
        let fits = (self.template.min_players..=self.template.max_players).contains(&seats);
        if !fits || different != self.seats.len() {
            return Err(TermsRefusal::Seats);
        }
        if self.end_time <= self.start_time {
            return Err(TermsRefusal::Times);
        }
        Ok(())
    }
}

/// Why a battle cannot be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TermsRefusal {
    /// Its template breaks a rule.
    #[error(transparent)]
    Template(#[from] TemplateRefusal),
    /// Too few or too many players, or somebody sits twice.
    #[error("expected as many different players as the template seats")]
    Seats,
    /// It would end before it starts.
    #[error("expected an end after the start")]
    Times,
}

/// A player's seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seat {
    /// Who sits there.
    pub player: UserId,
    /// The leverage card uses that were moved into the battle.
    pub card_uses: u32,
}

/// Where a battle stands in the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum BattleStatus {
    /// It follows the market.
    Open,
    /// It has a result.
    Final,
    /// It was called off.
    Canceled,
}

/// A battle's row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BattleState {
    /// What it was opened with.
    pub terms: BattleTerms,
    /// Where it stands.
    pub status: BattleStatus,
    /// The number of its last log entry.
    pub log_number: u64,
    /// How many orders it has accepted.
    pub accepted: u32,
    /// The stamp of its last logged command.
    pub last_effective_time: Option<Timestamp>,
    /// The assets that are final already.
    pub finals: Vec<AssetFinal>,
    /// The market entry that ended it, or behind which it was ended.
    pub ended_at: Option<u64>,
    /// The result, once it is final.
    pub result: Option<BattleResult>,
}

/// What changes in a battle's row while it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BattleProgress {
    /// The battle.
    pub battle: BattleId,
    /// Where it stands.
    pub status: BattleStatus,
    /// The number of its last log entry.
    pub log_number: u64,
    /// How many orders it has accepted.
    pub accepted: u32,
    /// The stamp of its last logged command.
    pub last_effective_time: Option<Timestamp>,
    /// The assets that are final already.
    pub finals: Vec<AssetFinal>,
    /// The market entry that ended it, or behind which it was ended.
    pub ended_at: Option<u64>,
    /// The result, once it is final.
    pub result: Option<BattleResult>,
}

/// The final price of an asset in a battle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssetFinal {
    /// The asset.
    pub symbol: Symbol,
    /// Its last tick inside the match; none if there was no such tick.
    pub tick: Option<Tick>,
}

/// A player's row in a battle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParticipantState {
    /// The battle.
    pub battle: BattleId,
    /// The player.
    pub player: UserId,
    /// The player's number in the battle.
    pub number: u32,
    /// Free chips.
    pub cash: Chips,
    /// Leverage card uses that are left.
    pub cards_left: u32,
    /// Orders that were filled.
    pub fills: u32,
    /// How much of the limits is used up.
    pub usage: Usage,
}

/// How many commands a player has sent. Those beyond the limits, repeats and conflicts do not
/// count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Usage {
    /// The whole second of effective time that `in_second` counts, since 1970.
    pub second: i64,
    /// Commands of any kind in that second.
    pub in_second: u32,
    /// New orders and amendments in the battle.
    pub orders: u32,
    /// Closes and cancels in the battle.
    pub exits: u32,
}

/// A kept outcome's row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutcomeState {
    /// The battle.
    pub battle: BattleId,
    /// The player who asked.
    pub player: UserId,
    /// The operation.
    pub request: RequestId,
    /// Tells a retry from another operation.
    pub body_hash: BodyHash,
    /// What became of it.
    pub outcome: Outcome,
}

/// All rows of one battle: what the engine needs to go on with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BattleRows {
    /// The battle itself.
    pub battle: BattleState,
    /// Its players.
    pub participants: Vec<ParticipantState>,
    /// Its positions, ended ones too.
    pub positions: Vec<PositionState>,
    /// The outcomes of its players' commands.
    pub outcomes: Vec<OutcomeState>,
}

/// What the engine knows of the market: its checkpoint row.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MarketState {
    /// Which life of the stream the sequence belongs to.
    pub incarnation: Incarnation,
    /// The last entry that was applied; 0 before the first.
    pub sequence: u64,
    /// The highest epoch seen.
    pub epoch: Epoch,
    /// How far the exchange's clock is ahead of ours, in nanoseconds; 0 until it was measured.
    pub ahead_ns: i64,
    /// What is known of each asset, by symbol.
    pub assets: Vec<AssetState>,
}

/// What the engine knows of one asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssetState {
    /// The asset.
    pub symbol: Symbol,
    /// Its last tick.
    pub tick: Option<Tick>,
    /// Its newest watermark.
    pub watermark: Option<Timestamp>,
}

/// Where an entry of a battle's log stands: behind which market entry, and which in the battle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// Which life of the market stream.
    pub incarnation: Incarnation,
    /// The last market entry that was applied before.
    pub sequence: u64,
    /// The number within the battle, from 1.
    pub number: u64,
}

/// One entry of a battle's log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogEntry {
    /// Where it stands.
    pub place: Place,
    /// What happened there.
    pub body: LogBody,
}

/// What a log entry says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum LogBody {
    /// The battle began to follow the market, which stood so.
    Opened {
        /// The market at this place, of the battle's assets alone.
        market: MarketState,
    },
    /// A command was decided.
    Command(LoggedCommand),
    /// The battle was ended without waiting for its assets any longer.
    Finalise,
    /// The battle was called off.
    Canceled,
}

/// A command as it was decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoggedCommand {
    /// The player's number.
    pub participant: u32,
    /// The operation.
    pub request: RequestId,
    /// Tells a retry from another operation.
    pub body_hash: BodyHash,
    /// When it was stored, in nanoseconds since 1970 on our own clock.
    pub stored_at_ns: i64,
    /// From which time on it counts.
    pub effective_time: Timestamp,
    /// What was asked.
    pub body: CommandBody,
    /// What became of it.
    pub outcome: Outcome,
}

/// A player's standing while the battle runs, for display.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LiveStanding {
    /// The player.
    pub player: UserId,
    /// The player's number in the battle.
    pub number: u32,
    /// Live equity.
    pub equity: Chips,
    /// Place by live equity, from 1; equals share it.
    pub rank: u32,
    /// Positions that are open.
    pub open_positions: u32,
}

/// Names a position to load its latest row by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PositionKey {
    /// The battle.
    pub battle: BattleId,
    /// The position.
    pub position: PositionId,
}
