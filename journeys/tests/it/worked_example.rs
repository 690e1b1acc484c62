//! The worked example of the rules, from sign-in to payout.

use bots::game;
use serde_json::json;

use crate::duel::{Duel, filled, order, terms, trade_at};
use crate::fleet::Fleet;

#[tokio::test]
async fn the_worked_example_of_the_rules_holds_from_sign_in_to_payout() {
    let fleet = Fleet::start().await;
    let Duel { a, b, battle } = Duel::open(&fleet, 20).await;
    assert_eq!(
        (a.balance().await, b.balance().await),
        ("40".to_owned(), "40".to_owned())
    );

    let bought = order(&a, &battle, terms("BUY", 2)).await;
    let sold = order(&b, &battle, terms("SELL", 2)).await;
    let bought = filled(&fleet, &a, &bought, "95").await;
    let sold = filled(&fleet, &b, &sold, "95").await;
    assert_eq!(
        (&bought["entryPrice"], &bought["liquidationPrice"]),
        (&json!("95"), &json!("47.5"))
    );
    assert_eq!(
        (&sold["entryPrice"], &sold["liquidationPrice"]),
        (&json!("95"), &json!("142.5"))
    );

    trade_at(&fleet, &a, "110").await;
    let ended = game::ended(&a.api, &battle).await.unwrap();
    assert_eq!(ended.status, "CLOSED");
    let bought = a.position(bought["id"].as_str().unwrap()).await;
    let sold = b.position(sold["id"].as_str().unwrap()).await;
    assert_eq!(
        (&bought["status"], &bought["profit"]),
        (&json!("CLOSED"), &json!("3.15789473"))
    );
    assert_eq!(
        (&sold["status"], &sold["profit"]),
        (&json!("CLOSED"), &json!("-3.15789474"))
    );

    let (first, second) = (a.profile().await, b.profile().await);
    let seat = |user: &str| ended.seats.iter().find(|seat| seat.user == user).unwrap();
    let (winner, loser) = (seat(&first.id), seat(&second.id));
    assert_eq!(ended.winner.as_ref(), Some(&first.id));
    assert_eq!((winner.rank, loser.rank), (Some(1), Some(2)));
    assert_eq!(winner.equity.as_deref(), Some("103.15789473"));
    assert_eq!(loser.equity.as_deref(), Some("96.84210526"));
    assert_eq!(
        (first.balance.as_str(), second.balance.as_str()),
        ("58", "40")
    );
    assert_eq!((winner.cups, loser.cups), (Some(20), Some(0)));
    assert_eq!((winner.experience, loser.experience), (Some(100), Some(20)));

    fleet.battlesbit(&["ledger", "check"]).await;
    let money = fleet.battlesbit(&["ledger", "battle", &battle]).await;
    let money = String::from_utf8(money.stdout).unwrap();
    assert!(
        money.contains("to players 18 USDT + to the house 2 USDT"),
        "{money}"
    );
}
