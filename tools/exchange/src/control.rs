//! The control interface: trades and jumps by hand, pauses, faults. Not part of the exchange.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};

use crate::amount::Amount;
use crate::faults::Fault;
use crate::trade::Trade;
use crate::venue::{Overview, Venue};

pub(crate) fn routes(venue: Arc<Venue>) -> Router {
    Router::new()
        .route("/control/trade", post(trade))
        .route("/control/jump", post(jump))
        .route("/control/pause", post(pause))
        .route("/control/faults", post(misbehave))
        .route("/control/state", get(overview))
        .with_state(venue)
}

/// A trade that was made by hand.
#[derive(Debug, Serialize)]
struct Made {
    symbol: String,
    id: i64,
    price: Amount,
    time_ms: i64,
}

impl From<Trade> for Made {
    fn from(trade: Trade) -> Self {
        Self {
            symbol: trade.symbol,
            id: trade.id,
            price: trade.price,
            time_ms: trade.time_ms,
        }
    }
}

type Answer = Result<Json<Made>, (StatusCode, String)>;

fn made(symbol: &str, trade: Option<Trade>) -> Answer {
    match trade {
        Some(trade) => Ok(Json(trade.into())),
        None => Err((
            StatusCode::NOT_FOUND,
            format!("expected a listed symbol and got {symbol}"),
        )),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TradeOrder {
    symbol: String,
    price: Amount,
    #[serde(default = "whole")]
    quantity: Amount,
}

const fn whole() -> Amount {
    Amount::from_units(Amount::SCALE)
}

async fn trade(State(venue): State<Arc<Venue>>, Json(order): Json<TradeOrder>) -> Answer {
    made(
        &order.symbol,
        venue.trade_by_hand(&order.symbol, order.price, order.quantity),
    )
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JumpOrder {
    symbol: String,
    bps: i32,
    #[serde(default = "yes")]
    lasting: bool,
}

const fn yes() -> bool {
    true
}

async fn jump(State(venue): State<Arc<Venue>>, Json(order): Json<JumpOrder>) -> Answer {
    made(
        &order.symbol,
        venue.jump(&order.symbol, order.bps, order.lasting),
    )
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PauseOrder {
    paused: bool,
}

async fn pause(State(venue): State<Arc<Venue>>, Json(order): Json<PauseOrder>) -> StatusCode {
    venue.pause(order.paused);
    StatusCode::NO_CONTENT
}

async fn misbehave(State(venue): State<Arc<Venue>>, Json(fault): Json<Fault>) -> StatusCode {
    tracing::info!(?fault, "misbehaving as told");
    venue.misbehave(fault);
    StatusCode::NO_CONTENT
}

async fn overview(State(venue): State<Arc<Venue>>) -> Json<Overview> {
    Json(venue.overview())
}
