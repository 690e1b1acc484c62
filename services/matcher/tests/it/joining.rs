//! Joining and leaving queues: one ticket, one held fee.

use std::time::Duration;

use contracts::matchmaking::{Add, Leave, PlaceChanged, PlaceStatus};
use contracts::notifications::{InApp, Notice};
use contracts::{Code, Key};
use domain::game::{MAX_BATTLE_MS, Template};
use domain::id::{TicketId, UserId};
use domain::ledger::Unit;
use futures::future::join_all;
use runtime::ids::mint;
use store::entity::ticket::TicketStatus;
use store::{game, ticket};
use testkit::eventually;
use tokio::time::timeout;

use crate::stage::{JOIN_TTL_MS, LIMIT, Stage};
use crate::templates::{USDT, crowd, duel, free};

/// Sooner than Postgres gives up a statement that waits.
const SOON: Duration = Duration::from_secs(4);

#[tokio::test]
async fn a_join_holds_the_fee_once_however_often_it_is_delivered() {
    let stage = Stage::new().await;
    let matcher = stage.matcher().await;
    let (game, player) = (stage.game(&duel()).await, stage.player(50 * USDT).await);
    let add = stage.add(player, game);
    let queued = stage.ask_twice(&add).await.unwrap();
    assert_eq!(queued.ticket, add.ticket);
    assert_eq!(
        stage.wealth(player, Unit::Usdt).await,
        (50 * USDT, 10 * USDT)
    );
    stage.check().await;
    matcher.stop().await;
}

#[tokio::test]
async fn a_second_join_answers_with_the_first() {
    let stage = Stage::new().await;
    let matcher = stage.matcher().await;
    let (game, player) = (stage.game(&duel()).await, stage.player(50 * USDT).await);
    let first = stage.join(player, game).await.unwrap();
    assert_eq!(stage.join(player, game).await, Ok(first));
    assert_eq!(
        stage.wealth(player, Unit::Usdt).await,
        (50 * USDT, 10 * USDT)
    );
    stage.check().await;
    matcher.stop().await;
}

#[tokio::test]
async fn one_amount_never_backs_two_tickets() {
    let stage = Stage::new().await;
    let matcher = stage.matcher().await;
    let games = [stage.game(&duel()).await, stage.game(&duel()).await];
    let player = stage.player(15 * USDT).await;
    stage.join(player, games[0]).await.unwrap();
    let second = stage.add(player, games[1]);
    assert_eq!(
        stage.ask_twice(&second).await,
        Err(Code::InsufficientBalance)
    );
    assert_eq!(
        stage.wealth(player, Unit::Usdt).await,
        (15 * USDT, 10 * USDT)
    );
    stage.check().await;
    matcher.stop().await;
}

#[tokio::test]
async fn joins_that_come_at_once_are_each_answered_for_themselves() {
    const EACH: usize = 20;
    let stage = Stage::new().await;
    let matcher = stage.matcher().await;
    let game = stage.game(&crowd()).await;
    let rich: [UserId; EACH] = stage.players(50 * USDT).await;
    let poor: [UserId; EACH] = stage.players(9 * USDT).await;
    let late: [UserId; EACH] = stage.players(50 * USDT).await;
    let lost: [UserId; EACH] = stage.players(50 * USDT).await;
    let add = |player: &UserId| stage.add(*player, game);
    let past = |player: &UserId| Add {
        expires_at_ms: stage.now().ms() - 1,
        ..add(player)
    };
    let mut adds = Vec::new();
    for (((rich, poor), late), lost) in rich.iter().zip(&poor).zip(&late).zip(&lost) {
        let (rich, nowhere) = (add(rich), stage.add(*lost, mint()));
        adds.extend([rich.clone(), add(poor), rich, past(late), nowhere]);
    }
    let joined = join_all(adds.iter().map(|add| stage.ask(add))).await;
    for (adds, joined) in adds.chunks(5).zip(joined.chunks(5)) {
        let ticket = adds[0].ticket;
        assert_eq!(joined[0].map(|queued| queued.ticket), Ok(ticket));
        assert_eq!(joined[1], Err(Code::InsufficientBalance));
        assert_eq!(joined[2], joined[0]);
        assert_eq!(joined[3], Err(Code::JoinExpired));
        assert_eq!(joined[4], Err(Code::GameNotFound));
    }
    for player in late.iter().chain(&lost) {
        let wealth = stage.wealth(*player, Unit::Usdt).await;
        assert_eq!(wealth, (50 * USDT, 0));
    }
    let joined = "SELECT count(*) FROM tickets";
    assert_eq!(stage.number(joined).await, 20);
    stage.check().await;
    matcher.stop().await;
}

