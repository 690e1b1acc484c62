//! What is heard on NATS, fanned out to this process's clients: one subscription per subject,
//! however many of them listen, and a bounded queue for each client.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bus::{Bus, BusError, Heard, Listener};
use domain::id::UserId;
use futures::{Stream, StreamExt, stream};
use runtime::Context;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::sync::broadcast::{self, Receiver, Sender, error::RecvError};
use tokio::sync::{Notify, OnceCell};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// How many updates wait for a client that is slow to take them; the oldest are then dropped.
const QUEUE: usize = 256;

/// A subscription that NATS has not confirmed by then has failed.
const SUBSCRIBE_WITHIN: Duration = Duration::from_secs(2);

/// Listens on behalf of everybody. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Hub {
    bus: Bus,
    context: Context,
    subjects: Arc<Subjects>,
}

/// A client was too slow: so many updates that were meant for it are gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lagged(u64);

impl Hub {
    /// A hub without listeners.
    pub(crate) fn new(bus: Bus, context: Context) -> Self {
        Self {
            bus,
            context,
            subjects: Arc::default(),
        }
    }

    /// Hears what is said on `subject` from now on. What a slow listener misses is gone: this is
    /// for what the next update makes good.
    pub(crate) async fn hear<M>(
        &self,
        subject: &str,
    ) -> Result<impl Stream<Item = M> + Send + use<M>, BusError>
    where
        M: DeserializeOwned + Send,
    {
        let updates = self.follow(subject).await?;
        Ok(updates.filter_map(async |update| update.ok()))
    }

    /// The same, for a listener that has to know when it missed something.
    pub(crate) async fn follow<M>(
        &self,
        subject: &str,
    ) -> Result<impl Stream<Item = Result<M, Lagged>> + Send + use<M>, BusError>
    where
        M: DeserializeOwned + Send,
    {
        self.open(subject, None).await.map(read)
    }

    /// Follows those updates whose `player` is `owner`; those of others take no place in the queue.
    pub(crate) async fn follow_own<M>(
        &self,
        subject: &str,
        owner: UserId,
    ) -> Result<impl Stream<Item = Result<M, Lagged>> + Send + use<M>, BusError>
    where
        M: DeserializeOwned + Send,
    {
        self.open(subject, Some(owner)).await.map(read)
    }

    async fn open(&self, name: &str, owner: Option<UserId>) -> Result<Hearing, BusError> {
        let hearing = self.subjects.join(name, owner);
        let subject = &hearing.subject;
        // Whoever asks for another subject does not wait for this one.
        subject
            .listening
            .get_or_try_init(|| self.listen(name, subject))
            .await?;
        Ok(hearing)
    }

    async fn listen(&self, name: &str, subject: &Arc<Subject>) -> Result<(), BusError> {
        let listener = match timeout(SUBSCRIBE_WITHIN, self.bus.listen(name)).await {
            Ok(listener) => listener?,
            Err(elapsed) => {
                let source = Box::new(elapsed);
                return Err(BusError::Unavailable {
                    doing: "subscribing",
                    source,
                });
            }
        };
        let heard = stream::unfold(listener, async |mut listener: Listener| {
            Some((listener.next().await?, listener))
        });
        let (subjects, shutdown) = (Arc::clone(&self.subjects), self.context.shutdown());
        let (name, subject) = (name.to_owned(), Arc::clone(subject));
        self.context.spawn("subject", async move {
            let gauge = metrics::gauge!("battlesbit_web_subjects");
            gauge.increment(1.0);
            subjects.pass_on(&name, &subject, heard, shutdown).await;
            gauge.decrement(1.0);
            Ok(())
        });
        Ok(())
    }
}

/// The updates of a hearing. What cannot be read is skipped.
fn read<M: DeserializeOwned>(hearing: Hearing) -> impl Stream<Item = Result<M, Lagged>> {
    let heard = stream::unfold(hearing, async |mut hearing: Hearing| {
        Some((hearing.next().await?, hearing))
    });
    heard.filter_map(async |heard| match heard.map(|heard| heard.decode()) {
        Ok(Ok(update)) => Some(Ok(update)),
        Ok(Err(error)) => {
            tracing::warn!(%error, "an update cannot be read");
            None
        }
        Err(lagged) => Some(Err(lagged)),
    })
}

/// The subjects that somebody listens to. Locked for moments, never while something is awaited.
#[derive(Default)]
struct Subjects(Mutex<HashMap<String, Arc<Subject>>>);

