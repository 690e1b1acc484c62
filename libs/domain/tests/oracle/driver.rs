//! Plays a script to both engines: turns steps into market entries and commands, by what the
//! naive engine knows.

use domain::battle::{BattleStatus, BattleTerms, LogEntry};
use domain::chips::Chips;
use domain::engine::Effects;
use domain::id::{BattleId, PositionId, RequestId, UserId};
use domain::leverage::Leverage;
use domain::market::{Epoch, Incarnation, MarketEntry, MarketEvent, NoteReason, Tick};
use domain::order::{
    BodyHash, Command, CommandBody, Entered, LevelChange, NewOrder, OrderKind, Origin, Side,
};
use domain::position::PositionState;
use domain::price::Price;
use domain::symbol::Symbol;
use domain::timestamp::Timestamp;
use uuid::Uuid;

use crate::compare::{Difference, Duel};
use crate::naive::{self, is_live};
use crate::script::{
    Ask, At, Choice, Level, Margin, OUTSIDER, On, Order, Pick, SYMBOLS, Script, Step, Stored, When,
    player, symbol,
};

/// A script under way.
pub(crate) struct Driver<'a> {
    pub(crate) duel: Duel,
    script: &'a Script,
    /// The exchange's clock, in milliseconds.
    now: i64,
    epoch: u64,
    deposed: bool,
    trades: u64,
    pub(crate) commands: Vec<Command>,
    /// Every entry of the market, with its place.
    pub(crate) entries: Vec<(u64, MarketEntry)>,
    /// Every entry of the battles' logs.
    pub(crate) log: Vec<(BattleId, LogEntry)>,
    pub(crate) ticks: u64,
}

impl<'a> Driver<'a> {
    pub(crate) fn new(script: &'a Script) -> Self {
        Self {
            duel: Duel::new(Incarnation(7)),
            script,
            now: script.begins,
            epoch: 1,
            deposed: false,
            trades: script.trades,
            commands: Vec::new(),
            entries: Vec::new(),
            log: Vec::new(),
            ticks: 0,
        }
    }

    /// Plays the whole script. An error names the step.
    pub(crate) fn play(&mut self) -> Result<(), Difference> {
        for (number, step) in self.script.steps.iter().enumerate() {
            self.step(step)
                .map_err(|difference| format!("step {number}, {step:?}: {difference}"))?;
        }
        Ok(())
    }

    /// Plays one step.
    pub(crate) fn step(&mut self, step: &Step) -> Result<(), Difference> {
        match step {
            Step::Wait { ms } => self.now = self.now.saturating_add(*ms),
            Step::Tick { on, price, time } => self.tick(*on, *price, *time)?,
            Step::Watermark { on, time } => {
                let (asset, target) = self.aim(*on);
                let time = self.moment(*time, &asset, target.as_ref());
                self.entry(MarketEvent::Watermark {
                    symbol: asset,
                    time: Timestamp::from_ms(time),
                })?;
                // What comes now is behind the watermark.
                self.now = self.now.max(time.saturating_add(1));
            }
            Step::Feed { event, now } => {
                self.now = self.now.max(*now);
                self.ticks += u64::from(matches!(event, MarketEvent::Tick { .. }));
                self.entry(event.clone())?;
            }
            Step::Gap { asset } => self.entry(MarketEvent::Gap {
                symbol: symbol(*asset),
                first: self.trades.saturating_add(1),
                last: self.trades.saturating_add(3),
            })?,
            Step::Note { asset } => {
                let tick = Tick {
                    trade: self.trades,
                    price: Price::MIN,
                    time: Timestamp::from_ms(self.now),
                };
                self.entry(MarketEvent::Note {
                    symbol: symbol(*asset),
                    tick,
                    reason: NoteReason::Late,
                })?;
            }
            Step::Offset { ahead_ns } => self.entry(MarketEvent::Offset {
                ahead_ns: *ahead_ns,
            })?,
            Step::Leader => self.epoch += 1,
            Step::Deposed => self.deposed = true,
            Step::Again => {
                if let Some((sequence, entry)) = self.entries.last() {
                    self.duel.market(*sequence, entry)?;
                }
            }
            Step::Copy { back } => {
                let ticks = self.entries.iter().rev().map(|(_, entry)| &entry.event);
                let mut ticks = ticks.filter(|event| matches!(event, MarketEvent::Tick { .. }));
                if let Some(event) = ticks.nth(*back).cloned() {
                    self.entry(event)?;
                }
            }
            Step::Skip { count } => self.skip(*count)?,
            Step::Open { battle } => {
                let terms = &self.script.terms[battle % self.script.terms.len()];
                let effects = self.duel.open(terms)?;
                self.keep(&effects);
            }
            Step::Finalise { battle } => {
                let effects = self.duel.finalise(self.terms(*battle).battle)?;
                self.keep(&effects);
            }
            Step::Cancel { battle } => {
                let (_, effects) = self.duel.cancel_battle(self.terms(*battle).battle)?;
                self.keep(&effects);
            }
            Step::Forget { battle } => self.duel.forget(self.terms(*battle).battle)?,
            Step::Ask {
                battle,
                stored,
                ask,
            } => self.ask(*battle, *stored, ask)?,
            Step::Repeat { back, changed } => self.repeat(*back, *changed)?,
            Step::Restore { split } => {
                let split = *split;
                self.duel
                    .restore(|number| split >> (number % 64) & 1 == 0)?;
            }
            Step::Check => self.duel.agree_on_everything()?,
        }
        Ok(())
    }

