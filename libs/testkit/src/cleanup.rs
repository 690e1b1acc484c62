//! What has to happen when a test's value is dropped.

use std::path::Path;
use std::time::{Duration, Instant};

use tokio::process::Child;

/// A process that was killed is gone by then.
const KILL_LIMIT: Duration = Duration::from_secs(5);

/// How often to look whether it is.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// So much of what a process wrote is shown when its test fails.
const SHOWN_BYTES: usize = 16_384;

/// Runs `work` to its end on a thread and a runtime of its own, so that a value can be dropped
/// anywhere. What fails is told, not raised: the test's own verdict counts.
pub(crate) fn finish(work: impl Future<Output = anyhow::Result<()>> + Send) {
    let outcome = std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime.block_on(work)
        });
        thread.join()
    });
    match outcome {
        Ok(Ok(())) => {}
        Ok(Err(cause)) => tell(&format!("testkit could not clean up: {cause:#}")),
        Err(_) => tell("testkit panicked while cleaning up"),
    }
}

/// Kills a child that still runs and waits until it is gone, so that its ports are free again.
pub(crate) fn end(child: &mut Child) {
    if matches!(child.try_wait(), Ok(Some(_))) {
        return;
    }
    if let Err(cause) = child.start_kill() {
        tell(&format!("testkit could not kill a process: {cause}"));
    }
    let deadline = Instant::now() + KILL_LIMIT;
    while matches!(child.try_wait(), Ok(None)) && Instant::now() < deadline {
        std::thread::sleep(LOOK_EVERY);
    }
}

/// Shows the end of what a process wrote to `file`, if this test has failed.
pub(crate) fn show_if_panicking(title: &str, file: &Path) {
    if !std::thread::panicking() {
        return;
    }
    match std::fs::read(file) {
        Ok(bytes) => {
            let text = String::from_utf8_lossy(&bytes);
            let from = text.ceil_char_boundary(text.len().saturating_sub(SHOWN_BYTES));
            tell(&format!("--- {title}\n{}", &text[from..]));
        }
        Err(cause) => tell(&format!("--- {title}: {cause}")),
    }
}

/// Writes a line, also while a test panics.
#[expect(
    clippy::print_stderr,
    reason = "libtest captures it and shows it when the test fails"
)]
pub(crate) fn tell(line: &str) {
    eprintln!("{line}");
}