/// A subject, and whoever listens to it.
#[derive(Default)]
struct Subject {
    /// By whose updates they want; everybody's where there is no owner.
    queues: Mutex<HashMap<Option<UserId>, Queue>>,
    /// Set once NATS sends us what is said.
    listening: OnceCell<()>,
    /// Told when nobody listens any more.
    deserted: Notify,
}

struct Queue {
    sender: Sender<Heard>,
    listeners: usize,
}

/// Whose an update is.
#[derive(Deserialize)]
struct Owned {
    player: UserId,
}

impl Subjects {
    /// One more listener, who misses nothing from now on.
    fn join(self: &Arc<Self>, name: &str, owner: Option<UserId>) -> Hearing {
        let mut subjects = lock(&self.0);
        let subject = Arc::clone(subjects.entry(name.to_owned()).or_default());
        Hearing {
            receiver: subject.join(owner),
            owner,
            name: name.to_owned(),
            subject,
            subjects: Arc::clone(self),
        }
    }

    /// Passes on what is heard until nobody listens, nothing more can come, or `shutdown`.
    async fn pass_on(
        &self,
        name: &str,
        subject: &Arc<Subject>,
        heard: impl Stream<Item = Heard>,
        shutdown: CancellationToken,
    ) {
        tokio::pin!(heard);
        loop {
            tokio::select! {
                heard = heard.next() => match heard {
                    Some(heard) => subject.pass_on(&heard),
                    None => break,
                },
                () = subject.deserted.notified() => {
                    // Somebody may have come meanwhile.
                    if self.remove_if_deserted(name, subject) {
                        return;
                    }
                }
                () = shutdown.cancelled() => break,
            }
        }
        let mut subjects = lock(&self.0);
        remove(&mut subjects, name, subject);
        // Whoever still listens hears that it is over.
        lock(&subject.queues).clear();
    }

    fn leave(&self, name: &str, subject: &Arc<Subject>, owner: Option<UserId>) {
        let subjects = lock(&self.0);
        if !subject.leave(owner) {
            return;
        }
        drop(subjects);
        if subject.listening.initialized() {
            subject.deserted.notify_one();
        } else {
            self.remove_if_deserted(name, subject);
        }
    }

    fn remove_if_deserted(&self, name: &str, subject: &Arc<Subject>) -> bool {
        let mut subjects = lock(&self.0);
        let is_deserted = lock(&subject.queues).is_empty();
        if is_deserted {
            remove(&mut subjects, name, subject);
        }
        is_deserted
    }
}

/// Takes the subject out, unless another one took its name meanwhile.
fn remove(subjects: &mut HashMap<String, Arc<Subject>>, name: &str, subject: &Arc<Subject>) {
    let is_there = subjects
        .get(name)
        .is_some_and(|it| Arc::ptr_eq(it, subject));
    if is_there {
        subjects.remove(name);
    }
}

impl Subject {
    fn join(&self, owner: Option<UserId>) -> Receiver<Heard> {
        let mut queues = lock(&self.queues);
        let queue = queues.entry(owner).or_insert_with(|| Queue {
            sender: broadcast::channel(QUEUE).0,
            listeners: 0,
        });
        queue.listeners = queue.listeners.saturating_add(1);
        queue.sender.subscribe()
    }

    /// One listener fewer. Answers whether it was the last.
    fn leave(&self, owner: Option<UserId>) -> bool {
        let mut queues = lock(&self.queues);
        if let Entry::Occupied(mut queue) = queues.entry(owner) {
            queue.get_mut().listeners = queue.get().listeners.saturating_sub(1);
            if queue.get().listeners == 0 {
                queue.remove();
            }
        }
        queues.is_empty()
    }

    fn pass_on(&self, heard: &Heard) {
        let queues = lock(&self.queues);
        let everybody = queues.get(&None);
        let owned = queues.len() > usize::from(everybody.is_some());
        let owner = if owned { owner_of(heard) } else { None };
        let of_owner = owner.and_then(|owner| queues.get(&Some(owner)));
        for queue in everybody.into_iter().chain(of_owner) {
            // Its last listener is leaving.
            queue.sender.send(heard.clone()).ok();
        }
    }
}

fn owner_of(heard: &Heard) -> Option<UserId> {
    match heard.decode::<Owned>() {
        Ok(Owned { player }) => Some(player),
        Err(error) => {
            tracing::warn!(%error, "an update names no owner");
            None
        }
    }
}

