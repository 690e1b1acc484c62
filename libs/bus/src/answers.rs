//! Answers that are waited for. All of a process come in by one subscription: one for each question
//! would be two more messages to the server for every one asked.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_nats::{Client, Subscriber};
use bytes::Bytes;
use futures::StreamExt;
use tokio::sync::{OnceCell, oneshot};
use tokio_util::task::AbortOnDropHandle;

use crate::BusError;

/// Where answers come in. The first question opens it.
#[derive(Debug, Default)]
pub(crate) struct Answers(OnceCell<Open>);

#[derive(Debug)]
struct Open {
    /// What the subject of every answer begins with.
    inbox: String,
    expected: Arc<Mutex<Expected>>,
    _reading: AbortOnDropHandle<()>,
}

#[derive(Debug, Default)]
struct Expected {
    next: u64,
    by_number: HashMap<u64, oneshot::Sender<Bytes>>,
}

/// An answer that may come. Dropping it is not waiting any more.
pub(crate) struct Awaited {
    /// Where it goes to; no other question has the same.
    pub(crate) subject: String,
    /// It.
    pub(crate) answer: oneshot::Receiver<Bytes>,
    number: u64,
    expected: Arc<Mutex<Expected>>,
}

impl Answers {
    /// Expects one more answer.
    pub(crate) async fn expect(&self, client: &Client) -> Result<Awaited, BusError> {
        let open = self.0.get_or_try_init(|| Open::new(client)).await?;
        let (sender, answer) = oneshot::channel();
        let mut expected = lock(&open.expected);
        let number = expected.next;
        expected.next = number.wrapping_add(1);
        expected.by_number.insert(number, sender);
        Ok(Awaited {
            subject: format!("{}.{number}", open.inbox),
            answer,
            number,
            expected: Arc::clone(&open.expected),
        })
    }
}

impl Open {
    async fn new(client: &Client) -> Result<Self, BusError> {
        let inbox = client.new_inbox();
        let answers = client
            .subscribe(format!("{inbox}.*"))
            .await
            .map_err(|cause| BusError::unavailable("subscribing", cause))?;
        let expected = Arc::default();
        let reading = read(answers, Arc::clone(&expected));
        #[expect(
            clippy::disallowed_methods,
            reason = "it reads for as long as the connection that it belongs to"
        )]
        let reading = AbortOnDropHandle::new(tokio::spawn(reading));
        Ok(Self {
            inbox,
            expected,
            _reading: reading,
        })
    }
}

impl Drop for Awaited {
    fn drop(&mut self) {
        lock(&self.expected).by_number.remove(&self.number);
    }
}

async fn read(mut answers: Subscriber, expected: Arc<Mutex<Expected>>) {
    while let Some(answer) = answers.next().await {
        let number = answer.subject.rsplit('.').next();
        let number = number.and_then(|number| number.parse().ok());
        let waiting = number.and_then(|number| lock(&expected).by_number.remove(&number));
        if let Some(waiting) = waiting {
            // Whoever stopped waiting meanwhile has no use for it.
            drop(waiting.send(answer.payload));
        }
    }
}

fn lock(expected: &Mutex<Expected>) -> MutexGuard<'_, Expected> {
    expected.lock().unwrap_or_else(PoisonError::into_inner)
}
