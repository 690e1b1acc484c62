//! Refuses to measure on a Postgres whose commits prove nothing.

use sea_orm::sqlx;
use store::Db;

/// What has to be on wherever durable writes are measured.
const DURABLE: [&str; 3] = ["fsync", "synchronous_commit", "full_page_writes"];
/// What else the figures depend on.
const TOLD: [&str; 4] = [
    "server_version",
    "shared_buffers",
    "max_wal_size",
    "wal_sync_method",
];

/// Tells the settings of Postgres, and refuses those under which a commit proves nothing.
pub(crate) async fn tell_settings() {
    let url = testkit::postgres_url();
    let db = Db::connect_as_operator(url.as_str()).await.unwrap();
    let pool = db.connection().get_postgres_connection_pool();
    let mut told = Vec::new();
    for name in DURABLE.iter().chain(&TOLD) {
        let setting: String = sqlx::query_scalar("SELECT current_setting($1)")
            .bind(*name)
            .fetch_one(pool)
            .await
            .unwrap();
        assert!(
            setting == "on" || !DURABLE.contains(name),
            "{name} is {setting}: what is committed may be lost"
        );
        told.push(format!("{name} {setting}"));
    }
    eprintln!("postgres: {}", told.join(", "));
}
