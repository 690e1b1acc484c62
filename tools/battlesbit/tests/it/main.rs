//! The operator's program as an operator runs it: a process with arguments, on real servers.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests, too, end the test on a failure"
)]

mod battle_money;
mod dead_letters;
mod ledger;
mod migrate;
mod operator;
mod reconcile;
mod records;
mod staff;
