//! Who came where, and what each place is paid.

use serde::{Deserialize, Serialize};

use crate::chips::Chips;
use crate::id::{BattleId, UserId};
use crate::money::Currency;

/// The result of a battle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BattleResult {
    /// The battle.
    pub battle: BattleId,
    /// The player who alone holds rank 1 and had at least one fill.
    pub winner: Option<UserId>,
    /// What the prizes are counted in.
    pub currency: Currency,
    /// What the house keeps of the entry fees, in the currency's minor unit; negative where it
    /// adds to them.
    pub house_minor: i64,
    /// How each player did, by number.
    pub standings: Vec<Standing>,
}

/// How a player did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Standing {
    /// The player.
    pub player: UserId,
    /// The player's number in the battle.
    pub number: u32,
    /// Final equity.
    pub equity: Chips,
    /// Place, from 1; equals share it.
    pub rank: u32,
    /// Orders that were filled.
    pub fills: u32,
    /// Leverage card uses that come back.
    pub cards_left: u32,
    /// The prize, in the currency's minor unit.
    pub prize_minor: i64,
}
