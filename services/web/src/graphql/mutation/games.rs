//! Making and changing games.

use async_graphql::{Context, ID, InputObject, InputType, MaybeUndefined, Object};
use contracts::commands::{self, Refused};
use contracts::{Code, Service};
use domain::game::{AllowedAsset, ItemReward, Prize, Template};
use domain::id::GameId;
use domain::leverage::{Bps, Leverage};
use domain::money::{self, Money};
use domain::price::Price;
use uuid::Uuid;

use super::{caller, id_of};
use crate::catalogue::Catalogue;
use crate::error::{ApiError, ApiResult};
use crate::graphql::object::{Currency, Game, ItemKind};
use crate::graphql::query::parse_id;
use crate::graphql::scalar::Decimal;
use crate::graphql::scope::Scope;

/// The price step of an asset for which none is given: 0.01.
const USUAL_PRICE_STEP: i64 = 1_000_000;

#[derive(Default)]
pub(crate) struct Games;

/// What a match of the game costs, allows and pays.
#[derive(Debug, InputObject)]
#[graphql(
    concrete(name = "CreateGameInput", params(String)),
    concrete(name = "UpdateGameInput", params("Option<String>"))
)]
pub(crate) struct GameInput<Title: InputType> {
    /// What it is called.
    title: Title,
    /// What it is about; empty unless given.
    description: Option<String>,
    /// Address of a picture; empty unless given.
    cover: Option<String>,
    /// What fee and prize are counted in; USDT unless given. When it changes, an entry fee and a
    /// fixed prize have to be given too.
    currency: Option<Currency>,
    /// Whether players may join; they may unless it says otherwise.
    is_active: Option<bool>,
    /// How long a match trades, in seconds; 300 unless given.
    duration: Option<i64>,
    /// How long before trading a match opens, in milliseconds; 3000 unless given.
    countdown_ms: Option<i64>,
    /// The fewest players that a match opens with; 2 unless given.
    min_players: Option<u32>,
    /// The most players of a match; 2 unless given.
    max_players: Option<u32>,
    /// The most pending and open positions of one player; 10 unless given.
    max_positions: Option<u32>,
    /// The chips that each player starts with; 100 unless given.
    #[graphql(name = "startVBalance")]
    start_v_balance: Option<Decimal>,
    /// What a seat costs, in the currency; nothing unless given.
    entry_fee: Option<Decimal>,
    /// What may be traded; every known asset unless given.
    assets: Option<Vec<AllowedAssetInput>>,
    /// The highest leverage, in times the margin; 100 unless given.
    max_leverage: Option<i32>,
    /// The fee of opening and of closing a position, in basis points of its size; 0 unless given.
    fee_bps: Option<i32>,
    /// The part of the size that liquidation leaves, in basis points; 0 unless given.
    maintenance_bps: Option<i32>,
    /// How long after its storage a command counts, in milliseconds; 250 unless given.
    fill_delay_ms: Option<i64>,
    /// The most leverage card uses that a player brings; 10 unless given.
    card_uses: Option<u32>,
    /// What is paid for rank 1, in the currency. Either this or the pool.
    fixed_prize: Option<Decimal>,
    /// Whether the house adds to a fixed prize what the fees do not cover; not unless given. It may
    /// change without the prize.
    house_funded: Option<bool>,
    /// How the fees are shared out; all to rank 1 unless this or a fixed prize is given.
    pool: Option<PrizePoolInput>,
    /// Cups that a winner gains and the others lose; 0 unless given.
    cup: Option<i64>,
    /// Experience of a winner, in points; 0 unless given.
    win_exp: Option<i64>,
    /// Experience of everybody else, in points; 0 unless given.
    lose_exp: Option<i64>,
    /// What else a winner gets; nothing unless given.
    item_rewards: Option<Vec<ItemRewardInput>>,
    /// How far apart in cups players may be at first; anybody meets anybody unless given. Null
    /// takes it away.
    cup_band: MaybeUndefined<i64>,
    /// How long the fewest players wait for more, in milliseconds; 10000 unless given.
    fill_wait_ms: Option<i64>,
    /// How long a place in the queue lives, in milliseconds; 300000 unless given.
    queue_ttl_ms: Option<i64>,
}

/// An asset that may be traded.
#[derive(Debug, InputObject)]
pub(crate) struct AllowedAssetInput {
    /// Its slug, symbol or pair.
    asset: String,
    /// The smallest difference between two of its prices, in quote currency; 0.01 unless given.
    price_step: Option<Decimal>,
}

/// How the entry fees are shared out.
#[derive(Debug, InputObject)]
pub(crate) struct PrizePoolInput {
    /// What the house keeps, in basis points.
    rake_bps: i32,
    /// The share of each place, best first, in basis points; together 10,000.
    shares_bps: Vec<i32>,
}

/// Items that a winner gets.
#[derive(Debug, InputObject)]
pub(crate) struct ItemRewardInput {
    /// What.
    kind: ItemKind,
    /// How many uses.
    uses: u32,
}

