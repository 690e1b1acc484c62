//! Money that comes and goes on the chain: deposits to one's own address, and a withdrawal.

use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use domain::money::{Currency, Money};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::account;
use crate::chain::Chain;
use crate::client::{Client, Refusal};

/// What a bot deposits before a battle.
const DEPOSIT: Money = Money {
    minor: 50_000_000,
    currency: Currency::Usdt,
};
/// How long an address, and money on its way in or out, may take.
const CHAIN_LIMIT: Duration = Duration::from_secs(120);
/// How often a state is looked up that has no subscription here.
const POLL_INTERVAL: Duration = Duration::from_millis(250);

const OPEN_WALLET: &str = "mutation Open($currency: Currency!) {
    createWallet(createWalletInput: { currency: $currency }) { id }
}";
const WALLETS: &str = "query Wallets { profile { wallets { currency address } } }";
const WITHDRAW: &str = "mutation Withdraw($input: WithdrawInput!) {
    withdraw(input: $input) { withdrawal { id } userErrors { code message } }
}";
const WITHDRAWAL: &str = "query Withdrawal($id: ID!) {
    node(id: $id) { ... on Withdrawal { status reason fee } }
}";
/// The code of a wallet that is opened for the second time.
const WALLET_EXISTS: &str = "WALLET_EXISTS";

/// Money that has left for a wallet of a player's own.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Withdrawal {
    /// Whose it was.
    pub(crate) player: String,
    /// The wallet that got it.
    pub(crate) address: String,
    /// How much, in its currency.
    pub(crate) amount: String,
    /// What of it was kept for opening the wallet's account, in the same currency.
    pub(crate) fee: String,
    /// What it is counted in.
    pub(crate) currency: &'static str,
}

/// Deposits money for a battle, and waits until the wallet shows it.
pub(crate) async fn deposit(player: &Client, chain: &Chain) -> anyhow::Result<()> {
    let before = account::profile(player).await?.free.minor;
    chain.send(&address(player).await?, DEPOSIT).await?;
    let deadline = Instant::now() + CHAIN_LIMIT;
    while account::profile(player).await?.free.minor < before + DEPOSIT.minor {
        let in_time = Instant::now() < deadline;
        ensure!(in_time, "a deposit did not arrive within {CHAIN_LIMIT:?}");
        sleep(POLL_INTERVAL).await;
    }
    Ok(())
}

/// The address to deposit to, of a wallet that this opens where there is none.
async fn address(player: &Client) -> anyhow::Result<String> {
    let code = DEPOSIT.currency.code();
    let opened = player.run(OPEN_WALLET, json!({ "currency": code })).await;
    if let Err(error) = opened {
        let refusal = error.downcast_ref::<Refusal>();
        if refusal.is_none_or(|refusal| refusal.code != WALLET_EXISTS) {
            return Err(error);
        }
    }
    let deadline = Instant::now() + CHAIN_LIMIT;
    loop {
        let data = player.run(WALLETS, json!({})).await?;
        let wallets = data.pointer("/profile/wallets").and_then(Value::as_array);
        let wallet = wallets
            .into_iter()
            .flatten()
            .find(|wallet| wallet.get("currency").and_then(Value::as_str) == Some(code));
        let address = wallet.and_then(|wallet| wallet.get("address")?.as_str());
        if let Some(address) = address {
            return Ok(address.to_owned());
        }
        let in_time = Instant::now() < deadline;
        ensure!(in_time, "no address to deposit to within {CHAIN_LIMIT:?}");
        sleep(POLL_INTERVAL).await;
    }
}

/// Sends money of a player's to a new wallet on the chain, and waits until it is there for good.
pub(crate) async fn withdraw(
    player: &Client,
    name: &str,
    amount: &str,
    chain: &Chain,
) -> anyhow::Result<Withdrawal> {
    let withdrawal = Withdrawal {
        player: name.to_owned(),
        address: chain.open_wallet().await?,
        amount: amount.to_owned(),
        fee: "0".to_owned(),
        currency: DEPOSIT.currency.code(),
    };
    let input = json!({
        "currency": withdrawal.currency, "amount": amount, "address": withdrawal.address
    });
    let data = player.run(WITHDRAW, json!({ "input": input })).await?;
    if let Some(error) = data.pointer("/withdraw/userErrors/0") {
        bail!("a withdrawal was refused: {error}");
    }
    let id = data.pointer("/withdraw/withdrawal/id");
    let id = id.context("a withdrawal has an id")?;
    let deadline = Instant::now() + CHAIN_LIMIT;
    loop {
        let data = player.run(WITHDRAWAL, json!({ "id": id })).await?;
        let status = data.pointer("/node/status").and_then(Value::as_str);
        match status.context("a withdrawal has a status")? {
            "COMPLETED" => {
                let fee = data.pointer("/node/fee").and_then(Value::as_str);
                let fee = fee.context("a withdrawal has a fee")?.to_owned();
                return Ok(Withdrawal { fee, ..withdrawal });
            }
            "REJECTED" | "FAILED" => bail!("a withdrawal was not paid: {data}"),
            under_way => {
                let in_time = Instant::now() < deadline;
                ensure!(in_time, "a withdrawal is {under_way} after {CHAIN_LIMIT:?}");
            }
        }
        sleep(POLL_INTERVAL).await;
    }
}
