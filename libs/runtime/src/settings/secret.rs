//! Text that must not be seen, and how strong it has to be.

use std::fmt;
use std::ops::Deref;

use secrecy::SecretString;
use serde::de::{Deserialize, Deserializer, Visitor};

/// A [`SecretString`] from the settings. Outside development mode a weak one is refused.
#[derive(Clone, Debug)]
pub struct Secret(SecretString);

/// The name by which the settings' deserializer recognises a secret.
pub(super) const MARKER: &str = "$runtime::Secret";

/// Fewer bytes than this are weak.
const STRONG_BYTES: usize = 16;

/// Fewer different bytes than this are weak.
const STRONG_DIFFERENT_BYTES: usize = 8;

/// What was expected in place of a weak secret.
pub(super) fn expectation() -> String {
    format!(
        "a secret of at least {STRONG_BYTES} bytes, {STRONG_DIFFERENT_BYTES} of them different, \
         outside development mode"
    )
}

pub(super) fn is_weak(text: &str) -> bool {
    let mut different = text.as_bytes().to_vec();
    different.sort_unstable();
    different.dedup();
    text.len() < STRONG_BYTES || different.len() < STRONG_DIFFERENT_BYTES
}

impl Deref for Secret {
    type Target = SecretString;

    fn deref(&self) -> &SecretString {
        &self.0
    }
}

impl From<Secret> for SecretString {
    fn from(secret: Secret) -> Self {
        secret.0
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(MARKER, SecretVisitor)
    }
}

struct SecretVisitor;

impl<'de> Visitor<'de> for SecretVisitor {
    type Value = Secret;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a secret")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<Secret, D::Error> {
        SecretString::deserialize(inner).map(Secret)
    }
}
