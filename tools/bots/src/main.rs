//! bots

fn main() {}
