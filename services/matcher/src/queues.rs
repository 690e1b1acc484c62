//! Does what is due in the queues. Remembers when each is worth looking at again, so that an
//! unchanged queue costs nothing.

use std::collections::BTreeMap;

use bus::Moment;
use domain::game::Template;
use domain::id::{GameId, TicketId};
use domain::matchmaking::{self, Event, Rules};
use domain::timestamp::Timestamp;
use futures::{FutureExt, StreamExt, stream};
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
/// How many matches open in one transaction: each costs as many statements as all of them.
const MATCHES_TOGETHER: usize = 64;
/// How many players they have at the most, if there is more than one.
const PLAYERS_TOGETHER: usize = 1_000;
/// How many of these transactions run, or how many tickets expire, at the same time: a commit waits
/// for the disk, not for another one.
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
                None => look_at(app, game, version).await,
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
async fn look_at(app: &App, game: GameId, version: u32) -> Option<Timestamp> {
    match do_due(app, game, version).await {
        Ok(next) => next,
        Err(error) => {
            tracing::error!(%game, version, %error, cause = ?error, "a queue is stuck");
            Some(app.exchange.read().now.plus_ms(RETRY_MS))
        }
    }
}

async fn do_due(app: &App, game: GameId, version: u32) -> Result<Option<Timestamp>, Error> {
    let template = game::load_version(&app.db, game, version).await?;
    let queue = load(app, game, version, &template).await?;
    // Behind the tickets: nobody is matched at a moment before he joined.
    let moment = app.exchange.read();
    let events = queue.decide(moment.now);
    let (mut expired, mut opened) = (Vec::new(), Vec::new());
    for event in &events {
        match event {
            Event::Expired { tickets } => expired.push(tickets.as_slice()),
            Event::Opened { tickets } => opened.push(tickets.as_slice()),
        }
    }
    let expiring: Vec<_> = expired
        .into_iter()
        .map(|tickets| expiry::expire(app, tickets, &template.title).boxed())
        .collect();
    let expired: Vec<Result<(), Error>> = stream::iter(expiring)
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    // No ticket is in two of them.
    let opening: Vec<_> = batches(&opened)
        .into_iter()
        .map(|groups| open(app, (game, version, &template), groups, moment).boxed())
        .collect();
    let opened: Vec<Result<bool, Error>> = stream::iter(opening)
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    expired.into_iter().collect::<Result<(), _>>()?;
    for is_whole in opened {
        if !is_whole? {
            // Somebody left meanwhile: what was decided is void.
            return Ok(Some(moment.now));
        }
    }
    Ok(queue.evolve(&events).next_look(moment.now))
}

/// The groups that open a match each, as they open together.
fn batches<'a, 'g>(mut groups: &'a [&'g [TicketId]]) -> Vec<&'a [&'g [TicketId]]> {
    let mut batches = Vec::new();
    while !groups.is_empty() {
        let mut players = 0;
        let fit = groups.iter().take(MATCHES_TOGETHER).take_while(|group| {
            players += group.len();
            players <= PLAYERS_TOGETHER
        });
        let (batch, rest) = groups.split_at(fit.count().max(1));
        batches.push(batch);
        groups = rest;
    }
    batches
}

/// Opens matches together, or, where that fails, one by one: one that cannot open must not hold up
/// the others.
async fn open(
    app: &App,
    game: (GameId, u32, &Template),
    groups: &[&[TicketId]],
    moment: Moment,
) -> Result<bool, Error> {
    match opening::open(app, game, groups, moment).await {
        Err(error) if groups.len() > 1 => {
            tracing::warn!(game = %game.0, %error, cause = ?error, "matches open one by one");
            let (mut is_whole, mut failed) = (true, None);
            for group in groups {
                match opening::open(app, game, &[group], moment).await {
                    Ok(opened) => is_whole &= opened,
                    Err(error) => failed = Some(error),
                }
            }
            failed.map_or(Ok(is_whole), Err)
        }
        opened => opened,
    }
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
        party: ticket.party,
    });
    Ok(matchmaking::Queue::new(
        Rules::from(template),
        waiting.collect(),
    ))
}
