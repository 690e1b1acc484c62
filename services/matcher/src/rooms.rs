//! Rooms: who comes in and who goes, and when they open or are given up. Whoever changes a room
//! holds the lock of its row, and behind it those of its tickets.

use bus::Moment;
use contracts::Code;
use contracts::commands::Refused;
use contracts::matchmaking::PlaceStatus;
use domain::id::{BattleId, UserId};
use domain::room::{self, Command, Event, Refusal};
use metrics::counter;
use store::entity::battle::BattleStatus;
use store::room::Room;
use store::ticket::Ticket;
use store::{Tx, battle, ticket};

use crate::app::App;
use crate::error::Error;
use crate::expiry::release;
use crate::notices;
use crate::opening::{self, Plan};

/// What invite codes are made of: no letter that looks or sounds like a digit.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// The length of an invite code: 40 bits, and every try counts against the caller's limit.
const CODE_LENGTH: usize = 8;

/// A locked room that waits, and who is in it.
pub(crate) struct Waiting {
    pub(crate) room: Room,
    /// Locked, in the order in which their players came.
    pub(crate) tickets: Vec<Ticket>,
    kicked: Vec<UserId>,
}

impl Waiting {
    /// Locks a room that waits, or says why there is none.
    pub(crate) async fn lock(tx: &Tx, battle: BattleId) -> Result<Result<Self, Refused>, Error> {
        let Some(room) = store::room::lock(tx, battle).await? else {
            return Ok(Err(Refused::new(Code::MatchNotFound)));
        };
        match room.status {
            BattleStatus::Waiting => {}
            BattleStatus::Open | BattleStatus::Settling | BattleStatus::Closed => {
                return Ok(Err(Refused::new(Code::AlreadyOpen)));
            }
            BattleStatus::Canceled => return Ok(Err(Refused::new(Code::MatchNotFound))),
        }
        let tickets = ticket::list_in_room(tx, battle).await?;
        let ids: Vec<_> = tickets.iter().map(|ticket| ticket.id).collect();
        Ok(Ok(Self {
            tickets: ticket::lock_queued(tx, &ids).await?,
            kicked: ticket::list_kicked(tx, battle).await?,
            room,
        }))
    }

    /// What the rules make of a command.
    pub(crate) fn decide(&self, command: Command<'_>) -> Result<Vec<Event>, Refused> {
        self.rules()
            .decide(command)
            .map_err(|refusal| Refused::new(code(refusal)))
    }

    pub(crate) fn rules(&self) -> room::Room {
        room::Room {
            creator: self.room.creator,
            invite_code: self.room.invite_code.clone(),
            min_players: self.room.template.min_players,
            max_players: self.room.template.max_players,
            expires_at: self.room.expires_at,
            members: self.members(),
            kicked: self.kicked.clone(),
        }
    }

    pub(crate) fn members(&self) -> Vec<UserId> {
        self.tickets.iter().map(|ticket| ticket.player).collect()
    }
}

/// Carries a command out that adds nobody: whatever follows from it is written in `tx`.
pub(crate) async fn change(
    tx: &Tx,
    battle: BattleId,
    command: Command<'_>,
    moment: Moment,
) -> Result<Result<BattleId, Refused>, Error> {
    let waiting = match Waiting::lock(tx, battle).await? {
        Ok(waiting) => waiting,
        Err(refused) => return Ok(Err(refused)),
    };
    match waiting.decide(command) {
        Ok(events) => {
            for event in events {
                write(tx, &waiting, event, moment).await?;
            }
            Ok(Ok(battle))
        }
        Err(refused) => Ok(Err(refused)),
    }
}

