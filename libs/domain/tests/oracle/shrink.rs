//! Makes a script that shows a difference as short as it gets in a minute.

use std::time::{Duration, Instant};

use crate::driver::Driver;
use crate::script::Script;

/// How long to try.
const LIMIT: Duration = Duration::from_secs(60);

/// What a script shows, if the engines differ on it.
fn difference(script: &Script) -> Option<String> {
    let play = || Driver::new(script).play().err();
    match std::panic::catch_unwind(play) {
        Ok(difference) => difference,
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            Some(format!("panic: {text:?}"))
        }
    }
}

/// The difference that the shortest part of a script shows, and that part.
pub(crate) fn shrunk(script: &Script) -> String {
    let began = Instant::now();
    let mut shortest = script.clone();
    let mut chunk = shortest.steps.len().div_ceil(2);
    loop {
        let mut from = 0;
        while from < shortest.steps.len() && began.elapsed() < LIMIT {
            let mut shorter = shortest.clone();
            let to = shorter.steps.len().min(from + chunk);
            shorter.steps.drain(from..to);
            if difference(&shorter).is_some() {
                shortest = shorter;
            } else {
                from += chunk;
            }
        }
        if chunk <= 1 {
            break;
        }
        chunk = chunk.div_ceil(2);
    }
    let mut text = format!("{}\n", difference(&shortest).unwrap_or_default());
    for step in &shortest.steps {
        text.push_str(&format!("  {step:?}\n"));
    }
    for terms in &shortest.terms {
        text.push_str(&format!("  {terms:?}\n"));
    }
    text
}
