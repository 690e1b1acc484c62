//! One battle from sign-up to payout.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::account::{self, Equipment, Profile};
use crate::bank::{self, Withdrawal};
use crate::chain::Chain;
use crate::client::{Client, Refusal};
use crate::game::{self, Match};
use crate::mailbox::Mailbox;
use crate::options::Options;
use crate::prices::{self, Prices};
use crate::report::{Player, Report};
use crate::screen::{LiveLine, Screen, by_rank};
use crate::temperament::{Intent, Temperament};

/// What each bot brings to the battle.
const EQUIPMENT: Equipment = Equipment {
    money: game::ENTRY_FEE,
    cards: 5,
};
/// How long the first prices may take.
const PRICE_LIMIT: Duration = Duration::from_secs(30);
/// How long achievements, mails and notices may take after the payout.
const AFTERMATH_LIMIT: Duration = Duration::from_secs(30);
/// The achievement that a winner has earned once the payout has reached everybody.
const FIRST_WIN: &str = "First win";
/// How often a state is looked up that has no subscription here.
const POLL_INTERVAL: Duration = Duration::from_millis(250);
/// Before the end, no bot starts anything new.
const LAST_ORDER_MARGIN: Duration = Duration::from_secs(3);
/// The shortest and longest wait between two looks at the market, in milliseconds.
const LOOK_EVERY_MS: std::ops::RangeInclusive<u64> = 1_500..=4_000;

const ORDER: &str = "mutation Order($input: CreateGameMatchPositionInput!) {
    createGameMatchPosition(createGameInput: $input) { id status }
}";
const CANCEL: &str = "mutation Cancel($id: ID!) { cancelGameMatchPosition(id: $id) }";
const CLOSE: &str = "mutation Close($id: ID!) {
    closeGameMatchPosition(id: $id) { userErrors { code } }
}";
const AMEND: &str = "mutation Amend($id: ID!, $stop: Decimal) {
    amendGameMatchPosition(id: $id, stopLoss: $stop) { userErrors { code } }
}";
const POSITION: &str = "query Position($id: ID!) { gameMatchPosition(id: $id) { id status side } }";
const LEADERBOARD: &str = "subscription Board($id: ID!) {
    gameMatchUpdated(id: $id) {
        time players { user { nickName } equity rank openPositions }
    }
}";

struct Bot {
    api: Client,
    email: String,
    temperament: Temperament,
    before: Profile,
}

/// Plays the battle and writes its report.
pub(crate) async fn battle(
    options: &Options,
    screen: &mut Screen<impl Write>,
) -> anyhow::Result<()> {
    let api = Client::new(options.api.clone())?;
    let mailbox = Mailbox::new(options.mail.clone());

    let staff = account::sign_in(&api, &mailbox, &options.staff).await?;
    let game = game::create(&staff, options.players, options.seconds, &options.assets).await?;
    screen.step("a staff account has created the game");

    let chain = options.chain.clone().map(Chain::new).transpose()?;
    let bots = sign_up(options, &api, &mailbox, chain.as_ref()).await?;
    screen.step(&format!(
        "{} bots have signed up, with {} and cards",
        bots.len(),
        if chain.is_some() {
            "deposits on the chain"
        } else {
            "play money"
        },
    ));

    let sender = Arc::new(watch::Sender::new(Prices::new()));
    let prices = sender.subscribe();
    let mut tasks = JoinSet::new();
    tasks.spawn(prices::follow(bots[0].api.clone(), sender));
    first_prices(prices.clone(), &options.assets).await?;

    for bot in &bots {
        game::join(&bot.api, &game).await?;
    }
    let id = game::opened(&bots[0].api, &game).await?;
    let battle = game::find(&bots[0].api, &id).await?;
    let end = end_of(&battle, &bots[0].api).await?;
    screen.step(&format!("battle {id} has opened"));

    for (number, bot) in bots.iter().enumerate() {
        tasks.spawn(trade(Trader {
            api: bot.api.clone(),
            temperament: bot.temperament,
            battle: id.clone(),
            asset: options.assets[(number / 2) % options.assets.len()].clone(),
            prices: prices.clone(),
            random: ChaCha8Rng::seed_from_u64(options.seed.wrapping_add(number as u64)),
            until: end - LAST_ORDER_MARGIN,
        }));
    }
    watch_battle(&bots[0].api, &id, &battle, end, &prices, screen).await?;
    let ended = game::ended(&bots[0].api, &id).await?;
    tasks.abort_all();

    let withdrawal = match &chain {
        Some(chain) => Some(withdraw_prize(&ended, &bots, chain).await?),
        None => None,
    };
    let report = report(&id, ended, &bots, &mailbox, withdrawal).await?;
    screen.result(&report);
    report.write(&options.report)
}

