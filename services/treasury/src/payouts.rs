//! Pays withdrawals, one step at a time, so that whoever dies between two steps loses nothing and
//! pays nothing twice: what is signed is kept before it is sent, with the player's money apart; and
//! nothing else is signed before that is proven never to happen.

use chain::{Address, Coin, KeyIndex, Receipt, Transfer as ChainTransfer};
use domain::id::WithdrawalId;
use domain::ledger::{Account, Movement, Transfer, TransferKey, Unit};
use domain::money::{Currency, Money};
use metrics::counter;
use serde::{Deserialize, Serialize};
use store::chain::{self as rows, Outcome, OwnTransaction, Promised, kind};
use store::ledger::{Posted, Refusal};
use store::withdrawal::{self, Change, Status, Withdrawal};
use store::{Db, Tx, ledger};

use crate::custody::{Custody, read_address};
use crate::error::Error;
use crate::notices;
use crate::settings::Withdrawals;
use crate::transactions::{Step, UNPROVEN, network_fee, step};

const SHORT: &str = "treasury_hot_wallet_short_total";

/// How often something is signed for one withdrawal, at the most.
const MAX_SIGNED: i64 = 3;
/// What the hot wallet keeps for fees, and so that it stays a wallet, in lamports.
const RESERVE: u64 = 1_000_000;
/// What a token account that is opened for somebody costs the hot wallet, in lamports.
const RENT: u64 = 2_039_280;

const NO_WALLET: &str = "The address is nobody's wallet.";
const TOO_LITTLE: &str = "The amount does not pay for the account that the wallet lacks.";
const TOO_LATE: &str = "It could not be sent in time.";
const NOT_TAKEN: &str = "The chain did not take the transfer.";
const FAILED_ON_CHAIN: &str = "The transfer failed on the chain.";

/// Whether there is more to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Next {
    /// Look again in a moment.
    Soon,
    /// Look again once there may be money.
    Later,
    /// It has ended.
    Ended,
}

/// What the hot wallet has.
#[derive(Clone, Copy, Debug)]
struct Held {
    lamports: u64,
    /// In the smallest part of the token that is asked for; none if that is none.
    tokens: u64,
}

impl Held {
    /// Whether it is enough for this payment and for all that are promised.
    fn covers(self, promised: Promised, own: &OwnTransaction) -> bool {
        let Money { minor, currency } = own.amount;
        let (sol, usdt) = match currency {
            Currency::Sol => (minor, 0),
            Currency::Usdt => (0, minor),
            Currency::Bt => return false,
        };
        let rents = i128::from(promised.openings) + i128::from(own.opens_account);
        let lamports = i128::from(RESERVE)
            + i128::from(RENT) * rents
            + i128::from(promised.sol)
            + i128::from(sol);
        let tokens = i128::from(promised.usdt) + i128::from(usdt);
        i128::from(self.lamports) >= lamports && (usdt == 0 || i128::from(self.tokens) >= tokens)
    }
}

/// What a payment has to know of the chain.
#[derive(Clone, Copy, Debug)]
struct Ways {
    /// What the hot wallet has.
    held: Held,
    /// Whether the wallet has no account for the coin, so that one is opened for it.
    opens_account: bool,
}

/// Pays withdrawals.
#[derive(Clone, Debug)]
pub(crate) struct Payouts {
    db: Db,
    custody: Custody,
    settings: Withdrawals,
}

impl Payouts {
    /// Pays withdrawals from this database.
    pub(crate) fn new(db: Db, custody: Custody, settings: Withdrawals) -> Self {
        // Shown from the beginning: what is not there cannot rise.
        counter!(SHORT).increment(0);
        counter!(UNPROVEN).increment(0);
        Self {
            db,
            custody,
            settings,
        }
    }

    /// Takes a withdrawal one step further. Repeating it changes nothing.
    pub(crate) async fn advance(&self, id: WithdrawalId) -> Result<Next, Error> {
        self.custody.confirm(&self.db).await?;
        let found = withdrawal::find(&self.db, id).await?;
        let found = found.ok_or_else(|| store::Error::corrupt("withdrawals", id))?;
        match found.status {
            Status::InReview => Ok(Next::Soon),
            Status::Approved => self.sign(&found).await,
            Status::Sending => match rows::find_live(&self.db, id).await? {
                Some(own) => self.follow(&found, &own).await,
                None => self.sign(&found).await,
            },
            Status::Completed | Status::Rejected | Status::Failed => Ok(Next::Ended),
        }
    }

