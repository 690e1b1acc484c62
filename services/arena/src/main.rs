//! Runs the arena service.

fn main() {}
