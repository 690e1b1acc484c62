//! Runs the treasury service.

fn main() {}
