//! A leader and a standby.

use testkit::{Binary, Signal, eventually};

use crate::reader::LIMIT;
use crate::scene::Scene;

#[tokio::test]
async fn two_replicas_write_every_trade_once_and_the_standby_takes_over() {
    let scene = Scene::new().await;
    let mut reader = scene.reader().await;
    let leader = scene.market().await;
    let standby = scene.market().await;
    scene.trade("100");
    reader.tick(1).await;
    // Where everything is slow the lease may have lapsed before.
    let before = reader.epochs().len();
    leader.stop().await;
    scene.trade("101");
    reader.tick(2).await;
    assert!(reader.epochs().len() > before);
    assert_eq!(reader.ids(), [1, 2]);
    reader.assert_flawless();
    standby.stop().await;
}

#[tokio::test]
async fn a_leader_that_was_frozen_writes_nothing_that_counts_when_it_thaws() {
    let scene = Scene::new().await;
    let mut reader = scene.reader().await;
    let mut binary = Binary::service("market");
    for (name, value) in scene.environment() {
        binary = binary.setting(name, value);
    }
    let mut frozen = binary.start_ready().await;
    scene.trade("100");
    reader.tick(1).await;
    frozen.signal(Signal::SIGSTOP);
    let successor = scene.market().await;
    scene.trade("101");
    reader.tick(2).await;
    frozen.signal(Signal::SIGCONT);
    let before = scene.stored().await;
    eventually(LIMIT, async || scene.stored().await > before + 20).await;
    scene.trade("102");
    reader.tick(3).await;
    assert_eq!(reader.ids(), [1, 2, 3]);
    let before = reader.epochs().len();
    assert!(before >= 2);
    reader.assert_flawless();
    eventually(LIMIT, async || {
        frozen
            .readyz()
            .await
            .is_some_and(|(status, _)| status == 200)
    })
    .await;
    successor.stop().await;
    scene.trade("103");
    reader.tick(4).await;
    assert!(reader.epochs().len() > before);
    assert!(frozen.terminate().await.success());
}
