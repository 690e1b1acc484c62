//! mail

fn main() {}
