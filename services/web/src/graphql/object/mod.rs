//! What the API shows.

mod achievement;
mod asset;
mod candle;
mod feed;
mod friendship;
mod game;
mod game_match;
mod notification;
mod participant;
mod party;
mod position;
mod season;
mod session;
mod ticket;
mod user;
mod wallet;
mod withdrawal;

use async_graphql::{ID, Interface};
use uuid::Uuid;

pub(crate) use achievement::{Achievement, AchievementDefinition};
pub(crate) use asset::{Asset, AssetUpdate};
pub(crate) use candle::{Candle, CandleInterval};
pub(crate) use feed::{AssetFeed, Watermarks, differ};
pub(crate) use friendship::{Friendship, FriendshipStatus};
pub(crate) use game::Game;
pub(crate) use game_match::{GameMatch, GameMatchStatus};
pub(crate) use notification::{Notification, NotificationKind};
pub(crate) use participant::GameMatchParticipant;
pub(crate) use party::Party;
pub(crate) use position::{
    GameMatchPosition, GameMatchPositionSide, GameMatchPositionStatus, GameMatchPositionType,
    PendingOrder,
};
pub(crate) use season::{LeaderboardEdge, LeaderboardScope, Season};
pub(crate) use session::Session;
pub(crate) use ticket::QueueTicket;
pub(crate) use user::{Player, PublicUser, User, named};
pub(crate) use wallet::{Currency, Item, ItemKind, Transaction, Wallet};
pub(crate) use withdrawal::{Withdrawal, WithdrawalStatus};

/// Anything with an id of its own.
#[derive(Clone, Debug, Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "The id, unique over all types."))]
pub(crate) enum Node {
    User(User),
    PublicUser(PublicUser),
    Wallet(Wallet),
    Transaction(Transaction),
    Game(Game),
    GameMatch(GameMatch),
    GameMatchParticipant(GameMatchParticipant),
    GameMatchPosition(GameMatchPosition),
    Asset(Asset),
    AchievementDefinition(AchievementDefinition),
    Achievement(Achievement),
    Notification(Notification),
    Session(Session),
    QueueTicket(QueueTicket),
    Friendship(Friendship),
    Party(Party),
    Withdrawal(Withdrawal),
    Season(Season),
}

/// An id as clients see it.
fn id(uuid: Uuid) -> ID {
    ID(uuid.to_string())
}
