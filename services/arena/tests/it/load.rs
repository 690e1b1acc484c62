//! Two arenas under load, one of which is killed every few seconds.

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
use testkit::{Binary, Process};
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
const KILL_EVERY: Duration = Duration::from_millis(2_500);
const KILLS: usize = 5;
/// What has to be accepted, and how often each thing has to happen, for the audit to mean something:
/// a slow machine refuses more, for the price has passed a stop before the order is decided.
const ENOUGH: usize = 1_000;
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

/// What each player asks of the order that he sent last: to take it back if it is a limit order,
/// to close it, or to move its stop away and drop its target.
fn follow_up(order: &NewPosition, turn: i64, price: i64) -> Sent {
    let sign = match order.order.side {
        Side::Buy => 1,
        Side::Sell => -1,
    };
    let stop = Price::from_units(price - sign * 4 * ONE).unwrap();
    match (order.order.kind, turn % 3) {
        (_, 0) => Sent::amend(order, LevelChange::Set(stop), LevelChange::Remove),
        (OrderKind::Limit(_), _) => Sent::cancel(order),
        (OrderKind::Market, _) => Sent::close(order),
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
                .map(|(order, turn)| follow_up(order, turn, price))
                .collect()
        };
        join_all(requests.iter().map(|request| request.publish(floor))).await;
        sent.extend(requests.iter().map(Sent::request));
    }
    sent
}

/// Kills one arena after the other where it stands, and starts it again at once.
async fn kill(programs: [Binary; 2], mut processes: [Process; 2]) -> [Process; 2] {
    let mut beat = interval(KILL_EVERY);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    beat.tick().await;
    for turn in 0..KILLS {
        beat.tick().await;
        let which = turn % 2;
        processes[which].kill().await;
        processes[which] = programs[which].start();
    }
    beat.tick().await;
    processes
}

#[tokio::test]
async fn under_load_and_kill_9_every_order_has_one_outcome_and_every_trigger_its_tick() {
    let floor = Floor::new().await;
    floor
        .tick_at(Price::from_units(price(0)).unwrap(), now())
        .await;
    let battles: Vec<BattleTerms> = (0..BATTLES).map(|_| terms(600, crowd())).collect();
    for terms in &battles {
        floor.open(terms).await;
    }
    let programs = [binary(&floor), binary(&floor)];
    let processes = [
        programs[0].start_ready().await,
        programs[1].start_ready().await,
    ];

    let (killed, over) = (CancellationToken::new(), CancellationToken::new());
    let place = Cell::new(0);
    let trading = async {
        let sent = trade(&floor, &battles, &killed, &place).await;
        let decided = "SELECT count(*) FROM position_outcomes";
        let all = i64::try_from(sent.len()).unwrap();
        testkit::eventually(LIMIT, async || floor.number(decided).await == all).await;
        over.cancel();
        sent
    };
    let killing = async {
        let processes = kill(programs, processes).await;
        killed.cancel();
        processes
    };
    let (sent, (), _processes) = tokio::join!(trading, market(&floor, &over, &place), killing);

    floor.end(&battles).await;
    let audit = audit(&floor, &battles, &sent).await;
    assert!(audit.accepted >= ENOUGH, "{audit:?}");
    let happened = [audit.fired, audit.closed, audit.canceled, audit.amended];
    assert!(happened.iter().all(|times| *times >= OFTEN), "{audit:?}");
    assert!(audit.lapsed > 0, "{audit:?}");
}
