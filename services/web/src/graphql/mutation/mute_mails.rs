//! Which notices one wants by mail.

use async_graphql::{Context, Object, SimpleObject};
use contracts::notifications::NoticeKind;
use contracts::{Service, commands};

use super::caller;
use crate::error::{ApiError, ApiResult};
use crate::graphql::object::NotificationKind;
use crate::graphql::payload::{UserError, told};
use crate::graphql::scope::Scope;

#[derive(Default)]
pub(crate) struct MuteMails;

/// What came of saying which mails one does not want.
#[derive(Debug, SimpleObject)]
pub(crate) struct MuteMailsPayload {
    /// The kinds of messages that are not mailed from now on.
    muted_mails: Option<Vec<NotificationKind>>,
    /// Why it was refused; empty if it was not.
    user_errors: Vec<UserError>,
}

#[Object]
impl MuteMails {
    /// Says which kinds of messages one does not want by mail; all others are mailed. They come into the
    /// inbox all the same, and so do codes by mail.
    async fn mute_mails(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which kinds; none means that all are mailed.")] kinds: Vec<
            NotificationKind,
        >,
    ) -> ApiResult<MuteMailsPayload> {
        if kinds.len() > NoticeKind::ALL.len() {
            return Err(ApiError::bad_input("kinds", "each kind once"));
        }
        let caller = caller(ctx, None).await?;
        let mut wanted: Vec<NoticeKind> = kinds.into_iter().map(Into::into).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let question = commands::MuteMails {
            caller,
            kinds: wanted.clone(),
        };
        let gateway = ctx.gateway();
        let muted = gateway.command(Service::Notifications, &question).await;
        let (muted, user_errors) = told(muted)?;
        let kinds = wanted.into_iter().map(Into::into).collect();
        Ok(MuteMailsPayload {
            muted_mails: muted.map(|_| kinds),
            user_errors,
        })
    }
}
