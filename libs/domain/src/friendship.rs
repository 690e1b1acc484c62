//! Friends: what two users are to each other, as the one who acts sees it, and what may become of it.
//!
//! Whoever asks somebody who has asked already becomes a friend at once: both have said yes. Saying
//! something twice is saying it once. Where somebody blocks somebody, they are strangers, and stay
//! ones until whoever blocks takes it back. Whoever is blocked is not told: a request is refused as
//! one is to somebody who has as many friends as one may.

/// The most friends of a user.
pub const MAX_FRIENDS: u32 = 500;
/// The most requests of a user that wait for an answer.
pub const MAX_REQUESTS: u32 = 100;
/// The most users whom a user blocks.
pub const MAX_BLOCKED: u32 = 1_000;

/// How close two users are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    /// They have nothing to do with each other.
    #[default]
    Strangers,
    /// The one who acts has asked the other.
    Asked,
    /// The other has asked the one who acts.
    WasAsked,
    /// They are friends.
    Friends,
}

/// What two users are to each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Relation {
    /// How close they are; strangers where one blocks the other.
    pub standing: Standing,
    /// Whether the one who acts blocks the other.
    pub blocks: bool,
    /// Whether the other blocks the one who acts.
    pub is_blocked: bool,
}

/// How many others there are already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Friends of the one of the two who has more of them.
    pub friends: u32,
    /// Requests of the one who acts that wait.
    pub requests: u32,
    /// Users whom the one who acts blocks.
    pub blocked: u32,
}

/// What somebody wants of somebody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// To become friends.
    Ask,
    /// To say yes to it.
    Accept,
    /// To take the request back, to say no to it, or to be friends no longer.
    Remove,
    /// To hear no more of the other.
    Block,
    /// To take that back.
    Unblock,
}

/// What becomes of two users.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The one who acts has asked.
    Asked,
    /// They are friends.
    Befriended,
    /// They are strangers.
    Parted,
    /// The one who acts blocks the other.
    Blocked,
    /// The one who acts blocks the other no longer.
    Unblocked,
}

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The one who acts blocks the other.
    #[error("you block this user")]
    Blocks,
    /// The other blocks the one who acts, or one of them has as many friends as one may.
    #[error("this user takes no requests now, or one of you has {MAX_FRIENDS} friends")]
    NoneTaken,
    /// There is nothing to say yes to.
    #[error("this user has not asked you")]
    NotAsked,
    /// One of them has as many friends as one may.
    #[error("one of you has {MAX_FRIENDS} friends")]
    TooManyFriends,
    /// As many requests wait as may.
    #[error("{MAX_REQUESTS} of your requests wait")]
    TooManyRequests,
    /// As many are blocked as may be.
    #[error("you block {MAX_BLOCKED} users")]
    TooManyBlocked,
}

impl Relation {
    /// What a command comes to; nothing where it was done before.
    pub fn decide(self, command: Command, counts: Counts) -> Result<Option<Event>, Refusal> {
        match command {
            Command::Ask => self.ask(counts),
            Command::Accept => self.accept(counts),
            Command::Remove => Ok(self.is_close().then_some(Event::Parted)),
            Command::Block if self.blocks => Ok(None),
            Command::Block if counts.blocked >= MAX_BLOCKED => Err(Refusal::TooManyBlocked),
            Command::Block => Ok(Some(Event::Blocked)),
            Command::Unblock => Ok(self.blocks.then_some(Event::Unblocked)),
        }
    }

    /// The two after `event`.
    #[must_use]
    pub fn evolve(self, event: Event) -> Self {
        let standing = |standing| Self { standing, ..self };
        match event {
            Event::Asked => standing(Standing::Asked),
            Event::Befriended => standing(Standing::Friends),
            Event::Parted => standing(Standing::Strangers),
            Event::Blocked => Self {
                standing: Standing::Strangers,
                blocks: true,
                ..self
            },
            Event::Unblocked => Self {
                blocks: false,
                ..self
            },
        }
    }

    fn ask(self, counts: Counts) -> Result<Option<Event>, Refusal> {
        match self.standing {
            Standing::Asked | Standing::Friends => Ok(None),
            Standing::WasAsked => befriend(counts),
            Standing::Strangers if self.blocks => Err(Refusal::Blocks),
            Standing::Strangers if self.is_blocked || counts.friends >= MAX_FRIENDS => {
                Err(Refusal::NoneTaken)
            }
            Standing::Strangers if counts.requests >= MAX_REQUESTS => Err(Refusal::TooManyRequests),
            Standing::Strangers => Ok(Some(Event::Asked)),
        }
    }

    fn accept(self, counts: Counts) -> Result<Option<Event>, Refusal> {
        match self.standing {
            Standing::Friends => Ok(None),
            Standing::WasAsked => befriend(counts),
            Standing::Strangers | Standing::Asked => Err(Refusal::NotAsked),
        }
    }

