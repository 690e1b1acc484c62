//! Accounts and the movements between them: money, items, experience and cups alike.
//!
//! Everything that moves leaves one account and enters another of the same unit, so that all
//! accounts of a unit sum to zero, [`AccountKind::Outside`] included. What a user holds is never
//! negative; what is held back for something is never more than what there is.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::game::ItemKind;
use crate::id::{AccountId, TransferId, UserId, derived};
use crate::money::{Currency, Money};
use crate::timestamp::Timestamp;

/// What an account counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Unit {
    /// Tether, in millionths.
    Usdt,
    /// Solana's coin, in billionths.
    Sol,
    /// The in-app token.
    Bt,
    /// Experience.
    Xp,
    /// Cups.
    Cups,
    /// Uses of a leverage card. Lots that expire at different moments are different accounts.
    LeverageCard,
}

impl Unit {
    /// Every unit.
    pub const ALL: [Self; 6] = [
        Self::Usdt,
        Self::Sol,
        Self::Bt,
        Self::Xp,
        Self::Cups,
        Self::LeverageCard,
    ];

    /// The code that the ledger and the wire use.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Usdt => Currency::Usdt.code(),
            Self::Sol => Currency::Sol.code(),
            Self::Bt => Currency::Bt.code(),
            Self::Xp => "XP",
            Self::Cups => "CUPS",
            Self::LeverageCard => "LEVERAGE_CARD",
        }
    }

    /// The currency, if the unit is one.
    pub const fn currency(self) -> Option<Currency> {
        match self {
            Self::Usdt => Some(Currency::Usdt),
            Self::Sol => Some(Currency::Sol),
            Self::Bt => Some(Currency::Bt),
            Self::Xp | Self::Cups | Self::LeverageCard => None,
        }
    }
}

impl From<Currency> for Unit {
    fn from(currency: Currency) -> Self {
        match currency {
            Currency::Usdt => Self::Usdt,
            Currency::Sol => Self::Sol,
            Currency::Bt => Self::Bt,
        }
    }
}

impl From<ItemKind> for Unit {
    fn from(kind: ItemKind) -> Self {
        match kind {
            ItemKind::LeverageCard => Self::LeverageCard,
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// Not the code of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected USDT, SOL, BT, XP, CUPS or LEVERAGE_CARD")]
pub struct UnknownUnit;

impl FromStr for Unit {
    type Err = UnknownUnit;

    fn from_str(code: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|unit| unit.code() == code)
            .ok_or(UnknownUnit)
    }
}

/// Whose an account is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AccountKind {
    /// A user's: never negative.
    User,
    /// The operator's: what it earned, and what it gives away.
    House,
    /// Nobody's yet, kept for something such as a battle: never negative.
    Escrow,
    /// The rest of the world: what came from there makes it negative.
    Outside,
    /// What a user owes, who had been paid what was not his and holds too little of it: negative by
    /// as much.
    Receivable,
}

impl AccountKind {
    /// The code that the ledger uses.
    pub const fn code(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::House => "house",
            Self::Escrow => "escrow",
            Self::Outside => "outside",
            Self::Receivable => "receivable",
        }
    }
}

/// An account, by what makes it that account. It exists from its first movement on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Account {
    /// Whose it is; nil for the house and the world outside.
    pub owner: Uuid,
    /// In what sense.
    pub kind: AccountKind,
    /// What it counts.
    pub unit: Unit,
    /// When what lies in it lapses; none means never.
    pub expires_at: Option<Timestamp>,
}

impl Account {
    /// A user's account.
    pub const fn user(user: UserId, unit: Unit) -> Self {
        Self {
            owner: user.uuid(),
            kind: AccountKind::User,
            unit,
            expires_at: None,
        }
    }

    /// A user's lot of an item whose uses lapse at one moment.
    pub const fn lot(user: UserId, unit: Unit, expires_at: Option<Timestamp>) -> Self {
        Self {
            owner: user.uuid(),
            kind: AccountKind::User,
            unit,
            expires_at,
        }
    }

