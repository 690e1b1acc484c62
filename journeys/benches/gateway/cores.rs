//! Which core does what. A process keeps to the core that `taskset` gives it, with all of its threads.

use std::process::Command;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

const SERVERS: &str = "0";
const DRIVERS: &str = "1";

/// A command that stays on the core of servers.
pub(crate) fn on_servers(program: &str) -> tokio::process::Command {
    let mut command = tokio::process::Command::new("taskset");
    command.args(["--cpu-list", SERVERS, program]);
    command
}

/// Keeps this process, which has one thread yet, to the core of drivers.
pub(crate) fn keep_to_drivers() {
    let own = std::process::id().to_string();
    let kept = Command::new("taskset")
        .args(["--pid", "--cpu-list", DRIVERS, &own])
        .output()
        .expect("taskset holds servers and drivers apart");
    assert!(kept.status.success(), "there is no second core");
}

/// Lets this process open as many sockets as it may.
pub(crate) fn allow_sockets() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let most = Rlimit {
        current: maximum,
        maximum,
    };
    setrlimit(Resource::Nofile, most).unwrap();
}
