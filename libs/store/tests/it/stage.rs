//! A database of the test's own, and the people in it.

use contracts::Service;
use domain::id::{Id, TransferId, UserId};
use domain::ledger::{Account, AccountKind, Movement, Refusal, Transfer, TransferKey, Unit};
use domain::timestamp::Timestamp;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use secrecy::SecretString;
use store::ledger::{self, Balance, Posted};
use store::{Db, Settings};
use testkit::{Database, ROLE_PASSWORD};
use uuid::Uuid;

/// Enough for the concurrency tests, few enough for a server that many tests share.
pub(crate) const MAX_CONNECTIONS: u32 = 8;

pub(crate) struct Stage {
    database: Database,
}

impl Stage {
    pub(crate) async fn new() -> Self {
        Self {
            database: Database::new().await,
        }
    }

    pub(crate) async fn db(&self, service: Service) -> Db {
        let settings = Settings {
            url: self.database.url().to_string(),
            password: SecretString::from(ROLE_PASSWORD),
            max_connections: MAX_CONNECTIONS,
        };
        Db::connect(&settings, service).await.unwrap()
    }

    /// Whoever may do everything.
    pub(crate) async fn superuser(&self) -> Db {
        Db::connect_as_operator(self.database.url().as_str())
            .await
            .unwrap()
    }

    /// The port of the server.
    pub(crate) fn port(&self) -> u16 {
        self.database.url().port().unwrap()
    }

    /// As the treasury, over one connection to another port.
    pub(crate) async fn db_on(&self, port: u16) -> Db {
        let mut url = self.database.url();
        url.set_port(Some(port)).unwrap();
        let settings = Settings {
            url: url.to_string(),
            password: SecretString::from(ROLE_PASSWORD),
            max_connections: 1,
        };
        Db::connect(&settings, Service::Treasury).await.unwrap()
    }

    /// Runs a statement that no service may run.
    pub(crate) async fn meddle(&self, sql: &str) {
        self.superuser()
            .await
            .connection()
            .execute_unprepared(sql)
            .await
            .unwrap();
    }
}

/// How often each of these was scanned so far by whoever has ended.
async fn scans(stage: &Stage, sql: &str) -> i64 {
    let connection = stage.superuser().await;
    let ask = Statement::from_string(DbBackend::Postgres, format!("SELECT ({sql})::bigint AS n"));
    let row = connection.connection().query_one_raw(ask).await.unwrap();
    row.unwrap().try_get("", "n").unwrap()
}

/// What a reader has scanned: the table from end to end, and the index.
pub(crate) async fn scanned(stage: &Stage, reader: &Db, table: &str, index: &str) -> (i64, i64) {
    // Statistics are written with the end of a statement that asks for it.
    let flush = "SELECT pg_stat_force_next_flush()";
    reader.connection().execute_unprepared(flush).await.unwrap();
    let of_table = format!("SELECT seq_scan FROM pg_stat_user_tables WHERE relname = '{table}'");
    let of_index =
        format!("SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = '{index}'");
    (scans(stage, &of_table).await, scans(stage, &of_index).await)
}

/// The `n`th thing of its kind.
pub(crate) const fn id<T>(n: u128) -> Id<T> {
    Id::new(Uuid::from_u128(n))
}

pub(crate) const ALICE: UserId = id(0xa);
pub(crate) const BOB: UserId = id(0xb);
pub(crate) const BATTLE: Uuid = Uuid::from_u128(0xba);

pub(crate) const fn wallet(user: UserId) -> Account {
    Account::user(user, Unit::Usdt)
}

pub(crate) const HOUSE: Account = Account::house(Unit::Usdt);
pub(crate) const OUTSIDE: Account = Account::outside(Unit::Usdt);
pub(crate) const ESCROW: Account = Account::escrow(BATTLE, Unit::Usdt);

/// A transfer about nothing in particular.
pub(crate) fn transfer(key: impl Into<String>, movement: Movement) -> Transfer {
    Transfer {
        key: TransferKey::new(key),
        kind: "test",
        reference: BATTLE,
        movement,
    }
}

pub(crate) fn moving(
    key: impl Into<String>,
    debit: Account,
    credit: Account,
    amount: i64,
) -> Transfer {
    transfer(
        key,
        Movement::Move {
            debit,
            credit,
            amount,
        },
    )
}

pub(crate) fn holding(key: impl Into<String>, debit: Account, amount: i64) -> Transfer {
    holding_until(key, debit, amount, None)
}

pub(crate) fn holding_until(
    key: impl Into<String>,
    debit: Account,
    amount: i64,
    expires_at: Option<Timestamp>,
) -> Transfer {
    let movement = Movement::Hold {
        debit,
        amount,
        expires_at,
    };
    transfer(key, movement)
}

/// Posts in a transaction of its own.
pub(crate) async fn post(db: &Db, transfers: &[Transfer]) -> Result<Posted, Refusal> {
    let tx = db.begin().await.unwrap();
    let posted = ledger::post(&tx, transfers).await.unwrap();
    tx.commit().await.unwrap();
    posted
}

/// Gives a user money from outside.
pub(crate) async fn fund(db: &Db, user: UserId, amount: i64) {
    let funding = moving(format!("fund/{user}"), OUTSIDE, wallet(user), amount);
    assert_eq!(post(db, &[funding]).await, Ok(Posted::Now));
}

/// Lets time pass for a hold that can expire, as a superuser: it expired a second ago.
pub(crate) async fn let_expire(superuser: &Db, hold: TransferId) {
    let ago = format!(
        "SET session_replication_role = replica;
         UPDATE ledger_transfers SET expires_at_ms = ledger_ms(now()) - 1000
         WHERE id = '{hold}' AND expires_at_ms IS NOT NULL;
         UPDATE ledger_expiring_holds SET expires_at_ms = ledger_ms(now()) - 1000
         WHERE hold_id = '{hold}';
         SET session_replication_role = DEFAULT;"
    );
    let connection = superuser.connection();
    connection.execute_unprepared(&ago).await.unwrap();
}

/// Balance and held part of an account; nothing of one that never moved.
pub(crate) async fn holds(db: &Db, account: Account) -> (i64, i64) {
    let balance = ledger::balance(db, account.id()).await.unwrap();
    balance.map_or((0, 0), |Balance { balance, held, .. }| (balance, held))
}

/// Whether the database keeps the balance of such an account in one row.
pub(crate) const fn is_bounded(kind: AccountKind) -> bool {
    matches!(kind, AccountKind::User | AccountKind::Escrow)
}
