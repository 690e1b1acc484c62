//! A Postgres role per service, and what it may do.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use contracts::Service;
use contracts::ownership::{TABLES, Table, Writer};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, TransactionTrait};

use crate::LOCK;
use crate::database::literal;

/// The password of each service's role.
pub type Passwords = BTreeMap<Service, String>;

/// What Postgres sees to for every connection of a service, whatever its code does.
const SETTINGS: &[(&str, &str)] = &[
    // An owner that is paused inside a transaction cannot block its successor for longer.
    ("idle_in_transaction_session_timeout", "2s"),
    // Nobody waits longer for what a statement answers: every caller has tried again by then. The
    // auditor, which reads everything, asks for more.
    ("statement_timeout", "20s"),
    // Whoever holds a row this long is not about to give it back: the waiting one begins anew, and
    // gives back what it holds itself.
    ("lock_timeout", "5s"),
    // A service whose machine is gone is noticed in 25 seconds, and its locks are free.
    ("tcp_keepalives_idle", "10s"),
    ("tcp_keepalives_interval", "5s"),
    ("tcp_keepalives_count", "3"),
    // A connection keeps the plans of its first minutes. Of a table that was empty then, the cheapest
    // was to read all of it, and would stay so while a million rows come in: rows are found by index.
    ("enable_seqscan", "off"),
    // The little that has no index looks so dear by that, that Postgres would compile it first.
    ("jit", "off"),
];

/// What a role could stand in for our tables with, and none needs.
const NO_TEMPORARY_TABLES: &str = "DO $$ BEGIN EXECUTE format(
    'REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database()); END $$";

/// Creates or updates the role of every service in `passwords` and gives it exactly the rights
/// that the ownership table states. Running it again changes nothing.
pub async fn grant(db: &DatabaseConnection, passwords: &Passwords) -> Result<(), DbErr> {
    let tx = db.begin().await?;
    tx.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({LOCK})"))
        .await?;
    for (service, password) in passwords {
        tx.execute_unprepared(&role(*service, password)?).await?;
    }
    tx.execute_unprepared(NO_TEMPORARY_TABLES).await?;
    for table in TABLES {
        tx.execute_unprepared(&rights(table)).await?;
    }
    tx.commit().await
}

/// Roles belong to the whole server: somebody else's run may create the same one just now.
fn role(service: Service, password: &str) -> Result<String, DbErr> {
    let role = service.role();
    let password = literal(password)?;
    let mut sql = format!(
        "DO $$ BEGIN CREATE ROLE {role}; \
         EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$; \
         ALTER ROLE {role} WITH LOGIN PASSWORD {password};"
    );
    for (setting, value) in SETTINGS {
        let _infallible = write!(sql, "ALTER ROLE {role} SET {setting} = '{value}';");
    }
    Ok(sql)
}

fn rights(table: &Table) -> String {
    let name = table.name;
    let mut sql = format!("REVOKE ALL ON {name} FROM PUBLIC;");
    for service in Service::ALL {
        let role = service.role();
        let _infallible = match rights_of(table, service) {
            Some(rights) => write!(
                sql,
                "REVOKE ALL ON {name} FROM {role}; GRANT {rights} ON {name} TO {role};"
            ),
            None => write!(sql, "REVOKE ALL ON {name} FROM {role};"),
        };
    }
    if table.writer == Writer::OwnRows {
        sql.push_str(&own_rows(table));
    }
    sql
}

/// The rights of one service, as the words between GRANT and ON.
fn rights_of(table: &Table, service: Service) -> Option<String> {
    let reads = table.readers.contains(&service);
    let writes = match table.writer {
        Writer::One(writer) => writer == service,
        Writer::OwnRows => true,
        Writer::Append(writers) if writers.contains(&service) => {
            return Some(format!("SELECT, INSERT ({})", table.columns.join(", ")));
        }
        Writer::Append(_) | Writer::Database => false,
    };
    match (writes, reads) {
        (true, _) => Some("SELECT, INSERT, UPDATE, DELETE".to_owned()),
        (false, true) => Some("SELECT".to_owned()),
        (false, false) => None,
    }
}

fn own_rows(table: &Table) -> String {
    let name = table.name;
    let mut sql = format!(
        "ALTER TABLE {name} ENABLE ROW LEVEL SECURITY; \
         DROP POLICY IF EXISTS own_rows ON {name}; \
         CREATE POLICY own_rows ON {name} USING (service = current_service());"
    );
    for reader in table.readers {
        let role = reader.role();
        let _infallible = write!(
            sql,
            "DROP POLICY IF EXISTS read_by_{reader} ON {name}; \
             CREATE POLICY read_by_{reader} ON {name} FOR SELECT TO {role} USING (true);"
        );
    }
    sql
}
