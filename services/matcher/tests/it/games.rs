//! Templates: created, changed and taken out of the lists, once each.

use contracts::Code;
use contracts::commands::{Caller, CreateGame, DeleteGame, UpdateGame};
use domain::game::{Prize, Template};
use runtime::ids::mint;
use store::game;

use crate::stage::Stage;
use crate::templates::{crowd, duel};

fn caller() -> Caller {
    Caller {
        user: mint(),
        request: mint(),
    }
}

#[tokio::test]
async fn a_game_lives_through_create_update_and_delete_however_often_it_is_told() {
    let stage = Stage::new().await;
    let matcher = stage.matcher().await;
    let create = CreateGame {
        caller: caller(),
        game: mint(),
        template: duel(),
    };
    let id = stage.ask_twice(&create).await.unwrap();
    let found = game::find(&stage.db, id).await.unwrap().unwrap();
    assert_eq!((found.version, found.template), (1, duel()));

    let update = UpdateGame {
        caller: caller(),
        game: id,
        template: crowd(),
    };
    stage.ask_twice(&update).await.unwrap();
    let found = game::find(&stage.db, id).await.unwrap().unwrap();
    assert_eq!((found.version, found.template), (2, crowd()));
    assert_eq!(game::load_version(&stage.db, id, 1).await.unwrap(), duel());

    stage
        .ask_twice(&DeleteGame {
            caller: caller(),
            game: id,
        })
        .await
        .unwrap();
    assert_eq!(game::find(&stage.db, id).await.unwrap(), None);
    let gone = DeleteGame {
        caller: caller(),
        game: id,
    };
    assert_eq!(stage.ask(&gone).await, Err(Code::GameNotFound));
    let update = UpdateGame {
        caller: caller(),
        game: id,
        template: crowd(),
    };
    assert_eq!(stage.ask_twice(&update).await, Err(Code::GameNotFound));
    let player = stage.player(0).await;
    assert_eq!(stage.join(player, id).await, Err(Code::GameNotFound));
    matcher.stop().await;
}

#[tokio::test]
async fn a_template_that_breaks_a_rule_is_refused() {
    let stage = Stage::new().await;
    let matcher = stage.matcher().await;
    let alone = Template {
        min_players: 1,
        ..duel()
    };
    // More than the two of them pay, and nobody else does.
    let generous = Template {
        prize: Prize::Fixed {
            amount_minor: 2 * duel().entry_fee_minor + 1,
            house_funded: false,
        },
        ..duel()
    };
    for template in [alone, generous] {
        let create = CreateGame {
            caller: caller(),
            game: mint(),
            template,
        };
        assert_eq!(stage.ask_twice(&create).await, Err(Code::InvalidGame));
        assert_eq!(game::find(&stage.db, create.game).await.unwrap(), None);
    }
    matcher.stop().await;
}

#[tokio::test]
async fn another_body_under_the_same_request_is_a_conflict() {
    let stage = Stage::new().await;
    let matcher = stage.matcher().await;
    let create = CreateGame {
        caller: caller(),
        game: mint(),
        template: duel(),
    };
    stage.ask(&create).await.unwrap();
    let other = CreateGame {
        template: crowd(),
        ..create
    };
    assert_eq!(stage.ask(&other).await, Err(Code::IdempotencyConflict));
    matcher.stop().await;
}
