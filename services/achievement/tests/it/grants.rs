//! Who earns what, and how often.

use achievement::workflow::Grant;
use contracts::achievements::{Granted, PlayerEvent};
use contracts::{Stream, Topic};
use domain::id::UserId;
use temporalio_common::protos::temporal::api::enums::v1::EventType;
use testkit::eventually;

use crate::support::{App, LIMIT, closed, settled};

/// What a winner of a first battle earns in all: first win 50, debut 20.
const WINNERS_EXPERIENCE: i64 = 70;
/// What a first trade earns.
const TRADERS_EXPERIENCE: i64 = 10;

async fn experience_reaches(app: &App, user: UserId, experience: i64) {
    eventually(LIMIT, async || app.experience(user).await == experience).await;
}

/// What was announced of one user so far.
#[derive(Default)]
struct Story {
    counted: Vec<PlayerEvent>,
    granted: Vec<Granted>,
}

async fn story(app: &App, user: UserId) -> Story {
    let bounds = app.bus.bounds(Stream::Achievements).await.unwrap();
    let mut reader = app
        .bus
        .ordered(
            Stream::Achievements,
            &[Topic::AchievementGranted, Topic::PlayerEvent],
            bounds.head(),
        )
        .await
        .unwrap();
    let mut story = Story::default();
    loop {
        let entry = reader.next().await.unwrap();
        if entry.topic == Topic::AchievementGranted {
            story.granted.push(entry.decode().unwrap());
        } else {
            story.counted.push(entry.decode().unwrap());
        }
        if entry.pending == 0 {
            story.granted.retain(|granted| granted.user == user);
            story.counted.retain(|event| event.user == user);
            return story;
        }
    }
}

/// Asks Temporal for the history of the workflow of this grant: closed, after one start and one
/// posting.
async fn assert_ran_once(app: &App, granted: &Granted) {
    let grant = Grant {
        definition: granted.definition,
        user: granted.user,
    };
    let history = app.closed_history(&app.temporal.workflow_id(grant)).await;
    let count = |kind| history.iter().filter(|event| **event == kind).count();
    assert_eq!(count(EventType::WorkflowExecutionStarted), 1, "{history:?}");
    assert_eq!(count(EventType::ActivityTaskCompleted), 1, "{history:?}");
    assert_eq!(
        count(EventType::WorkflowExecutionCompleted),
        1,
        "{history:?}"
    );
}

#[tokio::test]
async fn a_first_win_is_granted_once_by_one_workflow_though_everything_comes_twice() {
    let app = App::start().await;
    let (winner, loser) = (app.user().await, app.user().await);
    let battle = settled(&[winner, loser]);
    app.bus.publish(&battle, "settled").await.unwrap();
    app.space.publish_again(&battle, "settled").await;
    experience_reaches(&app, winner, WINNERS_EXPERIENCE).await;
    experience_reaches(&app, loser, 20).await;
    // A second battle counts, and grants nothing any more.
    app.bus
        .publish(&settled(&[winner, loser]), "settled again")
        .await
        .unwrap();
    let after = settled(&[app.user().await]);
    app.bus.publish(&after, "settled last").await.unwrap();
    experience_reaches(&app, after.standings[0].player, WINNERS_EXPERIENCE).await;

    assert_eq!(app.experience(winner).await, WINNERS_EXPERIENCE);
    let mut granted = story(&app, winner).await.granted;
    granted.sort_by(|one, other| one.title.cmp(&other.title));
    let titles: Vec<_> = granted.iter().map(|granted| &granted.title).collect();
    assert_eq!(titles, ["Debut", "First win"]);
    assert_ran_once(&app, &granted[1]).await;
    app.stop().await;
}

#[tokio::test]
async fn a_first_trade_is_granted_once_by_one_workflow_though_its_end_is_told_twice() {
    let app = App::start().await;
    let (trader, other) = (app.user().await, app.user().await);
    let end = closed(trader);
    app.bus.publish(&end, "closed").await.unwrap();
    app.space.publish_again(&end, "closed").await;
    experience_reaches(&app, trader, TRADERS_EXPERIENCE).await;
    // A second trade counts, and grants nothing any more.
    app.bus
        .publish(&closed(trader), "closed again")
        .await
        .unwrap();
    app.bus
        .publish(&closed(other), "closed last")
        .await
        .unwrap();
    experience_reaches(&app, other, TRADERS_EXPERIENCE).await;

    assert_eq!(app.experience(trader).await, TRADERS_EXPERIENCE);
    let story = story(&app, trader).await;
    assert_eq!(story.counted.len(), 2, "{:?}", story.counted);
    let titles: Vec<_> = story.granted.iter().map(|granted| &granted.title).collect();
    assert_eq!(titles, ["First trade"]);
    assert_ran_once(&app, &story.granted[0]).await;
    app.stop().await;
}

#[tokio::test]
async fn what_was_earned_while_the_service_was_down_is_granted_when_it_is_back() {
    let app = App::start().await;
    let winner = app.user().await;
    let app = {
        let bus = app.bus.clone();
        let battle = settled(&[winner]);
        let restarted = app.restart();
        bus.publish(&battle, "settled").await.unwrap();
        restarted.await
    };
    experience_reaches(&app, winner, WINNERS_EXPERIENCE).await;
    app.stop().await;
}

#[tokio::test]
async fn an_unranked_battle_earns_nothing() {
    let app = App::start().await;
    let winner = app.user().await;
    let mut battle = settled(&[winner]);
    battle.ranked = false;
    app.bus.publish(&battle, "unranked").await.unwrap();
    let other = app.user().await;
    app.bus.publish(&settled(&[other]), "ranked").await.unwrap();
    experience_reaches(&app, other, WINNERS_EXPERIENCE).await;

    assert_eq!(app.experience(winner).await, 0);
    app.stop().await;
}