    /// Signs a transfer and keeps it, together with the money that it is to move.
    async fn sign(&self, found: &Withdrawal) -> Result<Next, Error> {
        let is_sending = found.status == Status::Sending;
        let now = withdrawal::now(&self.db).await?;
        if found.expires_at <= now {
            return if is_sending {
                self.give_back(found.id, TOO_LATE).await
            } else {
                self.give_up(found.id).await
            };
        }
        let to = read_address(&found.address)?;
        let ways = self.ways(found.amount.currency, to).await?;
        // Nobody could ever spend what comes to no wallet.
        let payment = ways.ok_or(NO_WALLET).and_then(|ways| {
            let paid = self.paid(found.amount, ways).ok_or(TOO_LITTLE)?;
            Ok((ways, paid))
        });
        let (ways, paid) = match payment {
            Ok(payment) => payment,
            Err(reason) if is_sending => return self.give_back(found.id, reason).await,
            Err(reason) => return self.free(found.id, freeing(found.id), reason).await,
        };
        let own = self.signed(found, paid, ways).await?;
        runtime::failpoint!("withdrawal.signed");
        if is_sending {
            runtime::failpoint!("withdrawal.signed_anew");
        }
        let tx = self.db.begin().await?;
        let locked = withdrawal::lock(&tx, found.id).await?;
        if locked.as_ref() != Some(found) {
            // Somebody else has come farther.
            tx.rollback().await?;
            return Ok(Next::Soon);
        }
        // What the wallet holds was asked for behind `now`: it tells of what had ended before. All else
        // may have left it since.
        let promised = rows::lock_promised(&tx, now).await?;
        if !ways.held.covers(promised, &own) {
            tx.rollback().await?;
            counter!(SHORT).increment(1);
            tracing::warn!(withdrawal = %found.id, "the hot wallet cannot pay this now");
            return Ok(Next::Later);
        }
        if found.status == Status::Approved {
            match ledger::post(&tx, &[capture(found)]).await? {
                Ok(_posted) => {}
                Err(Refusal::HoldExpired | Refusal::HoldEnded) => {
                    tx.rollback().await?;
                    return self.give_up(found.id).await;
                }
                Err(refusal) => return Err(refusal.into()),
            }
            withdrawal::change(&tx, found.id, Change::Send).await?;
            let minor = -found.amount.minor;
            let moved = notices::moved(
                found,
                key(found.id, "capture").id(),
                minor,
                kind::WITHDRAWAL,
            )?;
            tx.announce_all(&[moved]).await?;
        }
        withdrawal::note_fee(&tx, found.id, found.amount.minor - paid.minor).await?;
        // Nothing goes out that does not stand here first: the table takes one at a time.
        rows::insert_transaction(&tx, &own).await?;
        tx.commit().await?;
        runtime::failpoint!("withdrawal.stored");
        if is_sending {
            runtime::failpoint!("withdrawal.stored_anew");
        }
        self.follow(found, &own).await
    }

    /// What of an amount goes out: an account that is opened is paid of it, or whoever withdraws to ever
    /// new wallets and closes their accounts would keep what we pay for them. None if nothing is left.
    fn paid(&self, amount: Money, ways: Ways) -> Option<Money> {
        let fee = if ways.opens_account {
            self.settings.token_account_fee()
        } else {
            0
        };
        let minor = amount.minor.checked_sub(fee)?;
        (minor > 0).then_some(Money { minor, ..amount })
    }

    async fn signed(
        &self,
        found: &Withdrawal,
        paid: Money,
        ways: Ways,
    ) -> Result<OwnTransaction, Error> {
        let amount = u64::try_from(paid.minor);
        let coin = self.custody.coin(paid.currency)?;
        let transfer = ChainTransfer {
            coin,
            from: KeyIndex::HOT,
            to: read_address(&found.address)?,
            opens_account: ways.opens_account,
            amount: amount.map_err(|_cause| Error::TooLarge("an amount"))?,
            payer: KeyIndex::HOT,
        };
        let blockhash = self.custody.node().latest_blockhash().await?;
        let signed = self
            .custody
            .keyring()
            .sign(&transfer, &blockhash.blockhash)?;
        let last = i64::try_from(blockhash.last_valid_block_height);
        let slot = i64::try_from(blockhash.slot);
        Ok(OwnTransaction {
            signature: signed.signature.to_string(),
            withdrawal: Some(found.id),
            account: coin.account_of(self.custody.hot()).to_string(),
            amount: paid,
            bytes: signed.bytes,
            last_valid_height: last.map_err(|_cause| Error::TooLarge("a height"))?,
            signed_slot: slot.map_err(|_cause| Error::TooLarge("a slot"))?,
            opens_account: ways.opens_account,
        })
    }

