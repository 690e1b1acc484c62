//! What players are told of money that came in or goes out.

use contracts::notifications::{InApp, Notice};
use contracts::treasury::Posted;
use domain::id::{NotificationId, TransferId, derived};
use domain::money::Money;
use store::chain::{Deposit, kind};
use store::outbox::Row;
use store::withdrawal::Withdrawal;

/// The place of a withdrawal's end among what is told about it; its beginning has the first.
const ENDED: i64 = 1;

/// Something was credited. The house is told nothing, nor anybody of what waits.
pub(crate) fn deposited(deposit: &Deposit) -> store::Result<Vec<Row>> {
    let Some(user) = deposit.user.filter(|_| deposit.credited > 0) else {
        return Ok(Vec::new());
    };
    let credited = Money {
        minor: deposit.credited,
        ..deposit.amount
    };
    let posted = Posted {
        transfer: deposit.id,
        user,
        amount: credited,
        kind: kind::DEPOSIT.to_owned(),
    };
    let notice = Notice::Deposited {
        title: text(credited),
        subject: deposit.id.to_string(),
    };
    let in_app = InApp {
        id: NotificationId::new(derived(&[deposit.id.uuid().as_bytes(), b"/deposited"])),
        user,
        notice,
    };
    let id = |purpose: &[u8]| derived(&[deposit.id.uuid().as_bytes(), purpose]);
    Ok(vec![
        Row::of(id(b"/posted"), user.uuid(), 0, &posted)?,
        Row::of(id(b"/in_app"), user.uuid(), 0, &in_app)?,
    ])
}

/// The wallet of whoever withdraws has moved.
pub(crate) fn moved(
    withdrawal: &Withdrawal,
    transfer: TransferId,
    minor: i64,
    kind: &str,
) -> store::Result<Row> {
    let Money { currency, .. } = withdrawal.amount;
    let posted = Posted {
        transfer,
        user: withdrawal.user,
        amount: Money { minor, currency },
        kind: kind.to_owned(),
    };
    let id = derived(&[transfer.uuid().as_bytes(), b"/posted"]);
    Row::of(id, withdrawal.id.uuid(), 0, &posted)
}

/// It is paid: so much has arrived.
pub(crate) fn paid(withdrawal: &Withdrawal, arrived: Money) -> store::Result<Row> {
    let notice = Notice::Withdrawn {
        title: text(arrived),
        subject: withdrawal.id.to_string(),
    };
    ended(withdrawal, notice)
}

/// It is not paid, and its money is free.
pub(crate) fn returned(withdrawal: &Withdrawal, reason: &str) -> store::Result<Row> {
    let notice = Notice::WithdrawalReturned {
        title: text(withdrawal.amount),
        subject: withdrawal.id.to_string(),
        reason: reason.to_owned(),
    };
    ended(withdrawal, notice)
}

fn ended(withdrawal: &Withdrawal, notice: Notice) -> store::Result<Row> {
    let id = |purpose: &[u8]| derived(&[withdrawal.id.uuid().as_bytes(), purpose]);
    let in_app = InApp {
        id: NotificationId::new(id(b"/ended")),
        user: withdrawal.user,
        notice,
    };
    Row::of(id(b"/in_app"), withdrawal.id.uuid(), ENDED, &in_app)
}

fn text(amount: Money) -> String {
    format!("{amount} {}", amount.currency)
}
