//! The party that one is in, and those that one may come into.

use async_graphql::Context;
use store::entity::party;
use store::gateway::{List, parties};

use crate::error::ApiResult;
use crate::graphql::object::Party;
use crate::graphql::page::list;
use crate::graphql::scope::Scope;

list! {
    /// The party that one is in, and those that one may come into.
    PartiesQuery: parties -> Party, read
}

async fn read(ctx: &Context<'_>) -> ApiResult<List<party::Model>> {
    let user = ctx.visitor().signed_in().await?.user;
    Ok(parties::list(user))
}
