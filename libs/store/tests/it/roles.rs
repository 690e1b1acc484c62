//! What the database refuses a service, whatever its code says.

use contracts::Service;
use contracts::ownership::{TABLES, Writer};
use domain::ledger::{Account, Unit};
use migrations::Passwords;
use sea_orm::{ConnectionTrait as _, DbBackend, Statement};
use store::{ledger, record};

use crate::stage::{ALICE, BOB, Stage, fund, holding, holds, id, moving, post, wallet};

const INSUFFICIENT_PRIVILEGE: &str = "permission denied";

/// Runs a statement as a service; answers how it was refused, if it was.
async fn refusal(stage: &Stage, service: Service, sql: &str) -> Option<String> {
    let db = stage.db(service).await;
    let outcome = db.connection().execute_unprepared(sql).await;
    outcome.err().map(|cause| cause.to_string())
}

#[tokio::test]
async fn nobody_writes_a_table_of_somebody_else() {
    let stage = Stage::new().await;
    for service in Service::ALL {
        let db = stage.db(service).await;
        for table in TABLES {
            let writes = match table.writer {
                Writer::One(writer) => writer == service,
                Writer::OwnRows => true,
                Writer::Append(_) | Writer::Database => false,
            };
            let delete = format!("DELETE FROM {} WHERE false", table.name);
            let outcome = db.connection().execute_unprepared(&delete).await;
            assert_eq!(
                outcome.is_ok(),
                writes,
                "{service} deletes from {}",
                table.name
            );
            if let Err(cause) = outcome {
                let cause = cause.to_string();
                let refused = cause.contains(INSUFFICIENT_PRIVILEGE) || cause.contains("view");
                assert!(refused, "{cause}");
            }
        }
    }
}

#[tokio::test]
async fn nobody_reads_what_is_not_meant_for_him() {
    let stage = Stage::new().await;
    for service in Service::ALL {
        let db = stage.db(service).await;
        for table in TABLES {
            let reads = table.readers.contains(&service)
                || match table.writer {
                    Writer::One(writer) => writer == service,
                    Writer::OwnRows => true,
                    Writer::Append(writers) => writers.contains(&service),
                    Writer::Database => false,
                };
            let select = format!("SELECT FROM {} LIMIT 1", table.name);
            let outcome = db.connection().execute_unprepared(&select).await;
            assert_eq!(outcome.is_ok(), reads, "{service} reads {}", table.name);
        }
    }
}

#[tokio::test]
async fn every_table_has_an_owner() {
    let stage = Stage::new().await;
    let unowned = "DO $$ DECLARE stray text; BEGIN
        SELECT table_name INTO stray FROM information_schema.tables
        WHERE table_schema = 'public' AND table_name NOT IN ('seaql_migrations', $OWNED)
        LIMIT 1;
        IF stray IS NOT NULL THEN RAISE EXCEPTION 'nobody owns %', stray; END IF; END $$";
    let owned: Vec<_> = TABLES
        .iter()
        .map(|table| format!("'{}'", table.name))
        .collect();
    stage
        .meddle(&unowned.replace("$OWNED", &owned.join(", ")))
        .await;
}

#[tokio::test]
async fn a_service_sees_and_writes_its_own_rows_alone() {
    let stage = Stage::new().await;
    let matcher = stage.db(Service::Matcher).await;
    let tx = matcher.begin().await.unwrap();
    assert!(tx.first_time("tests", "1").await.unwrap());
    tx.commit().await.unwrap();

    let forged = "INSERT INTO inbox (service, consumer, message_id) VALUES ('matcher', 'x', '2')";
    let refused = refusal(&stage, Service::Arena, forged).await.unwrap();
    assert!(refused.contains("row-level security"), "{refused}");

    let arena = stage.db(Service::Arena).await;
    let deleted = arena
        .connection()
        .execute_unprepared("DELETE FROM inbox")
        .await
        .unwrap();
    assert_eq!(deleted.rows_affected(), 0, "it does not even see it");
    let own = arena.begin().await.unwrap();
    assert!(
        own.first_time("tests", "1").await.unwrap(),
        "the same id is another service's"
    );
}

