//! One's places in queues.

use async_graphql::{Context, ID, InputObject};
use store::entity::ticket;
use store::gateway::{List, tickets};

use super::filter_id;
use crate::error::ApiResult;
use crate::graphql::object::QueueTicket;
use crate::graphql::page::list;
use crate::graphql::scope::Scope;

/// Which tickets.
#[derive(Debug, Default, InputObject)]
pub(crate) struct QueueTicketFilter {
    /// Those for this game.
    #[graphql(name = "gameID")]
    game_id: Option<ID>,
}

list! {
    /// One's places in queues, those given up and those that became a match included.
    QueueTicketsQuery: queue_tickets(QueueTicketFilter) -> QueueTicket, read
}

async fn read(ctx: &Context<'_>, filter: QueueTicketFilter) -> ApiResult<List<ticket::Model>> {
    let player = ctx.visitor().signed_in().await?.user;
    Ok(tickets::list(
        player,
        filter_id("gameID", filter.game_id.as_ref())?,
    ))
}
