//! The whole nervous system on one screen.

use std::fmt;
use std::str::FromStr;

use domain::id::Id;
use domain::symbol::Symbol;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::shard::Shard;
use crate::{Service, Stream};

/// A kind of message: where it travels and who may publish it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// One exchange trade that counts.
    Tick,
    /// No earlier tick follows.
    Watermark,
    /// Trades that could not be had.
    Gap,
    /// A trade that does not count.
    Note,
    /// The exchange's clock against ours.
    Offset,
    /// An order.
    PositionNew,
    /// A manual close.
    PositionClose,
    /// A cancel of a pending order.
    PositionCancel,
    /// New levels for a position.
    PositionAmend,
    /// What became of an order or a position.
    ArenaPosition,
    /// What became of the trading of a battle.
    ArenaBattle,
    /// Into a queue.
    MatchmakingAdd,
    /// Out of a queue.
    MatchmakingLeave,
    /// What became of a place.
    PlaceChanged,
    /// A party has changed.
    PartyChanged,
    /// Seats final, fees captured.
    BattleOpened,
    /// Ranked and paid.
    BattleSettled,
    /// Everything back.
    BattleCanceled,
    /// Who is in a room.
    RoomChanged,
    /// A new game.
    CreateGame,
    /// A new version of a game.
    UpdateGame,
    /// A game out of the lists.
    DeleteGame,
    /// A match canceled by staff.
    CancelBattle,
    /// A player's result made void by staff.
    VoidPlayer,
    /// A room made.
    CreateRoom,
    /// A place in a room.
    JoinRoom,
    /// A place in a room given up.
    LeaveRoom,
    /// A player sent away from a room.
    KickFromRoom,
    /// A room opened by its creator.
    StartRoom,
    /// A friend asked into a party.
    InviteToParty,
    /// A place in a party.
    JoinParty,
    /// A member of a party sent away.
    RemoveFromParty,
    /// A place in a party given up.
    LeaveParty,
    /// A member of a party who pays for a room.
    AgreeToRoom,
    /// A party into a queue.
    QueueParty,
    /// A party into a room.
    JoinRoomAsParty,
    /// A player whose account is closed.
    ForgetPlayer,
    /// A new wallet.
    CreateWallet,
    /// Play money from the house.
    ClaimPlayMoney,
    /// Items from the house.
    ClaimItems,
    /// Money to the chain.
    Withdraw,
    /// A withdrawal decided by staff.
    ReviewWithdrawal,
    /// A new achievement.
    CreateAchievementDefinition,
    /// New terms of an achievement.
    UpdateAchievementDefinition,
    /// An achievement retired.
    DeleteAchievementDefinition,
    /// Inbox messages read.
    MarkNotificationsRead,
    /// Mails that are not wanted.
    MuteMails,
    /// A wallet moved.
    TreasuryPosted,
    /// A metric of a player moved.
    PlayerEvent,
    /// An achievement earned.
    AchievementGranted,
    /// A one-time code to mail.
    OtpEmail,
    /// A notice to mail.
    Email,
    /// A notice for the app's inbox.
    InApp,
}

impl Topic {
    /// Every topic.
    pub const ALL: &[Self] = &[
        Self::Tick,
        Self::Watermark,
        Self::Gap,
        Self::Note,
        Self::Offset,
        Self::PositionNew,
        Self::PositionClose,
        Self::PositionCancel,
        Self::PositionAmend,
        Self::ArenaPosition,
        Self::ArenaBattle,
        Self::MatchmakingAdd,
        Self::MatchmakingLeave,
        Self::PlaceChanged,
        Self::PartyChanged,
        Self::BattleOpened,
        Self::BattleSettled,
        Self::BattleCanceled,
        Self::RoomChanged,
        Self::CreateGame,
        Self::UpdateGame,
        Self::DeleteGame,
        Self::CancelBattle,
        Self::VoidPlayer,
        Self::CreateRoom,
        Self::JoinRoom,
        Self::LeaveRoom,
        Self::KickFromRoom,
        Self::StartRoom,
        Self::InviteToParty,
        Self::JoinParty,
        Self::RemoveFromParty,
        Self::LeaveParty,
        Self::AgreeToRoom,
        Self::QueueParty,
        Self::JoinRoomAsParty,
        Self::ForgetPlayer,
        Self::CreateWallet,
        Self::ClaimPlayMoney,
        Self::ClaimItems,
        Self::Withdraw,
        Self::ReviewWithdrawal,
        Self::CreateAchievementDefinition,
        Self::UpdateAchievementDefinition,
        Self::DeleteAchievementDefinition,
        Self::MarkNotificationsRead,
        Self::MuteMails,
        Self::TreasuryPosted,
        Self::PlayerEvent,
        Self::AchievementGranted,
        Self::OtpEmail,
        Self::Email,
        Self::InApp,
    ];