#[tokio::test]
async fn transfers_are_never_changed_or_removed() {
    let stage = Stage::new().await;
    let db = stage.db(Service::Treasury).await;
    fund(&db, ALICE, 50).await;
    for table in ["ledger_transfers", "ledger_entries"] {
        for verb in [
            "UPDATE $ SET amount = 1",
            "DELETE FROM $",
            "TRUNCATE $ CASCADE",
        ] {
            let sql = verb.replace('$', table);
            for service in [Service::Treasury, Service::Matcher, Service::Achievement] {
                let refused = refusal(&stage, service, &sql).await.unwrap();
                assert!(
                    refused.contains(INSUFFICIENT_PRIVILEGE),
                    "{service}: {sql}: {refused}"
                );
            }
            let superuser = stage.superuser().await;
            let refused = superuser
                .connection()
                .execute_unprepared(&sql)
                .await
                .unwrap_err();
            assert!(
                refused.to_string().contains("append-only"),
                "{sql}: {refused}"
            );
        }
    }
}

#[tokio::test]
async fn records_and_their_parts_are_never_changed_or_removed() {
    let stage = Stage::new().await;
    for sql in [
        "UPDATE audit_records SET sha256 = ''",
        "DELETE FROM audit_records",
        "TRUNCATE audit_records CASCADE",
        "UPDATE audit_record_parts SET bytes = ''",
        "DELETE FROM audit_record_parts",
        "TRUNCATE audit_record_parts",
    ] {
        for service in Service::ALL {
            let refused = refusal(&stage, service, sql).await.unwrap();
            assert!(
                refused.contains(INSUFFICIENT_PRIVILEGE),
                "{service}: {sql}: {refused}"
            );
        }
    }
}

#[tokio::test]
async fn a_part_is_kept_together_with_its_record_alone() {
    let stage = Stage::new().await;
    let arena = stage.db(Service::Arena).await;
    let tx = arena.begin().await.unwrap();
    let kept = record::insert_part(&tx, id(1), 0, vec![1]).await.unwrap();
    assert!(kept, "its record may follow");
    let refused = tx.commit().await.expect_err("its record did not follow");
    assert!(matches!(refused, store::Error::Refused(_)), "{refused:?}");
}

#[tokio::test]
async fn no_service_writes_a_balance() {
    let stage = Stage::new().await;
    let db = stage.db(Service::Treasury).await;
    fund(&db, ALICE, 50).await;
    let alice = wallet(ALICE).id();
    for sql in [
        "UPDATE ledger_accounts SET balance = 1000000".to_owned(),
        "UPDATE ledger_stripes SET balance = 1000000".to_owned(),
        "INSERT INTO ledger_accounts (id, owner_id, kind, unit, balance)
         VALUES (gen_random_uuid(), gen_random_uuid(), 'user', 'USDT', 1000000)"
            .to_owned(),
        format!("INSERT INTO ledger_entries VALUES ('{alice}', 2, '{alice}', 1, 0, 51, 0)"),
    ] {
        let refused = refusal(&stage, Service::Treasury, &sql).await.unwrap();
        assert!(refused.contains(INSUFFICIENT_PRIVILEGE), "{sql}: {refused}");
    }
}