/// When the match ends on this machine's clock, as far as the server's clock tells now.
async fn end_of(battle: &Match, api: &Client) -> anyhow::Result<Instant> {
    let left = (battle.end - game::server_time(api).await?)
        .try_into()
        .unwrap_or(Duration::ZERO);
    Ok(Instant::now() + left)
}

async fn sign_up(
    options: &Options,
    api: &Client,
    mailbox: &Mailbox,
    chain: Option<&Chain>,
) -> anyhow::Result<Vec<Bot>> {
    let mut bots = Vec::new();
    for number in 0..options.players as usize {
        let temperament = Temperament::of(number);
        let email = format!("bot-{number}@bots.example");
        let signed_in = account::sign_in(api, mailbox, &email).await?;
        account::rename(&signed_in, &format!("{}-{number}", temperament.name())).await?;
        match chain {
            Some(chain) => {
                account::equip_with_cards(&signed_in, EQUIPMENT).await?;
                bank::deposit(&signed_in, chain).await?;
            }
            None => account::equip(&signed_in, EQUIPMENT).await?,
        }
        let before = account::profile(&signed_in).await?;
        bots.push(Bot {
            api: signed_in,
            email,
            temperament,
            before,
        });
    }
    Ok(bots)
}

async fn first_prices(
    mut prices: watch::Receiver<Prices>,
    assets: &[String],
) -> anyhow::Result<()> {
    let all_known = |known: &Prices| assets.iter().all(|asset| known.contains_key(asset));
    tokio::time::timeout(PRICE_LIMIT, prices.wait_for(all_known))
        .await
        .with_context(|| format!("no prices of {} within {PRICE_LIMIT:?}", assets.join(", ")))??;
    Ok(())
}

struct Trader {
    api: Client,
    temperament: Temperament,
    battle: String,
    asset: String,
    prices: watch::Receiver<Prices>,
    random: ChaCha8Rng,
    until: Instant,
}

/// Trades until shortly before the end. A refusal is part of the game; anything else is not.
async fn trade(mut trader: Trader) -> anyhow::Result<()> {
    let mut mine: Vec<String> = Vec::new();
    while Instant::now() < trader.until {
        let look = Duration::from_millis(trader.random.random_range(LOOK_EVERY_MS));
        let Some(price) = trader.prices.borrow().get(&trader.asset).copied() else {
            sleep(look).await;
            continue;
        };
        for id in &mine {
            allow_refusal(trader.revisit(id, price).await)?;
        }
        let done = trader.temperament.opens_once() && !mine.is_empty();
        if !done && let Some(id) = allow_refusal(trader.order(price).await)? {
            mine.push(id);
        }
        sleep(look).await;
    }
    Ok(())
}

impl Trader {
    async fn order(&mut self, price: domain::price::Price) -> anyhow::Result<String> {
        let mut input = self.temperament.order(price, &mut self.random);
        input["matchID"] = self.battle.as_str().into();
        input["baseToken"] = self.asset.as_str().into();
        let data = self.api.run(ORDER, json!({ "input": input })).await?;
        let id = data
            .pointer("/createGameMatchPosition/id")
            .and_then(Value::as_str);
        Ok(id.context("an accepted order has an id")?.to_owned())
    }

    async fn revisit(&self, id: &str, price: domain::price::Price) -> anyhow::Result<()> {
        let data = self.api.run(POSITION, json!({ "id": id })).await?;
        let position = data.get("gameMatchPosition").cloned().unwrap_or_default();
        match self.temperament.revisit(&position, price) {
            None => {}
            Some(Intent::Cancel) => drop(self.api.run(CANCEL, json!({ "id": id })).await?),
            Some(Intent::Close) => drop(self.api.run(CLOSE, json!({ "id": id })).await?),
            Some(Intent::MoveStop(stop)) => {
                drop(
                    self.api
                        .run(AMEND, json!({ "id": id, "stop": stop }))
                        .await?,
                );
            }
        }
        Ok(())
    }
}

