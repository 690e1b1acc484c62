//! Runs the web service.

fn main() {}
