//! Messages in a user's inbox.

use async_graphql::{Enum, ID, Object};
use contracts::notifications::{Notice, NoticeKind};
use store::entity::notification;

use super::id;
use crate::error::ApiResult;
use crate::graphql::scalar::DateTime;

/// What a message is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "NoticeKind")]
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
    /// Somebody wants to be one's friend.
    FriendRequest,
    /// A friend has invited one to a party.
    PartyInvitation,
    /// Money has come in.
    Deposited,
    /// A withdrawal is paid.
    Withdrawn,
    /// A withdrawal is not paid, and its money is back.
    WithdrawalReturned,
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
        Ok(self.notice()?.kind().into())
    }

    /// What the game, the achievement or whoever asks is called, or how much money it is.
    async fn title(&self) -> ApiResult<String> {
        Ok(match self.notice()? {
            Notice::Opened { title, .. }
            | Notice::Ended { title, .. }
            | Notice::Canceled { title, .. }
            | Notice::Corrected { title, .. }
            | Notice::Voided { title, .. }
            | Notice::Expired { title, .. }
            | Notice::Achievement { title, .. }
            | Notice::FriendRequest { title, .. }
            | Notice::PartyInvitation { title, .. }
            | Notice::Deposited { title, .. }
            | Notice::Withdrawn { title, .. }
            | Notice::WithdrawalReturned { title, .. } => title,
        })
    }

    /// The id of the match, the achievement, the friendship, the party, the movement or the withdrawal.
    #[graphql(name = "subjectID")]
    async fn subject_id(&self) -> ApiResult<ID> {
        Ok(match self.notice()? {
            Notice::Opened { subject, .. }
            | Notice::Ended { subject, .. }
            | Notice::Canceled { subject, .. }
            | Notice::Corrected { subject, .. }
            | Notice::Voided { subject, .. }
            | Notice::Expired { subject, .. }
            | Notice::Achievement { subject, .. }
            | Notice::FriendRequest { subject, .. }
            | Notice::PartyInvitation { subject, .. }
            | Notice::Deposited { subject, .. }
            | Notice::Withdrawn { subject, .. }
            | Notice::WithdrawalReturned { subject, .. } => ID(subject),
        })
    }

    /// The message in English.
    async fn text(&self) -> ApiResult<String> {
        Ok(self.notice()?.text())
    }
}
