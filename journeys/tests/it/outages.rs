//! What a player sees while a worker is down.

use std::time::Duration;

use bots::client::Refusal;
use bots::game;
use contracts::Service;
use serde_json::json;
use testkit::{Server, Space, eventually};

use crate::duel::{Duel, create_game, terms, trade_at};
use crate::fleet::{Fleet, LIMIT};
use crate::player::id;

#[tokio::test]
async fn an_order_is_pending_while_the_arena_is_down_and_has_its_outcome_afterwards() {
    let mut fleet = Fleet::start().await;
    let Duel { a, b, battle } = Duel::open(&fleet, 60).await;
    // The countdown is over once an order is taken.
    let first = crate::duel::order(&b, &battle, terms("SELL", 2)).await;
    fleet.kill(Service::Arena).await;

    let order = a.order(&battle, terms("BUY", 2)).await.unwrap();
    assert_eq!(order["status"], "PENDING");
    assert_eq!(a.position(&id(&order)).await["status"], "PENDING");
    let refused = a.order(&battle, terms("BUY", 50)).await.unwrap();
    assert_eq!(refused["status"], "PENDING");

    // Trade goes on, however long this takes.
    let exchange = fleet.exchange().clone();
    let started = fleet.start_again(Service::Arena);
    exchange.while_trading("95", started).await;
    let filled = eventually(LIMIT, async || {
        fleet.trade("BTCUSDT", "95").await;
        let position = a.position(&id(&order)).await;
        (position["status"] == "OPEN").then_some(position)
    })
    .await;
    assert_eq!(filled["entryPrice"], "95");
    let refused = a.position_is(&id(&refused), "REJECTED").await;
    assert_eq!(refused["code"], "LEVERAGE_NOT_ALLOWED");
    b.position_is(&first, "OPEN").await;
}

#[tokio::test]
async fn orders_are_taken_filled_and_closed_while_redis_is_gone() {
    let mut redis = Server::redis().await;
    let space = Space::on(testkit::nats_url(), redis.url().into());
    let fleet = Fleet::start_in(space).await;
    let Duel { a, b, battle } = Duel::open(&fleet, 40).await;
    let before = crate::duel::order(&a, &battle, terms("BUY", 9)).await;
    redis.kill().await;

    let during = crate::duel::order(&b, &battle, terms("SELL", 2)).await;
    crate::duel::filled(&fleet, &a, &before, "95").await;
    crate::duel::filled(&fleet, &b, &during, "95").await;
    fleet.trade("BTCUSDT", "80").await;
    a.position_is(&before, "LIQUIDATED").await;

    redis.start().await;
    let after = crate::duel::order(&a, &battle, terms("BUY", 2)).await;
    crate::duel::filled(&fleet, &a, &after, "80").await;
    game::ended(&a.api, &battle).await.unwrap();
    fleet.verify(&battle).await;
}

#[tokio::test]
async fn joining_is_refused_while_the_matcher_is_down_and_never_charged() {
    let mut fleet = Fleet::start().await;
    let game = create_game(&fleet.staff().await, 20).await;
    let (a, b) = (fleet.player("a").await, fleet.player("b").await);
    trade_at(&fleet, &a, "95").await;
    fleet.kill(Service::Matcher).await;

    let refused = game::join(&a.api, &game).await.unwrap_err();
    assert_eq!(
        refused.downcast::<Refusal>().unwrap().code,
        "SERVICE_UNAVAILABLE"
    );
    fleet.start_again(Service::Matcher).await;

    // The matcher works off what waits before it takes this, and finds a's request void.
    b.join(&game).await;
    let tickets = "query { queueTickets(first: 10) { edges { node { status } } } }";
    let data = a.api.run(tickets, json!({})).await.unwrap();
    assert_eq!(data["queueTickets"]["edges"], json!([]));
    assert_eq!(a.balance().await, "50");
}

#[tokio::test]
async fn what_treasury_is_asked_while_it_is_down_is_refused_with_a_code() {
    let mut fleet = Fleet::start().await;
    let a = fleet.player("a").await;
    fleet.kill(Service::Treasury).await;
    let claim = "mutation { claimPlayMoney(currency: USDT) { userErrors { code } } }";
    let answer = tokio::time::timeout(Duration::from_secs(10), a.api.run(claim, json!({}))).await;
    let code = match answer.unwrap() {
        Ok(data) => data["claimPlayMoney"]["userErrors"][0]["code"]
            .as_str()
            .unwrap()
            .to_owned(),
        Err(error) => error.downcast::<Refusal>().unwrap().code,
    };
    assert!(
        ["SERVICE_UNAVAILABLE", "OUTCOME_UNKNOWN"].contains(&code.as_str()),
        "{code}"
    );
}
