//! Somebody who plays through the public API.

use bots::account::{self, Profile};
use bots::client::{Client, Refusal};
use bots::game;
use serde_json::{Value, json};
use testkit::eventually;

use crate::fleet::{Fleet, LIMIT};

const ORDER: &str = "mutation Order($input: CreateGameMatchPositionInput!, $request: UUID) {
    createGameMatchPosition(createGameInput: $input, requestId: $request) { id status code }
}";
const POSITION: &str = "query Position($id: ID!) {
    gameMatchPosition(id: $id) {
        id status code entryPrice closePrice liquidationPrice profit closedAt
    }
}";

/// A signed-in player.
pub(crate) struct Player {
    pub(crate) api: Client,
}

impl Player {
    /// Signs up with a code from the mail and claims 50 USDT and some leverage cards.
    pub(crate) async fn sign_up(fleet: &Fleet, name: &str) -> Self {
        let email = format!("{name}@players.example");
        let api = account::sign_in(&fleet.api(), &fleet.mailbox(), &email)
            .await
            .unwrap();
        account::claim(&api, 5).await.unwrap();
        Self { api }
    }

    /// What the API says of the player.
    pub(crate) async fn profile(&self) -> Profile {
        account::profile(&self.api).await.unwrap()
    }

    /// The USDT in the wallet, held or not.
    pub(crate) async fn balance(&self) -> String {
        self.profile().await.balance
    }

    /// Joins the queue of `game` and waits for the match.
    pub(crate) async fn join(&self, game: &str) {
        game::join(&self.api, game).await.unwrap();
    }

    /// Places an order; `terms` are all of its input but the match.
    pub(crate) async fn order(&self, battle: &str, terms: Value) -> Result<Value, Refusal> {
        let mut input = terms;
        input["matchID"] = battle.into();
        match self.api.run(ORDER, json!({ "input": input })).await {
            Ok(data) => Ok(data["createGameMatchPosition"].clone()),
            Err(error) => Err(error.downcast::<Refusal>().expect("the API answers")),
        }
    }

    /// Reads one of the player's positions.
    pub(crate) async fn position(&self, id: &str) -> Value {
        let data = self.api.run(POSITION, json!({ "id": id })).await.unwrap();
        data["gameMatchPosition"].clone()
    }

    /// Waits until a position has this status.
    pub(crate) async fn position_is(&self, id: &str, status: &str) -> Value {
        eventually(LIMIT, async || {
            let position = self.position(id).await;
            (position["status"] == status).then_some(position)
        })
        .await
    }
}

/// The id of what an order made.
pub(crate) fn id(order: &Value) -> String {
    order["id"].as_str().unwrap().to_owned()
}
