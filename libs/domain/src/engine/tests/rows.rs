//! Rows that contradict each other, and terms that no battle can be played by.

use crate::battle::{BattleRows, TermsRefusal};
use crate::engine::Engine;
use crate::fixture::{Scene, battle, order, player, terms};
use crate::order::Side;

#[test]
fn rows_that_contradict_each_other_are_refused() {
    let mut scene = Scene::new();
    scene.accept(0, 100, order(Side::Buy));
    scene.accept(1, 100, order(Side::Sell));
    let whole = scene.engine.rows(battle(0)).unwrap();
    let market = scene.engine.market_state();
    let spoils: [fn(&mut BattleRows); 7] = [
        |rows| rows.participants.truncate(1),
        |rows| rows.participants.swap(0, 1),
        |rows| rows.participants[0].player = player(9),
        |rows| rows.positions.truncate(1),
        |rows| rows.positions[0].number = 1,
        |rows| rows.positions[0].symbol = "DOGEUSDT".parse().unwrap(),
        |rows| rows.outcomes[0].player = player(9),
    ];
    // The order of the rows does not matter: the second spoils nothing.
    for (number, spoil) in spoils.into_iter().enumerate() {
        let mut rows = whole.clone();
        spoil(&mut rows);
        let restored = Engine::restore(market.clone(), vec![rows]);
        assert_eq!(restored.is_ok(), number == 1, "spoiled by {number}");
    }
}

#[test]
fn rows_of_a_battle_that_is_here_change_nothing() {
    let mut scene = Scene::new();
    let early = scene.engine.rows(battle(0)).unwrap();
    scene.accept(0, 100, order(Side::Buy));
    let now = scene.engine.rows(battle(0));
    scene.engine.adopt(early).unwrap();
    assert_eq!(scene.engine.rows(battle(0)), now);
}

#[test]
fn terms_that_no_battle_can_be_played_by_are_refused() {
    let mut alone = terms(1);
    assert_eq!(alone.validate(), Err(TermsRefusal::Seats));
    alone.seats.push(alone.seats[0]);
    assert_eq!(alone.validate(), Err(TermsRefusal::Seats));
    let mut short = terms(2);
    short.end_time = short.start_time;
    assert_eq!(short.validate(), Err(TermsRefusal::Times));
    let mut broken = terms(2);
    broken.template.max_positions = 0;
    assert!(matches!(broken.validate(), Err(TermsRefusal::Template(_))));
}
