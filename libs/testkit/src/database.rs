//! A database of one's own per test, copied from a migrated template.

use std::time::Duration;

use anyhow::Context;
use contracts::Service;
use contracts::ownership::TABLES;
use migrations::Passwords;
use sea_orm::{ConnectOptions, ConnectionTrait, DatabaseConnection, Statement};
use sha2::{Digest, Sha256};
use url::Url;
use uuid::Uuid;

use crate::cleanup;
use crate::environment::postgres_url;

/// The password of every service's role on a server for tests.
pub const ROLE_PASSWORD: &str = "testkit gives this to every role";

/// Whoever makes a template holds this advisory lock of the maintenance database.
const TEMPLATE_LOCK: i64 = 0x7465_6d70_6c61_7465;

/// A server that runs many tests at once may take this long to copy a template.
const PATIENCE: Duration = Duration::from_secs(60);

/// A migrated, empty database. Dropped with the value, whoever is still connected.
pub struct Database {
    maintenance: Url,
    name: String,
}

impl Database {
    /// Copies the template on the suite's Postgres, which the first caller makes.
    pub async fn new() -> Self {
        Self::on(postgres_url()).await
    }

    /// The same on another server, by its superuser's URL.
    pub async fn on(maintenance: Url) -> Self {
        match Self::create(maintenance).await {
            Ok(database) => database,
            Err(cause) => panic!("no database for this test: {cause:#}"),
        }
    }

    /// The superuser's URL: for migrations and for what no service may do.
    pub fn url(&self) -> Url {
        with_database(&self.maintenance, &self.name)
    }

    /// The URL by which a service's role connects, password included.
    pub fn url_for(&self, service: Service) -> Url {
        let mut url = self.url();
        url.set_username(&service.role())
            .expect("a Postgres URL has a user");
        url.set_password(Some(ROLE_PASSWORD))
            .expect("a Postgres URL has a password");
        url
    }

    async fn create(maintenance: Url) -> anyhow::Result<Self> {
        let server = connect(&maintenance)
            .await
            .context("postgres does not answer")?;
        let template = make_template(&server, &maintenance)
            .await
            .context("no template")?;
        let name = format!("test_{}", runtime::ids::mint::<Uuid>().simple());
        server
            .execute_unprepared(&format!("CREATE DATABASE {name} TEMPLATE {template}"))
            .await?;
        server.close().await?;
        Ok(Self { maintenance, name })
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        cleanup::finish(async {
            let server = connect(&self.maintenance).await?;
            let drop = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
            server.execute_unprepared(&drop).await?;
            server.close().await?;
            Ok(())
        });
    }
}

/// Returns the name of the template, made once per server and state of the migrations.
async fn make_template(server: &DatabaseConnection, maintenance: &Url) -> anyhow::Result<String> {
    let name = template_name();
    if exists(server, &name).await? {
        return Ok(name);
    }
    // The pool has one connection, which thus keeps the lock until it is given back.
    server
        .execute_unprepared(&format!("SELECT pg_advisory_lock({TEMPLATE_LOCK})"))
        .await?;
    if !exists(server, &name).await? {
        let aside = format!("{name}_aside");
        server
            .execute_unprepared(&format!("DROP DATABASE IF EXISTS {aside} WITH (FORCE)"))
            .await?;
        server
            .execute_unprepared(&format!("CREATE DATABASE {aside}"))
            .await?;
        let db = connect(&with_database(maintenance, &aside)).await?;
        migrations::migrate(&db).await?;
        migrations::grant(&db, &passwords()).await?;
        db.close().await?;
        server
            .execute_unprepared(&format!("ALTER DATABASE {aside} RENAME TO {name}"))
            .await?;
    }
    server
        .execute_unprepared(&format!("SELECT pg_advisory_unlock({TEMPLATE_LOCK})"))
        .await?;
    Ok(name)
}

fn template_name() -> String {
    let mut hash = Sha256::new();
    for (name, sql) in migrations::FILES {
        hash.update(name);
        hash.update(sql);
    }
    hash.update(format!("{TABLES:?}"));
    format!("template_{}", &hex::encode(hash.finalize())[..16])
}

fn passwords() -> Passwords {
    Service::ALL
        .into_iter()
        .map(|service| (service, ROLE_PASSWORD.to_owned()))
        .collect()
}

async fn exists(server: &DatabaseConnection, name: &str) -> anyhow::Result<bool> {
    let find = Statement::from_sql_and_values(
        server.get_database_backend(),
        "SELECT 1 FROM pg_database WHERE datname = $1",
        [name.into()],
    );
    Ok(server.query_one_raw(find).await?.is_some())
}

/// One connection, so that statements share a session.
pub(crate) async fn connect(url: &Url) -> anyhow::Result<DatabaseConnection> {
    let mut options = ConnectOptions::new(url.as_str());
    options
        .max_connections(1)
        .connect_timeout(PATIENCE)
        .acquire_timeout(PATIENCE);
    options.sqlx_logging(false);
    Ok(sea_orm::Database::connect(options).await?)
}

fn with_database(maintenance: &Url, name: &str) -> Url {
    let mut url = maintenance.clone();
    url.set_path(name);
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn databases_named(name: &str) -> bool {
        let server = connect(&postgres_url()).await.unwrap();
        exists(&server, name).await.unwrap()
    }

    #[tokio::test]
    async fn every_test_has_a_migrated_database_of_its_own_until_it_ends() {
        let (first, second) = tokio::join!(Database::new(), Database::new());
        assert_ne!(first.name, second.name);
        let db = connect(&first.url()).await.unwrap();
        assert_eq!(
            migrations::pending(&db).await.unwrap(),
            Vec::<String>::new()
        );
        let name = first.name.clone();
        drop(first);
        assert!(!databases_named(&name).await);
        assert!(databases_named(&second.name).await);
    }

    #[tokio::test]
    async fn a_services_role_writes_its_own_tables_and_no_others() {
        let database = Database::new().await;
        let matcher = connect(&database.url_for(Service::Matcher)).await.unwrap();
        matcher
            .execute_unprepared("DELETE FROM tickets")
            .await
            .unwrap();
        let refused = matcher
            .execute_unprepared("DELETE FROM users")
            .await
            .unwrap_err();
        assert!(
            refused.to_string().contains("permission denied"),
            "{refused}"
        );
    }
}