    /// What the hot wallet has for a payment of a currency, and what is missing at `to`; none if that is
    /// no wallet. One that nobody has used yet is absent, and will be one.
    async fn ways(&self, currency: Currency, to: Address) -> Result<Option<Ways>, Error> {
        let (hot, coin) = (self.custody.hot(), self.custody.coin(currency)?);
        let accounts = [hot, to, coin.account_of(hot), coin.account_of(to)];
        let mut accounts = self.custody.node().accounts(&accounts).await?.into_iter();
        let mut next = || accounts.next().flatten();
        let (wallet, receiver, source, target) = (next(), next(), next(), next());
        if receiver.is_some_and(|receiver| !receiver.is_wallet()) {
            return Ok(None);
        }
        let lamports = wallet.map_or(0, |wallet| wallet.lamports);
        let held = |tokens| Held { lamports, tokens };
        Ok(match coin {
            Coin::Sol => Some(Ways {
                held: held(0),
                opens_account: false,
            }),
            Coin::Token { mint, .. } => {
                let holder = target.and_then(|target| target.token_holder(mint));
                let tokens = source.and_then(|source| source.tokens(mint));
                // Whoever has given the account away would not get what comes to it.
                holder.is_none_or(|holder| holder == to).then_some(Ways {
                    held: held(tokens.unwrap_or_default()),
                    opens_account: holder.is_none(),
                })
            }
        })
    }

    /// Sees to what was signed: sends it, or ends the withdrawal with it.
    async fn follow(&self, found: &Withdrawal, own: &OwnTransaction) -> Result<Next, Error> {
        match step(&self.custody, own).await? {
            Step::Waiting => {
                runtime::failpoint!("withdrawal.sent");
                Ok(Next::Soon)
            }
            Step::Finalized(receipt) => {
                runtime::failpoint!("withdrawal.confirmed");
                self.complete(found.id, own, &receipt).await
            }
            Step::Failed(receipt) => {
                let fee = self.fee(own, &receipt, 0)?;
                self.fail(found.id, own, Outcome::Failed, fee).await
            }
            Step::Expired => self.fail(found.id, own, Outcome::Expired, None).await,
        }
    }

    /// It is paid: what was kept apart has left.
    async fn complete(
        &self,
        id: WithdrawalId,
        own: &OwnTransaction,
        receipt: &Receipt,
    ) -> Result<Next, Error> {
        let paid_out = match own.amount.currency {
            Currency::Sol => own.amount.minor,
            Currency::Usdt | Currency::Bt => 0,
        };
        let fee = self.fee(own, receipt, paid_out)?;
        let tx = self.db.begin().await?;
        let Some(found) = self.ending(&tx, id, own, Outcome::Finalized).await? else {
            tx.rollback().await?;
            return Ok(Next::Soon);
        };
        let unit = Unit::from(found.amount.currency);
        let escrow = Account::escrow(found.id.uuid(), unit);
        let paid = own.amount.minor;
        let paying = moving(
            &found,
            "paid",
            kind::WITHDRAWAL,
            Movement::Move {
                debit: escrow,
                credit: Account::outside(unit),
                amount: paid,
            },
        );
        let kept = found.amount.minor.saturating_sub(paid);
        let keeping = (kept > 0).then(|| {
            let movement = Movement::Move {
                debit: escrow,
                credit: Account::house(unit),
                amount: kept,
            };
            moving(&found, "fee", kind::WITHDRAWAL_FEE, movement)
        });
        let transfers: Vec<_> = [paying].into_iter().chain(keeping).chain(fee).collect();
        ledger::post(&tx, &transfers).await??;
        let signature = &own.signature;
        withdrawal::change(&tx, id, Change::Complete { signature }).await?;
        tx.announce_all(&[notices::paid(&found, own.amount)?])
            .await?;
        runtime::failpoint!("withdrawal.booked");
        tx.commit().await?;
        runtime::failpoint!("withdrawal.completed");
        tracing::info!(withdrawal = %id, "a withdrawal is paid");
        Ok(Next::Ended)
    }