    /// What is kept for `owner`, such as a battle.
    pub const fn escrow(owner: Uuid, unit: Unit) -> Self {
        Self {
            owner,
            kind: AccountKind::Escrow,
            unit,
            expires_at: None,
        }
    }

    /// The operator's account.
    pub const fn house(unit: Unit) -> Self {
        Self {
            owner: Uuid::nil(),
            kind: AccountKind::House,
            unit,
            expires_at: None,
        }
    }

    /// What a user owes.
    pub const fn receivable(user: UserId, unit: Unit) -> Self {
        Self {
            owner: user.uuid(),
            kind: AccountKind::Receivable,
            unit,
            expires_at: None,
        }
    }

    /// The rest of the world.
    pub const fn outside(unit: Unit) -> Self {
        Self {
            owner: Uuid::nil(),
            kind: AccountKind::Outside,
            unit,
            expires_at: None,
        }
    }

    /// The id that follows from all of it.
    pub fn id(&self) -> AccountId {
        let expires_at = self
            .expires_at
            .map_or_else(String::new, |at| at.ms().to_string());
        let name = format!(
            "{}/{}/{}/{expires_at}",
            self.owner,
            self.kind.code(),
            self.unit
        );
        derived(&[name.as_bytes()]).into()
    }
}

/// How a transfer is told from every other: the same key is the same transfer.
///
/// Made of what causes it, such as `settlement/<battle>/prize/<player>`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TransferKey(String);

impl TransferKey {
    /// The key with this text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id of the transfer, which follows from its key.
    pub fn id(&self) -> TransferId {
        derived(&[self.0.as_bytes()]).into()
    }
}

impl fmt::Display for TransferKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One movement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// What tells it from every other.
    pub key: TransferKey,
    /// What it is for, such as `entry_fee`; a wallet's history shows it.
    pub kind: &'static str,
    /// The thing that it is about, such as a ticket or a battle.
    pub reference: Uuid,
    /// What it does.
    pub movement: Movement,
}

/// What a transfer does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Movement {
    /// Moves an amount at once.
    Move {
        /// Where it comes from.
        debit: Account,
        /// Where it goes; of the same unit.
        credit: Account,
        /// How much, above zero, in the smallest part of the unit.
        amount: i64,
    },
    /// Holds an amount back until one later [`Movement::Post`], [`Movement::Void`] or
    /// [`Movement::Expire`].
    Hold {
        /// Where it is held.
        debit: Account,
        /// How much, above zero, in the smallest part of the unit.
        amount: i64,
        /// The moment on the database's clock from which it can no longer be posted; none means
        /// never.
        expires_at: Option<Timestamp>,
    },
    /// Moves the whole of what was held, before it expires.
    Post {
        /// The transfer that holds it.
        hold: TransferId,
        /// Where it goes; of the same unit.
        credit: Account,
    },
    /// Frees the whole of what was held.
    Void {
        /// The transfer that holds it.
        hold: TransferId,
    },
    /// Frees the whole of what was held, once it has expired; [`Transfer::expiry`] makes it.
    Expire {
        /// The transfer that holds it.
        hold: TransferId,
    },
}

impl Transfer {
    /// Ends a hold that has expired. Its key follows from the hold, so it happens once, whoever
    /// does it; `reference` is what the hold is about.
    pub fn expiry(hold: TransferId, reference: Uuid) -> Self {
        Self {
            key: TransferKey::new(format!("hold/{hold}/expire")),
            kind: "hold_expired",
            reference,
            movement: Movement::Expire { hold },
        }
    }

    /// Tells a repeat from another transfer under the same key: SHA-256 in hex.
    pub fn body_hash(&self) -> String {
        let movement = match self.movement {
            Movement::Move {
                debit,
                credit,
                amount,
            } => {
                format!("move/{}/{}/{amount}", debit.id(), credit.id())
            }
            Movement::Hold {
                debit,
                amount,
                expires_at,
            } => {
                let until = expires_at.map_or_else(String::new, |at| format!("/{}", at.ms()));
                format!("hold/{}/{amount}{until}", debit.id())
            }
            Movement::Post { hold, credit } => format!("post/{hold}/{}", credit.id()),
            Movement::Void { hold } => format!("void/{hold}"),
            Movement::Expire { hold } => format!("expire/{hold}"),
        };
        let body = format!("{}/{}/{movement}", self.kind, self.reference);
        hex::encode(Sha256::digest(body))
    }
}

