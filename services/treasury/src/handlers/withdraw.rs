//! `commands.treasury.withdraw`: money to a wallet on the chain. Judges it and holds the money; the
//! workflow does the rest.

use bus::{Consumer, Delivery, Failure};
use chain::{Address, AddressError};
use contracts::commands::{Refused, Withdraw};
use contracts::{Code, Service, Topic};
use domain::id::WithdrawalId;
use domain::ledger::{Account, Movement, Transfer};
use domain::money::Money;
use store::chain::{find_by_address, kind};
use store::withdrawal::{self, Recent, Status, Withdrawal};
use store::{Tx, ledger};

use crate::app::App;
use crate::error::Error;
use crate::notices;
use crate::payouts::hold;
use crate::settings::Limits;

/// Over how many hours withdrawals are added up.
const HOURS: i32 = 24;

pub(crate) const CONSUMER: Consumer =
    Consumer::new(Service::Treasury, "withdraw", &[Topic::Withdraw]);

pub(crate) async fn handle(app: App, delivery: Delivery) -> Result<(), Failure> {
    let command: Withdraw = delivery.decode()?;
    let accept = async |tx: &Tx| accept(&app, tx, &command).await;
    bus::carry_out(
        &app.bus,
        &app.db,
        Service::Treasury,
        &delivery,
        &command,
        accept,
    )
    .await?;
    runtime::failpoint!("withdrawal.held");
    Ok(())
}

async fn accept(
    app: &App,
    tx: &Tx,
    command: &Withdraw,
) -> Result<Result<WithdrawalId, Refused>, Error> {
    let (user, amount) = (command.caller.user, command.amount);
    let Some(custody) = &app.custody else {
        return Ok(Err(Refused::new(Code::ChainClosed)));
    };
    let Some(limits) = app.withdrawals.limits(amount.currency) else {
        return Ok(Err(Refused::new(Code::NotOnChain)));
    };
    let address = match Address::parse_wallet(&command.address) {
        Ok(address) => address,
        Err(cause) => return Ok(Err(bad_address(cause))),
    };
    if custody.is_mint(address) {
        return Ok(Err(of_address("expected a wallet, found the token itself")));
    }
    let text = address.to_string();
    if address == custody.hot() || find_by_address(tx, &text).await?.is_some() {
        return Ok(Err(of_address(
            "expected a wallet of yours, found one of ours",
        )));
    }
    withdrawal::lock_user(tx, user).await?;
    let recent = withdrawal::recent(tx, user, amount.currency, HOURS).await?;
    if let Err(refused) = judge(&limits, recent, amount) {
        return Ok(Err(refused));
    }
    let now = withdrawal::now(tx).await?;
    let new = Withdrawal {
        id: command.withdrawal,
        user,
        amount,
        address: text,
        status: if amount.minor >= limits.approval {
            Status::InReview
        } else {
            Status::Approved
        },
        expires_at: now.plus_ms(app.withdrawals.expires_after_ms()),
    };
    let holding = Transfer {
        key: hold(new.id),
        kind: kind::WITHDRAWAL,
        reference: new.id.uuid(),
        movement: Movement::Hold {
            debit: Account::user(user, amount.unit()),
            amount: amount.minor,
            expires_at: Some(new.expires_at),
        },
    };
    match ledger::post(tx, std::slice::from_ref(&holding)).await? {
        Ok(_posted) => {}
        Err(ledger::Refusal::Insufficient) => {
            return Ok(Err(Refused::new(Code::InsufficientBalance)));
        }
        Err(refusal) => return Err(refusal.into()),
    }
    withdrawal::insert(tx, &new).await?;
    let moved = notices::moved(&new, holding.key.id(), 0, kind::WITHDRAWAL)?;
    tx.announce_all(&[moved]).await?;
    Ok(Ok(new.id))
}

/// Whether a player may withdraw this much, after what there was in the last hours.
fn judge(limits: &Limits, recent: Recent, amount: Money) -> Result<(), Refused> {
    let shown = |minor| Money { minor, ..amount };
    if !(limits.min..=limits.max).contains(&amount.minor) {
        let (min, max) = (shown(limits.min), shown(limits.max));
        let expected = format!("expected {min} to {max} {}", amount.currency);
        return Err(Refused::of_field(Code::InvalidAmount, "amount", expected));
    }
    let left = limits.daily.saturating_sub(recent.amount);
    if recent.count >= limits.daily_count {
        let most = limits.daily_count;
        let message = format!("You may withdraw {most} times in {HOURS} hours.");
        return Err(refused(Code::WithdrawalLimit, message));
    }
    if amount.minor > left {
        let (left, currency) = (shown(left.max(0)), amount.currency);
        let message = format!("You may withdraw {left} {currency} more in these {HOURS} hours.");
        return Err(refused(Code::WithdrawalLimit, message));
    }
    Ok(())
}

fn refused(code: Code, message: String) -> Refused {
    Refused {
        message,
        ..Refused::new(code)
    }
}

fn bad_address(cause: AddressError) -> Refused {
    of_address(&cause.to_string())
}

fn of_address(message: &str) -> Refused {
    Refused::of_field(Code::InvalidAddress, "address", message)
}

#[cfg(test)]
mod tests {
    use domain::money::Currency;

    use super::*;

    const LIMITS: Limits = Limits {
        min: 10,
        max: 100,
        daily: 150,
        daily_count: 3,
        approval: 50,
    };

    #[track_caller]
    fn assert_judged(minor: i64, count: i64, amount: i64, expected: Result<(), Code>) {
        let asked = Money {
            minor,
            currency: Currency::Usdt,
        };
        let judged = judge(&LIMITS, Recent { count, amount }, asked);
        assert_eq!(judged.map_err(|refused| refused.code), expected);
    }

    #[test]
    fn a_withdrawal_has_a_least_and_a_most() {
        for (minor, expected) in [(9, false), (10, true), (100, true), (101, false)] {
            let refused = if expected {
                Ok(())
            } else {
                Err(Code::InvalidAmount)
            };
            assert_judged(minor, 0, 0, refused);
        }
        assert_judged(-10, 0, 0, Err(Code::InvalidAmount));
    }

    #[test]
    fn a_day_has_a_most_in_all_and_so_many_times() {
        assert_judged(50, 2, 100, Ok(()));
        assert_judged(51, 2, 100, Err(Code::WithdrawalLimit));
        assert_judged(10, 3, 30, Err(Code::WithdrawalLimit));
        assert_judged(10, 1, 900, Err(Code::WithdrawalLimit));
    }
}
