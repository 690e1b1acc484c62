//! The tables, their constraints and the roles that may write them. The SQL is in `sql/`, the
//! grants follow from [`contracts::ownership`]; nothing here runs in a service.
//!
//! A migration is known to the database by the name of its file and a hash of its content: an
//! edited file is another migration, and a database that holds one which is not among those here
//! was made by another version of the program.

mod database;
mod grants;

use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, TransactionTrait};
use sea_orm_migration::{MigrationName, MigrationTrait, MigratorTrait, SchemaManager, async_trait};
use sha2::{Digest, Sha256};
use thiserror::Error;

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
    ("0009_rooms", include_str!("../sql/0009_rooms.sql")),
    ("0010_revisions", include_str!("../sql/0010_revisions.sql")),
    ("0011_waits", include_str!("../sql/0011_waits.sql")),
    (
        "0012_lost_markets",
        include_str!("../sql/0012_lost_markets.sql"),
    ),
    (
        "0013_friendships",
        include_str!("../sql/0013_friendships.sql"),
    ),
    ("0014_parties", include_str!("../sql/0014_parties.sql")),
    ("0015_chain", include_str!("../sql/0015_chain.sql")),
    (
        "0016_friends_and_parties",
        include_str!("../sql/0016_friends_and_parties.sql"),
    ),
    ("0017_bans", include_str!("../sql/0017_bans.sql")),
    ("0018_ways_in", include_str!("../sql/0018_ways_in.sql")),
    (
        "0019_inbox_numbers",
        include_str!("../sql/0019_inbox_numbers.sql"),
    ),
    (
        "0020_muted_mails",
        include_str!("../sql/0020_muted_mails.sql"),
    ),
    (
        "0021_ledger_once",
        include_str!("../sql/0021_ledger_once.sql"),
    ),
    (
        "0022_chain_lookups",
        include_str!("../sql/0022_chain_lookups.sql"),
    ),
    (
        "0023_promised_rent",
        include_str!("../sql/0023_promised_rent.sql"),
    ),
    (
        "0024_idle_withdrawals",
        include_str!("../sql/0024_idle_withdrawals.sql"),
    ),
    (
        "0025_holds_of_withdrawals",
        include_str!("../sql/0025_holds_of_withdrawals.sql"),
    ),
    (
        "0026_paged_accounts",
        include_str!("../sql/0026_paged_accounts.sql"),
    ),
    (
        "0027_cursor_slots",
        include_str!("../sql/0027_cursor_slots.sql"),
    ),
    (
        "0028_positions_of_participants",
        include_str!("../sql/0028_positions_of_participants.sql"),
    ),
    (
        "0029_season_cups",
        include_str!("../sql/0029_season_cups.sql"),
    ),
];

/// Whoever migrates holds this advisory lock, so that two of them queue up.
const LOCK: i64 = 0x0062_6174_746c_6573;

/// How much of a file's hash stands in its migration's name, in bytes.
const HASH_BYTES: usize = 6;

/// Why a database was not migrated.
#[derive(Debug, Error)]
pub enum Error {
    /// Another version of the program made the database, and this one knows no way from there.
    #[error(
        "the data is of another version: it holds {0}, which is not among this version's migrations"
    )]
    OtherVersion(String),
    #[error(transparent)]
    Database(#[from] DbErr),
}

/// Brings the database up to the newest schema. Running it again changes nothing.
pub async fn migrate(db: &DatabaseConnection) -> Result<(), Error> {
    let tx = db.begin().await?;
    tx.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({LOCK})"))
        .await?;
    refuse_other_versions(&tx).await?;
    Migrator::up(&tx, None).await?;
    Ok(tx.commit().await?)
}

/// Names the migrations that the database lacks.
pub async fn pending(db: &DatabaseConnection) -> Result<Vec<String>, Error> {
    refuse_other_versions(db).await?;
    let pending = Migrator::get_pending_migrations(db).await?;
    Ok(pending
        .iter()
        .map(|migration| migration.name().to_owned())
        .collect())
}

async fn refuse_other_versions(db: &impl ConnectionTrait) -> Result<(), Error> {
    let applied = Migrator::get_migration_models(db).await?;
    let ours: Vec<String> = files().map(|file| file.name).collect();
    match applied.into_iter().find(|one| !ours.contains(&one.version)) {
        Some(foreign) => Err(Error::OtherVersion(foreign.version)),
        None => Ok(()),
    }
}

struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        files().map(|file| Box::new(file) as Box<_>).collect()
    }
}

struct File {
    name: String,
    sql: &'static str,
}

fn files() -> impl Iterator<Item = File> {
    FILES.iter().map(|&(name, sql)| {
        let hash = hex::encode(Sha256::digest(sql));
        File {
            name: format!("{name}-{}", &hash[..2 * HASH_BYTES]),
            sql,
        }
    })
}

impl MigrationName for File {
    fn name(&self) -> &str {
        &self.name
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
