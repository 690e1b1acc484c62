//! What players are told when a battle opens, settles or is canceled.

use contracts::Message;
use contracts::battles::{BattleCanceled, BattleOpened, BattleSettled, RoomChanged, Standing};
use contracts::matchmaking::{PlaceChanged, PlaceStatus};
use contracts::notifications::{Email, InApp, Notice};
use domain::battle::BattleTerms;
use domain::id::{BattleId, UserId};
use domain::money::Money;
use runtime::ids;
use store::outbox::Row;
use store::revision::{RevisedSeat, Revision};
use store::room::Room;
use store::ticket::Ticket;

/// The place of a ticket's beginning, and of its end, among what is told about it.
const TAKEN: i64 = 0;
const GIVEN_UP: i64 = 1;
/// The place of a room's changes among what is told about a battle.
const ROOM: i64 = 0;
/// The place of the opening among what is told about a battle.
const OPENED: i64 = 1;
/// The place of the end, whichever it is.
const ENDED: i64 = 2;

/// The battle has opened.
pub(crate) fn opened(terms: &BattleTerms) -> store::Result<Vec<Row>> {
    let players: Vec<UserId> = terms.seats.iter().map(|seat| seat.player).collect();
    let notice = Notice::Opened {
        title: title(terms),
        subject: terms.battle.to_string(),
    };
    let mut told = Told::new(terms.battle, OPENED);
    for player in &players {
        told.in_app(*player, notice.clone())?;
    }
    told.everybody(&BattleOpened {
        battle: terms.battle,
        game: terms.game,
        title: title(terms),
        players,
        start_time: terms.start_time,
        end_time: terms.end_time,
    })
}

/// The battle is paid.
pub(crate) fn settled(
    terms: &BattleTerms,
    standings: Vec<Standing>,
    record_sha256: String,
) -> store::Result<Vec<Row>> {
    let mut told = Told::new(terms.battle, ENDED);
    for standing in &standings {
        let notice = Notice::Ended {
            title: title(terms),
            subject: terms.battle.to_string(),
            rank: standing.rank,
            prize: prize_text(standing.prize),
        };
        told.in_app(standing.player, notice.clone())?;
        told.email(standing.player, notice)?;
    }
    told.everybody(&BattleSettled {
        battle: terms.battle,
        game: terms.game,
        title: title(terms),
        ranked: terms.ranked,
        standings,
        record_sha256,
    })
}

/// The result was corrected.
pub(crate) fn revised(
    terms: &BattleTerms,
    revision: &Revision<'_>,
    changed: impl Iterator<Item = RevisedSeat>,
) -> store::Result<Vec<Row>> {
    let number = i64::from(revision.number);
    let mut told = Told::new(terms.battle, ENDED.saturating_add(number));
    for seat in changed {
        let subject = terms.battle.to_string();
        let notice = if seat.player == revision.player {
            Notice::Voided {
                title: title(terms),
                subject,
                reason: revision.reason.to_owned(),
            }
        } else {
            Notice::Corrected {
                title: title(terms),
                subject,
                rank: seat.rank,
                prize: prize_text(Money {
                    minor: seat.prize_minor,
                    currency: terms.template.currency,
                }),
            }
        };
        told.in_app(seat.player, notice.clone())?;
        told.email(seat.player, notice)?;
    }
    Ok(told.rows)
}

/// The battle was called off.
pub(crate) fn canceled(terms: &BattleTerms) -> store::Result<Vec<Row>> {
    let players: Vec<UserId> = terms.seats.iter().map(|seat| seat.player).collect();
    let notice = Notice::Canceled {
        title: title(terms),
        subject: terms.battle.to_string(),
    };
    let mut told = Told::new(terms.battle, ENDED);
    for player in &players {
        told.in_app(*player, notice.clone())?;
        told.email(*player, notice.clone())?;
    }
    told.everybody(&BattleCanceled {
        battle: terms.battle,
        game: terms.game,
        title: title(terms),
        players,
    })
}

/// What became of a place in a queue or a room.
pub(crate) fn place_changed(ticket: &Ticket, status: PlaceStatus) -> store::Result<Row> {
    let version = match status {
        PlaceStatus::Waiting => TAKEN,
        PlaceStatus::Left | PlaceStatus::Expired | PlaceStatus::Kicked => GIVEN_UP,
    };
    let changed = PlaceChanged {
        player: ticket.player,
        ticket: ticket.id,
        status,
    };
    Row::of(ids::mint(), ticket.id.uuid(), version, &changed)
}

/// Nobody was found for a ticket in time.
pub(crate) fn expired(ticket: &Ticket, title: &str) -> store::Result<Row> {
    let told = InApp {
        id: ids::mint(),
        user: ticket.player,
        notice: Notice::Expired {
            title: title.to_owned(),
            subject: ticket.id.to_string(),
        },
    };
    Row::of(ids::mint(), ticket.id.uuid(), GIVEN_UP, &told)
}

/// Who is in a room has changed.
pub(crate) fn room_changed(battle: BattleId, players: Vec<UserId>) -> store::Result<Vec<Row>> {
    Told::new(battle, ROOM).everybody(&RoomChanged { battle, players })
}

/// A room was given up.
pub(crate) fn room_given_up(room: &Room, members: &[UserId]) -> store::Result<Vec<Row>> {
    let notice = Notice::Canceled {
        title: room.template.title.clone(),
        subject: room.battle.to_string(),
    };
    let mut told = Told::new(room.battle, ENDED);
    for player in members {
        told.in_app(*player, notice.clone())?;
    }
    told.everybody(&RoomChanged {
        battle: room.battle,
        players: Vec::new(),
    })
}

/// What is told about one change of a battle, in order.
struct Told {
    battle: BattleId,
    version: i64,
    rows: Vec<Row>,
}

impl Told {
    fn new(battle: BattleId, version: i64) -> Self {
        Self {
            battle,
            version,
            rows: Vec::new(),
        }
    }

    fn in_app(&mut self, user: UserId, notice: Notice) -> store::Result<()> {
        let row = self.row(&InApp {
            id: ids::mint(),
            user,
            notice,
        })?;
        self.rows.push(row);
        Ok(())
    }

    fn email(&mut self, user: UserId, notice: Notice) -> store::Result<()> {
        let row = self.row(&Email { user, notice })?;
        self.rows.push(row);
        Ok(())
    }

    /// The event itself goes first: others may act on it before players are told.
    fn everybody(mut self, event: &impl Message) -> store::Result<Vec<Row>> {
        let row = self.row(event)?;
        self.rows.insert(0, row);
        Ok(self.rows)
    }

    fn row(&self, message: &impl Message) -> store::Result<Row> {
        Row::of(ids::mint(), self.battle.uuid(), self.version, message)
    }
}

fn title(terms: &BattleTerms) -> String {
    terms.template.title.clone()
}

fn prize_text(prize: Money) -> Option<String> {
    (prize.minor > 0).then(|| format!("{prize} {}", prize.currency))
}
