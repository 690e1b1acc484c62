//! The pages that are generated from the code and committed: the schema and the error codes.

use std::fmt::Write;

use contracts::Code;

use crate::graphql;

/// The schema in its own language: `graphql/schema.graphql`.
pub fn schema_sdl() -> String {
    let mut sdl = graphql::sdl();
    sdl.truncate(sdl.trim_end().len());
    sdl.push('\n');
    sdl
}

/// Every code that a client can meet: `graphql/errors.md`.
pub fn errors_page() -> String {
    let mut page = String::from(
        "# Error codes\n\n\
         Generated from `contracts::Code`. A code is an error's `extensions.code`, or the `code` of \
         a payload's `userErrors`; it never changes. Every error also carries a `traceId`, and \
         `RATE_LIMITED` says `retryAfterSeconds` where it is known.\n\n\
         | code | meaning |\n|---|---|\n",
    );
    for code in Code::ALL {
        writeln!(page, "| `{}` | {} |", code.text(), code.meaning())
            .expect("writing to a string does not fail");
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    const RENEW: &str = "run ./just generate";

    #[test]
    fn the_committed_schema_is_the_one_that_is_served() {
        let committed = include_str!("../../../graphql/schema.graphql");
        assert!(schema_sdl() == committed, "graphql/schema.graphql is old: {RENEW}");
    }

    #[test]
    fn the_committed_page_lists_every_code() {
        let committed = include_str!("../../../graphql/errors.md");
        assert!(errors_page() == committed, "graphql/errors.md is old: {RENEW}");
    }

    #[test]
    fn everything_in_the_schema_is_described() {
        let mut described = true;
        let mut bare = Vec::new();
        for line in schema_sdl().lines().map(str::trim) {
            let is_definition = line.ends_with('{') || line.contains(": ") || line.starts_with("scalar");
            let is_text = line.starts_with('"') || line.starts_with('*');
            if is_definition && !is_text && !line.starts_with("directive") && !line.starts_with("schema") {
                if !described {
                    bare.push(line.to_owned());
                }
            }
            described = is_text;
        }
        assert_eq!(bare, Vec::<String>::new());
    }
}
