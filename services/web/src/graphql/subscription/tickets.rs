//! One's places in queues becoming matches.

use std::sync::Arc;

use async_graphql::{Context, Subscription};
use contracts::Topic;
use contracts::battles::BattleOpened;
use futures::{Stream, StreamExt};
use store::gateway::tickets;

use super::unbroken;
use crate::error::{ApiError, ApiResult};
use crate::graphql::access::Stated;
use crate::graphql::object::QueueTicket;
use crate::graphql::scope::Scope;

#[derive(Default)]
pub(crate) struct QueueTicketUpdated;

#[Subscription(guard = "Stated")]
impl QueueTicketUpdated {
    /// One's place in a queue, when it becomes a place in a match. A client that is too slow is told
    /// LAGGED, and that is the end.
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
        Ok(unbroken(opened).filter_map(move |opened| {
            let gateway = Arc::clone(&gateway);
            async move {
                let opened = match opened {
                    Ok(opened) => opened,
                    Err(lagged) => return Some(Err(lagged)),
                };
                if !opened.players.contains(&user) {
                    return None;
                }
                let found = tickets::find_of_battle(&gateway.db, user, opened.battle).await;
                found
                    .map_err(ApiError::from)
                    .transpose()
                    .map(|row| row.map(QueueTicket::from))
            }
        }))
    }
}
