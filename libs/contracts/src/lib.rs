//! The wire: every subject, stream, command, event and code that two processes share. Pure.

pub mod achievements;
pub mod arena;
pub mod battles;
pub mod code;
pub mod commands;
pub mod live;
pub mod market;
pub mod matchmaking;
pub mod notifications;
pub mod ownership;
pub mod positions;
pub mod service;
pub mod shard;
pub mod staff;
pub mod stream;
pub mod topic;
pub mod treasury;

pub use code::Code;
pub use service::Service;
pub use stream::Stream;
pub use topic::{Key, Message, Topic};