#[Object]
impl Games {
    /// Makes a game. Needs create:games.
    async fn create_game(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What a match of it costs, allows and pays.")]
        create_game_input: GameInput<String>,
        #[graphql(desc = "The operation: the same id is the same operation.")] request_id: Option<
            Uuid,
        >,
    ) -> ApiResult<Game> {
        let caller = caller(ctx, request_id).await?;
        let catalogue = &ctx.gateway().catalogue;
        let title = create_game_input.title.clone();
        let template = laid_over(usual(title, catalogue)?, &create_game_input, catalogue)?;
        let game = id_of(&caller, "game");
        let question = commands::CreateGame {
            caller,
            game,
            template,
        };
        let game = ctx.gateway().command(Service::Matcher, &question).await?;
        find(ctx, game).await
    }

    /// Makes a new version of a game; what is left out stays. Matches keep the version that they
    /// opened with. Needs update:games.
    async fn update_game(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The game's id.")] id: ID,
        #[graphql(desc = "What changes.")] update_game_input: GameInput<Option<String>>,
        #[graphql(desc = "The operation: the same id is the same operation.")] request_id: Option<
            Uuid,
        >,
    ) -> ApiResult<Game> {
        let caller = caller(ctx, request_id).await?;
        let game = parse_id(&id).ok_or_else(|| ApiError::of(Code::GameNotFound))?;
        let mut template = find(ctx, game).await?.template()?;
        if let Some(title) = &update_game_input.title {
            template.title.clone_from(title);
        }
        let template = laid_over(template, &update_game_input, &ctx.gateway().catalogue)?;
        let question = commands::UpdateGame {
            caller,
            game,
            template,
        };
        ctx.gateway().command(Service::Matcher, &question).await?;
        find(ctx, game).await
    }

    /// Takes a game out of the lists; its matches go on. Needs delete:games.
    async fn delete_game(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The game's id.")] id: ID,
        #[graphql(desc = "The operation: the same id is the same operation.")] request_id: Option<
            Uuid,
        >,
    ) -> ApiResult<bool> {
        let caller = caller(ctx, request_id).await?;
        let game = parse_id(&id).ok_or_else(|| ApiError::of(Code::GameNotFound))?;
        let question = commands::DeleteGame { caller, game };
        ctx.gateway().command(Service::Matcher, &question).await?;
        Ok(true)
    }
}

async fn find(ctx: &Context<'_>, game: GameId) -> ApiResult<Game> {
    let found = ctx.loaders().load_one(game).await?;
    found
        .map(Game::from)
        .ok_or_else(|| ApiError::of(Code::GameNotFound))
}

/// The template of a game of which nothing but the title is said: every known asset.
fn usual(title: String, catalogue: &Catalogue) -> ApiResult<Template> {
    let asset = |symbol| {
        Ok(AllowedAsset {
            symbol,
            price_step: usual_step()?,
        })
    };
    let assets = catalogue
        .ranked()
        .map(|(_, listed)| asset(listed.pair.clone()))
        .collect::<ApiResult<_>>()?;
    Ok(Template::usual(title, assets))
}

/// `template` with what the input says. Whether it obeys the rules is for the owner to say.
fn laid_over<T: InputType>(
    mut template: Template,
    input: &GameInput<T>,
    catalogue: &Catalogue,
) -> ApiResult<Template> {
    check_amounts(&template, input)?;
    let it = &mut template;
    put(&mut it.description, input.description.clone());
    put(&mut it.cover, input.cover.clone());
    put(&mut it.currency, input.currency.map(Into::into));
    put(&mut it.is_active, input.is_active);
    put(
        &mut it.duration_ms,
        input.duration.map(|s| s.saturating_mul(1_000)),
    );
    put(&mut it.countdown_ms, input.countdown_ms);
    put(&mut it.min_players, input.min_players);
    put(&mut it.max_players, input.max_players);
    put(&mut it.max_positions, input.max_positions);
    put(&mut it.fill_delay_ms, input.fill_delay_ms);
    put(&mut it.card_uses, input.card_uses);
    put(&mut it.cup, input.cup);
    put(&mut it.win_exp, input.win_exp);
    put(&mut it.lose_exp, input.lose_exp);
    put(&mut it.fill_wait_ms, input.fill_wait_ms);
    put(&mut it.queue_ttl_ms, input.queue_ttl_ms);
    match input.cup_band {
        MaybeUndefined::Undefined => {}
        MaybeUndefined::Null => it.cup_band = None,
        MaybeUndefined::Value(band) => it.cup_band = Some(band),
    }
    let highest = input
        .max_leverage
        .map(|times| leverage("maxLeverage", times));
    put(&mut it.max_leverage, highest.transpose()?);
    put(
        &mut it.fee_bps,
        input.fee_bps.map(|fee| bps("feeBps", fee)).transpose()?,
    );
    let maintenance = input
        .maintenance_bps
        .map(|left| bps("maintenanceBps", left));
    put(&mut it.maintenance_bps, maintenance.transpose()?);
    let chips = input.start_v_balance.as_ref().map(|chips| {
        chips
            .digits()
            .parse()
            .map_err(|cause| invalid("startVBalance", cause))
    });
    put(&mut it.start_balance, chips.transpose()?);
    let fee = input
        .entry_fee
        .as_ref()
        .map(|fee| minor("entryFee", fee, it.currency));
    put(&mut it.entry_fee_minor, fee.transpose()?);
    let assets = input
        .assets
        .as_ref()
        .map(|assets| allowed(assets, catalogue));
    put(&mut it.assets, assets.transpose()?);
    it.prize = prize(input, it.currency, &it.prize)?;
    let items = input.item_rewards.as_ref().map(|items| {
        items
            .iter()
            .map(|item| ItemReward {
                kind: item.kind.into(),
                uses: item.uses,
            })
            .collect()
    });
    put(&mut it.items, items);
    Ok(template)
}

