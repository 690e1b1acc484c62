//! A chain whose process ends, and which goes on in another one.

use chain::Status;
use testkit::Validator;

use crate::{FINAL, SOL, Stage, stranger};

#[tokio::test]
async fn what_was_final_is_there_again_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("chain");
    let before = Stage::on(Validator::kept_in(&file).await).await;
    before.fund(0, "SOL", 10 * SOL).await;
    before.fund(0, "USDT", 5_000_000).await;
    let paid = before.sign(before.usdt, 0, stranger(), 2_000_000).await;
    before.node.send(&paid.bytes).await.unwrap();
    // More than the chain remembers the hashes of.
    before.validator.make_slots(1_000).await;
    let rest = before.lamports(before.address(0)).await;
    let forked = before.sign(before.usdt, 0, stranger(), 1_000_000).await;
    before.node.send(&forked.bytes).await.unwrap();
    drop(before);

    let after = Stage::on(Validator::kept_in(&file).await).await;
    assert_eq!(after.status(&paid).await, Some(Status::Finalized));
    assert_eq!(after.status(&forked).await, None);
    assert_eq!(after.lamports(after.address(0)).await, rest);
    assert_eq!(after.tokens(after.address(0)).await, 3_000_000);
    assert_eq!(after.tokens(stranger()).await, 2_000_000);
    let seen = after.node.signatures(after.address(0), None, 10).await;
    assert_eq!(seen.unwrap().len(), 3, "funded twice and paid");
    let more = after.sign(after.usdt, 0, stranger(), 1_000_000).await;
    after.node.send(&more.bytes).await.unwrap();
    after.validator.make_slots(FINAL).await;
    assert_eq!(after.tokens(stranger()).await, 3_000_000);
}

#[tokio::test]
async fn a_chain_that_is_asked_to_end_goes_on_from_its_last_slot() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("chain");
    let mut before = Stage::on(Validator::kept_in(&file).await).await;
    before.fund(0, "SOL", SOL).await;
    before.validator.make_slots(1_000).await;
    let height = before.node.height().await.unwrap();
    before.validator.end().await;

    let after = Stage::on(Validator::kept_in(&file).await).await;
    assert!(after.node.height().await.unwrap().slot >= height.slot);
    assert_eq!(after.lamports(after.address(0)).await, SOL);
}
