//! Everything that players ask for.

use contracts::commands::Ask;
use contracts::positions::{AmendPosition, CancelPosition, ClosePosition, NewPosition};
use contracts::{Message, Topic};
use domain::id::RequestId;
use domain::order::LevelChange;

use crate::floor::{Floor, caller};

/// A request.
#[derive(Clone, Debug)]
pub(crate) enum Sent {
    New(NewPosition),
    Close(ClosePosition),
    Cancel(CancelPosition),
    Amend(AmendPosition),
}

impl Sent {
    /// Closes what this order opened.
    pub(crate) fn close(order: &NewPosition) -> Self {
        Self::Close(ClosePosition {
            caller: caller(order.caller.user),
            battle: order.battle,
            position: order.order.position,
        })
    }

    /// Takes this order back.
    pub(crate) fn cancel(order: &NewPosition) -> Self {
        Self::Cancel(CancelPosition {
            caller: caller(order.caller.user),
            battle: order.battle,
            position: order.order.position,
        })
    }

    /// Changes the levels of this order, or of what it opened.
    pub(crate) fn amend(
        order: &NewPosition,
        stop_loss: LevelChange,
        take_profit: LevelChange,
    ) -> Self {
        Self::Amend(AmendPosition {
            caller: caller(order.caller.user),
            battle: order.battle,
            position: order.order.position,
            stop_loss,
            take_profit,
        })
    }

    /// Its id.
    pub(crate) const fn request(&self) -> RequestId {
        match self {
            Self::New(new) => new.caller.request,
            Self::Close(close) => close.caller.request,
            Self::Cancel(cancel) => cancel.caller.request,
            Self::Amend(amend) => amend.caller.request,
        }
    }

    /// What kind of message it is.
    pub(crate) const fn topic(&self) -> Topic {
        match self {
            Self::New(_) => NewPosition::TOPIC,
            Self::Close(_) => ClosePosition::TOPIC,
            Self::Cancel(_) => CancelPosition::TOPIC,
            Self::Amend(_) => AmendPosition::TOPIC,
        }
    }

    /// Publishes it as the gateway does.
    pub(crate) async fn publish(&self, floor: &Floor) {
        match self {
            Self::New(new) => publish(floor, new, &new.message_id()).await,
            Self::Close(close) => publish(floor, close, &close.message_id()).await,
            Self::Cancel(cancel) => publish(floor, cancel, &cancel.message_id()).await,
            Self::Amend(amend) => publish(floor, amend, &amend.message_id()).await,
        }
    }

    /// Publishes it twice, past the dedupe.
    pub(crate) async fn publish_twice(&self, floor: &Floor) {
        for _ in 0..2 {
            let id = runtime::ids::mint::<uuid::Uuid>().to_string();
            match self {
                Self::New(new) => publish(floor, new, &id).await,
                Self::Close(close) => publish(floor, close, &id).await,
                Self::Cancel(cancel) => publish(floor, cancel, &id).await,
                Self::Amend(amend) => publish(floor, amend, &id).await,
            }
        }
    }
}

async fn publish<M: Message>(floor: &Floor, message: &M, id: &str) {
    floor.bus.publish(message, id).await.unwrap();
}
