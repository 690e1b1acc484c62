//! The scalars of the API: exact decimals, moments and request ids.

use std::str::FromStr;

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use domain::chips::Chips;
use domain::decimal::{DecimalError, MAX_DECIMAL_LEN};
use domain::money::{Currency, Money};
use domain::order::Entered;
use domain::price::Price;
use domain::timestamp::Timestamp;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::feed::Cursor;

/// An exact decimal number.
///
/// Holds the client's own digits: which scale they have to fit is for the field to say, and where
/// they do not fit, it is for the rules to refuse them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Decimal(Box<str>);

impl Decimal {
    /// The number in plain digits.
    pub(crate) fn digits(&self) -> &str {
        &self.0
    }

    /// `units` of 1e-8: a price, or chips.
    pub(crate) fn of_units(units: i64) -> Self {
        Chips::from_units(units).into()
    }

    /// As a field of the rules: what does not fit its scale or range travels on as malformed.
    pub(crate) fn entered<T: FromStr>(entered: Option<&Self>) -> Entered<T> {
        entered.map_or(Entered::Absent, |decimal| {
            Entered::from(decimal.0.parse::<T>())
        })
    }

    /// As wallet money.
    pub(crate) fn money(&self, currency: Currency) -> Result<Money, DecimalError> {
        Money::parse(&self.0, currency)
    }

    /// The exact value of `text`, which may be written with an exponent, as JSON numbers are.
    pub(crate) fn read(text: &str) -> Result<Self, &'static str> {
        if text.len() > MAX_DECIMAL_LEN {
            return Err("number too long");
        }
        plain(text).map(|digits| Self(digits.into()))
    }
}

impl From<Price> for Decimal {
    fn from(price: Price) -> Self {
        Self(price.to_string().into())
    }
}

impl From<Chips> for Decimal {
    fn from(chips: Chips) -> Self {
        Self(chips.to_string().into())
    }
}

impl From<Money> for Decimal {
    fn from(money: Money) -> Self {
        Self(money.to_string().into())
    }
}

impl From<i64> for Decimal {
    fn from(whole: i64) -> Self {
        Self(whole.to_string().into())
    }
}

/// An exact decimal number as a string, such as "12.5". Input may be a string or a number; no
/// digit is lost on the way.
#[Scalar(specified_by_url = "https://www.rfc-editor.org/rfc/rfc8259#section-6")]
impl ScalarType for Decimal {
    fn parse(value: Value) -> InputValueResult<Self> {
        let read = match &value {
            Value::String(text) => Self::read(text),
            Value::Number(number) => Self::read(&number.to_string()),
            Value::Null
            | Value::Boolean(_)
            | Value::Enum(_)
            | Value::Binary(_)
            | Value::List(_)
            | Value::Object(_) => return Err(InputValueError::expected_type(value)),
        };
        read.map_err(InputValueError::custom)
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.as_ref().to_owned())
    }
}

/// Writes out the exponent of a number; nothing is rounded.
fn plain(text: &str) -> Result<String, &'static str> {
    const EXPECTED: &str = "expected a decimal number such as 12.5";
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (
            mantissa,
            exponent.parse::<i32>().map_err(|_not_a_number| EXPECTED)?,
        ),
        None => (text, 0),
    };
    let (sign, number) = match mantissa.strip_prefix('-') {
        Some(number) => ("-", number),
        None => ("", mantissa),
    };
    let (whole, fraction) = match number.split_once('.') {
        Some((_, "")) => return Err(EXPECTED),
        Some(parts) => parts,
        None => (number, ""),
    };
    let digits = [whole, fraction].concat();
    if whole.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(EXPECTED);
    }
    if exponent == 0 {
        return Ok(mantissa.to_owned());
    }
    let moved = usize::try_from(exponent.unsigned_abs()).unwrap_or(usize::MAX);
    if moved > MAX_DECIMAL_LEN {
        return Err("number too long");
    }
    // Zeros on the side that the point moves to, so that it has digits to pass.
    let (digits, point) = if exponent < 0 {
        ("0".repeat(moved) + &digits, whole.len())
    } else {
        let missing = moved.saturating_sub(fraction.len());
        let point = whole.len().saturating_add(moved);
        (digits + &"0".repeat(missing), point)
    };
    let (whole, fraction) = digits.split_at(point);
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        whole => whole,
    };
    Ok(match fraction {
        "" => format!("{sign}{whole}"),
        fraction => format!("{sign}{whole}.{fraction}"),
    })
}

