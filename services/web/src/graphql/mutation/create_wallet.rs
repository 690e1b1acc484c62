//! Opening a wallet.

use async_graphql::{Context, InputObject, Object};
use contracts::{Service, commands};
use uuid::Uuid;

use super::caller;
use crate::error::ApiResult;
use crate::graphql::object::{Currency, Wallet};
use crate::graphql::scope::Scope;

#[derive(Default)]
pub(crate) struct CreateWallet;

/// Which wallet.
#[derive(Debug, InputObject)]
pub(crate) struct CreateWalletInput {
    /// What it is counted in.
    currency: Currency,
}

#[Object]
impl CreateWallet {
    /// Opens a wallet of a currency.
    async fn create_wallet(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which wallet.")] create_wallet_input: CreateWalletInput,
        #[graphql(desc = "The operation: the same id is the same operation.")] request_id: Option<
            Uuid,
        >,
    ) -> ApiResult<Wallet> {
        let caller = caller(ctx, request_id).await?;
        let currency = create_wallet_input.currency.into();
        let question = commands::CreateWallet { caller, currency };
        ctx.gateway().command(Service::Treasury, &question).await?;
        Wallet::of(ctx, caller.user, currency).await
    }
}
