//! What happened, in order and from a cursor on: first what was missed, from the streams that keep it,
//! then what happens now, without a hole or a repeat in between.

mod cursor;

use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;
use std::time::Duration;

use bus::{Backlog, Bus, BusError, Heard, StreamBounds};
use contracts::stream::StreamPlace;
use contracts::{Key, Topic};
use domain::id::UserId;
use futures::StreamExt;
use futures::stream::{self, BoxStream, SelectAll};
use store::gateway::tickets;
use tokio::time::{Instant, timeout_at};
use tracing::warn;

pub(crate) use self::cursor::{Cursor, Cursors, Kind};
use crate::error::{ApiError, ApiResult};
use crate::gateway::Gateway;
use crate::hub::Missed;

/// In how many matches of a player's something that was missed is looked for, newest first: nobody opens
/// more of them while the streams keep what they told.
const MOST_MATCHES: u32 = 200;

/// The least time between two looks for a newer cursor, whatever the settings say.
const LEAST_RENEWAL: Duration = Duration::from_millis(100);

/// One kind of message that a feed tells.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    topic: Topic,
    which: Which,
    /// Only what concerns this user, where others have some, too.
    owner: Option<UserId>,
}

#[derive(Clone, Debug)]
enum Which {
    Under(Key),
    /// Those of the matches that the user plays in.
    OfMatchesOf(UserId),
}

impl Source {
    /// What is told under `key`.
    pub(crate) fn under(topic: Topic, key: Key) -> Self {
        let which = Which::Under(key);
        Self {
            topic,
            which,
            owner: None,
        }
    }

    /// What of it concerns `owner`.
    pub(crate) fn of(self, owner: UserId) -> Self {
        Self {
            owner: Some(owner),
            ..self
        }
    }

    /// What is told of each match under its own key, of those that `player` plays in.
    pub(crate) fn of_matches(topic: Topic, player: UserId) -> Self {
        Self {
            topic,
            which: Which::OfMatchesOf(player),
            owner: Some(player),
        }
    }

    /// Where it is heard as it happens.
    fn subject(&self) -> String {
        match &self.which {
            Which::Under(key) => self.topic.subject(key),
            Which::OfMatchesOf(_) => self.topic.pattern().to_owned(),
        }
    }

    /// The keys under which something was missed.
    async fn keys(&self, gateway: &Gateway) -> ApiResult<Vec<Key>> {
        Ok(match &self.which {
            Which::Under(key) => vec![key.clone()],
            Which::OfMatchesOf(player) => {
                let battles = tickets::list_battles(&gateway.db, *player, MOST_MATCHES).await?;
                battles.into_iter().map(Key::from).collect()
            }
        })
    }

    fn concerns(&self, heard: &Heard) -> bool {
        self.owner
            .is_none_or(|owner| crate::hub::concerned(heard).contains(&owner))
    }
}

/// What a feed says. Each comes with the cursor to go on behind it.
#[derive(Clone, Debug)]
pub(crate) enum Told {
    /// Nothing between this cursor and what follows is missing. Said first, and again now and then: a
    /// cursor of somebody to whom nothing happens would fall behind what the streams keep.
    Resumed(Cursor),
    /// What followed the cursor that was given is not kept any more; from here on nothing is missing.
    Gap(Cursor),
    /// The listener was too slow, and this is the end: what follows the cursor is kept.
    Lagged(Cursor),
    /// Something happened, as the source of this number says.
    Event(Cursor, usize, Arc<Heard>),
}

/// The feed of some sources, from behind `after`, or else from now on.
pub(crate) async fn of(
    gateway: Arc<Gateway>,
    kind: Kind,
    sources: Vec<Source>,
    after: Option<Cursor>,
) -> ApiResult<BoxStream<'static, ApiResult<Told>>> {
    let feed = Feed::begin(gateway, kind, sources, after).await?;
    let told = stream::unfold(feed, async |mut feed| {
        let told = feed.next().await.transpose()?;
        // Whoever was refused something goes on from the last cursor.
        feed.is_over |= told.is_err();
        Some((told, feed))
    });
    Ok(told.boxed())
}

/// What a source, by its number, says now.
type Live = (usize, Result<Arc<Heard>, Missed>);

