//! Refresh tokens: random, good for one use, kept as a hash.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::RngExt;
use sha2::{Digest, Sha256};

/// How much of a token is random, in bytes.
const RANDOM_LEN: usize = 32;

/// What a client exchanges for a new access token, once.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct RefreshToken(String);

impl RefreshToken {
    /// A new one.
    pub(crate) fn mint() -> Self {
        let random: [u8; RANDOM_LEN] = rand::rng().random();
        Self(URL_SAFE_NO_PAD.encode(random))
    }

    /// What the client keeps.
    pub(crate) fn into_text(self) -> String {
        self.0
    }

    /// What we keep: SHA-256.
    pub(crate) fn hash(&self) -> [u8; 32] {
        Sha256::digest(&self.0).into()
    }
}

impl From<String> for RefreshToken {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshToken")
    }
}
