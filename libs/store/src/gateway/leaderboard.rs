//! Who has how many cups, the most first.

use domain::id::UserId;
use domain::season::Season;
use sea_orm::{DbErr, FromQueryResult, QueryResult};
use uuid::Uuid;

use super::{List, Part, Slice, Toward};
use crate::arrays::column;
use crate::season::TOGETHER;
use crate::statement::statement;
use crate::{Read, Result};

/// The most places that are counted from the top of a board. What stands lower has no rank.
pub const MAX_RANK: u32 = 100_000;

/// Whose cups a board compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Among {
    /// Those of everybody.
    Everybody,
    /// Those of this user and the user's friends.
    FriendsOf(UserId),
}

/// Somebody on a board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Who.
    pub user: UserId,
    /// Cups gained and lost in the season, or held at present.
    pub cups: i64,
    /// The place, from 1; equals share it. None below the first [`MAX_RANK`].
    pub rank: Option<u32>,
}

/// A season in which somebody played for cups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Played {
    /// The season.
    pub season: Season,
}

impl FromQueryResult for Played {
    fn from_query_result(row: &QueryResult, prefix: &str) -> std::result::Result<Self, DbErr> {
        let season = Season::from_number(row.try_get(prefix, "season")?);
        let season = season.ok_or_else(|| DbErr::Type("expected the number of a season".into()))?;
        Ok(Self { season })
    }
}

#[derive(Debug, FromQueryResult)]
struct Row {
    user_id: Uuid,
    cups: i64,
}

/// A board: everybody who played for cups, the most cups first.
#[derive(Debug)]
pub struct Board(List<Row>);

/// The board of a season, or of the cups that are held at present.
pub fn board(season: Option<Season>, among: Among) -> Board {
    let season = season.map_or(TOGETHER, Season::number);
    let everybody = "SELECT user_id, cups, cups AS cursor_number, user_id AS cursor_id
                     FROM season_cups WHERE season = $1";
    Board(match among {
        Among::Everybody => List::new(everybody, [season.into()]),
        Among::FriendsOf(user) => {
            let sql = format!(
                "{everybody} AND user_id IN (
                     SELECT $2::uuid
                     UNION ALL SELECT other_id FROM friendships
                         WHERE one_id = $2 AND status = 'FRIENDS'
                     UNION ALL SELECT one_id FROM friendships
                         WHERE other_id = $2 AND status = 'FRIENDS')"
            );
            List::new(sql, [season.into(), user.uuid().into()])
        }
    })
}

impl Board {
    /// The lines of `slice`.
    pub async fn part(&self, from: &impl Read, slice: &Slice) -> Result<Part<Line>> {
        let part = self.0.part(from, slice).await?;
        self.ranked(from, part).await
    }

    /// So many lines with this user's in their middle, or the first where the user has none.
    pub async fn around(&self, from: &impl Read, user: UserId, limit: u32) -> Result<Part<Line>> {
        let first = |limit, after| Slice {
            after,
            before: None,
            limit,
            toward: Toward::End,
            ascending: false,
        };
        let own = self.0.find(from, "user_id", user.uuid()).await?;
        let Some((own, row)) = own.filter(|_| limit > 0) else {
            return self.part(from, &first(limit, None)).await;
        };
        let above = Slice {
            after: None,
            before: Some(own),
            toward: Toward::Beginning,
            ..first(limit / 2, None)
        };
        let above = self.0.part(from, &above).await?;
        let read = u32::try_from(above.rows.len()).unwrap_or(u32::MAX);
        let left = limit.saturating_sub(read).saturating_sub(1);
        let below = self.0.part(from, &first(left, Some(own))).await?;
        let rows = above.rows.into_iter().chain([(own, row)]).chain(below.rows);
        let part = Part {
            rows: rows.collect(),
            has_previous: above.has_previous,
            has_next: below.has_next,
        };
        self.ranked(from, part).await
    }

    /// How many there are.
    pub async fn count(&self, from: &impl Read) -> Result<i64> {
        self.0.count(from).await
    }

    /// Only what stands before the first line is counted; the others follow from it.
    async fn ranked(&self, from: &impl Read, part: Part<Row>) -> Result<Part<Line>> {
        let ahead = match part.rows.first() {
            Some((at, _)) => self.0.ahead(from, *at, MAX_RANK).await?,
            None => None,
        };
        let mut rows = Vec::with_capacity(part.rows.len());
        let mut rank = ahead.map(|ahead| ahead.higher.saturating_add(1));
        let mut place = ahead.map(|ahead| ahead.rows);
        let mut last = part.rows.first().map(|(_, row)| row.cups);
        for (at, Row { user_id, cups }) in part.rows {
            place = place.map(|place| place.saturating_add(1));
            if last != Some(cups) {
                rank = place;
                last = Some(cups);
            }
            let rank = rank.and_then(|rank| u32::try_from(rank).ok());
            let line = Line {
                user: user_id.into(),
                cups,
                rank: rank.filter(|rank| *rank <= MAX_RANK),
            };
            rows.push((at, line));
        }
        Ok(Part {
            rows,
            has_next: part.has_next,
            has_previous: part.has_previous,
        })
    }
}

/// The seasons in which somebody played for cups: a step down the index for each.
const PLAYED: &str = "
    WITH RECURSIVE played AS (
        SELECT max(season) AS season FROM season_cups
        UNION ALL
        SELECT (SELECT max(season) FROM season_cups WHERE season < played.season)
        FROM played WHERE played.season > 0)
    SELECT season, season::bigint AS cursor_number,
        '00000000-0000-0000-0000-000000000000'::uuid AS cursor_id
    FROM played WHERE season > 0";

/// The seasons in which somebody played for cups.
pub fn seasons() -> List<Played> {
    List::new(PLAYED, [])
}

/// Those of these seasons in which somebody played for cups.
pub async fn find_seasons(from: &impl Read, seasons: &[Season]) -> Result<Vec<Played>> {
    let find = statement(
        "SELECT season FROM unnest($1::integer[]) AS asked (season)
         WHERE EXISTS (SELECT FROM season_cups c WHERE c.season = asked.season)",
        [column(seasons, |season| season.number()).into()],
    );
    Ok(Played::find_by_statement(find).all(from.conn()).await?)
}
