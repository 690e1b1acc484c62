//! Signed-in devices.

use async_graphql::{Context, ID, Object};
use store::entity::session;

use super::id;
use crate::error::ApiResult;
use crate::graphql::scalar::DateTime;
use crate::graphql::scope::Scope;

/// A device that one is signed in on.
#[derive(Clone, Debug)]
pub(crate) struct Session(session::Model);

impl From<session::Model> for Session {
    fn from(row: session::Model) -> Self {
        Self(row)
    }
}

/// A device that one is signed in on.
#[Object]
impl Session {
    /// The session's id.
    pub(crate) async fn id(&self) -> ID {
        id(self.0.id)
    }

    /// When one signed in.
    async fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }

    /// When it last fetched new tokens.
    async fn last_used_at(&self) -> DateTime {
        self.0.last_used_at.into()
    }

    /// When it ends unless it fetches new tokens.
    async fn expires_at(&self) -> DateTime {
        self.0.expires_at.into()
    }

    /// What the device calls itself.
    async fn user_agent(&self) -> &str {
        &self.0.user_agent
    }

    /// Whether this very request comes from it.
    async fn current(&self, ctx: &Context<'_>) -> ApiResult<bool> {
        Ok(ctx.visitor().signed_in().await?.session.uuid() == self.0.id)
    }
}
