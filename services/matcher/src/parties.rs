//! Parties: who is in them, and the places that they take together. Whoever changes a party, or
//! takes places for it, holds the lock of its row; the rights to the players' places come behind it.

use contracts::Code;
use contracts::commands::Refused;
use contracts::matchmaking::{PartyChanged, PlaceStatus};
use contracts::notifications::{InApp, Notice};
use domain::friendship::Standing;
use domain::game::Template;
use domain::id::{BattleId, GameId, PartyId, TicketId, UserId, derived};
use domain::party::{Command, Event, PARTY_TTL_MS, Party, Refusal};
use domain::timestamp::Timestamp;
use runtime::ids;
use store::friendship::{self, Pair};
use store::ticket::{self, Estimate, Ticket};
use store::{Tx, party};
use uuid::Uuid;

use crate::app::App;
use crate::error::Error;
use crate::expiry::release;
use crate::places::{self, Place};

/// A party that waits for a change.
pub(crate) struct Locked {
    pub(crate) id: PartyId,
    pub(crate) party: Party,
}

/// What the places of a party have in common.
pub(crate) struct Places<'a> {
    /// What the ids of their tickets follow from.
    pub(crate) ticket: TicketId,
    pub(crate) game: GameId,
    pub(crate) version: u32,
    pub(crate) template: &'a Template,
    pub(crate) expires_at: Timestamp,
    pub(crate) room: Option<BattleId>,
    pub(crate) estimate: Option<Estimate>,
}

impl Locked {
    /// Locks a party, or says that there is none.
    pub(crate) async fn find(tx: &Tx, id: PartyId) -> Result<Result<Self, Refused>, Error> {
        Ok(party::lock(tx, id)
            .await?
            .map(|party| Self { id, party })
            .ok_or_else(|| Refused::new(Code::PartyNotFound)))
    }

    /// Locks the party that this player is in, or says that there is none.
    pub(crate) async fn with(tx: &Tx, player: UserId) -> Result<Result<Self, Refused>, Error> {
        match party::find_of(tx, player).await? {
            Some(id) => Self::find(tx, id).await,
            None => Ok(Err(Refused::new(Code::PartyNotFound))),
        }
    }

    /// Locks the party that this player leads, or says why there is none.
    pub(crate) async fn led_by(tx: &Tx, player: UserId) -> Result<Result<Self, Refused>, Error> {
        let found = Self::with(tx, player).await?;
        Ok(found.and_then(|found| {
            if found.party.leader == player {
                Ok(found)
            } else {
                Err(Refused::new(Code::NotTheLeader))
            }
        }))
    }

    /// Carries a command out at `now`: whatever follows from it is written in `tx`.
    pub(crate) async fn change(
        &self,
        tx: &Tx,
        command: Command,
        now: Timestamp,
    ) -> Result<Result<Option<Event>, Refused>, Error> {
        let event = match self.party.decide(command) {
            Ok(event) => event,
            Err(refusal) => return Ok(Err(Refused::new(code(refusal)))),
        };
        match event {
            None => {}
            Some(Event::Invited { player }) => party::invite(tx, self.id, player).await?,
            Some(Event::Joined { player }) => {
                // The others wait without the one who has come.
                self.leave_queues(tx).await?;
                party::join(tx, self.id, player).await?;
            }
            Some(Event::Left { player }) => {
                // Whoever was only invited waits nowhere with them.
                if self.party.members.contains(&player) {
                    self.leave_queues(tx).await?;
                }
                party::leave(tx, self.id, player).await?;
            }
            Some(Event::Agreed { player, room }) => {
                party::agree(tx, self.id, player, room).await?;
            }
            Some(Event::Dissolved) => self.dissolve(tx).await?,
        }
        if let Some(event) = event {
            let after = self.party.clone().evolve(event);
            party::renew(tx, self.id, after.leader, expiry(now)).await?;
            tell_of_change(tx, self.id).await?;
        }
        Ok(Ok(event))
    }

    /// Something has happened in it, which goes on.
    pub(crate) async fn renew(&self, tx: &Tx, now: Timestamp) -> Result<(), Error> {
        party::renew(tx, self.id, self.party.leader, expiry(now)).await?;
        Ok(())
    }

    /// Takes the right to change the place of every member in the queue of a game.
    pub(crate) async fn lock_places(&self, tx: &Tx, game: GameId) -> Result<(), Error> {
        // In one order, so that nobody waits in a circle.
        let mut members = self.party.members.clone();
        members.sort_unstable();
        for member in members {
            ticket::lock_place(tx, member, game).await?;
        }
        Ok(())
    }

