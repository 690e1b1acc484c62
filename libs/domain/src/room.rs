//! Rooms: matches that wait for players whom somebody asked. Who may come in, who may send whom
//! away, and when the match opens or is given up.
//!
//! A room opens when it is full, or when its creator starts it with enough players. It is given up
//! when a creator who plays in it leaves, or when its time is over. Where the rules of the game are
//! silent, these hold:
//!
//! - Whoever was sent away stays away.
//! - A player's own room has its creator in it from the first moment; a room that the operator
//!   makes has nobody.
//! - A game whose prize the house pays for has no rooms of players: two friends would win it from
//!   the house again and again.

use crate::game::{Prize, Template};
use crate::id::UserId;
use crate::timestamp::Timestamp;

/// How long a room waits to be opened, in milliseconds.
pub const ROOM_TTL_MS: i64 = 30 * 60 * 1_000;

/// A room that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    /// Who made it.
    pub creator: UserId,
    /// What whoever comes in has to know; none where everybody may.
    pub invite_code: Option<String>,
    /// The fewest players to start with.
    pub min_players: u32,
    /// The most players.
    pub max_players: u32,
    /// When it is given up.
    pub expires_at: Timestamp,
    /// Who is in it, in the order in which they came.
    pub members: Vec<UserId>,
    /// Who was sent away.
    pub kicked: Vec<UserId>,
}

/// What somebody wants of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command<'a> {
    /// To come in.
    Join {
        /// Who.
        player: UserId,
        /// What the player knows.
        invite_code: Option<&'a str>,
    },
    /// To go.
    Leave {
        /// Who.
        player: UserId,
    },
    /// To send somebody away.
    Kick {
        /// Who wants it.
        by: UserId,
        /// Who is to go.
        player: UserId,
    },
    /// To open the match now.
    Start {
        /// Who wants it.
        by: UserId,
    },
}

/// What becomes of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The player is in it.
    Joined {
        /// Who.
        player: UserId,
    },
    /// The player is no longer in it, and the fee is free.
    Left {
        /// Who.
        player: UserId,
    },
    /// The player was sent away, and the fee is free.
    Kicked {
        /// Who.
        player: UserId,
    },
    /// The match opens with everybody who is in it.
    Opened,
    /// It is given up; everybody's fee is free.
    GivenUp,
}

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It has as many players as the game allows.
    #[error("the match is full")]
    Full,
    /// The room is private, and the code is not its own.
    #[error("expected the invite code of the match")]
    WrongInviteCode,
    /// The creator sent the player away.
    #[error("the creator of the match has sent you away")]
    Kicked,
    /// The player is not in it.
    #[error("the player is not in this match")]
    NotInRoom,
    /// Only the creator may.
    #[error("only the creator of the match may do this")]
    NotTheCreator,
    /// It has fewer players than the game asks for.
    #[error("the match has too few players")]
    TooFew,
}

/// Whether players may make rooms of a game themselves.
pub const fn players_may_make(template: &Template) -> bool {
    match template.prize {
        Prize::Fixed { house_funded, .. } => !house_funded,
        Prize::Pool { .. } => true,
    }
}

impl Room {
    /// What a command comes to; nothing where it was done before.
    pub fn decide(&self, command: Command<'_>) -> Result<Vec<Event>, Refusal> {
        match command {
            Command::Join {
                player,
                invite_code,
            } => self.join(player, invite_code),
            Command::Leave { player } => self.leave(player),
            Command::Kick { by, player } => self.kick(by, player),
            Command::Start { by } => self.start(by),
        }
    }

