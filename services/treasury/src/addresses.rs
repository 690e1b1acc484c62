//! Which accounts on the chain are ours: the hot wallet's, and one for each player and currency.

use std::time::Duration;

use anyhow::ensure;
use chain::{Coins, KeyIndex};
use domain::id::UserId;
use domain::money::Currency;
use domain::timestamp::Timestamp;
use metrics::counter;
use runtime::causes;
use store::chain::{self as rows, NewAccount, Unreachable};
use store::{Db, Tx, withdrawal};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::custody::Custody;
use crate::error::Error;

const FAILED: &str = "treasury_addresses_failed_total";

/// How many wallets without an address are looked up at once.
const LISTED: u32 = 100;
/// How often they are looked for: those that were opened without the chain, or by their first
/// movement.
const INTERVAL: Duration = Duration::from_secs(1);
/// For how long a wallet is looked at again and again after it was opened: whoever opens it may need
/// that long to end the transaction, and nobody sees it before.
const SEEN_AFTER_MS: i64 = 600_000;
/// After how many rounds all wallets are looked at again, whenever they were opened.
const ROUNDS: u32 = 3_600;

/// Gives a wallet an address to deposit to, unless it has one. A currency that does not live on the
/// chain needs none.
pub(crate) async fn assign(
    tx: &Tx,
    custody: &Custody,
    user: UserId,
    currency: Currency,
) -> Result<(), Error> {
    if !Coins::CURRENCIES.contains(&currency)
        || rows::find_account(tx, Some(user), currency)
            .await?
            .is_some()
    {
        return Ok(());
    }
    let number = rows::next_key(tx).await?;
    let index = KeyIndex::new(number).ok_or(Error::TooLarge("a key"))?;
    insert(tx, custody, index, Some(user), currency).await
}

/// Notes the accounts of the hot wallet.
///
/// # Errors
/// When other ones are noted: by another seed nobody could be paid, and by another mint every deposit
/// would be passed over.
pub(crate) async fn note_hot(db: &Db, custody: &Custody) -> anyhow::Result<()> {
    let tx = db.begin().await?;
    for currency in Coins::CURRENCIES {
        insert(&tx, custody, KeyIndex::HOT, None, currency).await?;
        let ours = custody.coin(currency)?.account_of(custody.hot());
        let kept = rows::find_account(&tx, None, currency).await?;
        ensure!(
            kept.is_some_and(|kept| kept.account == ours.to_string()),
            "chain.seed or chain.usdt_mint is not the one that this database has known"
        );
    }
    Ok(tx.commit().await?)
}

async fn insert(
    tx: &Tx,
    custody: &Custody,
    index: KeyIndex,
    user: Option<UserId>,
    currency: Currency,
) -> Result<(), Error> {
    let address = custody.keyring().address(index);
    let account = custody.coin(currency)?.account_of(address);
    let new = NewAccount {
        account: account.to_string(),
        address: address.to_string(),
        key_index: index.number(),
        user,
        currency,
    };
    // Somebody else may have been faster.
    let _is_new = rows::insert_account(tx, &new).await?;
    Ok(())
}

/// Gives every wallet an address until `shutdown`.
pub(crate) async fn run(
    db: Db,
    custody: Custody,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    // Shown from the beginning: what is not there cannot rise.
    counter!(FAILED).increment(0);
    let assigning = async {
        loop {
            let mut since = Timestamp::default();
            for _ in 0..ROUNDS {
                match assign_since(&db, &custody, since).await {
                    Ok(next) => since = next,
                    Err(error) => {
                        counter!(FAILED).increment(1);
                        tracing::warn!(cause = causes(&error), "wallets wait for an address");
                    }
                }
                sleep(INTERVAL).await;
            }
        }
    };
    shutdown.run_until_cancelled(assigning).await;
    Ok(())
}

/// Gives addresses to wallets that were opened at `since` or later, whatever becomes of the others;
/// answers from when on the next round looks, or the last failure.
async fn assign_since(db: &Db, custody: &Custody, since: Timestamp) -> Result<Timestamp, Error> {
    let now = withdrawal::now(db).await?;
    let listed = rows::list_unreachable(db, since, LISTED).await?;
    let more = listed.len() >= LISTED as usize;
    let next = if more {
        since
    } else {
        now.plus_ms(-SEEN_AFTER_MS)
    };
    let mut outcome = Ok(next);
    for wallet in listed {
        if let Err(error) = assign_one(db, custody, wallet).await {
            outcome = Err(error);
        }
    }
    outcome
}

async fn assign_one(db: &Db, custody: &Custody, wallet: Unreachable) -> Result<(), Error> {
    let tx = db.begin().await?;
    assign(&tx, custody, wallet.user, wallet.currency).await?;
    Ok(tx.commit().await?)
}
