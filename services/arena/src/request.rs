//! A request of POSITIONS, as the engine takes it.

use bus::{BusError, Entry};
use contracts::Topic;
use contracts::positions::{
    AmendPosition, CancelPosition, ClosePosition, NewPosition, PositionRequest, position_id,
};
use contracts::shard::Shard;
use domain::order::{Command, CommandBody};

/// Every topic of the stream.
pub(crate) const TOPICS: &[Topic] = &[
    Topic::PositionNew,
    Topic::PositionClose,
    Topic::PositionCancel,
    Topic::PositionAmend,
];

/// Why a request is not one.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    /// Its bytes are not what its topic says.
    #[error(transparent)]
    Malformed(#[from] BusError),
    /// Its subject names another shard than its battle's.
    #[error("expected the subject of shard {expected}")]
    OtherShard {
        /// The battle's shard.
        expected: Shard,
    },
    /// It names its position otherwise than everybody must.
    #[error("expected the position id that follows from battle, player and request")]
    OtherPosition,
    /// Its topic is not of the stream.
    #[error("expected a request about a position")]
    OtherTopic,
}

/// The shard of the request's battle, and the command.
pub(crate) fn read(entry: &Entry) -> Result<(Shard, Command), Unreadable> {
    let read = [
        (
            Topic::PositionNew,
            as_::<NewPosition> as fn(&Entry) -> Result<Command, BusError>,
        ),
        (Topic::PositionClose, as_::<ClosePosition>),
        (Topic::PositionCancel, as_::<CancelPosition>),
        (Topic::PositionAmend, as_::<AmendPosition>),
    ];
    let found = read.into_iter().find(|(topic, _)| *topic == entry.topic);
    let (_, read) = found.ok_or(Unreadable::OtherTopic)?;
    let command = read(entry)?;
    let shard = Shard::of(command.battle);
    if entry.subject != entry.topic.subject(&shard.into()) {
        return Err(Unreadable::OtherShard { expected: shard });
    }
    let position = position_id(command.battle, command.player, command.request);
    if matches!(&command.body, CommandBody::New(order) if order.position != position) {
        return Err(Unreadable::OtherPosition);
    }
    Ok((shard, command))
}

fn as_<R: PositionRequest>(entry: &Entry) -> Result<Command, BusError> {
    Ok(entry.decode::<R>()?.command(entry.stored_at_ns))
}
