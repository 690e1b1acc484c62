//! Solana: the keys that follow from one seed, addresses, signed transfers and a node's JSON-RPC.
//! Decides nothing, repeats nothing, and keeps nothing but until when a node is to be left alone:
//! whoever calls it knows what was sent.

mod address;
mod currency;
mod keyring;
mod receipt;
mod rpc;
mod transfer;

pub use address::{Address, AddressError};
pub use currency::Coins;
pub use keyring::{KeyIndex, Keyring, SeedError};
pub use receipt::Receipt;
pub use rpc::{
    Account, Blockhash, Height, MAX_ACCOUNTS, MAX_PAGE, Node, NodeError, Seen, Status, Statuses,
    There,
};
pub use transfer::{Coin, SignError, Signed, Transfer};

/// The signature of a transaction, by which it is known on the chain: base58.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(transparent)]
pub struct Signature(String);

impl Signature {
    /// The signature with this text, as a node or our own tables have it.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<solana_signature::Signature> for Signature {
    fn from(signature: solana_signature::Signature) -> Self {
        Self(signature.to_string())
    }
}

impl std::fmt::Display for Signature {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
