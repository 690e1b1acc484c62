//! Matches. The code elsewhere says battle, for `match` is a keyword.

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use domain::game::Template;
use domain::id::{BattleId, GameId};
use domain::money::Currency;
use domain::timestamp::Timestamp;
use store::entity::battle::{self, BattleStatus};
use store::gateway::{participants, positions};
use uuid::Uuid;

use super::{Game, GameMatchParticipant, GameMatchPosition, Player, id};
use crate::error::{ApiError, ApiResult};
use crate::graphql::loaders::{Named, RecordOf, WAITING_SHOWN, WaitingIn};
use crate::graphql::page::{self, Listing, Order, Paging, Wanted};
use crate::graphql::scalar::{DateTime, Decimal};
use crate::graphql::scope::Scope;
use crate::identity::Permission;

/// Where a match stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "BattleStatus")]
pub(crate) enum GameMatchStatus {
    /// It waits for players.
    Waiting,
    /// It counts down or trades.
    Open,
    /// Its time is up; its result is awaited.
    Settling,
    /// It is paid.
    Closed,
    /// It was called off; every fee is back.
    Canceled,
}

/// One match of a game.
#[derive(Clone, Debug)]
pub(crate) struct GameMatch(pub(crate) battle::Model);

impl From<battle::Model> for GameMatch {
    fn from(row: battle::Model) -> Self {
        Self(row)
    }
}

impl GameMatch {
    /// Its id.
    pub(crate) fn battle(&self) -> BattleId {
        self.0.id.into()
    }
}

/// One match of a game. Its players see it, everybody while it waits for anybody, and staff with
/// read:gameMatches.
#[Object]
impl GameMatch {
    /// The match's id.
    pub(crate) async fn id(&self) -> ID {
        id(self.0.id)
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }

    /// When it last changed its status.
    async fn updated_at(&self) -> DateTime {
        self.0.updated_at.into()
    }

    /// The game that it is a match of.
    #[graphql(name = "gameID")]
    async fn game_id(&self) -> ID {
        id(self.0.game_id)
    }

    /// The game, in the version that this match keeps.
    async fn game(&self, ctx: &Context<'_>) -> ApiResult<Game> {
        let found = ctx.loaders().load_one(GameId::new(self.0.game_id)).await?;
        let game = found.ok_or_else(|| store::Error::corrupt("games", self.0.game_id))?;
        Ok(Game::from(game).kept_by(&self.0))
    }

    /// Where it stands.
    async fn status(&self) -> GameMatchStatus {
        self.0.status.into()
    }

    /// When trading starts, on the exchange's clock; null while it waits for players.
    async fn start_time(&self) -> Option<DateTime> {
        self.0.start_time_ms.map(|ms| Timestamp::from_ms(ms).into())
    }

    /// When trading ends, on the exchange's clock; null while it waits for players.
    async fn end_time(&self) -> Option<DateTime> {
        self.0.end_time_ms.map(|ms| Timestamp::from_ms(ms).into())
    }

    /// Whether cups, experience and items are at stake.
    async fn ranked(&self) -> bool {
        self.0.ranked
    }

    /// How often its result was stated: 1 once it is closed, one more for each correction; 0 before.
    async fn revision(&self) -> i32 {
        self.0.revision
    }

    /// The single winner; null before the end, and where there is none.
    #[graphql(name = "winnerID")]
    async fn winner_id(&self) -> Option<ID> {
        self.0.winner_id.map(id)
    }

    /// The single winner; null before the end, and where there is none.
    async fn winner(&self, ctx: &Context<'_>) -> ApiResult<Option<Player>> {
        named(ctx, self.0.winner_id).await
    }

    /// Who made it, to play with people of their choice; null where matchmaking did.
    async fn creator(&self, ctx: &Context<'_>) -> ApiResult<Option<Player>> {
        named(ctx, self.0.creator_id).await
    }

    /// What others need to come into a private match; null where everybody may.
    async fn invite_code(&self) -> Option<&str> {
        self.0.invite_code.as_deref()
    }

    /// When it is given up unless it has opened, on the exchange's clock; null where matchmaking
    /// made it.
    async fn expires_at(&self) -> Option<DateTime> {
        self.0.expires_at_ms.map(|ms| Timestamp::from_ms(ms).into())
    }

