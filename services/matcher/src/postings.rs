//! What the matcher moves in the ledger, and under which keys. A movement of nothing is none.

use domain::game::ItemReward;
use domain::id::{BattleId, TicketId, TransferId, UserId};
use domain::ledger::{Account, Movement, Transfer, TransferKey, Unit};
use domain::money::Currency;
use domain::timestamp::Timestamp;
use store::seat::SeatItem;

use crate::lots::Returned;

/// The revision of a battle's result that its settlement makes.
const FIRST: u32 = 1;

/// Holds the entry fee for as long as the ticket waits.
pub(crate) fn hold_fee(
    ticket: TicketId,
    player: UserId,
    currency: Currency,
    amount_minor: i64,
) -> Option<Transfer> {
    let debit = Account::user(player, currency.into());
    (amount_minor > 0).then(|| Transfer {
        key: TransferKey::new(format!("ticket/{ticket}/hold")),
        kind: "entry_fee",
        reference: ticket.uuid(),
        movement: Movement::Hold {
            debit,
            amount: amount_minor,
            expires_at: None,
        },
    })
}

/// Gives a fee back that was only held.
pub(crate) fn release_fee(ticket: TicketId, hold: TransferId) -> Transfer {
    Transfer {
        key: TransferKey::new(format!("ticket/{ticket}/release")),
        kind: "entry_fee_released",
        reference: ticket.uuid(),
        movement: Movement::Void { hold },
    }
}

/// What goes into, and comes out of, one battle.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Escrow {
    battle: BattleId,
    money: Unit,
}

impl Escrow {
    /// What `battle` keeps for its players; fees and prizes are counted in `currency`.
    pub(crate) fn of(battle: BattleId, currency: Currency) -> Self {
        Self {
            battle,
            money: currency.into(),
        }
    }

    /// Captures a fee that a ticket holds.
    pub(crate) fn capture_fee(self, ticket: TicketId, hold: TransferId) -> Transfer {
        let credit = self.account(self.money);
        self.transfer(
            format!("fee/{ticket}"),
            "entry_fee",
            Movement::Post { hold, credit },
        )
    }

    /// Takes from the house what the fees do not cover of a fixed prize.
    pub(crate) fn take_funds(self, amount_minor: i64) -> Option<Transfer> {
        let (house, escrow) = (Account::house(self.money), self.account(self.money));
        self.moved("funds", "prize_funds", house, escrow, amount_minor)
    }

    /// Takes uses of an item from a player's lot.
    pub(crate) fn take_item(self, item: &SeatItem) -> Option<Transfer> {
        let key = format!("item/{}", item.lot.id());
        self.moved(
            key,
            "item_brought",
            item.lot,
            self.account(item.lot.unit),
            item.moved,
        )
    }

    /// Pays a prize.
    pub(crate) fn pay_prize(self, player: UserId, amount_minor: i64) -> Option<Transfer> {
        let (escrow, wallet) = (self.account(self.money), Account::user(player, self.money));
        self.moved(
            format!("prize/{player}"),
            "prize",
            escrow,
            wallet,
            amount_minor,
        )
    }

    /// Gives an entry fee back that was captured.
    pub(crate) fn refund_fee(self, player: UserId, amount_minor: i64) -> Option<Transfer> {
        let (escrow, wallet) = (self.account(self.money), Account::user(player, self.money));
        self.moved(
            format!("refund/{player}"),
            "entry_fee_refund",
            escrow,
            wallet,
            amount_minor,
        )
    }

    /// Gives the house what is left of the fees, or what it had added.
    pub(crate) fn give_house(self, amount_minor: i64) -> Option<Transfer> {
        let (escrow, house) = (self.account(self.money), Account::house(self.money));
        self.moved("house", "house_share", escrow, house, amount_minor)
    }

    /// Gives unspent uses back to the lot that they came from, and takes spent ones out of the
    /// world.
    pub(crate) fn end_item(self, returned: &Returned) -> impl Iterator<Item = Transfer> + use<> {
        let lot = returned.account;
        let (escrow, outside) = (self.account(lot.unit), Account::outside(lot.unit));
        let back = format!("item_back/{}", lot.id());
        let spent = format!("item_spent/{}", lot.id());
        let back = self.moved(back, "item_back", escrow, lot, returned.back);
        let spent = self.moved(spent, "item_spent", escrow, outside, returned.spent);
        back.into_iter().chain(spent)
    }

    /// Gives or takes cups; the change is what applies.
    pub(crate) fn change_cups(self, player: UserId, change: i64) -> Option<Transfer> {
        let (world, cups) = (
            Account::outside(Unit::Cups),
            Account::user(player, Unit::Cups),
        );
        let (debit, credit) = if change > 0 {
            (world, cups)
        } else {
            (cups, world)
        };
        self.moved(
            format!("cups/{player}"),
            "battle_cups",
            debit,
            credit,
            change.abs(),
        )
    }

    /// Gives experience.
    pub(crate) fn give_experience(self, player: UserId, points: i64) -> Option<Transfer> {
        let (world, points_of) = (Account::outside(Unit::Xp), Account::user(player, Unit::Xp));
        self.moved(
            format!("xp/{player}"),
            "battle_experience",
            world,
            points_of,
            points,
        )
    }

    /// Gives items that can be used until `expires_at`.
    pub(crate) fn give_item(
        self,
        player: UserId,
        reward: ItemReward,
        expires_at: Timestamp,
    ) -> Option<Transfer> {
        self.reward(FIRST, "item_reward", player, reward, expires_at)
    }

    /// The movements of the battle's revision `number`.
    pub(crate) fn revision(self, number: u32) -> Revision {
        Revision {
            escrow: self,
            number,
        }
    }

