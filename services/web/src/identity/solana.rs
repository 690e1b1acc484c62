//! Wallets on Solana as a way in: a message of ours that its key signs, good once and for a while.

use std::time::Duration;

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use contracts::Code;
use rand::RngExt;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::Origin;
use crate::error::{ApiError, ApiResult};
use crate::gateway::Gateway;

/// How long a key and a signature are, in bytes.
const KEY_LEN: usize = 32;
const SIGNATURE_LEN: usize = 64;

/// How much of a message nobody can foresee, in bytes.
const NONCE_LEN: usize = 16;

/// What a signed message is good for, and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Signing in.
    SignIn,
    /// Linking the wallet to an account.
    Link,
}

impl Purpose {
    /// What whoever signs is told.
    const fn statement(self) -> &'static str {
        match self {
            Self::SignIn => "Sign in. This costs nothing and moves nothing.",
            Self::Link => {
                "Link this wallet to the account that you are signed in with. \
                 This costs nothing and moves nothing."
            }
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::Link => "link",
        }
    }
}

/// A wallet's address: a public key of Ed25519 in base58.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SolanaAddress {
    text: String,
    key: [u8; KEY_LEN],
}

impl SolanaAddress {
    /// Accepts what can be an address.
    pub(crate) fn parse(text: &str) -> ApiResult<Self> {
        let text = text.trim();
        let mut key = [0; KEY_LEN];
        five8::decode_32(text, &mut key)
            .map_err(|_odd| ApiError::bad_input("address", "an address on Solana"))?;
        Ok(Self {
            text: text.to_owned(),
            key,
        })
    }
}

/// A message that was signed, as its signer says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Signed {
    address: SolanaAddress,
    message: String,
    signature: [u8; SIGNATURE_LEN],
}

impl Signed {
    /// Accepts an address, a message, and what can be a signature in base58.
    pub(crate) fn parse(address: &str, message: String, signature: &str) -> ApiResult<Self> {
        let address = SolanaAddress::parse(address)?;
        let mut bytes = [0; SIGNATURE_LEN];
        five8::decode_64(signature.trim(), &mut bytes)
            .map_err(|_odd| ApiError::bad_input("signature", "64 bytes in base58"))?;
        Ok(Self {
            address,
            message,
            signature: bytes,
        })
    }

    /// Whose it is.
    pub(crate) fn address(&self) -> &str {
        &self.address.text
    }

    fn is_genuine(&self) -> bool {
        let key = UnparsedPublicKey::new(&ED25519, &self.address.key);
        key.verify(self.message.as_bytes(), &self.signature).is_ok()
    }
}

/// What a wallet is asked to sign.
pub(crate) struct Challenge {
    pub(crate) message: String,
    /// How long it is good.
    pub(crate) lives: Duration,
}

impl Gateway {
    /// A message for the wallet at `address` to sign.
    pub(crate) async fn challenge(
        &self,
        address: &SolanaAddress,
        purpose: Purpose,
        origin: &Origin,
    ) -> ApiResult<Challenge> {
        let count = self.limits.challenges_per_ip;
        self.limit_ip("challenges_per_ip", count, origin).await?;
        let now = self.clock.now();
        let lives = Duration::from_secs(self.identity.challenge_s.into());
        let nonce: [u8; NONCE_LEN] = rand::rng().random();
        let message = format!(
            "{} wants you to sign in with your Solana account:\n{}\n\n{}\n\n\
             Nonce: {}\nIssued At: {}\nExpiration Time: {}",
            self.identity.domain,
            address.text,
            purpose.statement(),
            hex::encode(nonce),
            moment(now)?,
            moment(now.saturating_add(time::Duration::seconds(self.identity.challenge_s.into())))?,
        );
        let expires_at_ms = self
            .clock
            .now_ms()
            .saturating_add(i64::from(self.identity.challenge_s).saturating_mul(1_000));
        let bound_to = bound_to(&address.text, purpose);
        self.challenges
            .issue(&message, &bound_to, expires_at_ms, lives)
            .await?;
        Ok(Challenge { message, lives })
    }

    /// Refuses a message that the wallet did not sign, or that is not ours, not for this, used up or
    /// expired; it is used up afterwards.
    pub(super) async fn redeem_challenge(
        &self,
        signed: &Signed,
        purpose: Purpose,
        origin: &Origin,
    ) -> ApiResult<()> {
        self.limit_logins(origin).await?;
        let bound_to = bound_to(signed.address(), purpose);
        let now_ms = self.clock.now_ms();
        // Whoever cannot sign it does not use it up.
        let redeemed = signed.is_genuine()
            && self
                .challenges
                .redeem(&signed.message, &bound_to, now_ms)
                .await?;
        if redeemed {
            Ok(())
        } else {
            Err(ApiError::of(Code::InvalidSignature))
        }
    }
}

fn bound_to(address: &str, purpose: Purpose) -> String {
    format!("{}/{address}", purpose.name())
}

fn moment(at: OffsetDateTime) -> ApiResult<String> {
    at.format(&Rfc3339).map_err(ApiError::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_key_of_32_bytes_in_base58() {
        let address = "HAgk14JpMQLgt6rVgv7cBQFJWFto5Dqxi472uT3DKpqk";
        assert!(SolanaAddress::parse(address).is_ok());
        for text in ["", "x", &address[8..], &address.replace('H', "0")] {
            assert!(SolanaAddress::parse(text).is_err(), "{text}");
        }
    }
}
