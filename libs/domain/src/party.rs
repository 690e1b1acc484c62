//! Parties: friends who enter games together. Who may come in, how a party ends, and what it may
//! enter.
//!
//! Whoever invites first leads the party. A party enters rooms, where everybody plays with whom he
//! likes, and queues in which nothing is at stake: friends who meet strangers together would share
//! what they win from them. Where a member goes, the others are a smaller party; where the leader
//! goes, whoever came first of the others leads it. A party whose last member goes ends, and so does
//! one in which nothing happens for [`PARTY_TTL_MS`].
//!
//! Nobody spends another's money: a room that costs something takes a member along only if that
//! member has agreed to this very room.

use std::collections::BTreeMap;

use crate::game::{Prize, Template};
use crate::id::{BattleId, UserId};

/// How long a party lasts in which nothing happens, in milliseconds.
pub const PARTY_TTL_MS: i64 = 12 * 60 * 60 * 1_000;

/// The most members of a party, and users whom it invites, together.
pub const MAX_MEMBERS: usize = 10;

/// A party.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    /// Who leads it, who is a member too.
    pub leader: UserId,
    /// In the order in which they came, the leader first.
    pub members: Vec<UserId>,
    /// Who may come in.
    pub invited: Vec<UserId>,
    /// The room whose entry fee a member agrees to pay.
    pub ready: BTreeMap<UserId, BattleId>,
}

/// What somebody wants of a party.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// To let somebody come in.
    Invite {
        /// Who wants it.
        by: UserId,
        /// Whom.
        player: UserId,
        /// Whether that is a friend of the leader.
        is_friend: bool,
    },
    /// To come in.
    Join {
        /// Who.
        player: UserId,
        /// Whether that is still a friend of the leader.
        is_friend: bool,
    },
    /// To go, or to say no.
    Leave {
        /// Who.
        player: UserId,
    },
    /// To send a member away, or to take an invitation back.
    Remove {
        /// Who wants it.
        by: UserId,
        /// Who is to go.
        player: UserId,
    },
    /// To agree to the entry fee of a room, or to none any more.
    Agree {
        /// Who.
        player: UserId,
        /// The room.
        room: Option<BattleId>,
    },
}

/// What becomes of a party.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The player may come in.
    Invited {
        /// Who.
        player: UserId,
    },
    /// The player is a member.
    Joined {
        /// Who.
        player: UserId,
    },
    /// The player is no member any more, and may not come in; whoever came first of the others leads
    /// where that was the leader.
    Left {
        /// Who.
        player: UserId,
    },
    /// The member agrees to the entry fee of this room, and of no other.
    Agreed {
        /// Who.
        player: UserId,
        /// The room.
        room: Option<BattleId>,
    },
    /// There is no such party any more.
    Dissolved,
}

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Only the leader may.
    #[error("only the leader of the party may do this")]
    NotTheLeader,
    /// The player is no friend of the leader.
    #[error("the player is no friend of the leader")]
    NotFriends,
    /// There are as many members and invitations as may be.
    #[error("a party has at most {MAX_MEMBERS} members")]
    Full,
    /// The player is neither a member nor invited.
    #[error("the player is not in this party")]
    NotInParty,
}

impl Party {
    /// A party of somebody alone.
    pub fn of(leader: UserId) -> Self {
        Self {
            leader,
            members: vec![leader],
            invited: Vec::new(),
            ready: BTreeMap::new(),
        }
    }

    /// Whether all of these members pay the entry fee of a room where the leader says so: the leader
    /// does, and whoever has agreed to it.
    pub fn pay(&self, members: &[UserId], room: BattleId) -> bool {
        let pays = |member: &UserId| {
            *member == self.leader || self.ready.get(member).is_some_and(|ready| *ready == room)
        };
        members.iter().all(pays)
    }

    /// What a command comes to; nothing where it was done before.
    pub fn decide(&self, command: Command) -> Result<Option<Event>, Refusal> {
        match command {
            Command::Invite {
                by,
                player,
                is_friend,
            } => self.invite(by, player, is_friend),
            Command::Join { player, is_friend } => self.join(player, is_friend),
            Command::Leave { player } if self.is_only(player) => Ok(Some(Event::Dissolved)),
            Command::Leave { player } if self.knows(player) => Ok(Some(Event::Left { player })),
            Command::Leave { .. } => Err(Refusal::NotInParty),
            Command::Remove { by, .. } if by != self.leader => Err(Refusal::NotTheLeader),
            // One leaves oneself.
            Command::Remove { by, player } if by == player => Err(Refusal::NotInParty),
            Command::Remove { player, .. } => {
                Ok(self.knows(player).then_some(Event::Left { player }))
            }
            Command::Agree { player, room } => self.agree(player, room),
        }
    }

