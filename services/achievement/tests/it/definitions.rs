//! What staff defines.

use std::time::Duration;

use bus::Asked;
use contracts::Code;
use contracts::commands::{
    Answer, Ask, Caller, CreateAchievementDefinition, DeleteAchievementDefinition, Refused,
    UpdateAchievementDefinition,
};
use domain::achievement::Terms;
use domain::id::AchievementDefinitionId;
use testkit::eventually;

use crate::support::{App, LIMIT, settled};

fn caller() -> Caller {
    Caller {
        user: runtime::ids::mint(),
        request: runtime::ids::mint(),
    }
}

fn terms(metric: &str, threshold: i64) -> Terms {
    Terms {
        title: "Regular".to_owned(),
        description: "Come back.".to_owned(),
        metric: metric.to_owned(),
        threshold,
        experience: 1_000,
        is_active: true,
    }
}

async fn ask<A: Ask>(app: &App, command: &A) -> Result<A::Value, Refused> {
    let asked = app.bus.ask(command, Duration::from_secs(10)).await.unwrap();
    let Asked::Answer(answer) = asked else {
        panic!("no answer")
    };
    match answer {
        Answer::Done { value } => Ok(value),
        Answer::Refused { refusal } => Err(refusal),
    }
}

async fn create(app: &App, terms: Terms) -> Result<AchievementDefinitionId, Refused> {
    let definition = runtime::ids::mint();
    ask(
        app,
        &CreateAchievementDefinition {
            caller: caller(),
            definition,
            terms,
        },
    )
    .await
}

#[tokio::test]
async fn what_staff_defines_is_earned_at_its_threshold() {
    let app = App::start().await;
    create(&app, terms("battles_played", 2)).await.unwrap();
    let (user, other) = (app.user().await, app.user().await);
    let battle = settled(&[user]);
    app.bus.publish(&battle, "first").await.unwrap();
    eventually(LIMIT, async || app.experience(user).await == 70).await;
    app.space.publish_again(&battle, "first").await;
    app.bus.publish(&settled(&[other]), "other").await.unwrap();
    eventually(LIMIT, async || app.experience(other).await == 70).await;
    assert_eq!(
        app.experience(user).await,
        70,
        "the same battle counted twice"
    );
    app.bus.publish(&settled(&[user]), "second").await.unwrap();
    eventually(LIMIT, async || app.experience(user).await == 1_070).await;
    app.stop().await;
}

#[tokio::test]
async fn a_metric_that_nobody_counts_is_refused_by_its_field() {
    let app = App::start().await;
    let refused = create(&app, terms("luck", 1)).await.unwrap_err();
    assert_eq!(
        (refused.code, refused.path),
        (Code::InvalidDefinition, vec!["metric".to_owned()])
    );
    app.stop().await;
}

#[tokio::test]
async fn the_same_request_is_the_same_operation_and_another_body_is_a_conflict() {
    let app = App::start().await;
    let definition = runtime::ids::mint();
    let command = CreateAchievementDefinition {
        caller: caller(),
        definition,
        terms: terms("battles_won", 5),
    };
    assert_eq!(ask(&app, &command).await, Ok(definition));
    app.space
        .publish_again(&command, &command.message_id())
        .await;
    let other = CreateAchievementDefinition {
        terms: terms("battles_won", 6),
        ..command.clone()
    };
    assert_eq!(
        ask(&app, &other).await.unwrap_err().code,
        Code::IdempotencyConflict
    );

    let kept = store::achievement::find(&app.web, definition)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(kept.threshold, 5);
    app.stop().await;
}

#[tokio::test]
async fn a_deleted_definition_cannot_be_changed_or_earned() {
    let app = App::start().await;
    let definition = create(&app, terms("battles_played", 1)).await.unwrap();
    let delete = DeleteAchievementDefinition {
        caller: caller(),
        definition,
    };
    assert_eq!(ask(&app, &delete).await, Ok(definition));
    let update = UpdateAchievementDefinition {
        caller: caller(),
        definition,
        terms: terms("battles_played", 1),
    };
    assert_eq!(
        ask(&app, &update).await.unwrap_err().code,
        Code::DefinitionNotFound
    );

    let user = app.user().await;
    app.bus.publish(&settled(&[user]), "settled").await.unwrap();
    eventually(LIMIT, async || app.experience(user).await == 70).await;
    app.stop().await;
}
