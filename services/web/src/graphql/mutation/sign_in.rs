//! Signing in, and staying signed in.

use async_graphql::{Context, Enum, Object, SimpleObject};

use crate::error::ApiResult;
use crate::graphql::scope::Scope;
use crate::identity::{Email, Purpose, Signed, SolanaAddress, Tokens};

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

/// What a signed message is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Purpose")]
pub(crate) enum SolanaChallengePurpose {
    /// Signing in with the wallet.
    SignIn,
    /// Linking the wallet to the account that one is signed in with.
    Link,
}

/// What a wallet is asked to sign.
#[derive(Debug, SimpleObject)]
pub(crate) struct SolanaChallenge {
    /// The message: its bytes in UTF-8 are what is signed.
    message: String,
    /// How long it is good, in seconds.
    expires_in: u64,
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

    /// Signs in with a password. Whoever is refused hears the same whether or not the address has an
    /// account; at most 10 guesses in ten minutes.
    async fn login_with_password(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The mail address, in whatever case.")] email: String,
        #[graphql(desc = "The password.")] password: String,
    ) -> ApiResult<Token> {
        let email = Email::parse(&email)?;
        let gateway = ctx.gateway();
        let tokens = gateway
            .sign_in_with_password(&email, password, &ctx.visitor().origin)
            .await?;
        Ok(tokens.into())
    }

    /// Makes an account that nothing but its tokens leads to. linkEmail or linkSolana make it one
    /// that can be signed in to.
    async fn login_as_guest(&self, ctx: &Context<'_>) -> ApiResult<Token> {
        let origin = &ctx.visitor().origin;
        Ok(ctx.gateway().sign_in_as_guest(origin).await?.into())
    }

    /// A message for a wallet on Solana to sign, good once.
    async fn request_solana_challenge(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The wallet's address.")] address: String,
        #[graphql(
            desc = "What the message is to be good for.",
            default_with = "SolanaChallengePurpose::SignIn"
        )]
        purpose: SolanaChallengePurpose,
    ) -> ApiResult<SolanaChallenge> {
        let address = SolanaAddress::parse(&address)?;
        let gateway = ctx.gateway();
        let challenge = gateway
            .challenge(&address, purpose.into(), &ctx.visitor().origin)
            .await?;
        Ok(SolanaChallenge {
            message: challenge.message,
            expires_in: challenge.lives.as_secs(),
        })
    }

    /// Signs in with a wallet on Solana; the first time makes the account.
    async fn login_with_solana(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The wallet's address.")] address: String,
        #[graphql(desc = "The message, as requestSolanaChallenge gave it.")] message: String,
        #[graphql(desc = "The wallet's signature under it, in base58.")] signature: String,
    ) -> ApiResult<Token> {
        let signed = Signed::parse(&address, message, &signature)?;
        let gateway = ctx.gateway();
        let tokens = gateway
            .sign_in_with_solana(&signed, &ctx.visitor().origin)
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