#[tokio::test]
async fn the_database_itself_refuses_a_negative_balance() {
    let stage = Stage::new().await;
    let db = stage.db(Service::Treasury).await;
    fund(&db, ALICE, 50).await;
    let tx = db.begin().await.unwrap();
    ledger::post(&tx, &[moving("open", wallet(ALICE), wallet(BOB), 1)])
        .await
        .unwrap()
        .unwrap();
    tx.commit().await.unwrap();
    // Not through the store: what it would check does not matter.
    let overdraft = format!(
        "INSERT INTO ledger_transfers
             (id, debit_id, credit_id, unit, amount, phase, kind, reference_id, key, body_hash)
         VALUES (gen_random_uuid(), '{}', '{}', 'USDT', 50, 'single', 'x', gen_random_uuid(), 'x', 'x')",
        wallet(ALICE).id(),
        wallet(BOB).id(),
    );
    let refused = refusal(&stage, Service::Treasury, &overdraft)
        .await
        .unwrap();
    assert!(refused.contains("ledger_accounts_balance"), "{refused}");
    let edited = stage.superuser().await;
    let edit = "UPDATE ledger_accounts SET balance = -1 WHERE kind = 'user'";
    assert!(edited.connection().execute_unprepared(edit).await.is_err());
}

#[tokio::test]
async fn the_database_itself_refuses_accounts_that_a_transfer_cannot_have() {
    let stage = Stage::new().await;
    let db = stage.db(Service::Treasury).await;
    fund(&db, ALICE, 50).await;
    let sol = Account::user(ALICE, Unit::Sol);
    let tx = db.begin().await.unwrap();
    ledger::open(&tx, &sol).await.unwrap();
    tx.commit().await.unwrap();
    let (usdt, sol, nobody) = (wallet(ALICE).id(), sol.id(), wallet(BOB).id());
    for (debit, credit) in [(usdt, nobody), (nobody, usdt), (usdt, sol), (sol, usdt)] {
        let insert = format!(
            "INSERT INTO ledger_transfers
                 (id, debit_id, credit_id, unit, amount, phase, kind, reference_id, key, body_hash)
             VALUES (gen_random_uuid(), '{debit}', '{credit}', 'USDT', 1, 'single', 'x',
                 gen_random_uuid(), 'x', 'x')"
        );
        let refused = refusal(&stage, Service::Treasury, &insert).await.unwrap();
        assert!(
            refused.contains("expected accounts of the unit"),
            "{refused}"
        );
    }
}

#[tokio::test]
async fn an_account_stays_what_it_is() {
    let stage = Stage::new().await;
    let db = stage.db(Service::Treasury).await;
    fund(&db, ALICE, 50).await;
    let superuser = stage.superuser().await;
    for sql in [
        "UPDATE ledger_accounts SET id = gen_random_uuid()",
        "UPDATE ledger_accounts SET owner_id = gen_random_uuid()",
        "UPDATE ledger_accounts SET kind = 'house'",
        "UPDATE ledger_accounts SET unit = 'SOL'",
        "UPDATE ledger_accounts SET expires_at_ms = 1",
        "DELETE FROM ledger_accounts",
        "TRUNCATE ledger_accounts CASCADE",
    ] {
        let refused = superuser.connection().execute_unprepared(sql).await;
        let refused = refused.expect_err(sql).to_string();
        assert!(
            refused.contains("an account stays what it is"),
            "{sql}: {refused}"
        );
    }
}

#[tokio::test]
async fn the_database_itself_refuses_to_end_a_hold_otherwise_than_it_was_made() {
    let stage = Stage::new().await;
    let db = stage.db(Service::Matcher).await;
    fund(&db, ALICE, 50).await;
    fund(&db, BOB, 50).await;
    let hold = holding("hold", wallet(ALICE), 10);
    post(&db, std::slice::from_ref(&hold)).await.unwrap();
    for (debit, amount) in [(wallet(ALICE), 9), (wallet(ALICE), 11), (wallet(BOB), 10)] {
        let end = format!(
            "INSERT INTO ledger_transfers (id, debit_id, unit, amount, phase, pending_id, kind,
                 reference_id, key, body_hash)
             VALUES (gen_random_uuid(), '{}', 'USDT', {amount}, 'void', '{}', 'x',
                 gen_random_uuid(), 'x', 'x')",
            debit.id(),
            hold.key.id(),
        );
        let refused = refusal(&stage, Service::Matcher, &end).await.unwrap();
        assert!(
            refused.contains("expected account, unit and amount"),
            "{refused}"
        );
    }
}

