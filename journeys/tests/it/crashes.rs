//! Processes that die at the worst moment.

use bots::game;
use contracts::Service;
use serde_json::json;
use testkit::eventually;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::duel::{Duel, filled, order, terms};
use crate::fleet::{Fleet, LIMIT};
use crate::player::Player;

const POSITIONS_EACH: usize = 10;

/// Opens ten positions at 95 whose stop is crossed at 94 or 96.
async fn open_positions(fleet: &Fleet, player: &Player, battle: &str, side: &str) -> Vec<String> {
    let mut terms = terms(side, 1);
    terms["margin"] = "1".into();
    terms["stopLoss"] = if side == "BUY" { "94.5" } else { "96.5" }.into();
    let mut ids = vec![order(player, battle, terms.clone()).await];
    while ids.len() < POSITIONS_EACH {
        ids.push(order(player, battle, terms.clone()).await);
    }
    for position in &ids {
        filled(fleet, player, position, "95").await;
    }
    ids
}

#[tokio::test]
async fn a_stop_that_is_crossed_while_no_arena_runs_fires_at_the_tick_that_crossed_it() {
    let mut fleet = Fleet::start().await;
    let Duel { a, b, battle } = Duel::open(&fleet, 45).await;
    let longs = open_positions(&fleet, &a, &battle, "BUY").await;
    let shorts = open_positions(&fleet, &b, &battle, "SELL").await;

    fleet.kill(Service::Arena).await;
    let crossed = fleet.trade("BTCUSDT", "94").await;
    let back = fleet.trade("BTCUSDT", "95").await;
    fleet.start_again(Service::Arena).await;

    for long in &longs {
        let closed = a.position_is(long, "CLOSED").await;
        assert_eq!(closed["closePrice"], "94", "{closed}");
        let at = OffsetDateTime::parse(closed["closedAt"].as_str().unwrap(), &Rfc3339).unwrap();
        let at = i64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap();
        assert!(
            (crossed..=back).contains(&at),
            "{at} lies outside {crossed} to {back}"
        );
    }
    for short in &shorts {
        assert_eq!(b.position(short).await["status"], "OPEN");
    }
    let ended = game::ended(&a.api, &battle).await.unwrap();
    assert_eq!(ended.status, "CLOSED");
    fleet.verify(&battle).await;
    fleet.battlesbit(&["ledger", "check"]).await;
}

#[tokio::test]
async fn a_matcher_that_dies_inside_settlement_pays_once() {
    for point in ["settlement.posted", "settlement.committed"] {
        let mut fleet = Fleet::start().await;
        let Duel { a, b, battle } = Duel::open(&fleet, 12).await;
        let bought = order(&a, &battle, terms("BUY", 2)).await;
        filled(&fleet, &a, &bought, "95").await;
        fleet.trade("BTCUSDT", "96").await;
        fleet.kill(Service::Matcher).await;

        let hit = tempfile::NamedTempFile::new().unwrap();
        let path = hit.path().to_str().unwrap();
        std::fs::remove_file(path).unwrap();
        fleet.start_broken(
            Service::Matcher,
            &[
                ("BATTLESBIT_FAILPOINT", point),
                ("BATTLESBIT_FAILPOINT_HIT", path),
            ],
        );
        let status = fleet.process(Service::Matcher).wait(LIMIT).await;
        assert!(!status.success(), "{point}: the matcher lived");
        assert!(
            std::fs::read_to_string(path).unwrap().contains(point),
            "{point} was not hit"
        );

        fleet.start_again(Service::Matcher).await;
        game::ended(&a.api, &battle).await.unwrap();
        assert_eq!(
            (a.balance().await, b.balance().await),
            ("58".to_owned(), "40".to_owned()),
            "{point}"
        );
        eventually(LIMIT, async || {
            let data = a
                .api
                .run("query { unreadNotificationCount }", json!({}))
                .await
                .unwrap();
            data["unreadNotificationCount"].as_i64().unwrap() >= 2
        })
        .await;
        fleet.battlesbit(&["ledger", "check"]).await;
    }
}
