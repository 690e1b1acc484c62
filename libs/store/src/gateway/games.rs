//! Games in their present version.

use domain::id::GameId;
use sea_orm::FromQueryResult;
use sea_orm::prelude::Json;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{List, array};
use crate::statement::statement;
use crate::{Read, Result};

/// A game in its present version.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Game {
    /// The game.
    pub id: Uuid,
    /// Whether players may join.
    pub is_active: bool,
    /// The version of the template.
    pub version: i32,
    /// The template, domain's `Template`.
    pub template: Json,
    /// Since when the game exists.
    pub created_at: OffsetDateTime,
    /// When it was last changed.
    pub updated_at: OffsetDateTime,
}

const GAMES: &str = "
    SELECT g.id, g.is_active AND g.deleted_at IS NULL AS is_active, g.current_version AS version,
        v.template, g.created_at, g.updated_at,
        (extract(epoch FROM g.created_at) * 1000000)::bigint AS cursor_number, g.id AS cursor_id
    FROM games g JOIN game_versions v ON v.game_id = g.id AND v.version = g.current_version";

/// Finds these games, deleted ones too, for their matches go on.
pub async fn find(from: &impl Read, games: &[GameId]) -> Result<Vec<Game>> {
    let sql = format!("{GAMES} WHERE g.id = ANY ($1)");
    let games = array(games.iter().map(|game| game.uuid()));
    Ok(Game::find_by_statement(statement(&sql, [games]))
        .all(from.conn())
        .await?)
}

/// The games that are not deleted, or those of them that are active or are not.
pub fn list(is_active: Option<bool>) -> List<Game> {
    let sql =
        format!("{GAMES} WHERE g.deleted_at IS NULL AND ($1::boolean IS NULL OR g.is_active = $1)");
    List::new(sql, [is_active.into()])
}
