//! Reading documents. What is too long, too deep or too wide is turned away before anything walks
//! it: a fragment that spreads another twice, twenty times over, is a million fields in a line.

use std::collections::HashMap;

use async_graphql::parser::parse_query;
use async_graphql::parser::types::{
    ExecutableDocument, Field, OperationType, Selection, SelectionSet,
};
use async_graphql::{ErrorExtensionValues, Name, Positioned, ServerError, Variables};
use async_graphql_value::ConstValue;
use contracts::Code;
use runtime::Mode;

use super::chosen::operation;
use super::scan::{self, MAX_NAME, MAX_NESTING};
use crate::settings::Limits;

/// What GraphQL tells of the schema.
const INTROSPECTION: [&str; 2] = ["__schema", "__type"];

/// Reads a document that is within the limits. In production nobody asks what the schema is.
pub(crate) fn read(
    text: &str,
    limits: &Limits,
    mode: Mode,
) -> Result<ExecutableDocument, ServerError> {
    let extent = scan::extent(text);
    within("tokens", extent.tokens, limits.tokens)?;
    within("levels of brackets", extent.nesting, MAX_NESTING)?;
    within("bytes in a name", extent.name, MAX_NAME)?;
    let document = parse_query(text).map_err(|fault| {
        let mut error = ServerError::from(fault);
        error.extensions = Some(coded(Code::GraphqlParseFailed));
        error
    })?;
    check(&document, limits, mode)?;
    Ok(document)
}

/// Finds fault with a request that leaves out a variable which the operation has to have. The
/// executor would notice when it comes to the field that is given it, which is too late: what came
/// before is done by then.
pub(crate) fn check_given(
    document: &ExecutableDocument,
    name: Option<&str>,
    variables: &Variables,
) -> Result<(), ServerError> {
    // What is not there is not executed either.
    let Some(operation) = operation(document, name) else {
        return Ok(());
    };
    for variable in &operation.variable_definitions {
        let Positioned { pos, node } = variable;
        let is_needed = !node.var_type.node.nullable && node.default_value.is_none();
        let given = variables.get(&node.name.node);
        if is_needed && given.is_none_or(|value| *value == ConstValue::Null) {
            let (name, ty) = (&node.name.node, &node.var_type.node);
            let message = format!("${name}: expected a value of the type {ty}");
            let mut error = ServerError::new(message, Some(*pos));
            error.extensions = Some(coded(Code::BadUserInput));
            return Err(error);
        }
    }
    Ok(())
}

fn coded(code: Code) -> ErrorExtensionValues {
    let mut extensions = ErrorExtensionValues::default();
    extensions.set("code", code.text());
    extensions
}

fn within(what: &str, found: usize, most: usize) -> Result<(), ServerError> {
    if found <= most {
        return Ok(());
    }
    let message = format!("the document has too many {what}: at most {most} are allowed");
    Err(ServerError::new(message, None))
}

/// Checks what the operations come to once every fragment stands where it is spread.
fn check(document: &ExecutableDocument, limits: &Limits, mode: Mode) -> Result<(), ServerError> {
    let mut reader = Reader {
        document,
        mode,
        known: HashMap::new(),
    };
    let mut all = Size::default();
    for (_, operation) in document.operations.iter() {
        let size = reader.set(&operation.node.selection_set.node, 0)?;
        let root_fields = match operation.node.ty {
            OperationType::Query => limits.root_fields,
            OperationType::Mutation => limits.root_mutations,
            OperationType::Subscription => 1,
        };
        within("root fields", size.fields, root_fields)?;
        if operation.node.ty == OperationType::Subscription {
            let most = limits.subscription_fields;
            within("fields of a subscription", size.selections, most)?;
        }
        all.add(size);
        all.add_directives(operation.node.directives.len());
        for variable in &operation.node.variable_definitions {
            all.add_directives(variable.node.directives.len());
        }
    }
    // Each costs at least one.
    within("fields", all.selections, limits.complexity)?;
    within("aliases", all.aliases, limits.aliases)?;
    within("directives", all.directives, limits.directives)
}

/// What a part of a document comes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Size {
    /// Fields of its own level.
    fields: usize,
    /// Fields and fragments of all levels.
    selections: usize,
    aliases: usize,
    directives: usize,
}

