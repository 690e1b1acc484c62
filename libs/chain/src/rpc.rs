//! A node's JSON-RPC over HTTP, as far as we need it. Every answer is that of finalized blocks
//! unless its name says otherwise; every body, page and wait has a limit. Nothing is tried again, and
//! a node that asks to be left alone is, by whoever shares the way to it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{HeaderValue, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use solana_program_pack::Pack as _;
use spl_token_interface::state::Account as TokenState;
use url::Url;

use crate::Signature;
use crate::address::Address;
use crate::receipt::{Receipt, Told};

/// The longest body of an answer: a page of signatures, or a large transaction.
const MAX_BODY: usize = 4 << 20;
/// The most signatures of one page, which is also the most that nodes give.
pub const MAX_PAGE: usize = 1_000;
/// The most accounts of one question, which is also the most that nodes answer.
pub const MAX_ACCOUNTS: usize = 100;
/// The longest wait that a node may ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// How long a busy node is left alone that names no number of seconds.
const USUAL_WAIT: Duration = Duration::from_secs(1);
/// The codes by which providers say within an answer what status 429 says.
const BUSY_CODES: [i64; 2] = [429, -32_429];

/// Why a node did not answer what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// It could not be reached, or not in time. What was sent may have arrived.
    #[error("the node does not answer")]
    Unreachable(#[source] reqwest::Error),
    /// It takes no more questions for a while, and is not asked any.
    #[error("the node is busy for another {} ms", wait.as_millis())]
    Busy {
        /// How long it is left alone.
        wait: Duration,
    },
    /// An HTTP status that is neither success nor busy.
    #[error("the node answers with status {0}")]
    Status(u16),
    /// It refuses this one question.
    #[error("the node refuses with {code}: {message}")]
    Refused {
        /// The code of JSON-RPC, or one of Solana's own.
        code: i64,
        /// Why.
        message: String,
    },
    /// Not what the protocol says.
    #[error("expected {0} of the node")]
    Malformed(String),
}

impl NodeError {
    pub(crate) fn malformed(expected: impl Into<String>) -> Self {
        Self::Malformed(expected.into())
    }
}

/// A way to a node. Its URL may hold a key, so nothing shows it.
pub struct Node {
    client: Client,
    url: Url,
    /// Until when it is left alone; none if it never asked for that.
    busy_until: Mutex<Option<Instant>>,
}

impl std::fmt::Debug for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Node").finish_non_exhaustive()
    }
}

/// What a transaction that is made now refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blockhash {
    /// The hash of a finalized block.
    pub blockhash: String,
    /// The height of the last block that takes such a transaction.
    pub last_valid_block_height: u64,
    /// The slot that the node had come to: no block before it holds such a transaction.
    pub slot: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ToldBlockhash {
    blockhash: String,
    last_valid_block_height: u64,
}

/// How far the finalized chain has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Height {
    /// Its last slot.
    #[serde(rename = "absoluteSlot")]
    pub slot: u64,
    /// How many blocks there are.
    pub block_height: u64,
}

/// A transaction that named an account.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Seen {
    /// The transaction.
    pub signature: Signature,
    /// Its slot.
    pub slot: u64,
    err: Option<Value>,
}

impl Seen {
    /// Whether it did nothing but pay its fee.
    pub fn failed(&self) -> bool {
        self.err.as_ref().is_some_and(|err| !err.is_null())
    }
}

/// What a node knows of a transaction at `slot`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statuses {
    /// The slot that the node had come to.
    pub slot: u64,
    /// What it knows; none if it has never seen the transaction.
    pub status: Option<Status>,
}

/// How far a transaction has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// In a block that may still be replaced.
    Pending,
    /// In a finalized block, and done.
    Finalized,
    /// In a finalized block, and failed.
    Failed,
}

/// An account as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// What it holds.
    pub lamports: u64,
    /// The program that it belongs to.
    pub owner: Address,
    data: Vec<u8>,
}

impl Account {
    /// Whether it is a wallet: whoever has its key can spend what it holds.
    pub fn is_wallet(&self) -> bool {
        self.owner.0 == solana_system_interface::program::ID
    }

    /// How many tokens of `mint` it holds; none if it is no account for them.
    pub fn tokens(&self, mint: Address) -> Option<u64> {
        self.token_state(mint).map(|state| state.amount)
    }

    /// The wallet whose tokens of `mint` it holds; none if it is no account for them.
    pub fn token_holder(&self, mint: Address) -> Option<Address> {
        self.token_state(mint).map(|state| Address(state.owner))
    }

    fn token_state(&self, mint: Address) -> Option<TokenState> {
        let state = TokenState::unpack(&self.data).ok()?;
        let ours = self.owner.0 == spl_token_interface::ID && state.mint == mint.0;
        ours.then_some(state)
    }
}

