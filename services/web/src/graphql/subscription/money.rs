//! One's wallets.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{Context, SimpleObject, Subscription, Union};
use contracts::battles::{BattleCanceled, BattleOpened, BattleSettled};
use contracts::matchmaking::PlaceChanged;
use contracts::notifications::InApp;
use contracts::treasury::Posted;
use contracts::{Key, Topic, live};
use domain::id::{AccountId, UserId};
use domain::ledger::{Account, Unit};
use futures::stream::{self, BoxStream, select_all};
use futures::{Stream, StreamExt};
use store::gateway::{Slice, Viewer, money};
use uuid::Uuid;

use super::event::{Gap, Lagged, Resumed};
use super::rows::{self, Found};
use crate::error::{ApiError, ApiResult};
use crate::feed::{Cursor, Kind};
use crate::gateway::Gateway;
use crate::graphql::access::Stated;
use crate::graphql::object::{Transaction, Wallet};
use crate::graphql::scope::Scope;

/// How many movements of a wallet are read at once.
const AT_ONCE: u32 = 50;

/// What the cursors of one's wallets have a number for each of, in this order, which never changes.
const UNITS: [Unit; 3] = [Unit::Usdt, Unit::Sol, Unit::Bt];

#[derive(Default)]
pub(crate) struct WalletEvents;

/// Something happened to a wallet of one's own.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct WalletMoved {
    /// Where one is: go on from here with after.
    cursor: Cursor,
    /// The wallet as it is by now.
    wallet: Wallet,
    /// What moved; null where only the locked part changed.
    transaction: Option<Transaction>,
}

/// What the stream of one's wallets says.
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all that is told is of the largest"
)]
#[derive(Clone, Debug, Union)]
pub(crate) enum WalletEvent {
    Moved(WalletMoved),
    Resumed(Resumed),
    Gap(Gap),
    Lagged(Lagged),
}

impl From<(Cursor, (Wallet, Option<Transaction>))> for WalletEvent {
    fn from((cursor, (wallet, transaction)): (Cursor, (Wallet, Option<Transaction>))) -> Self {
        Self::Moved(WalletMoved {
            cursor,
            wallet,
            transaction,
        })
    }
}

#[Subscription(guard = "Stated")]
impl WalletEvents {
    /// One's wallets as they are, and each again when treasury, a queue or a
    /// match has moved it. To miss no movement, listen to walletEvents.
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

    /// Everything that moves or locks one's money, wallet by wallet in its order. It is kept: with the
    /// cursor of the last event that one heard, what was missed comes first.
    async fn wallet_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Go on behind this cursor; from now on if there is none.")] after: Option<
            Cursor,
        >,
    ) -> Result<impl Stream<Item = ApiResult<WalletEvent>> + use<>, ApiError> {
        let user = ctx.visitor().signed_in().await?.user;
        let gateway = Arc::clone(ctx.gateway());
        let hints = hints(&gateway, user).await?;
        let accounts = UNITS.map(|unit| Account::user(user, unit).id());
        let last = money::count_entries(&gateway.db, &accounts).await?;
        let cursors = Arc::clone(&gateway.cursors);
        rows::told(
            (cursors, Kind::Wallets),
            last,
            after,
            hints,
            move |numbers| {
                let gateway = Arc::clone(&gateway);
                async move { moved(&gateway, user, &accounts, numbers).await }
            },
        )
    }
}

/// What happened to these wallets behind these numbers, at first.
async fn moved(
    gateway: &Gateway,
    user: UserId,
    accounts: &[AccountId],
    mut numbers: Vec<i64>,
) -> ApiResult<Found<(Wallet, Option<Transaction>)>> {
    let behind: Vec<_> = accounts.iter().copied().zip(numbers.clone()).collect();
    let entries = money::list_entries(&gateway.db, &behind, AT_ONCE).await?;
    if entries.is_empty() {
        return Ok(Vec::new());
    }
    let viewer = Viewer::Player(user);
    let wallets = money::find_wallets(&gateway.db, viewer, accounts).await?;
    let mut found = Vec::with_capacity(entries.len());
    for money::Entry { number, movement } in entries {
        let account = movement.account_id;
        let place = accounts.iter().position(|it| it.uuid() == account);
        let wallet = wallets.iter().find(|wallet| wallet.id == account);
        let corrupt = || store::Error::corrupt("ledger_accounts", account);
        let (told, wallet) = place
            .and_then(|place| numbers.get_mut(place))
            .zip(wallet)
            .ok_or_else(corrupt)?;
        *told = number;
        let transaction = (movement.amount != 0).then(|| movement.into());
        found.push((numbers.clone(), (wallet.clone().into(), transaction)));
    }
    Ok(found)
}

/// Whatever may have moved a wallet of this user.
async fn hints(gateway: &Gateway, user: UserId) -> ApiResult<BoxStream<'static, ()>> {
    let hub = &gateway.hub;
    let posted = hub
        .follow::<Posted>(&Topic::TreasuryPosted.subject(&Key::from(user)), None)
        .await?;
    let opened = hub
        .follow::<BattleOpened>(Topic::BattleOpened.pattern(), Some(user))
        .await?;
    let settled = hub
        .follow::<BattleSettled>(Topic::BattleSettled.pattern(), Some(user))
        .await?;
    let canceled = hub
        .follow::<BattleCanceled>(Topic::BattleCanceled.pattern(), Some(user))
        .await?;
    let places = hub
        .follow::<PlaceChanged>(&Topic::PlaceChanged.subject(&Key::from(user)), None)
        .await?;
    // Of a correction nothing else is told.
    let notices = hub.listen_to::<InApp>(&live::in_app(user)).await?;
    // What was missed may have been about it.
    Ok(select_all([
        posted.map(|_| ()).boxed(),
        places.map(|_| ()).boxed(),
        opened.map(|_| ()).boxed(),
        settled.map(|_| ()).boxed(),
        canceled.map(|_| ()).boxed(),
        notices.map(|_| ()).boxed(),
    ])
    .boxed())
}

async fn wallets(gateway: &Gateway, user: UserId) -> ApiResult<Vec<money::Wallet>> {
    let part = money::wallets(Viewer::Player(user), None)
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
