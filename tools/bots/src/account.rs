//! Signing up and in, and what a player owns.

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::client::Client;
use crate::mailbox::Mailbox;

const REQUEST_CODE: &str = "mutation Code($email: String!) {
    requestEmailVerificationCode(email: $email) { expiresIn }
}";
const LOGIN: &str = "mutation Login($email: String!, $code: String!) {
    loginWithEmail(email: $email, verificationCode: $code) { accessToken }
}";
const PROFILE: &str = "query Me {
    profile { id level wallets { currency balance } }
}";
const RENAME: &str = "mutation Rename($input: UpdateProfileInput!) {
    updateProfile(updateProfileInput: $input) { id }
}";
const CLAIM_MONEY: &str = "mutation Claim($currency: Currency!) {
    claimPlayMoney(currency: $currency) { userErrors { code message } }
}";
const CLAIM_CARDS: &str = "mutation Cards($uses: Int!) {
    claimItems(kind: LEVERAGE_CARD, uses: $uses) { userErrors { code message } }
}";
const ACHIEVEMENTS: &str = "query Won {
    achievements(first: 100) { edges { node { definition { title } } } }
}";
const INBOX: &str = "query Inbox { unreadNotificationCount }";

/// Signs in with a code from the mailbox; the first time, this makes the account.
pub async fn sign_in(api: &Client, mailbox: &Mailbox, email: &str) -> anyhow::Result<Client> {
    let newest = mailbox.list(email).await?.last().map(|mail| mail.id);
    api.run(REQUEST_CODE, json!({ "email": email })).await?;
    let code = mailbox.code(email, newest).await?;
    let data = api
        .run(LOGIN, json!({ "email": email, "code": code }))
        .await?;
    let token = data
        .pointer("/loginWithEmail/accessToken")
        .and_then(Value::as_str)
        .context("the sign-in brought no token")?;
    Ok(api.signed_in(token.to_owned()))
}

/// What the API says of the signed-in user.
#[derive(Clone, Debug)]
pub struct Profile {
    /// The user's id.
    pub id: String,
    /// The level that the experience has reached, from 1.
    pub level: i64,
    /// The USDT wallet's balance as text; `0` without a wallet.
    pub balance: String,
}

/// Reads one's own profile.
pub async fn profile(player: &Client) -> anyhow::Result<Profile> {
    let data = player.run(PROFILE, json!({})).await?;
    let profile = data.get("profile").context("there is no profile")?;
    let wallets = profile
        .get("wallets")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let balance = wallets
        .iter()
        .find(|wallet| wallet.get("currency").and_then(Value::as_str) == Some("USDT"))
        .and_then(|wallet| wallet.get("balance")?.as_str())
        .unwrap_or("0");
    Ok(Profile {
        id: profile
            .get("id")
            .and_then(Value::as_str)
            .context("a profile has an id")?
            .to_owned(),
        level: profile
            .get("level")
            .and_then(Value::as_i64)
            .unwrap_or_default(),
        balance: balance.to_owned(),
    })
}

/// Takes a new nickname.
pub async fn rename(player: &Client, name: &str) -> anyhow::Result<()> {
    player
        .run(RENAME, json!({ "input": { "nickName": name } }))
        .await?;
    Ok(())
}

/// Claims play money and `cards` uses of leverage cards.
pub async fn claim(player: &Client, cards: u32) -> anyhow::Result<()> {
    let data = player
        .run(CLAIM_MONEY, json!({ "currency": "USDT" }))
        .await?;
    expect_done(&data, "claimPlayMoney")?;
    let data = player.run(CLAIM_CARDS, json!({ "uses": cards })).await?;
    expect_done(&data, "claimItems")
}

/// The titles of the achievements that the player has earned.
pub async fn achievements(player: &Client) -> anyhow::Result<Vec<String>> {
    let data = player.run(ACHIEVEMENTS, json!({})).await?;
    let edges = data
        .pointer("/achievements/edges")
        .and_then(Value::as_array);
    let titles = edges.into_iter().flatten().filter_map(|edge| {
        edge.pointer("/node/definition/title")
            .and_then(Value::as_str)
            .map(str::to_owned)
    });
    Ok(titles.collect())
}

/// How many inbox messages wait to be read.
pub async fn unread(player: &Client) -> anyhow::Result<i64> {
    let data = player.run(INBOX, json!({})).await?;
    data.get("unreadNotificationCount")
        .and_then(Value::as_i64)
        .context("there is no inbox")
}

fn expect_done(data: &Value, field: &str) -> anyhow::Result<()> {
    match data.pointer(&format!("/{field}/userErrors/0")) {
        None => Ok(()),
        Some(error) => anyhow::bail!("{field} was refused: {error}"),
    }
}
