//! battlesbit

fn main() {}
