//! Wallet movements, as they are told to others.

use domain::id::{TransferId, UserId};
use domain::money::Money;
use serde::{Deserialize, Serialize};

use crate::topic::{Key, Message, Topic};

/// Treasury moved money into or out of a user's wallet, or freed what was held in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posted {
    /// The ledger transfer.
    pub transfer: TransferId,
    /// Whose wallet.
    pub user: UserId,
    /// How much came in; negative when it went out, 0 when something was freed.
    pub amount: Money,
    /// The transfer's kind, such as `play_money`.
    pub kind: String,
}

impl Message for Posted {
    const TOPIC: Topic = Topic::TreasuryPosted;

    fn key(&self) -> Key {
        self.user.into()
    }
}
