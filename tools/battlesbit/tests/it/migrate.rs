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

#[tokio::test]
async fn data_of_another_version_is_refused_in_one_line_and_left_alone() {
    use sea_orm::ConnectionTrait;
    let operator = Operator::new().await;
    let superuser = operator.superuser().await;
    let db = superuser.connection();
    // What an edited file leaves behind: its name, with another hash.
    let edit = "UPDATE seaql_migrations SET version = '0005_arena-000000000000'
        WHERE version LIKE '0005_arena-%'";
    assert_eq!(
        db.execute_unprepared(edit).await.unwrap().rows_affected(),
        1
    );
    // A run that went on would grant again what was taken here.
    let revoke = "REVOKE SELECT ON tickets FROM battlesbit_matcher";
    db.execute_unprepared(revoke).await.unwrap();

    let secrets = secrets();
    let ran = operator
        .runs(&["migrate", "--secrets-dir", secrets.path().to_str().unwrap()])
        .await;
    assert_eq!(ran.code, Some(3), "{ran:?}");
    assert_eq!(
        ran.complained,
        "cannot migrate: the data is of another version: it holds 0005_arena-000000000000, \
         which is not among this version's migrations\n"
    );
    let may_read = "DO $$ BEGIN
        ASSERT NOT has_table_privilege('battlesbit_matcher', 'tickets', 'SELECT'); END $$";
    db.execute_unprepared(may_read).await.unwrap();
    let status = operator.runs(&["status"]).await;
    assert!(
        status.complained.contains("of another version"),
        "{status:?}"
    );
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
