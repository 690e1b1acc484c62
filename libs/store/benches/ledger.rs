//! What the ledger costs: movements that all meet in one account, and large sets of them.
//! docs/bench.md says what each figure means.

#![expect(
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    reason = "a measurement fails by panicking"
)]

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use contracts::Service;
use domain::id::UserId;
use domain::ledger::{Account, Movement, Transfer, TransferKey, Unit};
use measure::Figure;
use sea_orm::sqlx::postgres::PgPoolOptions;
use sea_orm::sqlx::{self, PgPool};
use secrecy::SecretString;
use store::{Db, Settings, ledger};
use testkit::{Database, ROLE_PASSWORD};
use uuid::Uuid;

/// As `./just bench` takes it.
const BENCH: &str = "ledger";
const CONNECTIONS: u32 = 32;
/// How long each way of meeting in one account lasts.
const MEASURED: Duration = Duration::from_secs(10);
/// The movements of one transaction, as those of a match or of a round of openings.
const SET: usize = 1_000;
/// The movements of one large set.
const LARGE: usize = 10_000;
const ROUNDS: usize = 5;
/// What everybody has to begin with.
const FORTUNE: i64 = 1_000_000_000;
const HOT_GOAL: f64 = 25.0;
const BATCH_GOAL: f64 = 0.7;

fn main() {
    measure::machine();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let database = Database::new().await;
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .connect(database.url().as_str())
            .await
            .unwrap();
        let settings = Settings {
            url: database.url().to_string(),
            password: SecretString::from(ROLE_PASSWORD),
            max_connections: CONNECTIONS,
        };
        let db = Db::connect(&settings, Service::Matcher).await.unwrap();
        hot(&db, &pool).await;
        batch(&db, &pool).await;
        let auditor = Db::connect_as_operator(database.url().as_str())
            .await
            .unwrap();
        let differences = ledger::audit(&auditor).await.unwrap();
        assert_eq!(differences, [], "the ledger does not add up");
        auditor.close().await;
        db.close().await;
        pool.close().await;
    });
}

/// Movements into the account of the house over many connections, against updates of one row.
async fn hot(db: &Db, pool: &PgPool) {
    let row = "CREATE TABLE hot (id integer PRIMARY KEY, balance bigint NOT NULL);
        INSERT INTO hot VALUES (1, 0);";
    sqlx::raw_sql(row).execute(pool).await.unwrap();
    let naive = at_once(async |_| {
        let update = "UPDATE hot SET balance = balance + 1 WHERE id = 1";
        sqlx::query(update).execute(pool).await.unwrap();
        1
    })
    .await;
    let counted: i64 = sqlx::query_scalar("SELECT balance FROM hot")
        .fetch_one(pool)
        .await
        .unwrap();
    assert_eq!(
        u64::try_from(counted).unwrap(),
        naive.done,
        "updates are lost"
    );

    let crowds: Vec<Vec<UserId>> = (0..CONNECTIONS).map(|crowd| people(crowd, SET)).collect();
    for crowd in &crowds {
        post(db, &fund(crowd)).await;
    }
    let rounds = AtomicU64::new(0);
    let ours = at_once(async |connection: usize| {
        let round = rounds.fetch_add(1, Ordering::Relaxed);
        post(db, &pay_house(&crowds[connection], round)).await;
        SET as u64
    })
    .await;
    let house = ledger::balance(db, Account::house(Unit::Bt).id())
        .await
        .unwrap();
    let house = house.unwrap().balance;
    assert_eq!(
        u64::try_from(house).unwrap(),
        ours.done,
        "movements are lost"
    );
    let (value, baseline) = (ours.per_s(), naive.per_s());
    Figure {
        name: "hot_account_vs_row",
        value,
        unit: "movements/s",
        baseline,
        ratio: value / baseline,
        goal: HOT_GOAL,
        met: value / baseline >= HOT_GOAL,
    }
    .print(BENCH);
}

