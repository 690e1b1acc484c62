//! A second engine, written from the rules alone and deliberately naive: it walks every position
//! on every entry and counts in plain 128-bit integers. It shares the types of what goes in and
//! comes out with the first, and no function that decides or calculates.

use std::collections::BTreeMap;

use domain::battle::{
    AssetFinal, AssetState, BattleRows, BattleState, BattleStatus, BattleTerms, LiveStanding,
    LogBody, LogEntry, LoggedCommand, MarketState, OutcomeState, ParticipantState, Place, Usage,
};
use domain::chips::Chips;
use domain::engine::{Effects, Fact, PositionChange};
use domain::game::Prize;
use domain::id::{BattleId, PositionId, UserId};
use domain::leverage::Leverage;
use domain::market::{Epoch, Incarnation, MarketEntry, MarketEvent, Tick};
use domain::order::{
    Answer, Command, CommandBody, Entered, LevelChange, NewOrder, OrderKind, Origin, Outcome,
    Refusal, Side, Verb,
};
use domain::position::{
    End, EndCause, Exit, Fill, NewLevel, Noted, NotedChange, PositionState, PositionStatus,
};
use domain::price::Price;
use domain::ranking::{BattleResult, Standing};
use domain::symbol::Symbol;
use domain::timestamp::Timestamp;

use crate::coverage::Coverage;

const TOP_PRICE: i128 = 10_000_000_000_000_000;
const TOP_SIZE: i128 = 10_000_000_000_000_000;
const TOP_PROFIT: i128 = 10_000_000_000_000_000;
const TOP_CASH: i128 = 4_000_000_000_000_000_000;
const LOWEST_MARGIN: i128 = 1_000_000;
const WHOLE_BPS: i128 = 10_000;
const TEN_SECONDS_MS: i64 = 10_000;

/// What is known of an asset.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    tick: Option<Tick>,
    watermark: Option<i64>,
}

/// A battle, in the shape of its rows.
struct Game {
    rows: BattleRows,
    /// By asset: its last tick between start and end.
    inside: BTreeMap<Symbol, Tick>,
}

/// What walks over one battle's positions.
struct Walk<'a> {
    game: &'a mut Game,
    place: (Incarnation, u64),
    effects: &'a mut Effects,
    coverage: &'a mut Coverage,
}

/// The naive engine.
pub(crate) struct Naive {
    incarnation: Incarnation,
    sequence: u64,
    epoch: u64,
    ahead_ns: i64,
    assets: BTreeMap<Symbol, Known>,
    games: BTreeMap<BattleId, Game>,
    /// Open and pending positions of an asset, summed over the ticks of that asset.
    pub(crate) position_ticks: u64,
    pub(crate) coverage: Coverage,
}

/// `numerator` ⁄ `divisor`, towards negative infinity.
fn floor(numerator: i128, divisor: i128) -> i128 {
    let quotient = numerator / divisor;
    if numerator % divisor < 0 {
        quotient - 1
    } else {
        quotient
    }
}

/// `numerator` ⁄ `divisor`, towards positive infinity.
fn ceil(numerator: i128, divisor: i128) -> i128 {
    let quotient = numerator / divisor;
    if numerator % divisor > 0 {
        quotient + 1
    } else {
        quotient
    }
}

fn chips(units: i128) -> Chips {
    Chips::from_units(i64::try_from(units).unwrap())
}

fn cut(units: i128) -> i128 {
    units.clamp(-TOP_CASH, TOP_CASH)
}

fn units(chips: Chips) -> i128 {
    chips.units().into()
}

fn at(price: Price) -> i128 {
    price.units().into()
}

/// The level at which a position is liquidated, unrounded side chosen: up for a BUY, down for a
/// SELL. It may lie where no price can be.
pub(crate) fn liquidation(side: Side, entry: i128, leverage: i128, maintenance_bps: i128) -> i128 {
    // entry × (1 − 1 ⁄ leverage + maintenance), over the denominator 10,000 × leverage.
    let whole = WHOLE_BPS * leverage;
    match side {
        Side::Buy => ceil(
            entry * (whole - WHOLE_BPS + maintenance_bps * leverage),
            whole,
        ),
        Side::Sell => floor(
            entry * (whole + WHOLE_BPS - maintenance_bps * leverage),
            whole,
        ),
    }
}

fn profit(position: &PositionState, entry: i128, now: i128) -> i128 {
    let moved = match position.side {
        Side::Buy => now - entry,
        Side::Sell => entry - now,
    };
    floor(units(position.size) * moved, entry)
}

fn reaches(side: Side, price: i128, level: i128) -> bool {
    match side {
        Side::Buy => price >= level,
        Side::Sell => price <= level,
    }
}

fn falls_to(side: Side, price: i128, level: i128) -> bool {
    match side {
        Side::Buy => price <= level,
        Side::Sell => price >= level,
    }
}

pub(crate) fn is_live(position: &PositionState) -> bool {
    matches!(
        position.status,
        PositionStatus::Pending | PositionStatus::Open
    )
}

impl Naive {
    pub(crate) fn new(incarnation: Incarnation) -> Self {
        Self {
            incarnation,
            sequence: 0,
            epoch: 0,
            ahead_ns: 0,
            assets: BTreeMap::new(),
            games: BTreeMap::new(),
            position_ticks: 0,
            coverage: Coverage::default(),
        }
    }

    pub(crate) fn open(&mut self, terms: &BattleTerms, effects: &mut Effects) {
        let id = terms.battle;
        if self.games.contains_key(&id) {
            self.coverage.saw("opened again");
            return;
        }
        let balance = terms.template.start_balance;
        let participants = (0_u32..)
            .zip(&terms.seats)
            .map(|(number, seat)| ParticipantState {
                battle: id,
                player: seat.player,
                number,
                cash: balance,
                cards_left: seat.card_uses,
                fills: 0,
                usage: Usage::default(),
            });
        let rows = BattleRows {
            participants: participants.collect(),
            positions: Vec::new(),
            outcomes: Vec::new(),
            battle: BattleState {
                terms: terms.clone(),
                status: BattleStatus::Open,
                log_number: 0,
                accepted: 0,
                last_effective_time: None,
                finals: Vec::new(),
                ended_at: None,
                result: None,
            },
        };
        let symbols: Vec<Symbol> = terms
            .template
            .assets
            .iter()
            .map(|asset| asset.symbol.clone())
            .collect();
        let mut inside = BTreeMap::new();
        for symbol in &symbols {
            let known = self.assets.entry(symbol.clone()).or_default();
            if let Some(tick) = known.tick
                && (terms.start_time..=terms.end_time).contains(&tick.time)
            {
                self.coverage.saw("opened behind a tick inside the match");
                inside.insert(symbol.clone(), tick);
            }
        }
        let market = self.market_of(symbols);
        self.games.insert(id, Game { rows, inside });
        effects.facts.push(Fact::BattleOpened { battle: id });
        let mut walk = self.walk(id, effects).unwrap();
        walk.log(LogBody::Opened { market });
        for number in 0..terms.seats.len() {
            walk.touch_player(number);
        }
    }

