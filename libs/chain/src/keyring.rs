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
        derived(
            self.seed.as_slice(),
            DerivationPath::new_bip44(Some(index.0), Some(0)),
        )
    }
}

/// The key of a seed at the end of a path, by SLIP-0010.
fn derived(seed: &[u8], path: DerivationPath) -> Keypair {
    keypair_from_seed_and_derivation_path(seed, Some(path))
        .expect("every step of the path is hardened, and any seed does")
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

    fn shown(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The first test vector for ed25519 of SLIP-0010.
    #[test]
    fn keys_follow_from_a_seed_as_the_standard_says() {
        let seed: Vec<u8> = (0..16).collect();
        for (path, secret, public) in [
            (
                "m/0'",
                "68e0fe46dfb67e368c75379acec591dad19df3cde26e63b93a8e704f1dade7a3",
                "8c8a13df77a28f3445213a0f432fde644acaa215fc72dcdf300d5efaa85d350c",
            ),
            (
                "m/0'/1'",
                "b1d0bad404bf35da785a64ca1ac54b2617211d2777696fbffaf208f746ae84f2",
                "1932a5270f335bed617d5b935c80aedb1a35bd9fc1e31acafd5372c30f5c1187",
            ),
            (
                "m/0'/1'/2'",
                "92a5b23c0b8a99e37d07df3fb9966917f5d06e02ddbd909c7e184371463e9fc9",
                "ae98736566d30ed0e9d2f4486a64bc95740d89c7db33f52121f8ea8f76ff0fc1",
            ),
            (
                "m/0'/1'/2'/2'/1000000000'",
                "8f94d394a8e8fd6b1bc2f3f49f5c47e385281d5c17e65324b0f62483e37e8793",
                "3c24da049451555d51a7014a37337aa4e12d41e485abccfa46b47dfb2af54b7a",
            ),
        ] {
            let key = derived(&seed, DerivationPath::from_absolute_path_str(path).unwrap());
            let found = (shown(key.secret_bytes()), shown(key.pubkey().as_array()));
            assert_eq!(found, (secret.to_owned(), public.to_owned()), "{path}");
        }
    }

    /// What BIP-39 makes of the first phrase of its test vectors where there is no passphrase.
    #[test]
    fn a_phrase_gives_the_seed_that_the_standard_says() {
        let seed = "5eb00bbddcf069084889a8ab9155568165f5c453ccb85e70811aaed6f6da5fc1\
                    9a5ac40b389cd370d086206dec8aa6c43daea6690f20ad3d8d48b2d2ce9e38e4";
        let keyring = Keyring::from_phrase(PHRASE).unwrap();
        assert_eq!(shown(keyring.seed.as_slice()), seed);
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
