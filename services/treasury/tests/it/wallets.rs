//! Opening wallets, once each.

use contracts::Code;
use contracts::commands::CreateWallet;
use domain::money::Currency;
use store::chain;
use testkit::eventually;

use crate::chain_stage::{ChainStage, SOL, sol};
use crate::stage::{LIMIT, Stage, caller};

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

#[tokio::test]
async fn a_wallet_that_could_get_no_address_is_counted_and_gets_one_once_it_can() {
    let it = ChainStage::new().await;
    let user = it.rich(sol(SOL)).await;
    it.stage
        .script(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                 RAISE EXCEPTION 'no address today';
             END $$;
             CREATE TRIGGER refuse BEFORE INSERT ON chain_accounts FOR EACH ROW
                 WHEN (NEW.user_id IS NOT NULL) EXECUTE FUNCTION refuse()",
        )
        .await;
    let mut process = it.binary().start_ready().await;
    let counted = async || {
        let page = process.metrics().await;
        let failed = page
            .lines()
            .find_map(|line| line.strip_prefix("treasury_addresses_failed_total "));
        failed.is_some_and(|failed| failed != "0")
    };
    eventually(LIMIT, counted).await;
    it.stage
        .script("DROP TRIGGER refuse ON chain_accounts")
        .await;
    let found = async || {
        let found = chain::find_account(&it.stage.db, Some(user), Currency::Sol).await;
        found.unwrap().is_some()
    };
    eventually(LIMIT, found).await;
    assert!(process.terminate().await.success());
}
