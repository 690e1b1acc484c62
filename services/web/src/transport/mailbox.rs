//! What shared subscriptions have said to one client, and the client has not taken yet.
//!
//! Whoever says something puts it straight into the boxes of all who hear it. A client is woken once,
//! however much there is for it, and takes everything in one write.

use std::collections::{HashMap, VecDeque};
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use futures::StreamExt;
use futures::stream::{self, BoxStream};
use futures::task::AtomicWaker;

use super::response::Said;

/// How much of one subscription waits for a client that is slow to take it; the oldest is then
/// dropped, for of what is shared the latest wins.
const QUEUE: usize = 64;

/// Has one taker.
#[derive(Default)]
pub(super) struct Mailbox {
    slots: Mutex<Slots>,
    taker: AtomicWaker,
}

/// Locked for moments.
#[derive(Default)]
struct Slots {
    open: HashMap<u64, Slot>,
    /// Those with something in them, each once, and some that were closed meanwhile.
    full: VecDeque<u64>,
    next: u64,
}

struct Slot {
    operation: Arc<str>,
    letters: VecDeque<Option<Said>>,
}

/// What a subscription says to a client.
#[derive(Debug)]
pub(super) struct Letter {
    /// The client's name for the subscription.
    pub(super) operation: Arc<str>,
    /// Nothing where it has ended.
    pub(super) said: Option<Said>,
}

/// Where a client hears of one of its subscriptions, until it is closed. Cheap to clone.
#[derive(Clone)]
pub(super) struct Address {
    mailbox: Arc<Mailbox>,
    slot: u64,
}

impl Mailbox {
    /// Where an operation may be told what it shares with others.
    pub(super) fn open(self: &Arc<Self>, operation: Arc<str>) -> Address {
        let mut slots = self.lock();
        let slot = slots.next;
        slots.next = slot.wrapping_add(1);
        let letters = VecDeque::new();
        slots.open.insert(slot, Slot { operation, letters });
        Address {
            mailbox: Arc::clone(self),
            slot,
        }
    }

    /// The next letter, of each subscription in turn.
    pub(super) fn take(&self) -> Option<Letter> {
        let mut slots = self.lock();
        let Slots { open, full, .. } = &mut *slots;
        loop {
            let number = full.pop_front()?;
            let Some(slot) = open.get_mut(&number) else {
                continue;
            };
            let Some(said) = slot.letters.pop_front() else {
                continue;
            };
            if !slot.letters.is_empty() {
                full.push_back(number);
            }
            return Some(Letter {
                operation: Arc::clone(&slot.operation),
                said,
            });
        }
    }

