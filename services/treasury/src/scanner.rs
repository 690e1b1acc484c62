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
//! node's history of it begins, if that is all that there ever was or the node has purged the block of
//! what was seen before; whatever a node with a short history has passed over there, the reconciler
//! misses, and lets all be looked at anew.

use chain::{Address, Coin, MAX_ACCOUNTS, Receipt, Seen, Signature};
use domain::ledger::{Account, Movement, Transfer, TransferKey, Unit};
use domain::money::Money;
use metrics::{counter, gauge};
use runtime::{Clock, causes};
use store::chain::{self as rows, ChainAccount, Deposit, Place, Progress, Reach, Scan, Turn, kind};
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
const FORGOTTEN: &str = "treasury_history_forgotten_total";
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
    fresh: Vec<Seen>,
    /// How far the account is seen with them.
    progress: Progress,
    end: End,
}

/// How a page ends.
#[derive(Clone, Debug, PartialEq, Eq)]
enum End {
    /// With what was seen before, or with the first transaction of all.
    Joined,
    /// With more to come.
    Open,
    /// With the first transaction that the node knows, and it knows nothing of what was seen before; with
    /// the newest one, if it knows any.
    Short(Option<Place>),
    /// With a gap: the page does not join the one in front of it.
    Cut,
}

impl Scanner {
    /// Looks every interval until `shutdown`.
    pub(crate) async fn run(self, shutdown: CancellationToken) -> anyhow::Result<()> {
        // Shown from the beginning: what is not there cannot rise.
        for name in [FAILED, DEPOSITS, FOREIGN, FORGOTTEN] {
            counter!(name).increment(0);
        }
        gauge!(SCANNED).set(0.0);
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
        // In front of what may fail: the database knows it, however often this begins anew.
        let oldest_s = rows::oldest_scan(&self.db).await?;
        gauge!("treasury_chain_oldest_scan_at_seconds").set(f64::from(oldest_s));
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
        let mut read = read(&progress, &page, limit);
        if let End::Short(newest) = &read.end
            && let Some(cursor) = &progress.cursor
            && self.has_forgotten(account, cursor.slot).await?
        {
            read.progress.cursor = newest.clone();
            read.end = End::Joined;
        }
        let deposits = self.deposits(account, address, &read.fresh).await?;
        // If somebody else has come farther, there is nothing to note.
        let _is_noted = self.note(account, &progress, &read, &deposits).await?;
        match read.end {
            End::Joined | End::Open => Ok(()),
            // What the node has is credited; the account is looked at from the beginning again.
            End::Short(_) | End::Cut => Err(Error::Incomplete),
        }
    }

    /// What the new transactions of a page brought.
    async fn deposits(
        &self,
        account: &ChainAccount,
        address: Address,
        fresh: &[Seen],
    ) -> Result<Vec<Deposit>, Error> {
        let mut deposits = Vec::new();
        for seen in fresh.iter().filter(|seen| !seen.failed()) {
            let signature = &seen.signature;
            let text = signature.as_str();
            if rows::is_own(&self.db, text).await?
                || rows::is_noted(&self.db, text, &account.account).await?
            {
                continue;
            }
            match self.custody.node().receipt(signature).await? {
                Some(receipt) => {
                    deposits.extend(self.deposit(account, address, signature, &receipt)?);
                }
                // Its name is purged after it.
                None if self.has_forgotten(account, slot(seen)).await? => {}
                // A node that names it and does not know it is behind another one.
                None => return Err(Error::Incomplete),
            }
        }
        Ok(deposits)
    }

