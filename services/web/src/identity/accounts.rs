//! More ways into an account that there is, and its password.

use contracts::Code;
use store::{Tx, session, user};
use time::Duration;

use super::password::chosen;
use super::sign_in::Email;
use super::solana::{Purpose, Signed};
use super::{Origin, SignedIn};
use crate::error::{ApiError, ApiResult};
use crate::gateway::Gateway;

/// How long after a sign-in another way in may be linked: a token alone may be stolen.
const SIGNED_IN_WITHIN: Duration = Duration::minutes(10);

/// What proves that a password is its owner's to set: a token alone may be stolen.
pub(crate) enum Proof {
    /// The password there is.
    Password(String),
    /// A code that was mailed.
    Code(String),
}

impl Gateway {
    /// Gives an account without a mail address one that its owner reads.
    pub(crate) async fn link_email(
        &self,
        owner: &SignedIn,
        email: &Email,
        code: &str,
        origin: &Origin,
    ) -> ApiResult<()> {
        self.limit_logins(origin).await?;
        self.signed_in_just_now(owner).await?;
        self.redeem_code(email, code).await?;
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        let set = user::set_email(&tx, owner.user, email.text(), now).await;
        linked(tx, set, Code::EmailTaken).await
    }

    /// Gives an account without a wallet one whose key its owner holds.
    pub(crate) async fn link_solana(
        &self,
        owner: &SignedIn,
        signed: &Signed,
        origin: &Origin,
    ) -> ApiResult<()> {
        self.signed_in_just_now(owner).await?;
        self.redeem_challenge(signed, Purpose::Link, origin).await?;
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        let set = user::set_solana_address(&tx, owner.user, signed.address(), now).await;
        linked(tx, set, Code::SolanaAddressTaken).await
    }

    /// Refuses whoever signed in a while ago. Nothing but its tokens leads to a guest's account.
    async fn signed_in_just_now(&self, owner: &SignedIn) -> ApiResult<()> {
        let account = user::find(&self.db, owner.user).await?;
        let account = account.ok_or_else(|| ApiError::of(Code::NotFound))?;
        if account.email.is_none() && account.solana_address.is_none() {
            return Ok(());
        }
        let since = session::find_created_at(&self.db, owner.session).await?;
        let is_recent = since.is_some_and(|at| self.clock.now() - at < SIGNED_IN_WITHIN);
        is_recent
            .then_some(())
            .ok_or_else(|| ApiError::of(Code::SignInAgain))
    }

    /// Sets the password, and signs every other device out. Answers how many there were.
    pub(crate) async fn set_password(
        &self,
        owner: &SignedIn,
        password: String,
        proof: Proof,
        origin: &Origin,
    ) -> ApiResult<u64> {
        let password = chosen(password)?;
        let account = user::find(&self.db, owner.user).await?;
        let account = account.ok_or_else(|| ApiError::of(Code::NotFound))?;
        let email = account.email.map(|text| Email::parse(&text)).transpose()?;
        let email = email.ok_or_else(|| ApiError::of(Code::EmailRequired))?;
        self.limit_logins(origin).await?;
        match proof {
            Proof::Code(code) => self.redeem_code(&email, &code).await?,
            Proof::Password(present) => {
                self.limit_passwords(&email).await?;
                let right = self.passwords.check(present, account.password_hash).await?;
                if !right {
                    return Err(ApiError::of(Code::InvalidCredentials));
                }
            }
        }
        let hash = self.passwords.hash(password).await?;
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        if !user::set_password(&tx, owner.user, &hash, now).await? {
            return Err(ApiError::of(Code::NotFound));
        }
        let revoked = session::revoke_others(&tx, owner.user, owner.session, now).await?;
        tx.commit().await?;
        self.sessions.forget();
        Ok(revoked)
    }
}

/// Commits what was linked, or says why nothing was.
async fn linked(tx: Tx, set: store::Result<bool>, taken: Code) -> ApiResult<()> {
    match set {
        Ok(true) => Ok(tx.commit().await?),
        Ok(false) => Err(ApiError::of(Code::AlreadyLinked)),
        Err(store::Error::Conflict(_)) => Err(ApiError::of(taken)),
        Err(error) => Err(error.into()),
    }
}
