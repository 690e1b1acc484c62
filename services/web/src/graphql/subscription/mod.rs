//! What can be listened to.

mod assets;
mod clock;
mod inbox;
mod matches;
mod money;
mod tickets;

use async_graphql::MergedSubscription;

/// What can be listened to. What a slow client misses is not repeated: the latest wins.
#[derive(Default, MergedSubscription)]
pub(crate) struct Subscription(
    assets::Assets,
    clock::CurrentTime,
    inbox::NotificationCreated,
    matches::Matches,
    money::WalletUpdated,
    tickets::QueueTicketUpdated,
);
