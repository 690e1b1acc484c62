//! Two matchers: one leads, the other is ready to.

use std::time::{Duration, Instant};

use domain::game::Template;
use domain::id::UserId;
use store::entity::battle::BattleStatus;
use testkit::eventually;

use crate::stage::{LIMIT, Stage};
use crate::templates::{USDT, crowd, duel};

/// How long matches open nowhere at the most.
const TAKE_OVER: Duration = Duration::from_secs(5);

#[tokio::test]
async fn one_of_two_leads_and_the_other_takes_over_at_once_when_it_stops() {
    let stage = Stage::new().await;
    let first = stage.matcher().await;
    // Read before there is a second: on a busy machine the lease may change hands by itself.
    let leader = eventually(LIMIT, async || stage.leader().await).await;
    let second = stage.matcher().await;
    let game = stage.game(&duel()).await;
    let players: [UserId; 4] = stage.players(10 * USDT).await;
    for player in &players[..2] {
        stage.join(*player, game).await.unwrap();
    }
    stage.battle(game).await;

    first.stop().await;
    let led = async || stage.leader().await.filter(|led| *led != leader);
    eventually(LIMIT, led).await;
    let other = stage.game(&duel()).await;
    for player in &players[2..] {
        stage.join(*player, other).await.unwrap();
    }
    stage.battle(other).await;
    stage.check().await;
    second.stop().await;
}

#[tokio::test]
async fn a_battle_that_cannot_be_read_holds_nobody_up() {
    let stage = Stage::new().await;
    let matcher = stage.matcher().await;
    let players: [UserId; 6] = stage.players(10 * USDT).await;
    let mut battles = Vec::new();
    for pair in players[..4].chunks(2) {
        let game = stage.game(&duel()).await;
        for player in pair {
            stage.join(*player, game).await.unwrap();
        }
        battles.push(stage.battle(game).await.battle);
        stage.advance(1);
    }
    stage.spoil(battles[0]).await;
    stage.advance(63_000);
    let ends = async || stage.status(battles[1]).await == BattleStatus::Settling;
    eventually(LIMIT, ends).await;
    let game = stage.game(&duel()).await;
    for player in &players[4..] {
        stage.join(*player, game).await.unwrap();
    }
    stage.battle(game).await;
    matcher.stop().await;
}

#[tokio::test]
async fn matches_open_within_five_seconds_after_the_leader_has_crashed() {
    let stage = Stage::new().await;
    // As long as it is unless an operator says otherwise.
    let mut first = stage
        .binary()
        .setting("leader.lease_ms", "3000")
        .start_ready()
        .await;
    let leader = eventually(LIMIT, async || stage.leader().await).await;
    let second = stage.matcher().await;
    let patient = Template {
        fill_wait_ms: 600_000,
        queue_ttl_ms: 1_200_000,
        ..crowd()
    };
    let game = stage.game(&patient).await;
    let players: [UserId; 2] = stage.players(10 * USDT).await;
    // The first goes by the machine's clock, which is ahead of the test's by now.
    for player in players {
        stage.join_on(player, game).await;
    }
    let waiting = format!("SELECT count(*) FROM tickets WHERE game_id = '{game}'");
    eventually(LIMIT, async || stage.number(&waiting).await == 2).await;
    assert_eq!(stage.leader().await, Some(leader.clone()));
    first.kill().await;
    let killed = Instant::now();
    // Now they have waited long enough, and there is only the standby to see it.
    stage.advance(900_000);
    stage.battle(game).await;
    let took = killed.elapsed();
    assert!(took < TAKE_OVER, "{took:?}");
    assert_ne!(stage.leader().await, Some(leader));
    stage.check().await;
    second.stop().await;
}
