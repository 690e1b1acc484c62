//! What an operator can set about the chain and about what leaves on it.

use std::time::Duration;

use ::chain::Address;
use anyhow::{bail, ensure};
use domain::money::Currency;
use runtime::{Millis, Secret};
use serde::Deserialize;
use store::chain::Worth;

use super::count::Count;
use super::{Interval, SolAmount, UsdtAmount};

/// The least that a wallet on the chain can hold, in lamports: whoever sends less to a new one sends it
/// in vain.
const LEAST_WALLET: i64 = 890_880;

/// The fewest transactions of a page: each page begins with the end of the one in front of it.
const MIN_PAGE: u32 = 3;
/// The most transactions of a page.
const MAX_PAGE: u32 = 1_000;
const _: () = assert!(MAX_PAGE as usize == ::chain::MAX_PAGE);

/// `[chain]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chain {
    /// A node's JSON-RPC. It may hold a key.
    url: Option<Secret>,
    /// What every key follows from.
    seed: Option<Secret>,
    usdt_mint: Mint,
    timeout_ms: Millis<100, 60_000>,
    scan_interval_ms: Interval,
    scan_accounts: Count<1, 10_000>,
    scan_page: Count<MIN_PAGE, MAX_PAGE>,
    page_after_ms: Interval,
    deposit: Amounts,
    sweep_interval_ms: Interval,
    sweep: Amounts,
    reconcile_interval_ms: Interval,
    rescan_after_ms: Interval,
}

/// The way to the chain, where there is one.
#[derive(Clone, Debug)]
pub(crate) struct Opened {
    /// A node's JSON-RPC.
    pub(crate) url: Secret,
    /// What every key follows from.
    pub(crate) seed: Secret,
}

impl Chain {
    /// The way to the chain; none where no node is named.
    ///
    /// # Errors
    /// When there is a node and no seed, or a seed and no node.
    pub(crate) fn opened(&self) -> anyhow::Result<Option<Opened>> {
        match (&self.url, &self.seed) {
            (None, None) => Ok(None),
            (Some(url), Some(seed)) => Ok(Some(Opened {
                url: url.clone(),
                seed: seed.clone(),
            })),
            (Some(_), None) => bail!(
                "chain.seed is missing and chain.url is not: \
                 set BATTLESBIT_TREASURY__CHAIN__SEED or ..._SEED_FILE"
            ),
            (None, Some(_)) => bail!(
                "chain.url is missing and chain.seed is not: \
                 set BATTLESBIT_TREASURY__CHAIN__URL or ..._URL_FILE"
            ),
        }
    }

    /// The mint whose tokens are USDT.
    pub(crate) const fn usdt_mint(&self) -> Address {
        self.usdt_mint.0
    }

    /// How long a node may take for an answer.
    pub(crate) const fn timeout(&self) -> Duration {
        self.timeout_ms.duration()
    }

    /// How often accounts are looked at.
    pub(crate) const fn scan_interval(&self) -> Duration {
        self.scan_interval_ms.duration()
    }

    /// How many accounts are looked at each time.
    pub(crate) const fn scan_accounts(&self) -> u32 {
        self.scan_accounts.number()
    }

    /// How many transactions are asked for at once.
    pub(crate) const fn scan_page(&self) -> usize {
        self.scan_page.number() as usize
    }

    /// For how long the transactions of an account are not asked for that holds what it should.
    pub(crate) const fn page_after(&self) -> Duration {
        self.page_after_ms.duration()
    }

    /// From how much on deposits are credited, in the minor unit; less waits for more.
    pub(crate) const fn least_deposit(&self, currency: Currency) -> i64 {
        self.deposit.of(currency)
    }

    /// How often deposits are gathered.
    pub(crate) const fn sweep_interval(&self) -> Duration {
        self.sweep_interval_ms.duration()
    }

    /// How much an account has to hold before it is emptied; less is kept where it is.
    pub(crate) const fn sweep_from(&self) -> Worth {
        Worth {
            sol: self.sweep.sol.0,
            usdt: self.sweep.usdt.0,
        }
    }

    /// The same of one currency, in the minor unit.
    pub(crate) const fn sweep_from_of(&self, currency: Currency) -> i64 {
        self.sweep.of(currency)
    }