fn allow_refusal<T>(result: anyhow::Result<T>) -> anyhow::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.is::<Refusal>() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Shows the leaderboard until the clock has run out.
async fn watch_battle(
    api: &Client,
    id: &str,
    battle: &Match,
    end: Instant,
    prices: &watch::Receiver<Prices>,
    screen: &mut Screen<impl Write>,
) -> anyhow::Result<()> {
    let mut board = api.subscribe(LEADERBOARD, json!({ "id": id })).await?;
    let span: Duration = (battle.end - battle.start)
        .try_into()
        .unwrap_or(Duration::ZERO);
    while let Ok(update) = tokio::time::timeout_at(end, board.next()).await {
        let Some(data) = update? else { break };
        let Some(update) = data.get("gameMatchUpdated") else {
            continue;
        };
        let now = update
            .get("time")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let now = OffsetDateTime::parse(now, &Rfc3339).unwrap_or(battle.start);
        let left: Duration = (battle.end - now).try_into().unwrap_or(Duration::ZERO);
        screen.live(
            left.min(span),
            &prices.borrow().clone(),
            &live_lines(update),
        );
    }
    Ok(())
}

fn live_lines(update: &Value) -> Vec<LiveLine> {
    let players = update.get("players").and_then(Value::as_array);
    let lines = players.into_iter().flatten().map(|player| {
        let text = |pointer: &str| {
            player
                .pointer(pointer)
                .and_then(Value::as_str)
                .unwrap_or("?")
        };
        let number = |name: &str| player.get(name).and_then(Value::as_i64).unwrap_or_default();
        LiveLine {
            rank: number("rank"),
            name: text("/user/nickName").to_owned(),
            equity: text("/equity").to_owned(),
            open_positions: number("openPositions"),
        }
    });
    lines.collect()
}

/// Lets the first of the winners withdraw the prize.
async fn withdraw_prize(ended: &Match, bots: &[Bot], chain: &Chain) -> anyhow::Result<Withdrawal> {
    let winners = by_rank(ended.seats.clone());
    let winner = winners.first().context("nobody sits in the match")?;
    let bot = bots.iter().find(|bot| bot.before.id == winner.user);
    let bot = bot.context("somebody who is no bot sits in the match")?;
    let prize = winner.prize.as_deref().context("a winner has a prize")?;
    bank::withdraw(&bot.api, &winner.name, prize, chain).await
}

async fn report(
    id: &str,
    ended: Match,
    bots: &[Bot],
    mailbox: &Mailbox,
    withdrawal: Option<Withdrawal>,
) -> anyhow::Result<Report> {
    let tally = game::tally(&bots[0].api, id).await?;
    let earned = aftermath(&ended, bots).await?;
    let mut players = Vec::new();
    for seat in by_rank(ended.seats) {
        let bot = bots.iter().find(|bot| bot.before.id == seat.user);
        let bot = bot.context("somebody who is no bot sits in the match")?;
        let after = account::profile(&bot.api).await?;
        players.push(Player {
            winner: ended.winner.as_ref() == Some(&seat.user),
            rank: seat.rank.unwrap_or_default(),
            equity: seat.equity.unwrap_or_default(),
            prize: seat.prize.unwrap_or_default(),
            cups: seat.cups.unwrap_or_default(),
            experience: seat.experience.unwrap_or_default(),
            level: after.level,
            wallet_before: bot.before.balance.clone(),
            wallet_after: after.balance,
            achievements: earned.get(&seat.user).cloned().unwrap_or_default(),
            name: seat.name,
        });
    }
    let mut emails = 0;
    let mut notifications = 0;
    for bot in bots {
        emails += mailbox.list(&bot.email).await?.len();
        notifications += account::unread(&bot.api).await?;
    }
    Ok(Report {
        battle: id.to_owned(),
        status: ended.status,
        players,
        positions: tally.positions,
        fills: tally.fills,
        liquidations: tally.liquidations,
        stops: tally.stops,
        achievements: earned.values().map(Vec::len).sum(),
        emails,
        notifications,
        withdrawal,
    })
}

/// Waits until what the payout sets off has arrived: the winner's first win, and a notice for
/// each bot. Answers the achievements by user.
async fn aftermath(ended: &Match, bots: &[Bot]) -> anyhow::Result<BTreeMap<String, Vec<String>>> {
    let deadline = Instant::now() + AFTERMATH_LIMIT;
    loop {
        let mut earned = BTreeMap::new();
        let mut all_told = true;
        for bot in bots {
            let titles = account::achievements(&bot.api).await?;
            let won = ended.winner.as_ref() == Some(&bot.before.id);
            all_told &= !won || titles.iter().any(|title| title == FIRST_WIN);
            all_told &= account::unread(&bot.api).await? > 0;
            earned.insert(bot.before.id.clone(), titles);
        }
        if all_told {
            return Ok(earned);
        }
        ensure!(
            Instant::now() < deadline,
            "the winner's achievement or a bot's notice did not come within {AFTERMATH_LIMIT:?}"
        );
        sleep(POLL_INTERVAL).await;
    }
}
