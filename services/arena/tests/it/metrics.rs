//! What an arena tells of itself, by which somebody is woken.

use contracts::Stream;
use domain::order::Side;
use sea_orm::ConnectionTrait as _;
use testkit::{Process, eventually};

use crate::floor::{Floor, LIMIT, order, soon};
use crate::process::{Running, binary};

/// Waits until the page has this line.
async fn tells(process: &Process, line: &str) {
    let line = format!("\n{line}\n");
    eventually(LIMIT, async || process.metrics().await.contains(&line)).await;
}

#[tokio::test]
async fn whatever_an_alert_on_arenas_looks_at_is_there_before_anything_happens() {
    let floor = Floor::new().await;
    let process = binary(&floor).start_ready().await;
    let alerts = std::fs::read_to_string("../../docs/alerts.yml").unwrap();
    for metric in alerts.split(|c: char| !c.is_ascii_lowercase() && c != '_') {
        let exists = async || process.metrics().await.contains(&format!("\n{metric}"));
        if metric.starts_with("arena_") || metric.starts_with("bus_") {
            eventually(LIMIT, exists).await;
        }
    }
    for stream in Stream::ALL.map(Stream::name) {
        let none = format!("bus_dead_letters{{service=\"arena\",stream=\"{stream}\"}} 0");
        tells(&process, &none).await;
    }
    tells(&process, "bus_outbox_oldest_seconds{service=\"arena\"} 0").await;
}

#[tokio::test]
async fn what_waits_for_a_person_is_told_by_an_arena_that_begins_after_it_was_parked() {
    let floor = Floor::new().await;
    floor.tick(95, soon()).await;
    let terms = floor.open_battle(600).await;
    let arena = Running::start(&floor);
    let mut forged = order(&terms, 0, Side::Buy);
    forged.order.position = runtime::ids::mint();
    floor.bus.publish(&forged, "forged").await.unwrap();
    let parked = "SELECT count(*) FROM dead_letters";
    eventually(LIMIT, async || floor.number(parked).await == 1).await;
    arena.stop().await;
    let process = binary(&floor).start_ready().await;
    let told = "bus_dead_letters{service=\"arena\",stream=\"POSITIONS\"} 1";
    tells(&process, told).await;
}

#[tokio::test]
async fn what_no_stream_takes_is_told_by_its_age() {
    let floor = Floor::new().await;
    let stuck = "INSERT INTO outbox (id, service, bucket, aggregate_id, version, subject, payload,
             created_at)
         VALUES (gen_random_uuid(), 'arena', 7, gen_random_uuid(), 1, 'nowhere', '{}',
             now() - interval '1 day')";
    let connection = floor.db.connection();
    connection.execute_unprepared(stuck).await.unwrap();
    let process = binary(&floor).start_ready().await;
    let is_told = async || {
        let page = process.metrics().await;
        let age = "\nbus_outbox_oldest_seconds{service=\"arena\"} ";
        let (_, behind) = page.split_once(age)?;
        let age_s: i64 = behind.lines().next()?.parse().unwrap();
        (age_s >= 24 * 60 * 60).then_some(())
    };
    eventually(LIMIT, is_told).await;
}
