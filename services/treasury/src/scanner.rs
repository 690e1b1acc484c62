//! Looks at our accounts on the chain, and credits what came in: each finalized transaction once,
//! whoever looks and however often, and what is too little once enough has come.
//!
//! An account is asked first what it holds, a hundred of them at once. We alone can take something from
//! it, and note what we took; so where a player's account holds what came in, as far as it was noted,
//! less what was gathered, nothing else came in, and its transactions need not be read. That is compared
//! anew in each round and remembered by nobody: whatever was missed, or was gathered before it was noted,
//! is a difference until it is noted. Only while a sweep is under way may something of the same amount
//! make up for it, until the sweep has ended. Transactions are read all the same now and then, and always
//! of the hot wallet, which pays and is paid by the minute.
//!
//! An account's cursor moves only where page joins page down to what was seen before, or to where the
//! node's history of it begins; whatever a node with a short one has passed over there, the reconciler
//! misses, and lets all be looked at anew.

use std::collections::BTreeSet;

use chain::{Address, Coin, MAX_ACCOUNTS, Receipt, Seen, Signature};
use domain::ledger::{Account, Movement, Transfer, TransferKey, Unit};
use domain::money::Money;
use metrics::{counter, gauge};
use runtime::{Clock, causes};
use store::chain::{self as rows, ChainAccount, Deposit, Progress, Reach, Scan, Turn, kind};
use store::{Db, Tx, ledger};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::app::now_s;
use crate::custody::{Custody, read_address};
use crate::error::Error;
use crate::notices;
use crate::settings::Chain;

const FAILED: &str = "treasury_scans_failed_total";
const DEPOSITS: &str = "treasury_deposits_total";
const FOREIGN: &str = "treasury_foreign_spends_total";
const SCANNED: &str = "treasury_chain_scanned_at_seconds";

/// Of how many accounts that hold what they should transactions are read in one round: many may be due at
/// once, and those that hold something else do not wait for them.
const MAX_DUE: usize = 100;

/// Looks for what came in.
#[derive(Clone, Debug)]
pub(crate) struct Scanner {
    pub(crate) db: Db,
    pub(crate) custody: Custody,
    pub(crate) clock: Clock,
    pub(crate) settings: Chain,
}

/// The accounts of a round, by what is done with them.
#[derive(Debug, Default)]
struct Round<'a> {
    /// Their transactions are read.
    paged: Vec<&'a ChainAccount>,
    /// The same, though they hold what they should.
    due: Vec<&'a ChainAccount>,
    /// They hold what they should.
    unchanged: Vec<&'a ChainAccount>,
}

/// What a page of an account's transactions comes to.
#[derive(Debug, PartialEq, Eq)]
struct Read {
    /// Those that are new.
    fresh: Vec<Signature>,
    /// How far the account is seen with them.
    progress: Progress,
    end: End,
}

/// How a page ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// With what was seen before, or with the first transaction of all.
    Joined,
    /// With more to come.
    Open,
    /// With a gap: the node's history does not reach back far enough.
    Cut,
}

impl Scanner {
    /// Looks every interval until `shutdown`.
    pub(crate) async fn run(self, shutdown: CancellationToken) -> anyhow::Result<()> {
        // Shown from the beginning: what is not there cannot rise.
        for name in [FAILED, DEPOSITS, FOREIGN] {
            counter!(name).increment(0);
        }
        gauge!(SCANNED).set(now_s(&self.clock));
        let scanning = async {
            loop {
                match self.scan().await {
                    Ok(()) => gauge!(SCANNED).set(now_s(&self.clock)),
                    Err(error) => {
                        counter!(FAILED).increment(1);
                        tracing::warn!(cause = causes(&error), "deposits wait");
                        sleep(error.wait().unwrap_or_default()).await;
                    }
                }
                sleep(self.settings.scan_interval()).await;
            }
        };
        shutdown.run_until_cancelled(scanning).await;
        Ok(())
    }

    /// Looks at the accounts that somebody tried to look at longest ago, whatever becomes of the others;
    /// answers the last failure.
    async fn scan(&self) -> Result<(), Error> {
        self.custody.confirm(&self.db).await?;
        let (limit, page_after) = (self.settings.scan_accounts(), self.settings.page_after());
        let turns = rows::list_to_scan(&self.db, limit, page_after).await?;
        let (mut outcome, mut round) = (Ok(()), Round::default());
        for some in turns.chunks(MAX_ACCOUNTS) {
            if let Err(error) = self.sort(some, &mut round).await {
                let accounts = some.iter().map(|turn| &turn.account);
                outcome = Err(self.pass_over(accounts.collect(), error).await?);
            }
        }
        let later = round.due.split_off(round.due.len().min(MAX_DUE));
        round.unchanged.extend(later);
        if !round.unchanged.is_empty() {
            let tx = self.db.begin().await?;
            rows::note_unchanged(&tx, names(&round.unchanged)).await?;
            tx.commit().await?;
        }
        for account in round.paged.into_iter().chain(round.due) {
            if let Err(error) = self.scan_account(account).await {
                outcome = Err(self.pass_over(vec![account], error).await?);
            }
        }
        let oldest_s = rows::oldest_scan(&self.db).await?;
        gauge!("treasury_chain_oldest_scan_at_seconds").set(f64::from(oldest_s));
        outcome
    }

