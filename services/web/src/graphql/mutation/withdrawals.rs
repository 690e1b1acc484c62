//! Sending money to a wallet on the chain, and deciding whether a large amount may go.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use contracts::commands::Verdict;
use contracts::{Code, Service, commands};
use domain::id::WithdrawalId;
use domain::money;
use store::gateway::Viewer;
use uuid::Uuid;

use super::{caller, id_of};
use crate::error::{ApiError, ApiResult};
use crate::graphql::object::{Currency, Withdrawal};
use crate::graphql::payload::{UserError, told};
use crate::graphql::query::parse_id;
use crate::graphql::scalar::Decimal;
use crate::graphql::scope::Scope;

/// The longest address that is passed on, in bytes.
const MAX_ADDRESS: usize = 100;
/// The longest reason, in characters.
const MAX_REASON: usize = 500;

#[derive(Default)]
pub(crate) struct Withdrawals;

/// How much goes where.
#[derive(Debug, InputObject)]
pub(crate) struct WithdrawInput {
    /// What it is counted in.
    currency: Currency,
    /// How much, in the currency.
    amount: Decimal,
    /// The address of a wallet on Solana.
    address: String,
}

/// What came of a withdrawal.
#[derive(Debug, SimpleObject)]
pub(crate) struct WithdrawalPayload {
    /// The withdrawal afterwards; null if it was refused.
    withdrawal: Option<Withdrawal>,
    /// Why it was refused; empty if it was not.
    user_errors: Vec<UserError>,
}

#[Object]
impl Withdrawals {
    /// Sends money to a wallet on Solana. Its amount is locked at once; large ones wait for somebody
    /// to approve them. Where the wallet has no account for USDT, one is opened, and what that costs
    /// is kept of the amount.
    async fn withdraw(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How much goes where.")] input: WithdrawInput,
        #[graphql(desc = "The operation: the same id is the same operation.")] request_id: Option<
            Uuid,
        >,
    ) -> ApiResult<WithdrawalPayload> {
        payload(withdraw(ctx, input, request_id).await)
    }

    /// Lets a large withdrawal go out. Needs approve:withdrawals, and is for others' alone.
    async fn approve_withdrawal(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The withdrawal's id.")] id: ID,
        #[graphql(desc = "The operation: the same id is the same operation.")] request_id: Option<
            Uuid,
        >,
    ) -> ApiResult<WithdrawalPayload> {
        payload(review(ctx, &id, Verdict::Approve, request_id).await)
    }

    /// Does not let a large withdrawal go out: its money is free again. Needs approve:withdrawals.
    async fn reject_withdrawal(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The withdrawal's id.")] id: ID,
        #[graphql(desc = "Why, as the player is told: 1 to 500 characters.")] reason: String,
        #[graphql(desc = "The operation: the same id is the same operation.")] request_id: Option<
            Uuid,
        >,
    ) -> ApiResult<WithdrawalPayload> {
        let reason = reason.trim().to_owned();
        if reason.is_empty() || reason.chars().count() > MAX_REASON {
            return Err(ApiError::bad_input("reason", "1 to 500 characters"));
        }
        payload(review(ctx, &id, Verdict::Reject { reason }, request_id).await)
    }
}

fn payload(outcome: ApiResult<Withdrawal>) -> ApiResult<WithdrawalPayload> {
    let (withdrawal, user_errors) = told(outcome)?;
    Ok(WithdrawalPayload {
        withdrawal,
        user_errors,
    })
}

async fn withdraw(
    ctx: &Context<'_>,
    input: WithdrawInput,
    request_id: Option<Uuid>,
) -> ApiResult<Withdrawal> {
    let currency = money::Currency::from(input.currency);
    let bad = |code, field: &str, message: String| {
        ApiError::from(commands::Refused::of_field(code, field, message))
    };
    let amount = input.amount.money(currency);
    let amount = amount.map_err(|cause| bad(Code::InvalidAmount, "amount", cause.to_string()))?;
    let address = input.address.trim().to_owned();
    if address.len() > MAX_ADDRESS {
        let message = "expected a Solana address".to_owned();
        return Err(bad(Code::InvalidAddress, "address", message));
    }
    let caller = caller(ctx, request_id).await?;
    let withdrawal: WithdrawalId = id_of(&caller, "withdrawal");
    let question = commands::Withdraw {
        caller,
        withdrawal,
        amount,
        address,
    };
    ctx.gateway().command(Service::Treasury, &question).await?;
    Withdrawal::of(ctx, Viewer::Player(caller.user), withdrawal).await
}

async fn review(
    ctx: &Context<'_>,
    id: &ID,
    verdict: Verdict,
    request_id: Option<Uuid>,
) -> ApiResult<Withdrawal> {
    let withdrawal = parse_id(id).ok_or_else(|| ApiError::of(Code::WithdrawalNotFound))?;
    let question = commands::ReviewWithdrawal {
        caller: caller(ctx, request_id).await?,
        withdrawal,
        verdict,
    };
    ctx.gateway().command(Service::Treasury, &question).await?;
    Withdrawal::of(ctx, Viewer::Staff, withdrawal).await
}
