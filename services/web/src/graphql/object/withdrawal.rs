//! Money on its way out.

use async_graphql::{Context, Enum, ID, Object};
use domain::id::WithdrawalId;
use store::gateway::{Viewer, withdrawals as rows};
use store::withdrawal;

use super::id;
use super::wallet::{Currency, amount, currency};
use crate::error::ApiResult;
use crate::graphql::scalar::{DateTime, Decimal};
use crate::graphql::scope::Scope;

/// How far a withdrawal has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "withdrawal::Status")]
pub(crate) enum WithdrawalStatus {
    /// It is large, and waits for somebody to approve it; its money is locked.
    InReview,
    /// It is about to be sent; its money is locked.
    Approved,
    /// It was sent, and its money has left the wallet.
    Sending,
    /// It is on the chain, for good.
    Completed,
    /// It was not approved, and its money is free again.
    Rejected,
    /// It could not be sent, and its money is back.
    Failed,
}

/// Money on its way to a wallet on Solana.
#[derive(Clone, Debug)]
pub(crate) struct Withdrawal(rows::Withdrawal);

impl From<rows::Withdrawal> for Withdrawal {
    fn from(row: rows::Withdrawal) -> Self {
        Self(row)
    }
}

/// Money on its way to a wallet on Solana.
#[Object]
impl Withdrawal {
    /// The withdrawal's id.
    pub(crate) async fn id(&self) -> ID {
        id(self.0.id)
    }

    /// When it was asked for.
    async fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }

    /// When it last changed.
    async fn updated_at(&self) -> DateTime {
        self.0.updated_at.into()
    }

    /// Whose it is.
    #[graphql(name = "userID")]
    async fn user_id(&self) -> ID {
        id(self.0.user_id)
    }

    /// What it is counted in.
    async fn currency(&self) -> ApiResult<Currency> {
        currency(&self.0.currency).map(Into::into)
    }

    /// How much, in its currency.
    async fn amount(&self) -> ApiResult<Decimal> {
        amount(self.0.amount, &self.0.currency)
    }

    /// What of the amount is kept because the wallet has no account for the currency and one is opened
    /// for it, in its currency: known once it is sent, and 0 of what could not be.
    async fn fee(&self) -> ApiResult<Decimal> {
        amount(self.0.fee, &self.0.currency)
    }

    /// The wallet that gets it.
    async fn address(&self) -> &str {
        &self.0.address
    }

    /// How far it has come.
    async fn status(&self) -> ApiResult<WithdrawalStatus> {
        let status = withdrawal::Status::find(&self.0.status);
        let corrupt = || store::Error::corrupt("withdrawals", self.0.id).into();
        status.map(Into::into).ok_or_else(corrupt)
    }

    /// Why it was rejected or failed; null if it was not.
    async fn reason(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }

    /// The signature of the transaction that paid it; null until then.
    async fn signature(&self) -> Option<&str> {
        self.0.signature.as_deref()
    }
}

impl Withdrawal {
    /// The withdrawal, which the viewer may see; an error if there is none after all.
    pub(crate) async fn of(
        ctx: &Context<'_>,
        viewer: Viewer,
        withdrawal: WithdrawalId,
    ) -> ApiResult<Self> {
        let found = rows::find_withdrawals(ctx.db(), viewer, &[withdrawal]).await?;
        let missing = || store::Error::corrupt("withdrawals", withdrawal).into();
        found.into_iter().next().map(Self).ok_or_else(missing)
    }
}
