//! Players in a match. While it runs, a rival's money is nobody's business.

use async_graphql::{Context, ID, Object};
use domain::id::{ParticipantId, UserId};
use domain::money::Money;
use store::entity::battle::BattleStatus;
use store::gateway::participants::Participant;
use store::gateway::positions;

use super::{GameMatch, GameMatchPosition, Player, id};
use crate::error::ApiResult;
use crate::graphql::page::{self, Listing, Order, Paging, Wanted};
use crate::graphql::scalar::Decimal;
use crate::graphql::scope::Scope;
use crate::identity::Permission;

/// A player in a match.
#[derive(Clone, Debug)]
pub(crate) struct GameMatchParticipant(Participant);

impl From<Participant> for GameMatchParticipant {
    fn from(row: Participant) -> Self {
        Self(row)
    }
}

/// A player in a match. What is one's own alone is null for rivals while the match runs.
#[Object]
impl GameMatchParticipant {
    /// The participant's id.
    pub(crate) async fn id(&self) -> ID {
        id(self.0.participant_id)
    }

    /// The match.
    #[graphql(name = "gameMatchID")]
    async fn game_match_id(&self) -> ID {
        id(self.0.battle_id)
    }

    /// The match.
    #[graphql(name = "match")]
    async fn battle(&self, ctx: &Context<'_>) -> ApiResult<GameMatch> {
        GameMatch::of(ctx, self.0.battle_id.into()).await
    }

    /// The player.
    #[graphql(name = "userID")]
    async fn user_id(&self) -> ID {
        id(self.0.player_id)
    }

    /// The player.
    async fn user(&self, ctx: &Context<'_>) -> ApiResult<Player> {
        Player::named(ctx, self.0.player_id.into()).await
    }

    /// Final equity in chips; null while the match runs, when gameMatchUpdated tells it live.
    async fn equity(&self) -> Option<Decimal> {
        self.0.final_equity.map(Decimal::of_units)
    }

    /// Final rank, from 1; equal equity, equal rank. Null while the match runs.
    async fn rank(&self) -> Option<i32> {
        self.0.rank
    }

    /// How many positions are open.
    async fn open_positions(&self) -> i64 {
        self.0.open_positions
    }

    /// Free chips: what new orders can stake. One's own alone while the match runs.
    async fn virtual_balance(&self, ctx: &Context<'_>) -> ApiResult<Option<Decimal>> {
        let seen = self.0.battle_status == BattleStatus::Closed || self.is_own(ctx).await?;
        Ok(self.0.cash.filter(|_| seen).map(Decimal::of_units))
    }

    /// Leverage card uses left in the match. One's own alone.
    async fn leverage_cards(&self, ctx: &Context<'_>) -> ApiResult<Option<i32>> {
        Ok(if self.is_own(ctx).await? {
            self.0.cards_left
        } else {
            None
        })
    }

    /// Orders that were filled; null while the match runs.
    async fn fills(&self) -> Option<i32> {
        self.0.fills
    }

    /// Whether an operator has made the result void.
    async fn is_void(&self) -> bool {
        self.0.void_reason.is_some()
    }

    /// Why the result is void, as an operator says it; null where it is not. One's own alone.
    async fn void_reason(&self, ctx: &Context<'_>) -> ApiResult<Option<&str>> {
        let seen = self.is_own(ctx).await?;
        Ok(self.0.void_reason.as_deref().filter(|_| seen))
    }

    /// Whether this is the single winner.
    async fn is_winner(&self) -> bool {
        self.0.is_winner
    }

    /// The prize, in the game's currency; null while the match runs.
    async fn prize(&self, ctx: &Context<'_>) -> ApiResult<Option<Decimal>> {
        let Some(minor) = self.0.prize else {
            return Ok(None);
        };
        let battle = GameMatch::of(ctx, self.0.battle_id.into()).await?;
        let currency = battle.currency()?;
        Ok(Some(Money { minor, currency }.into()))
    }

    /// By how much the match changed the player's cups; null while it runs.
    async fn cups(&self) -> Option<i64> {
        self.0.cups_change
    }

    /// The experience that it earned the player, in points; null while it runs.
    async fn experience(&self) -> Option<i64> {
        self.0.experience_gained
    }

    /// The player's positions: one's own, and once the match is closed everybody's.
    #[graphql(complexity = "page::cost(first, last, child_complexity)")]
    async fn positions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
        #[graphql(desc = "The first so many of them, 0 to 100; 20 if neither is given.")]
        first: Option<i32>,
        #[graphql(desc = "The last so many of them, 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "In which order; those first that came last, unless given.")]
        order_by: Option<Order>,
    ) -> ApiResult<Listing<GameMatchPosition>> {
        let paging = Paging {
            after,
            before,
            first,
            last,
            order_by,
        };
        let eyes = ctx
            .visitor()
            .signed_in()
            .await?
            .eyes(Permission::ReadGameMatchPositions);
        let participant = Some(ParticipantId::new(self.0.participant_id));
        let filter = positions::Filter {
            participant,
            ..positions::Filter::default()
        };
        page::read(
            ctx,
            positions::list(eyes, filter),
            &paging,
            Wanted::asked(ctx),
        )
        .await
    }
}

impl GameMatchParticipant {
    async fn is_own(&self, ctx: &Context<'_>) -> ApiResult<bool> {
        let viewer = ctx.visitor().signed_in().await?;
        let own = viewer.user == UserId::new(self.0.player_id);
        Ok(own || viewer.may(Permission::ReadGameMatchPositions))
    }
}
