//! Signing devices out.

use async_graphql::{Context, ID, Object, SimpleObject};
use contracts::Code;

use crate::error::{ApiError, ApiResult};
use crate::graphql::payload::{UserError, told};
use crate::graphql::query::parse_id;
use crate::graphql::scope::Scope;

#[derive(Default)]
pub(crate) struct Sessions;

/// What came of signing devices out.
#[derive(Debug, SimpleObject)]
pub(crate) struct RevokeSessionsPayload {
    /// How many sessions were ended.
    revoked: u64,
    /// Why it was refused; empty if it was not.
    user_errors: Vec<UserError>,
}

#[Object]
impl Sessions {
    /// Signs one device out; its tokens stop working, for orders within a second.
    async fn revoke_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The session's id.")] id: ID,
    ) -> ApiResult<RevokeSessionsPayload> {
        let (revoked, user_errors) = told(revoke(ctx, &id).await)?;
        Ok(RevokeSessionsPayload {
            revoked: revoked.unwrap_or_default(),
            user_errors,
        })
    }

    /// Signs every device out, this one too.
    async fn revoke_all_sessions(&self, ctx: &Context<'_>) -> ApiResult<RevokeSessionsPayload> {
        let user = ctx.visitor().signed_in().await?.user;
        let tx = ctx.db().begin().await?;
        let revoked = store::session::revoke_all(&tx, user, ctx.gateway().clock.now()).await?;
        tx.commit().await?;
        ctx.gateway().sessions.forget();
        Ok(RevokeSessionsPayload {
            revoked,
            user_errors: Vec::new(),
        })
    }
}

async fn revoke(ctx: &Context<'_>, id: &ID) -> ApiResult<u64> {
    let user = ctx.visitor().signed_in().await?.user;
    let session = parse_id(id).ok_or_else(|| ApiError::of(Code::NotFound))?;
    let tx = ctx.db().begin().await?;
    let was_alive = store::session::revoke(&tx, user, session, ctx.gateway().clock.now()).await?;
    tx.commit().await?;
    ctx.gateway().sessions.forget();
    if was_alive {
        Ok(1)
    } else {
        Err(ApiError::of(Code::NotFound))
    }
}
