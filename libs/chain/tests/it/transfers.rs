//! What is signed moves on the chain, once.

use chain::{Coin, Height, Status};

use crate::{FINAL, FORGOTTEN, SOL, Stage, stranger};

#[tokio::test]
async fn sol_moves_once_however_often_the_same_bytes_are_sent() {
    let stage = Stage::new().await;
    stage.fund(0, "SOL", 2 * SOL).await;
    let signed = stage.sign(Coin::Sol, 0, stranger(), SOL).await;
    assert_eq!(stage.status(&signed).await, None);
    stage.node.send(&signed.bytes).await.unwrap();
    assert_eq!(stage.status(&signed).await, Some(Status::Pending));
    assert_eq!(stage.node.receipt(&signed.signature).await.unwrap(), None);
    assert!(stage.node.send(&signed.bytes).await.is_err(), "it is there");
    stage.validator.make_slots(FINAL).await;

    assert_eq!(stage.status(&signed).await, Some(Status::Finalized));
    assert!(stage.node.send(&signed.bytes).await.is_err(), "it is there");
    stage.validator.make_slots(FINAL).await;
    assert_eq!(stage.lamports(stranger()).await, SOL);
    let hot = stage.address(0);
    let receipt = stage
        .node
        .receipt(&signed.signature)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(receipt.lamports(stranger()), i128::from(SOL));
    assert_eq!(receipt.lamports(hot), -i128::from(SOL + receipt.fee));
    assert_eq!(stage.lamports(hot).await, SOL - receipt.fee);
}

#[tokio::test]
async fn tokens_of_a_key_without_lamports_move_at_the_cost_of_the_payer() {
    let stage = Stage::new().await;
    stage.fund(0, "SOL", SOL).await;
    stage.fund(7, "USDT", 30_000_000).await;
    assert_eq!(stage.lamports(stage.address(7)).await, 0);
    let signed = stage.sign(stage.usdt, 7, stranger(), 12_000_000).await;
    stage.node.send(&signed.bytes).await.unwrap();
    stage.validator.make_slots(FINAL).await;

    assert_eq!(stage.status(&signed).await, Some(Status::Finalized));
    assert_eq!(stage.tokens(stranger()).await, 12_000_000);
    assert_eq!(stage.tokens(stage.address(7)).await, 18_000_000);
    let receipt = stage
        .node
        .receipt(&signed.signature)
        .await
        .unwrap()
        .unwrap();
    let account = stranger().token_account(stage.mint);
    assert_eq!(receipt.tokens(account, stage.mint), 12_000_000);
    let spent = -receipt.lamports(stage.address(0));
    assert!(
        spent > i128::from(receipt.fee),
        "its token account was made"
    );
}

#[tokio::test]
async fn more_than_there_is_does_not_move() {
    let stage = Stage::new().await;
    stage.fund(0, "SOL", SOL).await;
    let signed = stage.sign(Coin::Sol, 0, stranger(), 2 * SOL).await;
    let refused = stage.node.send(&signed.bytes).await.unwrap_err();
    assert!(refused.to_string().contains("-32002"), "{refused}");
    stage.validator.make_slots(FINAL).await;
    assert_eq!(stage.status(&signed).await, None);
    assert_eq!(stage.lamports(stranger()).await, 0);
}

#[tokio::test]
async fn what_is_sent_too_late_never_happens_and_the_height_tells() {
    let stage = Stage::new().await;
    stage.fund(0, "SOL", SOL).await;
    let blockhash = stage.node.latest_blockhash().await.unwrap();
    let signed = stage.sign(Coin::Sol, 0, stranger(), 1).await;
    let Height { block_height, .. } = stage.node.height().await.unwrap();
    assert!(block_height <= blockhash.last_valid_block_height);
    stage.validator.make_slots(FORGOTTEN).await;

    let Height { slot, block_height } = stage.node.height().await.unwrap();
    assert!(block_height > blockhash.last_valid_block_height);
    assert!(stage.node.send(&signed.bytes).await.is_err());
    let told = stage.node.status(&signed.signature).await.unwrap();
    assert_eq!(told.status, None);
    assert!(told.slot >= slot);
}

#[tokio::test]
async fn an_account_tells_its_transactions_page_by_page_newest_first() {
    let stage = Stage::new().await;
    let address = stage.address(3);
    for amount in 1..=5 {
        stage.fund(3, "SOL", amount * SOL).await;
    }
    let all = stage.node.signatures(address, None, 10).await.unwrap();
    assert_eq!(all.len(), 5);
    assert!(all.windows(2).all(|pair| pair[0].slot > pair[1].slot));
    let before = Some(&all[1].signature);
    let page = stage.node.signatures(address, before, 2).await.unwrap();
    assert_eq!(page, all[2..4]);
}
