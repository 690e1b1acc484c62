//! Subscriptions that are the same for many: executed and serialised once for all who asked for the
//! same document with the same variables, and told to each of them as the same bytes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_graphql::Request;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use runtime::Context;
use tokio::sync::broadcast::{self, Receiver, Sender, error::RecvError};

use super::response::Said;
use crate::graphql::Audience;

/// How much waits for a client that is slow to take it; the oldest is then dropped, for of what is
/// shared the latest wins.
const QUEUE: usize = 64;

/// What is the same for all who share a subscription.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    document: Arc<str>,
    operation: Option<String>,
    /// In the order of their names.
    variables: String,
    audience: Audience,
}

impl Key {
    /// The key of a request for a document, whose words an audience hears.
    pub(super) fn new(document: Arc<str>, request: &Request, audience: Audience) -> Self {
        Self {
            document,
            operation: request.operation_name.clone(),
            variables: request.variables.to_string(),
            audience,
        }
    }
}

/// The subscriptions that run for somebody. Cheap to clone.
#[derive(Clone)]
pub(super) struct Shares {
    context: Context,
    running: Arc<Running>,
}

/// Locked for moments, never while something is awaited.
#[derive(Default)]
struct Running(Mutex<HashMap<Key, Arc<Sender<Said>>>>);

impl Shares {
    /// Nothing runs yet.
    pub(super) fn new(context: Context) -> Self {
        Self {
            context,
            running: Arc::default(),
        }
    }

    /// Hears, from now on, what a subscription says; `begin` executes it unless it runs already.
    pub(super) fn join(
        &self,
        key: Key,
        begin: impl FnOnce() -> BoxStream<'static, Said>,
    ) -> BoxStream<'static, Said> {
        let mut running = self.running.lock();
        let receiver = if let Some(sender) = running.get(&key) {
            sender.subscribe()
        } else {
            let (sender, receiver) = broadcast::channel(QUEUE);
            let sender = Arc::new(sender);
            running.insert(key.clone(), Arc::clone(&sender));
            drop(running);
            self.run(key, sender, begin());
            receiver
        };
        let heard = stream::unfold(receiver, async |mut receiver| {
            Some((next(&mut receiver).await?, receiver))
        });
        heard.boxed()
    }

    fn run(&self, key: Key, sender: Arc<Sender<Said>>, said: BoxStream<'static, Said>) {
        let (running, shutdown) = (Arc::clone(&self.running), self.context.shutdown());
        self.context.spawn("shared subscription", async move {
            let gauge = metrics::gauge!("battlesbit_web_shared_subscriptions");
            gauge.increment(1.0);
            let passing_on = running.pass_on(&key, &sender, said);
            shutdown.run_until_cancelled(passing_on).await;
            forget(&mut running.lock(), &key, &sender);
            gauge.decrement(1.0);
            Ok(())
        });
    }
}

impl Running {
    /// Tells everybody what is said, until it ends or nobody listens.
    async fn pass_on(
        &self,
        key: &Key,
        sender: &Arc<Sender<Said>>,
        mut said: BoxStream<'static, Said>,
    ) {
        loop {
            tokio::select! {
                said = said.next() => {
                    let Some(said) = said else {
                        return;
                    };
                    let mut running = self.lock();
                    if said.failed() {
                        // Whoever comes from now on has it executed again.
                        forget(&mut running, key, sender);
                    }
                    // The last of them may just be leaving.
                    sender.send(said).ok();
                }
                () = sender.closed() => {
                    let mut running = self.lock();
                    // Somebody may have come meanwhile.
                    if sender.receiver_count() == 0 {
                        forget(&mut running, key, sender);
                        return;
                    }
                }
            }
        }
    }

