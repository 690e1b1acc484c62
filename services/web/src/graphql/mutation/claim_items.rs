//! Items for the asking.

use async_graphql::{Context, Object, SimpleObject};
use contracts::{Code, Service, commands};
use domain::game;
use runtime::Mode;
use uuid::Uuid;

use super::caller;
use crate::error::{ApiError, ApiResult};
use crate::graphql::object::{Item, ItemKind};
use crate::graphql::payload::{UserError, told};
use crate::graphql::scope::Scope;

#[derive(Default)]
pub(crate) struct ClaimItems;

/// What came of claiming items.
#[derive(Debug, SimpleObject)]
pub(crate) struct ClaimItemsPayload {
    /// One's items afterwards; null if it was refused.
    items: Option<Vec<Item>>,
    /// Why it was refused; empty if it was not.
    user_errors: Vec<UserError>,
}

#[Object]
impl ClaimItems {
    /// Takes uses of an item from the house. Development mode only.
    async fn claim_items(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which item.")] kind: ItemKind,
        #[graphql(desc = "How many uses, at least 1.")] uses: i32,
        #[graphql(desc = "The operation: the same id is the same operation.")] request_id: Option<
            Uuid,
        >,
    ) -> ApiResult<ClaimItemsPayload> {
        let (items, user_errors) = told(claim(ctx, kind.into(), uses, request_id).await)?;
        Ok(ClaimItemsPayload { items, user_errors })
    }
}

async fn claim(
    ctx: &Context<'_>,
    kind: game::ItemKind,
    uses: i32,
    request_id: Option<Uuid>,
) -> ApiResult<Vec<Item>> {
    if ctx.gateway().mode != Mode::Development {
        return Err(ApiError::of(Code::DevelopmentOnly));
    }
    let uses = u32::try_from(uses).ok().filter(|uses| *uses > 0);
    let uses = uses.ok_or_else(|| ApiError::bad_input("uses", "at least 1"))?;
    let caller = caller(ctx, request_id).await?;
    let question = commands::ClaimItems { caller, kind, uses };
    ctx.gateway().command(Service::Treasury, &question).await?;
    Item::all_of(ctx, caller.user).await
}
