//! Games and the versions of their templates.

use domain::game::Template;
use domain::id::GameId;
use entity::game_version::Model as Version;
use sea_orm::{ConnectionTrait, FromQueryResult};

use crate::statement::statement;
use crate::{Error, Read, Result, Tx, json};

/// A game as it is played now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Game {
    /// The game.
    pub id: GameId,
    /// The version of the template.
    pub version: u32,
    /// What its matches cost, allow and pay.
    pub template: Template,
}

/// Inserts a game with the first version of its template. False if there is one of this id.
pub async fn insert(tx: &Tx, id: GameId, template: &Template) -> Result<bool> {
    let insert = statement(
        "INSERT INTO games (id, is_active, current_version) VALUES ($1, $2, 1)
         ON CONFLICT (id) DO NOTHING",
        [id.uuid().into(), template.is_active.into()],
    );
    let inserted = tx.inner().execute_raw(insert).await?.rows_affected() == 1;
    if inserted {
        insert_version(tx, id, 1, template).await?;
    }
    Ok(inserted)
}

/// Makes `template` the next version of a locked game.
pub async fn update(tx: &Tx, game: &Game, template: &Template) -> Result<()> {
    let version = i32::try_from(game.version)
        .ok()
        .and_then(|version| version.checked_add(1))
        .ok_or_else(|| Error::corrupt(GAMES, game.id))?;
    insert_version(tx, game.id, version, template).await?;
    let update = statement(
        "UPDATE games SET is_active = $2, current_version = $3, updated_at = now() WHERE id = $1",
        [
            game.id.uuid().into(),
            template.is_active.into(),
            version.into(),
        ],
    );
    tx.inner().execute_raw(update).await?;
    Ok(())
}

/// Takes a locked game out of every list. Its versions stay, for its matches.
pub async fn delete(tx: &Tx, id: GameId) -> Result<()> {
    let delete = statement(
        "UPDATE games SET is_active = false, deleted_at = now(), updated_at = now() WHERE id = $1",
        [id.uuid().into()],
    );
    tx.inner().execute_raw(delete).await?;
    Ok(())
}

/// Locks a game that was not deleted.
pub async fn lock(tx: &Tx, id: GameId) -> Result<Option<Game>> {
    let lock = statement(
        "SELECT * FROM games WHERE id = $1 AND deleted_at IS NULL FOR NO KEY UPDATE",
        [id.uuid().into()],
    );
    match entity::game::Model::find_by_statement(lock)
        .one(tx.inner())
        .await?
    {
        Some(_) => find(tx, id).await,
        None => Ok(None),
    }
}

/// Finds a game that was not deleted.
pub async fn find(from: &impl Read, id: GameId) -> Result<Option<Game>> {
    let find = statement(
        "SELECT v.* FROM games g
         JOIN game_versions v ON v.game_id = g.id AND v.version = g.current_version
         WHERE g.id = $1 AND g.deleted_at IS NULL",
        [id.uuid().into()],
    );
    let row = Version::find_by_statement(find).one(from.conn()).await?;
    row.map(parse).transpose()
}

/// Loads the template of one version, of a deleted game too.
pub async fn load_version(from: &impl Read, id: GameId, version: u32) -> Result<Template> {
    let load = statement(
        "SELECT * FROM game_versions WHERE game_id = $1 AND version = $2",
        [id.uuid().into(), i64::from(version).into()],
    );
    let row = Version::find_by_statement(load).one(from.conn()).await?;
    let row = row.ok_or_else(|| Error::corrupt(VERSIONS, id))?;
    parse(row).map(|game| game.template)
}

const GAMES: &str = "games";
const VERSIONS: &str = "game_versions";

async fn insert_version(tx: &Tx, id: GameId, version: i32, template: &Template) -> Result<()> {
    let insert = statement(
        "INSERT INTO game_versions (game_id, version, template) VALUES ($1, $2, $3)",
        [
            id.uuid().into(),
            version.into(),
            json::write(template)?.into(),
        ],
    );
    tx.inner().execute_raw(insert).await?;
    Ok(())
}

fn parse(row: Version) -> Result<Game> {
    let corrupt = || Error::corrupt(VERSIONS, row.game_id);
    Ok(Game {
        id: row.game_id.into(),
        version: u32::try_from(row.version).ok().ok_or_else(corrupt)?,
        template: json::read(VERSIONS, row.game_id, row.template)?,
    })
}