    fn terms(&self, battle: usize) -> &'a BattleTerms {
        &self.script.terms[battle % self.script.terms.len()]
    }

    fn entry(&mut self, event: MarketEvent) -> Result<(), Difference> {
        let sequence = self.duel.naive.sequence() + 1;
        let epoch = self.epoch - u64::from(self.deposed);
        self.deposed = false;
        let entry = MarketEntry {
            epoch: Epoch(epoch),
            event,
        };
        self.duel.market(sequence, &entry)?;
        self.entries.push((sequence, entry));
        Ok(())
    }

    fn keep(&mut self, effects: &Effects) {
        self.log.extend(effects.log.iter().cloned());
    }

    /// A gap further on in the stream.
    fn skip(&mut self, count: u64) -> Result<(), Difference> {
        let sequence = self.duel.naive.sequence() + 1 + count;
        let event = MarketEvent::Gap {
            symbol: symbol(0),
            first: 1,
            last: 2,
        };
        let epoch = Epoch(self.epoch);
        let entry = MarketEntry { epoch, event };
        self.duel.market(sequence, &entry)?;
        self.entries.push((sequence, entry));
        Ok(())
    }

    /// All live positions, newest first.
    fn live(&self) -> Vec<PositionState> {
        let mut live: Vec<PositionState> = Vec::new();
        for battle in &self.script.terms {
            let rows = self.duel.naive.rows(battle.battle);
            let all = rows.into_iter().flat_map(|rows| &rows.positions);
            live.extend(all.filter(|position| is_live(position)).cloned());
        }
        live.sort_by_key(|position| std::cmp::Reverse(position.id));
        live
    }

    fn aim(&self, on: On) -> (Symbol, Option<PositionState>) {
        match on {
            On::Asset(asset) => (symbol(asset), None),
            On::Position(nth) => {
                let live = self.live();
                let target = (!live.is_empty()).then(|| live[nth % live.len()].clone());
                let asset = target.as_ref().map(|target| target.symbol.clone());
                (asset.unwrap_or_else(|| symbol(0)), target)
            }
        }
    }

    fn last_price(&self, asset: &Symbol) -> i64 {
        let number = SYMBOLS.iter().position(|known| *known == asset.as_str());
        let number = number.unwrap_or(0);
        let tick = self.duel.naive.last_tick(asset);
        tick.map_or(self.script.prices[number], |tick| tick.price.units())
    }

    fn tick(&mut self, on: On, price: At, time: When) -> Result<(), Difference> {
        let (asset, target) = self.aim(on);
        let time = self.moment(time, &asset, target.as_ref());
        let last = self.last_price(&asset);
        let target = target.as_ref();
        let beside =
            |level: Option<Price>, off: i64| level.map_or(last, |level| level.units() + off);
        let units = match price {
            At::Last => last,
            At::Drift { bps } => drift(last, bps),
            At::Units(units) => units,
            At::Liquidation { off } => {
                let fill = target.and_then(|target| target.fill);
                beside(fill.and_then(|fill| fill.liquidation), off)
            }
            At::Stop { off } => beside(target.and_then(|target| target.stop_loss), off),
            At::Take { off } => beside(target.and_then(|target| target.take_profit), off),
            At::Limit { off } => match target.map(|target| target.kind) {
                Some(OrderKind::Limit(limit)) => limit.units() + off,
                Some(OrderKind::Market) | None => last,
            },
        };
        self.trades = self.trades.saturating_add(1);
        self.ticks += 1;
        let tick = Tick {
            trade: self.trades,
            price: price_of(units),
            time: Timestamp::from_ms(time),
        };
        self.entry(MarketEvent::Tick {
            symbol: asset,
            tick,
        })
    }

    fn moment(&mut self, when: When, asset: &Symbol, target: Option<&PositionState>) -> i64 {
        let now = self.now;
        let naive = &self.duel.naive;
        let time = match when {
            When::Now => now,
            When::Ago(ms) => now.saturating_sub(ms),
            When::Stamp { off } => {
                target.map_or(now, |target| target.effective_time.ms().saturating_add(off))
            }
            When::Noted { off } => {
                let noted = target.and_then(|target| target.noted.last());
                noted.map_or(now, |noted| noted.effective_time.ms().saturating_add(off))
            }
            When::Stale { off } => {
                let stale_at = target.and_then(|target| target.stale_at);
                stale_at.map_or(now, |stale_at| stale_at.ms().saturating_add(off))
            }
            When::LastTick { off } => naive
                .last_tick(asset)
                .map_or(now, |tick| tick.time.ms().saturating_add(off)),
            When::LastWatermark { off } => naive
                .last_watermark(asset)
                .map_or(now, |watermark| watermark.saturating_add(off)),
            When::Start { battle, off } => self.terms(battle).start_time.ms().saturating_add(off),
            When::End { battle, off } => self.terms(battle).end_time.ms().saturating_add(off),
            When::At(ms) => ms,
        };
        self.now = self.now.max(time);
        time
    }

    fn stored_at_ns(&self, battle: &BattleTerms, when: Stored, asset: &Symbol) -> i64 {
        let ahead_ns = self.duel.naive.ahead_ns();
        let delay = battle.template.fill_delay_ms;
        let stored = |ms: i64| ms.saturating_mul(1_000_000).saturating_sub(ahead_ns);
        let counting_from = |ms: i64| stored(ms.saturating_sub(delay));
        match when {
            Stored::Now { ns } => stored(self.now).saturating_add(ns),
            Stored::At(ns) => ns,
            Stored::Start { off } => counting_from(battle.start_time.ms() + off),
            Stored::End { off } => counting_from(battle.end_time.ms() + off),
            Stored::Fresh { off } => {
                let watermark = self.duel.naive.last_watermark(asset);
                counting_from(watermark.unwrap_or(self.now).saturating_add(10_000 + off))
            }
        }
    }

    fn pick(&self, battle: &BattleTerms, pick: Pick) -> (UserId, PositionId) {
        let seats = &battle.seats;
        let rows = self.duel.naive.rows(battle.battle);
        let all = rows.map_or(&[][..], |rows| &rows.positions);
        let nothing = (seats[0].player, PositionId::new(Uuid::nil()));
        let nth = |nth: usize, live: bool| {
            let fits = all.iter().rev().filter(|one| !live || is_live(one));
            let fits: Vec<&PositionState> = fits.collect();
            (!fits.is_empty()).then(|| fits[nth % fits.len()])
        };
        match pick {
            Pick::Nothing => nothing,
            Pick::Live(number) => nth(number, true)
                .or_else(|| nth(number, false))
                .map_or(nothing, |one| (one.player, one.id)),
            Pick::Any(number) => nth(number, false).map_or(nothing, |one| (one.player, one.id)),
            Pick::Foreign(number) => nth(number, true).map_or(nothing, |one| {
                let other = seats.iter().find(|seat| seat.player != one.player);
                (other.unwrap_or(&seats[0]).player, one.id)
            }),
        }
    }

    fn ask(&mut self, battle: usize, stored: Stored, ask: &Ask) -> Result<(), Difference> {
        let terms = self.terms(battle);
        let (by, body) = match ask {
            Ask::New(order) => self.order(terms, order),
            Ask::Close(pick) => {
                let (by, position) = self.pick(terms, *pick);
                (by, CommandBody::Close { position })
            }
            Ask::Cancel(pick) => {
                let (by, position) = self.pick(terms, *pick);
                (by, CommandBody::Cancel { position })
            }
            Ask::Amend { pick, stop, take } => {
                let (by, position) = self.pick(terms, *pick);
                let rows = self.duel.naive.rows(terms.battle);
                let mut all = rows.into_iter().flat_map(|rows| &rows.positions);
                let target = all.find(|one| one.id == position);
                let change = |level: &Level| self.change(*level, target);
                let (stop_loss, take_profit) = (change(stop), change(take));
                (
                    by,
                    CommandBody::Amend {
                        position,
                        stop_loss,
                        take_profit,
                    },
                )
            }
        };
        let asset = match &body {
            CommandBody::New(NewOrder {
                symbol: Entered::Value(symbol),
                ..
            }) => symbol.clone(),
            _ => symbol(0),
        };
        let number = self.commands.len();
        let mut body_hash = BodyHash([0; 32]);
        body_hash.0[..8].copy_from_slice(&number.to_be_bytes());
        let command = Command {
            battle: terms.battle,
            player: by,
            request: RequestId::new(Uuid::from_u128(0x1_0000 + u128::try_from(number).unwrap())),
            body_hash,
            stored_at_ns: self.stored_at_ns(terms, stored, &asset),
            body,
        };
        let (_, effects) = self.duel.command(&command)?;
        self.keep(&effects);
        self.commands.push(command);
        Ok(())
    }

    fn repeat(&mut self, back: usize, changed: bool) -> Result<(), Difference> {
        if self.commands.is_empty() {
            return Ok(());
        }
        let which = self.commands.len() - 1 - back % self.commands.len();
        let mut command = self.commands[which].clone();
        // When it is stored again does not matter, and neither does what a hash stands for.
        command.stored_at_ns = command.stored_at_ns.saturating_add(5_000_000);
        if changed {
            command.body_hash.0[31] ^= 1;
        }
        let (answer, effects) = self.duel.command(&command)?;
        self.keep(&effects);
        if answer.origin == Origin::Kept && !effects.is_empty() {
            return Err(format!("a repeat does something: {effects:?}"));
        }
        Ok(())
    }

    fn change(&self, level: Level, target: Option<&PositionState>) -> LevelChange {
        let Some(target) = target else {
            return LevelChange::Remove;
        };
        let last = self.last_price(&target.symbol);
        let reference = match (target.kind, target.fill) {
            (OrderKind::Limit(limit), None) => limit.units(),
            (OrderKind::Limit(_) | OrderKind::Market, _) => last,
        };
        let near = target
            .fill
            .and_then(|fill| fill.liquidation)
            .map_or(reference, Price::units);
        match level {
            Level::Absent => LevelChange::Keep,
            Level::Remove => LevelChange::Remove,
            Level::Malformed => LevelChange::Malformed,
            Level::Units(units) => LevelChange::Set(price_of(units)),
            Level::Beside { bps } => LevelChange::Set(price_of(drift(reference, bps))),
            Level::Near { off } => LevelChange::Set(price_of(reference + off)),
            Level::Liquidation { off } => LevelChange::Set(price_of(near + off)),
        }
    }

    fn order(&self, battle: &BattleTerms, order: &Order) -> (UserId, CommandBody) {
        let seats = battle.seats.len();
        let by = if order.player == OUTSIDER {
            player(OUTSIDER)
        } else {
            player(order.player % seats)
        };
        let asset = match order.asset {
            Choice::Absent => Entered::Absent,
            Choice::Malformed => Entered::Malformed,
            Choice::Value(asset) => Entered::Value(symbol(asset)),
        };
        let last = match &asset {
            Entered::Value(asset) => self.last_price(asset),
            Entered::Absent | Entered::Malformed => self.script.prices[0],
        };
        let side = if order.buy { Side::Buy } else { Side::Sell };
        let times = match order.leverage {
            Choice::Value(times) => times,
            Choice::Absent | Choice::Malformed => 1,
        };
        let maintenance = battle.template.maintenance_bps.get();
        let level = |level: Level, reference: i64| {
            let near = naive::liquidation(side, reference.into(), times.into(), maintenance.into());
            match level {
                Level::Absent | Level::Remove => Entered::Absent,
                Level::Malformed => Entered::Malformed,
                Level::Units(units) => Entered::Value(price_of(units)),
                Level::Beside { bps } => Entered::Value(price_of(drift(reference, bps))),
                Level::Near { off } => Entered::Value(price_of(reference + off)),
                Level::Liquidation { off } => {
                    Entered::Value(price_of(i64::try_from(near).unwrap_or(i64::MAX / 2) + off))
                }
            }
        };
        let kind = order
            .limit
            .map_or(OrderKind::Market, |at| OrderKind::Limit(level(at, last)));
        let reference = match kind {
            OrderKind::Limit(Entered::Value(limit)) => limit.units(),
            OrderKind::Limit(_) | OrderKind::Market => last,
        };
        let margin = match order.margin {
            Margin::Absent => Entered::Absent,
            Margin::Malformed => Entered::Malformed,
            Margin::Units(units) => Entered::Value(Chips::from_units(units)),
            Margin::Share { percent } => {
                let units = self.cash(battle, by) / 100 * percent;
                Entered::Value(Chips::from_units(units.max(1_000_000)))
            }
            Margin::All { off } => {
                // The most whose margin and fee fit; with a fee, that may leave a unit.
                let whole = i128::from(self.cash(battle, by)) * 10_000;
                let parts = 10_000 + i128::from(times) * i128::from(battle.template.fee_bps.get());
                let most = i64::try_from(whole / parts).unwrap();
                Entered::Value(Chips::from_units(most + off))
            }
        };
        let leverage = match order.leverage {
            Choice::Absent => Entered::Absent,
            Choice::Malformed => Entered::Malformed,
            Choice::Value(times) => Entered::Value(Leverage::try_from(times).unwrap()),
        };
        let number = u128::try_from(self.commands.len()).unwrap();
        let fresh = PositionId::new(Uuid::from_u128(0xD000_0000 + number));
        let rows = self.duel.naive.rows(battle.battle);
        let newest = rows.and_then(|rows| rows.positions.last());
        let newest = newest.filter(|_| order.clash).map(|newest| newest.id);
        let body = CommandBody::New(NewOrder {
            position: newest.unwrap_or(fresh),
            symbol: asset,
            side,
            kind,
            margin,
            leverage,
            stop_loss: level(order.stop, reference),
            take_profit: level(order.take, reference),
        });
        (by, body)
    }

    fn cash(&self, battle: &BattleTerms, of: UserId) -> i64 {
        let rows = self.duel.naive.rows(battle.battle);
        let open = rows.filter(|rows| rows.battle.status == BattleStatus::Open);
        let mut all = open.into_iter().flat_map(|rows| &rows.participants);
        all.find(|one| one.player == of)
            .map_or(0, |one| one.cash.units())
    }
}

/// A price of so many units, or the nearest that there is.
fn price_of(units: i64) -> Price {
    Price::from_units(units.clamp(Price::MIN.units(), Price::MAX.units())).unwrap()
}

fn drift(price: i64, bps: i64) -> i64 {
    let moved = i128::from(price) * i128::from(10_000 + bps) / 10_000;
    i64::try_from(moved).unwrap_or(Price::MAX.units())
}
