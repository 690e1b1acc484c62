//! Servers that die in the middle: the arena waits for them and loses nothing. Redis is not among
//! them: the arena does not know it, and so there is no test without it.

use contracts::arena::PositionEvent;
use contracts::commands::Answer;
use domain::order::Side;
use domain::record;
use testkit::{Database, Server, Space};

use crate::audit::audit;
use crate::floor::{Floor, LIMIT, order, soon};
use crate::process::{Running, binary};
use crate::sent::Sent;
use crate::way::{Cut, Way};

#[tokio::test]
async fn orders_that_came_while_postgres_was_down_are_taken_once_when_it_is_back() {
    let mut postgres = Server::postgres().await;
    let space = Space::new();
    let nats = space.nats_url().to_owned();
    let floor = Floor::on(space, &nats, Database::on(postgres.url()).await).await;
    floor.tick(95, soon()).await;
    let terms = floor.open_battle(600).await;
    let arena = Running::start(&floor);
    floor.ask(&order(&terms, 0, Side::Buy)).await;

    postgres.kill().await;
    floor.tick(96, soon()).await;
    let sell = order(&terms, 1, Side::Sell);
    floor.send(&sell).await;
    postgres.start().await;
    let again = order(&terms, 0, Side::Sell);
    assert_eq!(
        floor.ask(&again).await,
        Answer::Done {
            value: again.order.position
        }
    );
    assert_eq!(floor.heard::<PositionEvent>(4).await.len(), 4);
    assert_eq!(floor.number("SELECT count(*) FROM positions").await, 3);

    floor.tick(110, soon()).await;
    floor.watermark(terms.end_time.plus_ms(1)).await;
    let report = record::verify(floor.sealed(terms.battle).await.as_slice()).unwrap();
    assert_eq!(report.commands, 3);
    arena.stop().await;
}

#[tokio::test]
async fn a_battle_goes_on_after_nats_was_killed() {
    let mut nats = Server::nats().await;
    let floor = Floor::on(Space::new(), nats.url().as_str(), Database::new().await).await;
    floor.tick(95, soon()).await;
    let terms = floor.open_battle(600).await;
    let arena = Running::start(&floor);
    floor.ask(&order(&terms, 0, Side::Buy)).await;

    nats.kill().await;
    nats.start().await;
    testkit::eventually(LIMIT, async || floor.bus.ping().await.is_ok()).await;
    let sell = order(&terms, 1, Side::Sell);
    assert_eq!(
        floor.ask(&sell).await,
        Answer::Done {
            value: sell.order.position
        }
    );
    floor.tick(95, soon()).await;
    floor.tick(110, soon()).await;
    floor.watermark(terms.end_time.plus_ms(1)).await;
    let report = record::verify(floor.sealed(terms.battle).await.as_slice()).unwrap();
    let equity = report.result.unwrap().standings[0].equity.units();
    assert_eq!(equity, 10_315_789_473);
    arena.stop().await;
}

#[tokio::test]
async fn orders_that_were_stored_and_undecided_when_nats_was_killed_have_one_outcome_each() {
    let mut nats = Server::nats().await;
    let floor = Floor::on(Space::new(), nats.url().as_str(), Database::new().await).await;
    floor.tick(95, soon()).await;
    let terms = floor.open_battle(600).await;
    let mut url = floor.database.url();
    let way = Way::to(url.port().unwrap(), Cut::Before).await;
    url.set_port(Some(way.port)).unwrap();
    let _arena = binary(&floor)
        .setting("postgres.url", url.as_str())
        // Most of the orders stay in the stream while nothing can be written.
        .setting("shards.max_uncommitted", "8")
        .start_ready()
        .await;
    let first = order(&terms, 0, Side::Buy);
    floor.ask(&first).await;
    testkit::eventually(LIMIT, async || floor.has_told_everything().await).await;

    way.hold();
    let mut sent = vec![Sent::New(first)];
    for place in 0..8 {
        let order = order(&terms, place % 2, Side::Sell);
        floor.send(&order).await;
        sent.push(Sent::New(order));
    }
    testkit::eventually(LIMIT, async || way.holds() > 0).await;
    nats.kill().await;
    let decided = "SELECT count(*) FROM position_outcomes";
    assert_eq!(floor.number(decided).await, 1);
    nats.start().await;
    testkit::eventually(LIMIT, async || floor.bus.ping().await.is_ok()).await;
    way.release();
    let all = i64::try_from(sent.len()).unwrap();
    testkit::eventually(LIMIT, async || floor.number(decided).await == all).await;
    // The players' retries.
    for order in &sent {
        order.publish_twice(&floor).await;
    }

    floor.tick(95, soon()).await;
    floor.end(std::slice::from_ref(&terms)).await;
    let requests: Vec<_> = sent.iter().map(Sent::request).collect();
    let audit = audit(&floor, &[terms], &requests).await;
    assert_eq!((audit.accepted, audit.filled), (9, 9));
}
