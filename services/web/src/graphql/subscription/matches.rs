//! A match as it runs: everybody's standing, and one's own orders.

use std::sync::Arc;

use async_graphql::{ComplexObject, Context, ID, SimpleObject, Subscription};
use contracts::arena::PositionEvent;
use contracts::battles::RoomChanged;
use contracts::live::{self, LiveBattle, LivePlayer};
use contracts::{Code, Key, Topic};
use domain::id::{BattleId, UserId};
use futures::{Stream, StreamExt};
use store::gateway::{Viewer, battles, positions};

use super::unbroken;
use crate::error::{ApiError, ApiResult};
use crate::graphql::access::Stated;
use crate::graphql::object::{GameMatch, GameMatchPosition, Player};
use crate::graphql::query::parse_id;
use crate::graphql::scalar::{DateTime, Decimal};
use crate::graphql::scope::Scope;
use crate::identity::Permission;

#[derive(Default)]
pub(crate) struct Matches;

/// Everybody's standing in a match at one moment.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct GameMatchUpdate {
    /// The match.
    #[graphql(name = "matchID")]
    match_id: ID,
    /// The moment, on the exchange's clock.
    time: DateTime,
    /// Everybody, by rank.
    players: Vec<LiveStanding>,
}

/// A player's standing while the match runs: all that rivals may see.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub(crate) struct LiveStanding {
    /// The player.
    #[graphql(name = "userID")]
    user_id: ID,
    /// Equity in chips, rounded to 0.01.
    equity: Decimal,
    /// The rank by equity, from 1; equals share it.
    rank: u32,
    /// How many positions are open.
    open_positions: u32,
    #[graphql(skip)]
    player: UserId,
}

#[ComplexObject]
impl LiveStanding {
    /// The player.
    async fn user(&self, ctx: &Context<'_>) -> ApiResult<Player> {
        let viewer = ctx.visitor().signed_in().await?;
        let person = ctx.loaders().load_one(self.player).await?;
        let missing = || ApiError::from(store::Error::corrupt("users", self.player));
        person
            .map(|person| Player::seen_by(viewer, person))
            .ok_or_else(missing)
    }
}

impl From<LivePlayer> for LiveStanding {
    fn from(player: LivePlayer) -> Self {
        Self {
            user_id: ID(player.player.to_string()),
            equity: Decimal::of_units(player.equity),
            rank: player.rank,
            open_positions: player.open_positions,
            player: player.player,
        }
    }
}

impl From<LiveBattle> for GameMatchUpdate {
    fn from(battle: LiveBattle) -> Self {
        Self {
            match_id: ID(battle.battle.to_string()),
            time: battle.time.into(),
            players: battle.players.into_iter().map(LiveStanding::from).collect(),
        }
    }
}

#[Subscription(guard = "Stated")]
impl Matches {
    /// Everybody's standing in a match that one plays in, about twice a second while it runs.
    async fn game_match_updated(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The match's id.")] id: ID,
    ) -> Result<impl Stream<Item = GameMatchUpdate> + use<>, ApiError> {
        let battle = seen(ctx, &id).await?;
        let standings = ctx
            .gateway()
            .hub
            .hear::<LiveBattle>(&live::battle(battle))
            .await?;
        Ok(standings.map(GameMatchUpdate::from))
    }

    /// A match that waits for players, whenever somebody comes in or goes, and when it opens or is
    /// given up; null once one may no longer see it. A client that is too slow is told LAGGED, and
    /// that is the end.
    async fn game_match_room_updated(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The match's id.")] id: ID,
    ) -> Result<impl Stream<Item = ApiResult<Option<GameMatch>>> + use<>, ApiError> {
        let battle = seen(ctx, &id).await?;
        let eyes = ctx
            .visitor()
            .signed_in()
            .await?
            .eyes(Permission::ReadGameMatches);
        let gateway = Arc::clone(ctx.gateway());
        let subject = Topic::RoomChanged.subject(&Key::from(battle));
        let changes = gateway.hub.follow::<RoomChanged>(&subject).await?;
        Ok(unbroken(changes).then(move |change| {
            let gateway = Arc::clone(&gateway);
            async move {
                change?;
                let found = battles::find(&gateway.db, eyes, &[battle]).await?;
                Ok(found.into_iter().next().map(GameMatch))
            }
        }))
    }

    /// One's own positions in a match, whenever something happens to one of them. A client that is
    /// too slow for them is told LAGGED, and that is the end.
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
        let events = hub.follow_own::<PositionEvent>(&subject, player).await?;
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
}

/// The match of this id, if the visitor may see it.
async fn seen(ctx: &Context<'_>, id: &ID) -> ApiResult<BattleId> {
    let missing = || ApiError::of(Code::MatchNotFound);
    let battle = parse_id(id).ok_or_else(missing)?;
    GameMatch::find(ctx, battle)
        .await?
        .map(|found| found.battle())
        .ok_or_else(missing)
}
