//! Walking a list page by page, from either end.

use domain::id::PositionId;
use runtime::ids::mint;
use serde_json::{Value, json};

use crate::client::Client;
use crate::rows::Position;
use crate::stage::Stage;

const COUNT: usize = 25;

/// A page of the list: its titles, and where it goes on.
async fn page(client: &Client, arguments: &str) -> (Vec<String>, Value) {
    let query = format!(
        "{{ games({arguments}) {{ totalCount edges {{ node {{ title }} }}
            pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }} }}"
    );
    let told = client.ask(&query, json!({})).await.data()["games"].clone();
    assert_eq!(told["totalCount"], COUNT);
    let edges = told["edges"].as_array().unwrap();
    let titles = edges
        .iter()
        .map(|edge| edge["node"]["title"].as_str().unwrap().to_owned());
    (titles.collect(), told["pageInfo"].clone())
}

async fn scene() -> (Stage, Vec<String>) {
    let stage = Stage::new().await;
    let titles: Vec<String> = (0..COUNT)
        .map(|number| format!("game {number:02}"))
        .collect();
    for title in &titles {
        stage.game(title).await;
    }
    (stage, titles.into_iter().rev().collect())
}

#[tokio::test]
async fn pages_forwards_make_up_the_list_newest_first() {
    let (stage, expected) = scene().await;
    let client = stage.client();
    let (mut titles, mut info) = page(&client, "first: 10").await;
    assert_eq!(info["hasPreviousPage"], false);
    while info["hasNextPage"] == true {
        let (more, next) = page(&client, &format!("first: 10, after: {}", info["endCursor"])).await;
        titles.extend(more);
        info = next;
    }
    assert_eq!(titles, expected);
    assert_eq!(info["hasPreviousPage"], true);
}

#[tokio::test]
async fn pages_backwards_make_up_the_same_list() {
    let (stage, expected) = scene().await;
    let client = stage.client();
    let (mut titles, mut info) = page(&client, "last: 10").await;
    assert_eq!(info["hasNextPage"], false);
    while info["hasPreviousPage"] == true {
        let before = &info["startCursor"];
        let (mut more, next) = page(&client, &format!("last: 10, before: {before}")).await;
        more.append(&mut titles);
        (titles, info) = (more, next);
    }
    assert_eq!(titles, expected);
}

#[tokio::test]
async fn a_list_can_be_turned_round_and_has_20_rows_unless_told() {
    let (stage, mut expected) = scene().await;
    expected.reverse();
    let (titles, info) = page(&stage.client(), "orderBy: CREATED_AT_ASC").await;
    assert_eq!(titles, expected[..20]);
    assert_eq!(info["hasNextPage"], true);
}

#[tokio::test]
async fn a_row_that_comes_meanwhile_moves_no_page() {
    let (stage, expected) = scene().await;
    let client = stage.client();
    let (_, info) = page(&client, "first: 10").await;
    stage.game("newer").await;
    let query = format!(
        "{{ games(first: 10, after: {}) {{ edges {{ node {{ title }} }} }} }}",
        info["endCursor"]
    );
    let told = client.ask(&query, json!({})).await.data();
    assert_eq!(
        told["games"]["edges"][0]["node"]["title"],
        expected[10].as_str()
    );
}

#[tokio::test]
async fn assets_are_a_list_like_any_other() {
    let stage = Stage::new().await;
    let query = "{ assets(first: 1) { totalCount edges { cursor node { id rank priceUSD } }
        pageInfo { hasNextPage endCursor } } }";
    let told = stage.client().ask(query, json!({})).await.data()["assets"].clone();
    assert_eq!(
        told["edges"][0]["node"],
        json!({ "id": "bitcoin", "rank": 1, "priceUSD": 0.0 })
    );
    assert_eq!(
        (&told["totalCount"], &told["pageInfo"]["hasNextPage"]),
        (&json!(4), &json!(true))
    );
    let query = format!(
        "{{ assets(last: 5, after: {}) {{ edges {{ node {{ id }} }}
            pageInfo {{ hasPreviousPage hasNextPage }} }} }}",
        told["pageInfo"]["endCursor"]
    );
    let told = stage.client().ask(&query, json!({})).await.data()["assets"].clone();
    assert_eq!(told["edges"].as_array().unwrap().len(), 3);
    assert_eq!(
        told["pageInfo"],
        json!({ "hasPreviousPage": true, "hasNextPage": false })
    );
}

#[tokio::test]
async fn the_positions_of_a_match_can_be_turned_round() {
    let stage = Stage::new().await;
    let ann = stage.signed_in("ann@example.com").await;
    let id = ann.id().await;
    let game = stage.game("Duel").await;
    let battle = stage.battle(&game, &[&id], "OPEN").await;
    let mut positions = Vec::new();
    for number in 1..=3 {
        let position = mint::<PositionId>();
        stage
            .position(&Position {
                id: position,
                battle,
                player: &id,
                number,
                margin: 1_000_000_000,
            })
            .await;
        positions.push(json!({ "node": { "id": position } }));
    }
    let query = "query($id: ID!, $order: Order) { gameMatch(id: $id) {
        positions(orderBy: $order) { edges { node { id } } }
        participants { edges { node { positions(orderBy: $order) { edges { node { id } } } } } } } }";
    for order in [
        json!(null),
        json!("CREATED_AT_DESC"),
        json!("CREATED_AT_ASC"),
    ] {
        let mut expected = positions.clone();
        if order != "CREATED_AT_ASC" {
            expected.reverse();
        }
        let variables = json!({ "id": battle, "order": order });
        let told = ann.ask(query, variables).await.data()["gameMatch"].clone();
        let seat = &told["participants"]["edges"][0]["node"];
        for list in [&told, seat] {
            assert_eq!(list["positions"]["edges"], json!(expected), "{order}");
        }
    }
}
