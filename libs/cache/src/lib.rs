//! Redis: what may be lost. Prices, candles, one-time codes, rate limits and orders that are on their way.

mod candles;
mod challenges;
mod codes;
mod connection;
mod limits;
mod orders;
mod prices;

pub use candles::{Span, StoredCandle};
pub use challenges::Challenges;
pub use codes::{CodeKey, Codes};
pub use connection::{Cache, CacheError};
pub use limits::{Limit, Rate, Verdict};
pub use prices::{Day, LastPrice};