#[tokio::test]
async fn what_a_stopping_matcher_has_begun_is_done_all_the_same() {
    const CROWD: usize = 60;
    let stage = Stage::new().await;
    let (first, second) = (stage.matcher().await, stage.matcher().await);
    let game = stage.game(&crowd()).await;
    let players: [UserId; CROWD] = stage.players(10 * USDT).await;
    let adds = players.map(|player| Add {
        expires_at_ms: i64::MAX,
        ..stage.add(player, game)
    });
    let joining = join_all(adds.iter().map(|add| stage.ask(add)));
    let (joined, ()) = tokio::join!(joining, first.stop());
    for (add, joined) in adds.iter().zip(joined) {
        assert_eq!(joined.map(|queued| queued.ticket), Ok(add.ticket));
    }
    stage.check().await;
    second.stop().await;
}

#[tokio::test]
async fn a_join_that_comes_too_late_charges_nothing() {
    let stage = Stage::new().await;
    let matcher = stage.matcher().await;
    let (game, player) = (stage.game(&duel()).await, stage.player(50 * USDT).await);
    let late = Add {
        expires_at_ms: stage.now().ms() - 1,
        ..stage.add(player, game)
    };
    assert_eq!(stage.ask_twice(&late).await, Err(Code::JoinExpired));
    assert_eq!(stage.wealth(player, Unit::Usdt).await, (50 * USDT, 0));
    matcher.stop().await;
}

#[tokio::test]
async fn a_join_that_waits_until_it_is_too_late_charges_nothing() {
    let stage = Stage::new().await;
    let matcher = stage.matcher().await;
    let (game, player) = (stage.game(&duel()).await, stage.player(50 * USDT).await);
    let place = stage.db.begin().await.unwrap();
    ticket::lock_place(&place, player, game).await.unwrap();
    let let_go = async {
        eventually(LIMIT, async || stage.waits_for_a_lock().await).await;
        stage.advance(JOIN_TTL_MS.unsigned_abs() + 1);
        place.rollback().await.unwrap();
    };
    let add = stage.add(player, game);
    let (joined, ()) = tokio::join!(stage.ask(&add), let_go);
    assert_eq!(joined, Err(Code::JoinExpired));
    assert_eq!(stage.wealth(player, Unit::Usdt).await, (50 * USDT, 0));
    assert!(stage.join(player, game).await.is_ok());
    matcher.stop().await;
}

#[tokio::test]
async fn a_join_that_is_held_up_is_given_up_in_time() {
    let stage = Stage::new().await;
    let matcher = stage.matcher().await;
    let (game, player) = (stage.game(&duel()).await, stage.player(50 * USDT).await);
    let place = stage.db.begin().await.unwrap();
    ticket::lock_place(&place, player, game).await.unwrap();
    let pass = async {
        eventually(LIMIT, async || stage.waits_for_a_lock().await).await;
        stage.advance(2);
    };
    let add = Add {
        expires_at_ms: stage.now().ms() + 1,
        ..stage.add(player, game)
    };
    let (joined, ()) = tokio::join!(timeout(SOON, stage.ask(&add)), pass);
    let joined = joined.expect("a join that is held up ends by itself");
    assert_eq!(joined, Err(Code::JoinExpired), "the place is still locked");
    place.rollback().await.unwrap();
    assert!(stage.join(player, game).await.is_ok());
    assert_eq!(
        stage.wealth(player, Unit::Usdt).await,
        (50 * USDT, 10 * USDT)
    );
    stage.check().await;
    matcher.stop().await;
}

#[tokio::test]
async fn nobody_is_answered_with_a_place_that_is_just_ending() {
    let stage = Stage::new().await;
    let matcher = stage.matcher().await;
    let (game, player) = (stage.game(&free()).await, stage.player(0).await);
    let first = stage.join(player, game).await.unwrap();
    let ending = stage.db.begin().await.unwrap();
    ticket::lock_queued(&ending, &[first]).await.unwrap();
    let end = async {
        eventually(LIMIT, async || stage.waits_for_a_lock().await).await;
        ticket::end(&ending, &[first], TicketStatus::Left)
            .await
            .unwrap();
        ending.commit().await.unwrap();
    };
    let (joined, ()) = tokio::join!(stage.join(player, game), end);
    assert_ne!(joined, Ok(first));
    assert_eq!(stage.ticket_status(joined.unwrap()).await, "QUEUED");
    matcher.stop().await;
}

