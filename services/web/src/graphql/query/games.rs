//! Games.

use async_graphql::{Context, ID, InputObject, Object};
use domain::id::GameId;
use store::gateway::{List, games};

use super::parse_id;
use crate::error::ApiResult;
use crate::graphql::object::Game;
use crate::graphql::page::list;
use crate::graphql::scope::Scope;

#[derive(Default)]
pub(crate) struct GameQuery;

#[Object]
impl GameQuery {
    /// A game; null if there is none.
    async fn game(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The game's id.")] id: ID,
    ) -> ApiResult<Option<Game>> {
        let Some(game) = parse_id(&id) else {
            return Ok(None);
        };
        let found = ctx.loaders().load_one::<GameId>(game).await?;
        Ok(found.map(Game::from))
    }
}

/// Which games.
#[derive(Debug, Default, InputObject)]
pub(crate) struct GameFilter {
    /// Those that players may join, or those that they may not.
    is_active: Option<bool>,
}

list! {
    /// The games.
    GamesQuery: games(GameFilter) -> Game, read
}

async fn read(_: &Context<'_>, filter: GameFilter) -> ApiResult<List<games::Game>> {
    Ok(games::list(filter.is_active))
}
