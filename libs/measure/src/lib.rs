//! What a benchmark prints: a JSON object per figure on standard output, histograms and the machine
//! on the other one.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::cast_precision_loss,
    reason = "a measurement fails by panicking, and speaks to whoever runs it"
)]

use std::fs::{self, File};
use std::io::Write;
use std::time::{Duration, Instant};

pub use hdrhistogram::Histogram;

/// Writes that are synced to learn what the disk does.
const SYNCS: u32 = 200;

/// A figure, what the same run measured beside it, and what it has to reach.
pub struct Figure<'a> {
    pub name: &'a str,
    pub value: f64,
    /// Of value and baseline.
    pub unit: &'a str,
    pub baseline: f64,
    pub ratio: f64,
    pub goal: f64,
    pub met: bool,
}

impl Figure<'_> {
    /// Prints the figure of a benchmark as one line of JSON.
    pub fn print(&self, bench: &str) {
        let Self {
            name,
            value,
            unit,
            baseline,
            ratio,
            goal,
            met,
        } = self;
        println!(
            r#"{{"bench":"{bench}","figure":"{name}","value":{value:.1},"unit":"{unit}","baseline":{baseline:.1},"ratio":{ratio:.3},"goal":{goal},"met":{met}}}"#
        );
    }
}

/// Measures what a thread does while nobody takes its core away.
pub struct Watch {
    waited_ns: u64,
    started: Instant,
}

impl Watch {
    /// Starts behind `warm_up`.
    pub fn start(warm_up: impl FnOnce()) -> Self {
        let waited_ns = waited_ns();
        warm_up();
        Self {
            waited_ns,
            started: Instant::now(),
        }
    }

    /// Nanoseconds since the start, and whether the thread had its core all the while.
    pub fn stop(self) -> (u64, bool) {
        let elapsed = ns(self.started.elapsed());
        (elapsed, waited_ns() == self.waited_ns)
    }

    /// Nanoseconds since the start, unless the thread had to wait for its core.
    pub fn ns(self) -> Option<u64> {
        let (ns, undisturbed) = self.stop();
        undisturbed.then_some(ns)
    }
}

/// How long this thread has waited for a core so far; 0 where the kernel does not tell.
fn waited_ns() -> u64 {
    let told = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let waited = told.split(' ').nth(1).and_then(|ns| ns.parse().ok());
    waited.unwrap_or_default()
}

/// A histogram of nanoseconds, or of whatever else is counted in thousands at most of millions.
pub fn histogram() -> Histogram<u64> {
    Histogram::new(3).unwrap()
}

/// Nanoseconds of a duration.
fn ns(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap()
}

/// A share of the samples lies at or below this.
pub fn at(histogram: &Histogram<u64>, quantile: f64) -> f64 {
    histogram.value_at_quantile(quantile) as f64
}

/// Tells the distribution to whoever watches: quantiles, and in a line of their own all buckets.
pub fn tell(name: &str, unit: &str, histogram: &Histogram<u64>) {
    let of = |quantile| histogram.value_at_quantile(quantile);
    eprintln!(
        "{name}: {} samples, min {} p50 {} p90 {} p99 {} p99.9 {} max {} {unit}",
        histogram.len(),
        histogram.min(),
        of(0.5),
        of(0.9),
        of(0.99),
        of(0.999),
        histogram.max(),
    );
    eprintln!("{name}: buckets {}", buckets(histogram));
}

/// Every bucket that holds samples, as its highest value and their number, lowest first.
fn buckets(histogram: &Histogram<u64>) -> String {
    let recorded = histogram.iter_recorded();
    let buckets = recorded.map(|bucket| {
        let (value, count) = (bucket.value_iterated_to(), bucket.count_at_value());
        format!("{value}:{count}")
    });
    Vec::from_iter(buckets).join(" ")
}

/// Tells where the run took place: processor, cores, load, and how long the disk takes to sync.
/// Answers the latter, in nanoseconds.
pub fn machine() -> Histogram<u64> {
    let cores = std::thread::available_parallelism().unwrap();
    let model = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = model.lines().find(|line| line.starts_with("model name"));
    let model = model.and_then(|line| line.split(": ").nth(1));
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let syncs = syncs();
    eprintln!(
        "machine: {}, {cores} cores, load {}; fdatasync p50 {} µs p99 {} µs",
        model.unwrap_or("unknown processor"),
        load.split(' ').next().unwrap_or_default(),
        syncs.value_at_quantile(0.5) / 1_000,
        syncs.value_at_quantile(0.99) / 1_000,
    );
    syncs
}

/// How long the disk below the working directory takes to sync a block that was appended.
fn syncs() -> Histogram<u64> {
    let mut syncs = histogram();
    let path = format!("fdatasync-{}.tmp", std::process::id());
    let mut file = File::create(&path).unwrap();
    for _ in 0..SYNCS {
        file.write_all(&[1; 4_096]).unwrap();
        let started = Instant::now();
        file.sync_data().unwrap();
        syncs.record(ns(started.elapsed())).unwrap();
    }
    drop(file);
    fs::remove_file(path).unwrap();
    syncs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_buckets_are_the_whole_histogram() {
        let mut recorded = histogram();
        for sample in (0..100_000).step_by(7) {
            recorded.record(sample * sample).unwrap();
        }
        let mut read = histogram();
        for bucket in buckets(&recorded).split(' ') {
            let (value, count) = bucket.split_once(':').unwrap();
            let (value, count) = (value.parse().unwrap(), count.parse().unwrap());
            read.record_n(value, count).unwrap();
        }
        assert_eq!(read, recorded);
    }
}
