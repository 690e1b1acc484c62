//! Signing in: a code by mail, then tokens, then newer tokens for old ones.

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
use time::OffsetDateTime;
use uuid::Uuid;

use super::refresh_token::RefreshToken;
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
        self.limit("codes_per_ip", limits.codes_per_ip, &origin.ip.to_string())
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
        self.limit(
            "logins_per_ip",
            self.limits.logins_per_ip,
            &origin.ip.to_string(),
        )
        .await?;
        let right = self
            .codes
            .redeem(email.text(), code.trim(), self.clock.now_ms())
            .await?;
        if !right {
            return Err(ApiError::of(Code::InvalidCode));
        }
        let user = self.user_of(email).await?;
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

    /// The account of `email`, made if need be.
    async fn user_of(&self, email: &Email) -> ApiResult<UserId> {
        for _ in 0..NICK_NAME_DRAWS {
            if let Some(user) = store::user::find_by_email(&self.db, email.text()).await? {
                return Ok(user.id.into());
            }
            let nick_name = draw_nick_name();
            let id = ids::mint();
            let new = NewUser {
                id,
                email: email.text(),
                nick_name: &nick_name,
                now: self.clock.now(),
            };
            let tx = self.db.begin().await?;
            match store::user::insert(&tx, &new).await {
                Ok(true) => {
                    tx.commit().await?;
                    return Ok(id);
                }
                // Somebody was faster with the address, or has the nickname: look, or draw, again.
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
