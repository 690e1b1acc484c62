//! Logs as JSON lines on standard error, and the registry behind `/metrics`.

use std::panic::PanicHookInfo;
use std::sync::LazyLock;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Registry, fmt, reload};

use crate::settings::LogLevel;

/// The level until the settings say another.
const FIRST_LEVEL: &str = "info";

/// Bounds of the buckets of every histogram whose name ends in `_seconds`.
const SECONDS: [f64; 14] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// The registry of this process's metrics, installed on first use.
pub(crate) static METRICS: LazyLock<PrometheusHandle> = LazyLock::new(|| {
    PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
        .expect("the list of buckets is not empty")
        .install_recorder()
        .expect("nobody else in a process of ours installs a recorder")
});

/// The running logs.
pub(crate) struct Telemetry {
    filter: reload::Handle<EnvFilter, Registry>,
}

impl Telemetry {
    /// Starts logs and metrics, before any setting is known.
    pub(crate) fn start() -> Self {
        LazyLock::force(&METRICS);
        let (filter, handle) = reload::Layer::new(EnvFilter::new(FIRST_LEVEL));
        let lines = fmt::layer()
            .json()
            .flatten_event(true)
            .with_writer(std::io::stderr);
        tracing_subscriber::registry()
            .with(filter)
            .with(lines)
            .try_init()
            .expect("logs start once, first thing in a process");
        std::panic::set_hook(Box::new(log_panic));
        Self { filter: handle }
    }

    /// Changes what is logged from here on.
    pub(crate) fn set_level(&self, level: &LogLevel) {
        self.filter
            .reload(level.filter())
            .expect("the subscriber lives as long as the process");
    }
}

fn log_panic(panic: &PanicHookInfo<'_>) {
    let message = panic.payload_as_str().unwrap_or("no message");
    let location = panic
        .location()
        .map(ToString::to_string)
        .unwrap_or_default();
    tracing::error!(panic = message, location, "panicked");
}
