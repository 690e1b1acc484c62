//! A matcher that dies in the middle of opening or settling, and the next one that goes on.

use std::path::Path;
use std::time::Duration;

use contracts::Topic;
use domain::battle::BattleTerms;
use domain::game::Template;
use domain::id::UserId;
use domain::ledger::{Account, Unit};
use domain::ranking::Finish;
use store::entity::battle::BattleStatus;
use testkit::{Binary, eventually};

use crate::stage::{LIMIT, Stage};
use crate::templates::{USDT, duel};

/// A process that aborts does so within this time.
pub(crate) const DEATH: Duration = Duration::from_secs(60);
/// How long the cards last that players bring.
const DAY_MS: i64 = 86_400_000;

/// A duel on the machine's clock that is over soon.
pub(crate) fn short_duel() -> Template {
    Template {
        countdown_ms: 0,
        duration_ms: 1,
        ..duel()
    }
}

/// The program, made to die at a point and to tell that it did.
pub(crate) fn armed(stage: &Stage, point: &str, marker: &Path) -> Binary {
    stage
        .binary()
        .env("BATTLESBIT_FAILPOINT", point)
        .env("BATTLESBIT_FAILPOINT_HIT", marker.to_str().unwrap())
}

/// Two meet who bring a card each.
pub(crate) async fn join_both(stage: &Stage, template: &Template) -> (BattleTerms, [UserId; 2]) {
    let players: [UserId; 2] = stage.players(50 * USDT).await;
    let game = stage.game(template).await;
    for player in players {
        let expires_at = stage.now().plus_ms(DAY_MS);
        let lot = Account::lot(player, Unit::LeverageCard, Some(expires_at));
        stage.give(lot, 1).await;
        stage.join_on(player, game).await;
        // One behind the other, so that the first has the first seat.
        let joined = async || stage.wealth(player, Unit::Usdt).await != (50 * USDT, 0);
        eventually(LIMIT, joined).await;
    }
    (stage.battle(game).await, players)
}

/// What the arena would have sealed: the first player wins, and the second one's card is used.
pub(crate) async fn seal(stage: &Stage, terms: &BattleTerms) {
    let finish = |equity: &str, cards_left: u32| Finish {
        equity: equity.parse().unwrap(),
        fills: 1,
        cards_left,
    };
    stage
        .seal(
            terms,
            &[finish("103.15789473", 1), finish("96.84210526", 0)],
        )
        .await;
}

/// Waits until the battle is closed, and everybody was paid and told once.
pub(crate) async fn pays_once(stage: &Stage, terms: &BattleTerms, [a, b]: [UserId; 2]) {
    let closed = async || stage.status(terms.battle).await == BattleStatus::Closed;
    eventually(LIMIT, closed).await;
    assert_eq!(stage.wealth(a, Unit::Usdt).await, (58 * USDT, 0));
    assert_eq!(stage.wealth(b, Unit::Usdt).await, (40 * USDT, 0));
    assert_eq!(stage.wealth(a, Unit::Cups).await.0, 30);
    // One came back, and three were won.
    assert_eq!((stage.cards(a).await, stage.cards(b).await), (4, 0));
    for (player, returned) in [(a, 1), (b, 0)] {
        let battle = terms.battle;
        let of_player = format!(
            "SELECT returned FROM seat_items WHERE battle_id = '{battle}' AND player_id = '{player}'"
        );
        assert_eq!(stage.number(&of_player).await, returned);
    }
    let told = stage.announced(terms.battle).await;
    let settled = Topic::BattleSettled.subject(&terms.battle.into());
    assert_eq!(
        told.iter().filter(|subject| **subject == settled).count(),
        1
    );
    stage.check().await;
}

/// Lets a matcher die at `point` while it settles; then lets another one finish.
async fn dies_settling_at(point: &str) {
    let stage = Stage::new().await;
    let folder = tempfile::tempdir().unwrap();
    let marker = folder.path().join("hit");
    let mut doomed = armed(&stage, point, &marker).start_ready().await;
    let (terms, players) = join_both(&stage, &short_duel()).await;
    seal(&stage, &terms).await;
    assert!(!doomed.wait(DEATH).await.success());
    assert_eq!(std::fs::read_to_string(&marker).unwrap(), point);

    let mut next = stage.binary().start_ready().await;
    pays_once(&stage, &terms, players).await;
    assert_eq!(stage.account(Account::house(Unit::Usdt)).await.0, 2 * USDT);
    assert!(next.terminate().await.success());
}

