//! What can be changed, one file each.

mod achievement_definitions;
mod amend_position;
mod cancel_match;
mod cancel_position;
mod claim_items;
mod claim_play_money;
mod close_position;
mod create_position;
mod create_wallet;
mod games;
mod join_game;
mod leave_queue;
mod mark_read;
mod rooms;
mod sessions;
mod sign_in;
mod update_profile;
mod users;
mod void_match_player;

use async_graphql::{Context, MergedObject};
use contracts::commands::Caller;
use domain::id::{RequestId, derived};
use runtime::ids;
use uuid::Uuid;

use crate::error::ApiResult;
use crate::graphql::scope::Scope;
use crate::identity::SignedIn;

/// What can be changed.
#[derive(Default, MergedObject)]
pub(crate) struct Mutation(
    sign_in::SignIn,
    update_profile::UpdateProfile,
    create_wallet::CreateWallet,
    claim_play_money::ClaimPlayMoney,
    claim_items::ClaimItems,
    join_game::JoinGame,
    leave_queue::LeaveQueue,
    create_position::CreatePosition,
    cancel_position::CancelPosition,
    close_position::ClosePosition,
    amend_position::AmendPosition,
    cancel_match::CancelMatch,
    void_match_player::VoidMatchPlayer,
    rooms::Rooms,
    games::Games,
    achievement_definitions::AchievementDefinitions,
    users::Users,
    mark_read::MarkRead,
    sessions::Sessions,
);

/// Who asks, and under which id: the client's, or one of our own, in which case a retry is a new
/// operation.
async fn caller(ctx: &Context<'_>, request: Option<Uuid>) -> ApiResult<Caller> {
    Ok(asks(ctx.visitor().signed_in().await?, request))
}

/// As [`caller`], for what is asked of the arena.
async fn trader(ctx: &Context<'_>, request: Option<Uuid>) -> ApiResult<Caller> {
    Ok(asks(ctx.visitor().signed_in_lately().await?, request))
}

fn asks(signed_in: &SignedIn, request: Option<Uuid>) -> Caller {
    let request: RequestId = request.map_or_else(ids::mint, Into::into);
    Caller {
        user: signed_in.user,
        request,
    }
}

/// An id that belongs to a request: the same for its retries.
fn id_of<I: From<Uuid>>(caller: &Caller, purpose: &str) -> I {
    let (user, request) = (caller.user.uuid(), caller.request.uuid());
    I::from(derived(&[
        purpose.as_bytes(),
        user.as_bytes(),
        request.as_bytes(),
    ]))
}
