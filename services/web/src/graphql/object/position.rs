//! Positions and the orders for them, those that the arena has not answered yet included.

use std::collections::{HashMap, HashSet};

use async_graphql::resolver_utils::enum_value;
use async_graphql::{ComplexObject, Context, Enum, ID, SimpleObject};
use contracts::Code;
use contracts::positions::FirstRow;
use domain::id::{BattleId, PositionId, RequestId, UserId};
use domain::leverage::Leverage;
use domain::order::{self, Entered, NewOrder, OrderKind, Outcome};
use domain::position::{EndCause, PositionStatus as Standing};
use domain::price::Price;
use domain::timestamp::Timestamp;
use serde::{Deserialize, Serialize};
use store::entity::battle::{self, BattleStatus};
use store::entity::position::{self, Model, PositionStatus};
use store::gateway::participants::Participant;
use store::gateway::{Viewer, battles, positions};

use super::{GameMatch, GameMatchParticipant, id};
use crate::catalogue::QUOTE;
use crate::error::{ApiError, ApiResult};
use crate::gateway::Gateway;
use crate::graphql::loaders::SeatKey;
use crate::graphql::plan::{Chosen, Planned, Write, leaves};
use crate::graphql::scalar::{DateTime, Decimal};
use crate::graphql::scope::Scope;
use crate::identity::{Permission, SignedIn};

/// Which way a position bets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "order::Side")]
pub(crate) enum GameMatchPositionSide {
    /// Gains when the price rises.
    Buy,
    /// Gains when the price falls.
    Sell,
}

/// How an order fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum GameMatchPositionType {
    /// On the first tick that counts, whatever its price.
    Market,
    /// On the first tick at the limit price or a better one.
    Limit,
}

/// Where a position stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "PositionStatus")]
pub(crate) enum GameMatchPositionStatus {
    /// The order waits for its fill, or for the arena.
    Pending,
    /// Filled, and follows the price.
    Open,
    /// Closed at a tick.
    Closed,
    /// Closed by its liquidation price.
    Liquidated,
    /// Ended without a result.
    Canceled,
    /// Refused, or accepted but not filled; the code says why.
    Rejected,
}

/// What ended a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "EndCause")]
pub(crate) enum GameMatchPositionEnd {
    /// The liquidation price was reached.
    Liquidation,
    /// The stop loss was reached.
    StopLoss,
    /// The take profit was reached.
    TakeProfit,
    /// Its owner closed it.
    Close,
    /// Its owner took the order back.
    Cancel,
    /// The match ended.
    MatchEnd,
    /// The match was canceled.
    MatchCanceled,
    /// No tick came in time to fill the market order.
    FeedStale,
    /// The fill would have been at or beyond its own liquidation price.
    LiquidationTooClose,
}

/// An order that the arena had not answered when its player was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PendingOrder {
    pub(crate) battle: BattleId,
    pub(crate) player: UserId,
    pub(crate) request: RequestId,
    /// When it was sent, in milliseconds since 1970.
    pub(crate) sent_at_ms: i64,
    /// Its sequence in POSITIONS.
    pub(crate) sequence: u64,
    pub(crate) order: NewOrder,
}

/// A leveraged position in a match, or the order for it. Its owner sees it, the match's other
/// players once the match is closed, and staff with read:gameMatchPositions.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub(crate) struct GameMatchPosition {
    /// When the order was taken.
    created_at: DateTime,
    /// When it last changed.
    updated_at: DateTime,
    /// Which way it bets.
    side: GameMatchPositionSide,
    /// How the order fills.
    #[graphql(name = "type")]
    kind: GameMatchPositionType,
    /// Where it stands.
    pub(crate) status: GameMatchPositionStatus,
    /// Why it was refused or not filled, where it is REJECTED.
    code: Option<&'static str>,
    /// What ended it; null until then.
    end_cause: Option<GameMatchPositionEnd>,
    /// Chips at stake; null where what was entered is no margin.
    margin: Option<Decimal>,
    /// How many times the margin it moves; null where what was entered is no leverage.
    leverage: Option<u8>,
    /// Margin times leverage, in chips; null until the order is taken.
    size: Option<Decimal>,
    /// The price that it was filled at, in quote currency; null until then.
    entry_price: Option<Decimal>,
    /// The limit of a LIMIT order, in quote currency.
    limit_price: Option<Decimal>,
    /// The price that it was closed at, in quote currency; null until then.
    close_price: Option<Decimal>,
    /// Where it stops a loss, in quote currency.
    stop_loss: Option<Decimal>,
    /// Where it takes a profit, in quote currency.
    target_point: Option<Decimal>,
    /// Where it is liquidated, in quote currency; null until it is filled, or if that can never be.
    liquidation_price: Option<Decimal>,
    /// Its result in chips, without fees; null until it is closed.
    profit: Option<Decimal>,
    /// When it was filled, on the exchange's clock.
    opened_at: Option<DateTime>,
    /// When it ended, on the exchange's clock.
    closed_at: Option<DateTime>,
    /// When the order went stale for want of a price, on the exchange's clock.
    expired_at: Option<DateTime>,
    #[graphql(skip)]
    position: PositionId,
    #[graphql(skip)]
    battle: BattleId,
    #[graphql(skip)]
    player: UserId,
    #[graphql(skip)]
    symbol: Option<String>,
}

