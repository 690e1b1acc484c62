//! `battlesbit migrate`.

use contracts::Service;
use store::Db;
use testkit::ROLE_PASSWORD;

use crate::operator::Operator;

/// A folder with every service's password, as roles of the test server have it.
fn secrets() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for service in Service::ALL {
        let file = folder.path().join(format!("postgres_{service}"));
        std::fs::write(file, format!("{ROLE_PASSWORD}\n")).unwrap();
    }
    folder
}

#[tokio::test]
async fn it_makes_what_is_missing_and_leaves_what_is_there() {
    let operator = Operator::new().await;
    let secrets = secrets();
    let folder = secrets.path().to_str().unwrap();
    let mut missing = operator.database.url();
    missing.set_path(&format!("{}_new", missing.path()));

    let first = operator
        .runs_on(&missing, &["migrate", "--secrets-dir", folder])
        .await;
    assert!(first.succeeded, "{first:?}");
    assert!(first.said.contains("created the database"), "{first:?}");
    assert!(first.said.contains("0002_ledger"), "{first:?}");
    let again = operator
        .runs_on(&missing, &["migrate", "--secrets-dir", folder])
        .await;
    assert!(
        again.succeeded && again.said.contains("was up to date"),
        "{again:?}"
    );
    let status = operator.runs_on(&missing, &["status", "--json"]).await;
    let status: serde_json::Value = serde_json::from_str(&status.said).unwrap();
    assert_eq!(status["pending_migrations"], serde_json::json!([]));

    let server = operator.superuser().await;
    let name = missing.path().trim_start_matches('/').to_owned();
    drop_database(&server, &name).await;
}

async fn drop_database(server: &Db, name: &str) {
    use sea_orm::ConnectionTrait;
    let drop = format!("DROP DATABASE \"{name}\" WITH (FORCE)");
    server.connection().execute_unprepared(&drop).await.unwrap();
}

#[tokio::test]
async fn a_missing_password_is_named() {
    let operator = Operator::new().await;
    let secrets = secrets();
    std::fs::remove_file(secrets.path().join("postgres_arena")).unwrap();
    let ran = operator
        .runs(&["migrate", "--secrets-dir", secrets.path().to_str().unwrap()])
        .await;
    assert!(!ran.succeeded);
    assert!(ran.complained.contains("the password of arena"), "{ran:?}");
    assert_eq!(ran.complained.trim().lines().count(), 1, "{ran:?}");
}

#[tokio::test]
async fn an_empty_database_is_not_up_to_date() {
    let operator = Operator::new().await;
    let mut maintenance = operator.database.url();
    maintenance.set_path("postgres");
    let status = operator.runs_on(&maintenance, &["status", "--json"]).await;
    let status: serde_json::Value = serde_json::from_str(&status.said).unwrap();
    assert_ne!(status["pending_migrations"], serde_json::json!([]));
}
