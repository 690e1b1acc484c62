//! Opening wallets, once each.

use contracts::Code;
use contracts::commands::CreateWallet;
use domain::money::Currency;

use crate::stage::{Stage, caller};

#[tokio::test]
async fn a_wallet_is_opened_once_however_often_it_is_asked_for() {
    let stage = Stage::new().await;
    let treasury = stage.treasury().await;
    let user = stage.user().await;
    let create = CreateWallet {
        caller: caller(user),
        currency: Currency::Sol,
    };
    assert_eq!(stage.ask_twice(&create).await, Ok(Currency::Sol));
    assert_eq!(stage.units(user).await, ["SOL"]);
    let again = CreateWallet {
        caller: caller(user),
        ..create
    };
    assert_eq!(stage.ask_twice(&again).await, Err(Code::WalletExists));
    let other = CreateWallet {
        caller: caller(user),
        currency: Currency::Bt,
    };
    assert_eq!(stage.ask_twice(&other).await, Ok(Currency::Bt));
    assert_eq!(stage.units(user).await, ["BT", "SOL"]);
    treasury.stop().await;
}
