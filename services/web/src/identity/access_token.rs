//! Access tokens: signed with EdDSA, good for as long as the settings say. Checking one says whom
//! it speaks for; whether the session still lives is looked up by the visitor.

use std::time::Duration;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use domain::id::{SessionId, UserId};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// How long a private key of Ed25519 is, in bytes.
const SEED_LEN: usize = 32;

/// What PKCS #8 puts before the seed of an Ed25519 key.
const PKCS8_HEAD: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

/// How many bytes of the public key's hash name the key.
const KEY_ID_LEN: usize = 8;

/// Who is signed in, and on which device, by a token's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bearer {
    pub(crate) user: UserId,
    pub(crate) session: SessionId,
}

/// A token that is good: whom it speaks for, and until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pass {
    pub(crate) bearer: Bearer,
    /// In milliseconds since 1970.
    pub(crate) until_ms: i64,
}

/// Issues access tokens and checks them.
pub(crate) struct AccessTokens {
    header: Header,
    signing: EncodingKey,
    checking: DecodingKey,
    validation: Validation,
    issuer: String,
    audience: String,
    lives: Duration,
}

/// Not a signing key.
#[derive(Debug, thiserror::Error)]
#[error("identity.signing_key: expected 64 hexadecimal digits")]
pub(crate) struct NotASigningKey;

/// Not a token of ours that is still good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BadToken;

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: UserId,
    sid: SessionId,
    iat: i64,
    exp: i64,
}

impl AccessTokens {
    /// Signs with the key of this seed, 64 hexadecimal digits.
    pub(crate) fn new(
        seed: &SecretString,
        issuer: &str,
        audience: &str,
        lives: Duration,
    ) -> Result<Self, NotASigningKey> {
        let mut bytes = [0; SEED_LEN];
        hex::decode_to_slice(seed.expose_secret(), &mut bytes)
            .map_err(|_not_hex| NotASigningKey)?;
        let pair = Ed25519KeyPair::from_seed_unchecked(&bytes).map_err(|_odd| NotASigningKey)?;
        let public = pair.public_key().as_ref();
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(hex::encode(&Sha256::digest(public)[..KEY_ID_LEN]));
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[issuer]);
        validation.set_audience(&[audience]);
        validation.set_required_spec_claims(&["iss", "aud", "exp", "sub"]);
        // Expiry is judged by our own clock, which a test can move.
        validation.validate_exp = false;
        Ok(Self {
            header,
            signing: EncodingKey::from_ed_der(&[PKCS8_HEAD.as_slice(), &bytes].concat()),
            checking: DecodingKey::from_ed_der(public),
            validation,
            issuer: issuer.to_owned(),
            audience: audience.to_owned(),
            lives,
        })
    }

    /// A token for `bearer` that is good from `now_ms` on.
    pub(crate) fn issue(
        &self,
        bearer: Bearer,
        now_ms: i64,
    ) -> Result<String, jsonwebtoken::errors::Error> {
        let iat = now_ms / 1_000;
        let lives = i64::try_from(self.lives.as_secs()).unwrap_or(i64::MAX);
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: self.audience.clone(),
            sub: bearer.user,
            sid: bearer.session,
            iat,
            exp: iat.saturating_add(lives),
        };
        jsonwebtoken::encode(&self.header, &claims, &self.signing)
    }

    /// Whom `token` speaks for, unless it is forged, foreign or expired at `now_ms`.
    pub(crate) fn check(&self, token: &str, now_ms: i64) -> Result<Pass, BadToken> {
        let header = jsonwebtoken::decode_header(token).map_err(|_foreign| BadToken)?;
        if header.kid != self.header.kid {
            return Err(BadToken);
        }
        let token = jsonwebtoken::decode::<Claims>(token, &self.checking, &self.validation)
            .map_err(|_forged| BadToken)?;
        let until_ms = token.claims.exp.saturating_mul(1_000);
        if until_ms <= now_ms {
            return Err(BadToken);
        }
        let bearer = Bearer {
            user: token.claims.sub,
            session: token.claims.sid,
        };
        Ok(Pass { bearer, until_ms })
    }

    /// How long a new token is good.
    pub(crate) fn lives(&self) -> Duration {
        self.lives
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const NOW_MS: i64 = 1_800_000_000_000;

    fn tokens(seed: &str, audience: &str) -> AccessTokens {
        let seed = SecretString::from(seed.repeat(SEED_LEN));
        AccessTokens::new(&seed, "us", audience, Duration::from_secs(900)).unwrap()
    }

    fn bearer() -> Bearer {
        Bearer {
            user: Uuid::from_u128(1).into(),
            session: Uuid::from_u128(2).into(),
        }
    }

    #[test]
    fn a_token_speaks_for_its_bearer_until_it_expires() {
        let tokens = tokens("0a", "players");
        let token = tokens.issue(bearer(), NOW_MS).unwrap();
        let pass = Pass {
            bearer: bearer(),
            until_ms: NOW_MS + 900_000,
        };
        assert_eq!(tokens.check(&token, NOW_MS), Ok(pass));
        assert_eq!(tokens.check(&token, NOW_MS + 899_999), Ok(pass));
        assert_eq!(tokens.check(&token, NOW_MS + 900_000), Err(BadToken));
    }

    #[test]
    fn a_token_of_another_key_or_audience_is_refused() {
        let token = tokens("0a", "players").issue(bearer(), NOW_MS).unwrap();
        assert_eq!(tokens("0b", "players").check(&token, NOW_MS), Err(BadToken));
        assert_eq!(tokens("0a", "staff").check(&token, NOW_MS), Err(BadToken));
    }

    #[test]
    fn a_changed_token_is_refused() {
        let tokens = tokens("0a", "players");
        let token = tokens.issue(bearer(), NOW_MS).unwrap();
        for at in [0, token.len() / 2, token.len() - 2] {
            let mut forged = token.clone().into_bytes();
            forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(forged).unwrap();
            assert_eq!(tokens.check(&forged, NOW_MS), Err(BadToken), "byte {at}");
        }
    }

    #[test]
    fn a_seed_is_64_hexadecimal_digits() {
        for seed in ["", "0a", "not hexadecimal"] {
            let seed = SecretString::from(seed);
            assert!(AccessTokens::new(&seed, "us", "players", Duration::ZERO).is_err());
        }
    }
}
