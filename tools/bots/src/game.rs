//! Creating a game, getting into a match of it, and reading the match.

use std::time::Duration;

use anyhow::{Context as _, bail};
use domain::money::{Currency, Money};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::time::{Instant, sleep};

use crate::client::Client;

/// How long the queue may take to open a match once everybody waits in it.
const OPEN_LIMIT: Duration = Duration::from_secs(30);
/// How often a state is looked up that has no subscription here.
const POLL_INTERVAL: Duration = Duration::from_millis(200);
/// How long a match may take from its end to its last posting.
const SETTLE_LIMIT: Duration = Duration::from_secs(90);
/// How many nodes a page holds.
const PAGE: u32 = 100;
/// What a place in the demo's game costs.
pub const ENTRY_FEE: Money = Money {
    minor: 10_000_000,
    currency: Currency::Usdt,
};

const CREATE_GAME: &str = "mutation CreateGame($input: CreateGameInput!) {
    createGame(createGameInput: $input) { id }
}";
const JOIN: &str = "mutation Join($id: ID!) { joinGame(id: $id) }";
const TICKETS: &str = "query Tickets {
    queueTickets(first: 1) { edges { node { status matchID gameID } } }
}";
const CURRENT_TIME: &str = "subscription { currentTime }";
const MATCH: &str = "query Match($id: ID!) {
    gameMatch(id: $id) {
        id status startTime endTime winnerID
        participants(first: 100) {
            edges { node { userID user { nickName } rank equity prize cups experience } }
        }
    }
}";
const POSITIONS: &str = "query Positions($match: ID!, $first: Int!, $after: String) {
    gameMatchPositions(first: $first, after: $after, filterBy: { matchID: $match }) {
        edges { node { id status side entryPrice closePrice stopLoss } }
        pageInfo { hasNextPage endCursor }
    }
}";

/// Creates the demo's game and answers its id.
pub async fn create(
    staff: &Client,
    players: u32,
    seconds: u32,
    assets: &[String],
) -> anyhow::Result<String> {
    let shares: &[u32] = if players >= 3 {
        &[6_000, 3_000, 1_000]
    } else {
        &[10_000]
    };
    let assets: Vec<Value> = assets
        .iter()
        .map(|asset| json!({ "asset": asset, "priceStep": "0.01" }))
        .collect();
    let input = json!({
        "title": format!("Demo, {seconds} seconds"),
        "description": "A short battle among bots.",
        "currency": ENTRY_FEE.currency.code(),
        "duration": seconds,
        "minPlayers": players,
        "maxPlayers": players,
        "maxPositions": 10,
        "entryFee": ENTRY_FEE.to_string(),
        "assets": assets,
        "feeBps": 1,
        "maintenanceBps": 10,
        "pool": { "rakeBps": 1_000, "sharesBps": shares },
        "cup": 20,
        "winExp": 100,
        "loseExp": 20,
        "itemRewards": [{ "kind": "LEVERAGE_CARD", "uses": 1 }],
    });
    let data = staff.run(CREATE_GAME, json!({ "input": input })).await?;
    text(&data, "/createGame/id").context("the new game has no id")
}

/// Joins the queue of `game`.
pub async fn join(player: &Client, game: &str) -> anyhow::Result<()> {
    player.run(JOIN, json!({ "id": game })).await?;
    Ok(())
}

/// Waits until the player's newest ticket has become a seat, and answers the match.
pub async fn opened(player: &Client, game: &str) -> anyhow::Result<String> {
    let deadline = Instant::now() + OPEN_LIMIT;
    loop {
        let data = player.run(TICKETS, json!({})).await?;
        let ticket = data
            .pointer("/queueTickets/edges/0/node")
            .cloned()
            .unwrap_or_default();
        let ours = ticket.get("gameID").and_then(Value::as_str) == Some(game);
        if let (true, Some(id)) = (ours, ticket.get("matchID").and_then(Value::as_str)) {
            return Ok(id.to_owned());
        }
        if Instant::now() >= deadline {
            bail!("no match opened within {OPEN_LIMIT:?}; the ticket is {ticket}");
        }
        sleep(POLL_INTERVAL).await;
    }
}

/// The clock that the times of a match are told by.
pub async fn server_time(api: &Client) -> anyhow::Result<OffsetDateTime> {
    let mut clock = api.subscribe(CURRENT_TIME, json!({})).await?;
    let data = clock.next().await?.context("the clock has stopped")?;
    let now = text(&data, "/currentTime").context("the clock shows nothing")?;
    Ok(OffsetDateTime::parse(&now, &Rfc3339)?)
}

/// One player's line of a match.
#[derive(Clone, Debug)]
pub struct Seat {
    /// The player's user id.
    pub user: String,
    /// The player's nickname.
    pub name: String,
    /// The final rank, from 1.
    pub rank: Option<i64>,
    /// The equity in chips.
    pub equity: Option<String>,
    /// What was paid, in the game's currency.
    pub prize: Option<String>,
    /// The change of cups that was applied.
    pub cups: Option<i64>,
    /// The experience that was earned.
    pub experience: Option<i64>,
}