    /// The subject, with `*` standing for the key.
    pub const fn pattern(self) -> &'static str {
        match self {
            Self::Tick => "market.ticks.*",
            Self::Watermark => "market.watermarks.*",
            Self::Gap => "market.gaps.*",
            Self::Note => "market.notes.*",
            Self::Offset => "market.offset",
            Self::PositionNew => "positions.new.*",
            Self::PositionClose => "positions.close.*",
            Self::PositionCancel => "positions.cancel.*",
            Self::PositionAmend => "positions.amend.*",
            Self::ArenaPosition => "arena.positions.*",
            Self::ArenaBattle => "arena.battles.*",
            Self::MatchmakingAdd => "matchmaking.add",
            Self::MatchmakingLeave => "matchmaking.leave",
            Self::PlaceChanged => "matchmaking.changed.*",
            Self::PartyChanged => "matchmaking.party.*",
            Self::BattleOpened => "battles.opened.*",
            Self::BattleSettled => "battles.settled.*",
            Self::BattleCanceled => "battles.canceled.*",
            Self::RoomChanged => "battles.room.*",
            Self::CreateGame => "commands.matcher.create_game",
            Self::UpdateGame => "commands.matcher.update_game",
            Self::DeleteGame => "commands.matcher.delete_game",
            Self::CancelBattle => "commands.matcher.cancel_battle",
            Self::VoidPlayer => "commands.matcher.void_player",
            Self::CreateRoom => "commands.matcher.create_room",
            Self::JoinRoom => "commands.matcher.join_room",
            Self::LeaveRoom => "commands.matcher.leave_room",
            Self::KickFromRoom => "commands.matcher.kick_from_room",
            Self::StartRoom => "commands.matcher.start_room",
            Self::InviteToParty => "commands.matcher.invite_to_party",
            Self::JoinParty => "commands.matcher.join_party",
            Self::RemoveFromParty => "commands.matcher.remove_from_party",
            Self::LeaveParty => "commands.matcher.leave_party",
            Self::AgreeToRoom => "commands.matcher.agree_to_room",
            Self::QueueParty => "commands.matcher.queue_party",
            Self::JoinRoomAsParty => "commands.matcher.join_room_as_party",
            Self::ForgetPlayer => "commands.matcher.forget_player",
            Self::CreateWallet => "commands.treasury.create_wallet",
            Self::ClaimPlayMoney => "commands.treasury.claim_play_money",
            Self::ClaimItems => "commands.treasury.claim_items",
            Self::Withdraw => "commands.treasury.withdraw",
            Self::ReviewWithdrawal => "commands.treasury.review_withdrawal",
            Self::CreateAchievementDefinition => "commands.achievement.create_definition",
            Self::UpdateAchievementDefinition => "commands.achievement.update_definition",
            Self::DeleteAchievementDefinition => "commands.achievement.delete_definition",
            Self::MarkNotificationsRead => "commands.notifications.mark_read",
            Self::MuteMails => "commands.notifications.mute_mails",
            Self::TreasuryPosted => "treasury.posted.*",
            Self::PlayerEvent => "achievements.events.*",
            Self::AchievementGranted => "achievements.granted.*",
            Self::OtpEmail => "notifications.otp_email",
            Self::Email => "notifications.email",
            Self::InApp => "notifications.in_app",
        }
    }

    /// The stream that stores it.
    pub const fn stream(self) -> Stream {
        match self {
            Self::Tick | Self::Watermark | Self::Gap | Self::Note | Self::Offset => Stream::Market,
            Self::PositionNew
            | Self::PositionClose
            | Self::PositionCancel
            | Self::PositionAmend => Stream::Positions,
            Self::ArenaPosition | Self::ArenaBattle => Stream::Arena,
            Self::MatchmakingAdd
            | Self::MatchmakingLeave
            | Self::PlaceChanged
            | Self::PartyChanged => Stream::Matchmaking,
            Self::BattleOpened | Self::BattleSettled | Self::BattleCanceled | Self::RoomChanged => {
                Stream::Battles
            }
            Self::CreateGame
            | Self::UpdateGame
            | Self::DeleteGame
            | Self::CancelBattle
            | Self::VoidPlayer
            | Self::CreateRoom
            | Self::JoinRoom
            | Self::LeaveRoom
            | Self::KickFromRoom
            | Self::StartRoom
            | Self::InviteToParty
            | Self::JoinParty
            | Self::RemoveFromParty
            | Self::LeaveParty
            | Self::AgreeToRoom
            | Self::QueueParty
            | Self::JoinRoomAsParty
            | Self::ForgetPlayer
            | Self::CreateWallet
            | Self::ClaimPlayMoney
            | Self::ClaimItems
            | Self::Withdraw
            | Self::ReviewWithdrawal
            | Self::CreateAchievementDefinition
            | Self::UpdateAchievementDefinition
            | Self::DeleteAchievementDefinition
            | Self::MarkNotificationsRead
            | Self::MuteMails => Stream::Commands,
            Self::TreasuryPosted => Stream::Treasury,
            Self::PlayerEvent | Self::AchievementGranted => Stream::Achievements,
            Self::OtpEmail | Self::Email | Self::InApp => Stream::Notifications,
        }
    }

    /// Who publishes it. Mail and in-app messages have several publishers, for they are requests
    /// to a deliverer and not facts; `None` stands for them.
    pub const fn publisher(self) -> Option<Service> {
        match self {
            Self::Tick | Self::Watermark | Self::Gap | Self::Note | Self::Offset => {
                Some(Service::Market)
            }
            Self::ArenaPosition | Self::ArenaBattle => Some(Service::Arena),
            Self::BattleOpened
            | Self::BattleSettled
            | Self::BattleCanceled
            | Self::RoomChanged
            | Self::PlaceChanged
            | Self::PartyChanged => Some(Service::Matcher),
            Self::TreasuryPosted => Some(Service::Treasury),
            Self::PlayerEvent | Self::AchievementGranted => Some(Service::Achievement),
            Self::PositionNew
            | Self::PositionClose
            | Self::PositionCancel
            | Self::PositionAmend
            | Self::MatchmakingAdd
            | Self::MatchmakingLeave
            | Self::CreateGame
            | Self::UpdateGame
            | Self::DeleteGame
            | Self::CancelBattle
            | Self::VoidPlayer
            | Self::CreateRoom
            | Self::JoinRoom
            | Self::LeaveRoom
            | Self::KickFromRoom
            | Self::StartRoom
            | Self::InviteToParty
            | Self::JoinParty
            | Self::RemoveFromParty
            | Self::LeaveParty
            | Self::AgreeToRoom
            | Self::QueueParty
            | Self::JoinRoomAsParty
            | Self::ForgetPlayer
            | Self::CreateWallet
            | Self::ClaimPlayMoney
            | Self::ClaimItems
            | Self::Withdraw
            | Self::ReviewWithdrawal
            | Self::CreateAchievementDefinition
            | Self::UpdateAchievementDefinition
            | Self::DeleteAchievementDefinition
            | Self::MarkNotificationsRead
            | Self::MuteMails
            | Self::OtpEmail => Some(Service::Web),
            Self::Email | Self::InApp => None,
        }
    }

    /// Whether a message on `subject`, without any prefix, is of this kind.
    pub fn matches(self, subject: &str) -> bool {
        match self.pattern().strip_suffix('*') {
            Some(stem) => subject
                .strip_prefix(stem)
                .is_some_and(|key| !key.contains('.')),
            None => subject == self.pattern(),
        }
    }

    /// The subject of a message with this key; the key is left out where the pattern has none.
    pub fn subject(self, key: &Key) -> String {
        match self.pattern().strip_suffix('*') {
            Some(stem) => format!("{stem}{key}"),
            None => self.pattern().to_owned(),
        }
    }
}

