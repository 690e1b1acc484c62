//! One's inbox.

use async_graphql::{Context, InputObject, Object};
use store::entity::notification;
use store::gateway::{List, notifications};

use crate::error::ApiResult;
use crate::graphql::object::{Notification, NotificationKind};
use crate::graphql::page::list;
use crate::graphql::scope::Scope;

#[derive(Default)]
pub(crate) struct InboxQuery;

#[Object]
impl InboxQuery {
    /// How many messages in one's inbox are unread.
    async fn unread_notification_count(&self, ctx: &Context<'_>) -> ApiResult<i64> {
        let user = ctx.visitor().signed_in().await?.user;
        Ok(notifications::list(user, Some(true))
            .count(ctx.db())
            .await?)
    }

    /// The kinds of messages that one does not want by mail.
    async fn muted_mails(&self, ctx: &Context<'_>) -> ApiResult<Vec<NotificationKind>> {
        let user = ctx.visitor().signed_in().await?.user;
        let muted = store::notification::list_muted(ctx.db(), user).await?;
        Ok(muted.into_iter().map(Into::into).collect())
    }
}

/// Which messages.
#[derive(Debug, Default, InputObject)]
pub(crate) struct NotificationFilter {
    /// Whether only those that are unread.
    unread: Option<bool>,
}

list! {
    /// One's inbox.
    NotificationsQuery: notifications(NotificationFilter) -> Notification, read
}

async fn read(
    ctx: &Context<'_>,
    filter: NotificationFilter,
) -> ApiResult<List<notification::Model>> {
    let user = ctx.visitor().signed_in().await?.user;
    Ok(notifications::list(user, filter.unread))
}
