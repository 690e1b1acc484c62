//! Play money for the asking.

use async_graphql::{Context, Object, SimpleObject};
use contracts::{Code, Service, commands};
use domain::money;
use runtime::Mode;
use uuid::Uuid;

use super::caller;
use crate::error::{ApiError, ApiResult};
use crate::graphql::object::{Currency, Wallet};
use crate::graphql::payload::{UserError, told};
use crate::graphql::scope::Scope;

#[derive(Default)]
pub(crate) struct ClaimPlayMoney;

/// What came of claiming play money.
#[derive(Debug, SimpleObject)]
pub(crate) struct ClaimPlayMoneyPayload {
    /// The wallet afterwards; null if it was refused.
    wallet: Option<Wallet>,
    /// Why it was refused; empty if it was not.
    user_errors: Vec<UserError>,
}

#[Object]
impl ClaimPlayMoney {
    /// Takes play money from the house. Development mode only.
    async fn claim_play_money(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What it is counted in.")] currency: Currency,
        #[graphql(desc = "The operation: the same id is the same operation.")] request_id: Option<
            Uuid,
        >,
    ) -> ApiResult<ClaimPlayMoneyPayload> {
        let (wallet, user_errors) = told(claim(ctx, currency.into(), request_id).await)?;
        Ok(ClaimPlayMoneyPayload {
            wallet,
            user_errors,
        })
    }
}

async fn claim(
    ctx: &Context<'_>,
    currency: money::Currency,
    request_id: Option<Uuid>,
) -> ApiResult<Wallet> {
    if ctx.gateway().mode != Mode::Development {
        return Err(ApiError::of(Code::DevelopmentOnly));
    }
    let caller = caller(ctx, request_id).await?;
    let question = commands::ClaimPlayMoney { caller, currency };
    ctx.gateway().command(Service::Treasury, &question).await?;
    Wallet::of(ctx, caller.user, currency).await
}
