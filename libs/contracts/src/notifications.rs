//! What has to be delivered to somebody.

use domain::id::{NotificationId, UserId};
use serde::{Deserialize, Serialize};

use crate::topic::{Key, Message, Topic};

/// A one-time code on its way. Never stored anywhere but in its stream, which forgets it after
/// two minutes; never logged.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OtpEmail {
    /// The address.
    pub to: String,
    /// Six digits.
    pub code: String,
    /// After this moment it must not be sent. Wall clock, in milliseconds since 1970.
    pub expires_at_ms: i64,
}

impl std::fmt::Debug for OtpEmail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OtpEmail")
            .field("expires_at_ms", &self.expires_at_ms)
            .finish_non_exhaustive()
    }
}

/// What a message is about; the deliverer words it. Knows no game: the publisher fills in nouns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    /// A competition that the user takes part in has opened.
    Opened {
        /// What the competition is called.
        title: String,
        /// Its id, for a link.
        subject: String,
    },
    /// A competition has ended for the user.
    Ended {
        /// What the competition is called.
        title: String,
        /// Its id, for a link.
        subject: String,
        /// The user's rank, from 1.
        rank: u32,
        /// The prize as text with its currency, such as `18 USDT`; none when nothing was won.
        prize: Option<String>,
    },
    /// A competition was canceled and what was paid is back.
    Canceled {
        /// What the competition is called.
        title: String,
        /// Its id, for a link.
        subject: String,
    },
    /// The result of a competition was corrected, and the user's with it.
    Corrected {
        /// What the competition is called.
        title: String,
        /// Its id, for a link.
        subject: String,
        /// The user's rank now, from 1.
        rank: u32,
        /// The whole prize now, as text with its currency; none when nothing was won.
        prize: Option<String>,
    },
    /// The user's result in a competition was made void.
    Voided {
        /// What the competition is called.
        title: String,
        /// Its id, for a link.
        subject: String,
        /// Why, as the operator says it.
        reason: String,
    },
    /// Nobody was found to compete with in time, and what was paid is back.
    Expired {
        /// What the competition is called.
        title: String,
        /// The id of the place that was waited in.
        subject: String,
    },
    /// The user earned an achievement.
    Achievement {
        /// What it is called.
        title: String,
        /// Its id, for a link.
        subject: String,
    },
    /// Somebody wants to be the user's friend.
    FriendRequest {
        /// What whoever asks is called.
        title: String,
        /// The id of the friendship, for a link.
        subject: String,
    },
    /// A friend wants the user in a party.
    PartyInvitation {
        /// What the friend is called.
        title: String,
        /// The id of the party, for a link.
        subject: String,
    },
    /// Money has come in.
    Deposited {
        /// How much, with its currency, such as `18 USDT`.
        title: String,
        /// The movement's id, for a link.
        subject: String,
    },
    /// A withdrawal is paid.
    Withdrawn {
        /// How much, with its currency.
        title: String,
        /// Its id, for a link.
        subject: String,
    },
    /// A withdrawal is not paid, and its money is back.
    WithdrawalReturned {
        /// How much, with its currency.
        title: String,
        /// Its id, for a link.
        subject: String,
        /// Why.
        reason: String,
    },
}

/// What a notice is about, without its words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum NoticeKind {
    /// A competition has opened.
    Opened,
    /// A competition has ended.
    Ended,
    /// A competition was canceled.
    Canceled,
    /// The result of a competition was corrected.
    Corrected,
    /// The user's result was made void.
    Voided,
    /// Nobody was found to compete with.
    Expired,
    /// An achievement was earned.
    Achievement,
    /// Somebody wants to be a friend.
    FriendRequest,
    /// A friend wants the user in a party.
    PartyInvitation,
    /// Money has come in.
    Deposited,
    /// A withdrawal is paid.
    Withdrawn,
    /// A withdrawal is not paid.
    WithdrawalReturned,
}

impl NoticeKind {
    /// Every kind.
    pub const ALL: [Self; 12] = [
        Self::Opened,
        Self::Ended,
        Self::Canceled,
        Self::Corrected,
        Self::Voided,
        Self::Expired,
        Self::Achievement,
        Self::FriendRequest,
        Self::PartyInvitation,
        Self::Deposited,
        Self::Withdrawn,
        Self::WithdrawalReturned,
    ];

    /// The text that rows and clients name it by.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Opened => "OPENED",
            Self::Ended => "ENDED",
            Self::Canceled => "CANCELED",
            Self::Corrected => "CORRECTED",
            Self::Voided => "VOIDED",
            Self::Expired => "EXPIRED",
            Self::Achievement => "ACHIEVEMENT",
            Self::FriendRequest => "FRIEND_REQUEST",
            Self::PartyInvitation => "PARTY_INVITATION",
            Self::Deposited => "DEPOSITED",
            Self::Withdrawn => "WITHDRAWN",
            Self::WithdrawalReturned => "WITHDRAWAL_RETURNED",
        }
    }

    /// The kind of this text, if there is one.
    pub fn find(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.text() == text)
    }
}

