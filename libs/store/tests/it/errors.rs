//! What went wrong, in the terms that a caller can act on.

use contracts::Service;
use sea_orm::{ConnectionTrait as _, TransactionTrait as _};
use store::Error;
use store::entity::user;

use crate::stage::{ALICE, Stage};

#[tokio::test]
async fn a_row_that_cannot_be_read_is_corrupt() {
    let stage = Stage::new().await;
    let break_it = format!(
        "ALTER TABLE users ALTER nick_name DROP NOT NULL;
         INSERT INTO users (id, email) VALUES ('{ALICE}', 'a@test')"
    );
    stage.meddle(&break_it).await;
    let web = stage.db(Service::Web).await;
    let found: Result<Option<user::Model>, Error> = store::user::find(&web, ALICE).await;
    assert!(matches!(found, Err(Error::Corrupt { .. })), "{found:?}");
}

#[tokio::test]
async fn a_statement_that_was_cut_short_may_be_tried_again() {
    let stage = Stage::new().await;
    let db = stage.db(Service::Treasury).await;
    let connection = db.connection().begin().await.unwrap();
    let cut = "SET LOCAL statement_timeout = '10ms'; SELECT pg_sleep(10)";
    let cause = connection.execute_unprepared(cut).await.unwrap_err();
    let error = Error::from(cause);
    assert!(matches!(error, Error::Unavailable(_)), "{error:?}");
}
