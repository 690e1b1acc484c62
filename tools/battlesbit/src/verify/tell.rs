//! What verification says, to people and to programs.

use std::error::Error;

use domain::battle::BattleTerms;
use domain::money::{Currency, Money};
use domain::order::Side;
use domain::position::{EndCause, PositionStatus};
use domain::ranking::{BattleResult, Standing};
use domain::record::{Difference, MissingTrades, PositionStep, RULES, Report, Tally};
use serde_json::{Value, json};

use super::Verdict;

/// The verdict in lines, each ended.
pub(super) fn text(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Verified(report) => told(report),
        Verdict::Different(difference) => {
            format!("line {}: {}\n", difference.line, found(difference))
        }
        Verdict::Incomplete(report) => format!("{}\n", removed(report)),
        Verdict::Another(_, why) => format!("{why}\n"),
    }
}

/// A line for each fill and each end of a position, in the order of the record.
pub(super) fn positions(verdict: &Verdict) -> String {
    let steps = match verdict {
        Verdict::Verified(report) | Verdict::Incomplete(report) | Verdict::Another(report, _) => {
            report.steps.as_slice()
        }
        Verdict::Different(_) => &[],
    };
    let lines = steps.iter().map(|step| line("position", &became(step)));
    lines.collect()
}

/// The verdict as one JSON object.
pub(super) fn json(verdict: &Verdict) -> Value {
    match verdict {
        Verdict::Verified(report) => {
            let mut told = told_to_programs(report);
            told["verified"] = true.into();
            told
        }
        Verdict::Different(difference) => json!({
            "verified": false,
            "line": difference.line,
            "finding": found(difference),
        }),
        Verdict::Incomplete(report) => refused(report, &removed(report)),
        Verdict::Another(report, why) => refused(report, why),
    }
}

fn refused(report: &Report, why: &str) -> Value {
    let mut told = told_to_programs(report);
    told["verified"] = false.into();
    told["finding"] = why.into();
    told
}

fn removed(report: &Report) -> String {
    let removed = runs(&report.tally.removed_trades);
    format!("trades that the market told of are missing: {removed}")
}

