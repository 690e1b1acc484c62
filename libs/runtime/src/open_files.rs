//! How many files the process may have open, of which every connection is one.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What a process has open beside the connections that it accepts: those to its servers, its logs.
const OTHERS: u64 = 256;

/// Lets the process open as many files as it may at all, and says if that is not enough for so many
/// connections.
pub(crate) fn allow_for(connections: u32) {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: maximum,
        maximum,
    };
    let allowed = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => maximum,
        Err(cause) => {
            tracing::warn!(%cause, "cannot raise the limit of open files");
            current
        }
    };
    let needed = u64::from(connections).saturating_add(OTHERS);
    if let Some(allowed) = allowed.filter(|allowed| *allowed < needed) {
        tracing::warn!(
            allowed,
            needed,
            "fewer files may be open than http.connections needs"
        );
    }
}