#[ComplexObject]
impl GameMatchPosition {
    /// The position's id.
    pub(crate) async fn id(&self) -> ID {
        id(self.position.uuid())
    }

    /// The match.
    #[graphql(name = "gameMatchID")]
    async fn game_match_id(&self) -> ID {
        id(self.battle.uuid())
    }

    /// The match.
    #[graphql(name = "match")]
    async fn game_match(&self, ctx: &Context<'_>) -> ApiResult<GameMatch> {
        GameMatch::of(ctx, self.battle).await
    }

    /// Its owner's place in the match.
    #[graphql(name = "gameMatchParticipantID")]
    async fn game_match_participant_id(&self, ctx: &Context<'_>) -> ApiResult<ID> {
        Ok(id(self.seat(ctx).await?.participant_id))
    }

    /// Its owner in the match.
    async fn participant(&self, ctx: &Context<'_>) -> ApiResult<GameMatchParticipant> {
        self.seat(ctx).await.map(GameMatchParticipant::from)
    }

    /// The asset's id, such as bitcoin; null where what was entered is no asset.
    async fn base_token(&self, ctx: &Context<'_>) -> Option<String> {
        self.asset(ctx.gateway()).map(str::to_owned)
    }

    /// What the asset is quoted in.
    async fn quote_token(&self) -> &'static str {
        QUOTE
    }
}

impl GameMatchPosition {
    /// The match that it is in.
    pub(crate) fn battle(&self) -> BattleId {
        self.battle
    }

    /// Its owner.
    pub(crate) fn player(&self) -> UserId {
        self.player
    }

    /// The id of its asset, or what its market is called where that is no asset any more.
    fn asset<'a>(&'a self, gateway: &'a Gateway) -> Option<&'a str> {
        let symbol = self.symbol.as_deref()?;
        let asset = gateway.catalogue.find(symbol);
        Some(asset.map_or(symbol, |asset| &asset.id))
    }

    async fn seat(&self, ctx: &Context<'_>) -> ApiResult<Participant> {
        let key = SeatKey {
            battle: self.battle,
            player: self.player,
        };
        let missing = || ApiError::from(store::Error::corrupt("seats", self.battle));
        ctx.loaders().load_one(key).await?.ok_or_else(missing)
    }

    /// The position, if the visitor may see it: as the arena keeps it, or else as it was sent.
    pub(crate) async fn find(scope: &impl Scope, id: PositionId) -> ApiResult<Option<Self>> {
        let viewer = scope.visitor().signed_in().await?;
        let mut found = Self::find_each(scope.gateway(), &viewer, &[id]).await?;
        Ok(found.remove(&id))
    }

    /// The same of many at once.
    pub(crate) async fn find_each(
        gateway: &Gateway,
        viewer: &SignedIn,
        ids: &[PositionId],
    ) -> ApiResult<HashMap<PositionId, Self>> {
        let eyes = viewer.eyes(Permission::ReadGameMatchPositions);
        let kept = positions::find(&gateway.db, eyes, ids).await?;
        let mut found: HashMap<PositionId, Self> = kept.into_iter().map(Self::keyed).collect();
        let missing: Vec<_> = ids
            .iter()
            .filter(|id| !found.contains_key(id))
            .copied()
            .collect();
        let mut sent: Vec<PendingOrder> = gateway.cache.find_orders(&missing).await?;
        sent.retain(|sent| eyes == Viewer::Staff || sent.player == viewer.user);
        found.extend(Self::become_of(gateway, sent).await?);
        Ok(found)
    }

