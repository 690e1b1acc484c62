//! The keys: one seed, and a keypair for each index that follows from it. Whoever has it can spend
//! everything; nothing here shows it.

use std::fmt;

use bip39::{Language, Mnemonic};
use solana_derivation_path::DerivationPath;
use solana_keypair::Keypair;
use solana_keypair::seed_derivable::keypair_from_seed_and_derivation_path;
use solana_signer::Signer as _;
use zeroize::Zeroizing;

use crate::address::Address;

/// Which key of a seed: `m/44'/501'/index'/0'`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyIndex(u32);

impl KeyIndex {
    /// The key of the hot wallet.
    pub const HOT: Self = Self(0);
    /// The last key.
    const MAX: u32 = (1 << 31) - 1;

    /// The key with this number; none beyond the last.
    pub const fn new(index: u32) -> Option<Self> {
        if index <= Self::MAX {
            Some(Self(index))
        } else {
            None
        }
    }

    /// The number.
    pub const fn number(self) -> u32 {
        self.0
    }
}

/// Every key that follows from one seed.
pub struct Keyring {
    seed: Zeroizing<[u8; 64]>,
}

/// Not a seed. Says nothing about what was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected 12 to 24 English words of BIP-39 with a checksum that holds")]
pub struct SeedError;

impl Keyring {
    /// The keys of a BIP-39 phrase without a passphrase.
    ///
    /// # Errors
    /// When it is no such phrase.
    pub fn from_phrase(phrase: &str) -> Result<Self, SeedError> {
        match Mnemonic::parse_in(Language::English, phrase) {
            Ok(mnemonic) => Ok(Self {
                seed: Zeroizing::new(mnemonic.to_seed("")),
            }),
            Err(_says_what_was_found) => Err(SeedError),
        }
    }

    /// The address of a key.
    pub fn address(&self, index: KeyIndex) -> Address {
        Address(self.keypair(index).pubkey())
    }

    pub(crate) fn keypair(&self, index: KeyIndex) -> Keypair {
        let path = DerivationPath::new_bip44(Some(index.0), Some(0));
        keypair_from_seed_and_derivation_path(self.seed.as_slice(), Some(path))
            .expect("every step of the path is hardened, and the seed has 64 bytes")
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PHRASE: &str = "abandon abandon abandon abandon abandon abandon abandon abandon abandon \
                          abandon abandon about";

    fn address(phrase: &str, index: u32) -> String {
        let keyring = Keyring::from_phrase(phrase).unwrap();
        keyring.address(KeyIndex::new(index).unwrap()).to_string()
    }

    #[test]
    fn the_known_phrase_gives_the_known_addresses() {
        let first = "HAgk14JpMQLgt6rVgv7cBQFJWFto5Dqxi472uT3DKpqk";
        assert_eq!(address(PHRASE, 0), first);
        // Steps of the path that change places would only show here.
        let second = "Hh8QwFUA6MtVu1qAoq12ucvFHNwCcVTV7hpWjeY1Hztb";
        assert_eq!(address(PHRASE, 1), second);
    }

    #[test]
    fn there_are_as_many_keys_as_hardened_indices() {
        assert!(KeyIndex::new(KeyIndex::MAX).is_some());
        assert!(KeyIndex::new(KeyIndex::MAX + 1).is_none());
        assert!(!address(PHRASE, KeyIndex::MAX).is_empty());
    }

    #[test]
    fn a_phrase_with_a_wrong_word_or_checksum_is_refused_and_not_shown() {
        let another_word = PHRASE.replace("about", "nonsense");
        let another_checksum = PHRASE.replace("about", "abandon");
        for phrase in ["", "abandon", &another_word, &another_checksum] {
            let refused = Keyring::from_phrase(phrase).unwrap_err();
            assert!(!refused.to_string().contains("abandon"));
        }
        let shown = format!("{:?}", Keyring::from_phrase(PHRASE).unwrap());
        assert_eq!(shown, "Keyring { .. }");
    }
}
