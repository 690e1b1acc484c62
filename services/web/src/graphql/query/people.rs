//! Oneself and everybody else.

use async_graphql::{Context, ID, InputObject, Object};
use domain::id::UserId;
use store::gateway::List;
use store::gateway::users::{self, Person};

use super::parse_id;
use crate::error::{ApiError, ApiResult};
use crate::graphql::object::{Player, PublicUser, User};
use crate::graphql::page::list;
use crate::graphql::scope::Scope;

#[derive(Default)]
pub(crate) struct PeopleQuery;

#[Object]
impl PeopleQuery {
    /// Oneself.
    async fn profile(&self, ctx: &Context<'_>) -> ApiResult<User> {
        let user = ctx.visitor().signed_in().await?.user;
        let person = ctx.loaders().load_one(user).await?;
        let missing = || ApiError::from(store::Error::corrupt("users", user));
        person.map(User).ok_or_else(missing)
    }

    /// A user: in full for oneself and for staff with read:users. Null if there is none.
    async fn user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The user's id.")] id: ID,
    ) -> ApiResult<Option<Player>> {
        let viewer = ctx.visitor().signed_in().await?;
        let Some(user) = parse_id::<domain::id::noun::User>(&id) else {
            return Ok(None);
        };
        let person = ctx.loaders().load_one(UserId::from(user)).await?;
        Ok(person.map(|person| Player::seen_by(&viewer, person)))
    }
}

/// Which users.
#[derive(Debug, Default, InputObject)]
pub(crate) struct UserFilter {
    /// Those whose nickname begins so, whatever its case.
    nick_name: Option<String>,
}

list! {
    /// Everybody's public side.
    UsersQuery: users(UserFilter) -> PublicUser, people
}

async fn people(_: &Context<'_>, filter: UserFilter) -> ApiResult<List<Person>> {
    Ok(users::list(filter.nick_name.as_deref()))
}
