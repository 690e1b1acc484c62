//! Who is there: one-time codes, tokens, sessions, and what each role may do.

mod access_token;
mod forget;
mod guests;
mod permission;
mod refresh_token;
mod sessions;
mod sign_in;
mod visitor;

pub(crate) use access_token::{AccessTokens, Bearer, Pass};
pub(crate) use forget::forget;
pub(crate) use guests::{Guests, Stay, ended, see_off};
pub(crate) use permission::Permission;
pub(crate) use sessions::Sessions;
pub(crate) use sign_in::{Email, Tokens};
pub(crate) use visitor::{Claim, Origin, SignedIn, Visitor};
