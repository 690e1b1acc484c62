//! A battle of two, driven trade by trade.

use bots::client::Client;
use bots::game;
use serde_json::{Value, json};
use testkit::eventually;

use crate::fleet::{Fleet, LIMIT};
use crate::player::{Player, id};

const CREATE_GAME: &str = "mutation CreateGame($input: CreateGameInput!) {
    createGame(createGameInput: $input) { id }
}";
const PRICE: &str = "query Price { asset(id: \"bitcoin\") { price } }";

/// Fee 10, fixed reward 18, two players.
pub(crate) async fn create_game(staff: &Client, seconds: u32) -> String {
    create_game_for(staff, seconds, 2).await
}

/// The same for another number of players.
pub(crate) async fn create_game_for(staff: &Client, seconds: u32, players: u32) -> String {
    let input = json!({
        "title": "Duel", "description": "", "currency": "USDT", "duration": seconds,
        "countdownMs": 1_000, "minPlayers": players, "maxPlayers": players, "maxPositions": 20,
        "entryFee": "10", "fixedPrize": "18", "fillDelayMs": 250,
        "assets": [{ "asset": "bitcoin", "priceStep": "0.01" }],
        "maxLeverage": 9, "cup": 20, "winExp": 100, "loseExp": 20,
    });
    let data = staff
        .run(CREATE_GAME, json!({ "input": input }))
        .await
        .unwrap();
    data["createGame"]["id"].as_str().unwrap().to_owned()
}

/// Trades at `price` until the gateway shows it.
pub(crate) async fn trade_at(fleet: &Fleet, viewer: &Player, price: &str) {
    fleet.trade("BTCUSDT", price).await;
    eventually(LIMIT, async || {
        let data = viewer.api.run(PRICE, json!({})).await.unwrap();
        data["asset"]["price"] == price
    })
    .await;
}

/// Places an order, as soon as the countdown is over and the rate allows it.
pub(crate) async fn order(player: &Player, battle: &str, terms: Value) -> String {
    let order = eventually(LIMIT, async || {
        match player.order(battle, terms.clone()).await {
            Ok(order) => Some(order),
            // The countdown still runs, or ten orders were placed in this second.
            Err(refusal) if ["MATCH_NOT_OPEN", "RATE_LIMITED"].contains(&refusal.code.as_str()) => {
                None
            }
            Err(refusal) => panic!("{refusal}"),
        }
    })
    .await;
    id(&order)
}

/// Lets the exchange trade at `price` until the position has this status.
pub(crate) async fn filled(fleet: &Fleet, player: &Player, position: &str, price: &str) -> Value {
    eventually(LIMIT, async || {
        fleet.trade("BTCUSDT", price).await;
        let position = player.position(position).await;
        (position["status"] == "OPEN").then_some(position)
    })
    .await
}

/// A market order of margin 10.
pub(crate) fn terms(side: &str, leverage: u32) -> Value {
    json!({
        "baseToken": "BTC", "side": side, "type": "MARKET", "margin": "10", "leverage": leverage,
    })
}

/// Two players in an open battle of `seconds`, with a price of 95.
pub(crate) struct Duel {
    pub(crate) a: Player,
    pub(crate) b: Player,
    pub(crate) battle: String,
}

impl Duel {
    /// Signs two players up, prints a first price and lets them join.
    pub(crate) async fn open(fleet: &Fleet, seconds: u32) -> Self {
        let game = create_game(&fleet.staff().await, seconds).await;
        let (a, b) = (fleet.player("a").await, fleet.player("b").await);
        trade_at(fleet, &a, "95").await;
        a.join(&game).await;
        b.join(&game).await;
        let battle = game::opened(&a.api, &game).await.unwrap();
        Self { a, b, battle }
    }
}