/// A large set of movements, against the same rows inserted bare.
async fn batch(db: &Db, pool: &PgPool) {
    let twins = "CREATE TABLE twin_transfers (LIKE ledger_transfers INCLUDING ALL);
        CREATE TABLE twin_entries (LIKE ledger_entries INCLUDING ALL);";
    sqlx::raw_sql(twins).execute(pool).await.unwrap();
    let crowd = people(CONNECTIONS, LARGE);
    post(db, &fund(&crowd)).await;
    let mut rounds = Vec::new();
    for round in 0..ROUNDS {
        let transfers = pay_house(&crowd, u64::MAX - round as u64);
        let began = Instant::now();
        post(db, &transfers).await;
        let ours = began.elapsed();
        let ids: Vec<Uuid> = transfers.iter().map(|it| it.key.id().uuid()).collect();
        let began = Instant::now();
        let mut tx = pool.begin().await.unwrap();
        let bare = "INSERT INTO twin_transfers OVERRIDING SYSTEM VALUE
            SELECT * FROM ledger_transfers WHERE id = ANY ($1)";
        let transferred = sqlx::query(bare)
            .bind(&ids)
            .execute(&mut *tx)
            .await
            .unwrap();
        let bare = "INSERT INTO twin_entries
            SELECT * FROM ledger_entries WHERE transfer_id = ANY ($1)";
        let entered = sqlx::query(bare)
            .bind(&ids)
            .execute(&mut *tx)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let bare = began.elapsed();
        let rows = [transferred.rows_affected(), entered.rows_affected()];
        assert_eq!(rows, [LARGE as u64; 2], "other rows");
        rounds.push((
            LARGE as f64 / ours.as_secs_f64(),
            LARGE as f64 / bare.as_secs_f64(),
        ));
    }
    rounds.sort_by(|one, other| (one.0 / one.1).total_cmp(&(other.0 / other.1)));
    let (value, baseline) = rounds[ROUNDS / 2];
    Figure {
        name: "batch_vs_insert",
        value,
        unit: "movements/s",
        baseline,
        ratio: value / baseline,
        goal: BATCH_GOAL,
        met: value / baseline >= BATCH_GOAL,
    }
    .print(BENCH);
}

struct Rate {
    done: u64,
    took: Duration,
}

impl Rate {
    fn per_s(&self) -> f64 {
        self.done as f64 / self.took.as_secs_f64()
    }
}

/// Does something again and again, as often at once as there are connections.
async fn at_once(work: impl AsyncFn(usize) -> u64) -> Rate {
    let began = Instant::now();
    let done = futures::future::join_all((0..CONNECTIONS as usize).map(async |connection| {
        let mut done = 0;
        while began.elapsed() < MEASURED {
            done += work(connection).await;
        }
        done
    }))
    .await;
    Rate {
        done: done.iter().sum(),
        took: began.elapsed(),
    }
}

fn people(crowd: u32, count: usize) -> Vec<UserId> {
    (0..count as u128)
        .map(|number| UserId::new(Uuid::from_u128(u128::from(crowd + 1) << 64 | number)))
        .collect()
}

fn fund(crowd: &[UserId]) -> Vec<Transfer> {
    let gift = |user: &UserId| Transfer {
        key: TransferKey::new(format!("bench/fund/{user}")),
        kind: "bench",
        reference: user.uuid(),
        movement: Movement::Move {
            debit: Account::outside(Unit::Bt),
            credit: Account::user(*user, Unit::Bt),
            amount: FORTUNE,
        },
    };
    crowd.iter().map(gift).collect()
}

fn pay_house(crowd: &[UserId], round: u64) -> Vec<Transfer> {
    let pay = |user: &UserId| Transfer {
        key: TransferKey::new(format!("bench/{round}/{user}")),
        kind: "bench",
        reference: user.uuid(),
        movement: Movement::Move {
            debit: Account::user(*user, Unit::Bt),
            credit: Account::house(Unit::Bt),
            amount: 1,
        },
    };
    crowd.iter().map(pay).collect()
}

/// Posts the transfers, which have to move now.
async fn post(db: &Db, transfers: &[Transfer]) {
    let tx = db.begin().await.unwrap();
    let posted = ledger::post(&tx, transfers).await.unwrap();
    assert_eq!(posted, Ok(ledger::Posted::Now));
    tx.commit().await.unwrap();
}
