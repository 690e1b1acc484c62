//! Named points where a test can make a process die. No release build has them.
//!
//! `BATTLESBIT_FAILPOINT` names the one armed point. Reaching it writes the name to the file that
//! `BATTLESBIT_FAILPOINT_HIT` names, so that the test knows it was hit, and aborts the process.

/// Dies here when a test armed this point. Costs one comparison in a debug build, nothing in a
/// release.
#[macro_export]
macro_rules! failpoint {
    ($name:literal) => {
        #[cfg(debug_assertions)]
        $crate::reach($name);
    };
}

#[cfg(debug_assertions)]
static ARMED: std::sync::LazyLock<Option<String>> =
    std::sync::LazyLock::new(|| std::env::var("BATTLESBIT_FAILPOINT").ok());

/// What [`failpoint!`](crate::failpoint!) expands to.
#[cfg(debug_assertions)]
pub fn reach(name: &str) {
    if ARMED.as_deref() != Some(name) {
        return;
    }
    tracing::warn!(failpoint = name, "fail point reached");
    if let Some(marker) = std::env::var_os("BATTLESBIT_FAILPOINT_HIT") {
        std::fs::write(marker, name).expect("the file named by BATTLESBIT_FAILPOINT_HIT is ours");
    }
    std::process::abort();
}
