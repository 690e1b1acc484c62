//! Making the database itself.

use sea_orm::{ConnectionTrait, Database, DbErr, RuntimeErr, Statement};

/// Creates the database `name` on the server that `maintenance_url` leads to, unless it exists.
/// Answers whether it was created.
pub async fn create_database(maintenance_url: &str, name: &str) -> Result<bool, DbErr> {
    let server = Database::connect(maintenance_url).await?;
    let find = Statement::from_sql_and_values(
        server.get_database_backend(),
        "SELECT 1 FROM pg_database WHERE datname = $1",
        [name.into()],
    );
    let missing = server.query_one_raw(find).await?.is_none();
    if missing {
        let create = format!("CREATE DATABASE {}", identifier(name));
        server.execute_unprepared(&create).await?;
    }
    server.close().await?;
    Ok(missing)
}

/// `name` as an identifier of SQL.
pub(crate) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// `text` as a literal of SQL.
pub(crate) fn literal(text: &str) -> Result<String, DbErr> {
    if text.contains(['\0', '\\']) {
        let cause = "expected text without backslashes and zero bytes".to_owned();
        return Err(DbErr::Exec(RuntimeErr::Internal(cause)));
    }
    Ok(format!("'{}'", text.replace('\'', "''")))
}