    /// Refuses what does not fit together, or into the time that one attempt at a step of a withdrawal
    /// may take: such an attempt would be given up and begun again while its first question is open.
    pub(super) fn check(&self, attempt: Duration) -> anyhow::Result<()> {
        ensure!(
            self.timeout() < attempt,
            "chain.timeout_ms: expected less than {}, which one attempt at a step of a withdrawal may \
             take",
            attempt.as_millis()
        );
        for (currency, name) in NAMES {
            ensure!(
                self.sweep_from_of(currency) >= self.least_deposit(currency),
                "chain.sweep.{name}: expected at least chain.deposit.{name}, or what nobody was \
                 credited would be gathered at our cost"
            );
        }
        Ok(())
    }

    /// How often the chain is compared with the ledger.
    pub(crate) const fn reconcile_interval(&self) -> Duration {
        self.reconcile_interval_ms.duration()
    }

    /// For how long more has to lie on the chain than the ledger says, until all is looked at anew.
    pub(crate) const fn rescan_after(&self) -> Duration {
        self.rescan_after_ms.duration()
    }
}

/// The currencies that live on the chain, as the settings name them.
const NAMES: [(Currency, &str); 2] = [(Currency::Usdt, "usdt"), (Currency::Sol, "sol")];

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Amounts {
    usdt: UsdtAmount,
    sol: SolAmount,
}

impl Amounts {
    /// The amount of a currency; none is enough of one that does not live on the chain.
    const fn of(&self, currency: Currency) -> i64 {
        match currency {
            Currency::Usdt => self.usdt.0,
            Currency::Sol => self.sol.0,
            Currency::Bt => i64::MAX,
        }
    }
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
struct Mint(Address);

impl TryFrom<String> for Mint {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.parse() {
            Ok(address) => Ok(Self(address)),
            Err(cause) => Err(format!("{cause}, found {text}")),
        }
    }
}

/// `[withdrawals]`
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Withdrawals {
    expires_after_ms: Millis<1_000, 2_592_000_000>,
    token_account_fee: UsdtAmount,
    usdt: LimitsOf<UsdtAmount>,
    sol: LimitsOf<SolAmount>,
}

/// What one player may withdraw of a currency, in its minor unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// The least at once.
    pub(crate) min: i64,
    /// The most at once.
    pub(crate) max: i64,
    /// The most in a day.
    pub(crate) daily: i64,
    /// How often in a day.
    pub(crate) daily_count: i64,
    /// From how much on somebody has to approve it.
    pub(crate) approval: i64,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LimitsOf<A> {
    min: A,
    max: A,
    daily: A,
    daily_count: Count<1, 1_000>,
    approval: A,
}

impl Withdrawals {
    /// How long a withdrawal may wait until something is signed for it, in milliseconds.
    pub(crate) fn expires_after_ms(self) -> i64 {
        let life = self.expires_after_ms.duration().as_millis();
        i64::try_from(life).unwrap_or(i64::MAX)
    }

    /// What is kept of a withdrawal of USDT for opening the account that a wallet lacks, in the minor
    /// unit.
    pub(crate) const fn token_account_fee(self) -> i64 {
        self.token_account_fee.0
    }

    /// Refuses what does not fit together.
    pub(super) fn check(self) -> anyhow::Result<()> {
        for (currency, name) in NAMES {
            let limits = self.limits(currency);
            ensure!(
                limits.is_some_and(|it| it.min <= it.max && it.max <= it.daily),
                "withdrawals.{name}: expected a min of at most max, and a max of at most daily"
            );
        }
        ensure!(
            self.usdt.min.0 > self.token_account_fee(),
            "withdrawals.usdt.min: expected more than withdrawals.token_account_fee, or nothing is \
             left to send"
        );
        ensure!(
            self.sol.min.0 >= LEAST_WALLET,
            "withdrawals.sol.min: expected at least 0.00089088, for no new wallet can hold less"
        );
        Ok(())
    }

    /// What one player may withdraw; none of a currency that does not live on the chain.
    pub(crate) fn limits(&self, currency: Currency) -> Option<Limits> {
        match currency {
            Currency::Usdt => Some(self.usdt.read(|amount| amount.0)),
            Currency::Sol => Some(self.sol.read(|amount| amount.0)),
            Currency::Bt => None,
        }
    }
}

impl<A: Copy> LimitsOf<A> {
    fn read(&self, minor: impl Fn(A) -> i64) -> Limits {
        Limits {
            min: minor(self.min),
            max: minor(self.max),
            daily: minor(self.daily),
            daily_count: i64::from(self.daily_count.number()),
            approval: minor(self.approval),
        }
    }
}