    /// Asks what accounts hold, and sorts them by that. Of those that cannot be judged so, transactions
    /// are read.
    async fn sort<'a>(&self, turns: &'a [Turn], round: &mut Round<'a>) -> Result<(), Error> {
        let (mut asked, mut addresses) = (Vec::new(), Vec::new());
        for turn in turns {
            let account = &turn.account;
            let is_players = account.user().is_some() && account.progress().scan.is_none();
            match read_address(&account.account).ok().filter(|_| is_players) {
                Some(address) => {
                    asked.push(turn);
                    addresses.push(address);
                }
                None => round.paged.push(account),
            }
        }
        if asked.is_empty() {
            return Ok(());
        }
        let held = self.custody.node().accounts(&addresses).await?;
        for (turn, held) in asked.into_iter().zip(held) {
            let account = &turn.account;
            let coin = account.currency().map_err(Error::from);
            let coin = coin.and_then(|currency| self.custody.coin(currency));
            let held = coin.ok().map(|coin| coin.held_by(held.as_ref()));
            let is_noted = held.map(i128::from) == Some(i128::from(account.noted()));
            match (is_noted, turn.is_due) {
                (false, _) => round.paged.push(account),
                (true, true) => round.due.push(account),
                (true, false) => round.unchanged.push(account),
            }
        }
        Ok(())
    }

    /// Logs why accounts were not looked at, and lets others have their turn; answers the failure. A busy
    /// node ends the round with it.
    async fn pass_over(&self, accounts: Vec<&ChainAccount>, error: Error) -> Result<Error, Error> {
        if error.wait().is_some() {
            return Err(error);
        }
        let keys = accounts
            .iter()
            .filter_map(|account| account.key_index().ok());
        let keys: Vec<_> = keys.collect();
        tracing::warn!(?keys, cause = causes(&error), "accounts are not scanned");
        let tx = self.db.begin().await?;
        rows::note_failed_scans(&tx, names(&accounts)).await?;
        tx.commit().await?;
        Ok(error)
    }

    /// Looks at one page of an account's transactions: the next page has its turn after the other
    /// accounts, so that nobody's many transactions hold up everybody.
    async fn scan_account(&self, account: &ChainAccount) -> Result<(), Error> {
        let address = read_address(&account.account)?;
        let progress = account.progress();
        let limit = self.settings.scan_page();
        let before = progress.scan.as_ref();
        let before = before.map(|scan| Signature::new(scan.before.clone()));
        let node = self.custody.node();
        let page = node.signatures(address, before.as_ref(), limit).await?;
        let read = read(&progress, &page, limit);
        let deposits = self.deposits(account, address, &page, &read.fresh).await?;
        // If somebody else has come farther, there is nothing to note.
        let _is_noted = self.note(account, &progress, &read, &deposits).await?;
        match read.end {
            End::Joined | End::Open => Ok(()),
            // What the node has is credited; the account is looked at from the beginning again.
            End::Cut => Err(Error::Incomplete),
        }
    }

    /// What the new transactions of a page brought.
    async fn deposits(
        &self,
        account: &ChainAccount,
        address: Address,
        page: &[Seen],
        fresh: &[Signature],
    ) -> Result<Vec<Deposit>, Error> {
        let mut deposits = Vec::new();
        let failed = page.iter().filter(|seen| seen.failed());
        let failed: BTreeSet<_> = failed.map(|seen| &seen.signature).collect();
        for signature in fresh.iter().filter(|it| !failed.contains(it)) {
            let text = signature.as_str();
            if rows::is_own(&self.db, text).await?
                || rows::is_noted(&self.db, text, &account.account).await?
            {
                continue;
            }
            let receipt = self.custody.node().receipt(signature).await?;
            // A node that names it and does not know it is behind another one.
            let receipt = receipt.ok_or(Error::Incomplete)?;
            deposits.extend(self.deposit(account, address, signature, &receipt)?);
        }
        Ok(deposits)
    }

    fn deposit(
        &self,
        account: &ChainAccount,
        address: Address,
        signature: &Signature,
        receipt: &Receipt,
    ) -> Result<Option<Deposit>, Error> {
        if receipt.failed {
            return Ok(None);
        }
        let currency = account.currency()?;
        let change = match self.custody.coin(currency)? {
            Coin::Sol => receipt.lamports(address),
            Coin::Token { mint, .. } => receipt.tokens(address, mint),
        };
        if change < 0 {
            counter!(FOREIGN).increment(1);
            tracing::error!(%signature, "somebody else has signed with a key of ours");
        }
        if change <= 0 {
            return Ok(None);
        }
        let minor = i64::try_from(change).map_err(|_cause| Error::TooLarge("a deposit"))?;
        let slot = i64::try_from(receipt.slot).map_err(|_cause| Error::TooLarge("a slot"))?;
        Ok(Some(Deposit {
            id: key(signature, &account.account).id(),
            account: account.account.clone(),
            user: account.user(),
            amount: Money { minor, currency },
            credited: 0,
            signature: signature.to_string(),
            slot,
        }))
    }

    /// Credits deposits and notes how far the account was seen, in one transaction. False if
    /// somebody else has come farther meanwhile.
    async fn note(
        &self,
        account: &ChainAccount,
        before: &Progress,
        read: &Read,
        deposits: &[Deposit],
    ) -> Result<bool, Error> {
        let reach = match read.end {
            End::Joined => Reach::Whole,
            End::Open | End::Cut => Reach::Part,
        };
        let tx = self.db.begin().await?;
        let after = &read.progress;
        if !rows::note_progress(&tx, &account.account, before, after, reach).await? {
            tx.rollback().await?;
            return Ok(false);
        }
        let credited = self.credit(&tx, account, deposits).await?;
        if credited > 0 {
            runtime::failpoint!("deposit.credited");
        }
        tx.commit().await?;
        counter!(DEPOSITS).increment(credited);
        Ok(true)
    }

    /// Credits the deposits, the newest first, that were not noted before; answers how many. What is
    /// less than the least waits until it comes to as much with what follows.
    async fn credit(
        &self,
        tx: &Tx,
        account: &ChainAccount,
        deposits: &[Deposit],
    ) -> Result<u64, Error> {
        if deposits.is_empty() {
            return Ok(0);
        }
        let least = match account.user() {
            Some(_) => self.settings.least_deposit(account.currency()?),
            // The house's own is never too little.
            None => 1,
        };
        let mut waiting = rows::waiting(tx, &account.account).await?;
        let (mut new, mut moved, mut told) = (0_i64, Vec::new(), Vec::new());
        for deposit in deposits.iter().rev() {
            let sum = waiting.checked_add(deposit.amount.minor);
            let sum = sum.ok_or(Error::TooLarge("the sum of deposits"))?;
            let deposit = Deposit {
                credited: if sum >= least { sum } else { 0 },
                ..deposit.clone()
            };
            if rows::insert_deposit(tx, &deposit).await? {
                waiting = sum - deposit.credited;
                new = new.saturating_add(deposit.amount.minor);
                moved.extend(transfer(&deposit));
                told.extend(notices::deposited(&deposit)?);
            }
        }
        ledger::post(tx, &moved).await??;
        tx.announce_all(&told).await?;
        rows::note_arrival(tx, &account.account, waiting, new).await?;
        Ok(u64::try_from(moved.len()).unwrap_or(u64::MAX))
    }
}

