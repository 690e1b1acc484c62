//! Joining, leaving and opening at the same time: a ticket is matched or left, never both.

use contracts::Code;
use domain::game::Template;
use domain::id::UserId;
use domain::ledger::Unit;
use futures::future::join_all;
use store::ticket;
use testkit::eventually;

use crate::stage::{LIMIT, Stage};
use crate::templates::{USDT, crowd, duel};

/// Who comes first to a ticket that somebody leaves with while a battle opens with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum First {
    Leaving,
    Opening,
}

/// Lets somebody leave, and others come with whom a battle opens, while nobody gets at the ticket; then
/// lets both go on, in the order in which they came.
async fn meet_at_a_ticket(template: &Template, first: First) {
    let stage = Stage::new().await;
    let matcher = stage.matcher().await;
    let game = stage.game(template).await;
    let leaver = stage.player(10 * USDT).await;
    let left = stage.join(leaver, game).await.unwrap();
    let held = stage.db.begin().await.unwrap();
    assert_eq!(ticket::lock_queued(&held, &[left]).await.unwrap().len(), 1);
    let waiting = async |count: i64| {
        eventually(LIMIT, async || stage.wait_for_tickets().await == count).await;
    };
    let leaving = async {
        if first == First::Opening {
            waiting(1).await;
        }
        stage.leave(leaver, game).await
    };
    let opening = async {
        if first == First::Leaving {
            waiting(1).await;
        }
        for _ in 1..template.max_players {
            let rival = stage.player(10 * USDT).await;
            stage.join(rival, game).await.unwrap();
        }
        waiting(2).await;
        held.rollback().await.unwrap();
    };
    let (answer, ()) = tokio::join!(leaving, opening);
    let status = stage.ticket_status(left).await;
    let wealth = stage.wealth(leaver, Unit::Usdt).await;
    let (answered, expected, has) = match first {
        First::Leaving => (Ok(game), "LEFT", (10 * USDT, 0)),
        First::Opening => (Err(Code::AlreadyOpen), "SEATED", (0, 0)),
    };
    assert_eq!((answer, status.as_str(), wealth), (answered, expected, has));
    assert_eq!(stage.sits(leaver).await, first == First::Opening);
    stage.check().await;
    matcher.stop().await;
}

#[tokio::test]
async fn who_leaves_before_a_battle_opens_is_not_in_it() {
    for template in [duel(), crowd()] {
        meet_at_a_ticket(&template, First::Leaving).await;
    }
}

#[tokio::test]
async fn who_leaves_after_a_battle_has_opened_stays_in_it() {
    for template in [duel(), crowd()] {
        meet_at_a_ticket(&template, First::Opening).await;
    }
}

#[tokio::test]
async fn a_ticket_is_matched_or_left_never_both() {
    const PAIRS: usize = 12;
    let stage = Stage::new().await;
    let matchers = [stage.matcher().await, stage.matcher().await];
    let leavers: [UserId; PAIRS] = stage.players(10 * USDT).await;
    let rivals: [UserId; PAIRS] = stage.players(10 * USDT).await;
    let template = duel();
    let games = join_all((0..PAIRS).map(|_| stage.game(&template))).await;
    let waiting = leavers
        .iter()
        .zip(&games)
        .map(|(player, game)| stage.join(*player, *game));
    let tickets = join_all(waiting).await;

    let leaving = leavers
        .iter()
        .zip(&games)
        .map(|(player, game)| stage.leave(*player, *game));
    let coming = rivals
        .iter()
        .zip(&games)
        .map(|(player, game)| stage.join(*player, *game));
    let (left, came) = tokio::join!(join_all(leaving), join_all(coming));

    assert!(came.iter().all(Result::is_ok));
    for ((player, ticket), left) in leavers.into_iter().zip(tickets).zip(left) {
        let status = stage.ticket_status(ticket.unwrap()).await;
        let wealth = stage.wealth(player, Unit::Usdt).await;
        match left {
            Ok(_) => assert_eq!((status.as_str(), wealth), ("LEFT", (10 * USDT, 0))),
            Err(Code::AlreadyOpen) => assert_eq!((status.as_str(), wealth), ("SEATED", (0, 0))),
            Err(code) => panic!("{code}"),
        }
    }
    stage.check().await;
    for matcher in matchers {
        matcher.stop().await;
    }
}

#[tokio::test]
async fn who_leaves_while_others_join_is_in_no_battle() {
    const CROWD: usize = 15;
    let stage = Stage::new().await;
    let matcher = stage.matcher().await;
    let game = stage.game(&crowd()).await;
    let leaver = stage.player(10 * USDT).await;
    stage.join(leaver, game).await.unwrap();
    let others: [UserId; CROWD] = stage.players(10 * USDT).await;
    let joining = join_all(others.map(|player| stage.join(player, game)));
    let (left, _) = tokio::join!(stage.leave(leaver, game), joining);
    let seated = stage.sits(leaver).await;
    assert_eq!(left.is_ok(), !seated);
    assert_eq!(stage.wealth(leaver, Unit::Usdt).await.0 == 0, seated);
    stage.check().await;
    matcher.stop().await;
}

#[tokio::test]
async fn many_joins_of_one_player_make_one_ticket() {
    let stage = Stage::new().await;
    let matchers = [stage.matcher().await, stage.matcher().await];
    let (game, player) = (stage.game(&duel()).await, stage.player(50 * USDT).await);
    let joins = join_all((0..10).map(|_| stage.join(player, game))).await;
    let first = joins[0].unwrap();
    assert!(joins.into_iter().all(|join| join == Ok(first)));
    assert_eq!(
        stage.wealth(player, Unit::Usdt).await,
        (50 * USDT, 10 * USDT)
    );
    stage.check().await;
    for matcher in matchers {
        matcher.stop().await;
    }
}
