//! What can be listened to.

mod assets;
mod candles;
mod clock;
mod event;
mod feeds;
mod inbox;
mod matches;
mod money;
mod parties;
mod positions;
mod rows;
mod tickets;

use async_graphql::MergedSubscription;
use contracts::Code;
use futures::{Stream, StreamExt};

use self::event::until_error;
use crate::error::{ApiError, ApiResult};
use crate::hub::Missed;

/// What can be listened to. Of prices and standings the latest wins. What is called an event is kept:
/// whoever missed some goes on from a cursor. Whoever misses one of another subscription is told that it
/// lagged, and that ends it.
#[derive(Default, MergedSubscription)]
pub(crate) struct Subscription(
    assets::Assets,
    candles::CandleUpdated,
    clock::CurrentTime,
    feeds::FeedHealthUpdated,
    inbox::InboxEvents,
    matches::Matches,
    money::WalletEvents,
    parties::PartyUpdated,
    positions::PositionEvents,
    tickets::TicketEvents,
);

/// The updates up to the first that were missed, which is told as `LAGGED`.
fn unbroken<M>(updates: impl Stream<Item = Result<M, Missed>>) -> impl Stream<Item = ApiResult<M>> {
    let lagged = |_: Missed| ApiError::of(Code::Lagged);
    until_error(updates.map(move |update| update.map_err(lagged)))
}
