//! One's places in queues and rooms: taken, given up, become matches.

use std::sync::Arc;

use async_graphql::{Context, SimpleObject, Subscription, Union};
use contracts::battles::BattleOpened;
use contracts::matchmaking::PlaceChanged;
use contracts::{Key, Topic};
use domain::id::{BattleId, TicketId, UserId};
use futures::stream::select;
use futures::{Stream, StreamExt};
use store::entity::ticket;
use store::gateway::tickets;

use super::event::{Gap, Lagged, Resumed, Unread, told};
use super::unbroken;
use crate::error::{ApiError, ApiResult};
use crate::feed::{self, Cursor, Kind, Source};
use crate::gateway::Gateway;
use crate::graphql::access::Stated;
use crate::graphql::object::QueueTicket;
use crate::graphql::scope::Scope;

#[derive(Default)]
pub(crate) struct TicketEvents;

/// Something happened to a place of one's own.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct QueueTicketChanged {
    /// Where one is: go on from here with after.
    cursor: Cursor,
    /// The place as it is by now.
    ticket: QueueTicket,
}

/// What the stream of one's places says.
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all that is told is of the largest"
)]
#[derive(Clone, Debug, Union)]
pub(crate) enum QueueTicketEvent {
    Changed(QueueTicketChanged),
    Resumed(Resumed),
    Gap(Gap),
    Lagged(Lagged),
}

/// Which of the sources of the stream tells what.
const CHANGED: usize = 0;

#[Subscription(guard = "Stated")]
impl TicketEvents {
    /// One's places in queues, and in matches that wait for players: each when it is taken, becomes
    /// a place in an open match, or is given up. A client that is too slow is told LAGGED, and that
    /// is the end. To miss nothing, listen to queueTicketEvents.
    async fn queue_ticket_updated(
        &self,
        ctx: &Context<'_>,
    ) -> Result<impl Stream<Item = ApiResult<QueueTicket>> + use<>, ApiError> {
        let user = ctx.visitor().signed_in().await?.user;
        let gateway = Arc::clone(ctx.gateway());
        let opened = gateway
            .hub
            .follow::<BattleOpened>(Topic::BattleOpened.pattern(), Some(user))
            .await?;
        let opened = opened.map(|opened| opened.map(|it| Place::Of(it.battle)));
        let subject = Topic::PlaceChanged.subject(&Key::from(user));
        let changed = gateway.hub.follow::<PlaceChanged>(&subject, None).await?;
        let changed = changed.map(|changed| changed.map(|it| Place::Ticket(it.ticket)));
        let places = select(opened, changed);
        Ok(unbroken(places).filter_map(move |place| {
            let gateway = Arc::clone(&gateway);
            async move {
                let found = match place {
                    Ok(place) => find(&gateway, user, place).await,
                    Err(lagged) => Err(lagged),
                };
                found.transpose().map(|row| row.map(QueueTicket::from))
            }
        }))
    }

    /// Everything that happens to one's places in queues, and in matches that wait for players. It is
    /// kept for a day: with the cursor of the last event that one heard, what was missed comes first.
    async fn queue_ticket_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Go on behind this cursor; from now on if there is none.")] after: Option<
            Cursor,
        >,
    ) -> Result<impl Stream<Item = ApiResult<QueueTicketEvent>> + use<>, ApiError> {
        let user = ctx.visitor().signed_in().await?.user;
        let gateway = Arc::clone(ctx.gateway());
        let sources = vec![
            Source::under(Topic::PlaceChanged, user.into()),
            Source::of_matches(Topic::BattleOpened, user),
        ];
        let feed = feed::of(Arc::clone(&gateway), Kind::Tickets, sources, after).await?;
        Ok(told(feed, move |unread| {
            read(Arc::clone(&gateway), user, unread)
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

impl Place {
    fn of(unread: &Unread) -> ApiResult<Self> {
        Ok(if unread.source == CHANGED {
            Self::Ticket(unread.heard.decode::<PlaceChanged>()?.ticket)
        } else {
            Self::Of(unread.heard.decode::<BattleOpened>()?.battle)
        })
    }
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

async fn read(
    gateway: Arc<Gateway>,
    user: UserId,
    unread: Vec<Unread>,
) -> ApiResult<Vec<Option<QueueTicketEvent>>> {
    let mut events = Vec::with_capacity(unread.len());
    for unread in unread {
        let found = find(&gateway, user, Place::of(&unread)?).await?;
        let cursor = unread.cursor;
        let changed = |ticket: ticket::Model| QueueTicketChanged {
            cursor,
            ticket: ticket.into(),
        };
        events.push(found.map(|ticket| changed(ticket).into()));
    }
    Ok(events)
}
