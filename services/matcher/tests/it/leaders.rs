//! Two matchers: one leads, the other is ready to.

use std::time::{Duration, Instant};

use domain::game::Template;
use domain::id::UserId;
use domain::ledger::{Account, Unit};
use nix::sys::signal::Signal;
use sea_orm::{ConnectionTrait as _, TransactionTrait as _};
use store::entity::battle::BattleStatus;
use testkit::{Process, eventually};

use crate::crashes::{join_both, pays_once, seal, short_duel};
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

/// How many wait for what somebody else has locked while they run such a statement.
async fn waiting(stage: &Stage, statement: &str) -> i64 {
    let count = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
             AND wait_event_type = 'Lock' AND query ILIKE '{statement}'"
    );
    stage.number(&count).await
}

/// Lets a leader fall asleep inside the transaction in which it runs such a statement for `act`, which
/// `lock` makes wait; then lets another one lead. What the first has written so far is on its way.
async fn replaced<A>(stage: &Stage, lock: &str, statement: &str, act: A) -> (Process, Process)
where
    A: AsyncFnOnce(),
{
    let first = stage.binary().start_ready().await;
    let leader = eventually(LIMIT, async || stage.leader().await).await;
    let obstacle = stage.db.connection().begin().await.unwrap();
    obstacle.execute_unprepared(lock).await.unwrap();
    act().await;
    eventually(LIMIT, async || waiting(stage, statement).await == 1).await;
    first.signal(Signal::SIGSTOP);
    obstacle.rollback().await.unwrap();
    // The statement is done, and the transaction idles for as long as Postgres lets it.
    eventually(LIMIT, async || waiting(stage, statement).await == 0).await;
    let second = stage.binary().start_ready().await;
    let led = async || stage.leader().await.filter(|led| *led != leader);
    eventually(LIMIT, led).await;
    (first, second)
}

/// The first leader goes on, finds that it does not lead, and has changed nothing.
async fn goes_on_in_vain(stage: &Stage, first: &Process) {
    let transfers = stage.transfers().await;
    let written = stage.number("SELECT count(*) FROM outbox").await;
    first.signal(Signal::SIGCONT);
    let resigns = async || first.stderr().contains("no longer leading");
    eventually(LIMIT, resigns).await;
    assert_eq!(stage.transfers().await, transfers);
    assert_eq!(stage.number("SELECT count(*) FROM outbox").await, written);
}

/// A leader falls asleep while it settles, at the statement that `lock` makes wait.
async fn settles_in_vain(lock: &str, statement: &str) {
    let stage = Stage::new().await;
    // Met before there is anything in the way.
    let mut host = stage.binary().start_ready().await;
    let (terms, players) = join_both(&stage, &short_duel()).await;
    let settling = async || stage.status(terms.battle).await == BattleStatus::Settling;
    eventually(LIMIT, settling).await;
    assert!(host.terminate().await.success());

    let lock = lock.replace("{battle}", &terms.battle.to_string());
    let sealing = async || seal(&stage, &terms).await;
    let (mut first, mut second) = replaced(&stage, &lock, statement, sealing).await;
    pays_once(&stage, &terms, players).await;
    goes_on_in_vain(&stage, &first).await;
    pays_once(&stage, &terms, players).await;
    assert_eq!(stage.account(Account::house(Unit::Usdt)).await.0, 2 * USDT);
    for process in [&mut first, &mut second] {
        assert!(process.terminate().await.success());
    }
}

#[tokio::test]
async fn a_leader_that_was_paused_before_it_settled_changes_nothing() {
    let lock = "SELECT FROM battles WHERE id = '{battle}' FOR UPDATE";
    settles_in_vain(lock, "%FROM battles%FOR %UPDATE%").await;
}

#[tokio::test]
async fn a_leader_that_was_paused_behind_its_postings_changes_nothing() {
    let lock = "SELECT FROM seats WHERE battle_id = '{battle}' FOR UPDATE";
    settles_in_vain(lock, "%UPDATE seats%").await;
}

#[tokio::test]
async fn a_leader_that_was_paused_while_it_opened_a_match_changes_nothing() {
    let stage = Stage::new().await;
    let lock = "LOCK TABLE seats IN EXCLUSIVE MODE";
    let players: [UserId; 2] = stage.players(50 * USDT).await;
    let mut game = None;
    let joining = async || {
        let duel = stage.game(&duel()).await;
        for player in players {
            stage.join_on(player, duel).await;
        }
        game = Some(duel);
    };
    let (mut first, mut second) = replaced(&stage, lock, "%INTO seats%", joining).await;
    let terms = stage.battle(game.unwrap()).await;
    goes_on_in_vain(&stage, &first).await;
    assert_eq!(stage.number("SELECT count(*) FROM battles").await, 1);
    assert_eq!(stage.number("SELECT count(*) FROM seats").await, 2);
    for player in players {
        assert_eq!(stage.wealth(player, Unit::Usdt).await, (40 * USDT, 0));
    }
    let told = stage.announced(terms.battle).await;
    assert_eq!(told.len(), 3, "{told:?}");
    stage.check().await;
    for process in [&mut first, &mut second] {
        assert!(process.terminate().await.success());
    }
}