    /// What was signed has ended without moving anything. If it can still happen otherwise, something
    /// else is signed next; if not, the money is the player's again.
    async fn fail(
        &self,
        id: WithdrawalId,
        own: &OwnTransaction,
        outcome: Outcome,
        fee: Option<Transfer>,
    ) -> Result<Next, Error> {
        let tx = self.db.begin().await?;
        let Some(found) = self.ending(&tx, id, own, outcome).await? else {
            tx.rollback().await?;
            return Ok(Next::Soon);
        };
        let signed = rows::count_signed(&tx, id).await?;
        if outcome == Outcome::Expired && signed < MAX_SIGNED {
            tx.commit().await?;
            runtime::failpoint!("withdrawal.expired");
            tracing::info!(withdrawal = %id, signed, "a transfer has expired and is signed anew");
            return Ok(Next::Soon);
        }
        let reason = match outcome {
            Outcome::Expired => NOT_TAKEN,
            Outcome::Failed | Outcome::Finalized => FAILED_ON_CHAIN,
        };
        give_back(tx, &found, reason, fee).await
    }

    /// It will not be paid, and nothing that was signed for it can happen any more: what was kept apart
    /// is the player's again.
    async fn give_back(&self, id: WithdrawalId, reason: &str) -> Result<Next, Error> {
        let tx = self.db.begin().await?;
        let locked = withdrawal::lock(&tx, id).await?;
        let locked = locked.filter(|found| found.status == Status::Sending);
        match (locked, rows::find_live(&tx, id).await?) {
            (Some(found), None) => give_back(tx, &found, reason, None).await,
            // Somebody else has come farther.
            (None, _) | (Some(_), Some(_)) => {
                tx.rollback().await?;
                Ok(Next::Soon)
            }
        }
    }

    /// Locks the withdrawal and ends its transaction; none if somebody else has.
    async fn ending(
        &self,
        tx: &Tx,
        id: WithdrawalId,
        own: &OwnTransaction,
        outcome: Outcome,
    ) -> Result<Option<Withdrawal>, Error> {
        let locked = withdrawal::lock(tx, id).await?;
        let ended = rows::end_transaction(tx, &own.signature, outcome).await?;
        Ok(locked.filter(|found| ended && found.status == Status::Sending))
    }

    fn fee(
        &self,
        own: &OwnTransaction,
        receipt: &Receipt,
        paid_out: i64,
    ) -> Result<Option<Transfer>, Error> {
        let ours: [Address; 1] = [self.custody.hot()];
        network_fee(own, receipt, &ours, paid_out)
    }

    /// Its time is over, and nothing was signed: the money is free.
    pub(crate) async fn give_up(&self, id: WithdrawalId) -> Result<Next, Error> {
        let expiry = Transfer::expiry(hold(id).id(), id.uuid());
        self.free(id, expiry, TOO_LATE).await
    }

    /// Nothing was signed, and nothing will be: `freed` ends the hold.
    async fn free(&self, id: WithdrawalId, freed: Transfer, reason: &str) -> Result<Next, Error> {
        let tx = self.db.begin().await?;
        let found = withdrawal::lock(&tx, id).await?;
        let found = found.ok_or_else(|| store::Error::corrupt("withdrawals", id))?;
        let change = match found.status {
            Status::InReview => Change::Reject {
                reviewer: None,
                reason,
            },
            Status::Approved => Change::Fail { reason },
            Status::Sending | Status::Completed | Status::Rejected | Status::Failed => {
                tx.rollback().await?;
                return Ok(Next::Soon);
            }
        };
        match ledger::post(&tx, std::slice::from_ref(&freed)).await? {
            Ok(Posted::Now) => {
                let moved = notices::moved(&found, freed.key.id(), 0, freed.kind)?;
                tx.announce_all(&[moved]).await?;
            }
            // The sweeper was faster.
            Ok(Posted::Before) | Err(Refusal::HoldEnded) => {}
            Err(refusal) => return Err(refusal.into()),
        }
        withdrawal::change(&tx, id, change).await?;
        tx.announce_all(&[notices::returned(&found, reason)?])
            .await?;
        runtime::failpoint!("withdrawal.freeing");
        tx.commit().await?;
        runtime::failpoint!("withdrawal.freed");
        Ok(Next::Ended)
    }
}

