//! How Postgres fails, in the terms that a caller can act on. Not found is not an error.

use sea_orm::{DbErr, RuntimeErr, sqlx};

/// What every function here answers.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why something could not be read or written.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// Somebody else was faster: nothing was done, and a new transaction may succeed.
    #[error("another transaction was faster")]
    Conflict(#[source] DbErr),
    /// A row holds what none of our writers writes.
    #[error("row {id} of {table} is corrupt")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The row's key.
        id: String,
    },
    /// A number of ours that its column does not hold.
    #[error("{column} of row {id} of {table} would be {number}, which no bigint holds for us")]
    OutOfRange {
        /// The table.
        table: &'static str,
        /// The row's key.
        id: String,
        /// The column.
        column: &'static str,
        /// The number.
        number: i128,
    },
    /// Postgres refuses a statement: a broken constraint, a missing right. Our mistake.
    #[error("postgres refused the statement")]
    Refused(#[source] DbErr),
    /// Postgres cannot be reached, or the connection was lost: of a commit, the outcome is
    /// unknown.
    #[error("postgres is not available")]
    Unavailable(#[source] DbErr),
}

impl Error {
    /// The row of `table` under `id` is corrupt.
    pub fn corrupt(table: &'static str, id: impl ToString) -> Self {
        Self::Corrupt {
            table,
            id: id.to_string(),
        }
    }
}

impl From<DbErr> for Error {
    fn from(cause: DbErr) -> Self {
        match sqlstate(&cause).as_deref() {
            // unique violation, serialisation failure, deadlock, lock not available
            Some("23505" | "40001" | "40P01" | "55P03") => Self::Conflict(cause),
            Some(code) if is_outage(code) => Self::Unavailable(cause),
            Some(_) => Self::Refused(cause),
            None if is_unreadable(&cause) => Self::corrupt("an answer", cause),
            None => Self::Unavailable(cause),
        }
    }
}

/// Connection lost, out of resources, shutting down, cut short by a limit, ended for idling in a
/// transaction, no longer the primary, or a broken disk.
fn is_outage(code: &str) -> bool {
    let classes = ["08", "53", "57P", "58"];
    let codes = ["57014", "25P03", "25006"];
    classes.iter().any(|class| code.starts_with(class)) || codes.contains(&code)
}

/// Whether Postgres answered, and a row of it is not what we read it as.
fn is_unreadable(cause: &DbErr) -> bool {
    matches!(
        cause,
        DbErr::Type(_) | DbErr::Json(_) | DbErr::TryIntoErr { .. }
    ) || matches!(
        sqlx_error(cause),
        Some(
            sqlx::Error::ColumnDecode { .. }
                | sqlx::Error::Decode(_)
                | sqlx::Error::ColumnNotFound(_)
                | sqlx::Error::ColumnIndexOutOfBounds { .. }
        )
    )
}

fn sqlstate(cause: &DbErr) -> Option<String> {
    database_error(cause)?.code().map(|code| code.into_owned())
}

/// The constraint that a statement broke.
pub(crate) fn broken_constraint(cause: &DbErr) -> Option<&str> {
    database_error(cause)?.constraint()
}

/// Whether a statement failed with this SQLSTATE.
pub(crate) fn is_state(cause: &DbErr, code: &str) -> bool {
    sqlstate(cause).as_deref() == Some(code)
}

fn database_error(cause: &DbErr) -> Option<&dyn sqlx::error::DatabaseError> {
    sqlx_error(cause)?.as_database_error()
}

fn sqlx_error(cause: &DbErr) -> Option<&sqlx::Error> {
    let (DbErr::Conn(runtime) | DbErr::Exec(runtime) | DbErr::Query(runtime)) = cause else {
        return None;
    };
    match runtime {
        RuntimeErr::SqlxError(error) => Some(error),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_cannot_write_now_is_an_outage() {
        for code in ["25006", "58030", "58P01", "57014", "57P01", "53300"] {
            assert!(is_outage(code), "{code}");
        }
        for code in ["23514", "42501", "25001"] {
            assert!(!is_outage(code), "{code}");
        }
    }
}
