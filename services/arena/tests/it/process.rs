//! Arenas: in this process, or as a binary that can be killed.

use std::ffi::OsString;
use std::time::Duration;

use arena::{SERVICE, Settings};
use runtime::{Clock, Mode, Supervisor};
use testkit::{Binary, ROLE_PASSWORD};

use crate::floor::{Floor, STREAM_BYTES};

/// Settings under which a test need not wait.
const SETTINGS: [(&str, &str); 4] = [
    ("shards.lease_ms", "1000"),
    ("shards.poll_ms", "200"),
    ("shards.checkpoint_ms", "500"),
    ("leaderboard.every_ms", "100"),
];

fn settings(floor: &Floor) -> Vec<(String, String)> {
    let places = [
        ("postgres.url", floor.database.url().to_string()),
        ("postgres.password", ROLE_PASSWORD.to_owned()),
        ("nats.url", floor.nats.url.clone()),
        ("nats.prefix", floor.nats.prefix.to_string()),
        ("nats.max_stream_bytes", STREAM_BYTES.to_string()),
    ];
    let fast = SETTINGS.map(|(key, value)| (key, value.to_owned()));
    let all = places.into_iter().chain(fast);
    all.map(|(key, value)| (key.to_owned(), value)).collect()
}

/// An arena in this process.
pub(crate) struct Running(Supervisor);

impl Running {
    pub(crate) fn start(floor: &Floor) -> Self {
        Self::start_at(floor, Clock::system())
    }

    pub(crate) fn start_at(floor: &Floor, clock: Clock) -> Self {
        let variables = settings(floor).into_iter().map(|(key, value)| {
            let name = format!(
                "BATTLESBIT_ARENA__{}",
                key.to_uppercase().replace('.', "__")
            );
            (OsString::from(name), OsString::from(value))
        });
        let loaded = runtime::settings::load::<Settings>(&SERVICE, None, variables);
        let Ok((_, settings)) = loaded else {
            panic!("the settings of the test are refused")
        };
        let supervisor =
            Supervisor::new(SERVICE, Mode::Development, clock, Duration::from_secs(10));
        supervisor.start(arena::serve(settings, supervisor.context()));
        Self(supervisor)
    }

    /// Hands over and stops.
    pub(crate) async fn stop(self) {
        self.0.stop().await.unwrap();
    }
}

/// An arena as a binary.
pub(crate) fn binary(floor: &Floor) -> Binary {
    let arena = Binary::service("arena");
    settings(floor)
        .into_iter()
        .fold(arena, |arena, (key, value)| arena.setting(&key, value))
}