    pub(crate) fn market(&mut self, sequence: u64, entry: &MarketEntry, effects: &mut Effects) {
        if sequence <= self.sequence {
            self.coverage.saw("entry applied before");
            return;
        }
        self.sequence = sequence;
        if entry.epoch.0 < self.epoch {
            self.coverage.saw("entry of an older epoch");
            return;
        }
        self.epoch = entry.epoch.0;
        match &entry.event {
            MarketEvent::Tick { symbol, tick } => {
                let known = self.assets.entry(symbol.clone()).or_default();
                let time = tick.time.ms();
                if known.watermark.is_some_and(|watermark| time <= watermark) {
                    self.coverage.saw("tick at or before its watermark");
                    return;
                }
                if known.tick.is_some_and(|last| time < last.time.ms()) {
                    self.coverage.saw("tick older than the last");
                    return;
                }
                if known.tick.is_some_and(|last| tick.trade <= last.trade) {
                    self.coverage.saw("copied tick");
                    return;
                }
                if known.tick.is_some_and(|last| time == last.time.ms()) {
                    self.coverage.saw("two ticks at one time");
                }
                known.tick = Some(*tick);
                self.every_game(symbol, time, Some(*tick), effects);
            }
            MarketEvent::Watermark { symbol, time } => {
                let known = self.assets.entry(symbol.clone()).or_default();
                if known.watermark.is_some_and(|last| time.ms() < last) {
                    self.coverage.saw("watermark older than the last");
                    return;
                }
                let again = known.watermark == Some(time.ms());
                known.watermark = Some(time.ms());
                self.every_game(symbol, time.ms(), None, effects);
                if again && !effects.facts.is_empty() {
                    self.coverage.saw("change applies at an equal watermark");
                }
            }
            MarketEvent::Gap { .. } => self.coverage.saw("gap"),
            MarketEvent::Note { .. } => self.coverage.saw("note"),
            MarketEvent::Offset { ahead_ns } => self.ahead_ns = *ahead_ns,
        }
    }

    fn every_game(
        &mut self,
        symbol: &Symbol,
        time: i64,
        tick: Option<Tick>,
        effects: &mut Effects,
    ) {
        let place = (self.incarnation, self.sequence);
        for game in self.games.values_mut() {
            let live = |position: &&PositionState| is_live(position) && position.symbol == *symbol;
            if tick.is_some() {
                let count = game.rows.positions.iter().filter(live).count();
                self.position_ticks += u64::try_from(count).unwrap();
            }
            Walk {
                game,
                place,
                effects,
                coverage: &mut self.coverage,
            }
            .entry(symbol, time, tick);
        }
    }

    pub(crate) fn command(&mut self, command: &Command, effects: &mut Effects) -> Answer {
        let ahead_ns = self.ahead_ns;
        let assets = self.assets.clone();
        let Some(mut walk) = self.walk(command.battle, effects) else {
            return passing(Refusal::MatchNotFound);
        };
        walk.command(command, ahead_ns, &assets)
    }

    pub(crate) fn finalise(&mut self, battle: BattleId, effects: &mut Effects) -> bool {
        let Some(mut walk) = self.walk(battle, effects) else {
            return false;
        };
        if walk.game.rows.battle.status != BattleStatus::Open {
            return false;
        }
        walk.coverage.saw("finalised");
        walk.log(LogBody::Finalise);
        let terms = walk.game.rows.battle.terms.clone();
        for asset in &terms.template.assets {
            walk.make_final(&asset.symbol);
        }
        walk.finish();
        true
    }

    /// Whether the battle was or is canceled; none if there is no such battle.
    pub(crate) fn cancel_battle(
        &mut self,
        battle: BattleId,
        effects: &mut Effects,
    ) -> Option<bool> {
        let assets = self.assets.clone();
        let mut walk = self.walk(battle, effects)?;
        match walk.game.rows.battle.status {
            BattleStatus::Final => Some(false),
            BattleStatus::Canceled => Some(true),
            BattleStatus::Open => {
                walk.call_off(&assets);
                Some(true)
            }
        }
    }

    pub(crate) fn forget(&mut self, battle: BattleId) {
        let ended = |game: &Game| game.rows.battle.status != BattleStatus::Open;
        if self.games.get(&battle).is_some_and(ended) {
            self.coverage.saw("battle forgotten");
            self.games.remove(&battle);
        }
    }

    pub(crate) fn market_state(&self) -> MarketState {
        self.market_of(self.assets.keys().cloned().collect())
    }

    fn market_of(&self, symbols: Vec<Symbol>) -> MarketState {
        let state = |symbol: Symbol| {
            let known = self.assets.get(&symbol).copied().unwrap_or_default();
            AssetState {
                symbol,
                tick: known.tick,
                watermark: known.watermark.map(Timestamp::from_ms),
            }
        };
        MarketState {
            incarnation: self.incarnation,
            sequence: self.sequence,
            epoch: Epoch(self.epoch),
            ahead_ns: self.ahead_ns,
            assets: symbols.into_iter().map(state).collect(),
        }
    }

