//! Signing up and in, and what a player owns.

use anyhow::Context as _;
use domain::money::{Currency, Money};
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
    profile { id level wallets { currency balance locked } items { kind uses } }
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

/// The code of a claim by somebody who has been given all that one may claim.
const CLAIM_LIMIT: &str = "CLAIM_LIMIT";

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
    /// What of it is not held for something.
    pub free: Money,
    /// How many uses of leverage cards are left.
    pub cards: u32,
}

/// What a player brings to a match, at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Equipment {
    /// USDT for the entry fee.
    pub money: Money,
    /// Uses of leverage cards.
    pub cards: u32,
}

/// What a player has to claim before a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shortfall {
    money: bool,
    cards: u32,
}

/// Reads one's own profile.
pub async fn profile(player: &Client) -> anyhow::Result<Profile> {
    let data = player.run(PROFILE, json!({})).await?;
    read_profile(data.get("profile").context("there is no profile")?)
}

fn read_profile(profile: &Value) -> anyhow::Result<Profile> {
    let text = |value: &Value, name: &str| value.get(name)?.as_str().map(str::to_owned);
    let list = |name: &str| profile.get(name).and_then(Value::as_array);
    let wallet = list("wallets")
        .into_iter()
        .flatten()
        .find(|wallet| text(wallet, "currency").as_deref() == Some(Currency::Usdt.code()));
    let amount = |name: &str| {
        wallet
            .and_then(|wallet| text(wallet, name))
            .unwrap_or_else(|| "0".to_owned())
    };
    let (balance, locked) = (amount("balance"), amount("locked"));
    let minor = |text: &str| Money::parse(text, Currency::Usdt).map(|money| money.minor);
    let uses = list("items")
        .into_iter()
        .flatten()
        .filter(|item| text(item, "kind").as_deref() == Some("LEVERAGE_CARD"))
        .filter_map(|item| u32::try_from(item.get("uses")?.as_u64()?).ok());
    Ok(Profile {
        id: text(profile, "id").context("a profile has an id")?,
        level: profile
            .get("level")
            .and_then(Value::as_i64)
            .unwrap_or_default(),
        free: Money {
            minor: minor(&balance)? - minor(&locked)?,
            currency: Currency::Usdt,
        },
        balance,
        cards: uses.fold(0, u32::saturating_add),
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
    claim_money(player).await?.done()?;
    claim_cards(player, cards).await?.done()
}

/// Claims the uses of leverage cards that the player lacks of `wanted`.
pub async fn equip_with_cards(player: &Client, wanted: Equipment) -> anyhow::Result<()> {
    let missing = profile(player).await?.shortfall(wanted);
    claim_missing_cards(player, missing).await
}

/// Claims what the player lacks of `wanted`, so that a player of many matches never asks for more
/// than one may claim. Whoever has had all of that plays with what is left.
pub async fn equip(player: &Client, wanted: Equipment) -> anyhow::Result<()> {
    let missing = profile(player).await?.shortfall(wanted);
    if missing.money {
        claim_money(player).await?.done_or_at_the_limit()?;
    }
    claim_missing_cards(player, missing).await
}

async fn claim_missing_cards(player: &Client, missing: Shortfall) -> anyhow::Result<()> {
    if missing.cards > 0 {
        claim_cards(player, missing.cards)
            .await?
            .done_or_at_the_limit()?;
    }
    Ok(())
}

async fn claim_money(player: &Client) -> anyhow::Result<Claimed> {
    let data = player
        .run(CLAIM_MONEY, json!({ "currency": Currency::Usdt.code() }))
        .await?;
    Ok(Claimed::read(&data, "claimPlayMoney"))
}

async fn claim_cards(player: &Client, uses: u32) -> anyhow::Result<Claimed> {
    let data = player.run(CLAIM_CARDS, json!({ "uses": uses })).await?;
    Ok(Claimed::read(&data, "claimItems"))
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

impl Profile {
    fn shortfall(&self, wanted: Equipment) -> Shortfall {
        Shortfall {
            money: self.free.minor < wanted.money.minor,
            cards: wanted.cards.saturating_sub(self.cards),
        }
    }
}

/// What came of a claim: nothing to say, or why it was refused.
struct Claimed {
    refused: Option<Value>,
}

impl Claimed {
    fn read(data: &Value, field: &str) -> Self {
        let refused = data.pointer(&format!("/{field}/userErrors/0")).cloned();
        Self { refused }
    }

    fn done(self) -> anyhow::Result<()> {
        match self.refused {
            None => Ok(()),
            Some(error) => anyhow::bail!("a claim was refused: {error}"),
        }
    }

    fn done_or_at_the_limit(self) -> anyhow::Result<()> {
        let code = self.refused.as_ref().and_then(|error| error.get("code"));
        if code.and_then(Value::as_str) == Some(CLAIM_LIMIT) {
            return Ok(());
        }
        self.done()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WANTED: Equipment = Equipment {
        money: Money {
            minor: 10_000_000,
            currency: Currency::Usdt,
        },
        cards: 5,
    };

    fn missing(balance: &str, locked: &str, cards: &[u32]) -> Shortfall {
        let items: Vec<Value> = cards
            .iter()
            .map(|uses| json!({ "kind": "LEVERAGE_CARD", "uses": uses }))
            .collect();
        let profile = json!({
            "id": "1",
            "level": 3,
            "wallets": [
                { "currency": "SOL", "balance": "99", "locked": "0" },
                { "currency": "USDT", "balance": balance, "locked": locked },
            ],
            "items": items,
        });
        read_profile(&profile).unwrap().shortfall(WANTED)
    }

    #[test]
    fn a_player_of_an_earlier_match_claims_only_what_is_missing() {
        let short = |money, cards| Shortfall { money, cards };
        assert_eq!(missing("10", "0", &[2, 3]), short(false, 0));
        assert_eq!(missing("4990", "0", &[400]), short(false, 0));
        assert_eq!(missing("9.999999", "0", &[1, 2]), short(true, 2));
        assert_eq!(missing("15", "5.000001", &[5]), short(true, 0));
    }

    #[test]
    fn a_new_player_claims_everything() {
        let profile = read_profile(&json!({ "id": "1", "wallets": [], "items": [] })).unwrap();
        let missing = profile.shortfall(WANTED);
        assert_eq!((missing.money, missing.cards), (true, WANTED.cards));
    }

    #[test]
    fn whoever_has_claimed_everything_plays_with_what_is_left() {
        let refused = |code: &str| {
            let data = json!({ "claimItems": { "userErrors": [{ "code": code }] } });
            Claimed::read(&data, "claimItems")
        };
        assert!(refused(CLAIM_LIMIT).done_or_at_the_limit().is_ok());
        assert!(refused("BAD_USER_INPUT").done_or_at_the_limit().is_err());
        assert!(refused(CLAIM_LIMIT).done().is_err());
    }
}
