//! What the engine has in memory comes back from its rows as it was.

use contracts::arena::PositionEvent;
use domain::battle::BattleStatus;
use domain::engine::Engine;
use domain::order::{Entered, OrderKind, Side};
use store::arena;

use crate::floor::{Floor, order, soon, whole};
use crate::process::Running;

#[tokio::test]
async fn rows_of_every_kind_restore_to_the_engine_that_wrote_them() {
    let floor = Floor::new().await;
    floor.tick(95, soon()).await;
    let terms = floor.open_battle(600).await;
    let arena = Running::start(&floor);
    let mut limit = order(&terms, 0, Side::Buy);
    limit.order.kind = OrderKind::Limit(Entered::Value(whole(80)));
    limit.order.stop_loss = Entered::Value(whole(70));
    let mut target = order(&terms, 1, Side::Sell);
    target.order.take_profit = Entered::Value(whole(90));
    let mut refused = order(&terms, 1, Side::Sell);
    refused.order.leverage = Entered::Malformed;
    floor.ask(&limit).await;
    floor.ask(&target).await;
    floor.ask(&order(&terms, 0, Side::Buy)).await;
    floor.ask(&refused).await;
    floor.tick(95, soon()).await;
    floor.tick(89, soon()).await;
    // Three are accepted, two filled, one takes its profit.
    floor.heard::<PositionEvent>(6).await;
    arena.stop().await;

    let rows = arena::list_rows(&floor.db, &[terms.battle])
        .await
        .unwrap()
        .pop()
        .unwrap();
    assert_eq!(rows.battle.status, BattleStatus::Open);
    assert_eq!(rows.battle.terms, terms);
    assert_eq!((rows.positions.len(), rows.outcomes.len()), (3, 4));
    assert!(rows.positions[1].end.is_some(), "the target was reached");
    let shard = contracts::shard::Shard::of(terms.battle);
    let row = arena::find(&floor.db, &[shard])
        .await
        .unwrap()
        .pop()
        .unwrap();
    let market = row.checkpoint.unwrap().market;
    let engine = Engine::restore(market, vec![rows.clone()]).unwrap();
    let mut restored = engine.rows(terms.battle).unwrap();
    restored.outcomes.sort_by_key(|outcome| outcome.request);
    let mut kept = rows;
    kept.outcomes.sort_by_key(|outcome| outcome.request);
    assert_eq!(restored, kept);
}
