//! A match as it runs, and as it waits for players.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_graphql::{ComplexObject, Context, ID, SimpleObject, Subscription, Union};
use contracts::battles::RoomChanged;
use contracts::live::{self, LiveBattle, LivePlayer};
use contracts::{Code, Key, Topic};
use domain::id::{BattleId, UserId};
use futures::{Stream, StreamExt};
use store::gateway::battles;
use store::gateway::users::Person;

use super::event::{Gap, Lagged, Resumed, Unread, told};
use super::unbroken;
use crate::error::{ApiError, ApiResult};
use crate::feed::{self, Cursor, Kind, Source};
use crate::gateway::Gateway;
use crate::graphql::access::Stated;
use crate::graphql::object::{GameMatch, Player, named};
use crate::graphql::query::parse_id;
use crate::graphql::scalar::{DateTime, Decimal};
use crate::graphql::scope::Scope;
use crate::identity::{Permission, Visitor};

/// For how long those who play are known before they are looked up again: a nickname may change.
const PLAYERS_KNOWN_FOR: Duration = Duration::from_secs(60);

#[derive(Default)]
pub(crate) struct Matches;

/// Everybody's standing in a match at one moment.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct GameMatchUpdate {
    /// The match.
    #[graphql(name = "matchID")]
    match_id: ID,
    /// The moment, on the exchange's clock.
    time: DateTime,
    /// Everybody, by rank.
    players: Vec<LiveStanding>,
}

/// A player's standing while the match runs: all that rivals may see.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub(crate) struct LiveStanding {
    /// The player.
    #[graphql(name = "userID")]
    user_id: ID,
    /// Equity in chips, rounded to 0.01.
    equity: Decimal,
    /// The rank by equity, from 1; equals share it.
    rank: u32,
    /// How many positions are open.
    open_positions: u32,
    #[graphql(skip)]
    player: UserId,
    #[graphql(skip)]
    known: Arc<KnownPlayers>,
}

#[ComplexObject]
impl LiveStanding {
    /// The player.
    async fn user(&self, ctx: &Context<'_>) -> ApiResult<Player> {
        let viewer = ctx.visitor().signed_in().await?;
        let person = match self.known.find(self.player) {
            Some(person) => person,
            None => self.known.keep(self.player, named(ctx, self.player).await?),
        };
        Ok(Player::seen_by(&viewer, person))
    }
}

/// Those who play, for one subscription: they are the same in every standing.
#[derive(Debug)]
struct KnownPlayers(Mutex<(Instant, HashMap<UserId, Person>)>);

impl KnownPlayers {
    fn new() -> Self {
        Self(Mutex::new((Instant::now(), HashMap::new())))
    }

    fn find(&self, player: UserId) -> Option<Person> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.0.elapsed() > PLAYERS_KNOWN_FOR {
            *known = (Instant::now(), HashMap::new());
        }
        known.1.get(&player).cloned()
    }

    fn keep(&self, player: UserId, person: Person) -> Person {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.1.insert(player, person.clone());
        person
    }
}

impl LiveStanding {
    fn of(player: LivePlayer, known: &Arc<KnownPlayers>) -> Self {
        Self {
            user_id: ID(player.player.to_string()),
            equity: Decimal::of_units(player.equity),
            rank: player.rank,
            open_positions: player.open_positions,
            player: player.player,
            known: Arc::clone(known),
        }
    }
}

impl GameMatchUpdate {
    fn of(battle: LiveBattle, known: &Arc<KnownPlayers>) -> Self {
        let players = battle.players.into_iter();
        Self {
            match_id: ID(battle.battle.to_string()),
            time: battle.time.into(),
            players: players
                .map(|player| LiveStanding::of(player, known))
                .collect(),
        }
    }
}

/// Somebody came into a match that waits for players, or went, or it waits no longer.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct GameMatchRoomChanged {
    /// Where one is: go on from here with after.
    cursor: Cursor,
    /// The match as it is by now; null once one may no longer see it.
    #[graphql(name = "match")]
    game_match: Option<GameMatch>,
}

/// What the stream of a match that waits for players says.
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all that is told is of the largest"
)]
#[derive(Clone, Debug, Union)]
pub(crate) enum GameMatchRoomEvent {
    Changed(GameMatchRoomChanged),
    Resumed(Resumed),
    Gap(Gap),
    Lagged(Lagged),
}

