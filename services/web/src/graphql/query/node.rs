//! Anything by its id, with the access that its own query has.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use store::gateway::{
    achievements, battles, friendships, games, money, notifications, participants, parties,
    tickets, users, withdrawals,
};
use store::session;
use uuid::Uuid;

use crate::error::{ApiError, ApiResult};
use crate::gateway::Gateway;
use crate::graphql::loaders::NodeKey;
use crate::graphql::object::{
    Achievement, AchievementDefinition, Asset, Friendship, Game, GameMatch, GameMatchParticipant,
    GameMatchPosition, Node, Notification, Party, Player, QueueTicket, Season, Session,
    Transaction, Wallet, Withdrawal,
};
use crate::graphql::page;
use crate::graphql::scope::Scope;
use crate::identity::{Permission, SignedIn, Visitor};

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
        ctx.loaders().load_one(NodeKey(id.0)).await
    }

    /// Whatever has these ids, in their order, with null for what one may not see.
    #[graphql(
        complexity = "ids.len().saturating_mul(child_complexity).saturating_add(page::LOOK_UP)"
    )]
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The ids of anything, at most 100.")] ids: Vec<ID>,
    ) -> ApiResult<Vec<Option<Node>>> {
        if ids.len() > MAX_IDS {
            return Err(ApiError::bad_input("ids", "at most 100 ids"));
        }
        let keys: Vec<_> = ids.into_iter().map(|id| NodeKey(id.0)).collect();
        let found = ctx.loaders().load_many(keys.iter().cloned()).await?;
        Ok(keys.iter().map(|key| found.get(key).cloned()).collect())
    }
}

/// Looks each table up once for all that is left to be found. Ids are unique over all types, so
/// that the first table that knows one is the right one.
pub(in crate::graphql) async fn find_each(
    gateway: &Arc<Gateway>,
    visitor: &Visitor,
    keys: &[NodeKey],
) -> ApiResult<HashMap<NodeKey, Node>> {
    let parsed = |key: &NodeKey| Some((key.clone(), key.0.parse::<Uuid>().ok()?));
    let ids: Vec<(NodeKey, Uuid)> = keys.iter().filter_map(parsed).collect();
    let names = keys.iter().map(|key| key.0.as_str());
    let assets = Asset::find_each(gateway, names).await?;
    let assets = assets
        .into_iter()
        .map(|(name, asset)| (NodeKey(name.to_owned()), Node::from(asset)));
    let mut seasons = HashMap::new();
    let mut search = Search {
        gateway,
        left: ids.iter().map(|(_, id)| *id).collect(),
        found: HashMap::new(),
    };
    search.find_public().await?;
    if let Some(viewer) = visitor.if_signed_in().await? {
        let names = keys.iter().map(|key| key.0.as_str());
        seasons = Season::find_each(gateway, names).await?;
        search.find_seen(&viewer).await?;
        search.find_own(&viewer).await?;
    }
    let seasons = seasons
        .into_iter()
        .map(|(name, season)| (NodeKey(name.to_owned()), Node::from(season)));
    let found = ids
        .into_iter()
        .filter_map(|(key, id)| Some((key, search.found.get(&id)?.clone())));
    Ok(assets.chain(seasons).chain(found).collect())
}

/// What is left to be found, and what was.
struct Search<'g> {
    gateway: &'g Arc<Gateway>,
    left: HashSet<Uuid>,
    found: HashMap<Uuid, Node>,
}

