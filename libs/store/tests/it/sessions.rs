//! Devices that have signed out long ago.

use contracts::Service;
use sea_orm::{ConnectionTrait as _, DbBackend, Statement};
use store::session;
use time::OffsetDateTime;
use time::macros::datetime;

use crate::stage::{ALICE, Stage};

/// What ended before it is forgotten.
const BEFORE: OffsetDateTime = datetime!(2026-06-01 0:00 UTC);

#[tokio::test]
async fn sessions_and_tokens_that_ended_long_ago_are_forgotten() {
    let stage = Stage::new().await;
    let rows = format!(
        "INSERT INTO users (id, email, nick_name) VALUES ('{ALICE}', 'a@test', 'a');
         INSERT INTO sessions (id, user_id, expires_at, revoked_at)
         SELECT gen_random_uuid(), '{ALICE}', expires::date, revoked::date
         FROM (VALUES ('2026-05-31', NULL), ('2026-06-02', NULL), ('2026-07-01', '2026-05-31'),
             ('2026-07-01', '2026-06-02'), ('2026-07-01', NULL)) ended (expires, revoked);
         INSERT INTO refresh_tokens (hash, session_id, used_at)
         SELECT sha256((id::text || coalesce(used, ''))::bytea), id, used::date
         FROM sessions, (VALUES (NULL), ('2026-05-31'), ('2026-06-02')) token (used)"
    );
    stage.meddle(&rows).await;
    let web = stage.db(Service::Web).await;
    let tx = web.begin().await.unwrap();
    while session::delete_ended(&tx, BEFORE, 2).await.unwrap() > 0 {}
    tx.commit().await.unwrap();
    for (table, kept) in [("sessions", 3), ("refresh_tokens", 6)] {
        let count = format!("SELECT count(*) AS kept FROM {table}");
        let count = Statement::from_string(DbBackend::Postgres, count);
        let row = web
            .connection()
            .query_one_raw(count)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(row.try_get::<i64>("", "kept").unwrap(), kept, "{table}");
    }
}
