//! Changing what others see of oneself.

use async_graphql::{Context, InputObject, Object};
use contracts::Code;
use domain::id::UserId;
use store::user::Profile;

use crate::error::{ApiError, ApiResult};
use crate::graphql::object::User;
use crate::graphql::scope::Scope;

/// The longest nickname, in characters; the shortest has 3.
const MAX_NICK_NAME: usize = 24;
const MIN_NICK_NAME: usize = 3;

/// The longest address of a picture, in bytes.
const MAX_AVATAR_LEN: usize = 500;

#[derive(Default)]
pub(crate) struct UpdateProfile;

/// What changes. What is left out stays.
#[derive(Debug, Default, InputObject)]
pub(crate) struct UpdateProfileInput {
    /// The new nickname: 3 to 24 letters from A to Z, digits, dashes, underscores and dots. Nobody
    /// else may have it in whatever case.
    pub(super) nick_name: Option<String>,
    /// The https address of the new picture; an empty one takes it away.
    pub(super) avatar: Option<String>,
}

#[Object]
impl UpdateProfile {
    /// Changes what others see of oneself.
    async fn update_profile(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What changes.")] update_profile_input: UpdateProfileInput,
    ) -> ApiResult<User> {
        let user = ctx.visitor().signed_in().await?.user;
        change(ctx, user, &update_profile_input).await
    }
}

/// Changes a user's profile.
pub(super) async fn change(
    ctx: &Context<'_>,
    user: UserId,
    input: &UpdateProfileInput,
) -> ApiResult<User> {
    let profile = Profile {
        nick_name: input.nick_name.as_deref().map(nick_name).transpose()?,
        avatar: input.avatar.as_deref().map(avatar).transpose()?,
    };
    let tx = ctx.db().begin().await?;
    match store::user::update_profile(&tx, user, &profile, ctx.gateway().clock.now()).await {
        Ok(true) => tx.commit().await?,
        Ok(false) => return Err(ApiError::of(Code::NotFound)),
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

/// A nickname that can be had. One script alone, so that none looks like another.
pub(super) fn nick_name(text: &str) -> ApiResult<&str> {
    let fits = (MIN_NICK_NAME..=MAX_NICK_NAME).contains(&text.chars().count());
    let clean = text
        .chars()
        .all(|letter| letter.is_ascii_alphanumeric() || "-_.".contains(letter));
    if fits && clean {
        Ok(text)
    } else {
        Err(ApiError::bad_input(
            "nickName",
            "3 to 24 letters from A to Z, digits, dashes, underscores and dots",
        ))
    }
}

fn avatar(text: &str) -> ApiResult<&str> {
    let is_address = text.is_empty() || text.starts_with("https://");
    if is_address && text.len() <= MAX_AVATAR_LEN && !text.contains(char::is_whitespace) {
        Ok(text)
    } else {
        Err(ApiError::bad_input("avatar", "an https address"))
    }
}
