//! What players ask of the arena. Each is answered with the position that it speaks of, a new order
//! with the whole of it.

use domain::id::{BattleId, PositionId, RequestId, UserId, derived};
use domain::order::{BodyHash, Command, CommandBody, LevelChange, NewOrder, Outcome, Refusal};
use domain::position::PositionState;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::code::Code;
use crate::commands::{Answer, Ask, Caller, Refused};
use crate::shard::Shard;
use crate::topic::{Key, Message, Topic};

/// The position that a new order of this request makes: a retry names the same one.
pub fn position_id(battle: BattleId, player: UserId, request: RequestId) -> PositionId {
    let named = [battle.uuid(), player.uuid(), request.uuid()];
    PositionId::new(derived(
        &named.each_ref().map(|id| id.as_bytes().as_slice()),
    ))
}

/// What was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// The position that it creates or speaks of.
    pub position: PositionId,
    /// The position's row, where the commit that is told of was the first to write one: whoever
    /// asked need not read it.
    pub first: Option<Box<FirstRow>>,
}

/// A position as it was written for the first time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirstRow {
    /// The position.
    pub state: PositionState,
    /// When it was written, in milliseconds since 1970 on the database's clock.
    pub at_ms: i64,
}

/// Something that is asked of a battle.
pub trait PositionRequest: Ask<Value = Taken> {
    /// The battle.
    fn battle(&self) -> BattleId;

    /// What is asked, as the engine takes it.
    fn body(&self) -> CommandBody;

    /// The command that the engine decides. `stored_at_ns` is when POSITIONS stored the message,
    /// on the server's clock, in nanoseconds since 1970.
    fn command(&self, stored_at_ns: i64) -> Command {
        let (battle, body) = (self.battle(), self.body());
        let Caller { user, request } = self.caller();
        let body_hash = hash(battle, &body);
        Command {
            battle,
            player: user,
            request,
            body_hash,
            stored_at_ns,
            body,
        }
    }
}

/// The answer that an outcome is worth, with the row that came of it.
pub fn answer(outcome: Outcome, first: Option<Box<FirstRow>>) -> Answer<Taken> {
    match outcome {
        Outcome::Accepted { position } => Answer::Done {
            value: Taken { position, first },
        },
        Outcome::Refused(refusal) => Answer::Refused {
            refusal: Refused::new(refusal.into()),
        },
    }
}

fn hash(battle: BattleId, body: &CommandBody) -> BodyHash {
    let mut digest = Sha256::new();
    digest.update(battle.uuid().as_bytes());
    // A body is plain data: its serialisation cannot fail.
    digest.update(serde_json::to_vec(body).unwrap_or_default());
    BodyHash(digest.finalize().into())
}

macro_rules! requests {
    ($($(#[$doc:meta])* $name:ident($topic:ident) { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* } => $body:expr;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
            pub struct $name {
                /// Who asks.
                pub caller: Caller,
                /// The battle.
                pub battle: BattleId,
                $($(#[$field_doc])* pub $field: $type,)*
            }

            impl Message for $name {
                const TOPIC: Topic = Topic::$topic;

                fn key(&self) -> Key {
                    Shard::of(self.battle).into()
                }
            }

            impl Ask for $name {
                type Value = Taken;

                fn caller(&self) -> Caller {
                    self.caller
                }

                fn body_hash(&self) -> String {
                    hex::encode(hash(self.battle, &self.body()).0)
                }
            }

            impl PositionRequest for $name {
                fn battle(&self) -> BattleId {
                    self.battle
                }

                fn body(&self) -> CommandBody {
                    let body: fn(&Self) -> CommandBody = $body;
                    body(self)
                }
            }
        )*
    };
}

requests! {
    /// Opens a position.
    NewPosition(PositionNew) {
        /// The order, as the client entered it.
        order: NewOrder,
    } => |it| CommandBody::New(it.order.clone());

    /// Closes an open position at the next tick that counts.
    ClosePosition(PositionClose) {
        /// Which.
        position: PositionId,
    } => |it| CommandBody::Close { position: it.position };

    /// Takes a pending limit order back.
    CancelPosition(PositionCancel) {
        /// Which.
        position: PositionId,
    } => |it| CommandBody::Cancel { position: it.position };

    /// Changes the levels of a position.
    AmendPosition(PositionAmend) {
        /// Which.
        position: PositionId,
        /// What becomes of its stop loss.
        stop_loss: LevelChange,
        /// What becomes of its take profit.
        take_profit: LevelChange,
    } => |it| CommandBody::Amend {
        position: it.position,
        stop_loss: it.stop_loss,
        take_profit: it.take_profit,
    };
}

impl From<Refusal> for Code {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::MatchNotFound => Self::MatchNotFound,
            Refusal::NotAParticipant => Self::NotAParticipant,
            Refusal::IdempotencyConflict => Self::IdempotencyConflict,
            Refusal::MatchNotOpen => Self::MatchNotOpen,
            Refusal::RateLimited => Self::RateLimited,
            Refusal::AssetNotFound => Self::AssetNotFound,
            Refusal::FeedStale => Self::FeedStale,
            Refusal::LeverageNotAllowed => Self::LeverageNotAllowed,
            Refusal::LeverageItemRequired => Self::LeverageItemRequired,
            Refusal::InvalidMargin => Self::InvalidMargin,
            Refusal::InvalidLimitPrice => Self::InvalidLimitPrice,
            Refusal::InvalidStopLoss => Self::InvalidStopLoss,
            Refusal::InvalidTakeProfit => Self::InvalidTakeProfit,
            Refusal::MaxPositions => Self::MaxPositions,
            Refusal::InsufficientVBalance => Self::InsufficientVBalance,
            Refusal::PositionNotFound => Self::PositionNotFound,
            Refusal::PositionNotPending => Self::PositionNotPending,
            Refusal::PositionNotOpen => Self::PositionNotOpen,
            Refusal::PositionClosed => Self::PositionClosed,
            Refusal::AlreadyClosing => Self::AlreadyClosing,
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::id::Id;
    use uuid::Uuid;

    use super::*;

    fn id<T>(n: u128) -> Id<T> {
        Uuid::from_u128(n).into()
    }

    fn close(battle: u128, position: u128) -> ClosePosition {
        let caller = Caller {
            user: id(1),
            request: id(2),
        };
        ClosePosition {
            caller,
            battle: id(battle),
            position: id(position),
        }
    }

    #[test]
    fn a_retry_names_the_same_position_and_another_request_another() {
        let position = position_id(id(5), id(1), id(2));
        assert_eq!(position, position_id(id(5), id(1), id(2)));
        assert_ne!(position, position_id(id(5), id(1), id(3)));
        assert_ne!(position, position_id(id(5), id(2), id(1)));
    }

    #[test]
    fn another_body_or_battle_under_one_request_has_another_hash() {
        assert_eq!(close(5, 9).body_hash(), close(5, 9).body_hash());
        assert_ne!(close(5, 9).body_hash(), close(5, 8).body_hash());
        assert_ne!(close(5, 9).body_hash(), close(6, 9).body_hash());
        let cancel = CancelPosition {
            caller: close(5, 9).caller,
            battle: id(5),
            position: id(9),
        };
        assert_ne!(close(5, 9).body_hash(), cancel.body_hash());
    }

    #[test]
    fn a_refusal_and_its_code_are_one_text() {
        for refusal in [
            Refusal::MatchNotFound,
            Refusal::InsufficientVBalance,
            Refusal::FeedStale,
        ] {
            assert_eq!(Code::from(refusal).text(), refusal.code());
        }
    }
}