/// The last token of a subject. A parsed type: it cannot contain `.`, `*`, `>` or a space.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key(Box<str>);

/// Not a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected 1 to {} letters, digits, dashes and underscores",
    Key::MAX_LEN
)]
pub struct NotAKey;

impl Key {
    /// The longest key, in bytes.
    pub const MAX_LEN: usize = 64;

    /// The key of a topic whose pattern has none.
    pub fn none() -> Self {
        Self("".into())
    }
}

impl FromStr for Key {
    type Err = NotAKey;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = (1..=Self::MAX_LEN).contains(&text.len());
        let clean = text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        if fits && clean {
            Ok(Self(text.into()))
        } else {
            Err(NotAKey)
        }
    }
}

impl<T> From<Id<T>> for Key {
    fn from(id: Id<T>) -> Self {
        Self(id.to_string().into())
    }
}

impl From<&Symbol> for Key {
    fn from(symbol: &Symbol) -> Self {
        Self(symbol.as_str().into())
    }
}

impl From<Shard> for Key {
    fn from(shard: Shard) -> Self {
        Self(shard.to_string().into())
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A message and the one place where it travels.
pub trait Message: Serialize + DeserializeOwned + Send + Sync {
    /// The kind of message.
    const TOPIC: Topic;

    /// What stands for the `*` of the topic's pattern.
    fn key(&self) -> Key;

    /// The subject of this very message, without any prefix.
    fn subject(&self) -> String {
        Self::TOPIC.subject(&self.key())
    }
}
