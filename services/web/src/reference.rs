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
         `RATE_LIMITED` says `retryAfterSeconds` where it is known, \
         `ACCOUNT_BANNED` the `reason` and, unless it is for good, `expiresAt`.\n\n\
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
    use async_graphql::parser::parse_schema;
    use async_graphql::parser::types::{TypeDefinition, TypeKind, TypeSystemDefinition};

    use super::*;

    const RENEW: &str = "run ./just generate";

    #[test]
    fn the_committed_schema_is_the_one_that_is_served() {
        let committed = include_str!("../../../graphql/schema.graphql");
        assert!(
            schema_sdl() == committed,
            "graphql/schema.graphql is old: {RENEW}"
        );
    }

    #[test]
    fn the_committed_page_lists_every_code() {
        let committed = include_str!("../../../graphql/errors.md");
        assert!(
            errors_page() == committed,
            "graphql/errors.md is old: {RENEW}"
        );
    }

    #[test]
    fn everything_in_the_schema_is_described() {
        let document = parse_schema(schema_sdl()).expect("a schema");
        let types = document
            .definitions
            .into_iter()
            .filter_map(|definition| match definition {
                TypeSystemDefinition::Type(definition) => Some(definition.node),
                TypeSystemDefinition::Schema(_) | TypeSystemDefinition::Directive(_) => None,
            });
        let bare: Vec<String> = types.flat_map(|definition| bare(&definition)).collect();
        assert_eq!(bare, Vec::<String>::new());
    }

    /// What of a type has no description.
    fn bare(definition: &TypeDefinition) -> Vec<String> {
        let name = &definition.name.node;
        let mut parts = vec![(name.to_string(), definition.description.is_some())];
        let fields = match &definition.kind {
            TypeKind::Object(object) => object.fields.as_slice(),
            TypeKind::Interface(interface) => interface.fields.as_slice(),
            TypeKind::Scalar
            | TypeKind::Union(_)
            | TypeKind::Enum(_)
            | TypeKind::InputObject(_) => &[],
        };
        for field in fields.iter().map(|field| &field.node) {
            let path = format!("{name}.{}", field.name.node);
            let arguments = field.arguments.iter().map(|it| &it.node);
            parts.extend(arguments.map(|it| {
                (
                    format!("{path}({})", it.name.node),
                    it.description.is_some(),
                )
            }));
            parts.push((path, field.description.is_some()));
        }
        if let TypeKind::InputObject(input) = &definition.kind {
            let fields = input.fields.iter().map(|it| &it.node);
            parts.extend(
                fields.map(|it| (format!("{name}.{}", it.name.node), it.description.is_some())),
            );
        }
        if let TypeKind::Enum(variants) = &definition.kind {
            let values = variants.values.iter().map(|it| &it.node);
            parts.extend(values.map(|it| {
                (
                    format!("{name}.{}", it.value.node),
                    it.description.is_some(),
                )
            }));
        }
        let undescribed = parts.into_iter().filter(|(_, described)| !described);
        undescribed.map(|(path, _)| path).collect()
    }
}