impl Search<'_> {
    async fn find_public(&mut self) -> ApiResult<()> {
        let db = &self.gateway.db;
        if let Some(ids) = self.left() {
            let rows = games::find(db, &ids).await?;
            self.keep(rows.into_iter().map(|row| (row.id, Game::from(row))));
        }
        if let Some(ids) = self.left() {
            let rows = achievements::find_definitions(db, &ids).await?;
            self.keep(
                rows.into_iter()
                    .map(|row| (row.id, AchievementDefinition::from(row))),
            );
        }
        Ok(())
    }

    async fn find_seen(&mut self, viewer: &SignedIn) -> ApiResult<()> {
        let db = &self.gateway.db;
        if let Some(ids) = self.left() {
            let rows = users::find(db, &ids).await?;
            self.keep(rows.into_iter().map(|row| {
                let id = row.id;
                let node: Node = match Player::seen_by(viewer, row) {
                    Player::User(user) => user.into(),
                    Player::PublicUser(user) => user.into(),
                };
                (id, node)
            }));
        }
        let eyes = viewer.eyes(Permission::ReadGameMatches);
        if let Some(ids) = self.left() {
            let rows = battles::find(db, eyes, &ids).await?;
            self.keep(rows.into_iter().map(|row| (row.id, GameMatch::from(row))));
        }
        if let Some(ids) = self.left() {
            let found = GameMatchPosition::find_each(self.gateway, viewer, &ids).await?;
            self.keep(found.into_iter().map(|(id, found)| (id.uuid(), found)));
        }
        if let Some(ids) = self.left() {
            let rows = participants::find(db, eyes, &ids).await?;
            self.keep(
                rows.into_iter()
                    .map(|row| (row.participant_id, GameMatchParticipant::from(row))),
            );
        }
        if let Some(ids) = self.left() {
            let rows = achievements::find(db, &ids).await?;
            self.keep(rows.into_iter().map(|row| (row.id, Achievement::from(row))));
        }
        Ok(())
    }

    async fn find_own(&mut self, viewer: &SignedIn) -> ApiResult<()> {
        let db = &self.gateway.db;
        if let Some(ids) = self.left() {
            let eyes = viewer.eyes(Permission::ReadWallets);
            let rows = money::find_wallets(db, eyes, &ids).await?;
            self.keep(rows.into_iter().map(|row| (row.id, Wallet::from(row))));
        }
        if let Some(ids) = self.left() {
            let eyes = viewer.eyes(Permission::ReadTransactions);
            let rows = money::find_movements(db, eyes, &ids).await?;
            self.keep(rows.into_iter().map(|row| (row.id, Transaction::from(row))));
        }
        if let Some(ids) = self.left() {
            let eyes = viewer.eyes(Permission::ReadWithdrawals);
            let rows = withdrawals::find_withdrawals(db, eyes, &ids).await?;
            self.keep(rows.into_iter().map(|row| (row.id, Withdrawal::from(row))));
        }
        if let Some(ids) = self.left() {
            let rows = tickets::find(db, viewer.user, &ids).await?;
            self.keep(rows.into_iter().map(|row| (row.id, QueueTicket::from(row))));
        }
        if let Some(ids) = self.left() {
            let rows = notifications::find(db, viewer.user, &ids).await?;
            self.keep(
                rows.into_iter()
                    .map(|row| (row.id, Notification::from(row))),
            );
        }
        if let Some(ids) = self.left() {
            let rows = friendships::find(db, viewer.user, &ids).await?;
            self.keep(rows.into_iter().map(|row| (row.id, Friendship::from(row))));
        }
        if let Some(ids) = self.left() {
            let rows = parties::find(db, viewer.user, &ids).await?;
            self.keep(rows.into_iter().map(|row| (row.id, Party::from(row))));
        }
        if let Some(ids) = self.left() {
            let rows = session::find(db, viewer.user, &ids).await?;
            self.keep(rows.into_iter().map(|row| (row.id, Session::from(row))));
        }
        Ok(())
    }

    /// The ids that are left, if any are.
    fn left<I: From<Uuid>>(&self) -> Option<Vec<I>> {
        let ids = self.left.iter().copied().map(I::from);
        (!self.left.is_empty()).then(|| ids.collect())
    }

    /// Where a table knows an id twice, as both sides of a transfer are, the first is kept.
    fn keep<N: Into<Node>>(&mut self, nodes: impl Iterator<Item = (Uuid, N)>) {
        for (id, node) in nodes {
            if self.left.remove(&id) {
                self.found.insert(id, node.into());
            }
        }
    }
}