#[Subscription(guard = "Stated")]
impl Matches {
    /// Everybody's standing in a match that one plays in, about twice a second while it runs.
    async fn game_match_updated(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The match's id.")] id: ID,
    ) -> Result<impl Stream<Item = GameMatchUpdate> + use<>, ApiError> {
        let battle = seen(ctx, &id).await?;
        let visitor = visitor(ctx);
        let user = visitor.signed_in().await?.user;
        let standings = ctx
            .gateway()
            .hub
            .hear::<LiveBattle>(&live::battle(battle))
            .await?;
        let known = Arc::new(KnownPlayers::new());
        // Many see a match while it waits, and its players alone once it is open.
        Ok(standings.filter_map(move |standing| {
            let (visitor, known) = (Arc::clone(&visitor), Arc::clone(&known));
            async move {
                let plays = standing.players.iter().any(|it| it.player == user);
                let sees = plays || may_see_all(&visitor).await;
                sees.then(|| GameMatchUpdate::of(standing, &known))
            }
        }))
    }

    /// A match that waits for players, whenever somebody comes in or goes, and when it opens or is
    /// given up; null once one may no longer see it. A client that is too slow is told LAGGED, and
    /// that is the end. To miss nothing, listen to gameMatchRoomEvents.
    async fn game_match_room_updated(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The match's id.")] id: ID,
    ) -> Result<impl Stream<Item = ApiResult<Option<GameMatch>>> + use<>, ApiError> {
        let battle = seen(ctx, &id).await?;
        let (gateway, visitor) = (Arc::clone(ctx.gateway()), visitor(ctx));
        let subject = Topic::RoomChanged.subject(&Key::from(battle));
        let changes = gateway.hub.follow::<RoomChanged>(&subject, None).await?;
        Ok(unbroken(changes).then(move |change| {
            let (gateway, visitor) = (Arc::clone(&gateway), Arc::clone(&visitor));
            async move {
                change?;
                seen_now(&gateway, &visitor, battle).await
            }
        }))
    }

    /// Everything that happens to a match that waits for players. It is kept for a week: with the cursor
    /// of the last event that one heard, what was missed comes first.
    async fn game_match_room_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The match's id.")] id: ID,
        #[graphql(desc = "Go on behind this cursor; from now on if there is none.")] after: Option<
            Cursor,
        >,
    ) -> Result<impl Stream<Item = ApiResult<GameMatchRoomEvent>> + use<>, ApiError> {
        let battle = seen(ctx, &id).await?;
        let (gateway, visitor) = (Arc::clone(ctx.gateway()), visitor(ctx));
        let sources = vec![Source::under(Topic::RoomChanged, battle.into())];
        let feed = feed::of(Arc::clone(&gateway), Kind::Room, sources, after).await?;
        Ok(told(feed, move |unread: Vec<Unread>| {
            let (gateway, visitor) = (Arc::clone(&gateway), Arc::clone(&visitor));
            async move {
                if unread.is_empty() {
                    return Ok(Vec::new());
                }
                let found = seen_now(&gateway, &visitor, battle).await?;
                let changed = |Unread { cursor, .. }| {
                    let game_match = found.clone();
                    Some(GameMatchRoomChanged { cursor, game_match }.into())
                };
                Ok(unread.into_iter().map(changed).collect())
            }
        }))
    }
}

/// Whoever listens: roles may change meanwhile.
fn visitor(ctx: &Context<'_>) -> Arc<Visitor> {
    Arc::clone(ctx.data_unchecked::<Arc<Visitor>>())
}

/// Whether the visitor is staff by now who sees every match.
async fn may_see_all(visitor: &Visitor) -> bool {
    // Nobody who plays is asked; of the few others each standing asks anew.
    let viewer = visitor.signed_in_now().await;
    viewer.is_ok_and(|viewer| viewer.may(Permission::ReadGameMatches))
}

/// The match, if the visitor may see it by now.
async fn seen_now(
    gateway: &Gateway,
    visitor: &Visitor,
    battle: BattleId,
) -> ApiResult<Option<GameMatch>> {
    let eyes = visitor
        .signed_in_now()
        .await?
        .eyes(Permission::ReadGameMatches);
    let found = battles::find(&gateway.db, eyes, &[battle]).await?;
    Ok(found.into_iter().next().map(GameMatch))
}

/// The match of this id, if the visitor may see it.
pub(super) async fn seen(ctx: &Context<'_>, id: &ID) -> ApiResult<BattleId> {
    let missing = || ApiError::of(Code::MatchNotFound);
    let battle = parse_id(id).ok_or_else(missing)?;
    GameMatch::find(ctx, battle)
        .await?
        .map(|found| found.battle())
        .ok_or_else(missing)
}
