//! Accounts, as staff make and change them.

use async_graphql::{Context, ID, InputObject, Object};
use contracts::Code;
use contracts::commands::{Caller, ForgetPlayer};
use runtime::ids;
use store::user::NewUser;

use super::update_profile::{UpdateProfileInput, change, nick_name};
use crate::error::{ApiError, ApiResult};
use crate::graphql::object::User;
use crate::graphql::query::parse_id;
use crate::graphql::scope::Scope;
use crate::identity::Email;

#[derive(Default)]
pub(crate) struct Users;

/// An account to be made.
#[derive(Debug, InputObject)]
pub(crate) struct CreateUserInput {
    /// The mail address to sign in with.
    email: String,
    /// What the user is called: 3 to 24 letters from A to Z, digits, dashes, underscores and dots.
    nick_name: String,
}

/// What changes. What is left out stays.
#[derive(Debug, InputObject)]
pub(crate) struct UpdateUserInput {
    /// The new nickname: 3 to 24 letters from A to Z, digits, dashes, underscores and dots.
    nick_name: Option<String>,
    /// The https address of the new picture; an empty one takes it away.
    avatar: Option<String>,
}

#[Object]
impl Users {
    /// Makes an account. Needs create:users.
    async fn create_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The account.")] create_user_input: CreateUserInput,
    ) -> ApiResult<User> {
        let email = Email::parse(&create_user_input.email)?;
        let user = ids::mint();
        let new = NewUser {
            id: user,
            email: Some(email.text()),
            solana_address: None,
            nick_name: nick_name(&create_user_input.nick_name)?,
            now: ctx.gateway().clock.now(),
        };
        let tx = ctx.db().begin().await?;
        match store::user::insert(&tx, &new).await {
            Ok(true) => tx.commit().await?,
            Ok(false) => {
                return Err(ApiError::bad_input(
                    "email",
                    "an address that nobody else has",
                ));
            }
            Err(store::Error::Conflict(_)) => {
                return Err(ApiError::bad_input(
                    "nickName",
                    "a nickname that nobody else has",
                ));
            }
            Err(error) => return Err(error.into()),
        }
        User::of(ctx, user).await
    }

    /// Changes what others see of a user. Needs update:users.
    async fn update_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The user's id.")] id: ID,
        #[graphql(desc = "What changes.")] update_user_input: UpdateUserInput,
    ) -> ApiResult<User> {
        let user = parse_id(&id).ok_or_else(|| ApiError::of(Code::NotFound))?;
        let UpdateUserInput { nick_name, avatar } = update_user_input;
        change(ctx, user, &UpdateProfileInput { nick_name, avatar }).await
    }

    /// Closes an account: what is personal is taken away, what it took part in stays. It waits nowhere
    /// any more, and leaves its party. Needs delete:users.
    async fn delete_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The user's id.")] id: ID,
    ) -> ApiResult<bool> {
        let user = parse_id(&id).ok_or_else(|| ApiError::of(Code::NotFound))?;
        let now = ctx.gateway().clock.now();
        let tx = ctx.db().begin().await?;
        if !store::user::delete(&tx, user, now).await? {
            return Err(ApiError::of(Code::NotFound));
        }
        store::friendship::delete_all(&tx, user).await?;
        store::session::revoke_all(&tx, user, now).await?;
        let caller = Caller {
            user,
            request: ids::mint(),
        };
        let request = caller.request.uuid();
        tx.announce(request, 0, request, &ForgetPlayer { caller })
            .await?;
        tx.commit().await?;
        ctx.gateway().sessions.forget();
        Ok(true)
    }
}
