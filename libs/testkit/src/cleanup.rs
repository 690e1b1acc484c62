//! Asynchronous work in `Drop`.

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

/// Writes a line, also while a test panics.
#[expect(
    clippy::print_stderr,
    reason = "libtest captures it and shows it when the test fails"
)]
pub(crate) fn tell(line: &str) {
    eprintln!("{line}");
}