/// What is held for a withdrawal that will not be paid is free.
pub(crate) fn freeing(id: WithdrawalId) -> Transfer {
    Transfer {
        key: key(id, "void"),
        kind: kind::WITHDRAWAL_REJECTED,
        reference: id.uuid(),
        movement: Movement::Void {
            hold: hold(id).id(),
        },
    }
}

/// What was kept apart is the player's again, and the withdrawal has failed.
async fn give_back(
    tx: Tx,
    found: &Withdrawal,
    reason: &str,
    fee: Option<Transfer>,
) -> Result<Next, Error> {
    let unit = Unit::from(found.amount.currency);
    let returned = moving(
        found,
        "returned",
        kind::WITHDRAWAL_RETURNED,
        Movement::Move {
            debit: Account::escrow(found.id.uuid(), unit),
            credit: Account::user(found.user, unit),
            amount: found.amount.minor,
        },
    );
    let transfer = returned.key.id();
    let transfers: Vec<_> = [returned].into_iter().chain(fee).collect();
    ledger::post(&tx, &transfers).await??;
    withdrawal::change(&tx, found.id, Change::Fail { reason }).await?;
    let minor = found.amount.minor;
    let moved = notices::moved(found, transfer, minor, kind::WITHDRAWAL_RETURNED)?;
    tx.announce_all(&[moved, notices::returned(found, reason)?])
        .await?;
    runtime::failpoint!("withdrawal.returning");
    tx.commit().await?;
    runtime::failpoint!("withdrawal.returned");
    tracing::warn!(withdrawal = %found.id, reason, "a withdrawal has failed");
    Ok(Next::Ended)
}

/// What holds the money of a withdrawal until something is signed for it.
pub(crate) fn hold(id: WithdrawalId) -> TransferKey {
    key(id, "hold")
}

/// The transfer of a step of a withdrawal.
fn key(id: WithdrawalId, step: &str) -> TransferKey {
    TransferKey::new(format!("withdrawal/{id}/{step}"))
}

/// What is held is kept apart.
fn capture(found: &Withdrawal) -> Transfer {
    let unit = Unit::from(found.amount.currency);
    Transfer {
        key: key(found.id, "capture"),
        kind: kind::WITHDRAWAL,
        reference: found.id.uuid(),
        movement: Movement::Post {
            hold: hold(found.id).id(),
            credit: Account::escrow(found.id.uuid(), unit),
        },
    }
}

fn moving(found: &Withdrawal, step: &str, kind: &'static str, movement: Movement) -> Transfer {
    Transfer {
        key: key(found.id, step),
        kind,
        reference: found.id.uuid(),
        movement,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payment(minor: i64, currency: Currency, opens_account: bool) -> OwnTransaction {
        OwnTransaction {
            signature: String::new(),
            withdrawal: None,
            account: String::new(),
            amount: Money { minor, currency },
            bytes: Vec::new(),
            last_valid_height: 0,
            signed_slot: 0,
            opens_account,
        }
    }

    #[track_caller]
    fn assert_least(promised: Promised, own: &OwnTransaction, lamports: u64, tokens: u64) {
        let covers = |lamports, tokens| Held { lamports, tokens }.covers(promised, own);
        assert!(covers(lamports, tokens));
        assert!(!covers(lamports - 1, tokens));
        assert!(tokens == 0 || !covers(lamports, tokens - 1));
    }

    #[test]
    fn sol_is_paid_with_what_nobody_else_is_promised_and_fees_do_not_need() {
        let own = payment(7, Currency::Sol, false);
        assert_least(Promised::default(), &own, RESERVE + 7, 0);
        let promised = Promised {
            sol: 5,
            usdt: 9,
            openings: 2,
        };
        assert_least(promised, &own, RESERVE + 2 * RENT + 12, 0);
    }

    #[test]
    fn usdt_is_paid_with_the_rent_of_every_account_that_is_opened() {
        let opening = payment(7, Currency::Usdt, true);
        assert_least(Promised::default(), &opening, RESERVE + RENT, 7);
        let promised = Promised {
            sol: 5,
            usdt: 9,
            openings: 2,
        };
        assert_least(promised, &opening, RESERVE + 3 * RENT + 5, 16);
        let own = payment(7, Currency::Usdt, false);
        assert_least(promised, &own, RESERVE + 2 * RENT + 5, 16);
    }
}