    /// Whether the node has purged what stood in a slot, about an account; counts it. A node that only
    /// lags or has gaps has not.
    async fn has_forgotten(&self, account: &ChainAccount, slot: i64) -> Result<bool, Error> {
        let first = self.custody.node().first_block().await?;
        let has_forgotten = i64::try_from(first).is_ok_and(|first| slot < first);
        if has_forgotten {
            counter!(FORGOTTEN).increment(1);
            let key = account.key_index()?;
            tracing::info!(key, slot, first, "the node has purged what was seen before");
        }
        Ok(has_forgotten)
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
            End::Open | End::Short(_) | End::Cut => Reach::Part,
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

/// Where a transaction stands. A slot that is none of ours is behind all that a node has purged.
fn slot(seen: &Seen) -> i64 {
    i64::try_from(seen.slot).unwrap_or(i64::MAX)
}

fn place(seen: &Seen) -> Place {
    Place {
        signature: seen.signature.to_string(),
        slot: slot(seen),
    }
}

/// What a page says, newest first, where `limit` transactions were asked for.
fn read(progress: &Progress, page: &[Seen], limit: usize) -> Read {
    let mut seen: Vec<&Seen> = page.iter().collect();
    // A node may name one twice.
    seen.dedup_by(|one, other| one.signature == other.signature);
    let text = |seen: &Seen| seen.signature.as_str().to_owned();
    let ends = |fresh: &[&Seen], cursor: Option<Place>, scan: Option<Scan>, end: End| Read {
        fresh: fresh.iter().map(|&one| one.clone()).collect(),
        progress: Progress { cursor, scan },
        end,
    };
    let cursor = progress.cursor.clone();
    let behind = match &progress.scan {
        // The page begins with the end of the one in front of it, or nothing joins them.
        Some(scan) => match seen.split_first() {
            Some((first, behind)) if first.signature.as_str() == scan.last => behind,
            _ => return ends(&[], cursor, None, End::Cut),
        },
        None => &seen,
    };
    let is_cursor = |one: &&Seen| {
        let cursor = progress.cursor.as_ref();
        cursor.is_some_and(|cursor| cursor.signature == one.signature.as_str())
    };
    let reached = behind.iter().position(is_cursor);
    let fresh = &behind[..reached.unwrap_or(behind.len())];
    let head = match &progress.scan {
        Some(scan) => Some(scan.head.clone()),
        None => seen.first().map(|first| place(first)),
    };
    let is_short = page.len() < limit;
    if reached.is_some() || (is_short && cursor.is_none()) {
        return ends(fresh, head, None, End::Joined);
    }
    if is_short {
        return ends(fresh, cursor, None, End::Short(head));
    }
    match (head, &seen[..]) {
        (Some(head), [.., before, last]) => {
            let scan = Scan {
                head,
                before: text(before),
                last: text(last),
            };
            ends(fresh, cursor, Some(scan), End::Open)
        }
        _ => ends(fresh, cursor, None, End::Cut),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The slot of everything.
    const SLOT: i64 = 1;

    fn page(names: &[&str]) -> Vec<Seen> {
        let seen = |name: &&str| format!(r#"{{"signature":"{name}","slot":{SLOT},"err":null}}"#);
        let all: Vec<_> = names.iter().map(seen).collect();
        let page: Vec<_> = all.iter().map(|one| serde_json::from_str(one)).collect();
        page.into_iter().map(Result::unwrap).collect()
    }

    fn place(name: &str) -> Place {
        Place {
            signature: name.to_owned(),
            slot: SLOT,
        }
    }

    fn at(cursor: Option<&str>, scan: Option<[&str; 3]>) -> Progress {
        Progress {
            cursor: cursor.map(place),
            scan: scan.map(|[head, before, last]| Scan {
                head: place(head),
                before: before.to_owned(),
                last: last.to_owned(),
            }),
        }
    }

    #[track_caller]
    fn assert_reads(from: &Progress, names: &[&str], fresh: &[&str], to: Progress, end: End) {
        let expected = Read {
            fresh: page(fresh),
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
        let same = ["d", "d", "d"];
        assert_reads(&again, &same, &["d"], again.clone(), End::Cut);
    }

    #[test]
    fn a_history_that_ends_before_the_cursor_moves_none_and_tells_its_newest() {
        let again = at(Some("a"), None);
        let on = at(Some("a"), Some(["f", "e", "d"]));
        assert_reads(&again, &[], &[], again.clone(), End::Short(None));
        let newest = |name| End::Short(Some(place(name)));
        assert_reads(&again, &["d", "c"], &["d", "c"], again.clone(), newest("d"));
        assert_reads(&on, &["d", "c"], &["c"], again.clone(), newest("f"));
    }
}
