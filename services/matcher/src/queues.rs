//! Does what is due in the queues. Remembers when each is worth looking at again, so that an
//! unchanged queue costs nothing.

use std::collections::BTreeMap;

use bus::Moment;
use domain::game::Template;
use domain::id::GameId;
use domain::matchmaking::{self, Event, Rules};
use domain::timestamp::Timestamp;
use futures::{StreamExt, stream};
use store::{game, ticket};

use crate::app::App;
use crate::error::Error;
use crate::{expiry, opening};

/// The fewest of the oldest tickets of a queue that are looked at together: several matches may
/// open in one round.
const LOOKED_AT: u32 = 500;
/// As many where there is a cup band: two who would meet may stand behind many who do not. More
/// cannot wait apart for long, for bands grow.
const LOOKED_AT_IN_BANDS: u32 = 5_000;
/// How many matches open at the same time: a commit waits for the disk, not for another one.
const AT_ONCE: usize = 4;
/// How long a queue is left alone after something in it failed, in milliseconds.
const RETRY_MS: i64 = 1_000;

/// What is known of the queues.
#[derive(Debug, Default)]
pub(crate) struct Queues {
    looks: BTreeMap<(GameId, u32), Look>,
}

/// When a queue is worth looking at again: when its tickets change, or at a moment.
#[derive(Clone, Copy, Debug)]
struct Look {
    tickets: i64,
    fingerprint: i64,
    next: Option<Timestamp>,
}

impl Queues {
    /// Opens and expires what is due at `moment`. Answers when the next thing is due, as far as is
    /// known.
    pub(crate) async fn run(
        &mut self,
        app: &App,
        moment: Moment,
    ) -> Result<Option<Timestamp>, Error> {
        let mut looks = BTreeMap::new();
        for queue in ticket::list_queues(&app.db).await? {
            let (game, version) = (queue.game(), queue.version());
            let seen = self.looks.get(&(game, version)).copied();
            let unchanged = seen.filter(|look| {
                (look.tickets, look.fingerprint) == (queue.tickets, queue.fingerprint)
                    && look.next.is_none_or(|next| next > moment.now)
            });
            let next = match unchanged {
                Some(look) => look.next,
                None => look_at(app, game, version, moment).await,
            };
            let (tickets, fingerprint) = (queue.tickets, queue.fingerprint);
            looks.insert(
                (game, version),
                Look {
                    tickets,
                    fingerprint,
                    next,
                },
            );
        }
        self.looks = looks;
        Ok(self.looks.values().filter_map(|look| look.next).min())
    }
}

/// One queue that fails must not hold up the others.
async fn look_at(app: &App, game: GameId, version: u32, moment: Moment) -> Option<Timestamp> {
    match do_due(app, game, version, moment).await {
        Ok(next) => next,
        Err(error) => {
            tracing::error!(%game, version, %error, cause = ?error, "a queue is stuck");
            Some(moment.now.plus_ms(RETRY_MS))
        }
    }
}

async fn do_due(
    app: &App,
    game: GameId,
    version: u32,
    moment: Moment,
) -> Result<Option<Timestamp>, Error> {
    let template = game::load_version(&app.db, game, version).await?;
    let queue = load(app, game, version, &template).await?;
    let events = queue.decide(moment.now);
    let carry_out = async |event: &Event| match event {
        Event::Expired { ticket } => expiry::expire(app, *ticket, &template.title)
            .await
            .map(|()| true),
        Event::Opened { tickets } => {
            opening::open(app, (game, version, &template), tickets, moment).await
        }
    };
    // No ticket is in two of them.
    let done: Vec<Result<bool, Error>> = stream::iter(&events)
        .map(carry_out)
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    for done in done {
        if !done? {
            // Somebody left meanwhile: what was decided is void.
            return Ok(Some(moment.now));
        }
    }
    let queue = events.iter().fold(queue, matchmaking::Queue::evolve);
    Ok(queue.next_look(moment.now))
}

/// How many of the oldest tickets are looked at together: never fewer than fill a match.
fn looked_at(template: &Template) -> u32 {
    let fewest = template.cup_band.map_or(LOOKED_AT, |_| LOOKED_AT_IN_BANDS);
    template.max_players.max(fewest)
}

async fn load(
    app: &App,
    game: GameId,
    version: u32,
    template: &Template,
) -> Result<matchmaking::Queue, Error> {
    let waiting = ticket::list_queued(&app.db, game, version, looked_at(template)).await?;
    let waiting = waiting.iter().map(|ticket| matchmaking::Ticket {
        id: ticket.id,
        player: ticket.player,
        cups: ticket.cups,
        joined: ticket.queued_at,
    });
    Ok(matchmaking::Queue::new(
        Rules::from(template),
        waiting.collect(),
    ))
}
