//! Typed ids: which noun a uuid names. Minting them belongs to the edge, never to the rules.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::{Builder, Uuid};

/// Identifies one `T`.
///
/// Minted by whoever starts an operation and carried through every retry, so the id doubles as
/// the idempotency key.
#[derive(Serialize, Deserialize)]
#[serde(transparent, bound = "")]
pub struct Id<T>(Uuid, #[serde(skip)] PhantomData<fn() -> T>);

impl<T> Id<T> {
    /// The id with these bits.
    pub const fn new(uuid: Uuid) -> Self {
        Self(uuid, PhantomData)
    }

    /// The bits.
    pub const fn uuid(self) -> Uuid {
        self.0
    }
}

impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Id<T> {}

impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<T> Eq for Id<T> {}

impl<T> PartialOrd for Id<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Id<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}

impl<T> Hash for Id<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl<T> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl<T> fmt::Display for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl<T> FromStr for Id<T> {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self::new)
    }
}

impl<T> From<Uuid> for Id<T> {
    fn from(uuid: Uuid) -> Self {
        Self::new(uuid)
    }
}

impl<T> From<Id<T>> for Uuid {
    fn from(id: Id<T>) -> Self {
        id.0
    }
}

/// A uuid that follows from `parts`, one behind the other: the first 16 bytes of their SHA-256,
/// marked as version 8. Whoever knows them finds the same thing again.
pub fn derived(parts: &[&[u8]]) -> Uuid {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part);
    }
    let hashed: [u8; 32] = digest.finalize().into();
    let mut bytes = [0; 16];
    for (byte, hashed) in bytes.iter_mut().zip(hashed) {
        *byte = hashed;
    }
    Builder::from_custom_bytes(bytes).into_uuid()
}

/// What an id names. These types are never built; they only keep ids apart.
pub mod noun {
    /// Somebody with an account.
    #[derive(Debug)]
    pub enum User {}
    /// A device that is signed in.
    #[derive(Debug)]
    pub enum Session {}
    /// A game template.
    #[derive(Debug)]
    pub enum Game {}
    /// One match of a game.
    #[derive(Debug)]
    pub enum Battle {}
    /// A player's place in a battle.
    #[derive(Debug)]
    pub enum Participant {}
    /// A leveraged position or the order for it.
    #[derive(Debug)]
    pub enum Position {}
    /// A player's place in a queue.
    #[derive(Debug)]
    pub enum Ticket {}
    /// One operation that a client asked for.
    #[derive(Debug)]
    pub enum Request {}
    /// A ledger account.
    #[derive(Debug)]
    pub enum Account {}
    /// A movement between two ledger accounts.
    #[derive(Debug)]
    pub enum Transfer {}
    /// What an achievement asks for and gives.
    #[derive(Debug)]
    pub enum AchievementDefinition {}
    /// An achievement that a user earned.
    #[derive(Debug)]
    pub enum Achievement {}
    /// A message in a user's inbox.
    #[derive(Debug)]
    pub enum Notification {}
    /// Friends who enter games together.
    #[derive(Debug)]
    pub enum Party {}
    /// Two users who are friends, or may become ones.
    #[derive(Debug)]
    pub enum Friendship {}
    /// Money on its way out.
    #[derive(Debug)]
    pub enum Withdrawal {}
}

/// Identifies a user.
pub type UserId = Id<noun::User>;
/// Identifies a signed-in device.
pub type SessionId = Id<noun::Session>;
/// Identifies a game template, whatever its version.
pub type GameId = Id<noun::Game>;
/// Identifies a battle.
pub type BattleId = Id<noun::Battle>;
/// Identifies a player's place in a battle.
pub type ParticipantId = Id<noun::Participant>;
/// Identifies a position and the order for it.
pub type PositionId = Id<noun::Position>;
/// Identifies a place in a queue.
pub type TicketId = Id<noun::Ticket>;
/// Identifies one operation that a client asked for.
pub type RequestId = Id<noun::Request>;
/// Identifies a ledger account.
pub type AccountId = Id<noun::Account>;
/// Identifies a ledger transfer.
pub type TransferId = Id<noun::Transfer>;
/// Identifies an achievement's definition.
pub type AchievementDefinitionId = Id<noun::AchievementDefinition>;
/// Identifies friends who enter games together.
pub type PartyId = Id<noun::Party>;
/// Identifies a friendship, or a request for one.
pub type FriendshipId = Id<noun::Friendship>;
/// Identifies an earned achievement.
pub type AchievementId = Id<noun::Achievement>;
/// Identifies an inbox message.
pub type NotificationId = Id<noun::Notification>;
/// Identifies a withdrawal.
pub type WithdrawalId = Id<noun::Withdrawal>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_id_follows_from_gives_the_same_id_however_it_is_divided() {
        let id = derived(&[b"test/1"]);
        assert_eq!(id.to_string(), "cad4a5be-62ba-81bf-a7a0-7a8ff9ab1ed0");
        assert_eq!(derived(&[b"test", b"/1"]), id);
        assert_ne!(derived(&[b"test/2"]), id);
    }
}