struct Feed {
    gateway: Arc<Gateway>,
    kind: Kind,
    sources: Vec<Source>,
    /// How far each source was told.
    places: Vec<StreamPlace>,
    /// What is to be said before anything else.
    first: Option<Told>,
    live: SelectAll<BoxStream<'static, Live>>,
    /// What was missed, source by source, and up to where.
    missed: VecDeque<(usize, u64)>,
    backlog: Option<(usize, u64, Backlog)>,
    renewal: Renewal,
    is_over: bool,
}

/// When a newer cursor is to be told.
struct Renewal {
    every: Duration,
    at: Instant,
    /// Whether what the streams hold is read for it, and nothing was missed.
    is_running: bool,
}

impl Renewal {
    fn begin(pause: Duration) -> Self {
        let every = pause.max(LEAST_RENEWAL);
        Self {
            every,
            at: Instant::now() + every,
            is_running: false,
        }
    }
}

impl Feed {
    async fn begin(
        gateway: Arc<Gateway>,
        kind: Kind,
        sources: Vec<Source>,
        after: Option<Cursor>,
    ) -> ApiResult<Self> {
        // Whoever listens first and looks at the streams then misses nothing in between.
        let live = listen(&gateway, &sources).await?;
        let bounds = bounds(&gateway.bus, &sources).await?;
        let places: Vec<StreamPlace> = bounds.iter().map(StreamBounds::tail).collect();
        let mut feed = Self {
            renewal: Renewal::begin(gateway.limits.renew_cursors()),
            gateway,
            kind,
            places,
            sources,
            first: None,
            live,
            missed: VecDeque::new(),
            backlog: None,
            is_over: false,
        };
        let Some(after) = after else {
            feed.first = Some(Told::Resumed(feed.cursor()?));
            return Ok(feed);
        };
        let places = feed.gateway.cursors.places(&after, kind, bounds.len())?;
        let kept = places.filter(|places| are_kept(&bounds, places));
        feed.first = Some(if let Some(places) = kept {
            feed.go_on_to(&bounds);
            feed.places = places;
            Told::Resumed(after)
        } else {
            Told::Gap(feed.cursor()?)
        });
        Ok(feed)
    }

    fn cursor(&self) -> ApiResult<Cursor> {
        self.gateway.cursors.of_places(self.kind, &self.places)
    }

    /// Reads everything that the streams hold by now before anything that is heard.
    fn go_on_to(&mut self, bounds: &[StreamBounds]) {
        self.backlog = None;
        self.missed = bounds.iter().map(|it| it.last).enumerate().collect();
    }

    async fn next(&mut self) -> ApiResult<Option<Told>> {
        if let Some(first) = self.first.take() {
            return Ok(Some(first));
        }
        while !self.is_over {
            match self.next_missed().await {
                Ok(Some(told)) => return Ok(Some(told)),
                Ok(None) => {}
                // Whoever listens misses nothing by that.
                Err(error) if self.renewal.is_running => self.leave_renewal(&error),
                Err(error) => return Err(error),
            }
            if let Some(told) = self.renewed()? {
                return Ok(Some(told));
            }
            let Ok(heard) = timeout_at(self.renewal.at, self.live.next()).await else {
                self.renew().await;
                continue;
            };
            let Some((index, heard)) = heard else {
                break;
            };
            match heard {
                Ok(heard) => {
                    if let Some(told) = self.tell(index, heard)? {
                        return Ok(Some(told));
                    }
                }
                Err(Missed::TooSlow) => {
                    self.is_over = true;
                    return Ok(Some(Told::Lagged(self.cursor()?)));
                }
                Err(Missed::Interrupted) => {
                    let bounds = bounds(&self.gateway.bus, &self.sources).await?;
                    if !are_kept(&bounds, &self.places) {
                        self.places = bounds.iter().map(StreamBounds::tail).collect();
                        return Ok(Some(Told::Gap(self.cursor()?)));
                    }
                    self.go_on_to(&bounds);
                }
            }
        }
        Ok(None)
    }

    /// Begins to look for a newer cursor: whatever the streams hold by now was told, or is read.
    async fn renew(&mut self) {
        self.renewal.at = Instant::now() + self.renewal.every;
        match bounds(&self.gateway.bus, &self.sources).await {
            Ok(bounds) if are_kept(&bounds, &self.places) => {
                self.go_on_to(&bounds);
                self.renewal.is_running = true;
            }
            // Whoever listens misses nothing by that. It is a gap for whoever comes again.
            Ok(_) => warn!(kind = ?self.kind, "a cursor fell behind before it was renewed"),
            Err(error) => self.leave_renewal(&error),
        }
    }

