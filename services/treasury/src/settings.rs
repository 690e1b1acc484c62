//! What an operator can set; `config.default.toml` says what each key means.

use std::time::Duration;

use anyhow::ensure;
use domain::money::{Currency, Money};
use runtime::Millis;
use serde::Deserialize;
use temporal::TemporalSettings;

use crate::workflow::ATTEMPT_LIMIT;

mod chain;
mod count;

pub use self::chain::{Chain, Withdrawals};
pub(crate) use self::chain::{Limits, Opened};
use self::count::Count;

/// The wait between two rounds of what happens again and again: a day at the most.
type Interval = Millis<100, 86_400_000>;

/// The treasury's own sections.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// `[postgres]`
    pub postgres: store::Settings<runtime::Secret>,
    /// `[nats]`
    pub nats: bus::NatsSettings,
    /// `[play_money]`
    pub play_money: PlayMoney,
    /// `[items]`
    pub items: Items,
    /// `[audit]`
    pub audit: Audit,
    /// `[holds]`
    pub holds: Holds,
    /// `[chain]`
    pub chain: Chain,
    /// `[withdrawals]`
    pub withdrawals: Withdrawals,
    /// `[temporal]`
    pub temporal: TemporalSettings,
}

impl Settings {
    /// Refuses what does not fit together.
    ///
    /// # Errors
    /// With the settings that do not, by their names.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        for (currency, name) in [
            (Currency::Usdt, "usdt"),
            (Currency::Sol, "sol"),
            (Currency::Bt, "bt"),
        ] {
            let Grant { claim, cap } = self.play_money.of(currency);
            ensure!(
                claim <= cap,
                "play_money.{name}: expected a claim of at most cap"
            );
        }
        ensure!(
            self.items.claim() <= self.items.cap(),
            "items: expected a claim of at most cap"
        );
        self.chain.check(ATTEMPT_LIMIT)?;
        self.withdrawals.check()
    }
}

/// `[play_money]`
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlayMoney {
    usdt: Grant<UsdtAmount>,
    sol: Grant<SolAmount>,
    bt: Grant<BtAmount>,
}

impl PlayMoney {
    /// What one claim of `currency` brings, and the most that one user may claim.
    pub(crate) fn of(&self, currency: Currency) -> Grant<i64> {
        match currency {
            Currency::Usdt => Grant {
                claim: self.usdt.claim.0,
                cap: self.usdt.cap.0,
            },
            Currency::Sol => Grant {
                claim: self.sol.claim.0,
                cap: self.sol.cap.0,
            },
            Currency::Bt => Grant {
                claim: self.bt.claim.0,
                cap: self.bt.cap.0,
            },
        }
    }
}

/// What is given away.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Grant<A> {
    /// In one claim.
    pub(crate) claim: A,
    /// To one user in all.
    pub(crate) cap: A,
}

macro_rules! amounts {
    ($($name:ident: $currency:ident,)*) => {
        $(
            /// An amount above zero, in the minor unit.
            #[derive(Clone, Copy, Debug, Deserialize)]
            #[serde(try_from = "String")]
            struct $name(i64);

            impl TryFrom<String> for $name {
                type Error = String;

                fn try_from(text: String) -> Result<Self, String> {
                    positive(&text, Currency::$currency).map(Self)
                }
            }
        )*
    };
}

amounts! {
    UsdtAmount: Usdt,
    SolAmount: Sol,
    BtAmount: Bt,
}

fn positive(text: &str, currency: Currency) -> Result<i64, String> {
    match Money::parse(text, currency) {
        Ok(Money { minor, .. }) if minor > 0 => Ok(minor),
        Ok(_) => Err(format!(
            "expected an amount of {currency} above zero, found {text}"
        )),
        Err(cause) => Err(format!("{cause}, found {text}")),
    }
}

/// `[items]`
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Items {
    claim: Count<1, 1_000_000>,
    cap: Count<1, 1_000_000_000>,
    ttl_hours: Count<1, 87_600>,
}

impl Items {
    /// The most uses of one claim.
    pub(crate) const fn claim(self) -> u32 {
        self.claim.number()
    }

    /// The most uses that one user may claim in all, of each kind.
    pub(crate) const fn cap(self) -> u32 {
        self.cap.number()
    }

    /// How long claimed uses live, in milliseconds.
    pub(crate) fn ttl_ms(self) -> i64 {
        i64::from(self.ttl_hours.number()) * 60 * 60 * 1_000
    }
}

/// `[audit]`
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Audit {
    /// How often what was added to the ledger is checked.
    interval_ms: Interval,
    /// How often the whole ledger is checked.
    whole_interval_ms: Interval,
}

impl Audit {
    /// The wait between two checks of what was added to the ledger.
    pub(crate) const fn interval(self) -> Duration {
        self.interval_ms.duration()
    }

    /// The wait between two checks of the whole ledger.
    pub(crate) const fn whole_interval(self) -> Duration {
        self.whole_interval_ms.duration()
    }
}

/// `[holds]`
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holds {
    /// How often the holds that have expired are freed.
    expire_interval_ms: Interval,
}

impl Holds {
    /// How often the holds that have expired are freed.
    pub(crate) const fn expire_interval(self) -> Duration {
        self.expire_interval_ms.duration()
    }
}
