//! What the house gives away in development mode, and what it does not.

use contracts::commands::{ClaimItems, ClaimPlayMoney};
use contracts::treasury::Posted;
use contracts::{Code, Key};
use domain::game::ItemKind;
use domain::ledger::{Account, Unit};
use domain::money::{Currency, Money};
use runtime::Mode;
use testkit::eventually;

use crate::stage::{LIMIT, Stage, caller};

/// Millionths in one USDT.
const USDT: i64 = 1_000_000;
/// Two claims reach the cap.
const TWICE: &[(&str, &str)] = &[("play_money.usdt.cap", "100"), ("items.cap", "30")];

#[tokio::test]
async fn play_money_comes_from_outside_through_the_house_and_is_announced() {
    let stage = Stage::new().await;
    let treasury = stage.treasury().await;
    let user = stage.user().await;
    let claim = ClaimPlayMoney {
        caller: caller(user),
        currency: Currency::Usdt,
    };
    assert_eq!(stage.ask_twice(&claim).await, Ok(Currency::Usdt));
    assert_eq!(
        stage.balance(Account::user(user, Unit::Usdt)).await,
        50 * USDT
    );
    assert_eq!(
        stage.balance(Account::outside(Unit::Usdt)).await,
        -50 * USDT
    );
    stage.check(Unit::Usdt).await;

    let last = async || stage.bus.last::<Posted>(&Key::from(user)).await.unwrap();
    let posted = eventually(LIMIT, last).await.message;
    assert_eq!(
        posted.amount,
        Money {
            minor: 50 * USDT,
            currency: Currency::Usdt
        }
    );
    assert_eq!((posted.user, posted.kind.as_str()), (user, "play_money"));
    treasury.stop().await;
}

#[tokio::test]
async fn nobody_claims_more_than_the_cap() {
    let stage = Stage::new().await;
    let treasury = stage.treasury_with(Mode::Development, TWICE).await;
    let [user, other] = [stage.user().await, stage.user().await];
    let claim = |user| ClaimPlayMoney {
        caller: caller(user),
        currency: Currency::Usdt,
    };
    for _ in 0..2 {
        assert!(stage.ask_twice(&claim(user)).await.is_ok());
    }
    assert_eq!(stage.ask_twice(&claim(user)).await, Err(Code::ClaimLimit));
    assert!(
        stage.ask_twice(&claim(other)).await.is_ok(),
        "the cap is each user's own"
    );
    assert_eq!(
        stage.balance(Account::user(user, Unit::Usdt)).await,
        100 * USDT
    );
    stage.check(Unit::Usdt).await;
    treasury.stop().await;
}

#[tokio::test]
async fn claimed_cards_can_be_used_for_a_month_and_are_capped() {
    const MONTH_MS: i64 = 30 * 24 * 3_600_000;
    let stage = Stage::new().await;
    let treasury = stage.treasury_with(Mode::Development, TWICE).await;
    let user = stage.user().await;
    let claim = |uses| ClaimItems {
        caller: caller(user),
        kind: ItemKind::LeverageCard,
        uses,
    };
    assert_eq!(stage.ask_twice(&claim(20)).await, Ok(20));
    let expires_at = stage.now().plus_ms(MONTH_MS);
    let lot = Account::lot(user, Unit::LeverageCard, Some(expires_at));
    assert_eq!(stage.balance(lot).await, 20);
    assert_eq!(stage.ask_twice(&claim(11)).await, Err(Code::ClaimLimit));
    assert_eq!(stage.ask_twice(&claim(10)).await, Ok(10));
    assert_eq!(stage.ask_twice(&claim(0)).await, Err(Code::BadUserInput));
    assert_eq!(stage.ask_twice(&claim(21)).await, Err(Code::BadUserInput));
    assert_eq!(stage.balance(lot).await, 30);
    stage.check(Unit::LeverageCard).await;
    treasury.stop().await;
}

#[tokio::test]
async fn production_gives_nothing_away() {
    let stage = Stage::new().await;
    let treasury = stage.treasury_with(Mode::Production, &[]).await;
    let user = stage.user().await;
    let money = ClaimPlayMoney {
        caller: caller(user),
        currency: Currency::Usdt,
    };
    assert_eq!(stage.ask_twice(&money).await, Err(Code::DevelopmentOnly));
    let items = ClaimItems {
        caller: caller(user),
        kind: ItemKind::LeverageCard,
        uses: 1,
    };
    assert_eq!(stage.ask_twice(&items).await, Err(Code::DevelopmentOnly));
    assert_eq!(stage.units(user).await, Vec::<String>::new());
    treasury.stop().await;
}
