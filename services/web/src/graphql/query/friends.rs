//! One's friends, requests and blocks.

use async_graphql::{Context, InputObject};
use store::gateway::{List, friendships};

use crate::error::ApiResult;
use crate::graphql::object::{Friendship, FriendshipStatus};
use crate::graphql::page::list;
use crate::graphql::scope::Scope;

/// Which friendships.
#[derive(Debug, Default, InputObject)]
pub(crate) struct FriendshipFilter {
    /// Those with users who are this to oneself.
    status: Option<FriendshipStatus>,
}

list! {
    /// One's friends, the requests that wait, and whom one blocks.
    FriendshipsQuery: friendships(FriendshipFilter) -> Friendship, read
}

async fn read(
    ctx: &Context<'_>,
    filter: FriendshipFilter,
) -> ApiResult<List<friendships::Friendship>> {
    let user = ctx.visitor().signed_in().await?.user;
    Ok(friendships::list(user, filter.status.map(Into::into)))
}
