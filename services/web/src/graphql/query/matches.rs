//! Matches: one's own, and everybody's for staff with read:gameMatches.

use async_graphql::{Context, ID, InputObject, Object};
use store::entity::battle;
use store::gateway::{List, battles};

use super::{filter_id, parse_id};
use crate::error::ApiResult;
use crate::graphql::object::{GameMatch, GameMatchStatus};
use crate::graphql::page::list;
use crate::graphql::scope::Scope;
use crate::identity::Permission;

#[derive(Default)]
pub(crate) struct GameMatchQuery;

#[Object]
impl GameMatchQuery {
    /// A match that one plays in; null if there is none. Staff with read:gameMatches see all.
    async fn game_match(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The match's id.")] id: ID,
    ) -> ApiResult<Option<GameMatch>> {
        match parse_id(&id) {
            Some(battle) => GameMatch::find(ctx, battle).await,
            None => Ok(None),
        }
    }
}

/// Which matches.
#[derive(Debug, Default, InputObject)]
pub(crate) struct GameMatchFilter {
    /// Those of this game.
    #[graphql(name = "gameID")]
    game_id: Option<ID>,
    /// Those that stand so.
    status: Option<GameMatchStatus>,
}

list! {
    /// The matches that one plays or played in. Staff with read:gameMatches see all.
    GameMatchesQuery: game_matches(GameMatchFilter) -> GameMatch, read
}

async fn read(ctx: &Context<'_>, filter: GameMatchFilter) -> ApiResult<List<battle::Model>> {
    let eyes = ctx
        .visitor()
        .signed_in()
        .await?
        .eyes(Permission::ReadGameMatches);
    let filter = battles::Filter {
        game: filter_id("gameID", filter.game_id.as_ref())?,
        status: filter.status.map(Into::into),
    };
    Ok(battles::list(eyes, filter))
}
