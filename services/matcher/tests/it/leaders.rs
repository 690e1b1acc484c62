//! Two matchers: one leads, the other is ready to.

use domain::id::UserId;
use store::entity::battle::BattleStatus;
use testkit::eventually;

use crate::stage::{LIMIT, Stage};
use crate::templates::{USDT, duel};

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
async fn a_standby_takes_over_after_a_crash() {
    let stage = Stage::new().await;
    let mut first = stage
        .binary()
        .setting("leader.lease_ms", "3000")
        .start_ready()
        .await;
    let leader = eventually(LIMIT, async || stage.leader().await).await;
    let second = stage.matcher().await;
    first.kill().await;
    let led = async || stage.leader().await.filter(|led| *led != leader);
    eventually(LIMIT, led).await;
    second.stop().await;
}
