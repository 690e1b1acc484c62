//! Changing a game: what the owner is asked, and what is refused before.

use contracts::commands::{Answer, UpdateGame};
use domain::game::{Prize, Template};
use domain::money::Currency;
use serde_json::{Value, json};

use crate::client::{Client, Told};
use crate::rows::Game;
use crate::stage::Stage;

async fn scene() -> (Stage, Client, Game) {
    let mut stage = Stage::new().await;
    let admin = stage.staff("admin").await;
    let game = stage.game("Duel").await;
    stage
        .answer(|update: UpdateGame| Answer::Done { value: update.game })
        .await;
    (stage, admin, game)
}

async fn update(client: &Client, game: &Game, input: Value) -> Told {
    let query = "mutation($id: ID!, $input: UpdateGameInput!) {
        updateGame(id: $id, updateGameInput: $input) { id } }";
    let variables = json!({ "id": game.id, "input": input });
    client.ask(query, variables).await
}

/// What the owner was asked to make of the game.
async fn asked(stage: &Stage) -> Template {
    stage.questions::<UpdateGame>(1).await.remove(0).template
}

#[tokio::test]
async fn an_amount_is_not_carried_over_into_another_currency() {
    let (stage, admin, game) = scene().await;
    for (input, field) in [
        (json!({ "currency": "BT" }), "entryFee"),
        (json!({ "currency": "BT", "fixedPrize": 18 }), "entryFee"),
        (json!({ "currency": "BT", "entryFee": 10 }), "fixedPrize"),
    ] {
        let told = update(&admin, &game, input.clone()).await;
        assert_eq!(told.code(), "INVALID_GAME", "{input}");
        let path = &told.0["errors"][0]["extensions"]["path"];
        assert_eq!(*path, json!([field]), "{input}");
    }
    let input = json!({ "currency": "BT", "entryFee": 10, "fixedPrize": 18 });
    update(&admin, &game, input).await.data();
    let template = asked(&stage).await;
    assert_eq!(
        (template.currency, template.entry_fee_minor),
        (Currency::Bt, 10)
    );
    let fixed = Prize::Fixed {
        amount_minor: 18,
        house_funded: false,
    };
    assert_eq!(template.prize, fixed);
}

#[tokio::test]
async fn the_same_currency_again_changes_no_amount() {
    let (stage, admin, game) = scene().await;
    update(&admin, &game, json!({ "currency": "USDT" }))
        .await
        .data();
    assert_eq!(asked(&stage).await.entry_fee_minor, 10_000_000);
}

#[tokio::test]
async fn a_cup_band_is_removed_by_null_and_kept_when_it_is_left_out() {
    for (input, expected) in [
        (json!({ "cupBand": null }), None),
        (json!({}), Some(200)),
        (json!({ "cupBand": 300 }), Some(300)),
    ] {
        let (stage, admin, game) = scene().await;
        stage
            .script("UPDATE game_versions SET template = template || '{\"cup_band\": 200}'")
            .await;
        update(&admin, &game, input.clone()).await.data();
        assert_eq!(asked(&stage).await.cup_band, expected, "{input}");
    }
}

#[tokio::test]
async fn who_funds_a_prize_changes_without_the_prize() {
    let (stage, admin, game) = scene().await;
    update(&admin, &game, json!({ "houseFunded": true }))
        .await
        .data();
    let funded = |amount_minor| Prize::Fixed {
        amount_minor,
        house_funded: true,
    };
    assert_eq!(asked(&stage).await.prize, funded(18_000_000));
}

#[tokio::test]
async fn a_house_funds_no_pool() {
    let (_stage, admin, game) = scene().await;
    let pool = json!({ "rakeBps": 0, "sharesBps": [10_000] });
    let told = update(&admin, &game, json!({ "pool": pool, "houseFunded": true })).await;
    assert_eq!(told.code(), "INVALID_GAME");
    let path = &told.0["errors"][0]["extensions"]["path"];
    assert_eq!(*path, json!(["houseFunded"]));
}
