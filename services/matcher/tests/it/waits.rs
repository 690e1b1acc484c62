//! How long players are told that they will wait, and who is found however many wait apart.

use domain::game::Template;
use domain::id::{GameId, TicketId, UserId};
use store::ticket::{self, Estimate};
use testkit::eventually;

use crate::stage::{LIMIT, Stage};
use crate::templates::free;

/// Lets three players join, one after the other; the first waits 3 s, the second 2 s. Answers what
/// the first was told.
async fn three_meet(stage: &Stage, game: GameId) -> Option<Estimate> {
    let players: [UserId; 3] = stage.players(0).await;
    let mut tickets = Vec::new();
    let mut told = None;
    for (player, pause_ms) in players.into_iter().zip([1_000, 2_000, 0]) {
        tickets.push(stage.join(player, game).await.unwrap());
        if tickets.len() == 1 {
            let waiting = ticket::find_queued(&stage.db, player, game).await.unwrap();
            told = waiting.unwrap().estimate;
        }
        stage.advance(pause_ms);
    }
    for ticket in tickets {
        let seated = async || stage.ticket_status(ticket).await == "SEATED";
        eventually(LIMIT, seated).await;
    }
    told
}

#[tokio::test]
async fn a_wait_is_estimated_by_those_of_others_and_its_error_is_told() {
    let stage = Stage::new().await;
    let matcher = stage.matcher().await;
    let template = Template {
        min_players: 3,
        max_players: 3,
        ..free()
    };
    let game = stage.game(&template).await;
    assert_eq!(three_meet(&stage, game).await, None);
    let estimate = Estimate {
        wait_ms: 2_000,
        error_ms: None,
    };
    assert_eq!(three_meet(&stage, game).await, Some(estimate));
    // They waited 3, 2 and 0 s where 2 were told.
    let measured = Estimate {
        error_ms: Some(1_000),
        ..estimate
    };
    assert_eq!(three_meet(&stage, game).await, Some(measured));
    let other = stage.game(&template).await;
    assert_eq!(three_meet(&stage, other).await, None);
    matcher.stop().await;
}

#[tokio::test]
async fn two_who_are_near_meet_behind_many_who_are_far_apart() {
    let stage = Stage::new().await;
    let matcher = stage.matcher().await;
    let template = Template {
        cup_band: Some(100),
        ..free()
    };
    let game = stage.game(&template).await;
    // Bands grow by 100 in 5 s: none of these meets anybody in time.
    stage.crowd(game, 600, 1_000_000).await;
    stage.advance(1);
    let [one, other]: [UserId; 2] = stage.players(0).await;
    let mut tickets: Vec<TicketId> = Vec::new();
    for player in [one, other] {
        tickets.push(stage.join(player, game).await.unwrap());
    }
    for ticket in tickets {
        let seated = async || stage.ticket_status(ticket).await == "SEATED";
        eventually(LIMIT, seated).await;
    }
    matcher.stop().await;
}
