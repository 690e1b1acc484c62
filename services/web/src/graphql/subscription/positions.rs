//! What happens to one's own orders and positions.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{Context, Enum, ID, SimpleObject, Subscription, Union};
use contracts::arena::PositionEvent;
use contracts::{Key, Topic};
use domain::engine::PositionChange;
use domain::id::{PositionId, UserId};
use futures::{Stream, StreamExt};
use store::gateway::{Viewer, positions};

use super::event::{Gap, Lagged, Resumed, Unread, told};
use super::matches::seen;
use super::unbroken;
use crate::error::{ApiError, ApiResult};
use crate::feed::{self, Cursor, Kind, Source};
use crate::gateway::Gateway;
use crate::graphql::access::Stated;
use crate::graphql::object::GameMatchPosition;
use crate::graphql::scope::Scope;

#[derive(Default)]
pub(crate) struct PositionEvents;

/// What can happen to a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum GameMatchPositionChange {
    /// The order was taken.
    Accepted,
    /// The order was filled.
    Filled,
    /// It was closed by its stop loss, its target, its owner or the end of the match.
    Closed,
    /// It reached its liquidation price.
    Liquidated,
    /// It ended without a result.
    Canceled,
    /// The order could not be filled.
    Rejected,
    /// Its stop loss or its target is another one.
    Amended,
    /// A cancel, a close or an amendment that had been taken came too late.
    Lapsed,
}

impl From<&PositionChange> for GameMatchPositionChange {
    fn from(change: &PositionChange) -> Self {
        match change {
            PositionChange::Accepted => Self::Accepted,
            PositionChange::Filled(_) => Self::Filled,
            PositionChange::Closed { .. } => Self::Closed,
            PositionChange::Liquidated { .. } => Self::Liquidated,
            PositionChange::Canceled { .. } => Self::Canceled,
            PositionChange::Rejected { .. } => Self::Rejected,
            PositionChange::Amended { .. } => Self::Amended,
            PositionChange::Lapsed { .. } => Self::Lapsed,
        }
    }
}

/// Something happened to a position of one's own.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct GameMatchPositionChanged {
    /// The event's id. If a crash of ours makes it come twice, both have it.
    id: ID,
    /// Where one is: go on from here with after.
    cursor: Cursor,
    /// What happened.
    change: GameMatchPositionChange,
    /// The position as it is by now.
    position: GameMatchPosition,
}

/// What the stream of one's positions in a match says.
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all that is told is of the largest"
)]
#[derive(Clone, Debug, Union)]
pub(crate) enum GameMatchPositionEvent {
    Changed(GameMatchPositionChanged),
    Resumed(Resumed),
    Gap(Gap),
    Lagged(Lagged),
}

#[Subscription(guard = "Stated")]
impl PositionEvents {
    /// One's own positions in a match, whenever something happens to one of them. A client that is
    /// too slow for them is told LAGGED, and that is the end. To miss nothing, listen to
    /// gameMatchPositionEvents.
    async fn game_match_position_updated(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "matchID", desc = "The match's id.")] match_id: ID,
    ) -> Result<impl Stream<Item = ApiResult<GameMatchPosition>> + use<>, ApiError> {
        let player = ctx.visitor().signed_in().await?.user;
        let battle = seen(ctx, &match_id).await?;
        let gateway = Arc::clone(ctx.gateway());
        let subject = Topic::ArenaPosition.subject(&Key::from(battle));
        let hub = &gateway.hub;
        let events = hub.follow::<PositionEvent>(&subject, Some(player)).await?;
        Ok(unbroken(events).filter_map(move |event| {
            let gateway = Arc::clone(&gateway);
            async move {
                let id = match event {
                    Ok(event) => event.position.id,
                    Err(lagged) => return Some(Err(lagged)),
                };
                let found = positions::find(&gateway.db, Viewer::Player(player), &[id]).await;
                let row = found.map(|rows| rows.into_iter().next()).transpose()?;
                Some(row.map(GameMatchPosition::from).map_err(ApiError::from))
            }
        }))
    }

    /// Everything that happens to one's own orders and positions in a match, in its order. It is kept
    /// for a week: with the cursor of the last event that one heard, what was missed comes first.
    async fn game_match_position_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "matchID", desc = "The match's id.")] match_id: ID,
        #[graphql(desc = "Go on behind this cursor; from now on if there is none.")] after: Option<
            Cursor,
        >,
    ) -> Result<impl Stream<Item = ApiResult<GameMatchPositionEvent>> + use<>, ApiError> {
        let player = ctx.visitor().signed_in().await?.user;
        let battle = seen(ctx, &match_id).await?;
        let gateway = Arc::clone(ctx.gateway());
        let sources = vec![Source::under(Topic::ArenaPosition, battle.into()).of(player)];
        let feed = feed::of(Arc::clone(&gateway), Kind::Positions, sources, after).await?;
        Ok(told(feed, move |unread| {
            read(Arc::clone(&gateway), player, unread)
        }))
    }
}

async fn read(
    gateway: Arc<Gateway>,
    player: UserId,
    unread: Vec<Unread>,
) -> ApiResult<Vec<Option<GameMatchPositionEvent>>> {
    let mut events = Vec::with_capacity(unread.len());
    for Unread { cursor, heard, .. } in unread {
        let event: PositionEvent = heard.decode()?;
        events.push((cursor, heard, event));
    }
    let ids: Vec<PositionId> = events.iter().map(|(_, _, it)| it.position.id).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = positions::find(&gateway.db, Viewer::Player(player), &ids).await?;
    let rows: HashMap<PositionId, _> = rows.into_iter().map(|row| (row.id.into(), row)).collect();
    let read = events.into_iter().map(|(cursor, heard, event)| {
        let row = rows.get(&event.position.id)?;
        Some(GameMatchPositionEvent::from(GameMatchPositionChanged {
            id: ID(heard.id.clone().unwrap_or_default()),
            cursor,
            change: (&event.change).into(),
            position: row.clone().into(),
        }))
    });
    Ok(read.collect())
}
