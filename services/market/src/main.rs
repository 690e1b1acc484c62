//! Runs the market service.

fn main() {}
