//! Compares what lies in our accounts on the chain with what the ledger says should lie there. It has
//! no keys and needs none: which accounts are ours stands in the database. Never writes anything.
//!
//! Each account is compared for itself, at a moment in which nothing was booked of it: what is booked
//! of others meanwhile is no matter, so that it comes to an end however much is booked. What was moved
//! from one account to another between their moments stands on both sides of the sum, or on none.

use std::collections::BTreeSet;
use std::time::Duration;

use chain::{Address, Coin, Coins, Node, NodeError, Receipt, Signature};
use domain::money::Currency;
use store::chain::{self as rows, ChainAccount, Expected};
use store::{Db, Page};
use url::Url;

/// The currencies that live on the chain.
pub const CURRENCIES: [Currency; 2] = Coins::CURRENCIES;

/// How many accounts are asked for at once.
const LISTED: u32 = 100;
const _: () = assert!(LISTED as usize <= chain::MAX_ACCOUNTS);
/// How often an account is looked at of which something was booked meanwhile.
const LOOKS: u32 = 20;
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

/// What there is of a currency, in its minor unit: of each account at a moment of its own.
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
    /// By how much the chain is ahead of the ledger because of what has happened there and is not booked
    /// yet: what came in, less what went out.
    pub in_flight: i64,
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

    /// How much of that is not on its way.
    pub const fn unexplained(&self) -> i64 {
        self.difference().saturating_sub(self.in_flight)
    }

    fn add(&mut self, of: &Expected, found: Found) {
        if of.account.user().is_none() {
            self.hot = self.hot.saturating_add(found.minor);
        } else if found.minor > 0 {
            self.deposited = self.deposited.saturating_add(found.minor);
            self.addresses = self.addresses.saturating_add(1);
        }
        self.booked = self.booked.saturating_add(of.minor);
        self.in_flight = self.in_flight.saturating_add(found.in_flight);
    }
}

/// What lies in an account, and how much of it is on its way.
#[derive(Clone, Copy, Debug)]
struct Found {
    minor: i64,
    in_flight: i64,
}

impl Books<'_> {
    /// Adds up what there is; none if something was booked of an account each time that it was looked
    /// at.
    ///
    /// # Errors
    /// As database and node fail.
    pub async fn compare(&self, currency: Currency) -> Result<Option<Report>, Error> {
        let mut report = Report {
            currency,
            hot: 0,
            deposited: 0,
            addresses: 0,
            booked: 0,
            in_flight: 0,
        };
        let mut page = Page::first(LISTED);
        loop {
            let accounts = rows::list_accounts(self.db, page).await?;
            let mut ours = of_currency(&accounts.rows, currency)?;
            for _ in 0..LOOKS {
                if !ours.is_empty() {
                    ours = self.look(&mut report, &ours).await?;
                }
            }
            if !ours.is_empty() {
                return Ok(None);
            }
            match accounts.rows.last() {
                Some(last) if accounts.more => page = Page::after(last.account.clone(), LISTED),
                Some(_) | None => return Ok(Some(report)),
            }
        }
    }

    /// Adds accounts to the report; answers those of which something was booked meanwhile.
    async fn look(&self, report: &mut Report, accounts: &[String]) -> Result<Vec<String>, Error> {
        let coin = self.coin(report.currency)?;
        let expected = rows::list_expected(self.db, report.currency, accounts).await?;
        let addresses: Result<Vec<_>, _> = expected
            .iter()
            .map(|it| read(&it.account.account))
            .collect();
        let there = self.node.accounts_there(&addresses?).await?;
        let mut found = Vec::new();
        for (expected, held) in expected.iter().zip(there.accounts) {
            let held = coin.held_by(held.as_ref());
            let minor = i64::try_from(held).map_err(|_cause| Error::TooLarge)?;
            // What makes up for each other by chance does so until it is booked.
            let in_flight = if minor == expected.minor {
                0
            } else {
                let account = &expected.account;
                self.in_flight(account, coin, there.slot).await?
            };
            found.push(Found { minor, in_flight });
        }
        let behind = rows::list_expected(self.db, report.currency, accounts).await?;
        let mut moved = Vec::new();
        for ((expected, found), behind) in expected.iter().zip(found).zip(&behind) {
            if expected == behind {
                report.add(expected, found);
            } else {
                moved.push(expected.account.account.clone());
            }
        }
        Ok(moved)
    }

    /// By how much an account is ahead of the books at the end of a slot because of what has happened
    /// until then and is not booked. Of what is booked while this is asked for, nothing may count.
    async fn in_flight(&self, account: &ChainAccount, coin: Coin, slot: u64) -> Result<i64, Error> {
        let address = read(&account.account)?;
        let mut sum: i128 = 0;
        for own in rows::list_live(self.db, MAX_LIVE).await? {
            // The hot wallet pays for everything, and gets what is gathered.
            if account.user().is_some() && own.account != account.account {
                continue;
            }
            let receipt = self.node.receipt(&Signature::new(own.signature)).await?;
            if let Some(receipt) = receipt.filter(|receipt| receipt.slot <= slot) {
                sum = sum.saturating_add(change(&receipt, address, coin));
            }
        }
        sum = sum.saturating_add(self.unnoted(account, address, coin, slot).await?);
        i64::try_from(sum).map_err(|_cause| Error::TooLarge)
    }

    /// What has come to an account, and is not noted.
    async fn unnoted(
        &self,
        account: &ChainAccount,
        address: Address,
        coin: Coin,
        slot: u64,
    ) -> Result<i128, Error> {
        let page = self.node.signatures(address, None, LOOKED_THROUGH).await?;
        let cursor = account.progress().cursor.map(|it| it.signature);
        let fresh = page
            .into_iter()
            .take_while(|seen| Some(seen.signature.as_str()) != cursor.as_deref());
        // A node may name one twice.
        let fresh: BTreeSet<_> = fresh
            .filter(|seen| !seen.failed() && seen.slot <= slot)
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

/// The names of those accounts that hold a currency.
fn of_currency(rows: &[ChainAccount], currency: Currency) -> Result<Vec<String>, Error> {
    let mut ours = Vec::new();
    for account in rows {
        if account.currency()? == currency {
            ours.push(account.account.clone());
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