    fn leave_renewal(&mut self, error: &ApiError) {
        warn!(kind = ?self.kind, ?error, "a cursor is not renewed");
        self.renewal.is_running = false;
        self.backlog = None;
        self.missed.clear();
    }

    /// The newer cursor, once all that the streams held is told; whether or not anything was, for what
    /// they hold is others' business, too.
    fn renewed(&mut self) -> ApiResult<Option<Told>> {
        let is_renewed = mem::take(&mut self.renewal.is_running);
        let cursor = is_renewed.then(|| self.cursor()).transpose()?;
        Ok(cursor.map(Told::Resumed))
    }

    /// The next of what was missed; none once all of it is told.
    async fn next_missed(&mut self) -> ApiResult<Option<Told>> {
        loop {
            if let Some((index, up_to, mut backlog)) = self.backlog.take() {
                match backlog.next().await {
                    Ok(Some(entry)) => {
                        self.backlog = Some((index, up_to, backlog));
                        if let Some(told) = self.tell(index, Arc::new(entry.into_heard()))? {
                            return Ok(Some(told));
                        }
                    }
                    Ok(None) => self.pass(index, up_to),
                    Err(error) => return self.give_up(index, error).await,
                }
            } else if let Some((index, up_to)) = self.missed.pop_front() {
                let Some((source, place)) = self.sources.get(index).zip(self.places.get(index))
                else {
                    continue;
                };
                let keys = source.keys(&self.gateway).await?;
                let bus = &self.gateway.bus;
                match bus.backlog(source.topic, &keys, *place, up_to).await {
                    Ok(Some(backlog)) => self.backlog = Some((index, up_to, backlog)),
                    Ok(None) => self.pass(index, up_to),
                    Err(error) => return self.give_up(index, error).await,
                }
            } else {
                return Ok(None);
            }
        }
    }

    /// What follows from not having read everything that a source said: a gap where it is gone.
    async fn give_up(&mut self, index: usize, error: BusError) -> ApiResult<Option<Told>> {
        if self.renewal.is_running || !error.tells_of_a_gap() {
            return Err(error.into());
        }
        if let Some((source, place)) = self.sources.get(index).zip(self.places.get_mut(index)) {
            *place = self.gateway.bus.bounds(source.topic.stream()).await?.tail();
        }
        Ok(Some(Told::Gap(self.cursor()?)))
    }

    /// Tells what a source says, unless it was told before.
    fn tell(&mut self, index: usize, heard: Arc<Heard>) -> ApiResult<Option<Told>> {
        let both = self.sources.get(index).zip(self.places.get_mut(index));
        let Some(((source, place), sequence)) = both.zip(heard.sequence) else {
            return Ok(None);
        };
        if sequence <= place.sequence {
            return Ok(None);
        }
        place.sequence = sequence;
        if !source.concerns(&heard) {
            return Ok(None);
        }
        Ok(Some(Told::Event(self.cursor()?, index, heard)))
    }

    fn pass(&mut self, index: usize, up_to: u64) {
        if let Some(place) = self.places.get_mut(index) {
            place.sequence = place.sequence.max(up_to);
        }
    }
}

/// Everything that the sources say from now on, with which of them says it.
async fn listen(
    gateway: &Gateway,
    sources: &[Source],
) -> ApiResult<SelectAll<BoxStream<'static, (usize, Result<Arc<Heard>, Missed>)>>> {
    let mut live = SelectAll::new();
    for (index, source) in sources.iter().enumerate() {
        let heard = gateway
            .hub
            .follow_stored(&source.subject(), source.owner)
            .await?;
        live.push(heard.map(move |heard| (index, heard)).boxed());
    }
    Ok(live)
}

/// What the streams of the sources hold now.
async fn bounds(bus: &Bus, sources: &[Source]) -> ApiResult<Vec<StreamBounds>> {
    let mut bounds = Vec::with_capacity(sources.len());
    for source in sources {
        bounds.push(bus.bounds(source.topic.stream()).await?);
    }
    Ok(bounds)
}

/// Whether the streams hold everything behind these places.
fn are_kept(bounds: &[StreamBounds], places: &[StreamPlace]) -> bool {
    let mut both = bounds.iter().zip(places);
    both.all(|(bounds, place)| bounds.check(*place).is_ok())
}
