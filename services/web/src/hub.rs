//! What is heard on NATS, fanned out to this process's clients: one subscription per subject,
//! however many of them listen, and a bounded queue for each client.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bus::{Bus, BusError, Heard, Listener};
use contracts::stream::told_again;
use domain::id::UserId;
use futures::{Stream, StreamExt, stream};
use runtime::Context;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::sync::mpsc::{self, error::TrySendError};
use tokio::sync::{Notify, OnceCell};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// How many updates wait for a client that is slow to take them. Of what is everybody's the oldest are
/// then dropped; of what is one's own nothing more comes.
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

/// Something that was meant for a listener did not reach it, or may not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missed {
    /// The listener was too slow, and what came is gone.
    TooSlow,
    /// We did not hear everything ourselves.
    Interrupted,
}

impl Hub {
    /// A hub without listeners.
    pub(crate) fn new(bus: Bus, context: Context) -> Self {
        let subjects = Arc::<Subjects>::default();
        let mut interruptions = bus.interruptions();
        let (shutdown, everybody) = (context.shutdown(), Arc::clone(&subjects));
        context.spawn("interruptions", async move {
            let telling = async {
                loop {
                    interruptions.next().await;
                    everybody.interrupt();
                }
            };
            shutdown.run_until_cancelled(telling).await;
            Ok(())
        });
        Self {
            bus,
            context,
            subjects,
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
        let updates = self.listen_to(subject).await?;
        Ok(updates.filter_map(async |update| update.ok()))
    }

    /// The same, for a listener that has to know when it missed something.
    pub(crate) async fn listen_to<M>(
        &self,
        subject: &str,
    ) -> Result<impl Stream<Item = Result<M, Missed>> + Send + use<M>, BusError>
    where
        M: DeserializeOwned + Send,
    {
        let heard = self.open(subject, None).await?;
        Ok(heard.filter_map(async |heard| read(heard)))
    }

    /// Follows what a stream stores on `subject` from now on; with an owner, only what names the owner
    /// as one of whom it concerns, and what does not takes no place in the queue.
    pub(crate) async fn follow<M>(
        &self,
        subject: &str,
        owner: Option<UserId>,
    ) -> Result<impl Stream<Item = Result<M, Missed>> + Send + use<M>, BusError>
    where
        M: DeserializeOwned + Send,
    {
        let heard = self.follow_stored(subject, owner).await?;
        Ok(heard.filter_map(async |heard| read(heard)))
    }

    /// The same, unread, with where the stream keeps it.
    pub(crate) async fn follow_stored(
        &self,
        subject: &str,
        owner: Option<UserId>,
    ) -> Result<impl Stream<Item = Result<Arc<Heard>, Missed>> + Send + use<>, BusError> {
        self.open(&told_again(subject), owner).await
    }

    async fn open(
        &self,
        name: &str,
        owner: Option<UserId>,
    ) -> Result<impl Stream<Item = Result<Arc<Heard>, Missed>> + Send + use<>, BusError> {
        let hearing = self.subjects.join(name, owner);
        let subject = &hearing.subject;
        // Whoever asks for another subject does not wait for this one.
        subject
            .listening
            .get_or_try_init(|| self.listen(name, subject))
            .await?;
        Ok(stream::unfold(hearing, async |mut hearing| {
            Some((hearing.next().await?, hearing))
        }))
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
            let heard = listener.next().await?;
            // Before anything that follows what is missing.
            let missed = listener
                .was_interrupted()
                .then_some(Err(Missed::Interrupted));
            let updates = missed.into_iter().chain([Ok(heard)]);
            Some((stream::iter(updates), listener))
        });
        let heard = heard.flatten();
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

/// Reads an update. What cannot be read is skipped.
fn read<M: DeserializeOwned>(heard: Result<Arc<Heard>, Missed>) -> Option<Result<M, Missed>> {
    match heard.map(|heard| heard.decode()) {
        Ok(Ok(update)) => Some(Ok(update)),
        Ok(Err(error)) => {
            tracing::warn!(%error, "an update cannot be read");
            None
        }
        Err(missed) => Some(Err(missed)),
    }
}

/// The subjects that somebody listens to. Locked for moments, never while something is awaited.
#[derive(Default)]
struct Subjects(Mutex<HashMap<String, Arc<Subject>>>);

/// A subject, and whoever listens to it.
#[derive(Default)]
struct Subject {
    listeners: Mutex<Listeners>,
    /// Set once NATS sends us what is said.
    listening: OnceCell<()>,
    /// Told when nobody listens any more.
    deserted: Notify,
    /// Nothing more can come.
    is_over: AtomicBool,
}

/// What passes from a subject to a listener.
type Update = Result<Arc<Heard>, Missed>;

#[derive(Default)]
struct Listeners {
    /// How many there are.
    count: usize,
    /// The number of the next one.
    next: u64,
    /// Those of everything: they share a queue.
    everybody: Option<broadcast::Sender<Update>>,
    /// Those of what is their own, by their number. A queue takes room as it fills.
    own: HashMap<UserId, HashMap<u64, mpsc::Sender<Update>>>,
}

/// Whom an update concerns.
#[derive(Deserialize)]
struct Concerned {
    player: Option<UserId>,
    #[serde(default)]
    players: Vec<UserId>,
    #[serde(default)]
    standings: Vec<Standing>,
}

#[derive(Deserialize)]
struct Standing {
    player: UserId,
}

impl Subjects {
    /// One more listener, who misses nothing from now on.
    fn join(self: &Arc<Self>, name: &str, owner: Option<UserId>) -> Hearing {
        let mut subjects = lock(&self.0);
        let subject = Arc::clone(subjects.entry(name.to_owned()).or_default());
        let (number, queue) = lock(&subject.listeners).join(owner);
        Hearing {
            queue,
            owner,
            number,
            name: name.to_owned(),
            subject,
            subjects: Arc::clone(self),
        }
    }

