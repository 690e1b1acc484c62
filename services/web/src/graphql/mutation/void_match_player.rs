//! Taking a cheat's result away.

use async_graphql::{Context, ID, Object, SimpleObject};
use contracts::{Code, Service, commands};
use uuid::Uuid;

use super::caller;
use crate::error::{ApiError, ApiResult};
use crate::graphql::object::GameMatch;
use crate::graphql::payload::{UserError, told};
use crate::graphql::query::parse_id;
use crate::graphql::scope::Scope;

/// The longest reason, in characters.
const MAX_REASON: usize = 500;

#[derive(Default)]
pub(crate) struct VoidMatchPlayer;

/// What came of taking a result away.
#[derive(Debug, SimpleObject)]
pub(crate) struct VoidMatchPlayerPayload {
    /// The match afterwards; null if it was refused.
    #[graphql(name = "match")]
    game_match: Option<GameMatch>,
    /// Why it was refused; empty if it was not.
    user_errors: Vec<UserError>,
}

#[Object]
impl VoidMatchPlayer {
    /// Makes a player's result of a closed match void: what it earned is taken back as far as the
    /// player has it, and the others are ranked and paid as if the player had not been in the
    /// running. Needs void:gameMatchParticipants.
    async fn void_match_player(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The match's id.")] id: ID,
        #[graphql(name = "userID", desc = "The player's id.")] user_id: ID,
        #[graphql(desc = "Why, as the player is told: 1 to 500 characters.")] reason: String,
        #[graphql(desc = "The operation: the same id is the same operation.")] request_id: Option<
            Uuid,
        >,
    ) -> ApiResult<VoidMatchPlayerPayload> {
        let voided = void(ctx, &id, &user_id, reason, request_id).await;
        let (game_match, user_errors) = told(voided)?;
        Ok(VoidMatchPlayerPayload {
            game_match,
            user_errors,
        })
    }
}

async fn void(
    ctx: &Context<'_>,
    id: &ID,
    user_id: &ID,
    reason: String,
    request_id: Option<Uuid>,
) -> ApiResult<GameMatch> {
    let battle = parse_id(id).ok_or_else(|| ApiError::of(Code::MatchNotFound))?;
    let player = parse_id(user_id).ok_or_else(|| ApiError::of(Code::NotAParticipant))?;
    let reason = reason.trim().to_owned();
    if reason.is_empty() || reason.chars().count() > MAX_REASON {
        return Err(ApiError::bad_input("reason", "1 to 500 characters"));
    }
    let question = commands::VoidPlayer {
        caller: caller(ctx, request_id).await?,
        battle,
        player,
        reason,
    };
    ctx.gateway().command(Service::Matcher, &question).await?;
    GameMatch::of(ctx, battle).await
}
