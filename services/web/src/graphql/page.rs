//! Relay connections over the store's keyset slices.

use async_graphql::{Context, Enum, OutputType, SimpleObject};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use store::gateway::{Cursor, List, Part, Row, Slice, Toward};
use uuid::Uuid;

use super::object::{
    Achievement, AchievementDefinition, Asset, Friendship, Game, GameMatch, GameMatchParticipant,
    GameMatchPosition, LeaderboardEdge, Notification, Party, PublicUser, QueueTicket, Season,
    Session, Transaction, Wallet, Withdrawal,
};
use super::plan::{Chosen, Planned, Write, leaves};
use super::scope::Scope;
use crate::error::{ApiError, ApiResult};

/// How many rows a page has, where the client does not say.
pub(crate) const DEFAULT_ROWS: u32 = 20;

/// The most rows of a page.
pub(crate) const MAX_ROWS: u32 = 100;

/// A part of a list, as Relay's connections have it.
#[derive(Debug, SimpleObject)]
#[graphql(
    concrete(name = "AchievementConnection", params("Edge<Achievement>")),
    concrete(
        name = "AchievementDefinitionConnection",
        params("Edge<AchievementDefinition>")
    ),
    concrete(name = "AssetConnection", params("Edge<Asset>")),
    concrete(name = "FriendshipConnection", params("Edge<Friendship>")),
    concrete(name = "GameConnection", params("Edge<Game>")),
    concrete(name = "GameMatchConnection", params("Edge<GameMatch>")),
    concrete(
        name = "GameMatchParticipantConnection",
        params("Edge<GameMatchParticipant>")
    ),
    concrete(
        name = "GameMatchPositionConnection",
        params("Edge<GameMatchPosition>")
    ),
    concrete(name = "LeaderboardConnection", params(LeaderboardEdge)),
    concrete(name = "NotificationConnection", params("Edge<Notification>")),
    concrete(name = "PartyConnection", params("Edge<Party>")),
    concrete(name = "PublicUserConnection", params("Edge<PublicUser>")),
    concrete(name = "QueueTicketConnection", params("Edge<QueueTicket>")),
    concrete(name = "SeasonConnection", params("Edge<Season>")),
    concrete(name = "SessionConnection", params("Edge<Session>")),
    concrete(name = "TransactionConnection", params("Edge<Transaction>")),
    concrete(name = "WalletConnection", params("Edge<Wallet>")),
    concrete(name = "WithdrawalConnection", params("Edge<Withdrawal>"))
)]
pub(crate) struct Connection<E: OutputType> {
    /// The rows.
    edges: Vec<E>,
    /// Where the list goes on.
    page_info: PageInfo,
    /// How many rows the whole list has.
    total_count: i64,
}

/// A part of a list of these.
pub(crate) type Listing<N> = Connection<Edge<N>>;

/// A row of a list.
#[derive(Debug, SimpleObject)]
#[graphql(
    concrete(name = "AchievementEdge", params(Achievement)),
    concrete(name = "AchievementDefinitionEdge", params(AchievementDefinition)),
    concrete(name = "AssetEdge", params(Asset)),
    concrete(name = "FriendshipEdge", params(Friendship)),
    concrete(name = "GameEdge", params(Game)),
    concrete(name = "GameMatchEdge", params(GameMatch)),
    concrete(name = "GameMatchParticipantEdge", params(GameMatchParticipant)),
    concrete(name = "GameMatchPositionEdge", params(GameMatchPosition)),
    concrete(name = "NotificationEdge", params(Notification)),
    concrete(name = "PartyEdge", params(Party)),
    concrete(name = "PublicUserEdge", params(PublicUser)),
    concrete(name = "QueueTicketEdge", params(QueueTicket)),
    concrete(name = "SeasonEdge", params(Season)),
    concrete(name = "SessionEdge", params(Session)),
    concrete(name = "TransactionEdge", params(Transaction)),
    concrete(name = "WalletEdge", params(Wallet)),
    concrete(name = "WithdrawalEdge", params(Withdrawal))
)]
pub(crate) struct Edge<N: OutputType> {
    /// What stands there.
    node: N,
    /// Where it stands, for after and before.
    cursor: String,
}