    pub(crate) fn battles(&self) -> impl Iterator<Item = BattleId> + '_ {
        self.games.keys().copied()
    }

    pub(crate) fn rows(&self, battle: BattleId) -> Option<&BattleRows> {
        Some(&self.games.get(&battle)?.rows)
    }

    pub(crate) fn last_tick(&self, symbol: &Symbol) -> Option<Tick> {
        self.assets.get(symbol)?.tick
    }

    pub(crate) fn last_watermark(&self, symbol: &Symbol) -> Option<i64> {
        self.assets.get(symbol)?.watermark
    }

    pub(crate) fn sequence(&self) -> u64 {
        self.sequence
    }

    pub(crate) fn ahead_ns(&self) -> i64 {
        self.ahead_ns
    }

    /// The price that an asset stands at in a battle: its final price once it has one.
    fn standing_price(&self, rows: &BattleRows, symbol: &Symbol) -> Option<i128> {
        let ended = rows
            .battle
            .finals
            .iter()
            .find(|asset| asset.symbol == *symbol);
        let tick = match ended {
            Some(asset) => asset.tick,
            None => self.last_tick(symbol),
        };
        tick.map(|tick| at(tick.price))
    }

    /// Live equity by the formula of the rules, and ranks.
    pub(crate) fn standings(&self, battle: BattleId) -> Option<Vec<LiveStanding>> {
        let rows = self.rows(battle)?;
        let players = rows.participants.len();
        let mut equity: Vec<i128> = rows
            .participants
            .iter()
            .map(|one| units(one.cash))
            .collect();
        let mut open = vec![0_u32; players];
        let numbers: BTreeMap<UserId, usize> = rows
            .participants
            .iter()
            .map(|one| one.player)
            .zip(0..)
            .collect();
        for asset in &rows.battle.terms.template.assets {
            let mut sums = vec![(0_i128, 0_i128); players];
            for position in &rows.positions {
                if position.symbol != asset.symbol {
                    continue;
                }
                let number = *numbers.get(&position.player).unwrap();
                if position.status == PositionStatus::Pending {
                    equity[number] += units(position.margin) + units(position.open_fee);
                }
                if position.status == PositionStatus::Open {
                    let sign = match position.side {
                        Side::Buy => 1,
                        Side::Sell => -1,
                    };
                    let entry = at(position.fill.unwrap().tick.price);
                    let size = units(position.size);
                    sums[number].0 += units(position.margin) - sign * size;
                    sums[number].1 += floor(sign * size * (1 << 54), entry);
                    open[number] += 1;
                }
            }
            if let Some(price) = self.standing_price(rows, &asset.symbol) {
                for (number, (a, q)) in sums.into_iter().enumerate() {
                    equity[number] += a + scaled_down(q, price);
                }
            }
        }
        let equity: Vec<i128> = equity.into_iter().map(cut).collect();
        let standing = |(number, one): (usize, &ParticipantState)| LiveStanding {
            player: one.player,
            number: one.number,
            equity: chips(equity[number]),
            rank: place(&equity, equity[number]),
            open_positions: open[number],
        };
        Some(rows.participants.iter().enumerate().map(standing).collect())
    }

    fn walk<'a>(&'a mut self, battle: BattleId, effects: &'a mut Effects) -> Option<Walk<'a>> {
        Some(Walk {
            game: self.games.get_mut(&battle)?,
            place: (self.incarnation, self.sequence),
            effects,
            coverage: &mut self.coverage,
        })
    }
}

/// floor(`q` × `price` ⁄ 2^54), in two halves so that nothing overflows.
fn scaled_down(q: i128, price: i128) -> i128 {
    let high = floor(q, 1 << 54);
    let low = q - high * (1 << 54);
    high * price + floor(low * price, 1 << 54)
}

/// The place of `one` among `all`: one more than there are better ones.
fn place(all: &[i128], one: i128) -> u32 {
    let better = all.iter().filter(|other| **other > one).count();
    u32::try_from(better).unwrap() + 1
}

fn passing(refusal: Refusal) -> Answer {
    Answer {
        outcome: Outcome::Refused(refusal),
        origin: Origin::Passing,
    }
}

/// What a new order may cost and where it may stand, once nothing refuses it.
struct Ticket {
    symbol: Symbol,
    kind: OrderKind<Price>,
    margin: i128,
    leverage: Leverage,
    size: i128,
    fee: i128,
    card: bool,
    stop_loss: Option<Price>,
    take_profit: Option<Price>,
    watermark: i64,
}