/// What is wrong with the line, and why. It may show the line, which can be anybody's: nothing in it
/// commands a terminal.
fn found(difference: &Difference) -> String {
    let mut found = difference.finding.to_string();
    let mut source = difference.finding.source();
    while let Some(cause) = source {
        found.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    found.replace(char::is_control, "\u{fffd}")
}

fn told_to_programs(report: &Report) -> Value {
    json!({
        "battle": report.terms.battle,
        "rules": RULES,
        "lines": report.lines,
        "sha256": report.hash.to_string(),
        "players": report.terms.seats.len(),
        "market_entries": report.market_entries,
        "commands": report.commands,
        "counts": report.tally,
        "positions": report.steps,
        "result": report.result,
    })
}

fn told(report: &Report) -> String {
    let Report {
        terms,
        result,
        lines,
        market_entries,
        commands,
        tally,
        steps: _,
        hash,
    } = report;
    let ended = if result.is_some() {
        "reproduces its result"
    } else {
        "was called off"
    };
    let mut told = format!("battle {} {ended}\n", terms.battle);
    let mut say = |what: &str, text: &str| told.push_str(&line(what, text));
    say("rules", RULES);
    say("hash chain", &format!("{lines} lines, sha256 {hash}"));
    say("terms", &agreed(terms));
    say("market", &market(*market_entries, tally));
    say("trades", &trades(&tally.missing_trades));
    say(
        "commands",
        &format!(
            "{commands}, each with the outcome that the rules give: {} accepted, {} refused",
            tally.accepted, tally.refused
        ),
    );
    say("fills", &tally.fills.to_string());
    say("exits", &exits(tally));
    match result {
        Some(result) => {
            for line in standings(result) {
                say("result", &line);
            }
        }
        None => say("result", "none, and no rank"),
    }
    told
}

fn line(what: &str, text: &str) -> String {
    format!("  {what:<11}{text}\n")
}

fn agreed(terms: &BattleTerms) -> String {
    let assets = terms.template.assets.iter();
    let assets: Vec<_> = assets.map(|asset| asset.symbol.as_str()).collect();
    format!(
        "{:?}, {} players, {}, from {} to {} ms",
        terms.template.title,
        terms.seats.len(),
        assets.join(" and "),
        terms.start_time.ms(),
        terms.end_time.ms()
    )
}

fn market(entries: u64, tally: &Tally) -> String {
    let Tally {
        ticks,
        watermarks,
        gaps,
        notes,
        offsets,
        ..
    } = tally;
    format!(
        "{entries} entries: ticks {ticks}, watermarks {watermarks}, gaps {gaps}, notes {notes}, \
         offsets {offsets}"
    )
}

fn trades(missing: &[MissingTrades]) -> String {
    if missing.is_empty() {
        return "none missing".to_owned();
    }
    let missing = runs(missing);
    format!("missing without a gap or note that says so: {missing}")
}

fn runs(missing: &[MissingTrades]) -> String {
    let runs = missing
        .iter()
        .map(|run| format!("{} of {} from {} on", run.count, run.symbol, run.first));
    let runs: Vec<_> = runs.collect();
    runs.join(", ")
}

fn exits(tally: &Tally) -> String {
    if tally.ends.is_empty() {
        return "none".to_owned();
    }
    let ends = tally.ends.iter();
    let ends: Vec<_> = ends
        .map(|(cause, count)| format!("{count} by {}", by(*cause)))
        .collect();
    ends.join(", ")
}

/// What became of a position, at which trade.
fn became(step: &PositionStep) -> String {
    let PositionStep {
        position,
        player,
        symbol,
        side,
        time,
        ..
    } = step;
    let what = match (step.status, step.cause) {
        (PositionStatus::Liquidated, _) => "liquidated".to_owned(),
        (_, None) => "filled".to_owned(),
        (status, Some(cause)) => {
            let status = format!("{status:?}").to_lowercase();
            format!("{status} by {}", by(cause))
        }
    };
    let at = step.tick.map_or_else(
        || format!(", {} ms", time.ms()),
        |tick| {
            let (price, trade, time) = (tick.price, tick.trade, tick.time.ms());
            format!(" at {price}, trade {trade}, {time} ms")
        },
    );
    let profit = step.profit.map(|profit| format!(", profit {profit} chips"));
    let side = match side {
        Side::Buy => "BUY",
        Side::Sell => "SELL",
    };
    format!(
        "{position} of {player}, {side} {symbol}: {what}{at}{}",
        profit.unwrap_or_default()
    )
}

const fn by(cause: EndCause) -> &'static str {
    match cause {
        EndCause::Liquidation => "liquidation",
        EndCause::StopLoss => "stop loss",
        EndCause::TakeProfit => "take profit",
        EndCause::Close => "close",
        EndCause::Cancel => "cancel",
        EndCause::MatchEnd => "the end of the match",
        EndCause::MatchCanceled => "the cancel of the match",
        EndCause::FeedStale => "a stale feed",
        EndCause::LiquidationTooClose => "a fill beyond the liquidation price",
    }
}

/// A line per player, best first, then what the house keeps.
fn standings(result: &BattleResult) -> Vec<String> {
    let money = |minor: i64| money(minor, result.currency);
    let mut standings: Vec<&Standing> = result.standings.iter().collect();
    standings.sort_by_key(|standing| (standing.rank, standing.number));
    let lines = standings.into_iter().map(|standing| {
        let won = if result.winner == Some(standing.player) {
            ", the winner"
        } else {
            ""
        };
        format!(
            "rank {} {}: {} chips, prize {}{won}",
            standing.rank,
            standing.player,
            standing.equity,
            money(standing.prize_minor),
        )
    });
    let house = format!("the house keeps {}", money(result.house_minor));
    lines.chain([house]).collect()
}

fn money(minor: i64, currency: Currency) -> String {
    format!("{} {currency}", Money { minor, currency })
}
