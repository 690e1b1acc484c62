//! Access tokens: signed with EdDSA, good for as long as the settings say. Checking one says whom
//! it speaks for; whether the session still lives is looked up by the visitor.
//!
//! One key signs. Those that will and that did are known beside it, so that keys change while tokens
//! are out and gateways start one after another.

use std::time::Duration;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::id::{SessionId, UserId};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::remembered::Remembered;

/// How long a private key of Ed25519 is, in bytes.
const SEED_LEN: usize = 32;

/// What PKCS #8 puts before the seed of an Ed25519 key.
const PKCS8_HEAD: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

/// For how long a good token is remembered.
const GOOD_REMEMBERED: Duration = Duration::from_secs(60);

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

/// The private keys, each as 64 hexadecimal digits.
#[derive(Clone, Copy)]
pub(crate) struct SigningKeys<'s> {
    /// Signs.
    pub(crate) present: &'s SecretString,
    /// Will sign.
    pub(crate) next: Option<&'s SecretString>,
    /// Has signed.
    pub(crate) former: Option<&'s SecretString>,
}

/// Issues access tokens and checks them.
pub(crate) struct AccessTokens {
    header: Header,
    signing: EncodingKey,
    known: Vec<Known>,
    validation: Validation,
    issuer: String,
    audience: String,
    lives: Duration,
    /// Tokens that were found good: each comes many times, and a signature costs more to check than
    /// all else that is done with a request's headers.
    good: Remembered<Box<str>, Pass>,
}

/// A key whose tokens are good.
struct Known {
    id: String,
    public: Vec<u8>,
    checking: DecodingKey,
}

/// Not a signing key.
#[derive(Debug, thiserror::Error)]
#[error("identity.{0}: expected 64 hexadecimal digits, and those of no other key")]
pub(crate) struct NotASigningKey(&'static str);

/// The public keys, as a JSON Web Key Set (RFC 7517).
#[derive(Serialize)]
pub(crate) struct KeySet {
    keys: Vec<PublicKey>,
}

/// A public key of Ed25519 (RFC 8037).
#[derive(Serialize)]
struct PublicKey {
    kty: &'static str,
    crv: &'static str,
    alg: &'static str,
    r#use: &'static str,
    kid: String,
    x: String,
}

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

impl Known {
    fn of(seed: &[u8; SEED_LEN], setting: &'static str) -> Result<Self, NotASigningKey> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed);
        let pair = pair.map_err(|_odd| NotASigningKey(setting))?;
        let public = pair.public_key().as_ref().to_vec();
        Ok(Self {
            id: hex::encode(&Sha256::digest(&public)[..KEY_ID_LEN]),
            checking: DecodingKey::from_ed_der(&public),
            public,
        })
    }
}

fn seed(text: &SecretString, setting: &'static str) -> Result<[u8; SEED_LEN], NotASigningKey> {
    let mut bytes = [0; SEED_LEN];
    hex::decode_to_slice(text.expose_secret(), &mut bytes)
        .map_err(|_not_hex| NotASigningKey(setting))?;
    Ok(bytes)
}

impl AccessTokens {
    /// Signs with the present key, and knows all of them.
    pub(crate) fn new(
        keys: SigningKeys<'_>,
        issuer: &str,
        audience: &str,
        lives: Duration,
    ) -> Result<Self, NotASigningKey> {
        let bytes = seed(keys.present, "signing_key")?;
        let mut known = vec![Known::of(&bytes, "signing_key")?];
        for (text, setting) in [
            (keys.next, "next_signing_key"),
            (keys.former, "former_signing_key"),
        ] {
            let Some(text) = text else { continue };
            let one = Known::of(&seed(text, setting)?, setting)?;
            if known.iter().any(|other| other.id == one.id) {
                return Err(NotASigningKey(setting));
            }
            known.push(one);
        }
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = known.first().map(|present| present.id.clone());
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[issuer]);
        validation.set_audience(&[audience]);
        validation.set_required_spec_claims(&["iss", "aud", "exp", "sub"]);
        // Expiry is judged by our own clock, which a test can move.
        validation.validate_exp = false;
        Ok(Self {
            header,
            signing: EncodingKey::from_ed_der(&[PKCS8_HEAD.as_slice(), &bytes].concat()),
            known,
            validation,
            issuer: issuer.to_owned(),
            audience: audience.to_owned(),
            lives,
            good: Remembered::for_at_most(GOOD_REMEMBERED),
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
        let pass = match self.good.get(token) {
            Some(pass) => pass,
            None => self.verify(token)?,
        };
        if pass.until_ms <= now_ms {
            return Err(BadToken);
        }
        Ok(pass)
    }

    fn verify(&self, token: &str) -> Result<Pass, BadToken> {
        let header = jsonwebtoken::decode_header(token).map_err(|_foreign| BadToken)?;
        let names_it = |known: &&Known| header.kid.as_ref() == Some(&known.id);
        let known = self.known.iter().find(names_it).ok_or(BadToken)?;
        let Claims { sub, sid, exp, .. } =
            jsonwebtoken::decode::<Claims>(token, &known.checking, &self.validation)
                .map_err(|_forged| BadToken)?
                .claims;
        let pass = Pass {
            bearer: Bearer {
                user: sub,
                session: sid,
            },
            until_ms: exp.saturating_mul(1_000),
        };
        self.good.insert(token.into(), pass);
        Ok(pass)
    }

    /// What tokens can be checked with.
    pub(crate) fn public_keys(&self) -> KeySet {
        let keys = self.known.iter().map(|known| PublicKey {
            kty: "OKP",
            crv: "Ed25519",
            alg: "EdDSA",
            r#use: "sig",
            kid: known.id.clone(),
            x: URL_SAFE_NO_PAD.encode(&known.public),
        });
        KeySet {
            keys: keys.collect(),
        }
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

    fn seed(byte: &str) -> SecretString {
        SecretString::from(byte.repeat(SEED_LEN))
    }

    fn only(present: &SecretString) -> SigningKeys<'_> {
        SigningKeys {
            present,
            next: None,
            former: None,
        }
    }

    fn of(keys: SigningKeys<'_>, audience: &str) -> Result<AccessTokens, NotASigningKey> {
        AccessTokens::new(keys, "us", audience, Duration::from_secs(900))
    }

    fn tokens(byte: &str, audience: &str) -> AccessTokens {
        of(only(&seed(byte)), audience).unwrap()
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
        for text in ["", "0a", "not hexadecimal"] {
            let text = SecretString::from(text);
            assert!(of(only(&text), "players").is_err());
        }
    }

    #[test]
    fn a_key_is_not_its_own_successor() {
        let [a, b] = ["0a", "0b"].map(seed);
        for (next, former) in [(&a, &b), (&b, &a), (&b, &b)] {
            let keys = SigningKeys {
                present: &a,
                next: Some(next),
                former: Some(former),
            };
            assert!(of(keys, "players").is_err());
        }
    }
}
