//! Who earns what, and how often.

use achievement::workflow::Grant;
use contracts::achievements::Granted;
use contracts::{Stream, Topic};
use domain::id::UserId;
use temporalio_common::protos::temporal::api::enums::v1::EventType;
use testkit::eventually;

use crate::support::{App, LIMIT, settled};

/// What a winner of a first battle earns in all: first win 50, debut 20.
const WINNERS_EXPERIENCE: i64 = 70;

async fn experience_reaches(app: &App, user: UserId, experience: i64) {
    eventually(LIMIT, async || app.experience(user).await == experience).await;
}

/// Every grant that was announced so far.
async fn announced(app: &App) -> Vec<Granted> {
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
    let mut grants = Vec::new();
    loop {
        let entry = reader.next().await.unwrap();
        if entry.topic == Topic::AchievementGranted {
            grants.push(entry.decode().unwrap());
        }
        if entry.pending == 0 {
            return grants;
        }
    }
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
    let mut titles: Vec<_> = announced(&app)
        .await
        .into_iter()
        .filter(|granted| granted.user == winner)
        .map(|granted| (granted.title, granted.definition))
        .collect();
    titles.sort();
    assert_eq!(
        titles
            .iter()
            .map(|(title, _)| title.as_str())
            .collect::<Vec<_>>(),
        ["Debut", "First win"]
    );
    let grant = Grant {
        definition: titles[1].1,
        user: winner,
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
