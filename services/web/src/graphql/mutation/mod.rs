//! What can be changed, one file each.

mod accounts;
mod achievement_definitions;
mod amend_position;
mod bans;
mod cancel_match;
mod cancel_position;
mod claim_items;
mod claim_play_money;
mod close_position;
pub(super) mod create_position;
mod create_wallet;
mod friends;
mod games;
mod join_game;
mod leave_queue;
mod mark_read;
mod mute_mails;
mod parties;
mod rooms;
mod sessions;
mod sign_in;
mod update_profile;
mod users;
mod void_match_player;
mod withdrawals;

use async_graphql::{Context, MergedObject};
use contracts::commands::Caller;
use domain::id::{RequestId, derived};
use runtime::ids;
use uuid::Uuid;

use crate::commands::ANSWER_WITHIN;
use crate::error::ApiResult;
use crate::graphql::scope::Scope;
use crate::identity::SignedIn;

pub(super) use self::create_position::CreateGameMatchPositionInput;

/// What can be changed.
#[derive(Default, MergedObject)]
pub(crate) struct Mutation(
    sign_in::SignIn,
    accounts::Accounts,
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
    friends::Friends,
    parties::Parties,
    games::Games,
    achievement_definitions::AchievementDefinitions,
    users::Users,
    bans::Bans,
    InboxMutation,
    sessions::Sessions,
    withdrawals::Withdrawals,
);

/// One's inbox. Together, for each member of the whole makes its type a step deeper, and the compiler
/// goes down so many.
#[derive(Default, MergedObject)]
pub(crate) struct InboxMutation(mark_read::MarkRead, mute_mails::MuteMails);

/// Who asks, and under which id: the client's, or one of our own, in which case a retry is a new
/// operation.
async fn caller(ctx: &Context<'_>, request: Option<Uuid>) -> ApiResult<Caller> {
    Ok(asks(&ctx.visitor().signed_in().await?, request))
}

/// As [`caller`], for what is asked of the arena.
async fn trader(scope: &impl Scope, request: Option<Uuid>) -> ApiResult<Caller> {
    Ok(asks(scope.visitor().signed_in_lately().await?, request))
}

fn asks(signed_in: &SignedIn, request: Option<Uuid>) -> Caller {
    let request: RequestId = request.map_or_else(ids::mint, Into::into);
    Caller {
        user: signed_in.user,
        request,
    }
}

/// The moment after which a request of now is void: its sender has been told that it failed.
fn lapses_at_ms(ctx: &Context<'_>) -> i64 {
    let wait_ms = i64::try_from(ANSWER_WITHIN.as_millis()).unwrap_or(i64::MAX);
    ctx.gateway().clock.now_ms().saturating_add(wait_ms)
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
