//! What the resolvers of one request load together.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use async_graphql::dataloader::{DataLoader, Loader};
use domain::id::{AchievementDefinitionId, BattleId, GameId, PartyId, UserId};
use store::entity::{achievement_definition, battle, party_member, ticket};
use store::gateway::participants::Participant;
use store::gateway::users::Person;
use store::gateway::{self, Viewer};

use super::object::Node;
use super::query::node;
use crate::error::ApiError;
use crate::gateway::Gateway;
use crate::identity::Visitor;

/// Loads rows by their ids, many at a time. It decides nothing about access: whoever was shown the
/// object that an id comes from may see what it names. Only a [`NodeKey`] comes from anywhere.
pub(crate) struct Loaders {
    gateway: Arc<Gateway>,
    visitor: Arc<Visitor>,
}

/// The loaders of a visitor's request.
pub(super) fn of(gateway: &Arc<Gateway>, visitor: &Arc<Visitor>) -> DataLoader<Loaders> {
    let loaders = Loaders {
        gateway: Arc::clone(gateway),
        visitor: Arc::clone(visitor),
    };
    #[expect(
        clippy::disallowed_methods,
        reason = "a batch lives no longer than its request"
    )]
    DataLoader::new(loaders, tokio::spawn)
}

/// The id of anything, as a client says it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct NodeKey(pub(crate) String);

impl Loader<NodeKey> for Loaders {
    type Value = Node;
    type Error = ApiError;

    async fn load(&self, keys: &[NodeKey]) -> Result<HashMap<NodeKey, Node>, ApiError> {
        node::find_each(&self.gateway, &self.visitor, keys).await
    }
}

/// A seat in a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SeatKey {
    pub(crate) battle: BattleId,
    pub(crate) player: UserId,
}

impl Loader<UserId> for Loaders {
    type Value = Person;
    type Error = ApiError;

    async fn load(&self, ids: &[UserId]) -> Result<HashMap<UserId, Person>, ApiError> {
        let found = gateway::users::find(&self.gateway.db, ids).await?;
        Ok(found
            .into_iter()
            .map(|person| (person.id.into(), person))
            .collect())
    }
}

/// Somebody whom a row names. The account may be closed by now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Named(pub(crate) UserId);

impl Loader<Named> for Loaders {
    type Value = Person;
    type Error = ApiError;

    async fn load(&self, named: &[Named]) -> Result<HashMap<Named, Person>, ApiError> {
        let ids: Vec<UserId> = named.iter().map(|named| named.0).collect();
        let found = gateway::users::find_named(&self.gateway.db, &ids).await?;
        Ok(found
            .into_iter()
            .map(|person| (Named(person.id.into()), person))
            .collect())
    }
}

impl Loader<GameId> for Loaders {
    type Value = gateway::games::Game;
    type Error = ApiError;

    async fn load(&self, ids: &[GameId]) -> Result<HashMap<GameId, Self::Value>, ApiError> {
        let found = gateway::games::find(&self.gateway.db, ids).await?;
        Ok(found
            .into_iter()
            .map(|game| (game.id.into(), game))
            .collect())
    }
}

impl Loader<BattleId> for Loaders {
    type Value = battle::Model;
    type Error = ApiError;

    async fn load(&self, ids: &[BattleId]) -> Result<HashMap<BattleId, battle::Model>, ApiError> {
        let found = gateway::battles::find(&self.gateway.db, Viewer::Staff, ids).await?;
        Ok(found
            .into_iter()
            .map(|battle| (battle.id.into(), battle))
            .collect())
    }
}

impl Loader<SeatKey> for Loaders {
    type Value = Participant;
    type Error = ApiError;

    async fn load(&self, keys: &[SeatKey]) -> Result<HashMap<SeatKey, Participant>, ApiError> {
        let seats: Vec<_> = keys.iter().map(|key| (key.battle, key.player)).collect();
        let found =
            gateway::participants::find_seats(&self.gateway.db, Viewer::Staff, &seats).await?;
        let keyed = found.into_iter().map(|seat| {
            let key = SeatKey {
                battle: seat.battle_id.into(),
                player: seat.player_id.into(),
            };
            (key, seat)
        });
        Ok(keyed.collect())
    }
}

/// Who is in a party, or may come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct MembersOf(pub(crate) PartyId);

impl Loader<MembersOf> for Loaders {
    type Value = Vec<party_member::Model>;
    type Error = ApiError;

    async fn load(&self, keys: &[MembersOf]) -> Result<HashMap<MembersOf, Self::Value>, ApiError> {
        let parties: Vec<_> = keys.iter().map(|key| key.0).collect();
        let found = gateway::parties::list_members(&self.gateway.db, &parties).await?;
        let found = found.into_iter();
        Ok(together(
            found.map(|member| (MembersOf(member.party_id.into()), member)),
        ))
    }
}

/// How many of those who wait in a match are shown.
pub(crate) const WAITING_SHOWN: u32 = 100;

/// Who waits in a room: the first so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct WaitingIn(pub(crate) BattleId);

impl Loader<WaitingIn> for Loaders {
    type Value = Vec<UserId>;
    type Error = ApiError;

    async fn load(&self, keys: &[WaitingIn]) -> Result<HashMap<WaitingIn, Self::Value>, ApiError> {
        let rooms: Vec<_> = keys.iter().map(|key| key.0).collect();
        let found = gateway::tickets::list_waiting(&self.gateway.db, &rooms, WAITING_SHOWN).await?;
        let room = |ticket: &ticket::Model| Some(WaitingIn(ticket.room_id?.into()));
        let found = found.into_iter();
        let keyed = found.filter_map(|ticket| Some((room(&ticket)?, ticket.player_id.into())));
        Ok(together(keyed))
    }
}

/// What belongs to each key, in its order.
fn together<K: Eq + Hash, V>(rows: impl IntoIterator<Item = (K, V)>) -> HashMap<K, Vec<V>> {
    let mut found = HashMap::<K, Vec<V>>::new();
    for (key, row) in rows {
        found.entry(key).or_default().push(row);
    }
    found
}

/// The record of a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct RecordOf(pub(crate) BattleId);

impl Loader<RecordOf> for Loaders {
    type Value = store::record::Record;
    type Error = ApiError;

    async fn load(&self, keys: &[RecordOf]) -> Result<HashMap<RecordOf, Self::Value>, ApiError> {
        let battles: Vec<_> = keys.iter().map(|key| key.0).collect();
        let found = gateway::records::find(&self.gateway.db, &battles).await?;
        Ok(found
            .into_iter()
            .map(|kept| (RecordOf(kept.battle_id.into()), kept))
            .collect())
    }
}

impl Loader<AchievementDefinitionId> for Loaders {
    type Value = achievement_definition::Model;
    type Error = ApiError;

    async fn load(
        &self,
        ids: &[AchievementDefinitionId],
    ) -> Result<HashMap<AchievementDefinitionId, Self::Value>, ApiError> {
        let found = gateway::achievements::find_definitions(&self.gateway.db, ids).await?;
        Ok(found
            .into_iter()
            .map(|definition| (definition.id.into(), definition))
            .collect())
    }
}