    /// What became of orders that were sent and had no row.
    async fn become_of(
        gateway: &Gateway,
        sent: Vec<PendingOrder>,
    ) -> ApiResult<HashMap<PositionId, Self>> {
        if sent.is_empty() {
            return Ok(HashMap::new());
        }
        let db = &gateway.db;
        // Before the outcomes: what was decided by then has one among them, if it has any.
        let decided = positions::decided_up_to(db).await?;
        let key = |sent: &PendingOrder| (sent.battle, sent.player, sent.request);
        let keys: Vec<_> = sent.iter().map(key).collect();
        let outcomes = positions::find_outcomes(db, &keys).await?;
        let battles: Vec<_> = sent.iter().map(|sent| sent.battle).collect();
        let going_on = going_on(&battles::find(db, Viewer::Staff, &battles).await?);
        let mut taken = Vec::new();
        let mut found = HashMap::new();
        for sent in sent {
            let code = match outcomes.get(&key(&sent)).map(|kept| &kept.outcome) {
                Some(Outcome::Refused(refusal)) => Some(Code::from(*refusal)),
                Some(Outcome::Accepted { position }) => {
                    taken.push(*position);
                    None
                }
                None if !going_on.contains(&sent.battle) => Some(Code::MatchNotOpen),
                // Of what web lets through, this is what leaves no trace; so would an order that was
                // parked as unreadable.
                None if decided.contains(sent.battle, sent.sequence) => Some(Code::RateLimited),
                None => None,
            };
            found.insert(sent.order.position, Self::sent(sent, code));
        }
        // They were taken between two looks.
        if !taken.is_empty() {
            let rows = positions::find(db, Viewer::Staff, &taken).await?;
            found.extend(rows.into_iter().map(Self::keyed));
        }
        Ok(found)
    }

    fn keyed(row: Model) -> (PositionId, Self) {
        (row.id.into(), row.into())
    }

    /// An order without a row: pending, or rejected with this code.
    pub(crate) fn sent(sent: PendingOrder, code: Option<Code>) -> Self {
        let at = DateTime::from(Timestamp::from_ms(sent.sent_at_ms));
        let order = sent.order;
        let price = |entered: Entered<Price>| entered.value().map(Decimal::from);
        let (kind, limit_price) = match order.kind {
            OrderKind::Market => (GameMatchPositionType::Market, None),
            OrderKind::Limit(limit) => (GameMatchPositionType::Limit, price(limit)),
        };
        Self {
            position: order.position,
            created_at: at,
            updated_at: at,
            side: order.side.into(),
            kind,
            status: match code {
                None => GameMatchPositionStatus::Pending,
                Some(_) => GameMatchPositionStatus::Rejected,
            },
            code: code.map(Code::text),
            end_cause: None,
            margin: order.margin.value().map(Decimal::from),
            leverage: order.leverage.value().map(Leverage::times),
            size: None,
            entry_price: None,
            limit_price,
            close_price: None,
            stop_loss: price(order.stop_loss),
            target_point: price(order.take_profit),
            liquidation_price: None,
            profit: None,
            opened_at: None,
            closed_at: None,
            expired_at: None,
            battle: sent.battle,
            player: sent.player,
            symbol: order
                .symbol
                .value()
                .map(|symbol| symbol.as_str().to_owned()),
        }
    }
}

impl Planned for GameMatchPosition {
    fn field(chosen: &Chosen<'_>) -> Option<Write<Self>> {
        leaves!(chosen: |position, gateway|
            "id" => id(position.position.uuid()),
            "createdAt" => position.created_at,
            "updatedAt" => position.updated_at,
            "gameMatchID" => id(position.battle.uuid()),
            "baseToken" => position.asset(gateway),
            "quoteToken" => QUOTE,
            "side" => enum_value(position.side),
            "type" => enum_value(position.kind),
            "status" => enum_value(position.status),
            "code" => position.code,
            "endCause" => position.end_cause.map(enum_value),
            "margin" => position.margin,
            "leverage" => position.leverage,
            "size" => position.size,
            "entryPrice" => position.entry_price,
            "limitPrice" => position.limit_price,
            "closePrice" => position.close_price,
            "stopLoss" => position.stop_loss,
            "targetPoint" => position.target_point,
            "liquidationPrice" => position.liquidation_price,
            "profit" => position.profit,
            "openedAt" => position.opened_at,
            "closedAt" => position.closed_at,
            "expiredAt" => position.expired_at,
        )
    }
}

