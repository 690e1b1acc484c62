//! Friends, and who may become one.

use async_graphql::{Context, Enum, ID, Object};
use store::gateway::friendships::{self, Kind};

use super::{PublicUser, id};
use crate::error::ApiResult;
use crate::graphql::scalar::DateTime;

/// What somebody is to oneself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Kind")]
pub(crate) enum FriendshipStatus {
    /// A friend.
    Friends,
    /// Somebody whom one has asked, and who has not answered.
    Requested,
    /// Somebody who has asked, and waits for one's answer.
    Received,
    /// Somebody whom one blocks.
    Blocked,
}

/// What somebody else is to oneself.
#[derive(Clone, Debug)]
pub(crate) struct Friendship(friendships::Friendship);

impl From<friendships::Friendship> for Friendship {
    fn from(row: friendships::Friendship) -> Self {
        Self(row)
    }
}

/// What somebody else is to oneself. Only the two of them see it, and whoever is blocked does not.
#[Object]
impl Friendship {
    /// The friendship's id.
    pub(crate) async fn id(&self) -> ID {
        id(self.0.id)
    }

    /// When one of them first asked, or one blocked the other.
    async fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }

    /// When it last changed.
    async fn updated_at(&self) -> DateTime {
        self.0.updated_at.into()
    }

    /// What the other is.
    async fn status(&self) -> FriendshipStatus {
        self.0.kind.into()
    }

    /// The other.
    #[graphql(name = "userID")]
    async fn user_id(&self) -> ID {
        id(self.0.user_id)
    }

    /// The other.
    async fn user(&self, ctx: &Context<'_>) -> ApiResult<PublicUser> {
        PublicUser::named(ctx, self.0.user_id.into()).await
    }
}
