//! The metrics that achievements count, and what moves them. Pure.

use contracts::achievements::PlayerEvent;
use contracts::arena::PositionEvent;
use contracts::battles::BattleSettled;
use domain::engine::PositionChange;
use domain::id::UserId;

/// How often a player finished a ranked battle in which an order of the player was filled.
pub const BATTLES_PLAYED: &str = "battles_played";
/// How often a player was the single winner of a ranked battle.
pub const BATTLES_WON: &str = "battles_won";
/// How many positions of a player were opened and ended, by whatever.
pub const TRADES_CLOSED: &str = "trades_closed";

/// Every metric that a definition may ask for.
pub const ALL: [&str; 3] = [BATTLES_PLAYED, BATTLES_WON, TRADES_CLOSED];

fn once(user: UserId, metric: &str) -> PlayerEvent {
    PlayerEvent {
        user,
        metric: metric.to_owned(),
        by: 1,
    }
}

/// What a settled battle adds.
pub fn of_battle(settled: &BattleSettled) -> Vec<PlayerEvent> {
    let mut events = Vec::new();
    for standing in settled.standings.iter().filter(|_| settled.ranked) {
        if standing.fills > 0 {
            events.push(once(standing.player, BATTLES_PLAYED));
        }
        if standing.winner {
            events.push(once(standing.player, BATTLES_WON));
        }
    }
    events
}

/// What the end of a position adds.
pub fn of_position(event: &PositionEvent) -> Option<PlayerEvent> {
    match event.change {
        PositionChange::Closed { .. } | PositionChange::Liquidated { .. } => {
            Some(once(event.player, TRADES_CLOSED))
        }
        PositionChange::Accepted
        | PositionChange::Filled(_)
        | PositionChange::Canceled { .. }
        | PositionChange::Rejected { .. }
        | PositionChange::Amended { .. }
        | PositionChange::Lapsed { .. } => None,
    }
}
