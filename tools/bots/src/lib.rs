//! Players made of code: they sign up, queue, trade and win or lose through the public GraphQL
//! API alone, and show the battle while it runs.

pub mod account;
mod bank;
pub mod chain;
pub mod client;
pub mod game;
pub mod mailbox;
pub mod options;
mod play;
mod prices;
mod report;
mod screen;
mod temperament;

use std::process::ExitCode;

/// Plays one battle; the reason of a failure goes to standard error in one line.
pub async fn run(options: options::Options) -> ExitCode {
    let mut screen = screen::Screen::new(options.quiet);
    match play::battle(&options, &mut screen).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            screen::fail(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}