impl Size {
    /// Adds another part of the same level.
    fn add(&mut self, other: Self) {
        self.fields = self.fields.saturating_add(other.fields);
        self.add_below(other);
    }

    /// Adds what stands one level below.
    fn add_below(&mut self, other: Self) {
        self.selections = self.selections.saturating_add(other.selections);
        self.aliases = self.aliases.saturating_add(other.aliases);
        self.directives = self.directives.saturating_add(other.directives);
    }

    fn add_directives(&mut self, directives: usize) {
        self.directives = self.directives.saturating_add(directives);
    }
}

/// Looks at every fragment once.
struct Reader<'d> {
    document: &'d ExecutableDocument,
    mode: Mode,
    /// Nothing for a fragment that is being looked at: one that spreads itself is found later.
    known: HashMap<&'d Name, Size>,
}

impl<'d> Reader<'d> {
    fn set(&mut self, set: &'d SelectionSet, level: usize) -> Result<Size, ServerError> {
        within("levels", level, MAX_NESTING)?;
        let mut size = Size::default();
        for selection in &set.items {
            size.selections = size.selections.saturating_add(1);
            size.add_directives(selection.node.directives().len());
            match &selection.node {
                Selection::Field(field) => {
                    self.may_be_asked(field)?;
                    let below = self.set(&field.node.selection_set.node, level + 1)?;
                    size.add_below(below);
                    size.fields = size.fields.saturating_add(1);
                    let aliases = usize::from(field.node.alias.is_some());
                    size.aliases = size.aliases.saturating_add(aliases);
                }
                Selection::InlineFragment(fragment) => {
                    let same = self.set(&fragment.node.selection_set.node, level + 1)?;
                    size.add(same);
                }
                Selection::FragmentSpread(spread) => {
                    let same = self.fragment(&spread.node.fragment_name.node, level + 1)?;
                    size.add(same);
                }
            }
        }
        Ok(size)
    }

    fn may_be_asked(&self, field: &Positioned<Field>) -> Result<(), ServerError> {
        let name = field.node.name.node.as_str();
        if self.mode == Mode::Production && INTROSPECTION.contains(&name) {
            let message = format!("{name} is not to be asked for in production");
            return Err(ServerError::new(message, Some(field.pos)));
        }
        Ok(())
    }