impl<N> Planned for Listing<N>
where
    N: Planned,
    Edge<N>: OutputType,
    Self: OutputType,
{
    fn field(chosen: &Chosen<'_>) -> Option<Write<Self>> {
        match chosen.name() {
            "edges" => chosen.objects(|listing: &Self| &listing.edges),
            "pageInfo" => chosen.object(|listing: &Self| &listing.page_info),
            _ => leaves!(chosen: |listing, _| "totalCount" => listing.total_count,),
        }
    }
}

impl<N: Planned> Planned for Edge<N>
where
    Self: OutputType,
{
    fn field(chosen: &Chosen<'_>) -> Option<Write<Self>> {
        match chosen.name() {
            "node" => chosen.object(|edge: &Self| &edge.node),
            _ => leaves!(chosen: |edge, _| "cursor" => edge.cursor,),
        }
    }
}

impl Planned for PageInfo {
    fn field(chosen: &Chosen<'_>) -> Option<Write<Self>> {
        leaves!(chosen: |info, _|
            "hasPreviousPage" => info.has_previous_page,
            "hasNextPage" => info.has_next_page,
            "startCursor" => info.start_cursor,
            "endCursor" => info.end_cursor,
        )
    }
}

/// Where a list goes on.
#[derive(Debug, SimpleObject)]
pub(crate) struct PageInfo {
    /// Whether there are rows before this part.
    has_previous_page: bool,
    /// Whether there are rows behind this part.
    has_next_page: bool,
    /// Where the first row stands; null where there is none.
    start_cursor: Option<String>,
    /// Where the last row stands; null where there is none.
    end_cursor: Option<String>,
}

/// In which order a list comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum Order {
    /// Those first that came last.
    CreatedAtDesc,
    /// Those first that came first.
    CreatedAtAsc,
}

/// The arguments that every list takes.
#[derive(Debug)]
pub(crate) struct Paging {
    pub(crate) after: Option<String>,
    pub(crate) before: Option<String>,
    pub(crate) first: Option<i32>,
    pub(crate) last: Option<i32>,
    pub(crate) order_by: Option<Order>,
}

impl Paging {
    /// How many rows are asked for, if they may be.
    pub(crate) fn rows(&self) -> u32 {
        asked(self.first, self.last)
    }

    /// The slice that they ask for; `BAD_USER_INPUT` if they contradict each other.
    pub(crate) fn slice(&self) -> ApiResult<Slice> {
        let (rows, toward) = match (self.first, self.last) {
            (Some(_), Some(_)) => {
                return Err(ApiError::bad_input(
                    "last",
                    "either first or last, and not both",
                ));
            }
            (first, None) => (rows("first", first)?, Toward::End),
            (None, last) => (rows("last", last)?, Toward::Beginning),
        };
        Ok(Slice {
            after: read_cursor("after", self.after.as_deref())?,
            before: read_cursor("before", self.before.as_deref())?,
            limit: rows,
            toward,
            ascending: self.order_by == Some(Order::CreatedAtAsc),
        })
    }
}

/// What looking anything up costs beside its rows, in fields.
pub(crate) const LOOK_UP: usize = 25;

/// What a list comes to that is looked up as a whole: as much as ten rows of this complexity.
pub(crate) fn cost_of_whole(row: usize) -> usize {
    LOOK_UP.saturating_add(row.saturating_mul(10))
}

/// How many rows are asked for.
fn asked(first: Option<i32>, last: Option<i32>) -> u32 {
    let rows = first.or(last);
    rows.and_then(|rows| u32::try_from(rows).ok())
        .unwrap_or(DEFAULT_ROWS)
}

