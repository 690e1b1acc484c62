//! Subscriptions that are the same for many: executed and serialised once for all who asked for the
//! same document with the same variables, and told to each of them as the same bytes.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_graphql::Request;
use futures::StreamExt;
use futures::stream::BoxStream;
use runtime::Context;
use tokio::sync::Notify;

use super::mailbox::Address;
use super::response::Said;
use crate::graphql::Audience;

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
struct Running(Mutex<HashMap<Key, Arc<Share>>>);

/// One subscription that runs.
#[derive(Default)]
struct Share {
    listeners: Mutex<Listeners>,
    /// Told when the last listener leaves.
    left: Notify,
}

/// Locked for moments, and never before what runs.
#[derive(Default)]
struct Listeners {
    addresses: BTreeMap<u64, Address>,
    next: u64,
}

/// A place among those who hear a subscription, for as long as it is kept.
pub(super) struct Place {
    share: Arc<Share>,
    number: u64,
}

impl Shares {
    /// Nothing runs yet.
    pub(super) fn new(context: Context) -> Self {
        Self {
            context,
            running: Arc::default(),
        }
    }

    /// Tells an address, from now on, what a subscription says; `begin` executes it unless it runs
    /// already.
    pub(super) fn join(
        &self,
        key: Key,
        address: Address,
        begin: impl FnOnce() -> BoxStream<'static, Said>,
    ) -> Place {
        let mut running = self.running.lock();
        if let Some(share) = running.get(&key) {
            return Share::join(share, address);
        }
        let share = Arc::<Share>::default();
        let place = Share::join(&share, address);
        running.insert(key.clone(), Arc::clone(&share));
        drop(running);
        self.run(key, share, begin());
        place
    }

    fn run(&self, key: Key, share: Arc<Share>, said: BoxStream<'static, Said>) {
        let (running, shutdown) = (Arc::clone(&self.running), self.context.shutdown());
        self.context.spawn("shared subscription", async move {
            let gauge = metrics::gauge!("battlesbit_web_shared_subscriptions");
            gauge.increment(1.0);
            let passing_on = running.pass_on(&key, &share, said);
            shutdown.run_until_cancelled(passing_on).await;
            forget(&mut running.lock(), &key, &share);
            gauge.decrement(1.0);
            Ok(())
        });
    }
}

impl Running {
    /// Tells everybody what is said, until it ends or nobody listens.
    async fn pass_on(&self, key: &Key, share: &Arc<Share>, mut said: BoxStream<'static, Said>) {
        loop {
            tokio::select! {
                said = said.next() => {
                    let ends = said.is_none();
                    if said.as_ref().is_none_or(Said::failed) {
                        // Whoever comes from now on has it executed again.
                        forget(&mut self.lock(), key, share);
                    }
                    share.tell(said.as_ref());
                    if ends {
                        return;
                    }
                }
                () = share.left.notified() => {
                    let mut running = self.lock();
                    // Somebody may have come meanwhile.
                    if share.lock().addresses.is_empty() {
                        forget(&mut running, key, share);
                        return;
                    }
                }
            }
        }
    }

    /// What is done under this lock cannot panic halfway.
    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Arc<Share>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Share {
    fn join(share: &Arc<Self>, address: Address) -> Place {
        let mut listeners = share.lock();
        let number = listeners.next;
        listeners.next = number.wrapping_add(1);
        listeners.addresses.insert(number, address);
        Place {
            share: Arc::clone(share),
            number,
        }
    }

    fn tell(&self, said: Option<&Said>) {
        for address in self.lock().addresses.values() {
            address.put(said.cloned());
        }
    }

    /// What is done under this lock cannot panic halfway.
    fn lock(&self) -> MutexGuard<'_, Listeners> {
        self.listeners
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut listeners = self.share.lock();
        listeners.addresses.remove(&self.number);
        if listeners.addresses.is_empty() {
            self.share.left.notify_one();
        }
    }
}

/// Takes a subscription out, unless another one took its place meanwhile.
fn forget(running: &mut HashMap<Key, Arc<Share>>, key: &Key, share: &Arc<Share>) {
    if running.get(key).is_some_and(|it| Arc::ptr_eq(it, share)) {
        running.remove(key);
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
    use crate::transport::mailbox::Mailbox;
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

    /// Somebody who hears what is shared.
    struct Heard {
        mailbox: Arc<Mailbox>,
        place: Place,
    }

    /// Joins; what is said comes by the sender where this is the first to do so.
    fn join(shares: &Shares, key: Key) -> (Heard, Option<UnboundedSender<Said>>) {
        let mailbox = Arc::<Mailbox>::default();
        let mut saying = None;
        let place = shares.join(key, mailbox.open("".into()), || {
            let (sender, said) = unbounded();
            saying = Some(sender);
            said.boxed()
        });
        (Heard { mailbox, place }, saying)
    }

    async fn hears(heard: &Heard) -> Option<String> {
        let letter = timeout(LIMIT, heard.mailbox.next()).await.unwrap();
        letter.said.map(|said| said.text().to_owned())
    }

    fn text(number: usize) -> Option<String> {
        Some(format!(r#"{{"data":{{"number":{number}}}}}"#))
    }

    #[tokio::test]
    async fn those_who_ask_the_same_have_it_executed_once() {
        let shares = shares();
        let (ann, saying) = join(&shares, key("BTC"));
        let (bob, again) = join(&shares, key("BTC"));
        let (_eve, of_another) = join(&shares, key("ETH"));
        assert!(again.is_none() && of_another.is_some());
        let saying = saying.unwrap();
        for number in 0..3 {
            saying.unbounded_send(said(number)).unwrap();
        }
        drop(saying);
        for heard in [&ann, &bob] {
            for number in 0..3 {
                assert_eq!(hears(heard).await, text(number));
            }
            assert_eq!(hears(heard).await, None);
        }
    }

    #[tokio::test]
    async fn what_failed_is_executed_again_for_whoever_comes_later() {
        let shares = shares();
        let (ann, saying) = join(&shares, key("BTC"));
        saying.as_ref().unwrap().unbounded_send(failure()).unwrap();
        let told = hears(&ann).await.unwrap();
        assert!(told.contains("errors"), "{told}");
        let (bob, anew) = join(&shares, key("BTC"));
        // The end of the first leaves the second alone.
        drop(saying);
        assert_eq!(hears(&ann).await, None);
        let (cid, again) = join(&shares, key("BTC"));
        assert!(again.is_none());
        anew.unwrap().unbounded_send(said(7)).unwrap();
        assert_eq!(hears(&bob).await, text(7));
        assert_eq!(hears(&cid).await, text(7));
    }

    #[tokio::test]
    async fn what_nobody_hears_any_more_ends() {
        let shares = shares();
        let (ann, saying) = join(&shares, key("BTC"));
        let (bob, _) = join(&shares, key("BTC"));
        let saying = saying.unwrap();
        drop(ann.place);
        saying.unbounded_send(said(1)).unwrap();
        assert_eq!(hears(&bob).await, text(1));
        assert!(ann.mailbox.take().is_none());
        drop(bob.place);
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