    /// What is done under this lock cannot panic halfway.
    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Arc<Sender<Said>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes a subscription out, unless another one took its place meanwhile.
fn forget(running: &mut HashMap<Key, Arc<Sender<Said>>>, key: &Key, sender: &Arc<Sender<Said>>) {
    if running.get(key).is_some_and(|it| Arc::ptr_eq(it, sender)) {
        running.remove(key);
    }
}

async fn next(receiver: &mut Receiver<Said>) -> Option<Said> {
    loop {
        match receiver.recv().await {
            Ok(said) => return Some(said),
            Err(RecvError::Lagged(missed)) => {
                metrics::counter!("battlesbit_web_updates_missed").increment(missed);
            }
            Err(RecvError::Closed) => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use async_graphql::{Response, ServerError, Variables, value};
    use futures::channel::mpsc::{UnboundedSender, unbounded};
    use runtime::{Clock, Mode, Supervisor};
    use tokio::time::timeout;

    use super::*;
    use crate::trace::TraceId;
    use crate::transport::response::Answer;

    const LIMIT: Duration = Duration::from_secs(20);

    fn shares() -> Shares {
        let (mode, clock) = (Mode::Development, Clock::system());
        let supervisor = Supervisor::new(crate::SERVICE, mode, clock, LIMIT);
        Shares::new(supervisor.context())
    }

    fn key(symbol: &str) -> Key {
        let variables = Variables::from_json(serde_json::json!({ "id": symbol }));
        let request = Request::new("").variables(variables);
        Key::new("subscription".into(), &request, Audience::Everybody)
    }

    fn said(number: usize) -> Said {
        let response = Response::new(value!({ "number": number }));
        Answer::executed(response, TraceId::begin()).into()
    }

    fn failure() -> Said {
        let response = Response::from_errors(vec![ServerError::new("no", None)]);
        Answer::executed(response, TraceId::begin()).into()
    }

    /// Joins; what is said comes by the sender where this is the first to do so.
    fn join(
        shares: &Shares,
        key: Key,
    ) -> (BoxStream<'static, Said>, Option<UnboundedSender<Said>>) {
        let mut saying = None;
        let heard = shares.join(key, || {
            let (sender, said) = unbounded();
            saying = Some(sender);
            said.boxed()
        });
        (heard, saying)
    }

    async fn hears(heard: &mut BoxStream<'static, Said>) -> Option<String> {
        let said = timeout(LIMIT, heard.next()).await.unwrap();
        said.map(|said| said.text().to_owned())
    }

    fn text(number: usize) -> Option<String> {
        Some(format!(r#"{{"data":{{"number":{number}}}}}"#))
    }

    #[tokio::test]
    async fn those_who_ask_the_same_have_it_executed_once() {
        let shares = shares();
        let (mut ann, saying) = join(&shares, key("BTC"));
        let (mut bob, again) = join(&shares, key("BTC"));
        let (_eve, of_another) = join(&shares, key("ETH"));
        assert!(again.is_none() && of_another.is_some());
        let saying = saying.unwrap();
        for number in 0..3 {
            saying.unbounded_send(said(number)).unwrap();
        }
        drop(saying);
        for heard in [&mut ann, &mut bob] {
            for number in 0..3 {
                assert_eq!(hears(heard).await, text(number));
            }
            assert_eq!(hears(heard).await, None);
        }
    }

    #[tokio::test]
    async fn whoever_is_slow_hears_the_latest() {
        let shares = shares();
        let (mut heard, saying) = join(&shares, key("BTC"));
        let (mut other, _) = join(&shares, key("BTC"));
        let saying = saying.unwrap();
        for number in 0..QUEUE + 3 {
            saying.unbounded_send(said(number)).unwrap();
            assert_eq!(hears(&mut other).await, text(number));
        }
        assert_eq!(hears(&mut heard).await, text(3));
    }

    #[tokio::test]
    async fn what_failed_is_executed_again_for_whoever_comes_later() {
        let shares = shares();
        let (mut ann, saying) = join(&shares, key("BTC"));
        saying.as_ref().unwrap().unbounded_send(failure()).unwrap();
        let told = hears(&mut ann).await.unwrap();
        assert!(told.contains("errors"), "{told}");
        let (mut bob, anew) = join(&shares, key("BTC"));
        // The end of the first leaves the second alone.
        drop(saying);
        assert_eq!(hears(&mut ann).await, None);
        let (mut cid, again) = join(&shares, key("BTC"));
        assert!(again.is_none());
        anew.unwrap().unbounded_send(said(7)).unwrap();
        assert_eq!(hears(&mut bob).await, text(7));
        assert_eq!(hears(&mut cid).await, text(7));
    }

    #[tokio::test]
    async fn what_nobody_hears_any_more_ends() {
        let shares = shares();
        let (ann, saying) = join(&shares, key("BTC"));
        drop(ann);
        let saying = saying.unwrap();
        // Its other half is dropped with the execution.
        let ended = async {
            while !saying.is_closed() {
                tokio::task::yield_now().await;
            }
        };
        timeout(LIMIT, ended).await.unwrap();
        assert!(shares.running.lock().is_empty());
        assert!(join(&shares, key("BTC")).1.is_some());
    }
}
