//! Two arenas under load, one of which is killed every few seconds, or the Postgres that they write
//! to.

use std::cell::Cell;
use std::time::Duration;

use contracts::positions::NewPosition;
use domain::battle::BattleTerms;
use domain::chips::Chips;
use domain::game::Template;
use domain::id::RequestId;
use domain::leverage::Leverage;
use domain::order::{Entered, LevelChange, OrderKind, Side};
use domain::price::Price;
use futures::future::join_all;
use testkit::{Binary, Database, Process, Server, Space};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::audit::audit;
use crate::floor::{Floor, LIMIT, now, order, template, terms};
use crate::process::binary;
use crate::sent::Sent;

const BATTLES: usize = 8;
/// Each player's orders: five a second.
const ROUND: Duration = Duration::from_millis(200);
const TICK: Duration = Duration::from_millis(20);
const BREAK_EVERY: Duration = Duration::from_millis(2_500);
const KILLS: usize = 5;
const CRASHES: usize = 3;
/// What has to be accepted, and how often each thing has to happen, for the audit to mean something:
/// a slow machine refuses more, for the price has passed a stop before the order is decided.
const ENOUGH: usize = 500;
const OFTEN: usize = 20;
/// Units of price.
const ONE: i64 = 100_000_000;

/// Eight players, each with as many positions as he likes.
fn crowd() -> Template {
    Template {
        max_players: 8,
        max_positions: 1_000,
        ..template()
    }
}

/// The script: up and down between 95 and 105, a twentieth a tick.
fn price(tick: i64) -> i64 {
    let step = tick.rem_euclid(400);
    let up = if step < 200 { step } else { 400 - step };
    95 * ONE + up * ONE / 20
}

/// The orders of one round: with stops and targets on both sides of the price, some of them
/// limited.
fn round(battles: &[BattleTerms], number: i64, price: i64) -> Vec<NewPosition> {
    let seats = battles
        .iter()
        .flat_map(|terms| (0..terms.seats.len()).map(move |seat| (terms, seat)));
    let orders = seats.zip(0..).map(|((terms, seat), place)| {
        let turn = number + place;
        let (side, sign) = if turn % 2 == 0 {
            (Side::Buy, 1)
        } else {
            (Side::Sell, -1)
        };
        let at = |offset: i64| Price::from_units(price + sign * offset).unwrap();
        let mut new = order(terms, seat, side);
        new.order.margin = Entered::Value(Chips::from_units(ONE / 10));
        new.order.leverage = Entered::Value(Leverage::try_from(10).unwrap());
        if turn % 8 < 2 {
            new.order.kind = OrderKind::Limit(Entered::Value(at(-ONE / 2)));
        }
        new.order.stop_loss = Entered::Value(at(-(ONE + turn % 5 * ONE / 2)));
        new.order.take_profit = Entered::Value(at(ONE + turn % 7 * ONE / 2));
        new
    });
    orders.collect()
}

/// What each player asks of the order that he sent last: to close it, to move its stop away and drop
/// its target, or, of a limit order, to take it back and to amend it all the same: the amendment
/// lapses, or the order is filled before and the cancel does.
fn follow_up(order: &NewPosition, turn: i64, price: i64) -> Vec<Sent> {
    let sign = match order.order.side {
        Side::Buy => 1,
        Side::Sell => -1,
    };
    let stop = Price::from_units(price - sign * 4 * ONE).unwrap();
    let amend = Sent::amend(order, LevelChange::Set(stop), LevelChange::Remove);
    match (order.order.kind, turn % 3) {
        (_, 0) => vec![amend],
        (OrderKind::Limit(_), _) => vec![Sent::cancel(order), amend],
        (OrderKind::Market, _) => vec![Sent::close(order)],
    }
}

/// Moves the market by the script until `stop`; `place` says how far it is.
async fn market(floor: &Floor, stop: &CancellationToken, place: &Cell<i64>) {
    let mut beat = interval(TICK);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for tick in 0.. {
        beat.tick().await;
        if stop.is_cancelled() {
            return;
        }
        place.set(tick);
        let price = Price::from_units(price(tick)).unwrap();
        floor.tick_at(price, now().plus_ms(300)).await;
        if tick % 10 == 0 {
            floor.watermark(now()).await;
        }
    }
}

