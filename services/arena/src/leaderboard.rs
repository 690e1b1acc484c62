//! The standings of running battles, for everybody to see.

use bus::Bus;
use contracts::live::{LiveBattle, LivePlayer};
use domain::battle::LiveStanding;
use domain::timestamp::Timestamp;
use tracing::debug;

use crate::shard::Shard;

/// Rivals see equity in steps of 0.01 chip, in units of 1e-8.
const EQUITY_STEP: i64 = 1_000_000;

/// Shows the standings of every running battle of a shard.
pub(crate) fn show(bus: &Bus, shard: &Shard, now: Timestamp) {
    for battle in shard.running().keys() {
        let Some(standings) = shard.engine().standings(*battle) else {
            continue;
        };
        let mut players: Vec<LivePlayer> = standings.iter().map(line).collect();
        players.sort_by_key(|player| player.rank);
        let board = LiveBattle {
            battle: *battle,
            time: now,
            players,
        };
        if let Err(error) = bus.shout(&board) {
            debug!(%error, "a leaderboard was not shown");
        }
    }
}

fn line(standing: &LiveStanding) -> LivePlayer {
    let half = EQUITY_STEP / 2;
    let steps = standing
        .equity
        .units()
        .saturating_add(half)
        .div_euclid(EQUITY_STEP);
    LivePlayer {
        player: standing.player,
        equity: steps.saturating_mul(EQUITY_STEP),
        rank: standing.rank,
        open_positions: standing.open_positions,
    }
}

#[cfg(test)]
mod tests {
    use domain::chips::Chips;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn rivals_see_equity_in_steps_of_a_hundredth() {
        let shown = |units| {
            let equity = Chips::from_units(units);
            let player = Uuid::nil().into();
            line(&LiveStanding {
                player,
                number: 0,
                equity,
                rank: 1,
                open_positions: 0,
            })
            .equity
        };
        assert_eq!(shown(10_315_789_473), 10_316_000_000);
        assert_eq!(shown(10_315_499_999), 10_315_000_000);
        assert_eq!(shown(-1), 0);
    }
}
