//! Which of our currencies is which coin of the chain.

use domain::money::Currency;

use crate::address::Address;
use crate::transfer::Coin;

/// The coins that we take. Their smallest parts are those of our currencies: a lamport is the
/// minor unit of SOL, and a token of the mint has as many decimals as USDT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coins {
    /// The mint whose tokens are USDT.
    pub usdt: Address,
}

impl Coins {
    /// The currencies that live on the chain.
    pub const CURRENCIES: [Currency; 2] = [Currency::Sol, Currency::Usdt];

    /// The coin of a currency; none for one that does not live on the chain.
    pub fn coin(&self, currency: Currency) -> Option<Coin> {
        match currency {
            Currency::Sol => Some(Coin::Sol),
            Currency::Usdt => Some(Coin::Token {
                mint: self.usdt,
                decimals: DECIMALS,
            }),
            Currency::Bt => None,
        }
    }
}

/// Of a token of USDT.
const DECIMALS: u8 = 6;
const _: () = assert!(Currency::Usdt.scale() == DECIMALS as u32);
const _: () = assert!(Currency::Sol.scale() == 9);
