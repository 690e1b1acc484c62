//! NATS: announce, ask, hear. The only home of the NATS client.
//!
//! Whatever must not be lost travels through JetStream; live updates are shouted on core NATS and
//! may be missed. Handlers never acknowledge: the bus does, once they have returned.

mod ask;
mod connection;
mod error;
mod live;
mod ordered;
mod prefix;
mod publish;
mod settings;
mod streams;

pub use ask::Asked;
pub use connection::Bus;
pub use error::BusError;
pub use live::{Heard, Listener};
pub use ordered::{Entry, OrderedReader, Place, StreamBounds};
pub use prefix::{NotAPrefix, Prefix};
pub use publish::{LastMessage, PublishOptions, Stored};
pub use settings::NatsSettings;
