//! Keeping users out, and letting them in again.

use async_graphql::{Context, ID, Object, SimpleObject};
use contracts::Code;
use domain::id::UserId;
use runtime::ids;
use store::ban::{self, NewBan};

use crate::error::{ApiError, ApiResult};
use crate::graphql::object::User;
use crate::graphql::payload::{UserError, told};
use crate::graphql::query::parse_id;
use crate::graphql::scalar::DateTime;
use crate::graphql::scope::Scope;

/// The longest reason, in characters.
const MAX_REASON: usize = 500;

#[derive(Default)]
pub(crate) struct Bans;

/// What came of keeping a user out or letting one in.
#[derive(Debug, SimpleObject)]
pub(crate) struct BanPayload {
    /// The user afterwards; null if it was refused.
    user: Option<User>,
    /// Why it was refused; empty if it was not.
    user_errors: Vec<UserError>,
}

#[Object]
impl Bans {
    /// Keeps a user out, in the place of any ban before: every device is signed out within a second,
    /// and whoever signs in is told why not. What the user takes part in goes on. Needs ban:users.
    async fn ban_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The user's id; not one's own.")] id: ID,
        #[graphql(desc = "Why, as the user is told: 1 to 500 characters.")] reason: String,
        #[graphql(desc = "Until when; for good if it is left out.")] expires_at: Option<DateTime>,
    ) -> ApiResult<BanPayload> {
        payload(ctx, banned(ctx, &id, reason.trim(), expires_at).await).await
    }

    /// Lets a user in again. Needs ban:users.
    async fn unban_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The user's id.")] id: ID,
    ) -> ApiResult<BanPayload> {
        payload(ctx, unbanned(ctx, &id).await).await
    }
}

async fn payload(ctx: &Context<'_>, outcome: ApiResult<UserId>) -> ApiResult<BanPayload> {
    let (user, user_errors) = told(outcome)?;
    let user = match user {
        Some(user) => Some(User::of(ctx, user).await?),
        None => None,
    };
    Ok(BanPayload { user, user_errors })
}

async fn banned(
    ctx: &Context<'_>,
    id: &ID,
    reason: &str,
    expires_at: Option<DateTime>,
) -> ApiResult<UserId> {
    if reason.is_empty() || reason.chars().count() > MAX_REASON {
        return Err(ApiError::bad_input("reason", "1 to 500 characters"));
    }
    let now = ctx.gateway().clock.now();
    let expires_at = expires_at.map(DateTime::moment);
    if expires_at.is_some_and(|end| end <= now) {
        return Err(ApiError::bad_input("expiresAt", "a moment to come"));
    }
    let by = ctx.visitor().signed_in().await?.user;
    let user = parse_id(id).ok_or_else(|| ApiError::of(Code::NotFound))?;
    if user == by {
        return Err(ApiError::bad_input("id", "somebody else"));
    }
    let tx = ctx.db().begin().await?;
    let new = NewBan {
        id: ids::mint(),
        user,
        by,
        reason,
        now,
        expires_at,
    };
    if !ban::insert(&tx, &new).await? {
        return Err(ApiError::of(Code::NotFound));
    }
    store::session::revoke_all(&tx, user, now).await?;
    tx.commit().await?;
    ctx.gateway().sessions.forget();
    Ok(user)
}

async fn unbanned(ctx: &Context<'_>, id: &ID) -> ApiResult<UserId> {
    let by = ctx.visitor().signed_in().await?.user;
    let user = parse_id(id).ok_or_else(|| ApiError::of(Code::NotFound))?;
    let now = ctx.gateway().clock.now();
    let tx = ctx.db().begin().await?;
    if !ban::lift(&tx, user, by, now).await? {
        return Err(ApiError::of(Code::NotFound));
    }
    tx.commit().await?;
    Ok(user)
}
