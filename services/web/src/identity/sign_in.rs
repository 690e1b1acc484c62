//! Signing in: by a code that was mailed, a password, a wallet or nothing at all, then tokens, then
//! newer tokens for old ones.

use std::time::Duration;

use bus::PublishOptions;
use cache::{Limit, Verdict};
use contracts::Code;
use contracts::notifications::OtpEmail;
use domain::id::{SessionId, UserId};
use rand::RngExt;
use runtime::ids;
use store::session::{NewSession, Rotation};
use store::user::NewUser;
use store::{ban, user};
use time::OffsetDateTime;
use uuid::Uuid;

use super::refresh_token::RefreshToken;
use super::solana::{Purpose, Signed};
use super::{Bearer, Origin};
use crate::error::{ApiError, ApiResult};
use crate::gateway::Gateway;

/// The longest mail address, in bytes.
const MAX_EMAIL_LEN: usize = 254;

/// How many nicknames are drawn before signing in fails.
const NICK_NAME_DRAWS: u32 = 5;

/// A mail address in lower case, as one account is known by.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Email(String);

impl Email {
    /// Accepts what can be an address. Whether it is one only a mail tells.
    pub(crate) fn parse(text: &str) -> ApiResult<Self> {
        let email = text.trim().to_lowercase();
        let plausible = email.len() <= MAX_EMAIL_LEN
            && !email
                .chars()
                .any(|letter| letter.is_whitespace() || letter.is_control())
            && email.split_once('@').is_some_and(|(local, domain)| {
                !local.is_empty() && domain.contains('.') && !domain.contains('@')
            });
        if plausible {
            Ok(Self(email))
        } else {
            Err(ApiError::bad_input("email", "a mail address"))
        }
    }

    /// The address.
    pub(crate) fn text(&self) -> &str {
        &self.0
    }
}

