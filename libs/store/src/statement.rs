//! Statements in Postgres's own words, where they say more than a builder does.

use sea_orm::{DbBackend, FromQueryResult, Statement, Value};
use uuid::Uuid;

use crate::{Read, Result};

/// A statement with its `$1`, `$2`… values.
pub(crate) fn statement(sql: &str, values: impl IntoIterator<Item = Value>) -> Statement {
    Statement::from_sql_and_values(DbBackend::Postgres, sql, values)
}

#[derive(FromQueryResult)]
struct IdRow {
    id: Uuid,
}

/// The `id`s of the rows that a statement answers with.
pub(crate) async fn ids<I: From<Uuid>>(from: &impl Read, list: Statement) -> Result<Vec<I>> {
    let rows = IdRow::find_by_statement(list).all(from.conn()).await?;
    Ok(rows.into_iter().map(|row| row.id.into()).collect())
}
