//! The tables, their constraints and the roles that may write them. The SQL is in `sql/`, the
//! grants follow from [`contracts::ownership`]; nothing here runs in a service.

mod database;
mod grants;

use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, TransactionTrait};
use sea_orm_migration::{MigrationName, MigrationTrait, MigratorTrait, SchemaManager, async_trait};

pub use database::create_database;
pub use grants::{Passwords, grant};

/// Every file of `sql/`, in order.
pub const FILES: &[(&str, &str)] = &[
    ("0001_delivery", include_str!("../sql/0001_delivery.sql")),
    ("0002_ledger", include_str!("../sql/0002_ledger.sql")),
    ("0003_identity", include_str!("../sql/0003_identity.sql")),
    ("0004_battles", include_str!("../sql/0004_battles.sql")),
    ("0005_arena", include_str!("../sql/0005_arena.sql")),
    (
        "0006_achievements",
        include_str!("../sql/0006_achievements.sql"),
    ),
    (
        "0007_notifications",
        include_str!("../sql/0007_notifications.sql"),
    ),
    ("0008_records", include_str!("../sql/0008_records.sql")),
];

/// Whoever migrates holds this advisory lock, so that two of them queue up.
const LOCK: i64 = 0x0062_6174_746c_6573;

/// Brings the database up to the newest schema. Running it again changes nothing.
pub async fn migrate(db: &DatabaseConnection) -> Result<(), DbErr> {
    let tx = db.begin().await?;
    tx.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({LOCK})"))
        .await?;
    Migrator::up(&tx, None).await?;
    tx.commit().await
}

/// Names the migrations that the database lacks.
pub async fn pending(db: &DatabaseConnection) -> Result<Vec<String>, DbErr> {
    let pending = Migrator::get_pending_migrations(db).await?;
    Ok(pending
        .iter()
        .map(|migration| migration.name().to_owned())
        .collect())
}

struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        FILES
            .iter()
            .map(|&(name, sql)| Box::new(File { name, sql }) as Box<_>)
            .collect()
    }
}

struct File {
    name: &'static str,
    sql: &'static str,
}

impl MigrationName for File {
    fn name(&self) -> &str {
        self.name
    }
}

#[expect(
    elided_lifetimes_in_paths,
    reason = "the trait was written without them"
)]
#[async_trait::async_trait]
impl MigrationTrait for File {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .get_connection()
            .execute_unprepared(self.sql)
            .await
            .map(|_| ())
    }
}
