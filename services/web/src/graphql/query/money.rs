//! Wallets, what moved in them and what leaves them: one's own, and everybody's for staff with the permission.

use async_graphql::{Context, ID, InputObject, Object};
use store::gateway::{List, money, withdrawals as rows};
use store::withdrawal::Status;

use super::{filter_id, parse_id};
use crate::error::ApiResult;
use crate::graphql::object::{Currency, Transaction, Wallet, Withdrawal, WithdrawalStatus};
use crate::graphql::page::list;
use crate::graphql::scope::Scope;
use crate::identity::Permission;

#[derive(Default)]
pub(crate) struct MoneyQuery;

#[Object]
impl MoneyQuery {
    /// A wallet of one's own; null if there is none. Staff with read:wallets see all.
    async fn wallet(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The wallet's id.")] id: ID,
    ) -> ApiResult<Option<Wallet>> {
        let eyes = ctx
            .visitor()
            .signed_in()
            .await?
            .eyes(Permission::ReadWallets);
        let Some(wallet) = parse_id(&id) else {
            return Ok(None);
        };
        let found = money::find_wallets(ctx.db(), eyes, &[wallet]).await?;
        Ok(found.into_iter().next().map(Wallet::from))
    }

    /// A movement in a wallet of one's own; null if there is none. Staff with read:transactions
    /// see all.
    async fn transaction(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The movement's id.")] id: ID,
    ) -> ApiResult<Option<Transaction>> {
        let eyes = ctx
            .visitor()
            .signed_in()
            .await?
            .eyes(Permission::ReadTransactions);
        let Some(transfer) = parse_id(&id) else {
            return Ok(None);
        };
        let found = money::find_movements(ctx.db(), eyes, &[transfer]).await?;
        Ok(found.into_iter().next().map(Transaction::from))
    }
}

/// Which wallets.
#[derive(Debug, Default, InputObject)]
pub(crate) struct WalletFilter {
    /// Those of this currency.
    currency: Option<Currency>,
}

list! {
    /// One's own wallets. Staff with read:wallets see all.
    WalletsQuery: wallets(WalletFilter) -> Wallet, wallets
}

async fn wallets(ctx: &Context<'_>, filter: WalletFilter) -> ApiResult<List<money::Wallet>> {
    let viewer = ctx.visitor().signed_in().await?;
    let eyes = viewer.eyes(Permission::ReadWallets);
    Ok(money::wallets(eyes, filter.currency.map(Into::into)))
}

/// Which movements.
#[derive(Debug, Default, InputObject)]
pub(crate) struct TransactionFilter {
    /// Those in this wallet.
    #[graphql(name = "walletID")]
    wallet_id: Option<ID>,
}

list! {
    /// What moved in one's own wallets. Staff with read:transactions see all.
    TransactionsQuery: transactions(TransactionFilter) -> Transaction, movements
}

async fn movements(
    ctx: &Context<'_>,
    filter: TransactionFilter,
) -> ApiResult<List<money::Movement>> {
    let eyes = ctx
        .visitor()
        .signed_in()
        .await?
        .eyes(Permission::ReadTransactions);
    Ok(money::movements(
        eyes,
        filter_id("walletID", filter.wallet_id.as_ref())?,
    ))
}

/// Which deposits.
#[derive(Debug, Default, InputObject)]
pub(crate) struct DepositFilter {
    /// Those of this currency.
    currency: Option<Currency>,
}

list! {
    /// What one has deposited over the chain, as it moved in one's wallets. Staff with read:transactions see all.
    DepositsQuery: deposits(DepositFilter) -> Transaction, deposits
}

async fn deposits(ctx: &Context<'_>, filter: DepositFilter) -> ApiResult<List<money::Movement>> {
    let viewer = ctx.visitor().signed_in().await?;
    let eyes = viewer.eyes(Permission::ReadTransactions);
    Ok(money::deposits(eyes, filter.currency.map(Into::into)))
}

/// Which withdrawals.
#[derive(Debug, Default, InputObject)]
pub(crate) struct WithdrawalFilter {
    /// Those that have come so far.
    status: Option<WithdrawalStatus>,
}

list! {
    /// One's own withdrawals. Staff with read:withdrawals see all.
    WithdrawalsQuery: withdrawals(WithdrawalFilter) -> Withdrawal, withdrawals
}

async fn withdrawals(
    ctx: &Context<'_>,
    filter: WithdrawalFilter,
) -> ApiResult<List<rows::Withdrawal>> {
    let eyes = ctx
        .visitor()
        .signed_in()
        .await?
        .eyes(Permission::ReadWithdrawals);
    let status = filter.status.map(Status::from);
    Ok(rows::withdrawals(eyes, status.map(Status::name)))
}