async fn write(tx: &Tx, waiting: &Waiting, event: Event, moment: Moment) -> Result<(), Error> {
    match event {
        // Whoever comes in brings a fee: places::take writes that.
        Event::Joined { .. } => Ok(()),
        Event::Left { player } => let_go(tx, waiting, player, PlaceStatus::Left).await,
        Event::Kicked { player } => let_go(tx, waiting, player, PlaceStatus::Kicked).await,
        Event::Opened => open(tx, waiting, moment).await,
        Event::GivenUp => give_up(tx, waiting, PlaceStatus::Left).await,
    }
}

async fn let_go(
    tx: &Tx,
    waiting: &Waiting,
    player: UserId,
    status: PlaceStatus,
) -> Result<(), Error> {
    let tickets = waiting.tickets.iter().cloned();
    let (going, staying): (Vec<Ticket>, Vec<Ticket>) =
        tickets.partition(|ticket| ticket.player == player);
    release(tx, &going, status).await?;
    let staying: Vec<UserId> = staying.iter().map(|ticket| ticket.player).collect();
    tx.announce_all(&notices::room_changed(waiting.room.battle, staying)?)
        .await?;
    Ok(())
}

/// Opens a room with everybody who is in it.
async fn open(tx: &Tx, waiting: &Waiting, moment: Moment) -> Result<(), Error> {
    let room = &waiting.room;
    let plan = Plan {
        battle: room.battle,
        game: room.game,
        version: room.version,
        template: &room.template,
        ranked: room.ranked,
        is_room: true,
    };
    opening::open_in(tx, plan, &waiting.tickets, moment).await?;
    tx.announce_all(&notices::room_changed(room.battle, waiting.members())?)
        .await?;
    Ok(())
}

/// Gives a room up: everybody's fee is free.
pub(crate) async fn give_up(tx: &Tx, waiting: &Waiting, status: PlaceStatus) -> Result<(), Error> {
    let battle = waiting.room.battle;
    battle::change_status(tx, battle, BattleStatus::Waiting, BattleStatus::Canceled).await?;
    release(tx, &waiting.tickets, status).await?;
    let told = notices::room_given_up(&waiting.room, &waiting.members())?;
    tx.announce_all(&told).await?;
    counter!("matcher_rooms_given_up_total").increment(1);
    tracing::info!(%battle, "room given up");
    Ok(())
}

/// Opens a room that is full, or gives up one whose time is over. One that has neither happened to
/// is left alone.
pub(crate) async fn do_due(app: &App, battle: BattleId, moment: Moment) -> Result<(), Error> {
    let tx = app.db.begin().await?;
    let Ok(waiting) = Waiting::lock(&tx, battle).await? else {
        return Ok(());
    };
    let rules = waiting.rules();
    if rules.is_full() {
        open(&tx, &waiting, moment).await?;
    } else if rules.is_over(moment.now) {
        give_up(&tx, &waiting, PlaceStatus::Expired).await?;
    }
    Ok(tx.commit().await?)
}

/// A code that nobody guesses.
pub(crate) fn mint_invite_code() -> String {
    let chance: [u8; CODE_LENGTH] = rand::random();
    let letters = chance.map(|byte| ALPHABET[usize::from(byte) % ALPHABET.len()]);
    letters.map(char::from).iter().collect()
}

pub(crate) const fn code(refusal: Refusal) -> Code {
    match refusal {
        Refusal::Full => Code::MatchFull,
        Refusal::WrongInviteCode => Code::InvalidInviteCode,
        Refusal::Kicked => Code::KickedFromMatch,
        Refusal::NotInRoom => Code::NotInMatch,
        Refusal::NotTheCreator => Code::NotTheCreator,
        Refusal::TooFew => Code::TooFewPlayers,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invite_code_is_short_and_another_each_time() {
        let codes: std::collections::BTreeSet<String> =
            (0..100).map(|_| mint_invite_code()).collect();
        assert_eq!(codes.len(), 100);
        for code in codes {
            assert_eq!(code.len(), CODE_LENGTH);
            assert!(code.bytes().all(|letter| ALPHABET.contains(&letter)));
        }
    }
}