    /// The key under which an item's reward was given by revision `number`; the first is the
    /// settlement.
    pub(crate) fn reward_key(self, number: u32, player: UserId, unit: Unit) -> TransferKey {
        let key = format!("reward/{unit}/{player}");
        match number {
            FIRST => self.key(key),
            _ => self.key(format!("revision/{number}/{key}")),
        }
    }

    fn reward(
        self,
        number: u32,
        kind: &'static str,
        player: UserId,
        reward: ItemReward,
        expires_at: Timestamp,
    ) -> Option<Transfer> {
        let unit = Unit::from(reward.kind);
        let amount = i64::from(reward.uses);
        (amount > 0).then(|| Transfer {
            key: self.reward_key(number, player, unit),
            kind,
            reference: self.battle.uuid(),
            movement: Movement::Move {
                debit: Account::outside(unit),
                credit: Account::lot(player, unit, Some(expires_at)),
                amount,
            },
        })
    }

    fn account(self, unit: Unit) -> Account {
        Account::escrow(self.battle.uuid(), unit)
    }

    fn moved(
        self,
        key: impl AsRef<str>,
        kind: &'static str,
        debit: Account,
        credit: Account,
        amount: i64,
    ) -> Option<Transfer> {
        let movement = Movement::Move {
            debit,
            credit,
            amount,
        };
        (amount > 0).then(|| self.transfer(key, kind, movement))
    }

    fn transfer(self, key: impl AsRef<str>, kind: &'static str, movement: Movement) -> Transfer {
        Transfer {
            key: self.key(key),
            kind,
            reference: self.battle.uuid(),
            movement,
        }
    }

    fn key(self, key: impl AsRef<str>) -> TransferKey {
        TransferKey::new(format!("battle/{}/{}", self.battle, key.as_ref()))
    }
}

/// What moves when the result of a closed battle is corrected.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Revision {
    escrow: Escrow,
    number: u32,
}

impl Revision {
    /// Takes a prize back, or a part of it.
    pub(crate) fn take_prize(self, player: UserId, amount_minor: i64) -> Option<Transfer> {
        let wallet = Account::user(player, self.escrow.money);
        let key = format!("prize_back/{player}");
        self.moved(
            key,
            "prize_taken_back",
            wallet,
            self.account(),
            amount_minor,
        )
    }

    /// Notes what a player owes of a prize that is taken back: the house bears it meanwhile.
    pub(crate) fn owe_prize(self, player: UserId, amount_minor: i64) -> Option<Transfer> {
        let owed = Account::receivable(player, self.escrow.money);
        let key = format!("receivable/{player}");
        self.moved(key, "prize_receivable", owed, self.account(), amount_minor)
    }

    /// Pays a prize, or what is missing of it.
    pub(crate) fn pay_prize(self, player: UserId, amount_minor: i64) -> Option<Transfer> {
        let wallet = Account::user(player, self.escrow.money);
        let key = format!("prize/{player}");
        self.moved(
            key,
            "prize_correction",
            self.account(),
            wallet,
            amount_minor,
        )
    }

    /// Gives the house more of the fees than it had.
    pub(crate) fn give_house(self, amount_minor: i64) -> Option<Transfer> {
        let house = Account::house(self.escrow.money);
        self.moved(
            "house",
            "house_correction",
            self.account(),
            house,
            amount_minor,
        )
    }

    /// Takes from the house what it has no more of the fees.
    pub(crate) fn take_house(self, amount_minor: i64) -> Option<Transfer> {
        let house = Account::house(self.escrow.money);
        let key = "house_back";
        self.moved(key, "house_correction", house, self.account(), amount_minor)
    }

    /// Gives or takes cups; the change is what applies.
    pub(crate) fn change_cups(self, player: UserId, change: i64) -> Option<Transfer> {
        let key = format!("cups/{player}");
        self.change(key, "cups_correction", player, Unit::Cups, change)
    }

    /// Gives or takes experience; the change is what applies.
    pub(crate) fn change_experience(self, player: UserId, change: i64) -> Option<Transfer> {
        let key = format!("xp/{player}");
        self.change(key, "experience_correction", player, Unit::Xp, change)
    }

    fn change(
        self,
        key: String,
        kind: &'static str,
        player: UserId,
        unit: Unit,
        change: i64,
    ) -> Option<Transfer> {
        let (world, own) = (Account::outside(unit), Account::user(player, unit));
        let (debit, credit) = if change > 0 {
            (world, own)
        } else {
            (own, world)
        };
        self.moved(key, kind, debit, credit, change.abs())
    }

    /// Gives items that can be used until `expires_at`.
    pub(crate) fn give_item(
        self,
        player: UserId,
        reward: ItemReward,
        expires_at: Timestamp,
    ) -> Option<Transfer> {
        let kind = "item_correction";
        self.escrow
            .reward(self.number, kind, player, reward, expires_at)
    }

    /// Takes items back out of the lot that they were given in.
    pub(crate) fn take_item(self, lot: Account, amount: i64) -> Option<Transfer> {
        let key = format!("reward_back/{}", lot.id());
        self.moved(
            key,
            "item_correction",
            lot,
            Account::outside(lot.unit),
            amount,
        )
    }

    fn account(self) -> Account {
        self.escrow.account(self.escrow.money)
    }

    fn moved(
        self,
        key: impl AsRef<str>,
        kind: &'static str,
        debit: Account,
        credit: Account,
        amount: i64,
    ) -> Option<Transfer> {
        let key = format!("revision/{}/{}", self.number, key.as_ref());
        self.escrow.moved(key, kind, debit, credit, amount)
    }
}