/// What the rows of accounts are known by.
fn names(accounts: &[&ChainAccount]) -> Vec<String> {
    accounts.iter().map(|it| it.account.clone()).collect()
}

/// The ledger's transfer of what is credited with a deposit; none if it waits.
fn transfer(deposit: &Deposit) -> Option<Transfer> {
    let unit = Unit::from(deposit.amount.currency);
    let (kind, credit) = match deposit.user {
        Some(user) => (kind::DEPOSIT, Account::user(user, unit)),
        None => (kind::HOUSE_DEPOSIT, Account::house(unit)),
    };
    let key = key(&Signature::new(deposit.signature.clone()), &deposit.account);
    let transfer = Transfer {
        reference: key.id().uuid(),
        key,
        kind,
        movement: Movement::Move {
            debit: Account::outside(unit),
            credit,
            amount: deposit.credited,
        },
    };
    (deposit.credited > 0).then_some(transfer)
}

/// One transaction may bring something to several accounts of ours.
fn key(signature: &Signature, account: &str) -> TransferKey {
    TransferKey::new(format!("deposit/{signature}/{account}"))
}

/// What a page says, newest first, where `limit` transactions were asked for.
fn read(progress: &Progress, page: &[Seen], limit: usize) -> Read {
    let mut seen: Vec<&Signature> = page.iter().map(|one| &one.signature).collect();
    // A node may name one twice.
    seen.dedup();
    let cut = |fresh: &[&Signature]| Read {
        fresh: fresh.iter().map(|&one| one.clone()).collect(),
        progress: Progress {
            cursor: progress.cursor.clone(),
            scan: None,
        },
        end: End::Cut,
    };
    let text = |signature: &Signature| signature.as_str().to_owned();
    let behind = match &progress.scan {
        // The page begins with the end of the one in front of it, or nothing joins them.
        Some(scan) => match seen.split_first() {
            Some((first, behind)) if first.as_str() == scan.last => behind,
            _ => return cut(&[]),
        },
        None => &seen,
    };
    let cursor = progress.cursor.as_deref();
    let reached = behind.iter().position(|one| Some(one.as_str()) == cursor);
    let fresh = &behind[..reached.unwrap_or(behind.len())];
    let head = match &progress.scan {
        Some(scan) => Some(scan.head.clone()),
        None => seen.first().map(|&first| text(first)),
    };
    let is_short = page.len() < limit;
    let (end, progress) = if reached.is_some() || (is_short && cursor.is_none()) {
        (
            End::Joined,
            Progress {
                cursor: head,
                scan: None,
            },
        )
    } else if let (Some(head), [.., before, last], false) = (head, &seen[..], is_short) {
        let scan = Scan {
            head,
            before: text(before),
            last: text(last),
        };
        let cursor = progress.cursor.clone();
        (
            End::Open,
            Progress {
                cursor,
                scan: Some(scan),
            },
        )
    } else {
        return cut(fresh);
    };
    Read {
        fresh: fresh.iter().map(|&one| one.clone()).collect(),
        progress,
        end,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(names: &[&str]) -> Vec<Seen> {
        let seen = |name: &&str| format!(r#"{{"signature":"{name}","slot":1,"err":null}}"#);
        let all: Vec<_> = names.iter().map(seen).collect();
        let page: Vec<_> = all.iter().map(|one| serde_json::from_str(one)).collect();
        page.into_iter().map(Result::unwrap).collect()
    }

    fn at(cursor: Option<&str>, scan: Option<[&str; 3]>) -> Progress {
        Progress {
            cursor: cursor.map(str::to_owned),
            scan: scan.map(|[head, before, last]| Scan {
                head: head.to_owned(),
                before: before.to_owned(),
                last: last.to_owned(),
            }),
        }
    }

    #[track_caller]
    fn assert_reads(from: &Progress, names: &[&str], fresh: &[&str], to: Progress, end: End) {
        let fresh = fresh.iter().map(|&name| Signature::new(name)).collect();
        let expected = Read {
            fresh,
            progress: to,
            end,
        };
        assert_eq!(read(from, &page(names), 3), expected);
    }

    #[test]
    fn a_page_that_reaches_the_cursor_moves_it_to_the_newest() {
        let (from, to) = (at(Some("a"), None), at(Some("c"), None));
        assert_reads(
            &from,
            &["c", "b", "a"],
            &["c", "b"],
            to.clone(),
            End::Joined,
        );
        assert_reads(&from, &["a"], &[], from.clone(), End::Joined);
        assert_reads(&from, &["c", "c", "a"], &["c"], to, End::Joined);
    }

    #[test]
    fn an_account_without_a_cursor_is_seen_to_its_first_transaction() {
        assert_reads(&at(None, None), &[], &[], at(None, None), End::Joined);
        assert_reads(
            &at(None, None),
            &["b", "a"],
            &["b", "a"],
            at(Some("b"), None),
            End::Joined,
        );
    }

    #[test]
    fn pages_join_where_one_begins_with_the_end_of_the_other() {
        let (from, on) = (at(Some("a"), None), at(Some("a"), Some(["f", "e", "d"])));
        assert_reads(
            &from,
            &["f", "e", "d"],
            &["f", "e", "d"],
            on.clone(),
            End::Open,
        );
        let end = at(Some("f"), None);
        assert_reads(&on, &["d", "c", "a"], &["c"], end.clone(), End::Joined);
        assert_reads(&on, &["d", "a"], &[], end, End::Joined);
        let further = at(Some("a"), Some(["f", "c", "b"]));
        assert_reads(&on, &["d", "c", "b"], &["c", "b"], further, End::Open);
        let twice = at(Some("a"), Some(["f", "d", "c"]));
        assert_reads(&on, &["d", "d", "c"], &["c"], twice, End::Open);
    }

    #[test]
    fn what_does_not_join_moves_no_cursor() {
        let again = at(Some("a"), None);
        let on = at(Some("a"), Some(["f", "e", "d"]));
        for names in [&["c", "b", "a"][..], &[], &["a"]] {
            assert_reads(&on, names, &[], again.clone(), End::Cut);
        }
        assert_reads(&again, &[], &[], again.clone(), End::Cut);
        assert_reads(&again, &["d", "c"], &["d", "c"], again.clone(), End::Cut);
        assert_reads(&on, &["d", "c"], &["c"], again.clone(), End::Cut);
    }
}
