//! Reading one's inbox.

use async_graphql::{Context, ID, Object, SimpleObject};
use contracts::{Service, commands};
use domain::id::NotificationId;
use store::gateway::notifications;

use super::caller;
use crate::error::{ApiError, ApiResult};
use crate::graphql::payload::{UserError, told};
use crate::graphql::query::filter_id;
use crate::graphql::scope::Scope;

/// The most messages that are marked at once.
const MAX_IDS: usize = 100;

#[derive(Default)]
pub(crate) struct MarkRead;

/// What came of marking messages as read.
#[derive(Debug, SimpleObject)]
pub(crate) struct MarkNotificationsReadPayload {
    /// How many are unread afterwards.
    unread_notification_count: Option<i64>,
    /// Why it was refused; empty if it was not.
    user_errors: Vec<UserError>,
}

#[Object]
impl MarkRead {
    /// Marks messages of one's inbox as read.
    async fn mark_notifications_read(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which messages, 1 to 100.")] ids: Vec<ID>,
    ) -> ApiResult<MarkNotificationsReadPayload> {
        if ids.is_empty() || ids.len() > MAX_IDS {
            return Err(ApiError::bad_input("ids", "1 to 100 ids"));
        }
        let ids: ApiResult<Vec<_>> = ids.iter().map(|id| filter_id("ids", Some(id))).collect();
        mark(ctx, ids?.into_iter().flatten().collect()).await
    }

    /// Marks everything in one's inbox as read.
    async fn mark_all_notifications_read(
        &self,
        ctx: &Context<'_>,
    ) -> ApiResult<MarkNotificationsReadPayload> {
        // None named means all.
        mark(ctx, Vec::new()).await
    }
}

async fn mark(
    ctx: &Context<'_>,
    notifications: Vec<NotificationId>,
) -> ApiResult<MarkNotificationsReadPayload> {
    let caller = caller(ctx, None).await?;
    let question = commands::MarkNotificationsRead {
        caller,
        notifications,
    };
    let marked = ctx
        .gateway()
        .command(Service::Notifications, &question)
        .await;
    let (marked, user_errors) = told(marked)?;
    let unread_notification_count = match marked {
        Some(_) => Some(
            notifications::list(caller.user, Some(true))
                .count(ctx.db())
                .await?,
        ),
        None => None,
    };
    Ok(MarkNotificationsReadPayload {
        unread_notification_count,
        user_errors,
    })
}