#[tokio::test]
async fn a_game_that_breaks_a_later_rule_takes_nobody_in() {
    let stage = Stage::new().await;
    let matcher = stage.matcher().await;
    let player = stage.player(50 * USDT).await;
    let endless = Template {
        duration_ms: MAX_BATTLE_MS,
        ..duel()
    };
    let (game, tx) = (mint(), stage.db.begin().await.unwrap());
    game::insert(&tx, game, &endless).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(stage.join(player, game).await, Err(Code::GameInactive));
    assert_eq!(stage.wealth(player, Unit::Usdt).await, (50 * USDT, 0));
    matcher.stop().await;
}

#[tokio::test]
async fn a_game_that_is_unknown_or_inactive_cannot_be_joined() {
    let stage = Stage::new().await;
    let matcher = stage.matcher().await;
    let game = stage
        .game(&Template {
            is_active: false,
            ..duel()
        })
        .await;
    let player = stage.player(50 * USDT).await;
    assert_eq!(stage.join(player, game).await, Err(Code::GameInactive));
    assert_eq!(stage.join(player, mint()).await, Err(Code::GameNotFound));
    assert_eq!(stage.wealth(player, Unit::Usdt).await, (50 * USDT, 0));
    matcher.stop().await;
}

#[tokio::test]
async fn leaving_gives_the_fee_back_once() {
    let stage = Stage::new().await;
    let matcher = stage.matcher().await;
    let (game, player) = (stage.game(&duel()).await, stage.player(50 * USDT).await);
    let ticket = stage.join(player, game).await.unwrap();
    let leave = Leave {
        game,
        player,
        request: mint(),
    };
    assert_eq!(stage.ask_twice(&leave).await, Ok(game));
    assert_eq!(stage.ticket_status(ticket).await, "LEFT");
    assert_eq!(stage.wealth(player, Unit::Usdt).await, (50 * USDT, 0));
    assert_eq!(stage.leave(player, game).await, Err(Code::NotInQueue));
    stage.check().await;
    matcher.stop().await;
}

/// What was told last about a player's place.
async fn told(stage: &Stage, player: UserId, ticket: TicketId, status: PlaceStatus) {
    let changed = PlaceChanged {
        player,
        ticket,
        status,
    };
    eventually(LIMIT, async || {
        let last = stage.bus.last::<PlaceChanged>(&Key::from(player)).await;
        last.unwrap().is_some_and(|last| last.message == changed)
    })
    .await;
}

#[tokio::test]
async fn a_player_hears_what_becomes_of_a_place() {
    let stage = Stage::new().await;
    let matcher = stage.matcher().await;
    let game = stage.game(&duel()).await;
    let [patient, other]: [UserId; 2] = stage.players(50 * USDT).await;
    let ticket = stage.join(other, game).await.unwrap();
    told(&stage, other, ticket, PlaceStatus::Waiting).await;
    stage.leave(other, game).await.unwrap();
    told(&stage, other, ticket, PlaceStatus::Left).await;

    let ticket = stage.join(patient, game).await.unwrap();
    stage.advance(60_000);
    told(&stage, patient, ticket, PlaceStatus::Expired).await;
    let notice = eventually(LIMIT, async || {
        stage.bus.last::<InApp>(&Key::none()).await.unwrap()
    })
    .await;
    let expired = Notice::Expired {
        title: "Duel".to_owned(),
        subject: ticket.to_string(),
    };
    assert_eq!(
        (notice.message.user, notice.message.notice),
        (patient, expired)
    );
    matcher.stop().await;
}

#[tokio::test]
async fn a_ticket_expires_and_its_fee_is_free_again() {
    let stage = Stage::new().await;
    let matcher = stage.matcher().await;
    let (game, player) = (stage.game(&duel()).await, stage.player(50 * USDT).await);
    let ticket = stage.join(player, game).await.unwrap();
    stage.advance(60_000);
    eventually(LIMIT, async || {
        stage.ticket_status(ticket).await == "EXPIRED"
    })
    .await;
    assert_eq!(stage.wealth(player, Unit::Usdt).await, (50 * USDT, 0));
    stage.check().await;
    assert!(
        stage.join(player, game).await.is_ok(),
        "nothing keeps the player from trying again"
    );
    matcher.stop().await;
}
