//! Games: what a match of one costs, allows and pays.

use async_graphql::{Context, ID, Object, SimpleObject};
use domain::game::{Prize, Template};
use domain::money::Money;
use store::entity::battle;
use store::gateway::games;

use super::{Asset, Currency, ItemKind, id};
use crate::error::{ApiError, ApiResult};
use crate::graphql::page;
use crate::graphql::scalar::{DateTime, Decimal};
use crate::graphql::scope::Scope;

/// A game: the template of its matches.
#[derive(Clone, Debug)]
pub(crate) struct Game(games::Game);

impl From<games::Game> for Game {
    fn from(row: games::Game) -> Self {
        Self(row)
    }
}

impl Game {
    /// The game as this match of it keeps it.
    pub(crate) fn kept_by(self, battle: &battle::Model) -> Self {
        let version = battle.game_version;
        Self(games::Game {
            version,
            template: battle.template.clone(),
            ..self.0
        })
    }

    /// What the rules read.
    pub(crate) fn template(&self) -> ApiResult<Template> {
        serde_json::from_value(self.0.template.clone()).map_err(|cause| {
            tracing::error!(game = %self.0.id, %cause, "a template cannot be read");
            ApiError::from(store::Error::corrupt("game_versions", self.0.id))
        })
    }
}

/// A game: the template of its matches.
#[Object]
impl Game {
    /// The game's id.
    pub(crate) async fn id(&self) -> ID {
        id(self.0.id)
    }

    /// Since when it exists.
    async fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }

    /// When it was last changed.
    async fn updated_at(&self) -> DateTime {
        self.0.updated_at.into()
    }

    /// Which version of the template this is, from 1.
    async fn version(&self) -> i32 {
        self.0.version
    }

    /// What it is called.
    async fn title(&self) -> ApiResult<String> {
        Ok(self.template()?.title)
    }

    /// What it is about.
    async fn description(&self) -> ApiResult<String> {
        Ok(self.template()?.description)
    }

    /// Address of a picture; may be empty.
    async fn cover(&self) -> ApiResult<String> {
        Ok(self.template()?.cover)
    }

    /// What fee and prize are counted in.
    async fn currency(&self) -> ApiResult<Currency> {
        Ok(self.template()?.currency.into())
    }

    /// Whether players may join.
    async fn is_active(&self) -> bool {
        self.0.is_active
    }

    /// How long a match trades, in seconds.
    async fn duration(&self) -> ApiResult<i64> {
        Ok(self.template()?.duration_ms / 1_000)
    }

    /// How long before trading a match opens, in milliseconds.
    async fn countdown_ms(&self) -> ApiResult<i64> {
        Ok(self.template()?.countdown_ms)
    }

    /// The fewest players that a match opens with.
    async fn min_players(&self) -> ApiResult<u32> {
        Ok(self.template()?.min_players)
    }

    /// The most players of a match.
    async fn max_players(&self) -> ApiResult<u32> {
        Ok(self.template()?.max_players)
    }

    /// The most pending and open positions of one player.
    async fn max_positions(&self) -> ApiResult<u32> {
        Ok(self.template()?.max_positions)
    }

    /// The chips that each player starts with.
    #[graphql(name = "startVBalance")]
    async fn start_v_balance(&self) -> ApiResult<Decimal> {
        Ok(self.template()?.start_balance.into())
    }

    /// What a seat costs, in the currency.
    async fn entry_fee(&self) -> ApiResult<Decimal> {
        let Template {
            entry_fee_minor: minor,
            currency,
            ..
        } = self.template()?;
        Ok(Money { minor, currency }.into())
    }

    /// What may be traded.
    #[graphql(complexity = "page::cost_of_whole(child_complexity)")]
    async fn assets(&self, ctx: &Context<'_>) -> ApiResult<Vec<Asset>> {
        let allowed = self.template()?.assets;
        let known = Asset::all(ctx.gateway()).await?;
        Ok(known
            .into_iter()
            .filter(|asset| allowed.iter().any(|it| it.symbol == *asset.pair()))
            .collect())
    }

    /// The highest leverage, in times the margin.
    async fn max_leverage(&self) -> ApiResult<u8> {
        Ok(self.template()?.max_leverage.times())
    }

    /// The fee of opening and of closing a position, in basis points of its size.
    async fn fee_bps(&self) -> ApiResult<u16> {
        Ok(self.template()?.fee_bps.get())
    }

    /// The part of the size that liquidation leaves, in basis points.
    async fn maintenance_bps(&self) -> ApiResult<u16> {
        Ok(self.template()?.maintenance_bps.get())
    }

    /// How long after its storage a command counts, in milliseconds.
    async fn fill_delay_ms(&self) -> ApiResult<i64> {
        Ok(self.template()?.fill_delay_ms)
    }

    /// The most leverage card uses that a player brings into a match.
    async fn card_uses(&self) -> ApiResult<u32> {
        Ok(self.template()?.card_uses)
    }

    /// What is paid for rank 1, in the currency; null where the fees are shared out.
    async fn fixed_prize(&self) -> ApiResult<Option<Decimal>> {
        let Template {
            prize, currency, ..
        } = self.template()?;
        Ok(match prize {
            Prize::Fixed {
                amount_minor: minor,
                ..
            } => Some(Money { minor, currency }.into()),
            Prize::Pool { .. } => None,
        })
    }

    /// How the fees are shared out; null where the prize is fixed.
    async fn pool(&self) -> ApiResult<Option<PrizePool>> {
        Ok(match self.template()?.prize {
            Prize::Fixed { .. } => None,
            Prize::Pool {
                rake_bps,
                shares_bps,
            } => Some(PrizePool {
                rake_bps: rake_bps.get(),
                shares_bps: shares_bps.into_iter().map(|share| share.get()).collect(),
            }),
        })
    }

    /// Cups that a winner gains and the others lose.
    async fn cup(&self) -> ApiResult<i64> {
        Ok(self.template()?.cup)
    }

    /// Experience of a winner, in points.
    async fn win_exp(&self) -> ApiResult<i64> {
        Ok(self.template()?.win_exp)
    }

    /// Experience of everybody else, in points.
    async fn lose_exp(&self) -> ApiResult<i64> {
        Ok(self.template()?.lose_exp)
    }

    /// What else a winner gets.
    async fn item_rewards(&self) -> ApiResult<Vec<ItemReward>> {
        let items = self.template()?.items.into_iter();
        Ok(items
            .map(|item| ItemReward {
                kind: item.kind.into(),
                uses: item.uses,
            })
            .collect())
    }

    /// How far apart in cups players may be at first; null if anybody meets anybody.
    async fn cup_band(&self) -> ApiResult<Option<i64>> {
        Ok(self.template()?.cup_band)
    }

    /// How long the fewest players wait for more, in milliseconds.
    async fn fill_wait_ms(&self) -> ApiResult<i64> {
        Ok(self.template()?.fill_wait_ms)
    }

    /// How long a place in the queue lives, in milliseconds.
    async fn queue_ttl_ms(&self) -> ApiResult<i64> {
        Ok(self.template()?.queue_ttl_ms)
    }
}

/// How the entry fees are shared out.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct PrizePool {
    /// What the house keeps, in basis points.
    rake_bps: u16,
    /// The share of each place, best first, in basis points; together 10,000.
    shares_bps: Vec<u16>,
}

/// Items that a winner gets.
#[derive(Clone, Copy, Debug, SimpleObject)]
pub(crate) struct ItemReward {
    /// What.
    kind: ItemKind,
    /// How many uses.
    uses: u32,
}
