//! One's places in queues and rooms: taken, given up, become matches.

use std::sync::Arc;

use async_graphql::{Context, Subscription};
use contracts::battles::BattleOpened;
use contracts::matchmaking::PlaceChanged;
use contracts::{Key, Topic};
use domain::id::{BattleId, TicketId, UserId};
use futures::stream::select;
use futures::{Stream, StreamExt};
use store::entity::ticket;
use store::gateway::tickets;

use super::unbroken;
use crate::error::{ApiError, ApiResult};
use crate::gateway::Gateway;
use crate::graphql::access::Stated;
use crate::graphql::object::QueueTicket;
use crate::graphql::scope::Scope;

#[derive(Default)]
pub(crate) struct QueueTicketUpdated;

#[Subscription(guard = "Stated")]
impl QueueTicketUpdated {
    /// One's places in queues, and in matches that wait for players: each when it is taken, becomes
    /// a place in an open match, or is given up. A client that is too slow is told LAGGED, and that
    /// is the end.
    async fn queue_ticket_updated(
        &self,
        ctx: &Context<'_>,
    ) -> Result<impl Stream<Item = ApiResult<QueueTicket>> + use<>, ApiError> {
        let user = ctx.visitor().signed_in().await?.user;
        let gateway = Arc::clone(ctx.gateway());
        let opened = gateway
            .hub
            .follow::<BattleOpened>(Topic::BattleOpened.pattern())
            .await?;
        let opened = opened.map(move |opened| {
            opened.map(|it| it.players.contains(&user).then_some(Place::Of(it.battle)))
        });
        let subject = Topic::PlaceChanged.subject(&Key::from(user));
        let changed = gateway.hub.follow::<PlaceChanged>(&subject).await?;
        let changed = changed.map(|changed| changed.map(|it| Some(Place::Ticket(it.ticket))));
        let places = select(opened, changed);
        Ok(unbroken(places).filter_map(move |place| {
            let gateway = Arc::clone(&gateway);
            async move {
                let found = match place {
                    Ok(place) => find(&gateway, user, place?).await,
                    Err(lagged) => Err(lagged),
                };
                found.transpose().map(|row| row.map(QueueTicket::from))
            }
        }))
    }
}

/// How a place is named.
enum Place {
    /// By the match that it became a place in.
    Of(BattleId),
    /// By its ticket.
    Ticket(TicketId),
}

async fn find(gateway: &Gateway, user: UserId, place: Place) -> ApiResult<Option<ticket::Model>> {
    Ok(match place {
        Place::Of(battle) => tickets::find_of_battle(&gateway.db, user, battle).await?,
        Place::Ticket(ticket) => {
            let found = tickets::find(&gateway.db, user, &[ticket]).await?;
            found.into_iter().next()
        }
    })
}