/// What is done under these locks cannot panic halfway.
fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One listener of a subject.
struct Hearing {
    receiver: Receiver<Heard>,
    owner: Option<UserId>,
    name: String,
    subject: Arc<Subject>,
    subjects: Arc<Subjects>,
}

impl Hearing {
    async fn next(&mut self) -> Option<Result<Heard, Lagged>> {
        match self.receiver.recv().await {
            Ok(heard) => Some(Ok(heard)),
            Err(RecvError::Lagged(missed)) => {
                metrics::counter!("battlesbit_web_updates_missed").increment(missed);
                Some(Err(Lagged(missed)))
            }
            Err(RecvError::Closed) => None,
        }
    }
}

impl Drop for Hearing {
    fn drop(&mut self) {
        self.subjects.leave(&self.name, &self.subject, self.owner);
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(20);

    fn user(n: u128) -> UserId {
        Uuid::from_u128(n).into()
    }

    fn update_of(player: UserId) -> Heard {
        let payload = serde_json::json!({ "player": player }).to_string();
        Heard {
            subject: "orders".to_owned(),
            payload: payload.into(),
        }
    }

    async fn next(hearing: &mut Hearing) -> Option<Result<UserId, Lagged>> {
        let heard = timeout(LIMIT, hearing.next()).await.unwrap()?;
        Some(heard.map(|heard| heard.decode::<Owned>().unwrap().player))
    }

    #[tokio::test]
    async fn what_others_are_told_pushes_nothing_of_ones_own_out() {
        let subjects = Arc::<Subjects>::default();
        let (ann, bob) = (user(1), user(2));
        let mut of_ann = subjects.join("orders", Some(ann));
        of_ann.subject.pass_on(&update_of(ann));
        for _ in 0..=QUEUE {
            of_ann.subject.pass_on(&update_of(bob));
        }
        of_ann.subject.pass_on(&update_of(ann));
        for _ in 0..2 {
            assert_eq!(next(&mut of_ann).await, Some(Ok(ann)));
        }
    }

    #[tokio::test]
    async fn whoever_is_too_slow_for_its_own_is_told_how_much_it_missed() {
        let subjects = Arc::<Subjects>::default();
        let ann = user(1);
        let mut hearing = subjects.join("orders", Some(ann));
        for _ in 0..QUEUE + 3 {
            hearing.subject.pass_on(&update_of(ann));
        }
        assert_eq!(next(&mut hearing).await, Some(Err(Lagged(3))));
        assert_eq!(next(&mut hearing).await, Some(Ok(ann)));
    }

    #[tokio::test]
    async fn whoever_wants_everything_hears_everybodys() {
        let subjects = Arc::<Subjects>::default();
        let mut everything = subjects.join("orders", None);
        let mut of_ann = subjects.join("orders", Some(user(1)));
        everything.subject.pass_on(&update_of(user(2)));
        everything.subject.pass_on(&update_of(user(1)));
        assert_eq!(next(&mut everything).await, Some(Ok(user(2))));
        assert_eq!(next(&mut of_ann).await, Some(Ok(user(1))));
    }

    #[tokio::test]
    async fn a_connection_that_is_closed_for_good_ends_whoever_listens() {
        let subjects = Arc::<Subjects>::default();
        let mut hearing = subjects.join("orders", None);
        let subject = Arc::clone(&hearing.subject);
        let closed = subjects.pass_on(
            "orders",
            &subject,
            stream::empty(),
            CancellationToken::new(),
        );
        timeout(LIMIT, closed).await.unwrap();
        assert_eq!(next(&mut hearing).await, None);
        let anew = subjects.join("orders", None);
        assert!(!Arc::ptr_eq(&anew.subject, &subject));
    }

    #[tokio::test]
    async fn a_subject_that_nobody_listens_to_is_left() {
        let subjects = Arc::<Subjects>::default();
        let hearing = subjects.join("orders", None);
        let subject = Arc::clone(&hearing.subject);
        subject.listening.set(()).unwrap();
        drop(hearing);
        let nothing = stream::pending();
        let passing_on = subjects.pass_on("orders", &subject, nothing, CancellationToken::new());
        timeout(LIMIT, passing_on).await.unwrap();
        assert!(lock(&subjects.0).is_empty());
    }

    #[tokio::test]
    async fn one_that_nats_never_confirmed_leaves_nothing_behind() {
        let subjects = Arc::<Subjects>::default();
        drop(subjects.join("orders", None));
        assert!(lock(&subjects.0).is_empty());
    }
}
