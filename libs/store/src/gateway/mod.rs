//! What the gateway reads of everybody's tables, in keyset pages that go both ways.
//!
//! Every read of what is somebody's takes a [`Viewer`] and leaves out what the viewer may not see.

pub mod achievements;
pub mod battles;
pub mod friendships;
pub mod games;
pub mod leaderboard;
pub mod money;
pub mod notifications;
pub mod participants;
pub mod parties;
pub mod positions;
pub mod records;
pub mod sessions;
mod slice;
pub mod tickets;
pub mod users;
pub mod withdrawals;

use domain::id::UserId;
use sea_orm::Value;
use uuid::Uuid;

pub use slice::{Cursor, List, Part, Row, Slice, Toward};

/// Whose eyes a read is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Viewer {
    /// A player, who sees what is the player's own.
    Player(UserId),
    /// Somebody with the permission to see everybody's.
    Staff,
}

impl Viewer {
    /// The player to restrict a read to; null for nobody.
    fn restriction(self) -> Value {
        match self {
            Self::Player(user) => Some(user.uuid()).into(),
            Self::Staff => None::<Uuid>.into(),
        }
    }
}

/// The ids, as an array.
fn array(ids: impl IntoIterator<Item = Uuid>) -> Value {
    ids.into_iter().collect::<Vec<_>>().into()
}