impl Notice {
    /// What it is about.
    pub const fn kind(&self) -> NoticeKind {
        match self {
            Self::Opened { .. } => NoticeKind::Opened,
            Self::Ended { .. } => NoticeKind::Ended,
            Self::Canceled { .. } => NoticeKind::Canceled,
            Self::Corrected { .. } => NoticeKind::Corrected,
            Self::Voided { .. } => NoticeKind::Voided,
            Self::Expired { .. } => NoticeKind::Expired,
            Self::Achievement { .. } => NoticeKind::Achievement,
            Self::FriendRequest { .. } => NoticeKind::FriendRequest,
            Self::PartyInvitation { .. } => NoticeKind::PartyInvitation,
            Self::Deposited { .. } => NoticeKind::Deposited,
            Self::Withdrawn { .. } => NoticeKind::Withdrawn,
            Self::WithdrawalReturned { .. } => NoticeKind::WithdrawalReturned,
        }
    }

    /// One line for a list or a subject line.
    pub fn headline(&self) -> String {
        match self {
            Self::Opened { title, .. } => format!("{title} has opened"),
            Self::Ended { title, rank, .. } => format!("You finished {title} in place {rank}"),
            Self::Canceled { title, .. } => format!("{title} was canceled"),
            Self::Corrected { title, rank, .. } => {
                format!("You finished {title} in place {rank} after a correction")
            }
            Self::Voided { title, .. } => format!("Your result in {title} is void"),
            Self::Expired { title, .. } => format!("Nobody was found for {title}"),
            Self::Achievement { title, .. } => format!("Achievement earned: {title}"),
            Self::FriendRequest { title, .. } => format!("{title} wants to be your friend"),
            Self::PartyInvitation { title, .. } => format!("{title} wants to play with you"),
            Self::Deposited { title, .. } => format!("You received {title}"),
            Self::Withdrawn { title, .. } => format!("You withdrew {title}"),
            Self::WithdrawalReturned { title, .. } => format!("{title} could not be withdrawn"),
        }
    }

    /// The whole message, in one or two sentences.
    pub fn text(&self) -> String {
        match self {
            Self::Opened { title, .. } => {
                format!("{title} has opened and you have a seat in it. Good luck!")
            }
            Self::Ended {
                title,
                rank,
                prize: Some(prize),
                ..
            } => {
                format!("{title} is over. You came in at place {rank} and won {prize}.")
            }
            Self::Ended {
                title,
                rank,
                prize: None,
                ..
            } => {
                format!("{title} is over. You came in at place {rank}.")
            }
            Self::Canceled { title, .. } => {
                format!("{title} was canceled. Everything that you paid for it is back.")
            }
            Self::Corrected {
                title,
                rank,
                prize: Some(prize),
                ..
            } => {
                format!(
                    "The result of {title} was corrected. You came in at place {rank} and won {prize}."
                )
            }
            Self::Corrected {
                title,
                rank,
                prize: None,
                ..
            } => {
                format!("The result of {title} was corrected. You came in at place {rank}.")
            }
            Self::Voided { title, reason, .. } => {
                format!(
                    "Your result in {title} is void, and what it earned you is taken back: {reason}"
                )
            }
            Self::Expired { title, .. } => {
                format!("Nobody was found for {title} in time. The entry fee is yours again.")
            }
            Self::Achievement { title, .. } => format!("You have earned \"{title}\"."),
            Self::FriendRequest { title, .. } => {
                format!("{title} wants to be your friend. You can accept, or remove the request.")
            }
            Self::PartyInvitation { title, .. } => {
                format!("{title} has invited you to a party. You can join it, or leave it.")
            }
            Self::Deposited { title, .. } => {
                format!("Your deposit of {title} has arrived and is in your wallet.")
            }
            Self::Withdrawn { title, .. } => {
                format!("Your withdrawal of {title} is on the chain, for good.")
            }
            Self::WithdrawalReturned { title, reason, .. } => {
                format!(
                    "Your withdrawal of {title} did not go out and the money is back in your wallet: {reason}"
                )
            }
        }
    }
}

/// A message for the user's mailbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Email {
    /// The user; the deliverer looks the address up.
    pub user: UserId,
    /// What it is about.
    pub notice: Notice,
}

/// A message for the user's inbox inside the app: persisted, and pushed live.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InApp {
    /// The inbox message that this makes.
    pub id: NotificationId,
    /// The user.
    pub user: UserId,
    /// What it is about.
    pub notice: Notice,
}

impl Message for OtpEmail {
    const TOPIC: Topic = Topic::OtpEmail;

    fn key(&self) -> Key {
        Key::none()
    }
}

impl Message for Email {
    const TOPIC: Topic = Topic::Email;

    fn key(&self) -> Key {
        Key::none()
    }
}

impl Message for InApp {
    const TOPIC: Topic = Topic::InApp;

    fn key(&self) -> Key {
        Key::none()
    }
}
