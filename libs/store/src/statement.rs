//! Statements in Postgres's own words, where they say more than a builder does.

use sea_orm::{DbBackend, Statement, Value};

/// A statement with its `$1`, `$2`… values.
pub(crate) fn statement(sql: &str, values: impl IntoIterator<Item = Value>) -> Statement {
    Statement::from_sql_and_values(DbBackend::Postgres, sql, values)
}
