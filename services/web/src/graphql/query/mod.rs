//! What can be asked.

mod achievements;
pub(super) mod assets;
mod candles;
mod friends;
mod games;
mod inbox;
mod leaderboard;
mod matches;
mod money;
pub(super) mod node;
mod parties;
mod people;
pub(super) mod positions;
mod sessions;
mod tickets;

use async_graphql::{ID, MergedObject};
use domain::id::Id;

use crate::error::{ApiError, ApiResult};

/// What can be asked. In groups, for the compiler follows a chain of objects only so far.
#[derive(Default, MergedObject)]
pub(crate) struct Query(node::NodeQuery, People, Play, Money, Earned);

#[derive(Default, MergedObject)]
pub(crate) struct People(
    people::PeopleQuery,
    people::UsersQuery,
    friends::FriendshipsQuery,
    parties::PartiesQuery,
    sessions::SessionsQuery,
    inbox::InboxQuery,
    inbox::NotificationsQuery,
);

#[derive(Default, MergedObject)]
pub(crate) struct Play(
    games::GameQuery,
    games::GamesQuery,
    assets::AssetQuery,
    matches::GameMatchQuery,
    matches::GameMatchesQuery,
    positions::GameMatchPositionQuery,
    positions::GameMatchPositionsQuery,
    tickets::QueueTicketsQuery,
);

#[derive(Default, MergedObject)]
pub(crate) struct Money(
    money::MoneyQuery,
    money::WalletsQuery,
    money::TransactionsQuery,
    money::DepositsQuery,
    money::WithdrawalsQuery,
);

#[derive(Default, MergedObject)]
pub(crate) struct Earned(
    achievements::AchievementDefinitionQuery,
    achievements::AchievementDefinitionsQuery,
    achievements::AchievementsQuery,
    leaderboard::LeaderboardQuery,
    leaderboard::SeasonsQuery,
);

/// The id that a client means; one that cannot be ours names nothing.
pub(crate) fn parse_id<T>(id: &ID) -> Option<Id<T>> {
    id.parse().ok()
}

/// The id that a filter means; `BAD_USER_INPUT` if it cannot be one.
pub(crate) fn filter_id<T>(field: &str, id: Option<&ID>) -> ApiResult<Option<Id<T>>> {
    id.map(|id| {
        id.parse()
            .map_err(|_not_an_id| ApiError::bad_input(field, "an id"))
    })
    .transpose()
}
