//! What differs between chain and ledger while it is on its way.

use std::time::Duration;

use ::chain::Signature;
use domain::money::Currency;
use reconciliation::Chain;
use store::chain;
use store::withdrawal::Status;
use testkit::eventually;

use crate::chain_stage::{ACCOUNT_FEE, ChainStage, SOL, STRANGER, USDT, sol, usdt};
use crate::stage::LIMIT;

/// What a transfer costs, and what keeps a new token account, in lamports.
const FEE: i64 = 5_000;
const RENT: i64 = 2_039_280;

#[tokio::test]
async fn what_was_paid_and_is_not_booked_is_on_its_way_to_the_last_unit() {
    let it = ChainStage::manual().await;
    let treasury = it.treasury().await;
    let booked = async |currency| chain::booked(&it.stage.db, currency).await.unwrap();
    let all_booked = async || booked(Currency::Sol).await > 0 && booked(Currency::Usdt).await > 0;
    eventually(LIMIT, all_booked).await;
    let user = it.rich(sol(SOL)).await;
    let other = it.rich(usdt(2 * USDT)).await;
    let paid = [
        it.withdraw(user, sol(SOL), STRANGER).await.unwrap(),
        it.withdraw(other, usdt(2 * USDT), STRANGER).await.unwrap(),
    ];
    for id in paid {
        let landed = async || {
            let own = chain::find_live(&it.stage.db, id).await.unwrap()?;
            let told = it.node.status(&Signature::new(own.signature)).await;
            told.unwrap().status
        };
        eventually(LIMIT, landed).await;
    }
    treasury.stop().await;
    it.validator.make_slots(5).await;

    let url = it.validator.url().parse().unwrap();
    let seen = Chain::open(url, &it.mint.to_string(), Duration::from_secs(10)).unwrap();
    let books = seen.books(&it.stage.db);
    for (currency, gone) in [
        (Currency::Sol, SOL + 2 * FEE + RENT),
        (Currency::Usdt, 2 * USDT - ACCOUNT_FEE),
    ] {
        let report = books.compare(currency).await.unwrap().unwrap();
        assert_eq!(
            (report.difference(), report.in_flight),
            (-gone, -gone),
            "{currency}"
        );
    }

    let treasury = it.treasury().await;
    for id in paid {
        it.reaches(id, Status::Completed).await;
    }
    it.reconciles().await;
    let report = books.compare(Currency::Sol).await.unwrap().unwrap();
    assert_eq!((report.difference(), report.in_flight), (0, 0));
    treasury.stop().await;
}