#[tokio::test]
async fn a_service_that_pauses_in_a_transaction_loses_it_after_two_seconds() {
    let stage = Stage::new().await;
    let check = "DO $$ BEGIN
        ASSERT current_setting('idle_in_transaction_session_timeout') = '2s';
    END $$";
    for service in Service::ALL {
        assert_eq!(refusal(&stage, service, check).await, None, "{service}");
    }
}

#[tokio::test]
async fn a_service_that_does_not_handle_money_cannot_move_it() {
    let stage = Stage::new().await;
    for service in [
        Service::Web,
        Service::Market,
        Service::Arena,
        Service::Notifications,
    ] {
        let db = stage.db(service).await;
        let tx = db.begin().await.unwrap();
        let gift = moving("gift", crate::stage::OUTSIDE, wallet(ALICE), 1);
        let refused = ledger::post(&tx, &[gift]).await.unwrap_err();
        assert!(
            matches!(refused, store::Error::Refused(_)),
            "{service}: {refused:?}"
        );
    }
}

#[tokio::test]
async fn nobodys_temporary_table_stands_in_for_the_ledgers() {
    let stage = Stage::new().await;
    let db = stage.db(Service::Treasury).await;
    fund(&db, ALICE, 50).await;
    fund(&db, BOB, 1).await;
    let (alice, bob) = (wallet(ALICE).id(), wallet(BOB).id());
    // A database of a test lets everybody make temporary tables.
    let overdraw = format!(
        "CREATE TEMPORARY TABLE ledger_accounts AS SELECT * FROM public.ledger_accounts;
         UPDATE pg_temp.ledger_accounts SET balance = 1000000 WHERE id = '{alice}';
         GRANT ALL ON pg_temp.ledger_accounts TO PUBLIC;
         INSERT INTO public.ledger_transfers
             (id, debit_id, credit_id, unit, amount, phase, kind, reference_id, key, body_hash)
         VALUES (gen_random_uuid(), '{alice}', '{bob}', 'USDT', 1000, 'single', 'theft',
             gen_random_uuid(), 'theft', '')"
    );
    let refused = refusal(&stage, Service::Treasury, &overdraw).await;
    let refused = refused.expect("a refusal");
    assert!(refused.contains("ledger_accounts_balance"), "{refused}");
    assert_eq!(holds(&db, wallet(ALICE)).await, (50, 0));
}

#[tokio::test]
async fn no_service_makes_temporary_tables_where_rights_were_granted() {
    let stage = Stage::new().await;
    let superuser = stage.superuser().await;
    let nobody = Passwords::new();
    migrations::grant(superuser.connection(), &nobody)
        .await
        .unwrap();
    for service in Service::ALL {
        let refused = refusal(&stage, service, "CREATE TEMPORARY TABLE t ()").await;
        let refused = refused.expect("a refusal");
        assert!(refused.contains(INSUFFICIENT_PRIVILEGE), "{refused}");
    }
}

#[tokio::test]
async fn postgres_itself_sees_to_every_connection_of_a_service() {
    let stage = Stage::new().await;
    for service in Service::ALL {
        let db = stage.db(service).await;
        for (setting, value) in [
            ("statement_timeout", "20s"),
            ("lock_timeout", "5s"),
            ("enable_seqscan", "off"),
            ("jit", "off"),
        ] {
            let show = Statement::from_string(DbBackend::Postgres, format!("SHOW {setting}"));
            let row = db.connection().query_one_raw(show).await.unwrap().unwrap();
            assert_eq!(
                row.try_get::<String>("", setting).unwrap(),
                value,
                "{service}"
            );
        }
    }
}