    /// Waits for the next letter.
    pub(super) async fn next(&self) -> Letter {
        poll_fn(|task| {
            if let Some(letter) = self.take() {
                return Poll::Ready(letter);
            }
            self.taker.register(task.waker());
            // One may have come before there was somebody to wake.
            self.take().map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }

    /// Everything that one operation says, be it to its client alone or to all who share it.
    pub(super) fn with(
        self: Arc<Self>,
        alone: BoxStream<'static, Said>,
    ) -> BoxStream<'static, Said> {
        let both = stream::unfold((self, alone), async |(shared, mut alone)| {
            let said = tokio::select! {
                said = alone.next() => said?,
                letter = shared.next() => letter.said?,
            };
            Some((said, (shared, alone)))
        });
        both.boxed()
    }

    /// What is done under this lock cannot panic halfway.
    fn lock(&self) -> MutexGuard<'_, Slots> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Address {
    /// Tells the client what the subscription says, or that it has ended.
    pub(super) fn put(&self, said: Option<Said>) {
        let mut slots = self.mailbox.lock();
        let Slots { open, full, .. } = &mut *slots;
        let Some(slot) = open.get_mut(&self.slot) else {
            return;
        };
        let is_asleep = full.is_empty();
        match slot.letters.len() {
            0 => full.push_back(self.slot),
            QUEUE => {
                slot.letters.pop_front();
                metrics::counter!("battlesbit_web_updates_missed").increment(1);
            }
            _ => {}
        }
        slot.letters.push_back(said);
        drop(slots);
        if is_asleep {
            self.mailbox.taker.wake();
        }
    }

    /// Tells nothing more, and forgets what was not taken.
    pub(super) fn close(&self) {
        self.mailbox.lock().open.remove(&self.slot);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use async_graphql::{Response, value};
    use futures::FutureExt;
    use tokio::time::{Instant, timeout};

    use super::*;
    use crate::trace::TraceId;
    use crate::transport::response::Answer;

    const LIMIT: Duration = Duration::from_secs(20);

    fn said(number: usize) -> Said {
        let response = Response::new(value!({ "number": number }));
        Answer::executed(response, TraceId::begin()).into()
    }

    fn text(number: usize) -> String {
        format!(r#"{{"data":{{"number":{number}}}}}"#)
    }

    /// What waits, with the names of the operations.
    fn waits(mailbox: &Mailbox) -> Vec<(String, Option<String>)> {
        std::iter::from_fn(|| mailbox.take())
            .map(|letter| {
                let said = letter.said.map(|said| said.text().to_owned());
                (letter.operation.to_string(), said)
            })
            .collect()
    }

    #[test]
    fn whoever_is_slow_hears_the_latest_of_each() {
        let mailbox = Arc::<Mailbox>::default();
        let (ann, bob) = (mailbox.open("ann".into()), mailbox.open("bob".into()));
        bob.put(Some(said(7)));
        for number in 0..QUEUE + 3 {
            ann.put(Some(said(number)));
        }
        let mut expected: Vec<_> = (3..QUEUE + 3)
            .map(|number| ("ann".to_owned(), Some(text(number))))
            .collect();
        expected.insert(0, ("bob".to_owned(), Some(text(7))));
        assert_eq!(waits(&mailbox), expected);
        assert_eq!(waits(&mailbox), []);
    }

    #[test]
    fn subscriptions_take_turns() {
        let mailbox = Arc::<Mailbox>::default();
        let both = ["ann", "bob"].map(|id| mailbox.open(id.into()));
        for address in &both {
            address.put(Some(said(1)));
            address.put(None);
        }
        let told = |id: &str, said: Option<String>| (id.to_owned(), said);
        assert_eq!(
            waits(&mailbox),
            [
                told("ann", Some(text(1))),
                told("bob", Some(text(1))),
                told("ann", None),
                told("bob", None),
            ]
        );
    }

    #[test]
    fn what_is_closed_is_told_nothing_and_its_successor_hears_nothing_of_it() {
        let mailbox = Arc::<Mailbox>::default();
        let first = mailbox.open("1".into());
        first.put(Some(said(1)));
        first.close();
        let second = mailbox.open("1".into());
        first.put(Some(said(2)));
        assert_eq!(waits(&mailbox), []);
        second.put(Some(said(3)));
        assert_eq!(waits(&mailbox), [("1".to_owned(), Some(text(3)))]);
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_waits_is_woken_whenever_something_comes() {
        let began = Instant::now();
        let mailbox = Arc::<Mailbox>::default();
        let address = mailbox.open("1".into());
        for number in 0..3 {
            // Which looks at both in this order each time.
            let (letter, ()) = futures::join!(timeout(LIMIT, mailbox.next()), async {
                tokio::task::yield_now().await;
                address.put(Some(said(number)));
            });
            assert_eq!(letter.unwrap().said.unwrap().text(), text(number));
            assert!(mailbox.next().now_or_never().is_none());
        }
        // It moves on while everybody sleeps.
        assert!(began.elapsed().is_zero());
    }

    #[tokio::test]
    async fn what_is_shared_ends_what_is_said_to_one() {
        let mailbox = Arc::<Mailbox>::default();
        let address = mailbox.open("".into());
        let mut heard = Arc::clone(&mailbox).with(stream::pending().boxed());
        address.put(Some(said(1)));
        address.put(None);
        let first = timeout(LIMIT, heard.next()).await.unwrap();
        assert_eq!(first.unwrap().text(), text(1));
        assert!(timeout(LIMIT, heard.next()).await.unwrap().is_none());
    }
}