impl Walk<'_> {
    fn terms(&self) -> &BattleTerms {
        &self.game.rows.battle.terms
    }

    fn position(&mut self, index: usize) -> &mut PositionState {
        &mut self.game.rows.positions[index]
    }

    fn log(&mut self, body: LogBody) -> u64 {
        let battle = self.terms().battle;
        self.game.rows.battle.log_number += 1;
        let number = self.game.rows.battle.log_number;
        let place = Place {
            incarnation: self.place.0,
            sequence: self.place.1,
            number,
        };
        self.effects.log.push((battle, LogEntry { place, body }));
        self.effects.touched.battles.push(battle);
        number
    }

    fn touch_player(&mut self, number: usize) {
        let one = &self.game.rows.participants[number];
        self.effects
            .touched
            .participants
            .push((one.battle, one.player));
    }

    fn touch_position(&mut self, index: usize) {
        let battle = self.terms().battle;
        let position = self.position(index).id;
        self.effects
            .touched
            .positions
            .push(domain::battle::PositionKey { battle, position });
    }

    fn fact(&mut self, index: usize, change: PositionChange) {
        let battle = self.terms().battle;
        let position = &self.game.rows.positions[index];
        self.effects.facts.push(Fact::Position {
            battle,
            player: position.player,
            position: position.id,
            change,
        });
        self.touch_position(index);
        // Whatever happens to a position, its owner's row is written with it.
        let owner = self.owner(index);
        self.touch_player(owner);
    }

    fn owner(&self, index: usize) -> usize {
        let player = self.game.rows.positions[index].player;
        let mut all = self.game.rows.participants.iter();
        all.position(|one| one.player == player).unwrap()
    }

    fn pay(&mut self, index: usize, amount: i128) {
        let number = self.owner(index);
        let one = &mut self.game.rows.participants[number];
        let cash = units(one.cash) + amount;
        if cash > TOP_CASH {
            self.coverage.saw("cash saturates");
        }
        one.cash = chips(cut(cash));
        self.touch_player(number);
    }

    // What the market does.

    fn entry(&mut self, symbol: &Symbol, time: i64, tick: Option<Tick>) {
        let terms = self.terms();
        let trades = terms.template.assets.iter();
        let listed = trades.filter(|asset| asset.symbol == *symbol).count() > 0;
        if self.game.rows.battle.status != BattleStatus::Open || !listed {
            return;
        }
        let (start, end) = (terms.start_time.ms(), terms.end_time.ms());
        self.apply_noted(symbol, time);
        if tick.is_none() {
            self.reject_stale(symbol, time);
        }
        if time > end {
            self.make_final(symbol);
            if self.game.rows.battle.finals.len() == self.terms().template.assets.len() {
                self.finish();
            }
        } else if let Some(tick) = tick {
            if time < start {
                self.coverage.saw("tick before the start");
                return;
            }
            if time == start {
                self.coverage.saw("tick at the start");
            }
            if time == end {
                self.coverage.saw("tick at the end");
            }
            self.game.inside.insert(symbol.clone(), tick);
            self.trade(symbol, tick);
        }
    }

    /// Cancels and amendments that are due, in the order of the log.
    fn apply_noted(&mut self, symbol: &Symbol, time: i64) {
        let mut due: Vec<(u64, usize)> = Vec::new();
        for (index, position) in self.game.rows.positions.iter().enumerate() {
            if !is_live(position) || position.noted.is_empty() || position.symbol != *symbol {
                continue;
            }
            for noted in &position.noted {
                if noted.change != NotedChange::Close && noted.effective_time.ms() <= time {
                    due.push((noted.number, index));
                }
            }
        }
        due.sort_unstable();
        if due.len() > 1 {
            self.coverage.saw("several changes apply at one entry");
        }
        for (number, index) in due {
            let position = self.position(index);
            let Some(which) = position
                .noted
                .iter()
                .position(|noted| noted.number == number)
            else {
                continue; // A cancel in front of it ended the position.
            };
            let noted = position.noted.remove(which);
            match noted.change {
                NotedChange::Cancel => {
                    self.coverage.saw("cancel applies");
                    self.give_back(index, EndCause::Cancel, time);
                }
                NotedChange::Amend {
                    stop_loss,
                    take_profit,
                } => {
                    let level = |change: NewLevel, old: Option<Price>| match change {
                        NewLevel::Keep => old,
                        NewLevel::Remove => None,
                        NewLevel::Set(price) => Some(price),
                    };
                    position.stop_loss = level(stop_loss, position.stop_loss);
                    position.take_profit = level(take_profit, position.take_profit);
                    let change = PositionChange::Amended {
                        stop_loss: position.stop_loss,
                        take_profit: position.take_profit,
                    };
                    if position.status == PositionStatus::Pending {
                        self.coverage.saw("pending order amended");
                    }
                    self.fact(index, change);
                }
                NotedChange::Close => {}
            }
        }
    }

    fn reject_stale(&mut self, symbol: &Symbol, time: i64) {
        for index in 0..self.game.rows.positions.len() {
            let position = self.position(index);
            if position.status != PositionStatus::Pending || position.symbol != *symbol {
                continue;
            }
            let Some(stale_at) = position.stale_at.map(Timestamp::ms) else {
                continue;
            };
            if time >= stale_at {
                if time == stale_at {
                    self.coverage.saw("watermark at the deadline");
                }
                self.give_back(index, EndCause::FeedStale, time);
            } else if time == stale_at - 1 {
                self.coverage.saw("watermark just before the deadline");
            }
        }
    }

    /// Fills and exits at a tick inside the match.
    fn trade(&mut self, symbol: &Symbol, tick: Tick) {
        enum Act {
            Fill,
            Leave(EndCause),
        }
        let price = at(tick.price);
        let mut touched = Vec::new();
        for (index, position) in self.game.rows.positions.iter().enumerate() {
            if !is_live(position) || position.symbol != *symbol {
                continue;
            }
            if position.status == PositionStatus::Pending {
                let right = match position.kind {
                    OrderKind::Market => true,
                    OrderKind::Limit(limit) => {
                        if price == at(limit) {
                            self.coverage.saw("tick at the limit");
                        }
                        falls_to(position.side, price, at(limit))
                    }
                };
                if right && tick.time < position.effective_time {
                    self.coverage.saw("order waits for its effective time");
                }
                if right && tick.time >= position.effective_time {
                    if tick.time == position.effective_time {
                        self.coverage.saw("filled at its effective time");
                    }
                    touched.push((index, Act::Fill));
                }
                continue;
            }
            let mut causes = Vec::new();
            let hit = |level: Option<Price>| {
                level.is_some_and(|level| falls_to(position.side, price, at(level)))
            };
            if hit(position.fill.unwrap().liquidation) {
                causes.push(EndCause::Liquidation);
            }
            if hit(position.stop_loss) {
                causes.push(EndCause::StopLoss);
            }
            let take = position.take_profit;
            if take.is_some_and(|take| reaches(position.side, price, at(take))) {
                causes.push(EndCause::TakeProfit);
            }
            for noted in &position.noted {
                if noted.change == NotedChange::Close {
                    if noted.effective_time <= tick.time {
                        causes.push(EndCause::Close);
                    } else {
                        self.coverage.saw("close waits for its effective time");
                    }
                }
            }
            if let Some(first) = causes.first() {
                for second in &causes[1..] {
                    self.coverage.saw(match (first, second) {
                        (EndCause::Liquidation, EndCause::StopLoss) => "liquidation before stop",
                        (EndCause::Liquidation, EndCause::TakeProfit) => "liquidation before take",
                        (EndCause::Liquidation, EndCause::Close) => "liquidation before close",
                        (EndCause::StopLoss, EndCause::TakeProfit) => "stop before take",
                        (EndCause::StopLoss, EndCause::Close) => "stop before close",
                        (EndCause::TakeProfit, EndCause::Close) => "take before close",
                        _ => "other precedence",
                    });
                }
                note_exactness(self.coverage, position, *first, price);
                touched.push((index, Act::Leave(*first)));
            }
        }
        if touched.len() > 1 {
            self.coverage.saw("several positions at one tick");
        }
        for (index, act) in touched {
            match act {
                Act::Fill => self.fill(index, tick),
                Act::Leave(cause) => {
                    self.leave(index, cause, tick);
                }
            }
        }
    }

    fn fill(&mut self, index: usize, tick: Tick) {
        let maintenance = self.terms().template.maintenance_bps.get();
        let sequence = self.place.1;
        let position = self.position(index);
        let entry = at(tick.price);
        let leverage = position.leverage.times().into();
        let level = liquidation(position.side, entry, leverage, maintenance.into());
        let losing = match position.side {
            Side::Buy => level < entry,
            Side::Sell => level > entry,
        };
        if !losing {
            self.give_back(index, EndCause::LiquidationTooClose, tick.time.ms());
            return;
        }
        let possible = (1..=TOP_PRICE).contains(&level);
        let fill = Fill {
            tick,
            sequence,
            liquidation: possible
                .then(|| Price::from_units(i64::try_from(level).unwrap()).unwrap()),
        };
        position.status = PositionStatus::Open;
        position.fill = Some(fill);
        let crossed = position
            .stop_loss
            .is_some_and(|stop| falls_to(position.side, entry, at(stop)))
            || position
                .take_profit
                .is_some_and(|take| reaches(position.side, entry, at(take)));
        if !possible {
            self.coverage.saw("no liquidation price");
        }
        if crossed {
            self.coverage.saw("filled beyond its own level");
        }
        self.fact(index, PositionChange::Filled(fill));
        let owner = self.owner(index);
        self.game.rows.participants[owner].fills += 1;
        self.touch_player(owner);
        let cancels: Vec<Noted> = self
            .position(index)
            .noted
            .iter()
            .copied()
            .filter(|noted| noted.change == NotedChange::Cancel)
            .collect();
        for noted in cancels {
            self.lapse(index, noted);
        }
    }

    fn lapse(&mut self, index: usize, noted: Noted) {
        self.position(index)
            .noted
            .retain(|other| other.number != noted.number);
        let verb = match noted.change {
            NotedChange::Close => Verb::Close,
            NotedChange::Cancel => Verb::Cancel,
            NotedChange::Amend { .. } => Verb::Amend,
        };
        self.coverage.saw(match verb {
            Verb::Close => "close lapses",
            Verb::Cancel => "cancel lapses",
            _ => "amendment lapses",
        });
        let number = noted.number;
        self.fact(index, PositionChange::Lapsed { number, verb });
    }

    fn lapse_all(&mut self, index: usize) {
        let mut noted = self.position(index).noted.clone();
        noted.sort_by_key(|noted| noted.number);
        for noted in noted {
            self.lapse(index, noted);
        }
    }

    /// An open position leaves at a tick.
    fn leave(&mut self, index: usize, cause: EndCause, tick: Tick) {
        let fee_bps: i128 = self.terms().template.fee_bps.get().into();
        let sequence = self.place.1;
        let position = self.position(index);
        let (entry, now) = (at(position.fill.unwrap().tick.price), at(tick.price));
        let unbounded = profit(position, entry, now);
        let margin = units(position.margin);
        let gained = unbounded.max(-margin).min(TOP_PROFIT);
        let worth = margin + gained;
        let full_fee = ceil(units(position.size) * now * fee_bps, entry * WHOLE_BPS);
        let fee = full_fee.min(worth);
        let exit = Exit {
            tick,
            profit: chips(gained),
            fee: chips(fee),
            payout: chips(worth - fee),
        };
        position.end = Some(End {
            cause,
            time: tick.time,
            sequence,
            exit: Some(exit),
        });
        position.status = match cause {
            EndCause::Liquidation => PositionStatus::Liquidated,
            _ => PositionStatus::Closed,
        };
        if cause == EndCause::Close {
            position
                .noted
                .retain(|noted| noted.change != NotedChange::Close);
        }
        if unbounded > TOP_PROFIT {
            self.coverage.saw("profit saturates");
        }
        if unbounded < -margin {
            self.coverage.saw("loss stops at the margin");
        }
        if full_fee > worth {
            self.coverage.saw("fee takes what is left");
        }
        self.pay(index, worth - fee);
        let change = match cause {
            EndCause::Liquidation => PositionChange::Liquidated { exit },
            _ => PositionChange::Closed { cause, exit },
        };
        self.fact(index, change);
        self.lapse_all(index);
    }

    /// A position ends without a result: margin, fee and perhaps the card come back.
    fn give_back(&mut self, index: usize, cause: EndCause, time: i64) {
        let sequence = self.place.1;
        let position = self.position(index);
        let returned = units(position.margin) + units(position.open_fee);
        let filled = position.fill.is_some();
        let card = position.card_spent && !filled && cause != EndCause::Cancel;
        position.end = Some(End {
            cause,
            time: Timestamp::from_ms(time),
            sequence,
            exit: None,
        });
        let rejected = matches!(cause, EndCause::FeedStale | EndCause::LiquidationTooClose);
        position.status = if rejected {
            PositionStatus::Rejected
        } else {
            PositionStatus::Canceled
        };
        let spent = position.card_spent;
        self.pay(index, returned);
        if card && cause != EndCause::MatchCanceled {
            self.coverage.saw("card comes back");
            let owner = self.owner(index);
            self.game.rows.participants[owner].cards_left += 1;
        }
        if spent && cause == EndCause::Cancel {
            self.coverage.saw("card of a canceled order is gone");
        }
        let returned = chips(returned);
        self.fact(
            index,
            if rejected {
                PositionChange::Rejected { cause, returned }
            } else {
                PositionChange::Canceled { cause, returned }
            },
        );
        self.lapse_all(index);
    }

    // How a battle ends.

    fn make_final(&mut self, symbol: &Symbol) {
        let inside = self.game.inside.get(symbol).copied();
        let state = &mut self.game.rows.battle;
        if state.finals.iter().any(|asset| asset.symbol == *symbol) {
            return;
        }
        state.finals.push(AssetFinal {
            symbol: symbol.clone(),
            tick: inside,
        });
        // Rows list the assets as the template does.
        let listed = &state.terms.template.assets;
        let place = |symbol: &Symbol| listed.iter().position(|asset| asset.symbol == *symbol);
        state.finals.sort_by_key(|asset| place(&asset.symbol));
        if inside.is_none() {
            self.coverage.saw("asset without a final price");
        }
        self.effects.touched.battles.push(state.terms.battle);
    }

    fn finish(&mut self) {
        let time = self.terms().end_time.ms();
        for index in 0..self.game.rows.positions.len() {
            let position = self.position(index);
            match position.status {
                PositionStatus::Pending => self.give_back(index, EndCause::MatchEnd, time),
                PositionStatus::Open => {
                    let symbol = position.symbol.clone();
                    let tick = *self.game.inside.get(&symbol).unwrap();
                    self.leave(index, EndCause::MatchEnd, tick);
                }
                PositionStatus::Closed
                | PositionStatus::Liquidated
                | PositionStatus::Canceled
                | PositionStatus::Rejected => {}
            }
        }
        let result = self.rank();
        let state = &mut self.game.rows.battle;
        state.status = BattleStatus::Final;
        state.ended_at = Some(self.place.1);
        state.result = Some(result.clone());
        self.effects.touched.battles.push(state.terms.battle);
        self.effects.facts.push(Fact::BattleFinal { result });
    }

    fn rank(&mut self) -> BattleResult {
        let rows = &self.game.rows;
        let terms = &rows.battle.terms;
        let equity: Vec<i128> = rows
            .participants
            .iter()
            .map(|one| units(one.cash))
            .collect();
        let players = i128::try_from(equity.len()).unwrap();
        let fees = i128::from(terms.template.entry_fee_minor) * players;
        let places: Vec<i128> = match &terms.template.prize {
            Prize::Fixed { amount_minor, .. } => vec![i128::from(*amount_minor)],
            Prize::Pool {
                rake_bps,
                shares_bps,
            } => {
                let pool = fees - ceil(fees * i128::from(rake_bps.get()), WHOLE_BPS);
                let share = |bps: i128| floor(pool * bps, WHOLE_BPS);
                shares_bps
                    .iter()
                    .map(|bps| share(bps.get().into()))
                    .collect()
            }
        };
        let mut standings = Vec::new();
        let mut paid = 0;
        for (one, mine) in rows.participants.iter().zip(&equity) {
            let rank = place(&equity, *mine);
            let tied = equity.iter().filter(|other| *other == mine).count();
            let first = usize::try_from(rank).unwrap() - 1;
            let sum: i128 = (first..first + tied)
                .map(|index| places.get(index).copied().unwrap_or(0))
                .sum();
            let share = floor(sum, i128::try_from(tied).unwrap());
            if tied > 1 {
                self.coverage.saw("players tie");
                if share * i128::try_from(tied).unwrap() != sum {
                    self.coverage.saw("a tie's prize does not divide");
                }
            }
            paid += share;
            standings.push(Standing {
                player: one.player,
                number: one.number,
                equity: one.cash,
                rank,
                fills: one.fills,
                cards_left: one.cards_left,
                prize_minor: i64::try_from(share).unwrap(),
            });
        }
        let first: Vec<&Standing> = standings.iter().filter(|one| one.rank == 1).collect();
        let winner = match first.as_slice() {
            [alone] if alone.fills > 0 => {
                self.coverage.saw("somebody wins");
                Some(alone.player)
            }
            [_] => {
                self.coverage.saw("first without a fill");
                None
            }
            _ => None,
        };
        BattleResult {
            battle: terms.battle,
            winner,
            currency: terms.template.currency,
            house_minor: i64::try_from(fees - paid).unwrap(),
            standings,
        }
    }

    fn call_off(&mut self, assets: &BTreeMap<Symbol, Known>) {
        self.coverage.saw("match canceled");
        self.log(LogBody::Canceled);
        for index in 0..self.game.rows.positions.len() {
            let position = &self.game.rows.positions[index];
            if is_live(position) {
                // A cancel has no moment of its own: the newest that the position knows of.
                let known = assets.get(&position.symbol).copied().unwrap_or_default();
                let mut time = position.effective_time.ms();
                time = time.max(known.watermark.unwrap_or(time));
                time = time.max(known.tick.map_or(time, |tick| tick.time.ms()));
                self.give_back(index, EndCause::MatchCanceled, time);
            }
        }
        for number in 0..self.game.rows.participants.len() {
            let uses = self.terms().seats[number].card_uses;
            self.game.rows.participants[number].cards_left = uses;
            self.touch_player(number);
        }
        let state = &mut self.game.rows.battle;
        state.status = BattleStatus::Canceled;
        state.ended_at = Some(self.place.1);
        let battle = state.terms.battle;
        self.effects.facts.push(Fact::BattleCanceled { battle });
    }

    // What a player asks.

    fn command(
        &mut self,
        command: &Command,
        ahead_ns: i64,
        assets: &BTreeMap<Symbol, Known>,
    ) -> Answer {
        let rows = &self.game.rows;
        let seats = rows.participants.iter();
        let Some(number) = seats.clone().position(|one| one.player == command.player) else {
            return passing(Refusal::NotAParticipant);
        };
        let kept = rows
            .outcomes
            .iter()
            .rev()
            .find(|kept| kept.player == command.player && kept.request == command.request);
        if let Some(kept) = kept {
            if kept.body_hash != command.body_hash {
                return passing(Refusal::IdempotencyConflict);
            }
            let outcome = kept.outcome;
            self.coverage.saw("repeat answered");
            if rows.battle.status != BattleStatus::Open {
                self.coverage.saw("repeat answered after the end");
            }
            return Answer {
                outcome,
                origin: Origin::Kept,
            };
        }
        // A position's id is derived from battle, player and request id: under it there is another
        // body already.
        if let CommandBody::New(order) = &command.body
            && rows.positions.iter().any(|one| one.id == order.position)
        {
            self.coverage.saw("order under the id of another");
            return passing(Refusal::IdempotencyConflict);
        }
        if rows.battle.status != BattleStatus::Open {
            self.coverage.saw("command after the end");
            return passing(Refusal::MatchNotOpen);
        }
        let stamp = self.stamp(command.stored_at_ns, ahead_ns);
        let (start, end) = (self.terms().start_time.ms(), self.terms().end_time.ms());
        for (moment, case) in [
            (start - 1, "stamp just before the start"),
            (start, "stamp at the start"),
            (end - 1, "stamp just before the end"),
            (end, "stamp at the end"),
        ] {
            if stamp == moment {
                self.coverage.saw(case);
            }
        }
        let outside = stamp < start || stamp >= end;
        let second = stamp.div_euclid(1_000);
        let usage = self.game.rows.participants[number].usage;
        let in_second = if usage.second == second {
            usage.in_second
        } else {
            0
        };
        let exits = matches!(
            command.body,
            CommandBody::Close { .. } | CommandBody::Cancel { .. }
        );
        let (in_battle, limit) = if exits {
            (usage.exits, "rate of exits in the battle")
        } else {
            (usage.orders, "rate of orders in the battle")
        };
        if in_second >= 10 || in_battle >= 5_000 {
            if outside {
                self.coverage.saw("rate outside the match");
                return passing(Refusal::MatchNotOpen);
            }
            let case = if in_second >= 10 {
                "rate in a second"
            } else {
                limit
            };
            self.coverage.saw(case);
            return passing(Refusal::RateLimited);
        }
        let usage = &mut self.game.rows.participants[number].usage;
        usage.second = second;
        usage.in_second = in_second + 1;
        if exits {
            usage.exits += 1;
        } else {
            usage.orders += 1;
        }
        if self.game.rows.battle.last_effective_time == Some(Timestamp::from_ms(stamp)) {
            self.coverage.saw("two commands with one stamp");
        }
        self.game.rows.battle.last_effective_time = Some(Timestamp::from_ms(stamp));
        let decided = if outside {
            Err(Refusal::MatchNotOpen)
        } else {
            self.decide(command, number, stamp, assets)
        };
        let outcome = match &decided {
            Ok(accepted) => Outcome::Accepted {
                position: match accepted {
                    Accepted::Order(order, _) => order.position,
                    Accepted::Note(index, _) => self.game.rows.positions[*index].id,
                },
            },
            Err(refusal) => Outcome::Refused(*refusal),
        };
        let log_number = self.log(LogBody::Command(LoggedCommand {
            participant: u32::try_from(number).unwrap(),
            request: command.request,
            body_hash: command.body_hash,
            stored_at_ns: command.stored_at_ns,
            effective_time: Timestamp::from_ms(stamp),
            body: command.body.clone(),
            outcome,
        }));
        let kept = OutcomeState {
            battle: command.battle,
            player: command.player,
            request: command.request,
            body_hash: command.body_hash,
            outcome,
        };
        self.effects.outcomes.push(kept.clone());
        self.game.rows.outcomes.push(kept);
        self.touch_player(number);
        match decided {
            Ok(Accepted::Order(order, ticket)) => {
                self.take(&order, ticket, number, stamp);
            }
            Ok(Accepted::Note(index, change)) => {
                self.position(index).noted.push(Noted {
                    number: log_number,
                    effective_time: Timestamp::from_ms(stamp),
                    change,
                });
                self.touch_position(index);
            }
            Err(_) => {}
        }
        Answer {
            outcome,
            origin: Origin::Decided,
        }
    }

    fn stamp(&mut self, stored_at_ns: i64, ahead_ns: i64) -> i64 {
        let ns = i128::from(stored_at_ns) + i128::from(ahead_ns);
        let ms = ceil(ns, 1_000_000) + i128::from(self.terms().template.fill_delay_ms);
        let stamp = i64::try_from(ms).unwrap();
        if ns % 1_000_000 != 0 {
            self.coverage.saw("stamp rounded up");
        }
        match self.game.rows.battle.last_effective_time {
            Some(last) if last.ms() > stamp => {
                self.coverage.saw("stamp raised to the last");
                last.ms()
            }
            _ => stamp,
        }
    }

    fn decide(
        &mut self,
        command: &Command,
        number: usize,
        stamp: i64,
        assets: &BTreeMap<Symbol, Known>,
    ) -> Result<Accepted, Refusal> {
        match &command.body {
            CommandBody::New(order) => {
                let ticket = self.check(order, number, stamp, assets)?;
                Ok(Accepted::Order(order.clone(), ticket))
            }
            CommandBody::Close { position } => {
                let index = self.find(*position, number)?;
                let position = self.position(index);
                if position.status != PositionStatus::Open {
                    return Err(Refusal::PositionNotOpen);
                }
                let closing = |noted: &Noted| {
                    matches!(noted.change, NotedChange::Close | NotedChange::Cancel)
                };
                if position.noted.iter().any(closing) {
                    return Err(Refusal::AlreadyClosing);
                }
                Ok(Accepted::Note(index, NotedChange::Close))
            }
            CommandBody::Cancel { position } => {
                let index = self.find(*position, number)?;
                let position = self.position(index);
                let limit = matches!(position.kind, OrderKind::Limit(_));
                if position.status == PositionStatus::Pending && !limit {
                    self.coverage.saw("cancel of a market order");
                    return Err(Refusal::PositionNotPending);
                }
                if position.status != PositionStatus::Pending {
                    return Err(Refusal::PositionNotPending);
                }
                let closing = |noted: &Noted| {
                    matches!(noted.change, NotedChange::Close | NotedChange::Cancel)
                };
                if position.noted.iter().any(closing) {
                    return Err(Refusal::AlreadyClosing);
                }
                Ok(Accepted::Note(index, NotedChange::Cancel))
            }
            CommandBody::Amend {
                position,
                stop_loss,
                take_profit,
            } => {
                let index = self.find(*position, number)?;
                let maintenance = self.terms().template.maintenance_bps.get();
                let position = self.position(index);
                let last = assets.get(&position.symbol).and_then(|known| known.tick);
                let last = last.map(|tick| at(tick.price));
                let (reference, level) = match (position.status, position.kind, position.fill) {
                    (PositionStatus::Open, _, Some(fill)) => {
                        (last.unwrap(), fill.liquidation.map(at))
                    }
                    (PositionStatus::Pending, kind, _) => {
                        let reference = match kind {
                            OrderKind::Limit(limit) => at(limit),
                            OrderKind::Market => last.unwrap(),
                        };
                        let leverage = position.leverage.times().into();
                        let level =
                            liquidation(position.side, reference, leverage, maintenance.into());
                        (reference, Some(level))
                    }
                    _ => return Err(Refusal::PositionClosed),
                };
                let side = position.side;
                let checked = |change: LevelChange, fits: &dyn Fn(i128) -> bool, code| match change
                {
                    LevelChange::Keep => Ok(NewLevel::Keep),
                    LevelChange::Remove => Ok(NewLevel::Remove),
                    LevelChange::Set(price) if fits(at(price)) => Ok(NewLevel::Set(price)),
                    LevelChange::Set(_) | LevelChange::Malformed => Err(code),
                };
                let stop_loss = checked(
                    *stop_loss,
                    &|stop| stop_fits(side, level, stop, reference),
                    Refusal::InvalidStopLoss,
                )?;
                let take_profit = checked(
                    *take_profit,
                    &|take| take_fits(side, take, reference),
                    Refusal::InvalidTakeProfit,
                )?;
                Ok(Accepted::Note(
                    index,
                    NotedChange::Amend {
                        stop_loss,
                        take_profit,
                    },
                ))
            }
        }
    }

    fn find(&mut self, id: PositionId, number: usize) -> Result<usize, Refusal> {
        let player = self.game.rows.participants[number].player;
        let mut all = self.game.rows.positions.iter();
        if let Some(index) = all.position(|position| position.id == id) {
            if self.game.rows.positions[index].player == player {
                return Ok(index);
            }
            self.coverage.saw("position of somebody else");
        }
        Err(Refusal::PositionNotFound)
    }

    fn check(
        &mut self,
        order: &NewOrder,
        number: usize,
        stamp: i64,
        assets: &BTreeMap<Symbol, Known>,
    ) -> Result<Ticket, Refusal> {
        let template = &self.game.rows.battle.terms.template;
        let one = &self.game.rows.participants[number];
        let Entered::Value(symbol) = &order.symbol else {
            return Err(Refusal::AssetNotFound);
        };
        let mut listed = template.assets.iter();
        let Some(asset) = listed.find(|asset| asset.symbol == *symbol) else {
            return Err(Refusal::AssetNotFound);
        };
        let known = assets.get(symbol).copied().unwrap_or_default();
        let (Some(last), Some(watermark)) = (known.tick, known.watermark) else {
            self.coverage.saw("order on a market that never spoke");
            return Err(Refusal::FeedStale);
        };
        if stamp > watermark + TEN_SECONDS_MS {
            if stamp == watermark + TEN_SECONDS_MS + 1 {
                self.coverage.saw("stamp just too far past the watermark");
            }
            return Err(Refusal::FeedStale);
        }
        if stamp == watermark + TEN_SECONDS_MS {
            self.coverage
                .saw("stamp as far past the watermark as may be");
        }
        let reference = match order.kind {
            OrderKind::Market => Some(at(last.price)),
            OrderKind::Limit(Entered::Value(limit)) => Some(at(limit)),
            OrderKind::Limit(Entered::Absent | Entered::Malformed) => None,
        };
        let Entered::Value(leverage) = order.leverage else {
            return Err(Refusal::LeverageNotAllowed);
        };
        let times = i128::from(leverage.times());
        if leverage.times() > template.max_leverage.times() {
            return Err(Refusal::LeverageNotAllowed);
        }
        if reference.is_some_and(|reference| reference < 1_000 * times * at(asset.price_step)) {
            self.coverage.saw("leverage too coarse for the price");
            return Err(Refusal::LeverageNotAllowed);
        }
        let card = times > 10;
        if card && one.cards_left == 0 {
            return Err(Refusal::LeverageItemRequired);
        }
        let margin = match order.margin {
            Entered::Value(margin) => units(margin),
            Entered::Absent | Entered::Malformed => return Err(Refusal::InvalidMargin),
        };
        let size = margin * times;
        if margin < LOWEST_MARGIN || size > TOP_SIZE {
            return Err(Refusal::InvalidMargin);
        }
        let Some(reference) = reference else {
            return Err(Refusal::InvalidLimitPrice);
        };
        let kind = match order.kind {
            OrderKind::Limit(Entered::Value(limit)) => OrderKind::Limit(limit),
            OrderKind::Limit(_) | OrderKind::Market => OrderKind::Market,
        };
        let maintenance = template.maintenance_bps.get().into();
        let level = liquidation(order.side, reference, times, maintenance);
        let stop_loss = match order.stop_loss {
            Entered::Absent => None,
            Entered::Value(stop) if stop_fits(order.side, Some(level), at(stop), reference) => {
                Some(stop)
            }
            Entered::Value(_) | Entered::Malformed => return Err(Refusal::InvalidStopLoss),
        };
        let take_profit = match order.take_profit {
            Entered::Absent => None,
            Entered::Value(take) if take_fits(order.side, at(take), reference) => Some(take),
            Entered::Value(_) | Entered::Malformed => return Err(Refusal::InvalidTakeProfit),
        };
        let mine = |position: &&PositionState| is_live(position) && position.player == one.player;
        let live = self.game.rows.positions.iter().filter(mine).count();
        if live >= usize::try_from(template.max_positions).unwrap() {
            return Err(Refusal::MaxPositions);
        }
        let fee = ceil(size * i128::from(template.fee_bps.get()), WHOLE_BPS);
        let cost = margin + fee;
        if cost > units(one.cash) {
            return Err(Refusal::InsufficientVBalance);
        }
        if cost == units(one.cash) {
            self.coverage.saw("everything at stake");
        }
        Ok(Ticket {
            symbol: symbol.clone(),
            kind,
            margin,
            leverage,
            size,
            fee,
            card,
            stop_loss,
            take_profit,
            watermark,
        })
    }

    fn take(&mut self, order: &NewOrder, ticket: Ticket, number: usize, stamp: i64) {
        let one = &mut self.game.rows.participants[number];
        let player = one.player;
        one.cash = chips(units(one.cash) - ticket.margin - ticket.fee);
        if ticket.card {
            one.cards_left -= 1;
            self.coverage.saw("card spent");
        }
        let stale_at = match ticket.kind {
            OrderKind::Market => Some(stamp.max(ticket.watermark) + TEN_SECONDS_MS),
            OrderKind::Limit(_) => None,
        };
        if ticket.watermark > stamp {
            self.coverage.saw("order stamped before the watermark");
        }
        if self.game.inside.is_empty() {
            self.coverage.saw("order before any tick inside the match");
        }
        let ended = self.game.rows.battle.finals.iter();
        if ended.clone().any(|asset| asset.symbol == ticket.symbol) {
            self.coverage.saw("order for an asset that is final");
        }
        let accepted = self.game.rows.battle.accepted;
        self.game.rows.battle.accepted += 1;
        let battle = self.terms().battle;
        self.game.rows.positions.push(PositionState {
            id: order.position,
            battle,
            player,
            number: accepted,
            symbol: ticket.symbol,
            side: order.side,
            kind: ticket.kind,
            margin: chips(ticket.margin),
            leverage: ticket.leverage,
            size: chips(ticket.size),
            open_fee: chips(ticket.fee),
            card_spent: ticket.card,
            stop_loss: ticket.stop_loss,
            take_profit: ticket.take_profit,
            status: PositionStatus::Pending,
            effective_time: Timestamp::from_ms(stamp),
            stale_at: stale_at.map(Timestamp::from_ms),
            fill: None,
            end: None,
            noted: Vec::new(),
        });
        let index = self.game.rows.positions.len() - 1;
        self.fact(index, PositionChange::Accepted);
    }
}

