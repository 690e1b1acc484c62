//! NATS: announce, ask, hear. The only home of the NATS client.
//!
//! Whatever must not be lost travels through JetStream; live updates are shouted on core NATS and
//! may be missed. Handlers never acknowledge: the bus does, once they have returned.

mod answers;
mod ask;
mod command;
mod connection;
mod consume;
mod consumer;
mod delivery;
mod error;
mod exchange_clock;
mod headers;
mod inbox;
mod live;
mod ordered;
mod prefix;
mod publish;
mod relay;
mod repeats;
mod replay;
mod settings;
mod streams;
mod sweep;
mod worker;

pub use ask::Asked;
pub use command::carry_out;
pub use connection::Bus;
pub use consumer::Consumer;
pub use delivery::{Delivery, Failure};
pub use error::BusError;
pub use exchange_clock::{ExchangeClock, Moment};
pub use live::{Heard, Interruptions, Listener};
pub use ordered::{Backlog, Entry, OrderedReader, StreamBounds};
pub use prefix::{NotAPrefix, Prefix};
pub use publish::{LastMessage, PublishOptions, Stored};
pub use settings::NatsSettings;
pub use worker::Worker;
