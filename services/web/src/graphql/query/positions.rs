//! Positions: one's own, those of rivals once their match is closed, and everybody's for staff
//! with read:gameMatchPositions.

use async_graphql::{Context, ID, InputObject, Object};
use store::entity::position;
use store::gateway::{List, positions};

use super::{filter_id, parse_id};
use crate::error::{ApiError, ApiResult};
use crate::graphql::object::{GameMatchPosition, GameMatchPositionStatus};
use crate::graphql::page::list;
use crate::graphql::scope::Scope;
use crate::identity::Permission;

#[derive(Default)]
pub(crate) struct GameMatchPositionQuery;

#[Object]
impl GameMatchPositionQuery {
    /// A position, or an order on its way; null if there is none that one may see.
    async fn game_match_position(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The position's id.")] id: ID,
    ) -> ApiResult<Option<GameMatchPosition>> {
        match parse_id(&id) {
            Some(position) => GameMatchPosition::find(ctx, position).await,
            None => Ok(None),
        }
    }
}

/// Which positions.
#[derive(Debug, Default, InputObject)]
pub(crate) struct GameMatchPositionFilter {
    /// Those in this match.
    #[graphql(name = "matchID")]
    match_id: Option<ID>,
    /// Those of this participant of a match.
    #[graphql(name = "participantID")]
    participant_id: Option<ID>,
    /// Those that stand so.
    status: Option<GameMatchPositionStatus>,
    /// Those of this asset: its slug, symbol or pair.
    asset: Option<String>,
}

list! {
    /// One's own positions, and those of rivals in matches that are closed. Staff with
    /// read:gameMatchPositions see all.
    GameMatchPositionsQuery: game_match_positions(GameMatchPositionFilter) -> GameMatchPosition, read
}

pub(in crate::graphql) async fn read(
    scope: &impl Scope,
    filter: GameMatchPositionFilter,
) -> ApiResult<List<position::Model>> {
    let eyes = scope
        .visitor()
        .signed_in()
        .await?
        .eyes(Permission::ReadGameMatchPositions);
    let symbol = filter.asset.as_deref().map(|name| {
        let listed = scope.gateway().catalogue.find(name);
        let unknown = || ApiError::bad_input("asset", "the slug, symbol or pair of an asset");
        listed.map(|listed| listed.pair.clone()).ok_or_else(unknown)
    });
    let filter = positions::Filter {
        battle: filter_id("matchID", filter.match_id.as_ref())?,
        participant: filter_id("participantID", filter.participant_id.as_ref())?,
        status: filter.status.map(Into::into),
        symbol: symbol.transpose()?,
    };
    Ok(positions::list(eyes, filter))
}
