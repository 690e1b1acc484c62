//! Joining and leaving queues.

use domain::id::{GameId, RequestId, TicketId, UserId};
use serde::{Deserialize, Serialize};

use crate::topic::{Key, Message, Topic};

/// A player wants into the queue of a game. Answered with [`Queued`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Add {
    /// The id of the ticket that this makes, unless the player has a live one.
    pub ticket: TicketId,
    /// The game.
    pub game: GameId,
    /// Who.
    pub player: UserId,
    /// The operation.
    pub request: RequestId,
    /// After this moment the player was told that it failed: refuse it. Wall clock, in
    /// milliseconds since 1970.
    pub expires_at_ms: i64,
}

/// The player has a ticket, new or old.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queued {
    /// The live ticket.
    pub ticket: TicketId,
}

/// A player wants out of the queue of a game.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leave {
    /// The game.
    pub game: GameId,
    /// Who.
    pub player: UserId,
    /// The operation.
    pub request: RequestId,
}

impl Message for Add {
    const TOPIC: Topic = Topic::MatchmakingAdd;

    fn key(&self) -> Key {
        Key::none()
    }
}

impl Message for Leave {
    const TOPIC: Topic = Topic::MatchmakingLeave;

    fn key(&self) -> Key {
        Key::none()
    }
}
