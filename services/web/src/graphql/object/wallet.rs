//! Money and items.

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use domain::game;
use domain::id::UserId;
use domain::ledger::Account;
use domain::money::{self, Money};
use domain::timestamp::Timestamp;
use store::gateway::{Viewer, money as rows};

use super::id;
use crate::error::{ApiError, ApiResult};
use crate::graphql::scalar::{DateTime, Decimal};
use crate::graphql::scope::Scope;

/// What wallet money is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "money::Currency")]
pub(crate) enum Currency {
    /// Tether, 6 decimals.
    Usdt,
    /// Solana's coin, 9 decimals.
    Sol,
    /// The in-app token, whole.
    Bt,
}

/// A kind of item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "game::ItemKind")]
pub(crate) enum ItemKind {
    /// Allows an order above 10x, one use each.
    LeverageCard,
}

/// A user's money of one currency.
#[derive(Clone, Debug)]
pub(crate) struct Wallet(rows::Wallet);

impl From<rows::Wallet> for Wallet {
    fn from(row: rows::Wallet) -> Self {
        Self(row)
    }
}

/// A user's money of one currency.
#[Object]
impl Wallet {
    /// The wallet's id.
    pub(crate) async fn id(&self) -> ID {
        id(self.0.id)
    }

    /// Since when it exists.
    async fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }

    /// Whose it is.
    #[graphql(name = "userID")]
    async fn user_id(&self) -> ID {
        id(self.0.owner_id)
    }

    /// What it is counted in.
    async fn currency(&self) -> ApiResult<Currency> {
        currency(&self.0.unit).map(Into::into)
    }

    /// What it holds, in its currency, the locked part included.
    async fn balance(&self) -> ApiResult<Decimal> {
        amount(self.0.balance, &self.0.unit)
    }

    /// The part of the balance that is held for something, such as a place in a queue.
    async fn locked(&self) -> ApiResult<Decimal> {
        amount(self.0.held, &self.0.unit)
    }

    /// The wallet on Solana to deposit to; null where this currency cannot be deposited.
    async fn address(&self) -> Option<&str> {
        self.0.address.as_deref()
    }
}

/// A movement in a wallet.
#[derive(Clone, Debug)]
pub(crate) struct Transaction(rows::Movement);

impl From<rows::Movement> for Transaction {
    fn from(row: rows::Movement) -> Self {
        Self(row)
    }
}

/// A movement in a wallet.
#[Object]
impl Transaction {
    /// The movement's id.
    pub(crate) async fn id(&self) -> ID {
        id(self.0.id)
    }

    /// When it was posted.
    async fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }

    /// Whose wallet moved.
    #[graphql(name = "userID")]
    async fn user_id(&self) -> ID {
        id(self.0.owner_id)
    }

    /// The wallet that moved.
    #[graphql(name = "walletID")]
    async fn wallet_id(&self) -> ID {
        id(self.0.account_id)
    }

    /// What it is counted in.
    async fn currency(&self) -> ApiResult<Currency> {
        currency(&self.0.unit).map(Into::into)
    }

    /// How much came in, in the currency; negative when it went out.
    async fn amount(&self) -> ApiResult<Decimal> {
        amount(self.0.amount, &self.0.unit)
    }

    /// What the wallet held afterwards, in the currency.
    async fn balance_after(&self) -> ApiResult<Decimal> {
        amount(self.0.balance_after, &self.0.unit)
    }

    /// What kind of movement it was, such as entry_fee or prize.
    async fn description(&self) -> &str {
        &self.0.kind
    }

    /// The signature of the transaction on the chain that brought it; null unless it is a deposit.
    async fn signature(&self) -> Option<&str> {
        self.0.signature.as_deref()
    }

    /// The id of what it belongs to, such as the match.
    #[graphql(name = "ref")]
    async fn reference(&self) -> ID {
        id(self.0.reference_id)
    }
}

/// Uses of an item that end together.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct Item {
    /// What it is.
    kind: ItemKind,
    /// How many uses are left.
    uses: i64,
    /// When they end; null if never.
    expires_at: Option<DateTime>,
}

impl Item {
    /// The items of `owner` that have not run out.
    pub(crate) async fn all_of(ctx: &Context<'_>, owner: UserId) -> ApiResult<Vec<Self>> {
        let now_ms = ctx.gateway().clock.now_ms();
        let lots = rows::items(ctx.db(), owner, now_ms).await?;
        Ok(lots
            .into_iter()
            .map(|lot| Self {
                kind: ItemKind::LeverageCard,
                uses: lot.balance,
                expires_at: lot.expires_at_ms.map(|ms| Timestamp::from_ms(ms).into()),
            })
            .collect())
    }
}

pub(super) fn amount(minor: i64, unit: &str) -> ApiResult<Decimal> {
    Ok(Money {
        minor,
        currency: currency(unit)?,
    }
    .into())
}

pub(super) fn currency(unit: &str) -> ApiResult<money::Currency> {
    unit.parse()
        .map_err(|_unknown| store::Error::corrupt("ledger_accounts", unit).into())
}

impl Wallet {
    /// The wallet of this currency that `owner` has; an error if there is none after all.
    pub(crate) async fn of(
        ctx: &Context<'_>,
        owner: UserId,
        currency: money::Currency,
    ) -> ApiResult<Self> {
        let account = Account::user(owner, currency.into()).id();
        let found = rows::find_wallets(ctx.db(), Viewer::Player(owner), &[account]).await?;
        let missing = || ApiError::from(store::Error::corrupt("ledger_accounts", owner));
        found.into_iter().next().map(Self).ok_or_else(missing)
    }
}