    /// Who waits in it for the start, in the order in which they came; the first 100. Empty once it
    /// has opened.
    #[graphql(complexity = "WAITING_SHOWN as usize * child_complexity")]
    async fn waiting(&self, ctx: &Context<'_>) -> ApiResult<Vec<Player>> {
        if self.0.status != BattleStatus::Waiting {
            return Ok(Vec::new());
        }
        let viewer = ctx.visitor().signed_in().await?;
        let waiting = ctx.loaders().load_one(WaitingIn(self.battle())).await?;
        let waiting = waiting.unwrap_or_default().into_iter();
        let waiting: Vec<Named> = waiting.map(Named).collect();
        let mut people = ctx.loaders().load_many(waiting.iter().copied()).await?;
        let people = waiting.iter().filter_map(|player| people.remove(player));
        Ok(people
            .map(|person| Player::seen_by(&viewer, person))
            .collect())
    }

    /// Everybody in it: by rank once it is settled, by seat before.
    #[graphql(complexity = "page::cost(first, last, child_complexity)")]
    async fn participants(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
        #[graphql(desc = "The first so many of them, 0 to 100; 20 if neither is given.")]
        first: Option<i32>,
        #[graphql(desc = "The last so many of them, 0 to 100.")] last: Option<i32>,
    ) -> ApiResult<Listing<GameMatchParticipant>> {
        let order_by = Some(Order::CreatedAtAsc);
        let paging = Paging {
            after,
            before,
            first,
            last,
            order_by,
        };
        let eyes = ctx
            .visitor()
            .signed_in()
            .await?
            .eyes(Permission::ReadGameMatches);
        page::read(
            ctx,
            participants::list(eyes, self.battle()),
            &paging,
            Wanted::asked(ctx),
        )
        .await
    }

    /// Its positions: one's own, and once it is closed everybody's. Staff with
    /// read:gameMatchPositions see all.
    #[graphql(complexity = "page::cost(first, last, child_complexity)")]
    async fn positions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
        #[graphql(desc = "The first so many of them, 0 to 100; 20 if neither is given.")]
        first: Option<i32>,
        #[graphql(desc = "The last so many of them, 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "In which order; those first that came last, unless given.")]
        order_by: Option<Order>,
    ) -> ApiResult<Listing<GameMatchPosition>> {
        let paging = Paging {
            after,
            before,
            first,
            last,
            order_by,
        };
        let eyes = ctx
            .visitor()
            .signed_in()
            .await?
            .eyes(Permission::ReadGameMatchPositions);
        let filter = positions::Filter {
            battle: Some(self.battle()),
            ..positions::Filter::default()
        };
        page::read(
            ctx,
            positions::list(eyes, filter),
            &paging,
            Wanted::asked(ctx),
        )
        .await
    }

    /// Its audit record, from which anybody can replay it; null until it is closed or canceled, and
    /// its result sealed.
    async fn record(&self, ctx: &Context<'_>) -> ApiResult<Option<MatchRecord>> {
        if !matches!(self.0.status, BattleStatus::Closed | BattleStatus::Canceled) {
            return Ok(None);
        }
        let kept = ctx.loaders().load_one(RecordOf(self.battle())).await?;
        Ok(kept.map(|kept| MatchRecord {
            url: format!("/records/{}", kept.battle_id),
            size: kept.size.into(),
            sha256: kept.sha256,
        }))
    }
}

/// The audit record of a match. It is kept for ever.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct MatchRecord {
    /// SHA-256 of the record, in hexadecimal digits.
    sha256: String,
    /// How long the record is, in bytes, which can be more than an `Int` holds.
    size: Decimal,
    /// The path to download it from, on the API's host; no token is needed.
    url: String,
}

impl GameMatch {
    /// What its fee and prizes are counted in.
    pub(crate) fn currency(&self) -> ApiResult<Currency> {
        let template: Result<Template, _> = serde_json::from_value(self.0.template.clone());
        template
            .map(|template| template.currency)
            .map_err(|_foreign| store::Error::corrupt("battles", self.0.id).into())
    }

    /// The match, if the visitor may see it.
    pub(crate) async fn find(ctx: &Context<'_>, battle: BattleId) -> ApiResult<Option<Self>> {
        let eyes = ctx
            .visitor()
            .signed_in()
            .await?
            .eyes(Permission::ReadGameMatches);
        let found = store::gateway::battles::find(ctx.db(), eyes, &[battle]).await?;
        Ok(found.into_iter().next().map(Self))
    }

    /// The match of something that the visitor was shown.
    pub(crate) async fn of(ctx: &Context<'_>, battle: BattleId) -> ApiResult<Self> {
        let found = ctx.loaders().load_one(battle).await?;
        let missing = || ApiError::from(store::Error::corrupt("battles", battle));
        found.map(Self).ok_or_else(missing)
    }
}

async fn named(ctx: &Context<'_>, user: Option<Uuid>) -> ApiResult<Option<Player>> {
    match user {
        Some(user) => Player::named(ctx, user.into()).await.map(Some),
        None => Ok(None),
    }
}
