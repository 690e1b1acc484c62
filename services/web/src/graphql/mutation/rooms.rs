//! Matches that one makes for people of one's choice.

use async_graphql::{Context, ID, Object, SimpleObject};
use contracts::commands::{
    Ask, CreateRoom, JoinRoom, JoinRoomAsParty, KickFromRoom, LeaveRoom, StartRoom,
};
use contracts::{Code, Service};
use domain::id::BattleId;
use uuid::Uuid;

use super::{caller, id_of, lapses_at_ms};
use crate::error::{ApiError, ApiResult};
use crate::graphql::object::GameMatch;
use crate::graphql::payload::{UserError, told};
use crate::graphql::query::parse_id;
use crate::graphql::scope::Scope;
use crate::identity::Permission;

#[derive(Default)]
pub(crate) struct Rooms;

/// What came of a change of a match that waits for players.
#[derive(Debug, SimpleObject)]
pub(crate) struct MatchPayload {
    /// The match afterwards; null if the change was refused, or if one may no longer see it.
    #[graphql(name = "match")]
    game_match: Option<GameMatch>,
    /// Why it was refused; empty if it was not.
    user_errors: Vec<UserError>,
}

#[Object]
impl Rooms {
    /// Makes a match that waits for players, and takes a place in it; the entry fee is held. It
    /// opens when it is full or when its creator starts it, and is given up after half an hour.
    /// Money is at stake in it, but neither cups nor experience nor items.
    async fn create_match(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The game's id.")] game_id: ID,
        #[graphql(
            default = false,
            desc = "Whether others need its invite code to come in; if not, everybody may."
        )]
        private: bool,
        #[graphql(
            default = false,
            desc = "Whether the operator makes it: then it is ranked, and its creator does not play. Needs create:games."
        )]
        official: bool,
        #[graphql(desc = "The operation: the same id is the same operation.")] request_id: Option<
            Uuid,
        >,
    ) -> ApiResult<MatchPayload> {
        let create = async {
            let visitor = ctx.visitor().signed_in().await?;
            if official && !visitor.may(Permission::CreateGames) {
                return Err(ApiError::of(Code::Forbidden));
            }
            let caller = caller(ctx, request_id).await?;
            Ok(CreateRoom {
                caller,
                battle: id_of(&caller, "room"),
                ticket: id_of(&caller, "ticket"),
                game: parse_id(&game_id).ok_or_else(|| ApiError::of(Code::GameNotFound))?,
                private,
                official,
                expires_at_ms: lapses_at_ms(ctx),
            })
        };
        asked(ctx, create.await).await
    }

    /// Takes a place in a match that waits for players; the entry fee is held.
    async fn join_match(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The match's id.")] id: ID,
        #[graphql(desc = "What a private match asks for.")] invite_code: Option<String>,
        #[graphql(
            default = false,
            desc = "Whether all of the party that one leads come in, or nobody does. Where it costs an entry fee, each of the others has to be ready for this match. What keeps another away is not told."
        )]
        as_party: bool,
        #[graphql(desc = "The operation: the same id is the same operation.")] request_id: Option<
            Uuid,
        >,
    ) -> ApiResult<MatchPayload> {
        if as_party {
            let join = async {
                let caller = caller(ctx, request_id).await?;
                Ok(JoinRoomAsParty {
                    caller,
                    battle: battle(&id)?,
                    ticket: id_of(&caller, "ticket"),
                    invite_code,
                    expires_at_ms: lapses_at_ms(ctx),
                })
            };
            return asked(ctx, join.await).await;
        }
        let join = async {
            let caller = caller(ctx, request_id).await?;
            Ok(JoinRoom {
                caller,
                battle: battle(&id)?,
                ticket: id_of(&caller, "ticket"),
                invite_code,
                expires_at_ms: lapses_at_ms(ctx),
            })
        };
        asked(ctx, join.await).await
    }

    /// Gives up one's place in a match that waits for players; the entry fee is released. A match
    /// whose creator leaves is given up.
    async fn leave_match(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The match's id.")] id: ID,
        #[graphql(desc = "The operation: the same id is the same operation.")] request_id: Option<
            Uuid,
        >,
    ) -> ApiResult<MatchPayload> {
        let leave = async {
            Ok(LeaveRoom {
                caller: caller(ctx, request_id).await?,
                battle: battle(&id)?,
            })
        };
        asked(ctx, leave.await).await
    }

    /// Sends a player away from one's own match while it waits, for good; the fee is released.
    async fn kick_from_match(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The match's id.")] id: ID,
        #[graphql(name = "userID", desc = "Who is to go.")] user_id: ID,
        #[graphql(desc = "The operation: the same id is the same operation.")] request_id: Option<
            Uuid,
        >,
    ) -> ApiResult<MatchPayload> {
        let kick = async {
            Ok(KickFromRoom {
                caller: caller(ctx, request_id).await?,
                battle: battle(&id)?,
                player: parse_id(&user_id).ok_or_else(|| ApiError::of(Code::NotInMatch))?,
            })
        };
        asked(ctx, kick.await).await
    }

    /// Opens one's own match with whoever waits in it: at least as many as the game asks for.
    async fn start_match(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The match's id.")] id: ID,
        #[graphql(desc = "The operation: the same id is the same operation.")] request_id: Option<
            Uuid,
        >,
    ) -> ApiResult<MatchPayload> {
        let start = async {
            Ok(StartRoom {
                caller: caller(ctx, request_id).await?,
                battle: battle(&id)?,
                expires_at_ms: lapses_at_ms(ctx),
            })
        };
        asked(ctx, start.await).await
    }
}

fn battle(id: &ID) -> ApiResult<BattleId> {
    parse_id(id).ok_or_else(|| ApiError::of(Code::MatchNotFound))
}

/// Asks the matcher, unless there is no question.
async fn asked<A>(ctx: &Context<'_>, question: ApiResult<A>) -> ApiResult<MatchPayload>
where
    A: Ask<Value = BattleId>,
{
    let asked = async {
        let question = question?;
        let battle = ctx.gateway().command(Service::Matcher, &question).await?;
        // An outcome may be old: a repeat shows no match to somebody who was sent away since.
        GameMatch::find(ctx, battle).await
    };
    let (game_match, user_errors) = told(asked.await)?;
    Ok(MatchPayload {
        game_match: game_match.flatten(),
        user_errors,
    })
}
