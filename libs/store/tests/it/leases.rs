//! Who has a duty, and since when.

use std::time::Duration;

use contracts::Service;
use store::lease::{self, Lease};
use testkit::eventually;

use crate::stage::Stage;

const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(50);
const LIMIT: Duration = Duration::from_secs(60);

#[tokio::test]
async fn one_owner_at_a_time() {
    let stage = Stage::new().await;
    let db = stage.db(Service::Matcher).await;
    let first = lease::try_take(&db, "timers", "first", LONG)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(first.epoch, 1);
    assert_eq!(
        lease::try_take(&db, "timers", "second", LONG)
            .await
            .unwrap(),
        None
    );
    let renewed = lease::try_take(&db, "timers", "first", LONG).await.unwrap();
    assert_eq!(renewed, Some(first.clone()), "renewing keeps the epoch");
    lease::release(&db, &first).await.unwrap();
    let second = lease::try_take(&db, "timers", "second", LONG)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(second.epoch, 2);
    assert!(!lease::renew(&db, &first, LONG).await.unwrap());
}

#[tokio::test]
async fn a_lapsed_duty_changes_hands_and_its_former_owner_is_told() {
    let stage = Stage::new().await;
    let db = stage.db(Service::Matcher).await;
    let first = lease::try_take(&db, "timers", "first", SHORT)
        .await
        .unwrap()
        .unwrap();
    let second: Lease = eventually(LIMIT, async || {
        lease::try_take(&db, "timers", "second", LONG)
            .await
            .unwrap()
    })
    .await;
    assert!(second.epoch > first.epoch);
    let tx = db.begin().await.unwrap();
    assert!(!lease::still_held(&tx, &first).await.unwrap());
    assert!(lease::still_held(&tx, &second).await.unwrap());
}

#[tokio::test]
async fn an_owner_that_was_late_has_a_new_epoch() {
    let stage = Stage::new().await;
    let db = stage.db(Service::Matcher).await;
    let first = lease::try_take(&db, "timers", "first", SHORT)
        .await
        .unwrap()
        .unwrap();
    eventually(LIMIT, async || {
        !lease::renew(&db, &first, Duration::ZERO).await.unwrap()
    })
    .await;
    let again = lease::try_take(&db, "timers", "first", LONG)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(again.epoch, 2, "somebody may have acted in between");
}

#[tokio::test]
async fn duties_of_the_same_name_belong_to_their_services() {
    let stage = Stage::new().await;
    let (matcher, market) = (
        stage.db(Service::Matcher).await,
        stage.db(Service::Market).await,
    );
    assert!(
        lease::try_take(&matcher, "leader", "a", LONG)
            .await
            .unwrap()
            .is_some()
    );
    assert!(
        lease::try_take(&market, "leader", "b", LONG)
            .await
            .unwrap()
            .is_some()
    );
}