/// Accounts as they are at the end of one slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct There {
    /// The slot.
    pub slot: u64,
    /// The accounts, in the order of the question; none where there is nothing.
    pub accounts: Vec<Option<Account>>,
}

#[derive(Deserialize)]
struct Reply {
    result: Option<Box<RawValue>>,
    error: Option<Fault>,
}

#[derive(Deserialize)]
struct Fault {
    code: i64,
    message: String,
}

#[derive(Deserialize)]
struct InContext<T> {
    context: Context,
    value: T,
}

#[derive(Deserialize)]
struct Context {
    slot: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ToldStatus {
    err: Option<Value>,
    confirmation_status: Option<String>,
}

#[derive(Deserialize)]
struct ToldAccount {
    lamports: u64,
    owner: String,
    /// The bytes in base64, and the word `base64`.
    data: (String, String),
}

impl Node {
    /// A way to the node at `url`, which may take `timeout` for an answer. Connects when it is first
    /// asked.
    ///
    /// # Errors
    /// When this process can have no HTTP client.
    pub fn new(url: Url, timeout: Duration) -> Result<Self, NodeError> {
        let client = Client::builder().timeout(timeout).build();
        let client = client.map_err(unreachable)?;
        Ok(Self {
            client,
            url,
            busy_until: Mutex::new(None),
        })
    }

    /// What a transaction that is made now refers to.
    ///
    /// # Errors
    /// As the node fails.
    pub async fn latest_blockhash(&self) -> Result<Blockhash, NodeError> {
        let asked = json!([{"commitment": "finalized"}]);
        let told: InContext<ToldBlockhash> = self.ask("getLatestBlockhash", asked).await?;
        Ok(Blockhash {
            blockhash: told.value.blockhash,
            last_valid_block_height: told.value.last_valid_block_height,
            slot: told.context.slot,
        })
    }

    /// The slot of the first block that the node still has. What stood in an earlier one it has
    /// forgotten, and tells of as of something that never was.
    ///
    /// # Errors
    /// As the node fails.
    pub async fn first_block(&self) -> Result<u64, NodeError> {
        self.ask("getFirstAvailableBlock", json!([])).await
    }

    /// The hash of the first block of all, by which chains are told apart.
    ///
    /// # Errors
    /// As the node fails.
    pub async fn genesis(&self) -> Result<String, NodeError> {
        self.ask("getGenesisHash", json!([])).await
    }

    /// How far the chain has come.
    ///
    /// # Errors
    /// As the node fails.
    pub async fn height(&self) -> Result<Height, NodeError> {
        self.ask("getEpochInfo", json!([{"commitment": "finalized"}]))
            .await
    }

    /// What the node knows of a transaction, however long ago it was.
    ///
    /// # Errors
    /// As the node fails.
    pub async fn status(&self, signature: &Signature) -> Result<Statuses, NodeError> {
        let asked = json!([[signature], {"searchTransactionHistory": true}]);
        let told: InContext<Vec<Option<ToldStatus>>> =
            self.ask("getSignatureStatuses", asked).await?;
        let [status] = <[_; 1]>::try_from(told.value)
            .map_err(|_others| NodeError::malformed("the status of one transaction"))?;
        let status = status.map(|status| {
            let finalized = status.confirmation_status.as_deref() == Some("finalized");
            match (finalized, status.err.is_some_and(|err| !err.is_null())) {
                (false, _) => Status::Pending,
                (true, false) => Status::Finalized,
                (true, true) => Status::Failed,
            }
        });
        Ok(Statuses {
            slot: told.context.slot,
            status,
        })
    }

    /// Sends a signed transaction, which the node tries out first.
    ///
    /// # Errors
    /// As the node fails. After anything but [`NodeError::Refused`] it may have been taken.
    pub async fn send(&self, bytes: &[u8]) -> Result<(), NodeError> {
        let options = json!({
            "encoding": "base64", "preflightCommitment": "confirmed", "maxRetries": 0
        });
        let asked = json!([STANDARD.encode(bytes), options]);
        let _signature: String = self.ask("sendTransaction", asked).await?;
        Ok(())
    }

    /// The transactions that named an account, newest first: up to `limit` of them, behind `before`
    /// if that is given.
    ///
    /// # Errors
    /// As the node fails.
    pub async fn signatures(
        &self,
        account: Address,
        before: Option<&Signature>,
        limit: usize,
    ) -> Result<Vec<Seen>, NodeError> {
        let limit = limit.min(MAX_PAGE);
        let mut options = json!({"commitment": "finalized", "limit": limit});
        if let Some(before) = before {
            options["before"] = json!(before);
        }
        let asked = json!([account.to_string(), options]);
        let page: Vec<Seen> = self.ask("getSignaturesForAddress", asked).await?;
        if page.len() > limit {
            return Err(NodeError::malformed("no more signatures than asked for"));
        }
        Ok(page)
    }

