//! What an operator can set; `config.default.toml` says what each key means.

use std::time::Duration;

use domain::money::{Currency, Money};
use serde::Deserialize;

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
    /// The most uses of one claim.
    pub(crate) claim: u32,
    /// The most uses that one user may claim in all, of each kind.
    pub(crate) cap: u32,
    /// How long they can be used.
    pub(crate) ttl_hours: u32,
}

impl Items {
    /// How long claimed uses live, in milliseconds.
    pub(crate) const fn ttl_ms(self) -> i64 {
        self.ttl_hours as i64 * 60 * 60 * 1_000
    }
}

/// `[audit]`
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Audit {
    /// How often the whole ledger is checked.
    interval_ms: Interval,
}

impl Audit {
    /// How often the whole ledger is checked.
    pub(crate) const fn interval(self) -> Duration {
        Duration::from_millis(self.interval_ms.0)
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
        Duration::from_millis(self.expire_interval_ms.0)
    }
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "u64")]
struct Interval(u64);

impl Interval {
    const MIN_MS: u64 = 100;
}

impl TryFrom<u64> for Interval {
    type Error = String;

    fn try_from(ms: u64) -> Result<Self, String> {
        if ms >= Self::MIN_MS {
            Ok(Self(ms))
        } else {
            Err(format!(
                "expected at least {} milliseconds, found {ms}",
                Self::MIN_MS
            ))
        }
    }
}