impl From<FirstRow> for GameMatchPosition {
    fn from(first: FirstRow) -> Self {
        let FirstRow { state, at_ms } = first;
        let at = DateTime::from(Timestamp::from_ms(at_ms));
        let (kind, limit_price) = match state.kind {
            OrderKind::Market => (GameMatchPositionType::Market, None),
            OrderKind::Limit(price) => (GameMatchPositionType::Limit, Some(price)),
        };
        let cause = state.end.map(|end| end.cause);
        let exit = state.end.and_then(|end| end.exit);
        let closed_at = state.end.map(|end| DateTime::from(end.time));
        let stale = cause == Some(EndCause::FeedStale);
        Self {
            position: state.id,
            created_at: at,
            updated_at: at,
            side: state.side.into(),
            kind,
            status: match state.status {
                Standing::Pending => GameMatchPositionStatus::Pending,
                Standing::Open => GameMatchPositionStatus::Open,
                Standing::Closed => GameMatchPositionStatus::Closed,
                Standing::Liquidated => GameMatchPositionStatus::Liquidated,
                Standing::Canceled => GameMatchPositionStatus::Canceled,
                Standing::Rejected => GameMatchPositionStatus::Rejected,
            },
            code: cause.and_then(rejection).map(Code::text),
            end_cause: cause.map(Into::into),
            margin: Some(state.margin.into()),
            leverage: Some(state.leverage.times()),
            size: Some(state.size.into()),
            entry_price: state.fill.map(|fill| fill.tick.price.into()),
            limit_price: limit_price.map(Into::into),
            close_price: exit.map(|exit| exit.tick.price.into()),
            stop_loss: state.stop_loss.map(Into::into),
            target_point: state.take_profit.map(Into::into),
            liquidation_price: state.fill.and_then(|fill| fill.liquidation).map(Into::into),
            profit: exit.map(|exit| exit.profit.into()),
            opened_at: state.fill.map(|fill| fill.tick.time.into()),
            closed_at,
            expired_at: closed_at.filter(|_| stale),
            battle: state.battle,
            player: state.player,
            symbol: Some(state.symbol.as_str().to_owned()),
        }
    }
}

impl From<Model> for GameMatchPosition {
    fn from(row: Model) -> Self {
        let price = |units: Option<i64>| units.map(Decimal::of_units);
        let time = |ms: Option<i64>| ms.map(|ms| Timestamp::from_ms(ms).into());
        let end = row.end_cause.as_deref().and_then(read_end);
        let stale = end == Some(EndCause::FeedStale);
        Self {
            position: row.id.into(),
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
            side: match row.side {
                position::Side::Buy => GameMatchPositionSide::Buy,
                position::Side::Sell => GameMatchPositionSide::Sell,
            },
            kind: match row.kind {
                position::OrderKind::Market => GameMatchPositionType::Market,
                position::OrderKind::Limit => GameMatchPositionType::Limit,
            },
            status: row.status.into(),
            code: end.and_then(rejection).map(Code::text),
            end_cause: end.map(Into::into),
            margin: Some(Decimal::of_units(row.margin)),
            leverage: u8::try_from(row.leverage).ok(),
            size: Some(Decimal::of_units(row.size)),
            entry_price: price(row.fill_price),
            limit_price: price(row.limit_price),
            close_price: price(row.exit_price),
            stop_loss: price(row.stop_loss),
            target_point: price(row.take_profit),
            liquidation_price: price(row.liquidation_price),
            profit: row.profit.map(Decimal::of_units),
            opened_at: time(row.fill_time_ms),
            closed_at: time(row.end_time_ms),
            expired_at: time(row.end_time_ms.filter(|_| stale)),
            battle: row.battle_id.into(),
            player: row.player_id.into(),
            symbol: Some(row.symbol),
        }
    }
}

/// The matches in which something that was sent can still be taken.
fn going_on(battles: &[battle::Model]) -> HashSet<BattleId> {
    let goes_on = |battle: &&battle::Model| match battle.status {
        BattleStatus::Waiting | BattleStatus::Open | BattleStatus::Settling => true,
        BattleStatus::Closed | BattleStatus::Canceled => false,
    };
    let going_on = battles.iter().filter(goes_on);
    going_on.map(|battle| battle.id.into()).collect()
}

fn read_end(text: &str) -> Option<EndCause> {
    serde_json::from_value(serde_json::Value::String(text.to_owned())).ok()
}

/// The code of an end that is a rejection.
const fn rejection(end: EndCause) -> Option<Code> {
    match end {
        EndCause::FeedStale => Some(Code::FeedStale),
        EndCause::LiquidationTooClose => Some(Code::LeverageNotAllowed),
        EndCause::Liquidation
        | EndCause::StopLoss
        | EndCause::TakeProfit
        | EndCause::Close
        | EndCause::Cancel
        | EndCause::MatchEnd
        | EndCause::MatchCanceled => None,
    }
}
