//! What of a document is executed: the operation that the client names, with what it spreads. The
//! others of the same document cost nothing and need no variables.

use std::collections::HashSet;

use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, OperationDefinition, OperationType, Selection,
    SelectionSet,
};
use async_graphql::{Name, Positioned, ServerError};

/// The document with the chosen operation alone. One with a single operation stays whole, and so
/// does one without the operation: what is wrong with them is found when they are executed.
///
/// # Errors
/// A subscription whose field hides behind a directive.
pub(crate) fn chosen(
    mut document: ExecutableDocument,
    name: Option<&str>,
) -> Result<ExecutableDocument, ServerError> {
    if let (DocumentOperations::Multiple(operations), Some(name)) = (&mut document.operations, name)
        && operations.len() > 1
        && operations.contains_key(name)
    {
        operations.retain(|found, _| found.as_str() == name);
        drop_unreached(&mut document);
    }
    let mut operations = document.operations.iter();
    if let (Some((_, operation)), None) = (operations.next(), operations.next())
        && operation.node.ty == OperationType::Subscription
        && !operation.node.selection_set.node.items.iter().all(is_field)
    {
        // The executor looks for a subscription's field on the operation's own level alone.
        let plain = plain(&operation.node.selection_set, &document)?;
        let operation = match &mut document.operations {
            DocumentOperations::Single(operation) => Some(operation),
            DocumentOperations::Multiple(operations) => operations.values_mut().next(),
        };
        if let Some(operation) = operation {
            operation.node.selection_set = plain;
        }
        drop_unreached(&mut document);
    }
    Ok(document)
}

/// The operation that the client means; none where there is none to choose.
pub(crate) fn operation<'d>(
    document: &'d ExecutableDocument,
    name: Option<&str>,
) -> Option<&'d OperationDefinition> {
    let mut operations = document.operations.iter();
    let chosen =
        operations.find(|(found, _)| name.is_none() || found.map(|found| found.as_str()) == name);
    chosen.map(|(_, operation)| &operation.node)
}

fn is_field(selection: &Positioned<Selection>) -> bool {
    matches!(selection.node, Selection::Field(_))
}

/// A subscription's set of fields with what it spreads in its place.
fn plain(
    set: &Positioned<SelectionSet>,
    document: &ExecutableDocument,
) -> Result<Positioned<SelectionSet>, ServerError> {
    let mut plain = Positioned::new(SelectionSet::default(), set.pos);
    let mut seen = HashSet::new();
    unfold(&set.node, document, &mut seen, &mut plain.node)?;
    Ok(plain)
}

/// As deep as documents may be nested, and into each fragment once.
fn unfold<'d>(
    set: &'d SelectionSet,
    document: &'d ExecutableDocument,
    seen: &mut HashSet<&'d Name>,
    fields: &mut SelectionSet,
) -> Result<(), ServerError> {
    for selection in &set.items {
        let below = match &selection.node {
            Selection::Field(_) => {
                fields.items.push(selection.clone());
                continue;
            }
            Selection::InlineFragment(fragment) => Some(&fragment.node.selection_set.node),
            Selection::FragmentSpread(spread) => {
                let name = &spread.node.fragment_name.node;
                let fragment = document.fragments.get(name).filter(|_| seen.insert(name));
                fragment.map(|it| &it.node.selection_set.node)
            }
        };
        if !selection.node.directives().is_empty() {
            let message = "a subscription's field cannot be left out by a directive";
            return Err(ServerError::new(message, Some(selection.pos)));
        }
        if let Some(below) = below {
            unfold(below, document, seen, fields)?;
        }
    }
    Ok(())
}

/// Drops the fragments that no operation comes to any more.
fn drop_unreached(document: &mut ExecutableDocument) {
    let mut reached = HashSet::new();
    for (_, operation) in document.operations.iter() {
        reach(&operation.node.selection_set.node, document, &mut reached);
    }
    let reached: HashSet<Name> = reached.into_iter().cloned().collect();
    document.fragments.retain(|name, _| reached.contains(name));
}

fn reach<'d>(
    set: &'d SelectionSet,
    document: &'d ExecutableDocument,
    reached: &mut HashSet<&'d Name>,
) {
    for selection in &set.items {
        match &selection.node {
            Selection::Field(field) => reach(&field.node.selection_set.node, document, reached),
            Selection::InlineFragment(fragment) => {
                reach(&fragment.node.selection_set.node, document, reached);
            }
            Selection::FragmentSpread(spread) => {
                let name = &spread.node.fragment_name.node;
                if reached.insert(name)
                    && let Some(fragment) = document.fragments.get(name)
                {
                    reach(&fragment.node.selection_set.node, document, reached);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    /// The fields of the first level, and the fragments, of what is executed.
    fn executed(text: &str, name: Option<&str>) -> Result<(Vec<String>, Vec<String>), String> {
        let document = chosen(parse_query(text).unwrap(), name).map_err(|it| it.message)?;
        let fields = document.operations.iter().flat_map(|(_, operation)| {
            operation
                .node
                .selection_set
                .node
                .items
                .iter()
                .map(|it| match &it.node {
                    Selection::Field(field) => field.node.name.node.to_string(),
                    Selection::FragmentSpread(_) | Selection::InlineFragment(_) => "...".to_owned(),
                })
        });
        let mut fields: Vec<_> = fields.collect();
        fields.sort();
        let mut fragments: Vec<_> = document.fragments.keys().map(Name::to_string).collect();
        fragments.sort();
        Ok((fields, fragments))
    }

    fn of(fields: &[&str], fragments: &[&str]) -> Result<(Vec<String>, Vec<String>), String> {
        let owned = |words: &[&str]| words.iter().map(|it| (*it).to_owned()).collect();
        Ok((owned(fields), owned(fragments)))
    }

    #[test]
    fn the_named_operation_stands_alone_with_what_it_comes_to() {
        let text = "query A { a { ...F } } query B { b { ...G } }
            fragment F on T { x ...H } fragment G on T { y } fragment H on T { z ...F }";
        assert_eq!(executed(text, Some("A")), of(&["a"], &["F", "H"]));
        assert_eq!(executed(text, Some("B")), of(&["b"], &["G"]));
        for nothing in [None, Some("C")] {
            assert_eq!(executed(text, nothing), of(&["a", "b"], &["F", "G", "H"]));
        }
    }

    #[test]
    fn one_operation_keeps_even_what_it_does_not_come_to() {
        let text = "query A { a } fragment F on T { x }";
        assert_eq!(executed(text, Some("A")), of(&["a"], &["F"]));
    }

    #[test]
    fn what_a_subscription_spreads_stands_in_its_place() {
        for text in [
            "subscription { ...F } fragment F on Subscription { a { ...G } } fragment G on T { x }",
            "subscription { ... { ... on Subscription { a { ...G } } } } fragment G on T { x }",
            "subscription { ...F } fragment F on Subscription { ...F a { ...G } }
                fragment G on T { x }",
        ] {
            assert_eq!(executed(text, None), of(&["a"], &["G"]), "{text}");
        }
        let refused = executed("subscription { ... @skip(if: true) { a } }", None);
        assert!(refused.is_err_and(|it| it.contains("directive")));
        assert_eq!(
            executed("{ ... @skip(if: true) { a } }", None),
            of(&["..."], &[])
        );
    }
}
