//! JSON-RPC as a node answers it.

use anyhow::{Context as _, ensure};
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};
use solana_address::Address;

use crate::chain::{Chain, Holding, Landed};
use crate::faults::Kind;
use crate::thread::ChainThread;

/// All that is answered.
pub(crate) const METHODS: &[&str] = &[
    "getHealth",
    "getVersion",
    "getFirstAvailableBlock",
    "getGenesisHash",
    "getSlot",
    "getBlockHeight",
    "getEpochInfo",
    "getLatestBlockhash",
    "getMinimumBalanceForRentExemption",
    "getBalance",
    "getAccountInfo",
    "getMultipleAccounts",
    "requestAirdrop",
    "sendTransaction",
    "getSignatureStatuses",
    "getSignaturesForAddress",
    "getTransaction",
];
/// The most signatures of a page.
const MAX_PAGE: usize = 1_000;
/// The most accounts of a question.
const MAX_ACCOUNTS: usize = 100;
/// The most signatures of a question.
const MAX_SIGNATURES: usize = 256;

/// A refusal as JSON-RPC has it.
struct Refusal {
    code: i64,
    message: String,
    data: Option<Value>,
}

impl From<anyhow::Error> for Refusal {
    fn from(cause: anyhow::Error) -> Self {
        let message = format!("{cause:#}");
        Self {
            code: -32602,
            message,
            data: None,
        }
    }
}

#[derive(Deserialize)]
struct Question {
    #[serde(default)]
    id: Value,
    method: String,
    #[serde(default)]
    params: Vec<Value>,
}

