//! Parties, as they change.

use std::sync::Arc;

use async_graphql::{Context, ID, SimpleObject, Subscription, Union};
use contracts::matchmaking::PartyChanged;
use contracts::{Code, Key, Topic};
use domain::id::{PartyId, UserId};
use futures::{Stream, StreamExt};
use store::gateway::parties;

use super::event::{Gap, Lagged, Resumed, Unread, told};
use super::unbroken;
use crate::error::{ApiError, ApiResult};
use crate::feed::{self, Cursor, Kind, Source};
use crate::gateway::Gateway;
use crate::graphql::access::Stated;
use crate::graphql::object::Party;
use crate::graphql::query::parse_id;
use crate::graphql::scope::Scope;

#[derive(Default)]
pub(crate) struct PartyUpdated;

/// Somebody was invited to a party, came, went or is ready for a match, or another leads it.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(name = "PartyChanged")]
pub(crate) struct PartyChange {
    /// Where one is: go on from here with after.
    cursor: Cursor,
    /// The party as it is by now; null once one may no longer see it, or there is none.
    party: Option<Party>,
}

/// What the stream of a party says.
#[derive(Clone, Debug, Union)]
pub(crate) enum PartyEvent {
    Changed(PartyChange),
    Resumed(Resumed),
    Gap(Gap),
    Lagged(Lagged),
}

#[Subscription(guard = "Stated")]
impl PartyUpdated {
    /// A party that one is in or may come into, whenever somebody is invited, comes, goes or is ready
    /// for a match, or another leads it; null once one may no longer see it, or there is none. A
    /// client that is too slow is told LAGGED, and that is the end. To miss nothing, listen to
    /// partyEvents.
    async fn party_updated(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The party's id.")] id: ID,
    ) -> Result<impl Stream<Item = ApiResult<Option<Party>>> + use<>, ApiError> {
        let (user, party) = seen(ctx, &id).await?;
        let gateway = Arc::clone(ctx.gateway());
        let subject = Topic::PartyChanged.subject(&Key::from(party));
        let changes = gateway.hub.follow::<PartyChanged>(&subject, None).await?;
        Ok(unbroken(changes).then(move |change| {
            let gateway = Arc::clone(&gateway);
            async move {
                change?;
                find(&gateway, user, party).await
            }
        }))
    }

    /// Everything that happens to a party that one is in or may come into. It is kept for a day: with the
    /// cursor of the last event that one heard, what was missed comes first.
    async fn party_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The party's id.")] id: ID,
        #[graphql(desc = "Go on behind this cursor; from now on if there is none.")] after: Option<
            Cursor,
        >,
    ) -> Result<impl Stream<Item = ApiResult<PartyEvent>> + use<>, ApiError> {
        let (user, party) = seen(ctx, &id).await?;
        let gateway = Arc::clone(ctx.gateway());
        let sources = vec![Source::under(Topic::PartyChanged, party.into())];
        let feed = feed::of(Arc::clone(&gateway), Kind::Party, sources, after).await?;
        Ok(told(feed, move |unread: Vec<Unread>| {
            let gateway = Arc::clone(&gateway);
            async move {
                if unread.is_empty() {
                    return Ok(Vec::new());
                }
                let found = find(&gateway, user, party).await?;
                let changed = |Unread { cursor, .. }| {
                    let party = found.clone();
                    Some(PartyChange { cursor, party }.into())
                };
                Ok(unread.into_iter().map(changed).collect())
            }
        }))
    }
}

/// The user, and the party of this id if the user may see it.
async fn seen(ctx: &Context<'_>, id: &ID) -> ApiResult<(UserId, PartyId)> {
    let user = ctx.visitor().signed_in().await?.user;
    let missing = || ApiError::of(Code::PartyNotFound);
    let party: PartyId = parse_id(id).ok_or_else(missing)?;
    if parties::find(ctx.db(), user, &[party]).await?.is_empty() {
        return Err(missing());
    }
    Ok((user, party))
}

async fn find(gateway: &Gateway, user: UserId, party: PartyId) -> ApiResult<Option<Party>> {
    let found = parties::find(&gateway.db, user, &[party]).await?;
    Ok(found.into_iter().next().map(Party::from))
}
