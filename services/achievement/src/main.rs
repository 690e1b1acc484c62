//! Runs the achievement service.

fn main() {}
