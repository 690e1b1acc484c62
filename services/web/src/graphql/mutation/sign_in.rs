//! Signing in by mail, and staying signed in.

use async_graphql::{Context, Object, SimpleObject};

use crate::error::ApiResult;
use crate::graphql::scope::Scope;
use crate::identity::{Email, Tokens};

#[derive(Default)]
pub(crate) struct SignIn;

/// A code is on its way.
#[derive(Debug, SimpleObject)]
pub(crate) struct EmailVerification {
    /// How long it is good, in seconds.
    expires_in: u64,
}

/// What proves who one is.
#[derive(SimpleObject)]
pub(crate) struct Token {
    /// Goes into the authorization header, behind "Bearer".
    access_token: String,
    /// Is exchanged for the next pair of tokens, once.
    refresh_token: String,
    /// How long the access token is good, in seconds.
    expires_in: u64,
}

impl From<Tokens> for Token {
    fn from(tokens: Tokens) -> Self {
        Self {
            access_token: tokens.access,
            refresh_token: tokens.refresh,
            expires_in: tokens.lives.as_secs(),
        }
    }
}

#[Object]
impl SignIn {
    /// Sends a code of six digits by mail. The answer does not tell whether the address is known.
    async fn request_email_verification_code(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The mail address, in whatever case.")] email: String,
    ) -> ApiResult<EmailVerification> {
        let email = Email::parse(&email)?;
        let lives = ctx
            .gateway()
            .send_code(&email, &ctx.visitor().origin)
            .await?;
        Ok(EmailVerification {
            expires_in: lives.as_secs(),
        })
    }

    /// Signs in with the code that was sent; the first time makes the account.
    async fn login_with_email(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The mail address, in whatever case.")] email: String,
        #[graphql(desc = "The six digits.")] verification_code: String,
    ) -> ApiResult<Token> {
        let email = Email::parse(&email)?;
        let gateway = ctx.gateway();
        let tokens = gateway
            .sign_in(&email, &verification_code, &ctx.visitor().origin)
            .await?;
        Ok(tokens.into())
    }

    /// Exchanges a refresh token for the next tokens. One that was used before ends its session.
    async fn refresh_token(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The newest refresh token.")] refresh_token: String,
    ) -> ApiResult<Token> {
        Ok(ctx.gateway().refresh(refresh_token).await?.into())
    }
}
