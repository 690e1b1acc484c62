//! What every stream of events says beside its events, and how events are read.

use std::future::ready;
use std::sync::Arc;

use async_graphql::SimpleObject;
use bus::Heard;
use futures::stream::{self, BoxStream};
use futures::{Stream, StreamExt};

use crate::error::ApiResult;
use crate::feed::{Cursor, Told};

/// How many events are read together, where so many have come.
const MOST_TOGETHER: usize = 64;

/// Nothing between this cursor and what follows is missing. Comes first, and what was missed follows;
/// comes again now and then, with a newer cursor.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct Resumed {
    /// Where one is: go on from here with after.
    cursor: Cursor,
}

/// What followed the cursor that was given is not kept any more: read anew what it was about. From here
/// on nothing is missing.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct Gap {
    /// Where one is: go on from here with after.
    cursor: Cursor,
}

/// One was too slow to be told everything, and this is the end. Nothing is lost: subscribe again.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct Lagged {
    /// Where one is: go on from here with after.
    cursor: Cursor,
}

impl Resumed {
    pub(super) const fn at(cursor: Cursor) -> Self {
        Self { cursor }
    }
}

impl Gap {
    pub(super) const fn at(cursor: Cursor) -> Self {
        Self { cursor }
    }
}

/// An event that has not been read yet.
pub(super) struct Unread {
    pub(super) cursor: Cursor,
    /// Which source of the feed said it.
    pub(super) source: usize,
    pub(super) heard: Arc<Heard>,
}

/// What a feed says, as clients see it. `read` answers what each of some events is, in their order, and
/// nothing for what one may not see. An error is the end.
pub(super) fn told<E, F>(
    feed: BoxStream<'static, ApiResult<Told>>,
    read: impl Fn(Vec<Unread>) -> F + Send + 'static,
) -> BoxStream<'static, ApiResult<E>>
where
    E: From<Resumed> + From<Gap> + From<Lagged> + Send + 'static,
    F: Future<Output = ApiResult<Vec<Option<E>>>> + Send + 'static,
{
    let together = feed.ready_chunks(MOST_TOGETHER).then(move |said| {
        let (kept, unread) = taken_apart(said);
        let reading = read(unread);
        async move {
            match reading.await {
                Ok(events) => put_together(kept, events),
                Err(error) => vec![Err(error)],
            }
        }
    });
    until_error(together.flat_map(stream::iter)).boxed()
}

/// What was said, with `None` in the place of each event.
fn taken_apart<E>(said: Vec<ApiResult<Told>>) -> (Vec<Option<ApiResult<E>>>, Vec<Unread>)
where
    E: From<Resumed> + From<Gap> + From<Lagged>,
{
    let mut unread = Vec::new();
    let mut keep = |told| match told {
        Ok(Told::Resumed(cursor)) => Some(Ok(Resumed { cursor }.into())),
        Ok(Told::Gap(cursor)) => Some(Ok(Gap { cursor }.into())),
        Ok(Told::Lagged(cursor)) => Some(Ok(Lagged { cursor }.into())),
        Ok(Told::Event(cursor, source, heard)) => {
            unread.push(Unread {
                cursor,
                source,
                heard,
            });
            None
        }
        Err(error) => Some(Err(error)),
    };
    let kept = said.into_iter().map(&mut keep).collect();
    (kept, unread)
}

fn put_together<E>(kept: Vec<Option<ApiResult<E>>>, events: Vec<Option<E>>) -> Vec<ApiResult<E>> {
    let mut events = events.into_iter();
    let filled = kept.into_iter().filter_map(|kept| match kept {
        Some(said) => Some(said),
        None => events.next().flatten().map(Ok),
    });
    filled.collect()
}

/// Everything up to the first error.
pub(super) fn until_error<T>(
    said: impl Stream<Item = ApiResult<T>>,
) -> impl Stream<Item = ApiResult<T>> {
    said.scan(false, |is_over, said| {
        let told = (!*is_over).then_some(said);
        *is_over |= matches!(told, Some(Err(_)));
        ready(told)
    })
}

#[cfg(test)]
mod tests {
    use contracts::Code;
    use futures::executor::block_on;

    use super::*;
    use crate::error::ApiError;

    #[derive(Debug, PartialEq, Eq)]
    enum Said {
        Mark(&'static str),
        Event(String),
    }

    impl From<Resumed> for Said {
        fn from(_: Resumed) -> Self {
            Self::Mark("resumed")
        }
    }

    impl From<Gap> for Said {
        fn from(_: Gap) -> Self {
            Self::Mark("gap")
        }
    }

    impl From<Lagged> for Said {
        fn from(_: Lagged) -> Self {
            Self::Mark("lagged")
        }
    }

    fn cursor(text: &str) -> Cursor {
        Cursor::said(text).unwrap()
    }

    fn event(text: &str) -> ApiResult<Told> {
        let heard = Heard {
            subject: String::new(),
            payload: text.to_owned().into(),
            sequence: None,
            id: None,
        };
        Ok(Told::Event(cursor(text), 0, Arc::new(heard)))
    }

    /// Reads everything but what is nobody's business, and fails at what cannot be read.
    async fn read(unread: Vec<Unread>) -> ApiResult<Vec<Option<Said>>> {
        let read = |unread: &Unread| {
            let text = unread.cursor.text().to_owned();
            match text.as_str() {
                "bad" => Err(ApiError::of(Code::NotFound)),
                "hidden" => Ok(None),
                _ => Ok(Some(Said::Event(text))),
            }
        };
        unread.iter().map(read).collect()
    }

    fn all_of(feed: Vec<ApiResult<Told>>) -> Vec<Result<Said, Code>> {
        let told = told(stream::iter(feed).boxed(), read);
        let said = block_on(told.collect::<Vec<ApiResult<Said>>>());
        said.into_iter()
            .map(|said| said.map_err(|error| error.code()))
            .collect()
    }

    #[test]
    fn events_keep_their_places_between_what_is_said_beside_them() {
        let feed = vec![
            Ok(Told::Resumed(cursor("0"))),
            event("1"),
            event("hidden"),
            event("2"),
            Ok(Told::Gap(cursor("3"))),
            event("4"),
            Ok(Told::Lagged(cursor("4"))),
        ];
        let event = |text: &str| Ok(Said::Event(text.to_owned()));
        let mark = |text| Ok(Said::Mark(text));
        assert_eq!(
            all_of(feed),
            [
                mark("resumed"),
                event("1"),
                event("2"),
                mark("gap"),
                event("4"),
                mark("lagged"),
            ]
        );
    }

    #[test]
    fn nothing_follows_an_error() {
        let feed = (0..=MOST_TOGETHER).map(|_| event("1"));
        let feed = feed.chain([event("bad"), event("2")]).collect();
        let said = all_of(feed);
        // What was read together with it goes with it, and is told again behind the last cursor.
        assert_eq!(said.len(), MOST_TOGETHER + 1);
        assert_eq!(said.last(), Some(&Err(Code::NotFound)));
    }
}