/// A moment, as RFC 3339 with milliseconds and in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DateTime(OffsetDateTime);

impl DateTime {
    /// The moment.
    pub(crate) const fn moment(self) -> OffsetDateTime {
        self.0
    }
}

impl From<OffsetDateTime> for DateTime {
    fn from(moment: OffsetDateTime) -> Self {
        Self(moment)
    }
}

impl From<Timestamp> for DateTime {
    fn from(timestamp: Timestamp) -> Self {
        let since = time::Duration::milliseconds(timestamp.ms());
        Self(
            OffsetDateTime::UNIX_EPOCH
                .checked_add(since)
                .unwrap_or(OffsetDateTime::UNIX_EPOCH),
        )
    }
}

/// A moment, as RFC 3339 in UTC, such as "2026-11-20T12:00:00.250Z".
#[Scalar(specified_by_url = "https://www.rfc-editor.org/rfc/rfc3339")]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => OffsetDateTime::parse(text, &Rfc3339)
                .map(Self)
                .map_err(|_other| InputValueError::custom("expected a moment as RFC 3339")),
            Value::Null
            | Value::Number(_)
            | Value::Boolean(_)
            | Value::Enum(_)
            | Value::Binary(_)
            | Value::List(_)
            | Value::Object(_) => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        let format = time::macros::format_description!(
            "[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z"
        );
        let utc = self.0.to_offset(time::UtcOffset::UTC);
        // The format names parts that every moment has.
        Value::String(utc.format(format).unwrap_or_default())
    }
}

/// How far one was told: text that need not be understood. To go on from there, give it as after.
#[Scalar(specified_by_url = "https://relay.dev/graphql/connections.htm#sec-Cursor")]
impl ScalarType for Cursor {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => {
                Self::said(text).ok_or_else(|| InputValueError::custom("expected a cursor"))
            }
            Value::Null
            | Value::Number(_)
            | Value::Boolean(_)
            | Value::Enum(_)
            | Value::Binary(_)
            | Value::List(_)
            | Value::Object(_) => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.text().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: Value) -> Result<String, String> {
        Decimal::parse(value)
            .map(|decimal| decimal.digits().to_owned())
            .map_err(|refusal| {
                refusal
                    .into_server_error(async_graphql::Pos::default())
                    .message
            })
    }

    fn number(text: &str) -> Value {
        Value::Number(text.parse().expect("a JSON number"))
    }

    #[test]
    fn a_number_is_read_from_its_own_digits() {
        for text in [
            "0.1",
            "61837.63000000",
            "0.123456789012345678901234567890",
            "-5",
        ] {
            assert_eq!(read(number(text)).as_deref(), Ok(text));
            assert_eq!(read(Value::from(text)).as_deref(), Ok(text));
        }
    }

    #[test]
    fn an_exponent_is_written_out_without_rounding() {
        for (text, digits) in [
            ("1e-7", "0.0000001"),
            ("1.5e3", "1500"),
            ("12.345E1", "123.45"),
            ("-2.5e-1", "-0.25"),
            ("0e5", "0"),
        ] {
            assert_eq!(read(number(text)).as_deref(), Ok(digits), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_or_too_long_is_bad_input() {
        for text in [
            "",
            "abc",
            "1.",
            ".5",
            "+1",
            "1,5",
            "--1",
            "1e",
            "1e99999999999",
            "0x1",
        ] {
            assert!(read(Value::from(text)).is_err(), "{text}");
        }
        assert!(read(Value::from("1".repeat(41))).is_err());
        assert!(read(number("1e41")).is_err());
        assert!(read(Value::from(true)).is_err());
    }

    #[test]
    fn a_moment_has_milliseconds_and_is_utc() {
        let moment = DateTime::from(Timestamp::from_ms(1_723_075_200_250));
        assert_eq!(moment.to_value(), Value::from("2024-08-08T00:00:00.250Z"));
        assert_eq!(
            DateTime::parse(Value::from("2024-08-08T02:00:00.25+02:00")).ok(),
            Some(moment)
        );
    }
}