/// Answers one question.
pub(crate) async fn answer(State(chain): State<ChainThread>, body: Bytes) -> Response {
    let Ok(Question { id, method, params }) = serde_json::from_slice(&body) else {
        return Json(failure(&Value::Null, -32700, "Parse error", None)).into_response();
    };
    let outcome = chain
        .with(move |chain| {
            chain.faults.answer(Some(&method));
            if chain.faults.strike(Kind::Busy) {
                chain.faults.answer(None);
                return Outcome::Busy;
            }
            let silent = chain.faults.strike(Kind::Silence);
            let outcome = carry_out(chain, &method, &params);
            chain.faults.answer(None);
            let answer = match outcome {
                Ok(result) => json!({"jsonrpc": "2.0", "id": id, "result": result}),
                Err(Refusal {
                    code,
                    message,
                    data,
                }) => failure(&id, code, &message, data),
            };
            if silent {
                Outcome::Silent
            } else {
                Outcome::Answer(answer)
            }
        })
        .await;
    match outcome {
        Ok(Outcome::Answer(answer)) => Json(answer).into_response(),
        Ok(Outcome::Silent) => std::future::pending().await,
        Ok(Outcome::Busy) => {
            let wait = [(header::RETRY_AFTER, "1")];
            (StatusCode::TOO_MANY_REQUESTS, wait).into_response()
        }
        Err(_ended) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

enum Outcome {
    Answer(Value),
    Silent,
    Busy,
}

fn failure(id: &Value, code: i64, message: &str, data: Option<Value>) -> Value {
    let mut error = json!({"code": code, "message": message});
    if let Some(data) = data {
        error["data"] = data;
    }
    json!({"jsonrpc": "2.0", "id": id, "error": error})
}

fn carry_out(chain: &mut Chain, method: &str, params: &[Value]) -> Result<Value, Refusal> {
    let unknown = || Refusal {
        code: -32601,
        message: "Method not found".to_owned(),
        data: None,
    };
    if !METHODS.contains(&method) {
        return Err(unknown());
    }
    chain.count(method);
    let options = params.last().filter(|last| last.is_object());
    let finalized = options.and_then(|options| options["commitment"].as_str());
    let finalized = finalized.is_none_or(|commitment| commitment == "finalized");
    let slot = if finalized {
        chain.told_finalized()
    } else {
        chain.told_slot()
    };
    let in_context = |value: Value| json!({"context": {"slot": slot}, "value": value});
    Ok(match method {
        "getHealth" => json!("ok"),
        "getVersion" => json!({"solana-core": "4.2.2", "feature-set": 0}),
        "getFirstAvailableBlock" => json!(chain.first_block()),
        "getGenesisHash" => json!(chain.genesis()),
        "getSlot" | "getBlockHeight" => json!(slot),
        "getEpochInfo" => json!({"absoluteSlot": slot, "blockHeight": slot, "epoch": 0,
            "slotIndex": slot, "slotsInEpoch": 432_000, "transactionCount": null}),
        "getLatestBlockhash" => {
            let stale = chain.faults.strike(Kind::StaleBlockhash);
            let (blockhash, height) = chain.blockhash(finalized, stale).context("no block yet")?;
            in_context(json!({"blockhash": blockhash, "lastValidBlockHeight": height}))
        }
        "getMinimumBalanceForRentExemption" => {
            let size = params.first().and_then(Value::as_u64).context("a size")?;
            json!(chain.rent(usize::try_from(size).context("a size")?))
        }
        "getBalance" => {
            let account = chain.account(&address(params)?, finalized);
            in_context(json!(account.map_or(0, |account| account.lamports)))
        }
        "getAccountInfo" => {
            in_base64(options)?;
            in_context(account(chain, &address(params)?, finalized))
        }
        "getMultipleAccounts" => {
            let addresses = list(params, MAX_ACCOUNTS)?;
            in_base64(options)?;
            let told = |name: &Value| -> anyhow::Result<Value> {
                let address = name.as_str().context("an address")?.parse()?;
                Ok(account(chain, &address, finalized))
            };
            let told: anyhow::Result<Vec<_>> = addresses.iter().map(told).collect();
            in_context(json!(told?))
        }
        "requestAirdrop" => {
            let amount = params.get(1).and_then(Value::as_u64).context("an amount")?;
            json!(chain.give_lamports(&address(params)?, amount)?)
        }
        "sendTransaction" => send(chain, params)?,
        "getSignatureStatuses" => {
            let told = chain.told_slot();
            let signatures = list(params, MAX_SIGNATURES)?;
            let statuses: Vec<_> = signatures.iter().map(|one| status(chain, one)).collect();
            json!({"context": {"slot": told}, "value": statuses})
        }
        "getSignaturesForAddress" => signatures(chain, params, finalized)?,
        "getTransaction" => {
            let wanted = params
                .first()
                .and_then(Value::as_str)
                .context("a signature")?;
            let found = chain
                .told(finalized)
                .find(|landed| landed.signature == wanted);
            found.map_or(Value::Null, transaction)
        }
        _ => return Err(unknown()),
    })
}

fn address(params: &[Value]) -> anyhow::Result<Address> {
    let name = params
        .first()
        .and_then(Value::as_str)
        .context("expected an address")?;
    name.parse().context("expected an address")
}

fn list(params: &[Value], most: usize) -> anyhow::Result<&Vec<Value>> {
    let list = params.first().and_then(Value::as_array);
    let list = list.context("expected a list")?;
    ensure!(list.len() <= most, "Too many inputs provided; max {most}");
    Ok(list)
}

/// Refuses every other encoding of accounts than the one that is answered.
fn in_base64(options: Option<&Value>) -> anyhow::Result<()> {
    let encoding = options.and_then(|options| options["encoding"].as_str());
    ensure!(encoding == Some("base64"), "expected accounts in base64");
    Ok(())
}

fn account(chain: &Chain, address: &Address, finalized: bool) -> Value {
    chain
        .account(address, finalized)
        .map_or(Value::Null, |account| {
            json!({
                "lamports": account.lamports, "owner": account.owner.to_string(),
                "executable": account.executable,
                "rentEpoch": 0, "space": account.data.len(),
                "data": [STANDARD.encode(account.data), "base64"]
            })
        })
}

fn send(chain: &mut Chain, params: &[Value]) -> Result<Value, Refusal> {
    let text = params
        .first()
        .and_then(Value::as_str)
        .context("expected a transaction")?;
    let options = params.get(1).cloned().unwrap_or_default();
    if options["encoding"] != "base64" {
        return Err(anyhow::anyhow!("expected a transaction in base64").into());
    }
    let bytes = STANDARD.decode(text).context("expected base64")?;
    let transaction = bincode::deserialize(&bytes).context("expected a transaction")?;
    let try_out = options["skipPreflight"] != true;
    match chain.take(transaction, try_out) {
        Ok(signature) => Ok(json!(signature)),
        Err(refused) => Err(Refusal {
            code: -32002,
            message: refused.message,
            data: Some(json!({"err": refused.error, "logs": []})),
        }),
    }
}

fn status(chain: &Chain, signature: &Value) -> Value {
    let found = chain
        .told(false)
        .find(|landed| *signature == landed.signature);
    found.map_or(Value::Null, |landed| {
        let level = if chain.is_told_final(landed) {
            "finalized"
        } else {
            "confirmed"
        };
        json!({"slot": landed.slot, "confirmations": null, "err": landed.error,
            "confirmationStatus": level})
    })
}

fn signatures(chain: &mut Chain, params: &[Value], finalized: bool) -> Result<Value, Refusal> {
    let address = address(params)?;
    let options = params.get(1).cloned().unwrap_or_default();
    let limit = options["limit"].as_u64().map_or(MAX_PAGE, |limit| {
        usize::try_from(limit).map_or(MAX_PAGE, |limit| limit.min(MAX_PAGE))
    });
    let twice = chain.faults.strike(Kind::Duplicate);
    let mut named: Box<dyn Iterator<Item = &Landed>> = Box::new(
        chain
            .told(finalized)
            .filter(|landed| landed.accounts.contains(&address)),
    );
    if let Some(before) = options["before"].as_str() {
        // A node that does not know it knows nothing behind it.
        named = Box::new(
            named
                .skip_while(move |landed| landed.signature != before)
                .skip(1),
        );
    }
    if let Some(until) = options["until"].as_str() {
        named = Box::new(named.take_while(move |landed| landed.signature != until));
    }
    let page = named.flat_map(|landed| {
        let told = json!({"signature": landed.signature, "slot": landed.slot,
            "err": landed.error, "memo": null, "blockTime": null,
            "confirmationStatus": if finalized { "finalized" } else { "confirmed" }});
        std::iter::repeat_n(told, if twice { 2 } else { 1 })
    });
    Ok(json!(page.take(limit).collect::<Vec<_>>()))
}

fn transaction(landed: &Landed) -> Value {
    let keys: Vec<_> = landed.accounts.iter().map(ToString::to_string).collect();
    let lamports =
        |side: &[Holding]| -> Vec<u64> { side.iter().map(|holding| holding.lamports).collect() };
    json!({
        "slot": landed.slot, "version": 0, "blockTime": null,
        "transaction": {
            "signatures": [landed.signature],
            "message": {"accountKeys": keys},
        },
        "meta": {
            "err": landed.error, "fee": landed.fee,
            "preBalances": lamports(&landed.before), "postBalances": lamports(&landed.after),
            "preTokenBalances": tokens(&landed.before),
            "postTokenBalances": tokens(&landed.after),
            "loadedAddresses": {"writable": [], "readonly": []},
        },
    })
}

fn tokens(side: &[Holding]) -> Vec<Value> {
    let told = |(place, holding): (usize, &Holding)| {
        let (mint, owner, amount) = holding.tokens?;
        Some(
            json!({"accountIndex": place, "mint": mint.to_string(), "owner": owner.to_string(),
            "uiTokenAmount": {"amount": amount.to_string(), "decimals": 6}}),
        )
    };
    side.iter().enumerate().filter_map(told).collect()
}
