//! `battlesbit staff`.

use store::user;

use crate::operator::Operator;

#[tokio::test]
async fn somebody_is_hired_once_however_often_one_says_so() {
    let operator = Operator::new().await;
    let create = [
        "staff",
        "create",
        "--email",
        "Ada@Example.org",
        "--role",
        "admin",
    ];
    let first = operator.runs(&create).await;
    assert!(first.succeeded, "{first:?}");
    let again = operator.runs(&create).await;
    assert_eq!(again.said, first.said, "the same account");
    let db = operator.superuser().await;
    let ada = user::find_by_email(&db, "ada@example.org")
        .await
        .unwrap()
        .unwrap();
    assert!(first.said.starts_with(&ada.id.to_string()), "{first:?}");
}

#[tokio::test]
async fn an_unknown_role_and_a_bad_address_are_refused() {
    let operator = Operator::new().await;
    let role = operator
        .runs(&["staff", "create", "--email", "a@b.org", "--role", "king"])
        .await;
    assert!(
        !role.succeeded && role.complained.contains("game_master"),
        "{role:?}"
    );
    let address = operator
        .runs(&["staff", "create", "--email", "ada", "--role", "admin"])
        .await;
    assert!(
        !address.succeeded && address.complained.contains("mail address"),
        "{address:?}"
    );
}
