//! What the person at the terminal sees: redrawn in place, or plain lines where there is no
//! terminal.

use std::io::{IsTerminal as _, Stdout, Write};
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

/// Where the battle is shown.
pub(crate) struct Screen<W> {
    out: W,
    quiet: bool,
    in_place: bool,
    drawn_lines: usize,
    last_plain: Option<Instant>,
}

impl Screen<Stdout> {
    /// A screen on standard output.
    pub(crate) fn new(quiet: bool) -> Self {
        let stdout = std::io::stdout();
        let in_place = stdout.is_terminal();
        Self::on(stdout, quiet, in_place)
    }
}

impl<W: Write> Screen<W> {
    const fn on(out: W, quiet: bool, in_place: bool) -> Self {
        Self {
            out,
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
        text += "  rank  player                equity      prize   wallet            cups   exp  earned\n";
        for player in &report.players {
            let wallet = format!("{} → {}", player.wallet_before, player.wallet_after);
            let star = if player.winner { "*" } else { " " };
            text += &format!(
                "  {:>3}{star}  {:<18} {:>9}  {:>9}   {:<17} {:>4}  {:>4}  {}\n",
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
        if let Some(withdrawal) = &report.withdrawal {
            text += &format!(
                "  {} has withdrawn {} {} to {}\n",
                withdrawal.player, withdrawal.amount, withdrawal.currency, withdrawal.address
            );
        }
        self.print(&text);
    }

    fn print(&mut self, text: &str) {
        if self.quiet {
            return;
        }
        // A closed pipe must not end the battle: whoever asked still gets the report.
        drop(
            self.out
                .write_all(text.as_bytes())
                .and_then(|()| self.out.flush()),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Player;

    fn screen(in_place: bool) -> Screen<Vec<u8>> {
        Screen::on(Vec::new(), false, in_place)
    }

    /// What was printed since the last look.
    fn printed(screen: &mut Screen<Vec<u8>>) -> String {
        String::from_utf8(std::mem::take(&mut screen.out)).unwrap()
    }

    fn prices() -> Prices {
        [("bitcoin", "60000.5"), ("ethereum", "3000")]
            .into_iter()
            .map(|(asset, price)| (asset.to_owned(), price.parse().unwrap()))
            .collect()
    }

    fn board(players: usize) -> Vec<LiveLine> {
        let line = |number| LiveLine {
            rank: number,
            name: format!("Bot-{number}"),
            equity: "101.25".to_owned(),
            open_positions: 2,
        };
        (1..).map(line).take(players).collect()
    }

    #[test]
    fn a_terminal_shows_clock_prices_and_leaderboard() {
        let mut screen = screen(true);
        screen.live(Duration::from_secs(37), &prices(), &board(2));
        assert_eq!(
            printed(&mut screen),
            "\n   37 s left   bitcoin 60000.5  ethereum 3000\n\n  \
             rank  player                equity   open\n     \
             1  Bot-1                 101.25      2\n     \
             2  Bot-2                 101.25      2\n"
        );
    }

    #[test]
    fn a_terminal_is_redrawn_in_place() {
        let mut screen = screen(true);
        let mut draw = |players| {
            screen.live(Duration::ZERO, &prices(), &board(players));
            printed(&mut screen)
        };
        let (first, second, third) = (draw(2), draw(3), draw(3));
        assert_eq!(first.lines().count(), 6);
        assert!(!first.contains('\x1b'), "{first:?}");
        assert!(second.starts_with("\x1b[6A\x1b[J\n"), "{second:?}");
        assert!(third.starts_with("\x1b[7A\x1b[J\n"), "{third:?}");
    }

    #[test]
    fn what_stands_above_a_frame_stays() {
        let mut screen = screen(true);
        screen.live(Duration::ZERO, &prices(), &board(2));
        screen.step("the battle has opened");
        printed(&mut screen);
        screen.live(Duration::ZERO, &prices(), &board(2));
        assert!(!printed(&mut screen).contains('\x1b'));
    }

    #[test]
    fn a_crowd_does_not_push_the_clock_off_the_terminal() {
        let mut screen = screen(true);
        screen.live(Duration::ZERO, &prices(), &board(100));
        let frame = printed(&mut screen);
        assert!(frame.contains("Bot-12 ") && !frame.contains("Bot-13 "));
    }

    #[test]
    fn off_a_terminal_there_are_plain_lines_now_and_then() {
        let mut screen = screen(false);
        let line = "   37 s left, bitcoin 60000.5  ethereum 3000; Bot-1 leads with 101.25\n";
        let show = |screen: &mut Screen<Vec<u8>>| {
            screen.live(Duration::from_secs(37), &prices(), &board(2));
            printed(screen)
        };
        assert_eq!(show(&mut screen), line);
        assert_eq!(show(&mut screen), "", "{PLAIN_INTERVAL:?} have not passed");
        screen.last_plain = Instant::now().checked_sub(PLAIN_INTERVAL);
        assert_eq!(show(&mut screen), line);
    }

    fn report() -> Report {
        let player = Player {
            name: "Bull-0".to_owned(),
            rank: 1,
            winner: true,
            equity: "131.5".to_owned(),
            prize: "43.2".to_owned(),
            cups: 20,
            level: 2,
            experience: 100,
            wallet_before: "50".to_owned(),
            wallet_after: "83.2".to_owned(),
            achievements: vec!["Debut".to_owned(), "First win".to_owned()],
        };
        let loser = Player {
            name: "Bear-1".to_owned(),
            rank: 2,
            winner: false,
            achievements: Vec::new(),
            ..player.clone()
        };
        Report {
            battle: "b".to_owned(),
            status: "CLOSED".to_owned(),
            players: vec![player, loser],
            positions: 9,
            fills: 8,
            liquidations: 1,
            stops: 2,
            achievements: 3,
            emails: 4,
            notifications: 5,
            withdrawal: None,
        }
    }

    #[test]
    fn the_result_shows_ranks_prizes_wallets_and_what_was_earned() {
        for in_place in [true, false] {
            let mut screen = screen(in_place);
            screen.live(Duration::ZERO, &prices(), &board(2));
            printed(&mut screen);
            screen.result(&report());
            let shown = printed(&mut screen);
            let lines: Vec<_> = shown.lines().filter(|line| !line.is_empty()).collect();
            assert_eq!(
                lines,
                [
                    "  The battle is closed.",
                    "  rank  player                equity      prize   wallet            cups   exp  earned",
                    "    1*  Bull-0                 131.5       43.2   50 → 83.2           20   100  Debut, First win",
                    "    2   Bear-1                 131.5       43.2   50 → 83.2           20   100  ",
                    "  9 positions, 8 fills, 1 liquidations, 2 stops; 3 achievements, 4 mails, 5 inbox messages",
                ]
            );
        }
    }

    #[test]
    fn a_quiet_screen_shows_nothing() {
        let mut screen = Screen::on(Vec::new(), true, true);
        screen.step("a step");
        screen.live(Duration::ZERO, &prices(), &board(2));
        screen.result(&report());
        assert_eq!(printed(&mut screen), "");
    }
}
