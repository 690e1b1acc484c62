//! New messages in one's inbox.

use std::sync::Arc;

use async_graphql::{Context, Subscription};
use contracts::live;
use contracts::notifications::InApp;
use futures::{Stream, StreamExt};
use store::gateway::notifications;

use super::unbroken;
use crate::error::{ApiError, ApiResult};
use crate::graphql::access::Stated;
use crate::graphql::object::Notification;
use crate::graphql::scope::Scope;

#[derive(Default)]
pub(crate) struct NotificationCreated;

#[Subscription(guard = "Stated")]
impl NotificationCreated {
    /// Every new message in one's inbox. A client that is too slow for them is told LAGGED, and that
    /// is the end.
    async fn notification_created(
        &self,
        ctx: &Context<'_>,
    ) -> Result<impl Stream<Item = ApiResult<Notification>> + use<>, ApiError> {
        let user = ctx.visitor().signed_in().await?.user;
        let gateway = Arc::clone(ctx.gateway());
        let messages = gateway.hub.follow::<InApp>(&live::in_app(user)).await?;
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
}