/// What leads to an account.
#[derive(Clone, Copy)]
enum WayIn<'w> {
    Email(&'w Email),
    /// The address of a wallet.
    Solana(&'w str),
    /// A guest's.
    None,
}

/// What a client is given when it has signed in.
#[derive(Clone)]
pub(crate) struct Tokens {
    pub(crate) access: String,
    pub(crate) refresh: String,
    /// How long the access token is good.
    pub(crate) lives: Duration,
}

impl Gateway {
    /// Sends a code to `email`, whether or not somebody has that address. Answers how long it is
    /// good.
    pub(crate) async fn send_code(&self, email: &Email, origin: &Origin) -> ApiResult<Duration> {
        let limits = &self.limits;
        self.limit_ip("codes_per_ip", limits.codes_per_ip, origin)
            .await?;
        self.limit("codes_per_address", limits.codes_per_address, email.text())
            .await?;
        let lives = Duration::from_secs(self.identity.code_s.into());
        let code = format!("{:06}", rand::rng().random_range(0..1_000_000_u32));
        let expires_at_ms = self.clock.now_ms().saturating_add(whole_ms(lives));
        self.codes
            .issue(email.text(), &code, expires_at_ms, lives)
            .await?;
        let message = OtpEmail {
            to: email.text().to_owned(),
            code,
            expires_at_ms,
        };
        let id = ids::mint::<Uuid>().to_string();
        let options = PublishOptions {
            ttl: Some(lives),
            ..PublishOptions::default()
        };
        self.bus.publish_with(&message, &id, options).await?;
        Ok(lives)
    }

    /// Signs in whoever knows the code that was sent to `email`; makes the account if there is
    /// none yet.
    pub(crate) async fn sign_in(
        &self,
        email: &Email,
        code: &str,
        origin: &Origin,
    ) -> ApiResult<Tokens> {
        self.limit_logins(origin).await?;
        self.redeem_code(email, code).await?;
        let user = self.account_of(WayIn::Email(email)).await?;
        self.open_session(user, origin).await
    }

    /// Signs in whoever knows the password of the account with this address. Whoever does not hears
    /// the same whether or not there is one, and as late.
    pub(crate) async fn sign_in_with_password(
        &self,
        email: &Email,
        password: String,
        origin: &Origin,
    ) -> ApiResult<Tokens> {
        self.limit_logins(origin).await?;
        self.limit_passwords(email).await?;
        let account = user::find_by_email(&self.db, email.text()).await?;
        let (user, hash) = account.map(|it| (it.id, it.password_hash)).unzip();
        let hash = hash.flatten();
        let right = self.passwords.check(password, hash.clone()).await?;
        match user.zip(hash) {
            Some((user, hash)) if right => {
                self.open_session_by(user.into(), Some(&hash), origin).await
            }
            Some(_) | None => Err(ApiError::of(Code::InvalidCredentials)),
        }
    }

    /// Signs in whoever holds the key of a wallet on Solana; the first time makes the account.
    pub(crate) async fn sign_in_with_solana(
        &self,
        signed: &Signed,
        origin: &Origin,
    ) -> ApiResult<Tokens> {
        self.redeem_challenge(signed, Purpose::SignIn, origin)
            .await?;
        let user = self.account_of(WayIn::Solana(signed.address())).await?;
        self.open_session(user, origin).await
    }

    /// Makes an account that nothing but its tokens leads to, until something is linked to it.
    pub(crate) async fn sign_in_as_guest(&self, origin: &Origin) -> ApiResult<Tokens> {
        self.limit_ip("guests_per_ip", self.limits.guests_per_ip, origin)
            .await?;
        let user = self.account_of(WayIn::None).await?;
        self.open_session(user, origin).await
    }

    /// Whether `code` was mailed to `email`; it is used up then.
    pub(super) async fn redeem_code(&self, email: &Email, code: &str) -> ApiResult<()> {
        let now_ms = self.clock.now_ms();
        let redeemed = self.codes.redeem(email.text(), code.trim(), now_ms).await?;
        if redeemed {
            Ok(())
        } else {
            Err(ApiError::of(Code::InvalidCode))
        }
    }

    /// Signs a device in, unless its user is kept out.
    async fn open_session(&self, user: UserId, origin: &Origin) -> ApiResult<Tokens> {
        self.open_session_by(user, None, origin).await
    }

    /// The same; by a password, whose hash has to be the user's still.
    async fn open_session_by(
        &self,
        user: UserId,
        password_hash: Option<&str>,
        origin: &Origin,
    ) -> ApiResult<Tokens> {
        let session: SessionId = ids::mint();
        let token = RefreshToken::mint();
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        let new = NewSession {
            id: session,
            user,
            user_agent: &origin.user_agent,
            now,
            expires_at: self.refresh_by(now),
        };
        store::session::insert(&tx, &new, &token.hash()).await?;
        // Behind the insert, which waits for whoever bans the user or sets the password right now.
        if let Some(hash) = password_hash {
            let account = user::find(&tx, user).await?;
            if account.and_then(|it| it.password_hash).as_deref() != Some(hash) {
                tx.rollback().await?;
                return Err(ApiError::of(Code::InvalidCredentials));
            }
        }
        if let Some(ban) = ban::find(&tx, user, now).await? {
            tx.rollback().await?;
            return Err(ApiError::Banned(ban));
        }
        tx.commit().await?;
        self.tokens(Bearer { user, session }, token)
    }

    /// Exchanges a refresh token for newer tokens. One that was used before ends its session.
    pub(crate) async fn refresh(&self, text: String) -> ApiResult<Tokens> {
        let next = RefreshToken::mint();
        let now = self.clock.now();
        let presented = RefreshToken::from(text).hash();
        let tx = self.db.begin().await?;
        let rotation =
            store::session::rotate(&tx, &presented, &next.hash(), now, self.refresh_by(now))
                .await?;
        tx.commit().await?;
        match rotation {
            Rotation::Rotated { session, user } => self.tokens(Bearer { user, session }, next),
            Rotation::Reused { session } => {
                self.sessions.forget();
                tracing::warn!(%session, "a refresh token was used twice; its session is revoked");
                Err(ApiError::of(Code::InvalidRefreshToken))
            }
            Rotation::Unknown => Err(ApiError::of(Code::InvalidRefreshToken)),
        }
    }

    /// The account that this leads to, made if need be.
    async fn account_of(&self, way: WayIn<'_>) -> ApiResult<UserId> {
        let (email, solana_address) = match way {
            WayIn::Email(email) => (Some(email.text()), None),
            WayIn::Solana(address) => (None, Some(address)),
            WayIn::None => (None, None),
        };
        for _ in 0..NICK_NAME_DRAWS {
            let found = match way {
                WayIn::Email(email) => user::find_by_email(&self.db, email.text()).await?,
                WayIn::Solana(address) => user::find_by_solana_address(&self.db, address).await?,
                WayIn::None => None,
            };
            if let Some(user) = found {
                return Ok(user.id.into());
            }
            let nick_name = draw_nick_name();
            let id = ids::mint();
            let new = NewUser {
                id,
                email,
                solana_address,
                nick_name: &nick_name,
                now: self.clock.now(),
            };
            let tx = self.db.begin().await?;
            match user::insert(&tx, &new).await {
                Ok(true) => {
                    tx.commit().await?;
                    return Ok(id);
                }
                // Somebody was faster with the address or the wallet, or has the nickname: look, or draw, again.
                Ok(false) | Err(store::Error::Conflict(_)) => tx.rollback().await?,
                Err(error) => return Err(error.into()),
            }
        }
        Err(ApiError::of(Code::ServiceUnavailable))
    }

    fn tokens(&self, bearer: Bearer, refresh: RefreshToken) -> ApiResult<Tokens> {
        let access = self.access_tokens.issue(bearer, self.clock.now_ms());
        Ok(Tokens {
            access: access.map_err(ApiError::internal)?,
            refresh: refresh.into_text(),
            lives: self.access_tokens.lives(),
        })
    }

    fn refresh_by(&self, now: OffsetDateTime) -> OffsetDateTime {
        now.saturating_add(time::Duration::seconds(
            self.identity.refresh_token_s.into(),
        ))
    }

    /// Counts one more try to sign in.
    pub(super) async fn limit_logins(&self, origin: &Origin) -> ApiResult<()> {
        self.limit_ip("logins_per_ip", self.limits.logins_per_ip, origin)
            .await
    }

    /// Counts one more guess at the password of the account with this address, if there is one.
    pub(super) async fn limit_passwords(&self, email: &Email) -> ApiResult<()> {
        let count = self.limits.passwords_per_address;
        self.limit("passwords_per_address", count, email.text())
            .await
    }

    pub(super) async fn limit_ip(
        &self,
        of: &'static str,
        count: u32,
        origin: &Origin,
    ) -> ApiResult<()> {
        self.limit(of, count, &origin.customer().to_string()).await
    }

    async fn limit(&self, of: &'static str, count: u32, whom: &str) -> ApiResult<()> {
        let limit = Limit {
            of,
            count,
            window: self.limits.window(),
        };
        match self.cache.count(limit, whom).await? {
            Verdict::Allowed => Ok(()),
            Verdict::Wait(wait) => Err(ApiError::RateLimited(wait)),
        }
    }
}

fn draw_nick_name() -> String {
    format!("Player{:08}", rand::rng().random_range(0..100_000_000_u32))
}

fn whole_ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_whatever_its_case() {
        let email = Email::parse(" Ann@Example.COM ").map(|email| email.0);
        assert_eq!(email.ok().as_deref(), Some("ann@example.com"));
    }

    #[test]
    fn what_cannot_be_an_address_is_refused() {
        let long = format!("{}@example.com", "a".repeat(250));
        for text in [
            "",
            "ann",
            "@example.com",
            "ann@",
            "ann@host",
            "a b@c.de",
            "a@b@c.de",
            &long,
        ] {
            assert!(Email::parse(text).is_err(), "{text}");
        }
    }
}
