//! What the person at the terminal sees: redrawn in place, or plain lines where there is no
//! terminal.

use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use crate::game::Seat;
use crate::prices::Prices;
use crate::report::Report;

/// How often plain lines are written.
const PLAIN_INTERVAL: Duration = Duration::from_secs(5);
/// How many players the live leaderboard shows.
const SHOWN_PLAYERS: usize = 12;

/// One player's line while the battle runs.
#[derive(Clone, Debug)]
pub(crate) struct LiveLine {
    pub(crate) rank: i64,
    pub(crate) name: String,
    pub(crate) equity: String,
    pub(crate) open_positions: i64,
}

/// The terminal.
pub(crate) struct Screen {
    quiet: bool,
    in_place: bool,
    drawn_lines: usize,
    last_plain: Option<Instant>,
}

impl Screen {
    /// A screen on standard output.
    pub(crate) fn new(quiet: bool) -> Self {
        let in_place = std::io::stdout().is_terminal();
        Self {
            quiet,
            in_place,
            drawn_lines: 0,
            last_plain: None,
        }
    }

    /// One step of the set-up.
    pub(crate) fn step(&mut self, text: &str) {
        self.print(&format!("  {text}\n"));
        self.drawn_lines = 0;
    }

    /// Price, clock and leaderboard.
    pub(crate) fn live(&mut self, left: Duration, prices: &Prices, players: &[LiveLine]) {
        if self.in_place {
            let frame = live_frame(left, prices, players);
            // Up to where the last frame began, and clear from there.
            let home = match self.drawn_lines {
                0 => String::new(),
                lines => format!("\x1b[{lines}A\x1b[J"),
            };
            self.print(&format!("{home}{frame}"));
            self.drawn_lines = frame.lines().count();
        } else if self
            .last_plain
            .is_none_or(|last| last.elapsed() >= PLAIN_INTERVAL)
        {
            self.last_plain = Some(Instant::now());
            self.print(&plain_line(left, prices, players));
        }
    }

    /// Ranks, and wallets before and after.
    pub(crate) fn result(&mut self, report: &Report) {
        self.drawn_lines = 0;
        let mut text = format!("\n  The battle is {}.\n\n", report.status.to_lowercase());
        text += "  rank  player                equity      prize      wallet        cups   exp  earned\n";
        for player in &report.players {
            let wallet = format!("{} → {}", player.wallet_before, player.wallet_after);
            let star = if player.winner { "*" } else { " " };
            text += &format!(
                "  {:>3}{star}  {:<18} {:>9}  {:>9}   {:<13} {:>4}  {:>4}  {}\n",
                player.rank,
                player.name,
                player.equity,
                player.prize,
                wallet,
                player.cups,
                player.experience,
                player.achievements.join(", "),
            );
        }
        text += &format!(
            "\n  {} positions, {} fills, {} liquidations, {} stops; {} achievements, {} mails, \
             {} inbox messages\n",
            report.positions,
            report.fills,
            report.liquidations,
            report.stops,
            report.achievements,
            report.emails,
            report.notifications,
        );
        self.print(&text);
    }

    fn print(&self, text: &str) {
        if self.quiet {
            return;
        }
        let mut stdout = std::io::stdout().lock();
        // A closed pipe must not end the battle: whoever asked still gets the report.
        drop(
            stdout
                .write_all(text.as_bytes())
                .and_then(|()| stdout.flush()),
        );
    }
}

/// Says why it could not go on.
pub(crate) fn fail(text: &str) {
    let mut stderr = std::io::stderr();
    // There is nobody left to tell when even this cannot be written.
    drop(writeln!(stderr, "bots: {text}"));
}

fn live_frame(left: Duration, prices: &Prices, players: &[LiveLine]) -> String {
    let mut frame = format!(
        "\n  {:>3} s left   {}\n\n",
        left.as_secs(),
        price_list(prices)
    );
    frame += "  rank  player                equity   open\n";
    for line in players.iter().take(SHOWN_PLAYERS) {
        frame += &format!(
            "  {:>4}  {:<18} {:>9}   {:>4}\n",
            line.rank, line.name, line.equity, line.open_positions
        );
    }
    frame
}

fn plain_line(left: Duration, prices: &Prices, players: &[LiveLine]) -> String {
    let leader = players.first().map_or_else(String::new, |line| {
        format!("; {} leads with {}", line.name, line.equity)
    });
    format!(
        "  {:>3} s left, {}{leader}\n",
        left.as_secs(),
        price_list(prices)
    )
}

fn price_list(prices: &Prices) -> String {
    prices
        .iter()
        .map(|(asset, price)| format!("{asset} {price}"))
        .collect::<Vec<_>>()
        .join("  ")
}

/// The final line-up, best first; those without a rank come last.
pub(crate) fn by_rank(mut seats: Vec<Seat>) -> Vec<Seat> {
    seats.sort_by_key(|seat| seat.rank.unwrap_or(i64::MAX));
    seats
}
