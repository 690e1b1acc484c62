//! What stands behind an error.

use std::error::Error;

/// An error with its causes, outermost first, for one line of a log.
pub fn causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cause_is_told_behind_what_it_caused() {
        let shut = anyhow::Error::new(std::fmt::Error).context("the door is shut");
        let told = causes(shut.as_ref());
        assert_eq!(told, format!("the door is shut: {}", std::fmt::Error));
    }
}
