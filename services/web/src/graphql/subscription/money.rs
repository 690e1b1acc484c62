//! One's wallets.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{Context, Subscription};
use contracts::battles::{BattleCanceled, BattleOpened, BattleSettled};
use contracts::matchmaking::PlaceChanged;
use contracts::treasury::Posted;
use contracts::{Key, Topic};
use domain::id::UserId;
use futures::stream::{self, BoxStream, select_all};
use futures::{Stream, StreamExt};
use store::gateway::{Slice, Viewer, money};
use uuid::Uuid;

use crate::error::{ApiError, ApiResult};
use crate::gateway::Gateway;
use crate::graphql::access::Stated;
use crate::graphql::object::Wallet;
use crate::graphql::scope::Scope;

#[derive(Default)]
pub(crate) struct WalletUpdated;

#[Subscription(guard = "Stated")]
impl WalletUpdated {
    /// One's wallets as they are, and each again when treasury, a queue or a
    /// match has moved it.
    async fn wallet_updated(
        &self,
        ctx: &Context<'_>,
    ) -> Result<impl Stream<Item = ApiResult<Wallet>> + use<>, ApiError> {
        let user = ctx.visitor().signed_in().await?.user;
        let gateway = Arc::clone(ctx.gateway());
        let hints = hints(&gateway, user).await?;
        let looks = stream::once(async {}).chain(hints).boxed();
        let state = (gateway, looks, HashMap::new());
        let changes = stream::unfold(state, move |(gateway, mut looks, mut known)| async move {
            looks.next().await?;
            let changed = match wallets(&gateway, user).await {
                Ok(rows) => changed(&mut known, rows),
                Err(error) => vec![Err(error)],
            };
            Some((stream::iter(changed), (gateway, looks, known)))
        });
        Ok(changes.flatten())
    }
}

/// Whatever may have moved a wallet of this user.
async fn hints(gateway: &Gateway, user: UserId) -> ApiResult<BoxStream<'static, ()>> {
    let hub = &gateway.hub;
    let posted = hub
        .follow::<Posted>(&Topic::TreasuryPosted.subject(&Key::from(user)))
        .await?;
    let opened = hub
        .follow::<BattleOpened>(Topic::BattleOpened.pattern())
        .await?;
    let settled = hub
        .follow::<BattleSettled>(Topic::BattleSettled.pattern())
        .await?;
    let canceled = hub
        .follow::<BattleCanceled>(Topic::BattleCanceled.pattern())
        .await?;
    let places = hub
        .follow::<PlaceChanged>(&Topic::PlaceChanged.subject(&Key::from(user)))
        .await?;
    // What was missed may have been about it.
    Ok(select_all([
        posted.map(|_| true).boxed(),
        places.map(|_| true).boxed(),
        opened
            .map(move |battle| battle.map_or(true, |it| it.players.contains(&user)))
            .boxed(),
        settled
            .map(move |battle| {
                battle.map_or(true, |it| it.standings.iter().any(|it| it.player == user))
            })
            .boxed(),
        canceled
            .map(move |battle| battle.map_or(true, |it| it.players.contains(&user)))
            .boxed(),
    ])
    .filter_map(async |concerns| concerns.then_some(()))
    .boxed())
}

async fn wallets(gateway: &Gateway, user: UserId) -> ApiResult<Vec<money::Wallet>> {
    let part = money::wallets(Viewer::Player(user))
        .part(&gateway.db, &Slice::WHOLE)
        .await?;
    Ok(part.rows.into_iter().map(|(_, row)| row).collect())
}

/// Those that are not as they were known.
fn changed(
    known: &mut HashMap<Uuid, money::Wallet>,
    rows: Vec<money::Wallet>,
) -> Vec<ApiResult<Wallet>> {
    let mut changed = Vec::new();
    for row in rows {
        if known.insert(row.id, row.clone()).as_ref() != Some(&row) {
            changed.push(Ok(Wallet::from(row)));
        }
    }
    changed
}