    /// What a transaction did; none if the node does not know it.
    ///
    /// # Errors
    /// As the node fails.
    pub async fn receipt(&self, signature: &Signature) -> Result<Option<Receipt>, NodeError> {
        let options = json!({
            "commitment": "finalized", "encoding": "json", "maxSupportedTransactionVersion": 0
        });
        let told: Option<Told> = self
            .ask("getTransaction", json!([signature, options]))
            .await?;
        told.map(Receipt::try_from).transpose()
    }

    /// Accounts as they are, in the order of the question: up to [`MAX_ACCOUNTS`].
    ///
    /// # Errors
    /// As the node fails.
    pub async fn accounts(&self, accounts: &[Address]) -> Result<Vec<Option<Account>>, NodeError> {
        let there = self.accounts_there(accounts).await?;
        Ok(there.accounts)
    }

    /// The same, with the slot whose end they are told of.
    ///
    /// # Errors
    /// As the node fails.
    pub async fn accounts_there(&self, accounts: &[Address]) -> Result<There, NodeError> {
        let names: Vec<_> = accounts.iter().map(Address::to_string).collect();
        let asked = json!([names, {"commitment": "finalized", "encoding": "base64"}]);
        let told: InContext<Vec<Option<ToldAccount>>> =
            self.ask("getMultipleAccounts", asked).await?;
        if told.value.len() != accounts.len() {
            return Err(NodeError::malformed("as many accounts as asked for"));
        }
        let read = |told: Option<ToldAccount>| told.map(account).transpose();
        let accounts: Result<_, _> = told.value.into_iter().map(read).collect();
        Ok(There {
            slot: told.context.slot,
            accounts: accounts?,
        })
    }

    async fn ask<T: DeserializeOwned>(&self, method: &str, params: Value) -> Result<T, NodeError> {
        self.check_whether_busy()?;
        let question = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        let asking = self.client.post(self.url.clone()).json(&question).send();
        let answer = asking.await.map_err(unreachable)?;
        let wait = answer.headers().get(RETRY_AFTER);
        match answer.status() {
            StatusCode::TOO_MANY_REQUESTS => return Err(self.leave_alone(wait)),
            StatusCode::SERVICE_UNAVAILABLE if wait.is_some() => {
                return Err(self.leave_alone(wait));
            }
            status if !status.is_success() => return Err(NodeError::Status(status.as_u16())),
            _success => {}
        }
        let body = read(answer).await?;
        let expected = || NodeError::malformed(format!("an answer to {method}"));
        let reply: Reply = serde_json::from_slice(&body).map_err(|_cause| expected())?;
        if let Some(Fault { code, message }) = reply.error {
            if BUSY_CODES.contains(&code) {
                return Err(self.leave_alone(None));
            }
            return Err(NodeError::Refused { code, message });
        }
        // Null is an answer too.
        let result = reply.result.as_deref().map_or("null", RawValue::get);
        serde_json::from_str(result).map_err(|_cause| expected())
    }

    fn check_whether_busy(&self) -> Result<(), NodeError> {
        let busy_until = *self.busy_until();
        let wait = busy_until.map(|until| until.saturating_duration_since(Instant::now()));
        match wait.filter(|wait| !wait.is_zero()) {
            Some(wait) => Err(NodeError::Busy { wait }),
            None => Ok(()),
        }
    }

    /// Notes for how long the node asks to be left alone. What came late shortens no wait.
    fn leave_alone(&self, asked: Option<&HeaderValue>) -> NodeError {
        let seconds = asked.and_then(|asked| asked.to_str().ok()?.parse().ok());
        let wait = seconds.map_or(USUAL_WAIT, Duration::from_secs);
        let wait = wait.min(LONGEST_WAIT);
        let until = Instant::now() + wait;
        let mut busy_until = self.busy_until();
        *busy_until = (*busy_until).max(Some(until));
        NodeError::Busy { wait }
    }

    fn busy_until(&self) -> MutexGuard<'_, Option<Instant>> {
        self.busy_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn account(told: ToldAccount) -> Result<Account, NodeError> {
    let expected = || NodeError::malformed("an account in base64");
    let (bytes, encoding) = told.data;
    if encoding != "base64" {
        return Err(expected());
    }
    Ok(Account {
        lamports: told.lamports,
        owner: told.owner.parse().map_err(|_cause| expected())?,
        data: STANDARD.decode(bytes).map_err(|_cause| expected())?,
    })
}

/// Reads a body, up to its limit.
async fn read(mut answer: Response) -> Result<Vec<u8>, NodeError> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(unreachable)? {
        if body.len() + chunk.len() > MAX_BODY {
            return Err(NodeError::malformed(format!("at most {MAX_BODY} bytes")));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The URL may hold a key.
fn unreachable(cause: reqwest::Error) -> NodeError {
    NodeError::Unreachable(cause.without_url())
}