    fn is_close(self) -> bool {
        self.standing != Standing::Strangers
    }
}

fn befriend(counts: Counts) -> Result<Option<Event>, Refusal> {
    if counts.friends >= MAX_FRIENDS {
        return Err(Refusal::TooManyFriends);
    }
    Ok(Some(Event::Befriended))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOBODY: Counts = Counts {
        friends: 0,
        requests: 0,
        blocked: 0,
    };

    fn relation(standing: Standing) -> Relation {
        Relation {
            standing,
            ..Relation::default()
        }
    }

    #[test]
    fn whoever_asks_back_has_said_yes() {
        let asked = |standing| relation(standing).decide(Command::Ask, NOBODY);
        assert_eq!(asked(Standing::Strangers), Ok(Some(Event::Asked)));
        assert_eq!(asked(Standing::WasAsked), Ok(Some(Event::Befriended)));
        assert_eq!(asked(Standing::Asked), Ok(None));
        assert_eq!(asked(Standing::Friends), Ok(None));
    }

    #[test]
    fn only_who_was_asked_says_yes() {
        let accepted = |standing| relation(standing).decide(Command::Accept, NOBODY);
        assert_eq!(accepted(Standing::WasAsked), Ok(Some(Event::Befriended)));
        assert_eq!(accepted(Standing::Friends), Ok(None));
        for standing in [Standing::Strangers, Standing::Asked] {
            assert_eq!(accepted(standing), Err(Refusal::NotAsked));
        }
    }

    #[test]
    fn nobody_asks_over_a_block() {
        let blocks = relation(Standing::Friends).evolve(Event::Blocked);
        assert_eq!(blocks.standing, Standing::Strangers);
        assert_eq!(blocks.decide(Command::Ask, NOBODY), Err(Refusal::Blocks));
        let is_blocked = Relation {
            is_blocked: true,
            ..Relation::default()
        };
        let asked = is_blocked.decide(Command::Ask, NOBODY);
        assert_eq!(asked, Err(Refusal::NoneTaken));
        let popular = Counts {
            friends: MAX_FRIENDS,
            ..NOBODY
        };
        let asked = Relation::default().decide(Command::Ask, popular);
        assert_eq!(asked, Err(Refusal::NoneTaken), "the same");
        let unblocked = blocks.decide(Command::Unblock, NOBODY);
        assert_eq!(unblocked, Ok(Some(Event::Unblocked)));
        assert_eq!(blocks.evolve(Event::Unblocked), Relation::default());
    }

    #[test]
    fn there_is_a_limit_to_friends_requests_and_blocks() {
        let full = Counts {
            friends: MAX_FRIENDS,
            requests: MAX_REQUESTS,
            blocked: MAX_BLOCKED,
        };
        let decide = |standing, command| relation(standing).decide(command, full);
        let refused = decide(Standing::WasAsked, Command::Accept);
        assert_eq!(refused, Err(Refusal::TooManyFriends));
        let refused = decide(Standing::WasAsked, Command::Ask);
        assert_eq!(refused, Err(Refusal::TooManyFriends));
        let busy = Counts { friends: 0, ..full };
        let refused = relation(Standing::Strangers).decide(Command::Ask, busy);
        assert_eq!(refused, Err(Refusal::TooManyRequests));
        let refused = decide(Standing::Friends, Command::Block);
        assert_eq!(refused, Err(Refusal::TooManyBlocked));
        assert_eq!(decide(Standing::Friends, Command::Ask), Ok(None));
    }
}

#[cfg(test)]
mod properties {
    use proptest::prelude::*;

    use super::*;

    fn relations() -> impl Strategy<Value = Relation> {
        let standing = prop_oneof![
            Just(Standing::Strangers),
            Just(Standing::Asked),
            Just(Standing::WasAsked),
            Just(Standing::Friends),
        ];
        (standing, any::<bool>(), any::<bool>()).prop_map(|(standing, blocks, is_blocked)| {
            Relation {
                standing: if blocks || is_blocked {
                    Standing::Strangers
                } else {
                    standing
                },
                blocks,
                is_blocked,
            }
        })
    }

    fn commands() -> impl Strategy<Value = Command> {
        prop_oneof![
            Just(Command::Ask),
            Just(Command::Accept),
            Just(Command::Remove),
            Just(Command::Block),
            Just(Command::Unblock),
        ]
    }

    proptest! {
        #[test]
        fn what_is_done_is_done_and_who_blocks_has_no_friend_there(
            relation in relations(),
            command in commands(),
        ) {
            let counts = Counts::default();
            if let Ok(Some(event)) = relation.decide(command, counts) {
                let after = relation.evolve(event);
                prop_assert_eq!(after.decide(command, counts), Ok(None));
                let blocked = after.blocks || after.is_blocked;
                prop_assert!(!blocked || after.standing == Standing::Strangers);
            }
        }
    }
}
