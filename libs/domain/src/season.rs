//! Seasons: the calendar months, in UTC, over which cups are compared.

use std::fmt;
use std::str::FromStr;

use time::{Date, Month, OffsetDateTime};

use crate::timestamp::Timestamp;

const MONTHS: i32 = 12;

/// A calendar month on the exchange's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Season {
    year: i32,
    month: Month,
}

/// A text that names no season.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a year and a month, such as 2026-11")]
pub struct NotASeason;

impl Season {
    /// The season that a moment lies in; none at the ends of time, which no calendar has.
    pub fn of(moment: Timestamp) -> Option<Self> {
        let ns = i128::from(moment.ms()).checked_mul(1_000_000)?;
        let date = OffsetDateTime::from_unix_timestamp_nanos(ns).ok()?;
        Self::new(date.year(), date.month())
    }

    fn new(year: i32, month: Month) -> Option<Self> {
        (1970..=9998)
            .contains(&year)
            .then_some(Self { year, month })
    }

    /// The season with this number.
    pub fn from_number(number: i32) -> Option<Self> {
        let month = number.checked_rem(MONTHS)?.checked_add(1)?;
        let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
        Self::new(number.checked_div(MONTHS)?, month)
    }

    /// Its number: one more for each month, and never 0.
    pub fn number(self) -> i32 {
        let months = i32::from(u8::from(self.month)).saturating_sub(1);
        self.year.saturating_mul(MONTHS).saturating_add(months)
    }

    /// Its first moment.
    pub fn start(self) -> Timestamp {
        let first = Date::from_calendar_date(self.year, self.month, 1);
        let seconds = first.map_or(0, |day| day.midnight().assume_utc().unix_timestamp());
        Timestamp::from_ms(seconds.saturating_mul(1_000))
    }

    /// The first moment behind it.
    pub fn end(self) -> Timestamp {
        let next = Self::from_number(self.number().saturating_add(1));
        next.map_or(Timestamp::from_ms(i64::MAX), Self::start)
    }
}

impl fmt::Display for Season {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:04}-{:02}", self.year, u8::from(self.month))
    }
}

impl FromStr for Season {
    type Err = NotASeason;

    fn from_str(text: &str) -> Result<Self, NotASeason> {
        let read = || {
            let (year, month) = text.split_once('-')?;
            let month = Month::try_from(month.parse::<u8>().ok()?).ok()?;
            Self::new(year.parse().ok()?, month)
        };
        // The one way to write it, so that a season has one id.
        read()
            .filter(|season| season.to_string() == text)
            .ok_or(NotASeason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn season(text: &str) -> Season {
        text.parse().unwrap()
    }

    #[test]
    fn a_season_is_a_month_from_its_first_to_its_last_millisecond() {
        // date -u -d 2024-02-01 +%s, and 2024-03-01: a leap year.
        let (start, end) = (
            Timestamp::from_ms(1_706_745_600_000),
            Timestamp::from_ms(1_709_251_200_000),
        );
        let february = season("2024-02");
        assert_eq!((february.start(), february.end()), (start, end));
        assert_eq!(Season::of(start), Some(february));
        assert_eq!(Season::of(end.plus_ms(-1)), Some(february));
        assert_eq!(Season::of(end), Some(season("2024-03")));
        assert_eq!(Season::of(start.plus_ms(-1)), Some(season("2024-01")));
        assert_eq!(season("2023-12").end(), season("2024-01").start());
    }

    #[test]
    fn numbers_follow_each_other_and_lead_back() {
        let mut last = season("1970-01").number();
        for month in 1..=24 {
            let next = Season::from_number(last + 1).unwrap();
            assert_eq!(next.number(), last + 1, "{month}");
            last = next.number();
        }
        assert_eq!(Season::from_number(last), Some(season("1972-01")));
        for number in [i32::MIN, -1, 0, i32::MAX] {
            assert_eq!(Season::from_number(number), None, "{number}");
        }
    }

    #[test]
    fn nothing_else_names_a_season() {
        for text in [
            "",
            "2026",
            "2026-",
            "-11",
            "2026-0",
            "2026-13",
            "2026-1",
            "+2026-11",
            "1969-12",
            "9999-01",
            "2026-11-01",
            "02026-11",
        ] {
            assert_eq!(text.parse::<Season>(), Err(NotASeason), "{text}");
        }
        assert_eq!(Season::of(Timestamp::from_ms(-1)), None);
        assert_eq!(Season::of(Timestamp::from_ms(i64::MAX)), None);
    }
}
