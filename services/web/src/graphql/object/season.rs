//! Seasons, and who stands where in them.

use std::collections::HashMap;

use async_graphql::{Context, Enum, ID, Object};
use domain::season::Season as Month;
use store::gateway::leaderboard::{self, Line, Played};

use super::PublicUser;
use crate::error::ApiResult;
use crate::gateway::Gateway;
use crate::graphql::scalar::DateTime;

/// A season: a calendar month in UTC.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Season(Month);

impl Season {
    /// The seasons of these ids, by id, of those in which somebody played for cups.
    pub(crate) async fn find_each<'n>(
        gateway: &Gateway,
        names: impl IntoIterator<Item = &'n str>,
    ) -> ApiResult<HashMap<&'n str, Self>> {
        let named = |name: &'n str| Some((name, name.parse().ok()?));
        let named: Vec<(&str, Month)> = names.into_iter().filter_map(named).collect();
        if named.is_empty() {
            return Ok(HashMap::new());
        }
        let asked: Vec<Month> = named.iter().map(|(_, season)| *season).collect();
        let played = leaderboard::find_seasons(&gateway.db, &asked).await?;
        let is_played = |season: Month| played.iter().any(|played| played.season == season);
        let found = named.into_iter().filter(|(_, season)| is_played(*season));
        Ok(found.map(|(name, season)| (name, Self(season))).collect())
    }
}

impl From<Played> for Season {
    fn from(row: Played) -> Self {
        Self(row.season)
    }
}

/// A season: a calendar month in UTC, in which matches count that ended in it.
#[Object]
impl Season {
    /// The season's id: the year and the month, such as 2026-11.
    pub(crate) async fn id(&self) -> ID {
        ID(self.0.to_string())
    }

    /// When it begins.
    async fn start_time(&self) -> DateTime {
        self.0.start().into()
    }

    /// When the next one begins.
    async fn end_time(&self) -> DateTime {
        self.0.end().into()
    }
}

/// Who is on a leaderboard, and where it begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
pub(crate) enum LeaderboardScope {
    /// Everybody, from the top.
    #[default]
    Everybody,
    /// Oneself and one's friends, from the top.
    Friends,
    /// Everybody, with oneself in the middle of the page; from the top where one has not played for
    /// cups. With after or before the same as EVERYBODY, so that its cursors lead on.
    AroundMe,
}

/// Somebody's place on a leaderboard.
#[derive(Clone, Debug)]
pub(crate) struct LeaderboardEdge {
    line: Line,
    cursor: String,
}

impl LeaderboardEdge {
    pub(crate) fn new(line: Line, cursor: String) -> Self {
        Self { line, cursor }
    }
}

/// Somebody's place on a leaderboard.
#[Object]
impl LeaderboardEdge {
    /// Who stands there.
    async fn node(&self, ctx: &Context<'_>) -> ApiResult<PublicUser> {
        PublicUser::named(ctx, self.line.user).await
    }

    /// Where it stands, for after and before.
    async fn cursor(&self) -> &str {
        &self.cursor
    }

    /// The place, from 1; equal cups, equal rank. Null behind the first 100,000.
    async fn rank(&self) -> Option<u32> {
        self.line.rank
    }

    /// Cups gained less those lost in the season; without a season, cups held at present.
    async fn cups(&self) -> i64 {
        self.line.cups
    }
}
