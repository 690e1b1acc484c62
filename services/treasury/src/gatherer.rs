//! Gathers what players have deposited in the hot wallet, which pays for it. What is not worth its
//! cost stays where it is.

use chain::{Address, KeyIndex, Transfer};
use domain::money::{Currency, Money};
use metrics::counter;
use runtime::causes;
use store::chain::{self as rows, ChainAccount, Outcome, OwnTransaction};
use store::{Db, Page, ledger};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::custody::{Custody, key_of, read_address};
use crate::error::Error;
use crate::settings::Chain;
use crate::transactions::{Step, network_fee, step};

const FAILED: &str = "treasury_sweeps_failed_total";

/// How many accounts are looked at, and transactions followed, in one round. The next one goes on
/// behind them.
const LISTED: u32 = 100;
const _: () = assert!(LISTED as usize <= chain::MAX_ACCOUNTS);

/// Behind which accounts the next round goes on; from the first one if there is none.
#[derive(Debug, Default)]
struct Place {
    /// Whose sweep was followed last.
    live: Option<String>,
    /// Which was looked at last.
    account: Option<String>,
}

/// Gathers deposits.
#[derive(Clone, Debug)]
pub(crate) struct Gatherer {
    pub(crate) db: Db,
    pub(crate) custody: Custody,
    pub(crate) settings: Chain,
}

impl Gatherer {
    /// Gathers every interval until `shutdown`.
    pub(crate) async fn run(self, shutdown: CancellationToken) -> anyhow::Result<()> {
        // Shown from the beginning: what is not there cannot rise.
        counter!(FAILED).increment(0);
        let gathering = async {
            let mut place = Place::default();
            loop {
                if let Err(error) = self.gather(&mut place).await {
                    counter!(FAILED).increment(1);
                    tracing::warn!(cause = causes(&error), "deposits are not gathered");
                    sleep(error.wait().unwrap_or_default()).await;
                }
                sleep(self.settings.sweep_interval()).await;
            }
        };
        shutdown.run_until_cancelled(gathering).await;
        Ok(())
    }

    /// Sees to sweeps and accounts from where the last round ended, whatever becomes of the others;
    /// answers the last failure.
    async fn gather(&self, place: &mut Place) -> Result<(), Error> {
        self.custody.confirm(&self.db).await?;
        let mut outcome = Ok(());
        let live = rows::list_live_sweeps(&self.db, page(&place.live)).await?;
        place.live = live
            .rows
            .last()
            .filter(|_| live.more)
            .map(|it| it.account.clone());
        for own in live.rows {
            if let Err(error) = self.follow(&own).await {
                outcome = Err(stop_if_busy(error)?);
            }
        }
        let worth = self.settings.sweep_from();
        let found = rows::list_to_gather(&self.db, worth, page(&place.account)).await?;
        place.account = found
            .rows
            .last()
            .filter(|_| found.more)
            .map(|it| it.account.clone());
        self.sweep(&found.rows).await?;
        outcome
    }

    /// Empties those of these accounts that hold enough, whatever becomes of the others; answers the
    /// last failure.
    async fn sweep(&self, accounts: &[ChainAccount]) -> Result<(), Error> {
        let mut outcome = Ok(());
        if accounts.is_empty() {
            return Ok(());
        }
        let addresses: Result<Vec<_>, _> = accounts
            .iter()
            .map(|it| read_address(&it.account))
            .collect();
        let held = self.custody.node().accounts(&addresses?).await?;
        for (account, held) in accounts.iter().zip(held) {
            let currency = account.currency()?;
            let amount = self.custody.coin(currency)?.held_by(held.as_ref());
            let minor = i64::try_from(amount).map_err(|_cause| Error::TooLarge("a balance"))?;
            // Less may be there than came: it is not worth it any more, or on its way.
            if minor >= self.settings.sweep_from_of(currency) {
                let emptied = self.empty(account, Money { minor, currency }, amount);
                if let Err(error) = emptied.await {
                    outcome = Err(stop_if_busy(error)?);
                }
            }
        }
        outcome
    }

    async fn empty(
        &self,
        account: &ChainAccount,
        amount: Money,
        on_chain: u64,
    ) -> Result<(), Error> {
        let transfer = Transfer {
            coin: self.custody.coin(amount.currency)?,
            from: key_of(account)?,
            to: self.custody.hot(),
            opens_account: true,
            amount: on_chain,
            payer: KeyIndex::HOT,
        };
        let blockhash = self.custody.node().latest_blockhash().await?;
        let signed = self
            .custody
            .keyring()
            .sign(&transfer, &blockhash.blockhash)?;
        let last = i64::try_from(blockhash.last_valid_block_height);
        let slot = i64::try_from(blockhash.slot);
        let own = OwnTransaction {
            signature: signed.signature.to_string(),
            withdrawal: None,
            account: account.account.clone(),
            amount,
            bytes: signed.bytes,
            last_valid_height: last.map_err(|_cause| Error::TooLarge("a height"))?,
            signed_slot: slot.map_err(|_cause| Error::TooLarge("a slot"))?,
            // The hot wallet's own account, which is opened once.
            opens_account: false,
        };
        let tx = self.db.begin().await?;
        match rows::insert_transaction(&tx, &own).await {
            Ok(()) => tx.commit().await?,
            // It is being emptied already.
            Err(store::Error::Conflict(_)) => return Ok(tx.rollback().await?),
            Err(error) => return Err(error.into()),
        }
        self.follow(&own).await
    }

    /// Sees to a transaction until it has ended.
    async fn follow(&self, own: &OwnTransaction) -> Result<(), Error> {
        let (outcome, receipt) = match step(&self.custody, own).await? {
            Step::Waiting => return Ok(()),
            Step::Finalized(receipt) => (Outcome::Finalized, Some(receipt)),
            Step::Failed(receipt) => (Outcome::Failed, Some(receipt)),
            Step::Expired => (Outcome::Expired, None),
        };
        let ours = self.ours(own)?;
        let fee = receipt.map(|receipt| network_fee(own, &receipt, &ours, 0));
        let fee = fee.transpose()?.flatten();
        let tx = self.db.begin().await?;
        if rows::end_transaction(&tx, &own.signature, outcome).await? {
            ledger::post(&tx, fee.as_slice()).await??;
            if outcome == Outcome::Finalized {
                rows::note_gathered(&tx, &own.account, own.amount.minor).await?;
            }
            tx.commit().await?;
            tracing::info!(signature = own.signature, ?outcome, "a sweep has ended");
        } else {
            tx.rollback().await?;
        }
        Ok(())
    }

    /// Whose lamports a sweep changes.
    fn ours(&self, own: &OwnTransaction) -> Result<Vec<Address>, Error> {
        let hot = self.custody.hot();
        Ok(match own.amount.currency {
            Currency::Sol => vec![hot, read_address(&own.account)?],
            // A token account keeps its lamports.
            Currency::Usdt | Currency::Bt => vec![hot],
        })
    }
}

fn page(after: &Option<String>) -> Page<String> {
    match after {
        Some(after) => Page::after(after.clone(), LISTED),
        None => Page::first(LISTED),
    }
}

/// Logs a failure that concerns one account alone; a busy node ends the round.
fn stop_if_busy(error: Error) -> Result<Error, Error> {
    if error.wait().is_some() {
        return Err(error);
    }
    tracing::warn!(cause = causes(&error), "an account is not emptied");
    Ok(error)
}
