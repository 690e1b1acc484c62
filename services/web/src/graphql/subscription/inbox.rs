//! New messages in one's inbox.

use std::sync::Arc;

use async_graphql::{Context, SimpleObject, Subscription, Union};
use contracts::live;
use contracts::notifications::InApp;
use futures::{Stream, StreamExt};
use store::gateway::notifications;

use super::event::{Gap, Lagged, Resumed};
use super::{rows, unbroken};
use crate::error::{ApiError, ApiResult};
use crate::feed::{Cursor, Kind};
use crate::graphql::access::Stated;
use crate::graphql::object::Notification;
use crate::graphql::scope::Scope;

/// How many messages are read at once.
const AT_ONCE: u64 = 50;

#[derive(Default)]
pub(crate) struct InboxEvents;

/// A message came into one's inbox.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct NotificationArrived {
    /// Where one is: go on from here with after.
    cursor: Cursor,
    /// The message.
    notification: Notification,
}

/// What the stream of one's inbox says.
#[derive(Clone, Debug, Union)]
pub(crate) enum NotificationEvent {
    Arrived(NotificationArrived),
    Resumed(Resumed),
    Gap(Gap),
    Lagged(Lagged),
}

impl From<(Cursor, Notification)> for NotificationEvent {
    fn from((cursor, notification): (Cursor, Notification)) -> Self {
        Self::Arrived(NotificationArrived {
            cursor,
            notification,
        })
    }
}

#[Subscription(guard = "Stated")]
impl InboxEvents {
    /// Every new message in one's inbox. A client that is too slow for them is told LAGGED, and that
    /// is the end. To miss nothing, listen to notificationEvents.
    async fn notification_created(
        &self,
        ctx: &Context<'_>,
    ) -> Result<impl Stream<Item = ApiResult<Notification>> + use<>, ApiError> {
        let user = ctx.visitor().signed_in().await?.user;
        let gateway = Arc::clone(ctx.gateway());
        let subject = live::in_app(user);
        let messages = gateway.hub.listen_to::<InApp>(&subject).await?;
        Ok(unbroken(messages).filter_map(move |message| {
            let gateway = Arc::clone(&gateway);
            async move {
                let message = match message {
                    Ok(message) => message,
                    Err(lagged) => return Some(Err(lagged)),
                };
                let found = notifications::find(&gateway.db, user, &[message.id]).await;
                let row = found.map(|rows| rows.into_iter().next()).transpose()?;
                Some(row.map(Notification::from).map_err(ApiError::from))
            }
        }))
    }

    /// Every new message in one's inbox, in the order in which they come. They are kept: with the cursor
    /// of the last one that one heard of, what was missed comes first.
    async fn notification_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Go on behind this cursor; from now on if there is none.")] after: Option<
            Cursor,
        >,
    ) -> Result<impl Stream<Item = ApiResult<NotificationEvent>> + use<>, ApiError> {
        let user = ctx.visitor().signed_in().await?.user;
        let gateway = Arc::clone(ctx.gateway());
        let subject = live::in_app(user);
        let hints = gateway.hub.listen_to::<InApp>(&subject).await?;
        let hints = hints.map(|_| ()).boxed();
        let last = vec![notifications::last_number(&gateway.db, user).await?];
        let cursors = Arc::clone(&gateway.cursors);
        rows::told((cursors, Kind::Inbox), last, after, hints, move |numbers| {
            let gateway = Arc::clone(&gateway);
            async move {
                let behind = numbers.first().copied().unwrap_or_default();
                let found = notifications::list_after(&gateway.db, user, behind, AT_ONCE).await?;
                let found = found.into_iter();
                Ok(found
                    .map(|row| (vec![row.number], Notification::from(row)))
                    .collect())
            }
        })
    }
}
