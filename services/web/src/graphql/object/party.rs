//! Parties: friends who enter games together.

use async_graphql::{Context, ID, Object};
use domain::party::MAX_MEMBERS;
use domain::timestamp::Timestamp;
use store::entity::{party, party_member};

use super::{PublicUser, id};
use crate::error::ApiResult;
use crate::graphql::loaders::MembersOf;
use crate::graphql::scalar::DateTime;
use crate::graphql::scope::Scope;

/// Friends who enter games together, or may come in.
#[derive(Clone, Debug)]
pub(crate) struct Party(party::Model);

impl From<party::Model> for Party {
    fn from(row: party::Model) -> Self {
        Self(row)
    }
}

/// Friends who enter games together. Only they and those whom they invite see it.
#[Object]
impl Party {
    /// The party's id.
    pub(crate) async fn id(&self) -> ID {
        id(self.0.id)
    }

    /// Since when there is one.
    async fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }

    /// When it ends unless something happens in it before, on the exchange's clock.
    async fn expires_at(&self) -> DateTime {
        Timestamp::from_ms(self.0.expires_at_ms).into()
    }

    /// Who leads it: takes places for all of them.
    async fn leader(&self, ctx: &Context<'_>) -> ApiResult<PublicUser> {
        PublicUser::named(ctx, self.0.leader_id.into()).await
    }

    /// Who is in it, the leader first, and who may come in.
    #[graphql(complexity = "MAX_MEMBERS.saturating_mul(child_complexity)")]
    async fn members(&self, ctx: &Context<'_>) -> ApiResult<Vec<PartyMember>> {
        let members = ctx.loaders().load_one(MembersOf(self.0.id.into())).await?;
        let members = members.unwrap_or_default().into_iter();
        Ok(members.map(PartyMember).collect())
    }
}

/// Somebody who is in a party, or may come in.
#[derive(Clone, Debug)]
pub(crate) struct PartyMember(party_member::Model);

/// Somebody who is in a party, or may come in.
#[Object]
impl PartyMember {
    /// Who.
    #[graphql(name = "userID")]
    async fn user_id(&self) -> ID {
        id(self.0.player_id)
    }

    /// Who.
    async fn user(&self, ctx: &Context<'_>) -> ApiResult<PublicUser> {
        PublicUser::named(ctx, self.0.player_id.into()).await
    }

    /// Since when; null while only invited.
    async fn joined_at(&self) -> Option<DateTime> {
        self.0.joined_at.map(Into::into)
    }

    /// The match whose entry fee the member agrees to pay where the leader takes places there; null
    /// where there is none, and once the places are taken.
    #[graphql(name = "readyForMatchID")]
    async fn ready_for_match_id(&self) -> Option<ID> {
        self.0.ready_for.map(id)
    }
}
