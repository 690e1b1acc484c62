//! Events that rows keep, numbered: whoever was told up to some numbers goes on behind them. What is
//! heard is only a hint to look.

use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::{self, BoxStream};
use tokio::time::timeout;

use super::event::{Gap, Resumed, until_error};
use crate::error::ApiResult;
use crate::feed::{Cursor, Cursors, Kind};

/// Where nothing is heard for so long, somebody looks all the same: a hint may be lost.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// Events behind some numbers, each with the numbers behind it.
pub(super) type Found<E> = Vec<(Vec<i64>, E)>;

/// Tells the events behind `after`, or else behind `last`, which are the present numbers. `read` finds
/// some of the events behind its numbers, and none only where there are none.
pub(super) fn told<T, E, R, F>(
    (cursors, kind): (Arc<Cursors>, Kind),
    last: Vec<i64>,
    after: Option<Cursor>,
    hints: BoxStream<'static, ()>,
    read: R,
) -> ApiResult<BoxStream<'static, ApiResult<T>>>
where
    T: From<Resumed> + From<Gap> + From<(Cursor, E)> + Send + 'static,
    E: Send + 'static,
    R: Fn(Vec<i64>) -> F + Send + 'static,
    F: Future<Output = ApiResult<Found<E>>> + Send + 'static,
{
    let (numbers, first) = begin(&cursors, kind, last, after)?;
    let first = stream::once(ready(Ok(first)));
    let looking = Looking {
        numbers,
        hints,
        waits: false,
        read,
    };
    let events = stream::unfold(looking, async |mut looking| {
        let found = looking.next().await?;
        Some((found, looking))
    });
    let events = events.flat_map(move |found| {
        let cursors = Arc::clone(&cursors);
        let told = move |(behind, event): (Vec<i64>, E)| {
            Ok(T::from((cursors.of_numbers(kind, &behind)?, event)))
        };
        match found {
            Ok(found) => stream::iter(found).map(told).boxed(),
            Err(error) => stream::once(ready(Err(error))).boxed(),
        }
    });
    Ok(until_error(first.chain(events)).boxed())
}

struct Looking<R> {
    /// How far one was told.
    numbers: Vec<i64>,
    hints: BoxStream<'static, ()>,
    /// Whether there was nothing more when one looked last.
    waits: bool,
    read: R,
}

impl<R> Looking<R> {
    /// What comes next, once there may be something; nothing once no hints can come any more.
    async fn next<E, F>(&mut self) -> Option<ApiResult<Found<E>>>
    where
        R: Fn(Vec<i64>) -> F,
        F: Future<Output = ApiResult<Found<E>>>,
    {
        if self.waits
            && let Ok(hint) = timeout(LOOK_EVERY, self.hints.next()).await
        {
            hint?;
        }
        let found = (self.read)(self.numbers.clone()).await;
        let last = found.as_ref().ok().and_then(|found| found.last());
        self.waits = last.is_none();
        if let Some((behind, _)) = last {
            self.numbers.clone_from(behind);
        }
        Some(found)
    }
}

/// From where on events are told, and what is said of that.
fn begin<T: From<Resumed> + From<Gap>>(
    cursors: &Cursors,
    kind: Kind,
    last: Vec<i64>,
    after: Option<Cursor>,
) -> ApiResult<(Vec<i64>, T)> {
    let Some(after) = after else {
        let cursor = cursors.of_numbers(kind, &last)?;
        return Ok((last, Resumed::at(cursor).into()));
    };
    // Rows are kept for good: only those of another database come to fewer.
    let is_kept = |numbers: &Vec<i64>| numbers.iter().zip(&last).all(|(told, last)| told <= last);
    let numbers = cursors.numbers(&after, kind, last.len())?;
    Ok(if let Some(numbers) = numbers.filter(is_kept) {
        (numbers, Resumed::at(after).into())
    } else {
        let cursor = cursors.of_numbers(kind, &last)?;
        (last, Gap::at(cursor).into())
    })
}

#[cfg(test)]
mod tests {
    use contracts::Code;

    use super::*;
    use crate::error::ApiError;

    #[derive(Debug, PartialEq, Eq)]
    enum Said {
        Resumed,
        Gap,
        Event(i64),
    }

    impl From<Resumed> for Said {
        fn from(_: Resumed) -> Self {
            Self::Resumed
        }
    }

    impl From<Gap> for Said {
        fn from(_: Gap) -> Self {
            Self::Gap
        }
    }

    impl From<(Cursor, i64)> for Said {
        fn from((cursor, event): (Cursor, i64)) -> Self {
            let behind = cursors().numbers(&cursor, Kind::Inbox, 1);
            assert_eq!(behind.unwrap(), Some(vec![event]));
            Self::Event(event)
        }
    }

    fn cursors() -> Cursors {
        Cursors::new(&"s".into()).unwrap()
    }

    /// All that is told of five rows, read two at a time, until there are no more hints.
    async fn all_of(
        after: Option<Cursor>,
        fails_behind: i64,
    ) -> Result<Vec<Result<Said, Code>>, Code> {
        let read = move |numbers: Vec<i64>| async move {
            let [told] = numbers[..] else {
                unreachable!("expected one number")
            };
            if told >= fails_behind {
                return Err(ApiError::of(Code::NotFound));
            }
            let found = (told + 1..=5).take(2).map(|number| (vec![number], number));
            Ok(found.collect())
        };
        let hints = stream::iter([()]).boxed();
        let told = told::<Said, _, _, _>(
            (Arc::new(cursors()), Kind::Inbox),
            vec![3],
            after,
            hints,
            read,
        );
        let told = told.map_err(|error| error.code())?;
        let said = told.map(|said| said.map_err(|error| error.code()));
        Ok(said.collect().await)
    }

    fn behind(number: i64) -> Option<Cursor> {
        Some(cursors().of_numbers(Kind::Inbox, &[number]).unwrap())
    }

    #[tokio::test]
    async fn what_was_missed_comes_first_and_nothing_comes_twice() {
        let events = |from: i64| (from..=5).map(|number| Ok(Said::Event(number)));
        for (after, first, from) in [
            (None, Said::Resumed, 4),
            (behind(0), Said::Resumed, 1),
            (behind(3), Said::Resumed, 4),
            (behind(4), Said::Gap, 4),
        ] {
            let expected: Vec<_> = [Ok(first)].into_iter().chain(events(from)).collect();
            assert_eq!(all_of(after, i64::MAX).await, Ok(expected));
        }
    }

    #[tokio::test]
    async fn nothing_follows_what_could_not_be_read() {
        let expected = [Said::Resumed, Said::Event(4), Said::Event(5)].map(Ok);
        let expected: Vec<_> = expected.into_iter().chain([Err(Code::NotFound)]).collect();
        assert_eq!(all_of(None, 5).await, Ok(expected));
    }

    #[tokio::test]
    async fn a_cursor_of_something_else_is_refused() {
        let foreign = cursors().of_numbers(Kind::Wallets, &[3]).unwrap();
        assert_eq!(
            all_of(Some(foreign), i64::MAX).await,
            Err(Code::BadUserInput)
        );
    }
}