    fn fragment(&mut self, name: &'d Name, level: usize) -> Result<Size, ServerError> {
        if let Some(size) = self.known.get(name) {
            return Ok(*size);
        }
        let Some(fragment) = self.document.fragments.get(name) else {
            return Ok(Size::default());
        };
        self.known.insert(name, Size::default());
        let mut size = self.set(&fragment.node.selection_set.node, level)?;
        size.add_directives(fragment.node.directives.len());
        self.known.insert(name, size);
        Ok(size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Limits;

    fn limits() -> Limits {
        Limits {
            tokens: 1_000,
            complexity: 100,
            subscription_fields: 4,
            aliases: 3,
            root_fields: 5,
            root_mutations: 2,
            directives: 2,
            ..Limits::default()
        }
    }

    fn refused(text: &str) -> Option<String> {
        let read = read(text, &limits(), Mode::Development);
        read.err().map(|error| error.message)
    }

    #[test]
    fn what_is_within_the_limits_is_read() {
        let named = format!(
            "{{ {}: a(x: \"{}\") }}",
            "n".repeat(MAX_NAME),
            "x".repeat(900)
        );
        for text in [
            &named,
            "{ a b c d e }",
            "{ x: a y: b z: c }",
            "{ a @skip(if: true) { b @include(if: true) } }",
            "query A { a b c d e } query B { a b c d e }",
            "mutation { a b }",
            "subscription { a { b c d } }",
            "{ ...F ...F } fragment F on Query { a b }",
        ] {
            assert_eq!(refused(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_too_much_is_named() {
        let tokens = format!("{{ {} }}", "a ".repeat(1_000));
        let nested = "{ a".repeat(60) + &"}".repeat(60);
        let list = format!("{{ a(x: {}) }}", "[".repeat(60_000));
        let fields = format!("{{ a {{ {} }} }}", "b ".repeat(100));
        let chain: String = (0..60)
            .map(|n| format!("fragment F{n} on Query {{ ...F{} }} ", n + 1))
            .collect();
        let chain = format!("{{ ...F0 }} {chain}");
        let long = "n".repeat(MAX_NAME + 1);
        let [
            alias,
            field,
            argument,
            directive,
            variable,
            operation,
            fragment,
        ] = [
            format!("{{ {long}: a }}"),
            format!("{{ {long} }}"),
            format!("{{ a({long}: 1) }}"),
            format!("{{ a @{long} }}"),
            format!("query(${long}: Int) {{ a }}"),
            format!("query {long} {{ a }}"),
            format!("{{ ...{long} }} fragment {long} on Query {{ a }}"),
        ];
        for (text, what) in [
            (tokens.as_str(), "tokens"),
            (&nested, "levels of brackets"),
            (&list, "tokens"),
            (&list[..900], "levels of brackets"),
            (&fields, "fields"),
            ("{ a b c d e f }", "root fields"),
            ("{ ...F ...F } fragment F on Query { a b c }", "root fields"),
            ("{ ... { ... { a b c d e f } } }", "root fields"),
            ("mutation { a b c }", "root fields"),
            ("subscription { a b }", "root fields"),
            (
                "subscription { ...F } fragment F on Subscription { a b }",
                "root fields",
            ),
            ("subscription { a { b c d e } }", "fields of a subscription"),
            ("{ a { w: a x: b y: c z: d } }", "aliases"),
            (
                "{ a { ...F ...F } } fragment F on A { x: a y: b }",
                "aliases",
            ),
            ("{ a @x @x @x }", "directives"),
            ("query @x @x { a @x }", "directives"),
            ("query($a: Int @x, $b: Int @x) @x { a }", "directives"),
            ("{ ...F @x } fragment F on Query @x { a @x }", "directives"),
            (&chain, "levels"),
            (&alias, "bytes in a name"),
            (&field, "bytes in a name"),
            (&argument, "bytes in a name"),
            (&directive, "bytes in a name"),
            (&variable, "bytes in a name"),
            (&operation, "bytes in a name"),
            (&fragment, "bytes in a name"),
        ] {
            let message = refused(text);
            let expected = format!("too many {what}:");
            assert!(
                message.as_ref().is_some_and(|it| it.contains(&expected)),
                "{what}: {message:?}"
            );
        }
    }

    #[test]
    fn fragments_that_double_each_other_are_counted_and_not_walked() {
        let bomb: String = (0..40)
            .map(|n| format!("fragment F{n} on Query {{ ...F{0} ...F{0} }} ", n + 1))
            .collect();
        for end in ["fragment F40 on Query { a }", ""] {
            let message = refused(&format!("{{ ...F0 }} {bomb} {end}"));
            assert!(message.is_some_and(|it| it.contains("too many")), "{end}");
        }
    }

    #[test]
    fn a_fragment_that_spreads_itself_is_left_to_the_rules_of_the_language() {
        assert_eq!(
            refused("{ ...F } fragment F on Query { ...F ...F a }"),
            None
        );
    }

    #[test]
    fn what_is_no_document_has_its_code() {
        for text in ["", "{", "{ a(x: ) }", "\"", "{ a(x: \"\"\") }"] {
            let error = read(text, &limits(), Mode::Development).unwrap_err();
            let code = error.extensions.as_ref().and_then(|it| it.get("code"));
            let expected = async_graphql::Value::from("GRAPHQL_PARSE_FAILED");
            assert_eq!(code, Some(&expected), "{text}: {}", error.message);
        }
    }

    #[test]
    fn a_variable_that_an_operation_has_to_have_is_given() {
        let text = "query A($x: ID!, $y: Int! = 1, $z: Int) { a(x: $x, y: $y, z: $z) }
            query B { b }";
        let document = read(text, &limits(), Mode::Development).unwrap();
        let fault = |operation: &str, variables: &str| {
            let variables = serde_json::from_str(variables).unwrap();
            let variables = Variables::from_json(variables);
            let checked = check_given(&document, Some(operation), &variables);
            checked.err().map(|error| error.message)
        };
        let expected = Some("$x: expected a value of the type ID!".to_owned());
        assert_eq!(fault("A", "{}"), expected);
        assert_eq!(fault("A", r#"{"x": null}"#), expected);
        assert_eq!(fault("A", r#"{"x": "1"}"#), None);
        assert_eq!(fault("B", "{}"), None);
        assert_eq!(fault("C", "{}"), None);
    }
}