    /// Takes places for some members, whose rights to them are locked: for all of them or for none.
    pub(crate) async fn take(
        &self,
        tx: &Tx,
        members: &[UserId],
        common: &Places<'_>,
        now: Timestamp,
    ) -> Result<Result<(), Refused>, Error> {
        for member in members {
            let waiting = ticket::find_queued(tx, *member, common.game).await?;
            if waiting.is_some() {
                return Ok(Err(self.of(*member, Refused::new(Code::AlreadyWaiting))));
            }
        }
        let place = |player: &UserId| Place {
            ticket: ticket_of(common.ticket, *player),
            player: *player,
            game: common.game,
            version: common.version,
            template: common.template,
            expires_at: common.expires_at,
            room: common.room,
            estimate: common.estimate,
            party: Some(self.id),
        };
        let places: Vec<Place<'_>> = members.iter().map(place).collect();
        let taken = places::take_all(tx, &places, now).await?;
        Ok(taken.map_err(|places::Refusal { players, refused }| {
            let is_told = players.is_empty() || players.contains(&self.party.leader);
            if is_told { refused } else { not_ready() }
        }))
    }

    /// A refusal because of a member, as the leader hears it. What keeps another member away, and
    /// whom it does, is that member's own: it would tell how much somebody has, or where he waits.
    pub(crate) fn of(&self, member: UserId, refused: Refused) -> Refused {
        if member == self.party.leader {
            refused
        } else {
            not_ready()
        }
    }

    /// Whether every member waits in the queue of a game with this party.
    pub(crate) async fn waits(&self, tx: &Tx, game: GameId) -> Result<bool, Error> {
        // Locked, for they may be just ending.
        let waiting = lock_queued(tx, self.id, Some(game)).await?;
        let waits = |member: &UserId| waiting.iter().any(|ticket| ticket.player == *member);
        Ok(self.party.members.iter().all(waits))
    }

    async fn dissolve(&self, tx: &Tx) -> Result<(), Error> {
        self.leave_queues(tx).await?;
        party::delete(tx, self.id).await?;
        Ok(())
    }

    /// A party of others than those who wait with it waits nowhere.
    async fn leave_queues(&self, tx: &Tx) -> Result<(), Error> {
        let waiting = lock_queued(tx, self.id, None).await?;
        release(tx, &waiting, PlaceStatus::Left).await
    }
}

/// Locks the tickets with which a party waits in queues, or in that of one game.
pub(crate) async fn lock_queued(
    tx: &Tx,
    party: PartyId,
    game: Option<GameId>,
) -> Result<Vec<Ticket>, Error> {
    let waiting = ticket::list_of_party(tx, party).await?;
    let of_game = |ticket: &&Ticket| game.is_none_or(|game| ticket.game == game);
    let ids: Vec<TicketId> = waiting.iter().filter(of_game).map(|it| it.id).collect();
    Ok(ticket::lock_queued(tx, &ids).await?)
}

/// Whether two players are friends.
pub(crate) async fn are_friends(tx: &Tx, user: UserId, other: UserId) -> Result<bool, Error> {
    let found = friendship::find(tx, Pair { user, other }).await?;
    Ok(found.is_some_and(|found| found.relation.standing == Standing::Friends))
}

/// When a party ends in which something happens at `now`, and nothing later.
pub(crate) const fn expiry(now: Timestamp) -> Timestamp {
    now.plus_ms(PARTY_TTL_MS)
}

/// Ends a party in which nothing has happened for too long, unless something has meanwhile.
pub(crate) async fn end(app: &App, id: PartyId, now: Timestamp) -> Result<(), Error> {
    let tx = app.db.begin().await?;
    if let Some(party) = party::lock_over(&tx, id, now).await? {
        Locked { id, party }.dissolve(&tx).await?;
        tell_of_change(&tx, id).await?;
        tx.commit().await?;
        tracing::info!(party = %id, "party ended: nothing happened in it");
    }
    Ok(())
}

/// Tells whoever looks at a party that it has changed.
pub(crate) async fn tell_of_change(tx: &Tx, party: PartyId) -> Result<(), Error> {
    let id: Uuid = ids::mint();
    tx.announce(party, 0, id, &PartyChanged { party }).await?;
    Ok(())
}

/// Tells a player of an invitation by somebody of this name.
pub(crate) async fn tell_of_invitation(
    tx: &Tx,
    party: PartyId,
    player: UserId,
    name: &str,
) -> Result<(), Error> {
    let message = InApp {
        id: ids::mint(),
        user: player,
        notice: Notice::PartyInvitation {
            title: name.to_owned(),
            subject: party.to_string(),
        },
    };
    tx.tell(&message).await?;
    Ok(())
}

/// Somebody other than the leader does not come.
pub(crate) fn not_ready() -> Refused {
    Refused::new(Code::PartyNotReady)
}

/// The id of a member's ticket: a retry finds the same.
fn ticket_of(ticket: TicketId, player: UserId) -> TicketId {
    let (ticket, player) = (ticket.uuid(), player.uuid());
    derived(&[ticket.as_bytes(), player.as_bytes()]).into()
}

const fn code(refusal: Refusal) -> Code {
    match refusal {
        Refusal::NotTheLeader => Code::NotTheLeader,
        Refusal::NotFriends => Code::NotFriends,
        Refusal::Full => Code::PartyFull,
        Refusal::NotInParty => Code::PartyNotFound,
    }
}
