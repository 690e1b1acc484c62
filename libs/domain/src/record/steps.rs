//! What became of the positions of a verified record, one fill and one exit after the other. The
//! record has no lines for them: they follow from the others, so that nothing in it vouches for
//! them but what a player remembers.

use serde::Serialize;

use crate::chips::Chips;
use crate::engine::PositionChange;
use crate::id::{PositionId, UserId};
use crate::market::Tick;
use crate::order::Side;
use crate::position::{EndCause, PositionState, PositionStatus};
use crate::symbol::Symbol;
use crate::timestamp::Timestamp;

/// A fill or an end, of a position or of the order for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PositionStep {
    /// Whose: the position's id.
    pub position: PositionId,
    /// Its owner.
    pub player: UserId,
    /// What it trades.
    pub symbol: Symbol,
    /// Which way.
    pub side: Side,
    /// What it became: OPEN when it was filled.
    pub status: PositionStatus,
    /// By what it ended; none for a fill.
    pub cause: Option<EndCause>,
    /// When, by the entry that caused it; not before the tick, which the end of a match may leave
    /// far behind.
    pub time: Timestamp,
    /// The trade at whose price it was filled or left; none where it ended without a result.
    pub tick: Option<Tick>,
    /// What it gained, in front of the close fee; none without a result.
    pub profit: Option<Chips>,
}

impl PositionStep {
    /// The step that a change of this position was; none if it was neither a fill nor an end.
    pub(super) fn of(position: &PositionState, change: &PositionChange) -> Option<Self> {
        let step = |status, time, tick| Self {
            position: position.id,
            player: position.player,
            symbol: position.symbol.clone(),
            side: position.side,
            status,
            cause: None,
            time,
            tick,
            profit: None,
        };
        match change {
            PositionChange::Filled(fill) => {
                let tick = fill.tick;
                Some(step(PositionStatus::Open, tick.time, Some(tick)))
            }
            PositionChange::Closed { .. }
            | PositionChange::Liquidated { .. }
            | PositionChange::Canceled { .. }
            | PositionChange::Rejected { .. } => {
                let end = position.end?;
                Some(Self {
                    cause: Some(end.cause),
                    profit: end.exit.map(|exit| exit.profit),
                    ..step(end.status(), end.time, end.exit.map(|exit| exit.tick))
                })
            }
            PositionChange::Accepted
            | PositionChange::Amended { .. }
            | PositionChange::Lapsed { .. } => None,
        }
    }
}
