//! Places in queues.

use async_graphql::{Context, Enum, ID, Object};
use domain::id::{BattleId, GameId};
use domain::timestamp::Timestamp;
use store::entity::ticket::{self, TicketStatus};

use super::{Game, GameMatch, id};
use crate::error::ApiResult;
use crate::graphql::scalar::DateTime;
use crate::graphql::scope::Scope;

/// Where a place in a queue stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum QueueTicketStatus {
    /// It waits.
    Waiting,
    /// It became a place in a match.
    Matched,
    /// It was given up.
    Left,
    /// It waited too long.
    Expired,
    /// The creator of the match sent one away.
    Kicked,
}

/// One's place in the queue of a game, or in a match that waits for players.
#[derive(Clone, Debug)]
pub(crate) struct QueueTicket(ticket::Model);

impl From<ticket::Model> for QueueTicket {
    fn from(row: ticket::Model) -> Self {
        Self(row)
    }
}

/// One's place in the queue of a game, or in a match that waits for players.
#[Object]
impl QueueTicket {
    /// The ticket's id.
    pub(crate) async fn id(&self) -> ID {
        id(self.0.id)
    }

    /// When it was taken.
    async fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }

    /// When it expires, on the exchange's clock.
    async fn expires_at(&self) -> DateTime {
        Timestamp::from_ms(self.0.expires_at_ms).into()
    }

    /// The game.
    #[graphql(name = "gameID")]
    async fn game_id(&self) -> ID {
        id(self.0.game_id)
    }

    /// The game.
    async fn game(&self, ctx: &Context<'_>) -> ApiResult<Game> {
        self.load_game(ctx).await
    }

    /// Where it stands.
    async fn status(&self) -> QueueTicketStatus {
        match self.0.status {
            TicketStatus::Queued => QueueTicketStatus::Waiting,
            TicketStatus::Seated => QueueTicketStatus::Matched,
            TicketStatus::Left => QueueTicketStatus::Left,
            TicketStatus::Expired => QueueTicketStatus::Expired,
            TicketStatus::Kicked => QueueTicketStatus::Kicked,
        }
    }

    /// The match that it became a place in, or waits to.
    #[graphql(name = "matchID")]
    async fn match_id(&self) -> Option<ID> {
        self.0.battle_id.or(self.0.room_id).map(id)
    }

    /// The match that it became a place in; null before.
    #[graphql(name = "match")]
    async fn game_match(&self, ctx: &Context<'_>) -> ApiResult<Option<GameMatch>> {
        match self.0.battle_id {
            None => Ok(None),
            Some(battle) => GameMatch::of(ctx, BattleId::new(battle)).await.map(Some),
        }
    }

    /// How long it is likely to wait yet, in milliseconds: half of the last 50 players waited no
    /// longer. Null while nobody was matched, once it does not wait, and where somebody else decides.
    async fn estimated_wait_ms(&self, ctx: &Context<'_>) -> Option<i64> {
        let estimate = self.0.estimated_wait_ms.filter(|_| self.waits())?;
        let now = ctx.gateway().exchange_clock.now();
        let waited = now.ms().saturating_sub(self.0.queued_at_ms);
        Some(estimate.saturating_sub(waited).max(0))
    }

    /// By how much that was wrong for half of the last 50 players, in milliseconds; null while it is
    /// not known.
    async fn estimated_wait_error_ms(&self) -> Option<i64> {
        self.0.estimated_wait_error_ms.filter(|_| self.waits())
    }
}

impl QueueTicket {
    fn waits(&self) -> bool {
        self.0.status == TicketStatus::Queued && self.0.room_id.is_none()
    }

    async fn load_game(&self, ctx: &Context<'_>) -> ApiResult<Game> {
        let found = ctx.loaders().load_one(GameId::new(self.0.game_id)).await?;
        let game = found.ok_or_else(|| store::Error::corrupt("games", self.0.game_id))?;
        Ok(Game::from(game))
    }
}
