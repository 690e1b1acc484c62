//! Messages in a user's inbox.

use async_graphql::{Enum, ID, Object};
use contracts::notifications::Notice;
use store::entity::notification;

use super::id;
use crate::error::ApiResult;
use crate::graphql::scalar::DateTime;

/// What a message is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum NotificationKind {
    /// A match has opened.
    Opened,
    /// A match has ended.
    Ended,
    /// A match was canceled.
    Canceled,
    /// The result of a match was corrected, and one's own with it.
    Corrected,
    /// One's result of a match was made void.
    Voided,
    /// Nobody was found for a match in time; the entry fee is free.
    Expired,
    /// An achievement was earned.
    Achievement,
}

/// A message in one's inbox.
#[derive(Clone, Debug)]
pub(crate) struct Notification(notification::Model);

impl From<notification::Model> for Notification {
    fn from(row: notification::Model) -> Self {
        Self(row)
    }
}

impl Notification {
    fn notice(&self) -> ApiResult<Notice> {
        serde_json::from_value(self.0.notice.clone())
            .map_err(|_foreign| store::Error::corrupt("notifications", self.0.id).into())
    }
}

/// A message in one's inbox.
#[Object]
impl Notification {
    /// The message's id.
    pub(crate) async fn id(&self) -> ID {
        id(self.0.id)
    }

    /// When it came.
    async fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }

    /// When it was read; null until then.
    async fn read_at(&self) -> Option<DateTime> {
        self.0.read_at.map(Into::into)
    }

    /// What it is about.
    async fn kind(&self) -> ApiResult<NotificationKind> {
        Ok(match self.notice()? {
            Notice::Opened { .. } => NotificationKind::Opened,
            Notice::Ended { .. } => NotificationKind::Ended,
            Notice::Canceled { .. } => NotificationKind::Canceled,
            Notice::Corrected { .. } => NotificationKind::Corrected,
            Notice::Voided { .. } => NotificationKind::Voided,
            Notice::Expired { .. } => NotificationKind::Expired,
            Notice::Achievement { .. } => NotificationKind::Achievement,
        })
    }

    /// What the game or achievement is called.
    async fn title(&self) -> ApiResult<String> {
        Ok(match self.notice()? {
            Notice::Opened { title, .. }
            | Notice::Ended { title, .. }
            | Notice::Canceled { title, .. }
            | Notice::Corrected { title, .. }
            | Notice::Voided { title, .. }
            | Notice::Expired { title, .. }
            | Notice::Achievement { title, .. } => title,
        })
    }

    /// The id of the match or achievement.
    #[graphql(name = "subjectID")]
    async fn subject_id(&self) -> ApiResult<ID> {
        Ok(match self.notice()? {
            Notice::Opened { subject, .. }
            | Notice::Ended { subject, .. }
            | Notice::Canceled { subject, .. }
            | Notice::Corrected { subject, .. }
            | Notice::Voided { subject, .. }
            | Notice::Expired { subject, .. }
            | Notice::Achievement { subject, .. } => ID(subject),
        })
    }

    /// The message in English.
    async fn text(&self) -> ApiResult<String> {
        Ok(self.notice()?.text())
    }
}
