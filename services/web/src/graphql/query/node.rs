//! Anything by its id, with the access that its own query has.

use async_graphql::{Context, ID, Object};
use domain::id::{AchievementDefinitionId, GameId, UserId};
use store::gateway::{achievements, money, notifications, participants, tickets};
use uuid::Uuid;

use crate::error::{ApiError, ApiResult};
use crate::graphql::object::{
    Achievement, AchievementDefinition, Asset, Game, GameMatch, GameMatchParticipant,
    GameMatchPosition, Node, Notification, Player, QueueTicket, Session, Transaction, Wallet,
};
use crate::graphql::scope::Scope;
use crate::identity::{Permission, SignedIn};

/// The most ids that are looked up at once.
const MAX_IDS: usize = 100;

#[derive(Default)]
pub(crate) struct NodeQuery;

#[Object]
impl NodeQuery {
    /// Whatever has this id; null if there is nothing that one may see.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The id of anything.")] id: ID,
    ) -> ApiResult<Option<Node>> {
        find(ctx, &id).await
    }

    /// Whatever has these ids, in their order, with null for what one may not see.
    #[graphql(complexity = "ids.len().saturating_mul(child_complexity)")]
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The ids of anything, at most 100.")] ids: Vec<ID>,
    ) -> ApiResult<Vec<Option<Node>>> {
        if ids.len() > MAX_IDS {
            return Err(ApiError::bad_input("ids", "at most 100 ids"));
        }
        futures::future::try_join_all(ids.iter().map(|id| find(ctx, id))).await
    }
}

/// Ids are unique over all types, so that the first table that knows one is the right one.
async fn find(ctx: &Context<'_>, id: &ID) -> ApiResult<Option<Node>> {
    let Ok(uuid) = id.parse::<Uuid>() else {
        return Ok(Asset::find(ctx.gateway(), id).await?.map(Node::from));
    };
    if let Some(node) = find_public(ctx, uuid).await? {
        return Ok(Some(node));
    }
    match ctx.visitor().if_signed_in().await? {
        None => Ok(None),
        Some(viewer) => find_seen(ctx, viewer, uuid).await,
    }
}

async fn find_public(ctx: &Context<'_>, uuid: Uuid) -> ApiResult<Option<Node>> {
    if let Some(game) = ctx.loaders().load_one(GameId::new(uuid)).await? {
        return Ok(Some(Game::from(game).into()));
    }
    let definition = ctx
        .loaders()
        .load_one(AchievementDefinitionId::new(uuid))
        .await?;
    Ok(definition.map(|row| AchievementDefinition::from(row).into()))
}

async fn find_seen(ctx: &Context<'_>, viewer: &SignedIn, uuid: Uuid) -> ApiResult<Option<Node>> {
    let db = ctx.db();
    if let Some(person) = ctx.loaders().load_one(UserId::new(uuid)).await? {
        return Ok(Some(match Player::seen_by(viewer, person) {
            Player::User(user) => user.into(),
            Player::PublicUser(user) => user.into(),
        }));
    }
    if let Some(battle) = GameMatch::find(ctx, uuid.into()).await? {
        return Ok(Some(battle.into()));
    }
    if let Some(position) = GameMatchPosition::find(ctx, uuid.into()).await? {
        return Ok(Some(position.into()));
    }
    let eyes = viewer.eyes(Permission::ReadGameMatches);
    let seats = participants::find(db, eyes, &[uuid.into()]).await?;
    if let Some(seat) = seats.into_iter().next() {
        return Ok(Some(GameMatchParticipant::from(seat).into()));
    }
    if let Some(achievement) = achievements::find(db, uuid.into()).await? {
        return Ok(Some(Achievement::from(achievement).into()));
    }
    find_own(ctx, viewer, uuid).await
}

async fn find_own(ctx: &Context<'_>, viewer: &SignedIn, uuid: Uuid) -> ApiResult<Option<Node>> {
    let db = ctx.db();
    let eyes = viewer.eyes(Permission::ReadWallets);
    if let Some(row) = money::find_wallets(db, eyes, &[uuid.into()])
        .await?
        .into_iter()
        .next()
    {
        return Ok(Some(Wallet::from(row).into()));
    }
    let eyes = viewer.eyes(Permission::ReadTransactions);
    if let Some(row) = money::find_movements(db, eyes, &[uuid.into()])
        .await?
        .into_iter()
        .next()
    {
        return Ok(Some(Transaction::from(row).into()));
    }
    if let Some(ticket) = tickets::find(db, viewer.user, uuid.into()).await? {
        return Ok(Some(QueueTicket::from(ticket).into()));
    }
    if let Some(message) = notifications::find(db, viewer.user, uuid.into()).await? {
        return Ok(Some(Notification::from(message).into()));
    }
    let session = store::session::find(db, viewer.user, uuid.into()).await?;
    Ok(session.map(|session| Session::from(session).into()))
}
