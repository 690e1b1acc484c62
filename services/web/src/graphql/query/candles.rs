//! The chart of an asset.

use async_graphql::{ID, InputObject};
use cache::Span;
use contracts::Code;
use domain::candle::Interval;
use domain::timestamp::Timestamp;

use crate::error::{ApiError, ApiResult};
use crate::graphql::object::{Candle, CandleInterval};
use crate::graphql::page::LOOK_UP;
use crate::graphql::scalar::DateTime;
use crate::graphql::scope::Scope;

/// The most candles of one answer.
const MAX_CANDLES: usize = 500;

const NS_PER_MS: i128 = 1_000_000;

/// Which candles: those that begin within a stretch of time.
#[derive(Debug, InputObject)]
pub(crate) struct CandleRange {
    /// None that began before this moment. As far back as candles are kept unless given: a thousand
    /// of each interval.
    from: Option<DateTime>,
    /// None that began at this moment or later. Up to the one that runs unless given.
    to: Option<DateTime>,
}

/// The candles of the asset of this name.
pub(super) async fn list(
    scope: &impl Scope,
    asset: &ID,
    interval: CandleInterval,
    range: Option<&CandleRange>,
) -> ApiResult<Vec<Candle>> {
    let gateway = scope.gateway();
    let span = range.map_or(Ok(Span::default()), span)?;
    let listed = gateway.catalogue.find(asset);
    let pair = &listed.ok_or_else(|| ApiError::of(Code::NotFound))?.pair;
    let candles = gateway
        .cache
        .candles(pair, interval.into(), span, MAX_CANDLES)
        .await?;
    Ok(candles.into_iter().map(Into::into).collect())
}

/// The beginnings that a range asks for.
fn span(range: &CandleRange) -> ApiResult<Span> {
    let span = Span {
        from: range.from.map(rounded_up),
        to: range.to.map(rounded_up),
    };
    match (range.from, range.to) {
        (Some(from), Some(to)) if from.moment() >= to.moment() => {
            Err(ApiError::bad_input("range", "from to be before to"))
        }
        _ => Ok(span),
    }
}

/// The first whole millisecond from a moment on: what begins before the one begins before the other.
fn rounded_up(moment: DateTime) -> Timestamp {
    let ns = moment.moment().unix_timestamp_nanos();
    let ms = ns.saturating_add(NS_PER_MS - 1).div_euclid(NS_PER_MS);
    Timestamp::from_ms(i64::try_from(ms).unwrap_or(i64::MAX))
}

/// What candles come to: a row each, of as many as may begin within the range.
pub(super) fn cost(interval: CandleInterval, range: Option<&CandleRange>, row: usize) -> usize {
    let rows = range.map_or(MAX_CANDLES, |range| most(interval.into(), range));
    LOOK_UP.saturating_add(row.saturating_mul(rows))
}

fn most(interval: Interval, range: &CandleRange) -> usize {
    let (Some(from), Some(to)) = (range.from, range.to) else {
        return MAX_CANDLES;
    };
    let long_ms = rounded_up(to).ms().saturating_sub(rounded_up(from).ms());
    let rows = long_ms.div_euclid(interval.length_ms()).saturating_add(1);
    usize::try_from(rows).unwrap_or(1).clamp(1, MAX_CANDLES)
}

#[cfg(test)]
mod tests {
    use async_graphql::{ScalarType, Value};

    use super::*;

    fn range(from: Option<&str>, to: Option<&str>) -> CandleRange {
        let moment = |text: &str| DateTime::parse(Value::from(text)).unwrap();
        CandleRange {
            from: from.map(moment),
            to: to.map(moment),
        }
    }

    #[test]
    fn a_range_costs_as_much_as_the_candles_that_it_may_hold() {
        let minute = CandleInterval::OneMinute;
        let whole = LOOK_UP + MAX_CANDLES * 7;
        assert_eq!(cost(minute, None, 7), whole);
        let (noon, later) = ("2024-08-08T12:00:00Z", "2024-08-08T12:10:00Z");
        let open = range(Some(noon), None);
        assert_eq!(cost(minute, Some(&open), 7), whole);
        let short = range(Some(noon), Some(later));
        assert_eq!(cost(minute, Some(&short), 7), LOOK_UP + 11 * 7);
        assert_eq!(cost(CandleInterval::OneDay, Some(&short), 7), LOOK_UP + 7);
        let long = range(Some(noon), Some("2034-08-08T12:00:00Z"));
        assert_eq!(cost(minute, Some(&long), 7), whole);
        let turned = range(Some(later), Some(noon));
        assert_eq!(cost(minute, Some(&turned), 7), LOOK_UP + 7);
    }

    #[test]
    fn a_moment_within_a_millisecond_counts_from_the_next_one() {
        let at = |text: &str| rounded_up(range(Some(text), None).from.unwrap()).ms();
        assert_eq!(at("2024-08-08T00:00:00.250Z"), 1_723_075_200_250);
        assert_eq!(at("2024-08-08T00:00:00.250000001Z"), 1_723_075_200_251);
    }
}
