//! Runs the matcher service.

fn main() {}