/// What a page of `first` or `last` rows, each of this complexity, comes to.
pub(crate) fn cost(first: Option<i32>, last: Option<i32>, row: usize) -> usize {
    let rows = asked(first, last);
    usize::try_from(rows.clamp(1, MAX_ROWS))
        .unwrap_or(usize::MAX)
        .saturating_mul(row)
        .saturating_add(LOOK_UP)
}

fn rows(argument: &str, rows: Option<i32>) -> ApiResult<u32> {
    let Some(rows) = rows else {
        return Ok(DEFAULT_ROWS);
    };
    u32::try_from(rows)
        .ok()
        .filter(|rows| *rows <= MAX_ROWS)
        .ok_or_else(|| ApiError::bad_input(argument, "0 to 100"))
}

/// A cursor as clients see it: 24 bytes they need not understand.
pub(crate) fn write_cursor(cursor: Cursor) -> String {
    let mut bytes = cursor.number.to_be_bytes().to_vec();
    bytes.extend_from_slice(cursor.id.as_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

fn read_cursor(argument: &str, text: Option<&str>) -> ApiResult<Option<Cursor>> {
    let read = |text: &str| {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (number, id) = bytes.split_first_chunk::<8>()?;
        Some(Cursor {
            number: i64::from_be_bytes(*number),
            id: Uuid::from_slice(id).ok()?,
        })
    };
    text.map(|text| {
        read(text).ok_or_else(|| ApiError::bad_input(argument, "a cursor of this list"))
    })
    .transpose()
}

/// What of a list is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    rows: bool,
    count: bool,
}

impl Wanted {
    /// What is asked for of the list that is resolved.
    pub(crate) fn asked(ctx: &Context<'_>) -> Self {
        Self::of(|field| ctx.look_ahead().field(field).exists())
    }

    /// Where these fields of its connection are asked for.
    pub(crate) fn of(asks: impl Fn(&str) -> bool) -> Self {
        Self {
            rows: asks("edges") || asks("pageInfo"),
            count: asks("totalCount"),
        }
    }
}

/// Reads a slice of `list` unless the client only wants to know how long the whole is, which is
/// counted only if it does.
pub(crate) async fn read<R, N>(
    scope: &impl Scope,
    list: List<R>,
    paging: &Paging,
    wanted: Wanted,
) -> ApiResult<Listing<N>>
where
    R: Row,
    N: From<R> + OutputType,
    Edge<N>: OutputType,
{
    let slice = paging.slice()?;
    let part = async { Ok(list.part(scope.db(), &slice).await?) };
    let count = async { Ok(list.count(scope.db()).await?) };
    let (part, total_count) = gather(wanted, part, count).await?;
    Ok(listing(part, total_count))
}

/// Reads the rows and counts the whole list, each only if it is asked for.
pub(crate) async fn gather<R>(
    wanted: Wanted,
    part: impl Future<Output = ApiResult<Part<R>>>,
    count: impl Future<Output = ApiResult<i64>>,
) -> ApiResult<(Part<R>, i64)> {
    let part = if wanted.rows {
        part.await?
    } else {
        Part {
            rows: Vec::new(),
            has_next: false,
            has_previous: false,
        }
    };
    let total_count = if wanted.count { count.await? } else { 0 };
    Ok((part, total_count))
}

/// The connection of rows that were read.
pub(crate) fn listing<R, N>(part: Part<R>, total_count: i64) -> Listing<N>
where
    N: From<R> + OutputType,
    Edge<N>: OutputType,
{
    let edge = |row, cursor| Edge {
        node: N::from(row),
        cursor,
    };
    connection(part, total_count, edge)
}

/// The connection of rows that were read, each of them with its cursor an edge.
pub(crate) fn connection<R, E: OutputType>(
    part: Part<R>,
    total_count: i64,
    edge: impl Fn(R, String) -> E,
) -> Connection<E> {
    let cursor = |row: Option<&(Cursor, R)>| row.map(|(at, _)| write_cursor(*at));
    let page_info = PageInfo {
        has_previous_page: part.has_previous,
        has_next_page: part.has_next,
        start_cursor: cursor(part.rows.first()),
        end_cursor: cursor(part.rows.last()),
    };
    let rows = part.rows.into_iter();
    Connection {
        edges: rows.map(|(at, row)| edge(row, write_cursor(at))).collect(),
        page_info,
        total_count,
    }
}

/// Defines a query that lists: `name(after before first last orderBy filterBy)`, or without the
/// filter. `read` answers which list it is that the visitor may see.
macro_rules! list {
    ($(#[$doc:meta])* $query:ident: $name:ident($filter:ty) -> $node:ty, $read:expr) => {
        crate::graphql::page::list!(@define [$(#[$doc])*] $query $name $node [
            #[graphql(desc = "Which of them.")] filter_by: Option<$filter>,
        ] |ctx| $read(ctx, filter_by.unwrap_or_default()));
    };
    ($(#[$doc:meta])* $query:ident: $name:ident -> $node:ty, $read:expr) => {
        crate::graphql::page::list!(@define [$(#[$doc])*] $query $name $node [] |ctx| $read(ctx));
    };
    (@define [$(#[$doc:meta])*] $query:ident $name:ident $node:ty [$($filter:tt)*] |$ctx:ident| $read:expr) => {
        #[derive(Default)]
        pub(crate) struct $query;

        #[async_graphql::Object]
        impl $query {
            $(#[$doc])*
            #[graphql(complexity = "crate::graphql::page::cost(first, last, child_complexity)")]
            #[allow(clippy::too_many_arguments, reason = "they are Relay's")]
            async fn $name(
                &self,
                $ctx: &async_graphql::Context<'_>,
                #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
                #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
                #[graphql(desc = "The first so many of them, 0 to 100; 20 if neither is given.")]
                first: Option<i32>,
                #[graphql(desc = "The last so many of them, 0 to 100.")]
                last: Option<i32>,
                #[graphql(desc = "In which order; those first that came last, unless given.")]
                order_by: Option<crate::graphql::page::Order>,
                $($filter)*
            ) -> crate::error::ApiResult<crate::graphql::page::Listing<$node>> {
                let paging = crate::graphql::page::Paging { after, before, first, last, order_by };
                let list = $read.await?;
                let wanted = crate::graphql::page::Wanted::asked($ctx);
                crate::graphql::page::read($ctx, list, &paging, wanted).await
            }
        }
    };
}
pub(crate) use list;

#[cfg(test)]
mod tests {
    use super::*;

    fn paging(first: Option<i32>, last: Option<i32>) -> Paging {
        Paging {
            after: None,
            before: None,
            first,
            last,
            order_by: None,
        }
    }

    #[test]
    fn a_page_has_20_rows_unless_told_and_at_most_100() {
        assert_eq!(
            paging(None, None).slice().map(|slice| slice.limit).ok(),
            Some(20)
        );
        assert_eq!(
            paging(Some(100), None)
                .slice()
                .map(|slice| slice.limit)
                .ok(),
            Some(100)
        );
        assert!(paging(Some(101), None).slice().is_err());
        assert!(paging(Some(-1), None).slice().is_err());
        assert!(paging(None, Some(101)).slice().is_err());
        assert!(paging(Some(1), Some(1)).slice().is_err());
    }

    #[test]
    fn a_cursor_reads_back_and_nothing_else_does() {
        let cursor = Cursor {
            number: -7,
            id: Uuid::from_u128(9),
        };
        let text = write_cursor(cursor);
        assert_eq!(read_cursor("after", Some(&text)).ok(), Some(Some(cursor)));
        for text in ["", "x", "AAAA", &text[1..]] {
            assert!(read_cursor("after", Some(text)).is_err(), "{text}");
        }
    }
}
