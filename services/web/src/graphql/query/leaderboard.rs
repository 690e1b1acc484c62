//! Who has how many cups.

use async_graphql::{Context, ID, Object};
use domain::season::Season as Month;
use store::gateway::List;
use store::gateway::leaderboard::{self, Among, Played};

use crate::error::{ApiError, ApiResult};
use crate::graphql::object::{LeaderboardEdge, LeaderboardScope, Season};
use crate::graphql::page::{self, Connection, Paging, Wanted, list};
use crate::graphql::scope::Scope;

#[derive(Default)]
pub(crate) struct LeaderboardQuery;

#[Object]
impl LeaderboardQuery {
    /// Who has the most cups, of those who have played for any.
    #[graphql(complexity = "page::cost(first, last, child_complexity)")]
    #[expect(clippy::too_many_arguments, reason = "they are Relay's")]
    async fn leaderboard(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
        #[graphql(desc = "The first so many of them, 0 to 100; 20 if neither is given.")]
        first: Option<i32>,
        #[graphql(desc = "The last so many of them, 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "Who is on it, and where it begins.", default)] scope: LeaderboardScope,
        #[graphql(
            desc = "The id of the season in which cups were gained; cups held at present, unless \
                    given."
        )]
        season: Option<ID>,
    ) -> ApiResult<Connection<LeaderboardEdge>> {
        let paging = Paging {
            after,
            before,
            first,
            last,
            order_by: None,
        };
        read(ctx, scope, season, &paging).await
    }
}

async fn read(
    ctx: &Context<'_>,
    scope: LeaderboardScope,
    season: Option<ID>,
    paging: &Paging,
) -> ApiResult<Connection<LeaderboardEdge>> {
    let user = ctx.visitor().signed_in().await?.user;
    let season: Option<Month> =
        season
            .map(|season| season.parse())
            .transpose()
            .map_err(|_not_a_season| {
                ApiError::bad_input("season", "the id of a season, such as 2026-11")
            })?;
    let among = match scope {
        LeaderboardScope::Everybody | LeaderboardScope::AroundMe => Among::Everybody,
        LeaderboardScope::Friends => Among::FriendsOf(user),
    };
    let board = leaderboard::board(season, among);
    let slice = paging.slice()?;
    let goes_on = slice.after.is_some() || slice.before.is_some();
    let part = async {
        Ok(if scope == LeaderboardScope::AroundMe && !goes_on {
            board.around(ctx.db(), user, slice.limit).await?
        } else {
            board.part(ctx.db(), &slice).await?
        })
    };
    let count = async { Ok(board.count(ctx.db()).await?) };
    let (part, total_count) = page::gather(Wanted::asked(ctx), part, count).await?;
    Ok(page::connection(part, total_count, LeaderboardEdge::new))
}

list! {
    /// The seasons in which somebody has played for cups.
    SeasonsQuery: seasons -> Season, seasons
}

async fn seasons(_: &Context<'_>) -> ApiResult<List<Played>> {
    Ok(leaderboard::seasons())
}
