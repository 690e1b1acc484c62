//! What becomes of a connection once its statement is done.

use std::time::Duration;

use contracts::Service;
use domain::id::{BattleId, Id};
use sea_orm::sqlx::PgPool;
use store::{Db, battle, session};
use testkit::eventually;
use tokio::time::timeout;
use uuid::Uuid;

use crate::stage::{MAX_CONNECTIONS, Stage};

const LIMIT: Duration = Duration::from_secs(20);

fn pool(db: &Db) -> &PgPool {
    db.connection().get_postgres_connection_pool()
}

async fn look(db: &Db) {
    let nobody = BattleId::new(Uuid::nil());
    assert_eq!(battle::find(db, nobody).await.unwrap(), None);
}

#[tokio::test]
async fn a_statement_runs_on_the_connection_of_the_one_before() {
    let stage = Stage::new().await;
    let db = stage.db(Service::Matcher).await;
    eventually(LIMIT, async || pool(&db).num_idle() == 1).await;
    for _ in 0..10 {
        look(&db).await;
        assert_eq!((pool(&db).size(), pool(&db).num_idle()), (1, 0));
    }
}

#[tokio::test]
async fn a_connection_whose_statement_failed_is_not_trusted() {
    let stage = Stage::new().await;
    let db = stage.db(Service::Arena).await;
    look(&db).await;
    assert_eq!(pool(&db).num_idle(), 0);
    // The arena has no business with sessions.
    let refused = session::find_live(&db, Id::new(Uuid::nil())).await;
    refused.unwrap_err();
    eventually(LIMIT, async || pool(&db).num_idle() == 1).await;
}

#[tokio::test]
async fn what_is_kept_leaves_transactions_enough() {
    let stage = Stage::new().await;
    let db = stage.db(Service::Matcher).await;
    let looks = (0..4 * MAX_CONNECTIONS).map(|_| look(&db));
    futures::future::join_all(looks).await;
    let begin = (0..MAX_CONNECTIONS - MAX_CONNECTIONS / 4).map(|_| db.begin());
    let all = timeout(LIMIT, futures::future::join_all(begin))
        .await
        .unwrap();
    assert!(all.iter().all(Result::is_ok), "{all:?}");
}

#[tokio::test]
async fn closing_does_not_wait_for_what_is_kept() {
    let stage = Stage::new().await;
    let db = stage.db(Service::Matcher).await;
    look(&db).await;
    timeout(LIMIT, db.clone().close()).await.unwrap();
    assert!(battle::find(&db, BattleId::new(Uuid::nil())).await.is_err());
}
