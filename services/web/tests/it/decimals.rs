//! Numbers keep every digit, from a client's text to the arena and back.

use contracts::positions::NewPosition;
use domain::chips::Chips;
use domain::order::{Entered, OrderKind};
use domain::price::Price;

use crate::stage::Stage;

/// How a margin was written, and what the arena has to be told.
const MARGINS: &[(&str, Entered<i64>)] = &[
    ("10", Entered::Value(1_000_000_000)),
    ("\"10\"", Entered::Value(1_000_000_000)),
    ("0.1", Entered::Value(10_000_000)),
    ("90071992.54740993", Entered::Value(9_007_199_254_740_993)),
    (
        "\"90071992.54740993\"",
        Entered::Value(9_007_199_254_740_993),
    ),
    ("1e-7", Entered::Value(10)),
    ("1.50000000000", Entered::Value(150_000_000)),
    ("0.123456789", Entered::Malformed),
    ("99999999999999999999", Entered::Malformed),
];

#[tokio::test]
async fn a_margin_reaches_the_arena_with_every_digit_however_it_is_written() {
    let stage = Stage::new().await;
    let ann = stage.signed_in("ann@example.com").await;
    let game = stage.game("Duel").await;
    let id = ann.id().await;
    let battle = stage.battle(&game, &[&id], "OPEN").await;
    let literal = |margin: &str| {
        format!(
            "mutation {{ createGameMatchPosition(createGameInput: {{ matchID: \"{battle}\",
                baseToken: \"bitcoin\", side: SELL, type: LIMIT, margin: {margin}, leverage: 2,
                limitPrice: 61837.63000001 }}) {{ id }} }}"
        )
    };
    let variable = "mutation($m: Decimal!, $b: ID!) { createGameMatchPosition(createGameInput: {
        matchID: $b, baseToken: \"bitcoin\", side: SELL, type: LIMIT, margin: $m, leverage: 2,
        limitPrice: \"61837.63000001\" }) { id } }";
    // The arena is silent here; what it will read is in its stream.
    let sent = MARGINS.iter().map(async |(margin, _)| {
        let variables = format!("{{\"m\": {margin}, \"b\": \"{battle}\"}}");
        let document = literal(margin);
        tokio::join!(
            ann.ask_raw(&document, "{}"),
            ann.ask_raw(variable, &variables)
        );
    });
    futures::future::join_all(sent).await;
    let mut found: Vec<_> = stage.questions::<NewPosition>(2 * MARGINS.len()).await;
    for question in &found {
        let limit: Price = "61837.63000001".parse().unwrap();
        assert_eq!(question.order.kind, OrderKind::Limit(Entered::Value(limit)));
    }
    for (margin, expected) in MARGINS {
        let expected = match expected {
            Entered::Value(units) => Entered::Value(Chips::from_units(*units)),
            Entered::Malformed => Entered::Malformed,
            Entered::Absent => Entered::Absent,
        };
        for _ in 0..2 {
            let at = found
                .iter()
                .position(|question| question.order.margin == expected);
            found.swap_remove(at.unwrap_or_else(|| panic!("{margin} did not arrive")));
        }
    }
}

#[tokio::test]
async fn what_is_no_number_or_too_long_is_bad_input() {
    let stage = Stage::new().await;
    let ann = stage.signed_in("ann@example.com").await;
    let query = "mutation($m: Decimal!) { createGameMatchPosition(createGameInput: {
        matchID: \"x\", baseToken: \"bitcoin\", side: BUY, type: MARKET, margin: $m, leverage: 2 })
        { id } }";
    let long = "1".repeat(41);
    for margin in [
        "\"ten\"",
        "\"\"",
        "true",
        "[]",
        "\"1,5\"",
        &long,
        &format!("\"{long}\""),
    ] {
        let told = ann.ask_raw(query, &format!("{{\"m\": {margin}}}")).await;
        let code = told.code();
        assert!(
            ["BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED"].contains(&code),
            "{margin}: {code}"
        );
    }
    let told = ann.ask_raw(query, &format!("{{\"m\": \"{long}\"}}")).await;
    assert_eq!(told.code(), "BAD_USER_INPUT");
}
