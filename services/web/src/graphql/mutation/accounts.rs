//! More ways into one's account.

use async_graphql::{Context, Object, SimpleObject};

use crate::error::{ApiError, ApiResult};
use crate::graphql::object::User;
use crate::graphql::payload::{UserError, told};
use crate::graphql::scope::Scope;
use crate::identity::{Email, Proof, Signed};

#[derive(Default)]
pub(crate) struct Accounts;

/// What came of linking something to one's account.
#[derive(Debug, SimpleObject)]
pub(crate) struct LinkPayload {
    /// Oneself afterwards; null if it was refused.
    user: Option<User>,
    /// Why it was refused; empty if it was not.
    user_errors: Vec<UserError>,
}

/// What came of setting a password.
#[derive(Debug, SimpleObject)]
pub(crate) struct SetPasswordPayload {
    /// How many other devices were signed out.
    revoked: u64,
    /// Why it was refused; empty if it was not.
    user_errors: Vec<UserError>,
}

#[Object]
impl Accounts {
    /// Gives one's account the mail address that a code was sent to, if it has none. Who is no guest has
    /// to have signed in within the last ten minutes.
    async fn link_email(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The mail address, in whatever case.")] email: String,
        #[graphql(desc = "The six digits that requestEmailVerificationCode sent.")]
        verification_code: String,
    ) -> ApiResult<LinkPayload> {
        let email = Email::parse(&email)?;
        let owner = ctx.visitor().signed_in().await?;
        let (gateway, origin) = (ctx.gateway(), &ctx.visitor().origin);
        let linked = gateway
            .link_email(&owner, &email, &verification_code, origin)
            .await;
        payload(ctx, linked).await
    }

    /// Gives one's account a wallet on Solana to sign in with, if it has none. Who is no guest has to
    /// have signed in within the last ten minutes.
    async fn link_solana(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The wallet's address.")] address: String,
        #[graphql(desc = "The message, as requestSolanaChallenge gave it for LINK.")]
        message: String,
        #[graphql(desc = "The wallet's signature under it, in base58.")] signature: String,
    ) -> ApiResult<LinkPayload> {
        let signed = Signed::parse(&address, message, &signature)?;
        let owner = ctx.visitor().signed_in().await?;
        let (gateway, origin) = (ctx.gateway(), &ctx.visitor().origin);
        let linked = gateway.link_solana(&owner, &signed, origin).await;
        payload(ctx, linked).await
    }

    /// Sets one's password, the first one too, and signs every other device out. Takes either the
    /// present password or a code that was mailed to one's own address.
    async fn set_password(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new one: 8 to 128 characters.")] new_password: String,
        #[graphql(desc = "The present one.")] current_password: Option<String>,
        #[graphql(desc = "The six digits that requestEmailVerificationCode sent.")]
        verification_code: Option<String>,
    ) -> ApiResult<SetPasswordPayload> {
        let proof = match (current_password, verification_code) {
            (Some(password), None) => Proof::Password(password),
            (None, Some(code)) => Proof::Code(code),
            (Some(_), Some(_)) | (None, None) => {
                let expected = "either it or the verificationCode";
                return Err(ApiError::bad_input("currentPassword", expected));
            }
        };
        let owner = ctx.visitor().signed_in().await?;
        let (gateway, origin) = (ctx.gateway(), &ctx.visitor().origin);
        let set = gateway
            .set_password(&owner, new_password, proof, origin)
            .await;
        let (revoked, user_errors) = told(set)?;
        Ok(SetPasswordPayload {
            revoked: revoked.unwrap_or_default(),
            user_errors,
        })
    }
}

async fn payload(ctx: &Context<'_>, linked: ApiResult<()>) -> ApiResult<LinkPayload> {
    let (linked, user_errors) = told(linked)?;
    let user = match linked {
        Some(()) => Some(User::of(ctx, ctx.visitor().signed_in().await?.user).await?),
        None => None,
    };
    Ok(LinkPayload { user, user_errors })
}
