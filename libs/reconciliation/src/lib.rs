//! Compares what lies in our accounts on the chain with what the ledger says should lie there. It has
//! no keys and needs none: which accounts are ours stands in the database. Never writes anything.

use std::collections::BTreeSet;
use std::time::Duration;

use chain::{Address, Coin, Coins, Node, NodeError, Receipt, Signature};
use domain::money::Currency;
use store::chain::{self as rows, ChainAccount, OwnTransaction};
use store::{Db, Page};
use url::Url;

/// The currencies that live on the chain.
pub const CURRENCIES: [Currency; 2] = Coins::CURRENCIES;

/// How many accounts are asked for at once.
const LISTED: u32 = 100;
const _: () = assert!(LISTED as usize <= chain::MAX_ACCOUNTS);
/// How many transactions of ours that have not ended are looked at.
const MAX_LIVE: u32 = 1_000;
/// How many of an account's newest transactions are looked through for what is not noted yet.
const LOOKED_THROUGH: usize = 100;

/// Why nothing could be compared.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The chain's node.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// What should be the token's mint.
    #[error("expected the address of a mint, found {0}")]
    Mint(String),
    /// A currency that should live on the chain.
    #[error("{0} does not live on the chain")]
    NotOnChain(Currency),
    /// A number of the chain's that is none of ours.
    #[error("expected a balance that fits into our own")]
    TooLarge,
}

/// A node, and which coins are ours.
#[derive(Debug)]
pub struct Chain {
    node: Node,
    coins: Coins,
}

impl Chain {
    /// The chain behind the node at `url`, which may take `timeout` for an answer, with the mint whose
    /// tokens are USDT.
    ///
    /// # Errors
    /// When the mint is no address, or this process can have no HTTP client.
    pub fn open(url: Url, usdt_mint: &str, timeout: Duration) -> Result<Self, Error> {
        let usdt = usdt_mint.parse();
        Ok(Self {
            node: Node::new(url, timeout)?,
            coins: Coins {
                usdt: usdt.map_err(|_cause| Error::Mint(usdt_mint.to_owned()))?,
            },
        })
    }

    /// What is compared with this database.
    pub const fn books<'a>(&'a self, db: &'a Db) -> Books<'a> {
        Books {
            db,
            node: &self.node,
            coins: self.coins,
        }
    }
}

/// The chain on one side, the ledger on the other.
#[derive(Clone, Copy, Debug)]
pub struct Books<'a> {
    /// The ledger, and which accounts are ours.
    pub db: &'a Db,
    /// The way to the chain.
    pub node: &'a Node,
    /// Which coins are ours.
    pub coins: Coins,
}

/// What there is of a currency, in its minor unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// The currency.
    pub currency: Currency,
    /// In the hot wallet, for good.
    pub hot: i64,
    /// At the players' addresses, for good: what was not gathered yet, or is not worth it.
    pub deposited: i64,
    /// At how many of these addresses there is something.
    pub addresses: u32,
    /// As the ledger says, with what has come and waits to be credited.
    pub booked: i64,
}

impl Report {
    /// What lies on the chain.
    pub const fn on_chain(&self) -> i64 {
        self.hot.saturating_add(self.deposited)
    }

    /// How much more lies on the chain than the ledger says; negative where it is less.
    pub const fn difference(&self) -> i64 {
        self.on_chain().saturating_sub(self.booked)
    }
}

