//! Addresses, and which of them money may be sent to.

use std::fmt;
use std::str::FromStr;

use solana_system_interface::program as system_program;
use spl_associated_token_account_interface::address::get_associated_token_address_with_program_id;

/// An account on the chain.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address(pub(crate) solana_address::Address);

/// Why money cannot be sent there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not an address at all.
    #[error("expected a Solana address: 32 to 44 letters and digits of base58")]
    Malformed,
    /// Nobody has a key to it: a token account, or an account that belongs to a program.
    #[error("expected the address of a wallet: nobody holds a key to this one")]
    WithoutKey,
    /// Whatever is sent there is lost.
    #[error("expected the address of a wallet, found that of a program")]
    Program,
}

impl Address {
    /// The longest text of an address, in bytes.
    pub const MAX_LEN: usize = 44;

    /// The address of a wallet, whose holder has a key to it.
    ///
    /// # Errors
    /// When it is none, and why.
    pub fn parse_wallet(text: &str) -> Result<Self, AddressError> {
        let address: Self = text.parse()?;
        let programs = [
            system_program::ID,
            spl_token_interface::ID,
            spl_associated_token_account_interface::program::ID,
        ];
        if programs.contains(&address.0) {
            return Err(AddressError::Program);
        }
        if address.0.is_on_curve() {
            Ok(address)
        } else {
            Err(AddressError::WithoutKey)
        }
    }

    /// Where the wallet at this address keeps tokens of `mint`: its associated token account.
    pub fn token_account(self, mint: Self) -> Self {
        let program = spl_token_interface::ID;
        Self(get_associated_token_address_with_program_id(
            &self.0, &mint.0, &program,
        ))
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        if text.len() > Self::MAX_LEN {
            return Err(AddressError::Malformed);
        }
        match text.parse() {
            Ok(address) => Ok(Self(address)),
            Err(_not_base58) => Err(AddressError::Malformed),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WALLET: &str = "HAgk14JpMQLgt6rVgv7cBQFJWFto5Dqxi472uT3DKpqk";
    const USDT: &str = "Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB";

    #[test]
    fn a_wallet_reads_as_it_is_written() {
        let address = Address::parse_wallet(WALLET).unwrap();
        assert_eq!(address.to_string(), WALLET);
    }

    #[test]
    fn what_is_no_address_is_malformed() {
        let (longer, shorter) = (format!("{WALLET}1"), &WALLET[..20]);
        let zero = WALLET.replacen('H', "0", 1);
        let texts = [
            "",
            "not an address",
            "0x52908400098527886E0F7030069857D2E4169EE7",
        ];
        for text in texts.into_iter().chain([shorter, &longer, &zero]) {
            let refused = Address::parse_wallet(text);
            assert_eq!(refused, Err(AddressError::Malformed), "{text}");
        }
    }

    #[test]
    fn a_token_account_is_nobodys_wallet() {
        let mint: Address = USDT.parse().unwrap();
        let wallet: Address = WALLET.parse().unwrap();
        let account = wallet.token_account(mint).to_string();
        let refused = Address::parse_wallet(&account);
        assert_eq!(refused, Err(AddressError::WithoutKey));
    }

    #[test]
    fn a_program_is_nobodys_wallet() {
        let programs = [
            "11111111111111111111111111111111",
            "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA",
        ];
        for program in programs {
            let refused = Address::parse_wallet(program);
            assert_eq!(refused, Err(AddressError::Program), "{program}");
        }
    }
}