/// A match as the API shows it.
#[derive(Clone, Debug)]
pub struct Match {
    /// `OPEN`, `SETTLING`, `CLOSED` or `CANCELED`.
    pub status: String,
    /// When trading starts.
    pub start: OffsetDateTime,
    /// When it ends.
    pub end: OffsetDateTime,
    /// The single winner's user id.
    pub winner: Option<String>,
    /// Everybody in it.
    pub seats: Vec<Seat>,
}

/// Reads the match.
pub async fn find(player: &Client, id: &str) -> anyhow::Result<Match> {
    let data = player.run(MATCH, json!({ "id": id })).await?;
    let found = data.get("gameMatch").filter(|found| !found.is_null());
    let found = found.with_context(|| format!("match {id} cannot be read"))?;
    let moment = |name: &str| -> anyhow::Result<OffsetDateTime> {
        let text = text(found, name).with_context(|| format!("the match has no {name}"))?;
        Ok(OffsetDateTime::parse(&text, &Rfc3339)?)
    };
    let edges = found
        .pointer("/participants/edges")
        .and_then(Value::as_array);
    let seats = edges
        .into_iter()
        .flatten()
        .filter_map(|edge| seat(edge.get("node")?));
    Ok(Match {
        status: text(found, "/status").context("the match has no status")?,
        start: moment("/startTime")?,
        end: moment("/endTime")?,
        winner: text(found, "/winnerID"),
        seats: seats.collect(),
    })
}

fn seat(node: &Value) -> Option<Seat> {
    let number = |name: &str| node.get(name).and_then(Value::as_i64);
    Some(Seat {
        user: text(node, "/userID")?,
        name: text(node, "/user/nickName")?,
        rank: number("rank"),
        equity: text(node, "/equity"),
        prize: text(node, "/prize"),
        cups: number("cups"),
        experience: number("experience"),
    })
}

/// Waits until the match is closed or canceled.
pub async fn ended(player: &Client, id: &str) -> anyhow::Result<Match> {
    let deadline = Instant::now() + SETTLE_LIMIT;
    loop {
        let found = find(player, id).await?;
        if matches!(found.status.as_str(), "CLOSED" | "CANCELED") {
            return Ok(found);
        }
        if Instant::now() >= deadline {
            bail!(
                "the match is still {} {SETTLE_LIMIT:?} after its end",
                found.status
            );
        }
        sleep(POLL_INTERVAL).await;
    }
}

/// How many positions of a closed match ended how.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    /// All that were accepted.
    pub positions: u32,
    /// Those that were filled.
    pub fills: u32,
    /// Those that were liquidated.
    pub liquidations: u32,
    /// Those that ended at their stop.
    pub stops: u32,
}

/// Counts every position of a closed match, page by page.
pub async fn tally(player: &Client, id: &str) -> anyhow::Result<Tally> {
    let mut tally = Tally::default();
    let mut after = Value::Null;
    loop {
        let variables = json!({ "match": id, "first": PAGE, "after": after });
        let data = player.run(POSITIONS, variables).await?;
        let page = data
            .get("gameMatchPositions")
            .context("there are no positions")?;
        for edge in page
            .get("edges")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            if let Some(node) = edge.get("node") {
                tally.count(node);
            }
        }
        if page.pointer("/pageInfo/hasNextPage") != Some(&Value::Bool(true)) {
            return Ok(tally);
        }
        after = page
            .pointer("/pageInfo/endCursor")
            .cloned()
            .unwrap_or_default();
    }
}

impl Tally {
    fn count(&mut self, position: &Value) {
        self.positions += 1;
        let price = |name: &str| text(position, name)?.parse::<domain::price::Price>().ok();
        let status = text(position, "/status").unwrap_or_default();
        if price("/entryPrice").is_some() {
            self.fills += 1;
        }
        if status == "LIQUIDATED" {
            self.liquidations += 1;
        }
        // A stop that the price reached has fired: nothing else closes a position beyond it.
        if let (Some(close), Some(stop), "CLOSED") =
            (price("/closePrice"), price("/stopLoss"), status.as_str())
        {
            let bought = text(position, "/side").as_deref() == Some("BUY");
            let crossed = if bought { close <= stop } else { close >= stop };
            self.stops += u32::from(crossed);
        }
    }
}

fn text(value: &Value, pointer: &str) -> Option<String> {
    value.pointer(pointer)?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_counts_only_where_the_close_lies_beyond_it() {
        let mut tally = Tally::default();
        for (side, close) in [
            ("BUY", "94.9"),
            ("BUY", "95.1"),
            ("SELL", "95.1"),
            ("SELL", "94.9"),
        ] {
            tally.count(&json!({
                "status": "CLOSED", "side": side, "entryPrice": "95", "closePrice": close,
                "stopLoss": "95",
            }));
        }
        tally.count(&json!({ "status": "LIQUIDATED", "side": "BUY", "entryPrice": "95" }));
        tally.count(&json!({ "status": "CANCELED", "side": "BUY", "entryPrice": null }));
        assert_eq!((tally.positions, tally.fills), (6, 5));
        assert_eq!((tally.stops, tally.liquidations), (2, 1));
    }
}
