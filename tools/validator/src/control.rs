//! The control interface: money from nothing, faults, and time.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use solana_address::Address;
use solana_keypair::Keypair;
use solana_signer::Signer as _;

use crate::faults::Fault;
use crate::thread::ChainThread;

/// The most slots of one request.
const MAX_SLOTS: u32 = 10_000;

type Answer = Result<Json<Value>, (StatusCode, String)>;

/// What is given, and to whom.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fund {
    /// The wallet.
    address: String,
    /// `SOL` or `USDT`.
    coin: String,
    /// How much, in the smallest part.
    amount: u64,
}

/// How many slots are made.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Slots {
    count: u32,
}

/// Says that it is there.
pub(crate) async fn ready(State(chain): State<ChainThread>) -> Answer {
    let slot = chain.with(|chain| chain.told_slot()).await;
    answer(slot.map(|slot| json!({"slot": slot})))
}

/// Names the mint of the token.
pub(crate) async fn mint(State(chain): State<ChainThread>) -> Answer {
    let mint = chain.with(|chain| chain.mint).await;
    answer(mint.map(|mint| json!({"mint": mint.to_string()})))
}

/// Gives money to a wallet, in a transaction as anybody's.
pub(crate) async fn fund(State(chain): State<ChainThread>, Json(fund): Json<Fund>) -> Answer {
    let given = chain.with(move |chain| {
        let to: Address = fund.address.parse()?;
        match fund.coin.as_str() {
            "SOL" => chain.give_lamports(&to, fund.amount),
            "USDT" => chain.give_tokens(&to, fund.amount),
            other => Err(anyhow::anyhow!("expected SOL or USDT, found {other}")),
        }
    });
    let signature = given.await.and_then(|given| given);
    answer(signature.map(|signature| json!({"signature": signature})))
}

/// Makes a wallet that nobody has: its key is forgotten, so that what comes to it stays.
pub(crate) async fn new_wallet() -> Json<Value> {
    Json(json!({"address": Keypair::new().pubkey().to_string()}))
}

/// Tells what a wallet holds for good, in the smallest part of each coin.
pub(crate) async fn wallet(
    State(chain): State<ChainThread>,
    Path(address): Path<String>,
) -> Answer {
    let held = chain.with(move |chain| {
        let wallet: Address = address.parse()?;
        anyhow::Ok(chain.held(&wallet))
    });
    let held = held.await.and_then(|held| held);
    answer(held.map(|(sol, usdt)| json!({"SOL": sol, "USDT": usdt})))
}

/// Lets something go wrong.
pub(crate) async fn fault(State(chain): State<ChainThread>, Json(fault): Json<Fault>) -> Answer {
    let set = chain.with(move |chain| chain.faults.set(fault));
    let set = set.await.and_then(|set| set);
    answer(set.map(|()| json!({})))
}

/// Tells what has not gone wrong yet.
pub(crate) async fn faults(State(chain): State<ChainThread>) -> Answer {
    let left = chain.with(|chain| json!({"left": chain.faults.left()}));
    answer(left.await)
}

/// Tells how often each method was asked for.
pub(crate) async fn asked(State(chain): State<ChainThread>) -> Answer {
    let asked = chain.with(|chain| json!(chain.asked())).await;
    answer(asked)
}

/// Takes back every block that is not finalized.
pub(crate) async fn rollback(State(chain): State<ChainThread>) -> Answer {
    let dropped = chain.with(|chain| chain.roll_back()).await;
    answer(dropped.map(|dropped| json!({"dropped": dropped})))
}

/// Makes slots.
pub(crate) async fn slots(State(chain): State<ChainThread>, Json(slots): Json<Slots>) -> Answer {
    let made = chain.with(move |chain| {
        for _ in 0..slots.count.min(MAX_SLOTS) {
            chain.make_slot()?;
        }
        anyhow::Ok(chain.told_slot())
    });
    let made = made.await.and_then(|made| made);
    answer(made.map(|slot| json!({"slot": slot})))
}

fn answer(outcome: anyhow::Result<Value>) -> Answer {
    let refused = |cause: anyhow::Error| (StatusCode::BAD_REQUEST, format!("{cause:#}"));
    outcome.map(Json).map_err(refused)
}
