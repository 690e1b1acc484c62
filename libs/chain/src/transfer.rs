//! Transfers of coins, signed. A signed one has its signature before anybody has seen it, and the
//! same bytes move money once, however often they are sent.

use bincode::serialize;
use solana_hash::Hash;
use solana_instruction::Instruction;
use solana_message::{VersionedMessage, v0};
use solana_transaction::versioned::VersionedTransaction;
use spl_associated_token_account_interface::instruction::create_associated_token_account_idempotent;
use spl_token_interface::instruction::transfer_checked;

use crate::Signature;
use crate::address::Address;
use crate::keyring::{KeyIndex, Keyring};
use crate::rpc::Account;

/// What is moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coin {
    /// Lamports.
    Sol,
    /// Tokens of a mint.
    Token {
        /// The mint.
        mint: Address,
        /// How many decimals its smallest part stands for.
        decimals: u8,
    },
}

impl Coin {
    /// The account that holds this coin for the wallet at `address`.
    pub fn account_of(self, address: Address) -> Address {
        match self {
            Self::Sol => address,
            Self::Token { mint, .. } => address.token_account(mint),
        }
    }

    /// How much of this coin an account holds, in the smallest part; nothing if it is absent.
    pub fn held_by(self, account: Option<&Account>) -> u64 {
        account.map_or(0, |account| match self {
            Self::Sol => account.lamports,
            Self::Token { mint, .. } => account.tokens(mint).unwrap_or_default(),
        })
    }
}

/// Coins from one of our keys to somebody's wallet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// What is moved.
    pub coin: Coin,
    /// Whose it is.
    pub from: KeyIndex,
    /// The wallet that gets it.
    pub to: Address,
    /// Whether a token account that the wallet lacks is made, and paid by `payer`. Without it such a
    /// transfer fails.
    pub opens_account: bool,
    /// How much, in the smallest part.
    pub amount: u64,
    /// Who pays for the transaction.
    pub payer: KeyIndex,
}

/// A transaction that anybody may send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// What it is known by.
    pub signature: Signature,
    /// What is sent.
    pub bytes: Vec<u8>,
}

/// A transfer that cannot be made into a transaction.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the transfer cannot be signed: {0}")]
pub struct SignError(String);

impl Keyring {
    /// Signs a transfer. It can be carried out as long as the chain remembers `blockhash`.
    ///
    /// # Errors
    /// When the transfer makes no transaction, such as one of nothing.
    pub fn sign(&self, transfer: &Transfer, blockhash: &str) -> Result<Signed, SignError> {
        let refused = |why: &dyn std::fmt::Display| SignError(why.to_string());
        if transfer.amount == 0 {
            return Err(refused(&"nothing to move"));
        }
        let blockhash: Hash = blockhash.parse().map_err(|error| refused(&error))?;
        let (owner, payer) = (self.keypair(transfer.from), self.keypair(transfer.payer));
        let (owner_address, payer_address) =
            (self.address(transfer.from), self.address(transfer.payer));
        let instructions = instructions(transfer, owner_address, payer_address)?;
        let message = v0::Message::try_compile(&payer_address.0, &instructions, &[], blockhash)
            .map_err(|error| refused(&error))?;
        let mut signers = vec![&payer];
        if transfer.from != transfer.payer {
            signers.push(&owner);
        }
        let transaction = VersionedTransaction::try_new(VersionedMessage::V0(message), &signers)
            .map_err(|error| refused(&error))?;
        let signature = transaction.signatures.first();
        let signature = signature.ok_or_else(|| refused(&"nobody signs"))?;
        Ok(Signed {
            signature: Signature::from(*signature),
            bytes: serialize(&transaction).map_err(|error| refused(&error))?,
        })
    }
}

fn instructions(
    transfer: &Transfer,
    owner: Address,
    payer: Address,
) -> Result<Vec<Instruction>, SignError> {
    let Transfer {
        to,
        amount,
        opens_account,
        ..
    } = *transfer;
    match transfer.coin {
        Coin::Sol => Ok(vec![solana_system_interface::instruction::transfer(
            &owner.0, &to.0, amount,
        )]),
        Coin::Token { mint, decimals } => {
            let program = spl_token_interface::ID;
            let (source, target) = (owner.token_account(mint), to.token_account(mint));
            let opened = opens_account.then(|| {
                create_associated_token_account_idempotent(&payer.0, &to.0, &mint.0, &program)
            });
            let moved = transfer_checked(
                &program,
                &source.0,
                &mint.0,
                &target.0,
                &owner.0,
                &[],
                amount,
                decimals,
            )
            .map_err(|error| SignError(error.to_string()))?;
            Ok(opened.into_iter().chain([moved]).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PHRASE: &str = "abandon abandon abandon abandon abandon abandon abandon abandon abandon \
                          abandon abandon about";
    const BLOCKHASH: &str = "4uQeVj5tqViQh7yWWGStvkEG1Zmhx6uasJtWCJziofM";

    fn transfer(amount: u64) -> Transfer {
        Transfer {
            coin: Coin::Sol,
            from: KeyIndex::HOT,
            to: "Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB"
                .parse()
                .unwrap(),
            opens_account: false,
            amount,
            payer: KeyIndex::HOT,
        }
    }

    #[test]
    fn the_same_transfer_has_the_same_signature_and_another_has_another() {
        let keyring = Keyring::from_phrase(PHRASE).unwrap();
        let signed = |amount| keyring.sign(&transfer(amount), BLOCKHASH).unwrap();
        assert_eq!(signed(1), signed(1));
        assert_ne!(signed(1).signature, signed(2).signature);
        assert!(keyring.sign(&transfer(0), BLOCKHASH).is_err());
        assert!(keyring.sign(&transfer(1), "no blockhash").is_err());
    }
}
