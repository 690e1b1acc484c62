//! Runs the notifications service.

fn main() {}
