//! What the gateway asks of an owner, and how owners answer.

use domain::id::{
    AchievementDefinitionId, BattleId, GameId, NotificationId, PartyId, RequestId, TicketId,
    UserId, WithdrawalId,
};
use domain::money::{Currency, Money};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::code::Code;
use crate::topic::{Key, Message, Topic};

/// Who asks, and under which id: the same id is the same operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caller {
    /// The user on whose behalf.
    pub user: UserId,
    /// The operation.
    pub request: RequestId,
}

/// The header that names where the answer is awaited; JetStream owns the reply field.
pub const ANSWER_TO: &str = "Battlesbit-Answer-To";

/// A refusal as a client may see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// The stable code.
    pub code: Code,
    /// Readable by a player.
    pub message: String,
    /// The field that is at fault, outermost first; empty when none is.
    #[serde(default)]
    pub path: Vec<String>,
}

impl Refused {
    /// A refusal with the code's own meaning as its message.
    pub fn new(code: Code) -> Self {
        Self {
            code,
            message: code.meaning().to_owned(),
            path: Vec::new(),
        }
    }

    /// A refusal of one field.
    pub fn of_field(code: Code, field: &str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            path: vec![field.to_owned()],
        }
    }
}

/// What an owner answers once its transaction has committed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer<T> {
    /// It was done, now or the first time that it was asked.
    Done {
        /// What came of it.
        value: T,
    },
    /// It was not done, and nothing changed.
    Refused {
        /// Why.
        refusal: Refused,
    },
}

/// A request to an owner that is answered with an `Answer<Self::Value>`.
pub trait Ask: Message {
    /// What comes of it.
    type Value: Serialize + serde::de::DeserializeOwned + Send;

    /// Who asks.
    fn caller(&self) -> Caller;

    /// The Nats-Msg-Id: the same operation has the same id.
    fn message_id(&self) -> String {
        let caller = self.caller();
        format!(
            "{}/{}/{}/{}",
            caller.user,
            Self::TOPIC.pattern(),
            caller.request,
            self.body_hash()
        )
    }

    /// SHA-256 of the body in hex; another hash under the same request is a conflict.
    fn body_hash(&self) -> String;

    /// After this moment the caller was told that it failed: refuse it. Wall clock, in milliseconds
    /// since 1970; none where it is done however late. It is not part of the body.
    fn expires_at_ms(&self) -> Option<i64> {
        None
    }
}

/// SHA-256 of `body`'s JSON, in hex.
pub fn body_hash<B: Serialize>(body: &B) -> String {
    // A body is plain data: its serialisation cannot fail, and an empty text would only make two
    // broken bodies conflict.
    let json = serde_json::to_vec(body).unwrap_or_default();
    hex::encode(Sha256::digest(json))
}

/// What is decided on a withdrawal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It goes out.
    Approve,
    /// Its money is free again.
    Reject {
        /// Why, as the player is told.
        reason: String,
    },
}

