//! Parties of friends who enter games together.

use async_graphql::{Context, ID, Object, SimpleObject};
use contracts::commands::{
    AgreeToRoom, Ask, InviteToParty, JoinParty, LeaveParty, QueueParty, RemoveFromParty,
};
use contracts::{Code, Service};
use domain::id::PartyId;
use store::gateway::parties;
use store::user;
use uuid::Uuid;

use super::{caller, id_of, lapses_at_ms};
use crate::error::{ApiError, ApiResult};
use crate::graphql::object::Party;
use crate::graphql::payload::{UserError, told};
use crate::graphql::query::parse_id;
use crate::graphql::scope::Scope;

#[derive(Default)]
pub(crate) struct Parties;

/// What came of a change of a party.
#[derive(Debug, SimpleObject)]
pub(crate) struct PartyPayload {
    /// The party afterwards; null if one is no longer in it, or if the change was refused.
    party: Option<Party>,
    /// Why it was refused; empty if it was not.
    user_errors: Vec<UserError>,
}

/// What came of taking places in a queue for a party.
#[derive(Debug, SimpleObject)]
pub(crate) struct QueuePartyPayload {
    /// Whether all of the party wait now.
    queued: bool,
    /// Why nobody does; empty if they wait. What keeps another member away is not told.
    user_errors: Vec<UserError>,
}

#[Object]
impl Parties {
    /// Invites a friend into the party that one leads; whoever has none leads one then. The friend is
    /// told, three times in an hour at most. A party has at most 10 members, those included whom it
    /// invites.
    async fn invite_to_party(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "userID", desc = "The friend.")] user_id: ID,
        #[graphql(desc = "The operation: the same id is the same operation.")] request_id: Option<
            Uuid,
        >,
    ) -> ApiResult<PartyPayload> {
        let invite = async {
            let caller = caller(ctx, request_id).await?;
            let player = parse_id(&user_id).ok_or_else(|| ApiError::of(Code::NotFriends))?;
            let (gateway, by) = (ctx.gateway(), caller.user);
            let is_told = gateway.is_told("party_invitations", by, player).await;
            let person = user::load(ctx.db(), by).await?;
            Ok(InviteToParty {
                caller,
                party: id_of(&caller, "party"),
                player,
                name: is_told.then_some(person.nick_name),
            })
        };
        asked(ctx, invite.await).await
    }

    /// Sends a member away from the party that one leads, or takes an invitation back. A party without
    /// one of its members waits in no queue.
    async fn remove_from_party(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "userID", desc = "Who is to go.")] user_id: ID,
        #[graphql(desc = "The operation: the same id is the same operation.")] request_id: Option<
            Uuid,
        >,
    ) -> ApiResult<PartyPayload> {
        let remove = async {
            Ok(RemoveFromParty {
                caller: caller(ctx, request_id).await?,
                player: parse_id(&user_id).ok_or_else(|| ApiError::of(Code::PartyNotFound))?,
            })
        };
        asked(ctx, remove.await).await
    }

    /// Comes into a party that invites one, and leaves one in which one is alone. It waits in no queue
    /// then: its leader takes places anew.
    async fn join_party(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The party's id.")] id: ID,
        #[graphql(desc = "The operation: the same id is the same operation.")] request_id: Option<
            Uuid,
        >,
    ) -> ApiResult<PartyPayload> {
        let join = async {
            Ok(JoinParty {
                caller: caller(ctx, request_id).await?,
                party: party(&id)?,
            })
        };
        asked(ctx, join.await).await
    }

    /// Leaves a party, or says no to its invitation. Where its leader leaves, whoever came first of the
    /// others leads it; with its last member it ends. A party that somebody has left waits in no queue.
    async fn leave_party(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The party's id.")] id: ID,
        #[graphql(desc = "The operation: the same id is the same operation.")] request_id: Option<
            Uuid,
        >,
    ) -> ApiResult<PartyPayload> {
        let leave = async {
            Ok(LeaveParty {
                caller: caller(ctx, request_id).await?,
                party: party(&id)?,
            })
        };
        asked(ctx, leave.await).await
    }

    /// Agrees that one's party takes one along into a match that waits for players, and that its
    /// entry fee is held then: without it nobody's is. It holds for this match alone, until one's
    /// place is taken or one agrees to another.
    async fn ready_for_match(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The match's id; null takes it back.")] id: Option<ID>,
        #[graphql(desc = "What a private match asks for.")] invite_code: Option<String>,
        #[graphql(desc = "The operation: the same id is the same operation.")] request_id: Option<
            Uuid,
        >,
    ) -> ApiResult<PartyPayload> {
        let agree = async {
            let battle = |id: ID| parse_id(&id).ok_or_else(|| ApiError::of(Code::MatchNotFound));
            Ok(AgreeToRoom {
                caller: caller(ctx, request_id).await?,
                battle: id.map(battle).transpose()?,
                invite_code,
                expires_at_ms: lapses_at_ms(ctx),
            })
        };
        asked(ctx, agree.await).await
    }

    /// Takes places in the queue of a game for the whole party that one leads: for all of them or
    /// for nobody. Nothing may be at stake in the game. They play in one match; whoever leaves the
    /// queue takes the others along.
    async fn queue_party(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The game's id.")] game_id: ID,
        #[graphql(desc = "The operation: the same id is the same operation.")] request_id: Option<
            Uuid,
        >,
    ) -> ApiResult<QueuePartyPayload> {
        let queue = async {
            let caller = caller(ctx, request_id).await?;
            let question = QueueParty {
                caller,
                ticket: id_of(&caller, "ticket"),
                game: parse_id(&game_id).ok_or_else(|| ApiError::of(Code::GameNotFound))?,
                expires_at_ms: lapses_at_ms(ctx),
            };
            ctx.gateway().command(Service::Matcher, &question).await
        };
        let (queued, user_errors) = told(queue.await)?;
        Ok(QueuePartyPayload {
            queued: queued.is_some(),
            user_errors,
        })
    }
}

fn party(id: &ID) -> ApiResult<PartyId> {
    parse_id(id).ok_or_else(|| ApiError::of(Code::PartyNotFound))
}

/// Asks the matcher, unless there is no question.
async fn asked<A>(ctx: &Context<'_>, question: ApiResult<A>) -> ApiResult<PartyPayload>
where
    A: Ask<Value = PartyId>,
{
    let asked = async {
        let question = question?;
        let viewer = question.caller().user;
        let party = ctx.gateway().command(Service::Matcher, &question).await?;
        Ok(parties::find(ctx.db(), viewer, &[party]).await?.pop())
    };
    let (party, user_errors) = told(asked.await)?;
    Ok(PartyPayload {
        party: party.flatten().map(Party::from),
        user_errors,
    })
}