    /// Whether its time is over at `now`.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.expires_at <= now
    }

    /// Whether it opens by itself.
    pub fn is_full(&self) -> bool {
        self.size() >= self.max_players
    }

    /// The room after `event`.
    #[must_use]
    pub fn evolve(mut self, event: Event) -> Self {
        match event {
            Event::Joined { player } => self.members.push(player),
            Event::Left { player } => self.members.retain(|member| *member != player),
            Event::Kicked { player } => {
                self.members.retain(|member| *member != player);
                self.kicked.push(player);
            }
            Event::Opened => {}
            Event::GivenUp => self.members.clear(),
        }
        self
    }

    fn join(&self, player: UserId, invite_code: Option<&str>) -> Result<Vec<Event>, Refusal> {
        if self.has(player) {
            return Ok(Vec::new());
        }
        if self.kicked.contains(&player) {
            return Err(Refusal::Kicked);
        }
        if self.invite_code.is_some() && self.invite_code.as_deref() != invite_code {
            return Err(Refusal::WrongInviteCode);
        }
        if self.is_full() {
            return Err(Refusal::Full);
        }
        Ok(vec![Event::Joined { player }])
    }

    fn leave(&self, player: UserId) -> Result<Vec<Event>, Refusal> {
        if !self.has(player) {
            return Err(Refusal::NotInRoom);
        }
        if player == self.creator {
            return Ok(vec![Event::GivenUp]);
        }
        Ok(vec![Event::Left { player }])
    }

    fn kick(&self, by: UserId, player: UserId) -> Result<Vec<Event>, Refusal> {
        if by != self.creator {
            return Err(Refusal::NotTheCreator);
        }
        if self.kicked.contains(&player) {
            return Ok(Vec::new());
        }
        if player == by || !self.has(player) {
            return Err(Refusal::NotInRoom);
        }
        Ok(vec![Event::Kicked { player }])
    }

    fn start(&self, by: UserId) -> Result<Vec<Event>, Refusal> {
        if by != self.creator {
            return Err(Refusal::NotTheCreator);
        }
        if self.size() < self.min_players {
            return Err(Refusal::TooFew);
        }
        Ok(vec![Event::Opened])
    }

    fn has(&self, player: UserId) -> bool {
        self.members.contains(&player)
    }

    fn size(&self) -> u32 {
        u32::try_from(self.members.len()).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const CREATOR: u128 = 1;

    fn user(number: u128) -> UserId {
        UserId::new(Uuid::from_u128(number))
    }

    fn room(members: &[u128]) -> Room {
        Room {
            creator: user(CREATOR),
            invite_code: Some("CODE".to_owned()),
            min_players: 2,
            max_players: 3,
            expires_at: Timestamp::from_ms(1_000),
            members: members.iter().map(|number| user(*number)).collect(),
            kicked: vec![user(9)],
        }
    }

    fn join(player: u128, invite_code: Option<&str>) -> Command<'_> {
        Command::Join {
            player: user(player),
            invite_code,
        }
    }

    #[test]
    fn whoever_knows_the_code_comes_in_once_and_while_there_is_room() {
        let joined = Ok(vec![Event::Joined { player: user(2) }]);
        assert_eq!(room(&[1]).decide(join(2, Some("CODE"))), joined);
        for code in [None, Some(""), Some("code")] {
            let refused = Err(Refusal::WrongInviteCode);
            assert_eq!(room(&[1]).decide(join(2, code)), refused);
        }
        assert_eq!(room(&[1, 2]).decide(join(2, None)), Ok(vec![]));
        assert_eq!(
            room(&[1, 2, 3]).decide(join(4, Some("CODE"))),
            Err(Refusal::Full)
        );
        assert_eq!(
            room(&[1]).decide(join(9, Some("CODE"))),
            Err(Refusal::Kicked)
        );
        let public = Room {
            invite_code: None,
            ..room(&[1])
        };
        assert_eq!(public.decide(join(2, None)), joined);
    }

    #[test]
    fn the_creators_own_going_ends_it() {
        let leave = |player| Command::Leave {
            player: user(player),
        };
        let left = Ok(vec![Event::Left { player: user(2) }]);
        assert_eq!(room(&[1, 2]).decide(leave(2)), left);
        assert_eq!(room(&[1, 2]).decide(leave(1)), Ok(vec![Event::GivenUp]));
        assert_eq!(room(&[1, 2]).decide(leave(3)), Err(Refusal::NotInRoom));
    }

    #[test]
    fn only_the_creator_sends_away_and_not_himself() {
        let kick = |by, player| Command::Kick {
            by: user(by),
            player: user(player),
        };
        let kicked = Ok(vec![Event::Kicked { player: user(2) }]);
        assert_eq!(room(&[1, 2]).decide(kick(1, 2)), kicked);
        assert_eq!(
            room(&[1, 2]).decide(kick(2, 1)),
            Err(Refusal::NotTheCreator)
        );
        assert_eq!(room(&[1, 2]).decide(kick(1, 1)), Err(Refusal::NotInRoom));
        assert_eq!(room(&[1, 2]).decide(kick(1, 3)), Err(Refusal::NotInRoom));
        assert_eq!(room(&[1, 2]).decide(kick(1, 9)), Ok(vec![]));
    }

    #[test]
    fn only_the_creator_starts_it_and_with_enough_players() {
        let start = |by| Command::Start { by: user(by) };
        assert_eq!(room(&[1, 2]).decide(start(1)), Ok(vec![Event::Opened]));
        assert_eq!(room(&[1]).decide(start(1)), Err(Refusal::TooFew));
        assert_eq!(room(&[1, 2]).decide(start(2)), Err(Refusal::NotTheCreator));
    }
}

#[cfg(test)]
mod properties {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn user(number: u128) -> UserId {
        UserId::new(Uuid::from_u128(number))
    }

    proptest! {
        #[test]
        fn nobody_is_in_it_twice_or_beyond_its_size_or_after_being_sent_away(
            steps in vec((0_u8..4, 1_u128..6, 1_u128..6), 0..60),
        ) {
            let mut room = Room {
                creator: user(1),
                invite_code: None,
                min_players: 2,
                max_players: 4,
                expires_at: Timestamp::from_ms(0),
                members: vec![user(1)],
                kicked: Vec::new(),
            };
            for (kind, by, player) in steps {
                let (by, player) = (user(by), user(player));
                let command = match kind {
                    0 => Command::Join { player, invite_code: None },
                    1 => Command::Leave { player },
                    2 => Command::Kick { by, player },
                    _ => Command::Start { by },
                };
                let Ok(events) = room.decide(command) else { continue };
                room = events.into_iter().fold(room, Room::evolve);
                let mut members = room.members.clone();
                members.sort_unstable();
                members.dedup();
                prop_assert_eq!(members.len(), room.members.len());
                prop_assert!(room.members.len() <= 4);
                prop_assert!(room.kicked.iter().all(|gone| !room.members.contains(gone)));
                if kind != 3 {
                    let again = room.decide(command);
                    prop_assert!(again.map_or(true, |events| events.is_empty()));
                }
            }
        }
    }
}
