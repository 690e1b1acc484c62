//! Joining and leaving queues.

use domain::id::{GameId, PartyId, RequestId, TicketId, UserId};
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

/// What became of a player's place in a queue or a room. That it became a seat is told by the
/// battle that opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlaceStatus {
    /// It was taken; its fee is held.
    Waiting,
    /// Its player gave it up; the fee is free, as with all that follow.
    Left,
    /// It waited too long.
    Expired,
    /// The creator of the room sent its player away.
    Kicked,
}

/// A player's place in a queue or a room has changed. A hint; the row is the truth.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaceChanged {
    /// Who.
    pub player: UserId,
    /// The place.
    pub ticket: TicketId,
    /// What became of it.
    pub status: PlaceStatus,
}

impl Message for PlaceChanged {
    const TOPIC: Topic = Topic::PlaceChanged;

    fn key(&self) -> Key {
        self.player.into()
    }
}

/// Who is in a party, or may come in, has changed, or what they agree to, or there is none any more. A
/// hint; the rows are the truth.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartyChanged {
    /// The party.
    pub party: PartyId,
}

impl Message for PartyChanged {
    const TOPIC: Topic = Topic::PartyChanged;

    fn key(&self) -> Key {
        self.party.into()
    }
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