fn put<T>(field: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *field = value;
    }
}

/// Amounts are kept in minor units: in another currency they would mean something else, so that
/// they have to be said anew.
fn check_amounts<T: InputType>(template: &Template, input: &GameInput<T>) -> ApiResult<()> {
    let currency: Option<money::Currency> = input.currency.map(Into::into);
    if currency.is_none_or(|currency| currency == template.currency) {
        return Ok(());
    }
    let expected = "expected an amount in the new currency";
    if template.entry_fee_minor != 0 && input.entry_fee.is_none() {
        return Err(invalid("entryFee", expected));
    }
    let is_amount = matches!(template.prize, Prize::Fixed { .. });
    if is_amount && input.fixed_prize.is_none() && input.pool.is_none() {
        return Err(invalid("fixedPrize", expected));
    }
    Ok(())
}

/// The prize that the input says, where it says one over the one that stands.
fn prize<T: InputType>(
    input: &GameInput<T>,
    currency: money::Currency,
    standing: &Prize,
) -> ApiResult<Prize> {
    let prize = match (&input.fixed_prize, &input.pool) {
        (None, None) => standing.clone(),
        (Some(_), Some(_)) => {
            return Err(invalid("pool", "expected either a fixed prize or a pool"));
        }
        (Some(amount), None) => Prize::Fixed {
            amount_minor: minor("fixedPrize", amount, currency)?,
            house_funded: matches!(
                standing,
                Prize::Fixed {
                    house_funded: true,
                    ..
                }
            ),
        },
        (None, Some(pool)) => Prize::Pool {
            rake_bps: bps("pool", pool.rake_bps)?,
            shares_bps: pool
                .shares_bps
                .iter()
                .map(|share| bps("pool", *share))
                .collect::<ApiResult<_>>()?,
        },
    };
    match (prize, input.house_funded) {
        (Prize::Fixed { amount_minor, .. }, Some(house_funded)) => Ok(Prize::Fixed {
            amount_minor,
            house_funded,
        }),
        (Prize::Pool { .. }, Some(true)) => {
            Err(invalid("houseFunded", "expected a fixed prize beside it"))
        }
        (prize, _) => Ok(prize),
    }
}

fn allowed(assets: &[AllowedAssetInput], catalogue: &Catalogue) -> ApiResult<Vec<AllowedAsset>> {
    let one = |input: &AllowedAssetInput| {
        let listed = catalogue
            .find(&input.asset)
            .ok_or_else(|| invalid("assets", "expected the slug, symbol or pair of an asset"))?;
        let step = input.price_step.as_ref().map(|step| {
            step.digits()
                .parse::<Price>()
                .map_err(|cause| invalid("assets", cause))
        });
        let price_step = step.transpose()?.map_or_else(usual_step, Ok)?;
        Ok(AllowedAsset {
            symbol: listed.pair.clone(),
            price_step,
        })
    };
    assets.iter().map(one).collect()
}

fn usual_step() -> ApiResult<Price> {
    Price::from_units(USUAL_PRICE_STEP).ok_or_else(|| invalid("assets", "expected a price step"))
}

fn minor(field: &str, amount: &Decimal, currency: money::Currency) -> ApiResult<i64> {
    let money: Money = amount
        .money(currency)
        .map_err(|cause| invalid(field, cause))?;
    Ok(money.minor)
}

fn bps(field: &str, bps: i32) -> ApiResult<Bps> {
    let narrow = u16::try_from(bps).map_err(|cause| invalid(field, cause))?;
    Bps::try_from(narrow).map_err(|cause| invalid(field, cause))
}

fn leverage(field: &str, times: i32) -> ApiResult<Leverage> {
    let narrow = u8::try_from(times).map_err(|cause| invalid(field, cause))?;
    Leverage::try_from(narrow).map_err(|cause| invalid(field, cause))
}

fn invalid(field: &str, cause: impl std::fmt::Display) -> ApiError {
    Refused::of_field(Code::InvalidGame, field, format!("{field}: {cause}")).into()
}