impl Books<'_> {
    /// Adds up what there is; none while the ledger moves.
    ///
    /// # Errors
    /// As database and node fail.
    pub async fn compare(&self, currency: Currency) -> Result<Option<Report>, Error> {
        let booked = rows::booked(self.db, currency).await?;
        let mut report = Report {
            currency,
            hot: 0,
            deposited: 0,
            addresses: 0,
            booked,
        };
        let coin = self.coin(currency)?;
        let mut page = Page::first(LISTED);
        loop {
            let accounts = rows::list_accounts(self.db, page).await?;
            let ours = of_currency(&accounts.rows, currency)?;
            self.add(&mut report, coin, &ours).await?;
            match accounts.rows.last() {
                Some(last) if accounts.more => page = Page::after(last.account.clone(), LISTED),
                Some(_) | None => break,
            }
        }
        let is_still = rows::booked(self.db, currency).await? == booked;
        Ok(is_still.then_some(report))
    }

    async fn add(
        &self,
        report: &mut Report,
        coin: Coin,
        accounts: &[&ChainAccount],
    ) -> Result<(), Error> {
        if accounts.is_empty() {
            return Ok(());
        }
        let addresses: Result<Vec<_>, _> = accounts.iter().map(|it| read(&it.account)).collect();
        let held = self.node.accounts(&addresses?).await?;
        for (account, held) in accounts.iter().zip(held) {
            let held = held.map_or(0, |held| match coin {
                Coin::Sol => held.lamports,
                Coin::Token { mint, .. } => held.tokens(mint).unwrap_or_default(),
            });
            let minor = i64::try_from(held).map_err(|_cause| Error::TooLarge)?;
            if account.user().is_none() {
                report.hot = report.hot.saturating_add(minor);
            } else if minor > 0 {
                report.deposited = report.deposited.saturating_add(minor);
                report.addresses = report.addresses.saturating_add(1);
            }
        }
        Ok(())
    }

    /// By how much the chain is ahead of the ledger because of what has happened there and is not
    /// booked yet: what came in, less what went out.
    ///
    /// # Errors
    /// As database and node fail.
    pub async fn in_flight(&self, currency: Currency) -> Result<i64, Error> {
        let coin = self.coin(currency)?;
        let mut sum: i128 = 0;
        for own in rows::list_live(self.db, MAX_LIVE).await? {
            sum = sum.saturating_add(self.moved(&own, currency, coin).await?);
        }
        let mut page = Page::first(LISTED);
        loop {
            let accounts = rows::list_accounts(self.db, page).await?;
            for account in of_currency(&accounts.rows, currency)? {
                sum = sum.saturating_add(self.unnoted(account, coin).await?);
            }
            match accounts.rows.last() {
                Some(last) if accounts.more => page = Page::after(last.account.clone(), LISTED),
                Some(_) | None => return i64::try_from(sum).map_err(|_cause| Error::TooLarge),
            }
        }
    }

    /// What a transaction of ours that has not ended for us has done to our accounts.
    async fn moved(
        &self,
        own: &OwnTransaction,
        currency: Currency,
        coin: Coin,
    ) -> Result<i128, Error> {
        let signature = Signature::new(own.signature.clone());
        let Some(receipt) = self.node.receipt(&signature).await? else {
            return Ok(0);
        };
        let hot = rows::find_account(self.db, None, currency).await?;
        let hot = hot.map(|hot| hot.account);
        let from = (own.amount.currency == currency).then(|| own.account.clone());
        let ours: BTreeSet<String> = hot.into_iter().chain(from).collect();
        let mut sum: i128 = 0;
        for account in ours {
            sum = sum.saturating_add(change(&receipt, read(&account)?, coin));
        }
        Ok(sum)
    }

    /// What has come to an account, and is not noted.
    async fn unnoted(&self, account: &ChainAccount, coin: Coin) -> Result<i128, Error> {
        let address = read(&account.account)?;
        let page = self.node.signatures(address, None, LOOKED_THROUGH).await?;
        let cursor = account.progress().cursor;
        let fresh = page
            .into_iter()
            .take_while(|seen| Some(seen.signature.as_str()) != cursor.as_deref());
        // A node may name one twice.
        let fresh: BTreeSet<_> = fresh
            .filter(|seen| !seen.failed())
            .map(|seen| seen.signature)
            .collect();
        let mut sum: i128 = 0;
        for signature in fresh {
            let text = signature.as_str();
            if rows::is_own(self.db, text).await?
                || rows::is_noted(self.db, text, &account.account).await?
            {
                continue;
            }
            if let Some(receipt) = self.node.receipt(&signature).await? {
                // What somebody else has taken is not on its way.
                sum = sum.saturating_add(change(&receipt, address, coin).max(0));
            }
        }
        Ok(sum)
    }

    fn coin(&self, currency: Currency) -> Result<Coin, Error> {
        let coin = self.coins.coin(currency);
        coin.ok_or(Error::NotOnChain(currency))
    }
}

fn of_currency(rows: &[ChainAccount], currency: Currency) -> Result<Vec<&ChainAccount>, Error> {
    let mut ours = Vec::new();
    for account in rows {
        if account.currency()? == currency {
            ours.push(account);
        }
    }
    Ok(ours)
}

fn change(receipt: &Receipt, account: Address, coin: Coin) -> i128 {
    match coin {
        Coin::Sol => receipt.lamports(account),
        Coin::Token { mint, .. } => receipt.tokens(account, mint),
    }
}

fn read(account: &str) -> Result<Address, Error> {
    let read = account.parse();
    Ok(read.map_err(|_cause| store::Error::corrupt("chain_accounts", account))?)
}