    /// The party after `event`.
    #[must_use]
    pub fn evolve(mut self, event: Event) -> Self {
        match event {
            Event::Invited { player } => self.invited.push(player),
            Event::Joined { player } => {
                self.invited.retain(|invited| *invited != player);
                self.members.push(player);
            }
            Event::Left { player } => {
                self.invited.retain(|invited| *invited != player);
                self.members.retain(|member| *member != player);
                self.ready.remove(&player);
                self.leader = self.members.first().copied().unwrap_or(self.leader);
            }
            Event::Agreed { player, room } => {
                self.ready.remove(&player);
                self.ready.extend(room.map(|room| (player, room)));
            }
            Event::Dissolved => {
                self.invited.clear();
                self.members.clear();
                self.ready.clear();
            }
        }
        self
    }

    fn invite(
        &self,
        by: UserId,
        player: UserId,
        is_friend: bool,
    ) -> Result<Option<Event>, Refusal> {
        if by != self.leader {
            return Err(Refusal::NotTheLeader);
        }
        if self.knows(player) {
            return Ok(None);
        }
        if !is_friend {
            return Err(Refusal::NotFriends);
        }
        if self.members.len().saturating_add(self.invited.len()) >= MAX_MEMBERS {
            return Err(Refusal::Full);
        }
        Ok(Some(Event::Invited { player }))
    }

    fn join(&self, player: UserId, is_friend: bool) -> Result<Option<Event>, Refusal> {
        if self.members.contains(&player) {
            return Ok(None);
        }
        if !self.invited.contains(&player) {
            return Err(Refusal::NotInParty);
        }
        if !is_friend {
            return Err(Refusal::NotFriends);
        }
        Ok(Some(Event::Joined { player }))
    }

    fn agree(&self, player: UserId, room: Option<BattleId>) -> Result<Option<Event>, Refusal> {
        if !self.members.contains(&player) {
            return Err(Refusal::NotInParty);
        }
        let is_new = self.ready.get(&player).copied() != room;
        Ok(is_new.then_some(Event::Agreed { player, room }))
    }

    /// Whether nobody else is in it.
    pub fn is_only(&self, player: UserId) -> bool {
        self.members == [player]
    }

    fn knows(&self, player: UserId) -> bool {
        self.members.contains(&player) || self.invited.contains(&player)
    }
}