    /// Tells everybody that something may be missing here.
    fn interrupt(&self) {
        for subject in lock(&self.0).values() {
            lock(&subject.listeners).tell_all(&Err(Missed::Interrupted));
        }
    }

    /// Passes on what is heard until nobody listens, nothing more can come, or `shutdown`.
    async fn pass_on(
        &self,
        name: &str,
        subject: &Arc<Subject>,
        heard: impl Stream<Item = Result<Heard, Missed>>,
        shutdown: CancellationToken,
    ) {
        tokio::pin!(heard);
        loop {
            tokio::select! {
                heard = heard.next() => match heard {
                    Some(Ok(heard)) => subject.pass_on(heard),
                    Some(Err(missed)) => lock(&subject.listeners).tell_all(&Err(missed)),
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
        subject.is_over.store(true, Ordering::Release);
        lock(&subject.listeners).dismiss();
    }

    fn leave(&self, hearing: &Hearing) {
        let subject = &hearing.subject;
        let subjects = lock(&self.0);
        if !lock(&subject.listeners).leave(hearing.owner, hearing.number) {
            return;
        }
        drop(subjects);
        if subject.listening.initialized() {
            subject.deserted.notify_one();
        } else {
            self.remove_if_deserted(&hearing.name, subject);
        }
    }

    fn remove_if_deserted(&self, name: &str, subject: &Arc<Subject>) -> bool {
        let mut subjects = lock(&self.0);
        let is_deserted = lock(&subject.listeners).count == 0;
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
    fn pass_on(&self, heard: Heard) {
        let mut listeners = lock(&self.listeners);
        let concerned = if listeners.own.is_empty() {
            BTreeSet::new()
        } else {
            concerned(&heard)
        };
        let update = Ok(Arc::new(heard));
        listeners.tell_everybody(&update);
        for owner in concerned {
            listeners.tell_own(owner, &update);
        }
    }
}

impl Listeners {
    fn join(&mut self, owner: Option<UserId>) -> (u64, Queue) {
        self.count += 1;
        self.next += 1;
        let number = self.next;
        let queue = match owner {
            None => {
                let everybody = self
                    .everybody
                    .get_or_insert_with(|| broadcast::Sender::new(QUEUE));
                Queue::OfEverybody(everybody.subscribe())
            }
            Some(owner) => {
                let (sender, receiver) = mpsc::channel(QUEUE);
                self.own.entry(owner).or_default().insert(number, sender);
                Queue::Own(receiver)
            }
        };
        (number, queue)
    }

    /// Whether that was the last one.
    fn leave(&mut self, owner: Option<UserId>, number: u64) -> bool {
        if let Some(Entry::Occupied(mut own)) = owner.map(|owner| self.own.entry(owner)) {
            own.get_mut().remove(&number);
            if own.get().is_empty() {
                own.remove();
            }
        }
        self.count = self.count.saturating_sub(1);
        self.count == 0
    }

    fn tell_everybody(&self, update: &Update) {
        if let Some(everybody) = &self.everybody {
            // Its last listener may have left.
            everybody.send(update.clone()).ok();
        }
    }

    /// Gives up on whoever is too slow: what follows would hide the gap.
    fn tell_own(&mut self, owner: UserId, update: &Update) {
        let Entry::Occupied(mut own) = self.own.entry(owner) else {
            return;
        };
        own.get_mut().retain(|_, sender| {
            let told = sender.try_send(update.clone());
            !matches!(told, Err(TrySendError::Full(_)))
        });
        if own.get().is_empty() {
            own.remove();
        }
    }

    fn tell_all(&mut self, update: &Update) {
        self.tell_everybody(update);
        let owners: Vec<UserId> = self.own.keys().copied().collect();
        for owner in owners {
            self.tell_own(owner, update);
        }
    }

    /// Lets everybody know that it is over.
    fn dismiss(&mut self) {
        self.everybody = None;
        self.own.clear();
    }
}

/// Whom an update concerns.
pub(crate) fn concerned(heard: &Heard) -> BTreeSet<UserId> {
    match heard.decode::<Concerned>() {
        Ok(Concerned {
            player,
            players,
            standings,
        }) => {
            let ranked = standings.into_iter().map(|standing| standing.player);
            player.into_iter().chain(players).chain(ranked).collect()
        }
        Err(error) => {
            tracing::warn!(%error, "an update does not say whom it concerns");
            BTreeSet::new()
        }
    }
}

/// What is done under these locks cannot panic halfway.
fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One listener of a subject.
struct Hearing {
    queue: Queue,
    owner: Option<UserId>,
    number: u64,
    name: String,
    subject: Arc<Subject>,
    subjects: Arc<Subjects>,
}

enum Queue {
    OfEverybody(broadcast::Receiver<Update>),
    Own(mpsc::Receiver<Update>),
    /// It was too slow.
    GivenUp,
}

impl Hearing {
    async fn next(&mut self) -> Option<Update> {
        match &mut self.queue {
            Queue::OfEverybody(receiver) => match receiver.recv().await {
                Ok(update) => Some(update),
                Err(RecvError::Lagged(missed)) => Some(Err(too_slow(missed))),
                Err(RecvError::Closed) => None,
            },
            Queue::Own(receiver) => match receiver.recv().await {
                Some(update) => Some(update),
                None if self.subject.is_over.load(Ordering::Acquire) => None,
                None => {
                    self.queue = Queue::GivenUp;
                    Some(Err(too_slow(1)))
                }
            },
            Queue::GivenUp => None,
        }
    }
}

fn too_slow(missed: u64) -> Missed {
    metrics::counter!("battlesbit_web_updates_missed").increment(missed);
    Missed::TooSlow
}

impl Drop for Hearing {
    fn drop(&mut self) {
        self.subjects.leave(self);
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

    fn update(payload: &serde_json::Value) -> Heard {
        Heard {
            subject: "orders".to_owned(),
            payload: payload.to_string().into(),
            sequence: None,
            id: None,
        }
    }

    fn update_of(player: UserId) -> Heard {
        update(&serde_json::json!({ "player": player }))
    }

    async fn next(hearing: &mut Hearing) -> Option<Result<UserId, Missed>> {
        let heard = timeout(LIMIT, hearing.next()).await.unwrap()?;
        Some(heard.map(|heard| *concerned(&heard).first().unwrap()))
    }

    #[tokio::test]
    async fn what_others_are_told_pushes_nothing_of_ones_own_out() {
        let subjects = Arc::<Subjects>::default();
        let (ann, bob) = (user(1), user(2));
        let mut of_ann = subjects.join("orders", Some(ann));
        of_ann.subject.pass_on(update_of(ann));
        for _ in 0..=QUEUE {
            of_ann.subject.pass_on(update_of(bob));
        }
        of_ann.subject.pass_on(update_of(ann));
        for _ in 0..2 {
            assert_eq!(next(&mut of_ann).await, Some(Ok(ann)));
        }
    }

    #[tokio::test]
    async fn what_concerns_several_is_told_to_each_of_them_once() {
        let subjects = Arc::<Subjects>::default();
        let (ann, bob, cid) = (user(1), user(2), user(3));
        let joined = [ann, ann, bob, cid].map(|user| subjects.join("battles", Some(user)));
        let [mut one, mut other, mut of_bob, mut of_cid] = joined;
        for (players, standings) in [(vec![ann, bob], vec![]), (vec![], vec![ann, bob])] {
            let standings: Vec<_> = standings
                .iter()
                .map(|player| serde_json::json!({ "player": player, "rank": 1 }))
                .collect();
            let told = serde_json::json!({ "players": players, "standings": standings });
            one.subject.pass_on(update(&told));
        }
        of_cid.subject.pass_on(update_of(cid));
        for hearing in [&mut one, &mut other, &mut of_bob] {
            for _ in 0..2 {
                assert_eq!(next(hearing).await, Some(Ok(ann)));
            }
            assert!(futures::FutureExt::now_or_never(hearing.next()).is_none());
        }
        assert_eq!(next(&mut of_cid).await, Some(Ok(cid)));
    }

    #[tokio::test]
    async fn whoever_is_too_slow_for_its_own_is_told_so_behind_what_it_did_not_miss() {
        let subjects = Arc::<Subjects>::default();
        let ann = user(1);
        let mut hearing = subjects.join("orders", Some(ann));
        for _ in 0..QUEUE + 3 {
            hearing.subject.pass_on(update_of(ann));
        }
        for _ in 0..QUEUE {
            assert_eq!(next(&mut hearing).await, Some(Ok(ann)));
        }
        assert_eq!(next(&mut hearing).await, Some(Err(Missed::TooSlow)));
        assert_eq!(next(&mut hearing).await, None);
    }

    #[tokio::test]
    async fn everybody_hears_of_an_interruption() {
        let subjects = Arc::<Subjects>::default();
        let mut everything = subjects.join("orders", None);
        let mut of_ann = subjects.join("orders", Some(user(1)));
        let mut elsewhere = subjects.join("wallets", Some(user(2)));
        subjects.interrupt();
        for hearing in [&mut everything, &mut of_ann, &mut elsewhere] {
            assert_eq!(next(hearing).await, Some(Err(Missed::Interrupted)));
        }
    }

    #[tokio::test]
    async fn what_may_be_missing_is_told_before_what_follows_it() {
        let subjects = Arc::<Subjects>::default();
        let ann = user(1);
        let mut everything = subjects.join("orders", None);
        let mut of_ann = subjects.join("orders", Some(ann));
        let subject = Arc::clone(&of_ann.subject);
        let heard = [
            Ok(update_of(ann)),
            Err(Missed::Interrupted),
            Ok(update_of(ann)),
        ];
        let shutdown = CancellationToken::new();
        let heard = stream::iter(heard);
        let passing_on = subjects.pass_on("orders", &subject, heard, shutdown);
        timeout(LIMIT, passing_on).await.unwrap();
        for hearing in [&mut everything, &mut of_ann] {
            for expected in [Ok(ann), Err(Missed::Interrupted), Ok(ann)] {
                assert_eq!(next(hearing).await, Some(expected));
            }
        }
    }

    #[tokio::test]
    async fn whoever_wants_everything_hears_everybodys() {
        let subjects = Arc::<Subjects>::default();
        let mut everything = subjects.join("orders", None);
        let mut of_ann = subjects.join("orders", Some(user(1)));
        everything.subject.pass_on(update_of(user(2)));
        everything.subject.pass_on(update_of(user(1)));
        assert_eq!(next(&mut everything).await, Some(Ok(user(2))));
        assert_eq!(next(&mut of_ann).await, Some(Ok(user(1))));
    }

    #[tokio::test]
    async fn a_connection_that_is_closed_for_good_ends_whoever_listens() {
        let subjects = Arc::<Subjects>::default();
        let mut hearing = subjects.join("orders", None);
        let mut of_ann = subjects.join("orders", Some(user(1)));
        let subject = Arc::clone(&hearing.subject);
        let closed = subjects.pass_on(
            "orders",
            &subject,
            stream::empty(),
            CancellationToken::new(),
        );
        timeout(LIMIT, closed).await.unwrap();
        assert_eq!(next(&mut hearing).await, None);
        assert_eq!(next(&mut of_ann).await, None);
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