/// Why the ledger does not move anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// An account would fall below zero, or below what is held in it.
    #[error("the account does not hold enough")]
    Insufficient,
    /// The key, or one of several, belongs to a transfer with another content.
    #[error("the key was used for another transfer")]
    KeyReused,
    /// The hold was posted or voided before, or freed because it had expired.
    #[error("the hold has ended")]
    HoldEnded,
    /// The hold can no longer be posted, or could not be from the beginning.
    #[error("the hold has expired")]
    HoldExpired,
    /// The hold has not expired, or never will.
    #[error("the hold has not expired")]
    HoldNotExpired,
    /// There is no such hold.
    #[error("there is no such hold")]
    UnknownHold,
    /// An amount that is not above zero, or a balance that would not fit.
    #[error("the amount is out of range")]
    OutOfRange,
}

impl Money {
    /// The unit that it is counted in.
    pub fn unit(self) -> Unit {
        self.currency.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USER: UserId = UserId::new(Uuid::from_u128(7));

    #[test]
    fn an_account_is_known_by_owner_kind_unit_and_expiry() {
        let plain = Account::user(USER, Unit::LeverageCard);
        assert_eq!(
            plain.id(),
            Account::lot(USER, Unit::LeverageCard, None).id()
        );
        let others = [
            Account::user(UserId::new(Uuid::from_u128(8)), Unit::LeverageCard),
            Account::escrow(USER.uuid(), Unit::LeverageCard),
            Account::user(USER, Unit::Bt),
            Account::lot(USER, Unit::LeverageCard, Some(Timestamp::from_ms(0))),
        ];
        for other in others {
            assert_ne!(plain.id(), other.id(), "{other:?}");
        }
    }

    #[test]
    fn ids_never_change() {
        let account = Account::user(USER, Unit::Usdt).id();
        assert_eq!(account.to_string(), "67c4fba6-97c8-8e46-8949-b3da71e8ce76");
        let transfer = TransferKey::new("test/1").id();
        assert_eq!(transfer.to_string(), "cad4a5be-62ba-81bf-a7a0-7a8ff9ab1ed0");
    }

    #[test]
    fn another_amount_or_expiry_is_another_body() {
        let transfer = |amount, expires_at| Transfer {
            key: TransferKey::new("test/1"),
            kind: "test",
            reference: Uuid::nil(),
            movement: Movement::Hold {
                debit: Account::user(USER, Unit::Usdt),
                amount,
                expires_at,
            },
        };
        let bodies = [
            transfer(1, None),
            transfer(2, None),
            transfer(1, Some(Timestamp::from_ms(2))),
            transfer(1, Some(Timestamp::from_ms(3))),
        ];
        for (place, body) in bodies.iter().enumerate() {
            for (other_place, other) in bodies.iter().enumerate() {
                let same = body.body_hash() == other.body_hash();
                assert_eq!(same, place == other_place, "{body:?}, {other:?}");
            }
        }
    }

    #[test]
    fn a_hold_expires_under_one_key() {
        let hold = TransferKey::new("test/1").id();
        let expiry = Transfer::expiry(hold, Uuid::nil());
        assert_eq!(expiry.key.as_str(), format!("hold/{hold}/expire"));
        assert_ne!(
            expiry.key,
            Transfer::expiry(TransferKey::new("test/2").id(), Uuid::nil()).key
        );
    }

    #[test]
    fn a_unit_reads_its_own_code() {
        for unit in Unit::ALL {
            assert_eq!(unit.code().parse(), Ok(unit));
            assert_eq!(serde_json::to_string(&unit).unwrap(), format!("\"{unit}\""));
        }
    }
}
