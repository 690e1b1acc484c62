//! What is read of the chain's tables again and again, and how.

use contracts::Service;
use domain::id::WithdrawalId;
use domain::ledger::{Account, Unit};
use domain::money::{Currency, Money};
use domain::timestamp::Timestamp;
use store::chain::{Outcome, OwnTransaction};
use store::{Db, Error, chain, withdrawal};

use crate::stage::{ALICE, Stage, id, scanned};

/// Everybody has a wallet and its address, and something of everything has moved; three wallets are
/// new.
async fn crowded() -> Stage {
    let stage = Stage::new().await;
    let outside = Account::outside(Unit::Usdt);
    stage
        .meddle(&format!(
            "INSERT INTO users (id, email, nick_name)
                 SELECT gen_random_uuid(), n || '@test', 'p' || n FROM generate_series(1, 20000) n;
             INSERT INTO ledger_accounts (id, owner_id, kind, unit, created_at)
                 SELECT gen_random_uuid(), id, 'user', 'USDT', now() - interval '1 day' FROM users;
             INSERT INTO ledger_accounts (id, owner_id, kind, unit, created_at)
                 SELECT gen_random_uuid(), id, 'user', 'XP', now() FROM users;
             INSERT INTO chain_accounts (account, address, key_index, user_id, currency)
                 SELECT id::text, id::text, row_number() OVER (), id, 'USDT' FROM users;
             INSERT INTO ledger_accounts (id, owner_id, kind, unit)
                 SELECT gen_random_uuid(), id, 'user', 'SOL' FROM users ORDER BY id LIMIT 3;
             SET session_replication_role = replica;
             INSERT INTO ledger_transfers (id, debit_id, credit_id, unit, amount, phase, kind,
                     reference_id, key, body_hash)
                 SELECT gen_random_uuid(), '{outside}', gen_random_uuid(), 'USDT', 1, 'single',
                     CASE WHEN n % 1000 = 0 THEN 'deposit' ELSE 'prize' END, gen_random_uuid(), n, n
                 FROM generate_series(1, 40000) n;
             SET session_replication_role = DEFAULT;",
            outside = outside.id()
        ))
        .await;
    for table in ["ledger_accounts", "ledger_transfers", "chain_accounts"] {
        stage.meddle(&format!("VACUUM ANALYZE {table}")).await;
    }
    stage
}

#[tokio::test]
async fn wallets_without_an_address_are_found_without_reading_all() {
    let (table, index) = ("ledger_accounts", "ledger_accounts_on_chain");
    let stage = crowded().await;
    let db = stage.db_on(stage.port()).await;
    let before = scanned(&stage, &db, table, index).await;
    let since = withdrawal::now(&db).await.unwrap().plus_ms(-600_000);
    for _ in 0..10 {
        let found = chain::list_unreachable(&db, since, 100).await.unwrap();
        assert_eq!(found.len(), 3);
        assert!(found.iter().all(|it| it.currency == Currency::Sol));
    }
    let after = scanned(&stage, &db, table, index).await;
    assert_eq!((after.0 - before.0, after.1 - before.1), (0, 10));
    let all = chain::list_unreachable(&db, Timestamp::default(), 2).await;
    assert_eq!(all.unwrap().len(), 2);
    let later = since.plus_ms(3_600_000);
    let later = chain::list_unreachable(&db, later, 100).await.unwrap();
    assert!(later.is_empty());
}

#[tokio::test]
async fn what_should_lie_on_the_chain_is_added_up_without_reading_all_transfers() {
    let (table, index) = ("ledger_transfers", "ledger_transfers_on_chain");
    let stage = crowded().await;
    let db = stage.db_on(stage.port()).await;
    let before = scanned(&stage, &db, table, index).await;
    for _ in 0..10 {
        assert_eq!(chain::booked(&db, Currency::Usdt).await.unwrap(), 40);
    }
    let after = scanned(&stage, &db, table, index).await;
    assert_eq!((after.0 - before.0, after.1 - before.1), (0, 10));
}

/// A transaction of a withdrawal.
fn payment(withdrawal: WithdrawalId, signature: &str) -> OwnTransaction {
    OwnTransaction {
        signature: signature.to_owned(),
        withdrawal: Some(withdrawal),
        account: "hot".to_owned(),
        amount: Money {
            minor: 10,
            currency: Currency::Usdt,
        },
        bytes: vec![1],
        last_valid_height: 1,
        signed_slot: 1,
        opens_account: false,
    }
}

/// Keeps a transaction; answers the constraint that was in its way.
async fn keep(db: &Db, own: &OwnTransaction) -> Option<&'static str> {
    const ONE: &str = "chain_transactions_one_payment";
    let tx = db.begin().await.unwrap();
    match chain::insert_transaction(&tx, own).await {
        Ok(()) => {
            tx.commit().await.unwrap();
            None
        }
        Err(Error::Conflict(cause)) if cause.to_string().contains(ONE) => Some(ONE),
        Err(other) => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn nothing_is_paid_by_two_transactions_that_may_happen_or_have() {
    let stage = Stage::new().await;
    let withdrawal: WithdrawalId = id(1);
    stage
        .meddle(&format!(
            "INSERT INTO users (id, email, nick_name) VALUES ('{ALICE}', 'alice@test', 'alice');
             INSERT INTO chain_accounts (account, address, key_index, currency)
             VALUES ('hot', 'hot', 0, 'USDT');
             INSERT INTO withdrawals (id, user_id, currency, amount, address, status, expires_at_ms)
             VALUES ('{withdrawal}', '{ALICE}', 'USDT', 10, 'somewhere', 'SENDING', 1)"
        ))
        .await;
    let db = stage.db(Service::Treasury).await;
    let end = async |signature: &str, outcome: Outcome| {
        let tx = db.begin().await.unwrap();
        assert!(
            chain::end_transaction(&tx, signature, outcome)
                .await
                .unwrap()
        );
        tx.commit().await.unwrap();
    };
    let refused = Some("chain_transactions_one_payment");
    assert_eq!(keep(&db, &payment(withdrawal, "first")).await, None);
    assert_eq!(keep(&db, &payment(withdrawal, "second")).await, refused);
    end("first", Outcome::Expired).await;
    assert_eq!(keep(&db, &payment(withdrawal, "second")).await, None);
    assert_eq!(keep(&db, &payment(withdrawal, "third")).await, refused);
    end("second", Outcome::Finalized).await;
    assert_eq!(keep(&db, &payment(withdrawal, "third")).await, refused);
}