/// A command that nothing refuses.
enum Accepted {
    Order(NewOrder, Ticket),
    Note(usize, NotedChange),
}

fn stop_fits(side: Side, liquidation: Option<i128>, stop: i128, reference: i128) -> bool {
    match side {
        Side::Buy => stop < reference && liquidation.is_none_or(|level| level < stop),
        Side::Sell => stop > reference && liquidation.is_none_or(|level| level > stop),
    }
}

fn take_fits(side: Side, take: i128, reference: i128) -> bool {
    match side {
        Side::Buy => take > reference,
        Side::Sell => take < reference,
    }
}

/// Counts whether a level was met or passed by.
fn note_exactness(coverage: &mut Coverage, position: &PositionState, cause: EndCause, price: i128) {
    let (level, exact, beyond) = match cause {
        EndCause::Liquidation => (
            position.fill.unwrap().liquidation,
            "liquidation at its price",
            "gap through the liquidation",
        ),
        EndCause::StopLoss => (
            position.stop_loss,
            "stop at its price",
            "gap through a stop",
        ),
        EndCause::TakeProfit => (
            position.take_profit,
            "take at its price",
            "gap through a take",
        ),
        _ => return,
    };
    let equal = level.map(at) == Some(price);
    coverage.saw(if equal { exact } else { beyond });
}