macro_rules! commands {
    ($($(#[$doc:meta])* $name:ident($topic:ident) -> $value:ty { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* } $(+ { $($(#[$beside_doc:meta])* $beside:ident: $beside_type:ty,)* })? $([void after $until:ident])?)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
            pub struct $name {
                /// Who asks.
                pub caller: Caller,
                $($(#[$field_doc])* pub $field: $type,)*
                // What is no part of the body: it may be another in a retry.
                $($($(#[$beside_doc])* pub $beside: $beside_type,)*)?
                $(
                    /// After this moment the caller was told that it failed: refuse it. Wall clock,
                    /// in milliseconds since 1970; a request that does not say is void.
                    #[serde(default)]
                    pub $until: i64,
                )?
            }

            impl Message for $name {
                const TOPIC: Topic = Topic::$topic;

                fn key(&self) -> Key {
                    Key::none()
                }
            }

            impl Ask for $name {
                type Value = $value;

                fn caller(&self) -> Caller {
                    self.caller
                }

                fn body_hash(&self) -> String {
                    body_hash(&($(&self.$field,)*))
                }

                $(
                    fn expires_at_ms(&self) -> Option<i64> {
                        Some(self.$until)
                    }
                )?
            }
        )*
    };
}

commands! {
    /// Creates a game template.
    CreateGame(CreateGame) -> GameId {
        /// The id of the new game.
        game: GameId,
        /// Title, texts, and the rules of its matches.
        template: domain::game::Template,
    }

    /// Makes a new version of a game's template. Tickets pin theirs; matches keep their own copy.
    UpdateGame(UpdateGame) -> GameId {
        /// The game.
        game: GameId,
        /// The whole new version.
        template: domain::game::Template,
    }

    /// Takes a game out of the lists; its matches go on.
    DeleteGame(DeleteGame) -> GameId {
        /// The game.
        game: GameId,
    }

    /// Cancels a match: every fee comes back.
    CancelBattle(CancelBattle) -> BattleId {
        /// The match.
        battle: BattleId,
    }

    /// Makes a player's result of a closed match void; the others' follow.
    VoidPlayer(VoidPlayer) -> BattleId {
        /// The match.
        battle: BattleId,
        /// Whose result.
        player: UserId,
        /// Why, as the player is told.
        reason: String,
    }

    /// Makes a room, with a place in it for a player who makes one.
    CreateRoom(CreateRoom) -> BattleId {
        /// The id of the new match.
        battle: BattleId,
        /// The id of the caller's place.
        ticket: TicketId,
        /// The game.
        game: GameId,
        /// Whether it takes an invite code to come in.
        private: bool,
        /// Whether the operator makes it: it is ranked, and its creator does not play.
        official: bool,
    } [void after expires_at_ms]

    /// Takes a place in a room; the entry fee is held.
    JoinRoom(JoinRoom) -> BattleId {
        /// The match.
        battle: BattleId,
        /// The id of the caller's place.
        ticket: TicketId,
        /// What a private room asks for.
        invite_code: Option<String>,
    } [void after expires_at_ms]

    /// Gives a place in a room up; the entry fee is free. A player who made it ends it.
    LeaveRoom(LeaveRoom) -> BattleId {
        /// The match.
        battle: BattleId,
    }

    /// Sends somebody away from one's own room, for good.
    KickFromRoom(KickFromRoom) -> BattleId {
        /// The match.
        battle: BattleId,
        /// Who is to go.
        player: UserId,
    }

    /// Opens one's own room with whoever is in it.
    StartRoom(StartRoom) -> BattleId {
        /// The match.
        battle: BattleId,
    } [void after expires_at_ms]

    /// Lets a friend come into one's party, which this makes for whoever has none.
    InviteToParty(InviteToParty) -> PartyId {
        /// The id of the party that this makes, unless the caller has one.
        party: PartyId,
        /// Whom.
        player: UserId,
    } + {
        /// What the caller is called, as the friend is told; none where the friend need not be told
        /// again.
        name: Option<String>,
    }

    /// Comes into a party.
    JoinParty(JoinParty) -> PartyId {
        /// The party.
        party: PartyId,
    }

    /// Sends a member away from the party that the caller leads, or takes an invitation back.
    RemoveFromParty(RemoveFromParty) -> PartyId {
        /// Who is to go.
        player: UserId,
    }

    /// Leaves a party, or says no to an invitation.
    LeaveParty(LeaveParty) -> PartyId {
        /// The party.
        party: PartyId,
    }

    /// Agrees to pay the entry fee of a room where the party's leader takes places there, or to pay
    /// none any more.
    AgreeToRoom(AgreeToRoom) -> PartyId {
        /// The match; none takes it back.
        battle: Option<BattleId>,
        /// What a private room asks for.
        invite_code: Option<String>,
    } [void after expires_at_ms]

    /// Takes places in the queue of a free game for the whole party that the caller leads.
    QueueParty(QueueParty) -> GameId {
        /// The id that those of the places follow from.
        ticket: TicketId,
        /// The game.
        game: GameId,
    } [void after expires_at_ms]

    /// Takes places in a room for the whole party that the caller leads; the entry fees are held.
    JoinRoomAsParty(JoinRoomAsParty) -> BattleId {
        /// The id that those of the places follow from.
        ticket: TicketId,
        /// The match.
        battle: BattleId,
        /// What a private room asks for.
        invite_code: Option<String>,
    } [void after expires_at_ms]

    /// Takes a user whose account is closed out of parties, queues and rooms. Matches that have
    /// opened go on.
    ForgetPlayer(ForgetPlayer) -> UserId {
    }

    /// Opens a wallet of a currency.
    CreateWallet(CreateWallet) -> Currency {
        /// The currency.
        currency: Currency,
    }

    /// Takes play money from the house; development mode only.
    ClaimPlayMoney(ClaimPlayMoney) -> Currency {
        /// The currency.
        currency: Currency,
    }

    /// Takes uses of an item from the house; development mode only.
    ClaimItems(ClaimItems) -> u32 {
        /// Which item.
        kind: domain::game::ItemKind,
        /// How many uses.
        uses: u32,
    }

    /// Sends money to a wallet on the chain.
    Withdraw(Withdraw) -> WithdrawalId {
        /// The id of the new withdrawal.
        withdrawal: WithdrawalId,
        /// How much.
        amount: Money,
        /// The wallet's address.
        address: String,
    }

    /// Decides whether a large withdrawal goes out.
    ReviewWithdrawal(ReviewWithdrawal) -> WithdrawalId {
        /// The withdrawal.
        withdrawal: WithdrawalId,
        /// Whether.
        verdict: Verdict,
    }

    /// Creates an achievement definition.
    CreateAchievementDefinition(CreateAchievementDefinition) -> AchievementDefinitionId {
        /// The id of the new definition.
        definition: AchievementDefinitionId,
        /// What it asks for and gives.
        terms: domain::achievement::Terms,
    }

    /// Replaces an achievement definition; what was granted stays.
    UpdateAchievementDefinition(UpdateAchievementDefinition) -> AchievementDefinitionId {
        /// The definition.
        definition: AchievementDefinitionId,
        /// What it asks for and gives from now on.
        terms: domain::achievement::Terms,
    }

    /// Retires an achievement definition; what was granted stays.
    DeleteAchievementDefinition(DeleteAchievementDefinition) -> AchievementDefinitionId {
        /// The definition.
        definition: AchievementDefinitionId,
    }

    /// Marks inbox messages as read; none named means all.
    MarkNotificationsRead(MarkNotificationsRead) -> i64 {
        /// Which.
        notifications: Vec<NotificationId>,
    }

    /// Says which notices are not mailed; all others are.
    MuteMails(MuteMails) -> bool {
        /// Which.
        kinds: Vec<crate::notifications::NoticeKind>,
    }
}

impl Ask for crate::matchmaking::Add {
    type Value = crate::matchmaking::Queued;

    fn caller(&self) -> Caller {
        Caller {
            user: self.player,
            request: self.request,
        }
    }

    fn body_hash(&self) -> String {
        body_hash(&self.game)
    }

    fn expires_at_ms(&self) -> Option<i64> {
        Some(self.expires_at_ms)
    }
}

impl Ask for crate::matchmaking::Leave {
    type Value = GameId;

    fn caller(&self) -> Caller {
        Caller {
            user: self.player,
            request: self.request,
        }
    }

    fn body_hash(&self) -> String {
        body_hash(&self.game)
    }
}