/// Everything that a settlement writes. Between two of these nothing is there that was not before.
const WRITTEN: &[&str] = &[
    "INSERT ON ledger_accounts",
    "INSERT ON ledger_transfers",
    "INSERT ON ledger_entries",
    "UPDATE ON ledger_accounts",
    "INSERT ON ledger_stripes",
    "UPDATE ON seats",
    "UPDATE ON seat_items",
    "INSERT ON season_cups",
    "UPDATE ON battles",
    "INSERT ON outbox",
];

/// Ends the session of whoever does it first.
pub(crate) const CUT: &str = "
    CREATE SEQUENCE cuts;
    CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
        IF nextval('cuts') = 1 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;
        RETURN NULL;
    END $$;";

/// Lets one settlement be cut off by a trigger, and the next one finish.
async fn cut_off(stage: &Stage, trigger: &str) {
    let (terms, players) = join_both(stage, &short_duel()).await;
    let settling = async || stage.status(terms.battle).await == BattleStatus::Settling;
    eventually(LIMIT, settling).await;
    stage.script(trigger).await;
    seal(stage, &terms).await;
    pays_once(stage, &terms, players).await;
    let passed = "DO $$ BEGIN ASSERT (SELECT last_value FROM cuts) > 1; END $$";
    stage.script(passed).await;
    stage.script("SELECT setval('cuts', 1, false)").await;
}

#[tokio::test]
async fn a_settlement_that_is_cut_off_at_any_statement_pays_once() {
    let stage = Stage::new().await;
    stage.script(CUT).await;
    let mut matcher = stage.binary().start_ready().await;
    for written in WRITTEN {
        let table = written.rsplit(' ').next().unwrap();
        for when in ["BEFORE", "AFTER"] {
            let trigger = format!(
                "CREATE TRIGGER cut {when} {written} FOR EACH STATEMENT EXECUTE FUNCTION cut()"
            );
            cut_off(&stage, &trigger).await;
            stage.script(&format!("DROP TRIGGER cut ON {table}")).await;
        }
    }
    // In the middle of the COMMIT.
    let trigger = "CREATE CONSTRAINT TRIGGER cut AFTER UPDATE ON battles
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION cut()";
    cut_off(&stage, trigger).await;
    assert!(matcher.terminate().await.success());
}

/// Lets a matcher die at `point` while it opens; then lets another one finish.
async fn dies_opening_at(point: &str) {
    let stage = Stage::new().await;
    let folder = tempfile::tempdir().unwrap();
    let marker = folder.path().join("hit");
    let mut doomed = armed(&stage, point, &marker).start_ready().await;
    let players: [UserId; 2] = stage.players(50 * USDT).await;
    let game = stage.game(&duel()).await;
    for player in players {
        stage.join_on(player, game).await;
    }
    assert!(!doomed.wait(DEATH).await.success());
    assert_eq!(std::fs::read_to_string(&marker).unwrap(), point);

    let mut next = stage.binary().start_ready().await;
    let terms = stage.battle(game).await;
    assert_eq!(terms.seats.len(), 2);
    for player in players {
        assert_eq!(stage.wealth(player, Unit::Usdt).await, (40 * USDT, 0));
    }
    let opened = Topic::BattleOpened.subject(&terms.battle.into());
    let told = stage.announced(terms.battle).await;
    assert_eq!(told.iter().filter(|subject| **subject == opened).count(), 1);
    stage.check().await;
    assert!(next.terminate().await.success());
}

#[tokio::test]
async fn dying_before_anything_is_posted_pays_once() {
    dies_settling_at("settlement.begun").await;
}

#[tokio::test]
async fn dying_behind_the_postings_pays_once() {
    dies_settling_at("settlement.posted").await;
}

#[tokio::test]
async fn dying_right_before_the_commit_pays_once() {
    dies_settling_at("settlement.announced").await;
}

#[tokio::test]
async fn dying_right_behind_the_commit_pays_once() {
    dies_settling_at("settlement.committed").await;
}

#[tokio::test]
async fn dying_before_a_battle_opens_opens_one() {
    dies_opening_at("opening.begun").await;
}

#[tokio::test]
async fn dying_behind_the_postings_of_an_opening_opens_one() {
    dies_opening_at("opening.posted").await;
}

#[tokio::test]
async fn dying_right_behind_an_opening_opens_one() {
    dies_opening_at("opening.committed").await;
}
