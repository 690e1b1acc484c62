//! Becoming friends, and no longer being ones.

use async_graphql::{Context, ID, Object, SimpleObject};
use contracts::Code;
use contracts::notifications::{InApp, Notice};
use domain::friendship::{Command, Event, Refusal};
use domain::id::FriendshipId;
use runtime::ids;
use store::friendship::{self, Pair};
use store::{Tx, gateway, user};

use crate::error::{ApiError, ApiResult};
use crate::graphql::object::Friendship;
use crate::graphql::payload::{UserError, told};
use crate::graphql::query::parse_id;
use crate::graphql::scope::Scope;

#[derive(Default)]
pub(crate) struct Friends;

/// What came of a change of what somebody is to oneself. Saying something twice is saying it once.
#[derive(Debug, SimpleObject)]
pub(crate) struct FriendshipPayload {
    /// What the other is afterwards; null if nothing, or if the change was refused.
    friendship: Option<Friendship>,
    /// Why it was refused; empty if it was not.
    user_errors: Vec<UserError>,
}

#[Object]
impl Friends {
    /// Asks somebody to be one's friend, which the other is told, three times in an hour at most. Whoever has been asked by the
    /// other becomes a friend at once. At most 100 requests wait for an answer.
    async fn request_friend(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "userID", desc = "Whom to ask.")] user_id: ID,
    ) -> ApiResult<FriendshipPayload> {
        changed(ctx, &user_id, Command::Ask).await
    }

    /// Becomes the friend of somebody who has asked. One has at most 500 friends.
    async fn accept_friend(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "userID", desc = "Who has asked.")] user_id: ID,
    ) -> ApiResult<FriendshipPayload> {
        changed(ctx, &user_id, Command::Accept).await
    }

    /// Takes a request back, says no to one, or ends a friendship; the other is not told.
    async fn remove_friend(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "userID", desc = "Who is to be none.")] user_id: ID,
    ) -> ApiResult<FriendshipPayload> {
        changed(ctx, &user_id, Command::Remove).await
    }

    /// Takes no more requests from somebody, and ends what there is. One blocks at most 1,000 users.
    async fn block_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "userID", desc = "Whom to block.")] user_id: ID,
    ) -> ApiResult<FriendshipPayload> {
        changed(ctx, &user_id, Command::Block).await
    }

    /// Takes requests from somebody again.
    async fn unblock_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "userID", desc = "Whom one blocks.")] user_id: ID,
    ) -> ApiResult<FriendshipPayload> {
        changed(ctx, &user_id, Command::Unblock).await
    }
}

async fn changed(ctx: &Context<'_>, other: &ID, command: Command) -> ApiResult<FriendshipPayload> {
    let (friendship, user_errors) = told(change(ctx, other, command).await)?;
    Ok(FriendshipPayload {
        friendship: friendship.flatten(),
        user_errors,
    })
}

/// Carries a command out; answers what the two are afterwards.
async fn change(ctx: &Context<'_>, other: &ID, command: Command) -> ApiResult<Option<Friendship>> {
    let user = ctx.visitor().signed_in().await?.user;
    let other = parse_id(other).ok_or_else(|| ApiError::of(Code::NotFound))?;
    if other == user {
        return Err(ApiError::bad_input("userID", "somebody else"));
    }
    ctx.gateway().count_request(user).await?;
    let is_told =
        command == Command::Ask && ctx.gateway().is_told("friend_requests", user, other).await;
    let pair = Pair { user, other };
    let tx = ctx.db().begin().await?;
    if !friendship::lock(&tx, pair).await? {
        return Err(ApiError::of(Code::NotFound));
    }
    let found = friendship::find(&tx, pair).await?;
    let relation = found.map(|found| found.relation).unwrap_or_default();
    let counts = friendship::counts(&tx, pair).await?;
    let event = relation.decide(command, counts).map_err(refused)?;
    if let Some(event) = event {
        let id = found.map_or_else(|| pair.id(), |found| found.id);
        let now = ctx.gateway().clock.now();
        friendship::write(&tx, id, pair, relation.evolve(event), now).await?;
        if event == Event::Asked && is_told {
            tell_of_request(&tx, id, pair).await?;
        }
        tx.commit().await?;
    }
    let friendship = gateway::friendships::find_with(ctx.db(), user, other).await?;
    Ok(friendship.map(Friendship::from))
}

/// Tells whoever is asked.
async fn tell_of_request(tx: &Tx, friendship: FriendshipId, pair: Pair) -> ApiResult<()> {
    let asks = user::load(tx, pair.user).await?;
    let message = InApp {
        id: ids::mint(),
        user: pair.other,
        notice: Notice::FriendRequest {
            title: asks.nick_name,
            subject: friendship.to_string(),
        },
    };
    tx.tell(&message).await?;
    Ok(())
}

fn refused(refusal: Refusal) -> ApiError {
    ApiError::of(match refusal {
        Refusal::Blocks => Code::UserBlocked,
        Refusal::NoneTaken => Code::NoRequestsTaken,
        Refusal::NotAsked => Code::NoFriendRequest,
        Refusal::TooManyFriends => Code::FriendLimit,
        Refusal::TooManyRequests => Code::FriendRequestLimit,
        Refusal::TooManyBlocked => Code::BlockLimit,
    })
}