/// Whether parties may wait in the queue of a game: it is free, and neither money nor cups,
/// experience or items are to be won, nor does anybody choose rivals by cups.
pub fn may_queue(template: &Template) -> bool {
    let pays = match template.prize {
        Prize::Fixed { amount_minor, .. } => amount_minor > 0,
        // It shares out the entry fees.
        Prize::Pool { .. } => false,
    };
    let earns = template.cup > 0
        || template.win_exp > 0
        || template.lose_exp > 0
        || !template.items.is_empty();
    template.entry_fee_minor == 0 && !pays && !earns && template.cup_band.is_none()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::fixture;
    use crate::game::{ItemKind, ItemReward};

    const LEADER: u128 = 1;

    fn user(number: u128) -> UserId {
        UserId::new(Uuid::from_u128(number))
    }

    fn party(members: &[u128], invited: &[u128]) -> Party {
        let users = |numbers: &[u128]| numbers.iter().map(|number| user(*number)).collect();
        Party {
            leader: user(LEADER),
            members: users(members),
            invited: users(invited),
            ready: BTreeMap::new(),
        }
    }

    fn invite(by: u128, player: u128, is_friend: bool) -> Command {
        Command::Invite {
            by: user(by),
            player: user(player),
            is_friend,
        }
    }

    #[test]
    fn the_leader_invites_friends_and_nobody_else_does() {
        let alone = Party::of(user(LEADER));
        let invited = Event::Invited { player: user(2) };
        assert_eq!(alone.decide(invite(1, 2, true)), Ok(Some(invited)));
        assert_eq!(alone.decide(invite(1, 2, false)), Err(Refusal::NotFriends));
        let two = party(&[1, 2], &[3]);
        assert_eq!(two.decide(invite(2, 4, true)), Err(Refusal::NotTheLeader));
        for known in [1, 2, 3] {
            assert_eq!(two.decide(invite(1, known, false)), Ok(None));
        }
        let members: Vec<u128> = (1..=9).collect();
        let full = party(&members, &[10]);
        assert_eq!(full.decide(invite(1, 11, true)), Err(Refusal::Full));
        assert_eq!(
            full.evolve(Event::Left { player: user(10) })
                .decide(invite(1, 11, true)),
            Ok(Some(Event::Invited { player: user(11) }))
        );
    }

    #[test]
    fn who_is_invited_and_still_a_friend_comes_in() {
        let join = |player, is_friend| Command::Join {
            player: user(player),
            is_friend,
        };
        let two = party(&[1, 2], &[3]);
        let joined = Event::Joined { player: user(3) };
        assert_eq!(two.decide(join(3, true)), Ok(Some(joined)));
        assert_eq!(two.decide(join(3, false)), Err(Refusal::NotFriends));
        assert_eq!(two.decide(join(2, false)), Ok(None));
        assert_eq!(two.decide(join(4, true)), Err(Refusal::NotInParty));
        assert_eq!(two.evolve(joined), party(&[1, 2, 3], &[]));
    }

    #[test]
    fn nobody_pays_for_a_room_without_having_agreed_to_it() {
        let [room, other] = [5, 6].map(|number| BattleId::new(Uuid::from_u128(number)));
        let agree = |player, room| Command::Agree {
            player: user(player),
            room,
        };
        let two = party(&[1, 2], &[3]);
        let both = two.members.clone();
        assert!(two.pay(&both[..1], room) && !two.pay(&both, room));
        for nobody in [3, 4] {
            let refused = two.decide(agree(nobody, Some(room)));
            assert_eq!(refused, Err(Refusal::NotInParty));
        }
        assert_eq!(two.decide(agree(2, None)), Ok(None));
        let agreed = two.decide(agree(2, Some(room))).unwrap().unwrap();
        let ready = two.evolve(agreed);
        assert!(ready.pay(&both, room) && !ready.pay(&both, other));
        assert_eq!(ready.decide(agree(2, Some(room))), Ok(None));
        let elsewhere = ready.decide(agree(2, Some(other))).unwrap().unwrap();
        assert!(!ready.clone().evolve(elsewhere).pay(&both, room));
        let not_any_more = ready.decide(agree(2, None)).unwrap().unwrap();
        assert!(!ready.clone().evolve(not_any_more).pay(&both, room));
        let left = ready.evolve(Event::Left { player: user(2) });
        assert_eq!(left.ready, BTreeMap::new());
    }

    #[test]
    fn whoever_came_first_leads_it_next_and_the_last_one_ends_it() {
        let leave = |player| Command::Leave {
            player: user(player),
        };
        let left = |player| Event::Left {
            player: user(player),
        };
        let three = party(&[1, 2, 3], &[4]);
        for player in [1, 2, 3, 4] {
            assert_eq!(three.decide(leave(player)), Ok(Some(left(player))));
        }
        assert_eq!(three.decide(leave(5)), Err(Refusal::NotInParty));
        let next = three.clone().evolve(left(2)).evolve(left(1));
        assert_eq!(next.leader, user(3));
        assert_eq!(three.evolve(left(1)).leader, user(2));
        // An invitation keeps no party alive.
        assert_eq!(next.decide(leave(3)), Ok(Some(Event::Dissolved)));
    }

    #[test]
    fn the_leader_sends_away_and_takes_invitations_back() {
        let remove = |by, player| Command::Remove {
            by: user(by),
            player: user(player),
        };
        let two = party(&[1, 2], &[3]);
        for player in [2, 3] {
            let left = Event::Left {
                player: user(player),
            };
            assert_eq!(two.decide(remove(1, player)), Ok(Some(left)));
            let after = two.clone().evolve(left);
            assert_eq!(after.decide(remove(1, player)), Ok(None));
        }
        assert_eq!(two.decide(remove(2, 3)), Err(Refusal::NotTheLeader));
        assert_eq!(two.decide(remove(1, 1)), Err(Refusal::NotInParty));
    }

    #[test]
    fn a_party_waits_where_nothing_is_at_stake_and_nowhere_else() {
        let free = Template::usual("Duel".to_owned(), fixture::template().assets);
        assert!(may_queue(&free));
        let spoiled: [fn(&mut Template); 7] = [
            |t| t.entry_fee_minor = 1,
            |t| t.cup = 1,
            |t| t.win_exp = 1,
            |t| t.lose_exp = 1,
            |t| t.cup_band = Some(1),
            |t| {
                t.prize = Prize::Fixed {
                    amount_minor: 1,
                    house_funded: true,
                };
            },
            |t| {
                t.items.push(ItemReward {
                    kind: ItemKind::LeverageCard,
                    uses: 1,
                });
            },
        ];
        for spoil in spoiled {
            let mut template = free.clone();
            spoil(&mut template);
            assert!(!may_queue(&template), "{template:?}");
        }
    }
}