/// Sends a round after the other until `stop`, at the price of the moment: orders, orders, what
/// follows the latter, and what follows that.
async fn trade(
    floor: &Floor,
    battles: &[BattleTerms],
    stop: &CancellationToken,
    place: &Cell<i64>,
) -> Vec<RequestId> {
    let mut beat = interval(ROUND);
    // A burst would be more than a player may send in a second.
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut orders, mut sent) = (Vec::new(), Vec::new());
    for number in 0.. {
        beat.tick().await;
        if stop.is_cancelled() {
            return sent;
        }
        let price = price(place.get());
        let requests: Vec<Sent> = if number % 4 < 2 {
            orders = round(battles, number, price);
            orders.iter().cloned().map(Sent::New).collect()
        } else {
            let turns = orders.iter().zip(number..);
            turns
                .flat_map(|(order, turn)| follow_up(order, turn, price))
                .collect()
        };
        join_all(requests.iter().map(|request| request.publish(floor))).await;
        sent.extend(requests.iter().map(Sent::request));
    }
    sent
}

/// Breaks something so often, a while apart, and lets all go on for as long afterwards.
async fn repeatedly(times: usize, mut disturb: impl AsyncFnMut(usize)) {
    let mut beat = interval(BREAK_EVERY);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    beat.tick().await;
    for turn in 0..times {
        beat.tick().await;
        disturb(turn).await;
    }
    beat.tick().await;
}

/// Battles that two arenas share.
struct Crowd {
    floor: Floor,
    battles: Vec<BattleTerms>,
    programs: [Binary; 2],
    arenas: [Process; 2],
}

impl Crowd {
    async fn gather(floor: Floor) -> Self {
        floor
            .tick_at(Price::from_units(price(0)).unwrap(), now())
            .await;
        let battles: Vec<BattleTerms> = (0..BATTLES).map(|_| terms(600, crowd())).collect();
        for terms in &battles {
            floor.open(terms).await;
        }
        let programs = [binary(&floor), binary(&floor)];
        let arenas = [
            programs[0].start_ready().await,
            programs[1].start_ready().await,
        ];
        Self {
            floor,
            battles,
            programs,
            arenas,
        }
    }

    /// Trades while `disturbing` lasts, ends the battles and audits all that happened.
    async fn trade_during(self, disturbing: impl AsyncFnOnce([Binary; 2], &mut [Process; 2])) {
        let Self {
            floor,
            battles,
            programs,
            mut arenas,
        } = self;
        let (disturbed, over) = (CancellationToken::new(), CancellationToken::new());
        let place = Cell::new(0);
        let trading = async {
            let sent = trade(&floor, &battles, &disturbed, &place).await;
            let decided = "SELECT count(*) FROM position_outcomes";
            let all = i64::try_from(sent.len()).unwrap();
            testkit::eventually(LIMIT, async || floor.number(decided).await == all).await;
            over.cancel();
            sent
        };
        let disturbing = async {
            disturbing(programs, &mut arenas).await;
            disturbed.cancel();
        };
        let (sent, (), ()) = tokio::join!(trading, market(&floor, &over, &place), disturbing);

        floor.end(&battles).await;
        let audit = audit(&floor, &battles, &sent).await;
        assert!(audit.accepted >= ENOUGH, "{audit:?}");
        let happened = [audit.fired, audit.closed, audit.canceled, audit.amended];
        assert!(happened.iter().all(|times| *times >= OFTEN), "{audit:?}");
        assert!(audit.lapsed >= OFTEN, "{audit:?}");
    }
}

#[tokio::test]
async fn under_load_and_kill_9_every_order_has_one_outcome_and_every_trigger_its_tick() {
    let crowd = Crowd::gather(Floor::new().await).await;
    crowd
        .trade_during(async |programs, arenas| {
            let kill = async |turn: usize| {
                let which = turn % 2;
                arenas[which].kill().await;
                arenas[which] = programs[which].start();
            };
            repeatedly(KILLS, kill).await;
        })
        .await;
}

#[tokio::test]
async fn under_load_and_a_postgres_that_crashes_every_order_has_one_outcome_all_the_same() {
    let mut postgres = Server::postgres().await;
    let space = Space::new();
    let nats = space.nats_url().to_owned();
    let floor = Floor::on(space, &nats, Database::on(postgres.url()).await).await;
    let crowd = Crowd::gather(floor).await;
    crowd
        .trade_during(async |_, _| {
            let crash = async |_| {
                postgres.kill().await;
                postgres.start().await;
            };
            repeatedly(CRASHES, crash).await;
        })
        .await;
}
