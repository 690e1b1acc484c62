//! Who is there: codes, passwords and wallets, tokens, sessions, and what each role may do.

mod access_token;
mod accounts;
mod forget;
mod guests;
mod password;
mod permission;
mod proxies;
mod refresh_token;
mod sessions;
mod sign_in;
mod solana;
mod visitor;

pub(crate) use access_token::{AccessTokens, Bearer, KeySet, Pass, SigningKeys};
pub(crate) use accounts::Proof;
pub(crate) use forget::forget;
pub(crate) use guests::{Guests, Stay, ended, see_off};
pub(crate) use password::Passwords;
pub(crate) use permission::Permission;
pub(crate) use proxies::Proxies;
pub(crate) use sessions::Sessions;
pub(crate) use sign_in::{Email, Tokens};
pub(crate) use solana::{Purpose, Signed, SolanaAddress};
pub(crate) use visitor::{Claim, Origin, SignedIn, Visitor};
