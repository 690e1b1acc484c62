//! The devices that one is signed in on.

use async_graphql::Context;
use store::entity::session;
use store::gateway::{List, sessions};

use crate::error::ApiResult;
use crate::graphql::object::Session;
use crate::graphql::page::list;
use crate::graphql::scope::Scope;

list! {
    /// The devices that one is signed in on.
    SessionsQuery: sessions -> Session, read
}

async fn read(ctx: &Context<'_>) -> ApiResult<List<session::Model>> {
    let user = ctx.visitor().signed_in().await?.user;
    Ok(sessions::list(user, ctx.gateway().clock.now()))
}
