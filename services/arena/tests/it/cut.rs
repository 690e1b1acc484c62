//! The connection to Postgres is cut around a commit, whose outcome is then unknown to the arena.

use contracts::positions::NewPosition;
use domain::order::Side;

use crate::audit::audit;
use crate::floor::{Floor, LIMIT, order, soon};
use crate::process::binary;
use crate::way::{Cut, Way};

/// Plays a battle in which the connection is cut around the commit of each order.
async fn survives(cut: Cut) {
    let floor = Floor::new().await;
    floor.tick(95, soon()).await;
    let terms = floor.open_battle(600).await;
    let mut url = floor.database.url();
    let way = Way::to(url.port().unwrap(), cut).await;
    url.set_port(Some(way.port)).unwrap();
    let arena = binary(&floor)
        .setting("postgres.url", url.as_str())
        // Nothing else is written meanwhile.
        .setting("shards.checkpoint_ms", "10000")
        .start_ready()
        .await;
    let mut sent = vec![order(&terms, 0, Side::Buy)];
    floor.ask(&sent[0]).await;
    filled(&floor, &sent).await;

    for side in [Side::Sell, Side::Buy, Side::Sell] {
        testkit::eventually(LIMIT, async || floor.has_told_everything().await).await;
        way.cut(2);
        let next = order(&terms, 1, side);
        floor.ask(&next).await;
        sent.push(next);
        // An answer is true.
        let kept = floor.number("SELECT count(*) FROM position_outcomes").await;
        assert_eq!(kept, i64::try_from(sent.len()).unwrap());
        testkit::eventually(LIMIT, async || way.has_cut()).await;
        filled(&floor, &sent).await;
    }
    let written = arena.stderr();
    assert!(written.contains("the outcome of a commit is unknown"));
    assert!(!written.contains("a shard is lost"));

    floor.end(std::slice::from_ref(&terms)).await;
    let sent: Vec<_> = sent.iter().map(|order| order.caller.request).collect();
    let audit = audit(&floor, &[terms], &sent).await;
    assert_eq!((audit.accepted, audit.filled), (4, 4));
}

/// Lets every order be filled, before it is stale on a slow machine.
async fn filled(floor: &Floor, sent: &[NewPosition]) {
    floor.tick(95, soon()).await;
    let filled = "SELECT count(*) FROM positions WHERE status = 'OPEN'";
    let all = i64::try_from(sent.len()).unwrap();
    testkit::eventually(LIMIT, async || floor.number(filled).await == all).await;
}

#[tokio::test]
async fn a_commit_whose_answer_is_lost_is_found_to_be_done_and_not_repeated() {
    survives(Cut::Behind).await;
}

#[tokio::test]
async fn a_commit_that_never_arrived_is_found_to_be_undone_and_repeated() {
    survives(Cut::Before).await;
}
