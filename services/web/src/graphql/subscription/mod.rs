//! What can be listened to.

mod assets;
mod clock;
mod inbox;
mod matches;
mod money;
mod tickets;

use std::future::ready;

use async_graphql::MergedSubscription;
use contracts::Code;
use futures::{Stream, StreamExt};

use crate::error::{ApiError, ApiResult};
use crate::hub::Lagged;

/// What can be listened to. Of prices and standings the latest wins; whoever misses an event is
/// told that it lagged, and that ends the subscription.
#[derive(Default, MergedSubscription)]
pub(crate) struct Subscription(
    assets::Assets,
    clock::CurrentTime,
    inbox::NotificationCreated,
    matches::Matches,
    money::WalletUpdated,
    tickets::QueueTicketUpdated,
);

/// The events up to the first that were missed, which is told as `LAGGED`.
fn unbroken<M>(events: impl Stream<Item = Result<M, Lagged>>) -> impl Stream<Item = ApiResult<M>> {
    events.scan(false, |is_broken, event| {
        let told = (!*is_broken).then_some(event);
        *is_broken |= matches!(told, Some(Err(_)));
        ready(told.map(|event| event.map_err(|_missed: Lagged| ApiError::of(Code::Lagged))))
    })
}
