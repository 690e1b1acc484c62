//! The rules of a battle, one example each.

mod changes;
mod endings;
mod exits;
mod fills;
mod refusals;
mod rows;
mod standings;
mod time;

use crate::fixture::{Scene, order, player, price};
use crate::order::{Entered, NewOrder, OrderKind, Side};

fn limit(side: Side, at: i64) -> NewOrder {
    NewOrder {
        kind: OrderKind::Limit(Entered::Value(price(at))),
        ..order(side)
    }
}

fn leveraged(side: Side, leverage: u8) -> NewOrder {
    NewOrder {
        leverage: Entered::Value(leverage.try_into().unwrap()),
        ..order(side)
    }
}

fn with_stop(side: Side, at: i64) -> NewOrder {
    NewOrder {
        stop_loss: Entered::Value(price(at)),
        ..order(side)
    }
}

fn with_take(side: Side, at: i64) -> NewOrder {
    NewOrder {
        take_profit: Entered::Value(price(at)),
        ..order(side)
    }
}

#[test]
fn the_worked_example_holds() {
    let mut scene = Scene::new();
    scene.tick(0, 95);
    let long = scene.accept(0, 100, order(Side::Buy));
    let short = scene.accept(1, 100, order(Side::Sell));
    scene.tick(200, 95);
    let liquidation = |id| {
        scene
            .position(id)
            .fill
            .unwrap()
            .liquidation
            .unwrap()
            .to_string()
    };
    assert_eq!(
        (liquidation(long).as_str(), liquidation(short).as_str()),
        ("47.5", "142.5")
    );
    scene.tick(300, 110);
    scene.end();

    let profit = |id| scene.position(id).end.unwrap().exit.unwrap().profit.units();
    assert_eq!((profit(long), profit(short)), (315_789_473, -315_789_474));
    let result = scene.result().unwrap();
    let equity: Vec<_> = result
        .standings
        .iter()
        .map(|one| one.equity.units())
        .collect();
    assert_eq!(equity, [10_315_789_473, 9_684_210_526]);
    let prizes: Vec<_> = result.standings.iter().map(|one| one.prize_minor).collect();
    assert_eq!(
        (prizes, result.house_minor),
        (vec![18_000_000, 0], 2_000_000)
    );
    assert_eq!(result.winner, Some(player(0)));
    let rewards = result.rewards(&scene.terms);
    assert_eq!((rewards[0].cups, rewards[0].experience), (30, 100));
    assert_eq!((rewards[1].cups, rewards[1].experience), (-30, 20));
}
