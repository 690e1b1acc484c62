//! The metrics that the sources of libraries and services have: whatever a macro makes outside tests.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use syn::parse::ParseStream;
use syn::visit::{self, Visit};
use syn::{
    Attribute, Block, Expr, Ident, ImplItemFn, ItemConst, ItemFn, ItemMod, Lit, Macro, Token,
};

use crate::tidy::{Finding, tokens};
use crate::workspace::File;

/// The type that is told in parts.
pub(super) const HISTOGRAM: &str = "histogram";

/// The macros that make a metric, and its type.
const MACROS: &[(&str, &str)] = &[
    ("counter", "counter"),
    ("gauge", "gauge"),
    ("histogram", HISTOGRAM),
    ("describe_counter", "counter"),
    ("describe_gauge", "gauge"),
    ("describe_histogram", HISTOGRAM),
];

/// A metric that a source has.
#[derive(Debug)]
pub(super) struct Metric {
    pub(super) kind: &'static str,
    /// The file that has it.
    pub(super) path: String,
}

/// The metrics of the libraries and services, and a finding for each whose name cannot be told.
///
/// # Errors
/// When a source file cannot be parsed.
pub(super) fn read(files: &[File]) -> anyhow::Result<(BTreeMap<String, Metric>, Vec<Finding>)> {
    let mut sources = Vec::new();
    for file in files.iter().filter(|file| package(&file.path).is_some()) {
        let parsed = syn::parse_file(&file.text)
            .with_context(|| format!("{} cannot be parsed", file.path))?;
        let mut source = Source::default();
        source.visit_file(&parsed);
        sources.push((file, source));
    }
    let (mut metrics, mut findings) = (BTreeMap::new(), Vec::new());
    for (file, source) in &sources {
        let shared = sources
            .iter()
            .filter(|(other, _)| package(&other.path) == package(&file.path));
        let shared: Vec<&Source> = shared.map(|(_, source)| source).collect();
        for call in &source.calls {
            let names = call.names(source, &shared);
            if names.is_empty() {
                findings.push(Finding {
                    place: file.path.clone(),
                    what: format!(
                        "the name of a {} cannot be told: write it as a literal or a constant, in several words",
                        call.kind
                    ),
                });
            }
            for name in names {
                let metric = || Metric {
                    kind: call.kind,
                    path: file.path.clone(),
                };
                metrics.entry(name).or_insert_with(metric);
            }
        }
    }
    Ok((metrics, findings))
}

/// The folder of the library or service whose source this is.
fn package(path: &str) -> Option<&str> {
    let (folder, _) = path.split_once("/src/")?;
    let is_ours = folder.starts_with("libs/") || folder.starts_with("services/");
    (is_ours && path.ends_with(".rs")).then_some(folder)
}

/// What a file says of metrics, but for its tests.
#[derive(Debug, Default)]
struct Source {
    constants: BTreeMap<String, String>,
    calls: Vec<Call>,
    /// The functions around the place that is looked at, the innermost last.
    functions: Vec<Words>,
}

/// A macro that makes a metric.
#[derive(Debug)]
struct Call {
    kind: &'static str,
    /// Where its name may stand.
    named: Vec<Word>,
}

/// What may be a metric's name.
#[derive(Clone, Debug)]
enum Word {
    Literal(String),
    Constant(String),
}

impl Call {
    /// The names that it may have; none if they cannot be told.
    fn names(&self, source: &Source, package: &[&Source]) -> Vec<String> {
        let names = self.named.iter().filter_map(|word| match word {
            Word::Literal(name) => Some(name.clone()),
            Word::Constant(constant) => {
                let own = source.constants.get(constant);
                let elsewhere = || {
                    let all = package
                        .iter()
                        .filter_map(|other| other.constants.get(constant));
                    let all: BTreeSet<&String> = all.collect();
                    // Of several it may be any.
                    if all.len() == 1 {
                        all.into_iter().next()
                    } else {
                        None
                    }
                };
                own.or_else(elsewhere).cloned()
            }
        });
        names.filter(|name| is_name(name)).collect()
    }
}

/// Whether a text looks like a metric's name.
fn is_name(text: &str) -> bool {
    let begins = text.starts_with(|first: char| first.is_ascii_lowercase());
    let is_letter = |letter| matches!(letter, 'a'..='z' | '0'..='9' | '_');
    begins && text.contains('_') && text.chars().all(is_letter)
}

impl Source {
    fn in_function(&mut self, block: &Block, visit: impl FnOnce(&mut Self)) {
        let mut words = Words::default();
        words.visit_block(block);
        self.functions.push(words);
        visit(self);
        self.functions.pop();
    }

    /// Notes a macro that makes a metric; of any other, those that are called in it.
    fn read_macro(&mut self, call: &Macro) {
        let name = call.path.segments.last().map(|last| last.ident.to_string());
        let made = MACROS.iter().find(|(own, _)| Some(*own) == name.as_deref());
        if let Some((_, kind)) = made {
            let name = call.parse_body_with(first_argument);
            let named = name.map_or_else(|_| Vec::new(), |name| self.named(&name));
            self.calls.push(Call { kind, named });
        } else if let Ok(inner) = call.parse_body_with(calls_among) {
            for call in &inner {
                self.read_macro(call);
            }
        }
    }

    fn named(&self, name: &Expr) -> Vec<Word> {
        let variable = || {
            let function = self.functions.last()?;
            matches!(name, Expr::Path(_)).then(|| function.told())
        };
        match word(name) {
            Some(word) => vec![word],
            None => variable().unwrap_or_default(),
        }
    }
}

impl<'ast> Visit<'ast> for Source {
    fn visit_item_mod(&mut self, module: &'ast ItemMod) {
        if !module.attrs.iter().any(is_for_tests) {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_const(&mut self, constant: &'ast ItemConst) {
        if let Some(Word::Literal(value)) = word(&constant.expr) {
            self.constants.insert(constant.ident.to_string(), value);
        }
    }

    fn visit_item_fn(&mut self, function: &'ast ItemFn) {
        self.in_function(&function.block, |it| visit::visit_item_fn(it, function));
    }

    fn visit_impl_item_fn(&mut self, function: &'ast ImplItemFn) {
        self.in_function(&function.block, |it| {
            visit::visit_impl_item_fn(it, function);
        });
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        self.read_macro(call);
    }
}

/// The words of a function that may be names of metrics, but for those in calls of macros: they are
/// texts and labels.
#[derive(Debug, Default)]
struct Words {
    found: Vec<Word>,
    /// Some text is put together.
    has_made: bool,
}

impl Words {
    /// None where something is put together: it may be the name.
    fn told(&self) -> Vec<Word> {
        if self.has_made {
            Vec::new()
        } else {
            self.found.clone()
        }
    }
}

impl<'ast> Visit<'ast> for Words {
    fn visit_expr(&mut self, expr: &'ast Expr) {
        self.found.extend(word(expr));
        visit::visit_expr(self, expr);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        self.has_made |= call.path.is_ident("format") || call.path.is_ident("concat");
    }

    fn visit_attribute(&mut self, _: &'ast Attribute) {}
}

fn is_for_tests(attribute: &Attribute) -> bool {
    let is_test = |condition: Ident| condition == "test";
    attribute.path().is_ident("cfg") && attribute.parse_args().is_ok_and(is_test)
}

/// What an expression says by itself: a text, or which constant.
fn word(expr: &Expr) -> Option<Word> {
    if let Expr::Lit(literal) = expr
        && let Lit::Str(text) = &literal.lit
    {
        return Some(Word::Literal(text.value()));
    }
    let Expr::Path(path) = expr else { return None };
    let name = path.path.segments.last()?.ident.to_string();
    let is_constant = name
        .chars()
        .all(|letter| matches!(letter, 'A'..='Z' | '0'..='9' | '_'));
    is_constant.then_some(Word::Constant(name))
}

/// The first of several arguments. An error if something stands in front of it.
fn first_argument(tokens: ParseStream<'_>) -> syn::Result<Expr> {
    let first = tokens.parse::<Expr>()?;
    if !tokens.is_empty() {
        tokens.parse::<Token![,]>()?;
    }
    while !tokens.is_empty() {
        tokens::skip(tokens)?;
    }
    Ok(first)
}

/// The macros that are called among tokens.
fn calls_among(tokens: ParseStream<'_>) -> syn::Result<Vec<Macro>> {
    let mut found = Vec::new();
    tokens::walk(tokens, &mut |tokens: ParseStream<'_>| {
        let is_call = tokens.peek(Ident) && tokens.fork().parse::<Macro>().is_ok();
        if is_call {
            found.push(tokens.parse()?);
        }
        Ok(is_call)
    })?;
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(sources: &[(&str, &str)]) -> Vec<File> {
        let file = |(path, text): &(&str, &str)| File {
            path: (*path).to_owned(),
            text: (*text).to_owned(),
        };
        sources.iter().map(file).collect()
    }

    #[track_caller]
    fn assert_names(sources: &[(&str, &str)], names: &[&str]) {
        let (metrics, findings) = read(&files(sources)).unwrap();
        let found: Vec<_> = metrics.keys().map(String::as_str).collect();
        assert_eq!(
            (found.as_slice(), findings),
            (names, Vec::new()),
            "{sources:?}"
        );
    }

    #[track_caller]
    fn assert_untold(sources: &[(&str, &str)]) {
        let (metrics, findings) = read(&files(sources)).unwrap();
        assert!(metrics.is_empty(), "{metrics:?}");
        assert_eq!(findings.len(), 1, "{findings:?}");
    }

    const HERE: &str = "libs/bus/src/relay.rs";

    #[test]
    fn every_way_to_write_a_name_is_read() {
        for body in [
            r#"metrics::gauge!("a_b", "label_of" => "a_label").set(1.0);"#,
            r#"describe_histogram!("a_b", "how_long");"#,
            r#"select! { x = y => { if a != b { counter!("a_b") } } }"#,
            r#"const N: &str = "a_b"; counter!(N, "label_of" => x);"#,
        ] {
            assert_names(&[(HERE, &format!("fn f() {{ {body} }}"))], &["a_b"]);
        }
        let in_an_implementation = r#"const N: &str = "a_b"; impl T { fn f() { counter!(N) } }"#;
        assert_names(&[(HERE, in_an_implementation)], &["a_b"]);
    }

    #[test]
    fn a_constant_of_another_file_of_the_crate_is_read() {
        let here = (HERE, "use crate::b::N; fn f() { counter!(N) }");
        let there = ("libs/bus/src/b.rs", r#"pub(crate) const N: &str = "a_b";"#);
        assert_names(&[here, there], &["a_b"]);
        let own = (HERE, r#"const N: &str = "a_c"; fn f() { counter!(N) }"#);
        assert_names(&[own, there], &["a_c"]);
        let another = ("libs/bus/src/c.rs", r#"const N: &str = "a_c";"#);
        assert_untold(&[here, there, another]);
        assert_untold(&[here, ("libs/cache/src/b.rs", there.1)]);
    }

    #[test]
    fn a_variable_is_any_of_the_names_in_its_function() {
        let source = r#"
            const N: &str = "a_b";
            fn f() {
                for name in [N, "a_c"] { counter!(name, "of" => "a_label"); warn!("a_text"); }
            }
            fn g() { let other = "a_d"; }"#;
        assert_names(&[(HERE, source)], &["a_b", "a_c"]);
    }

    #[test]
    fn a_name_that_cannot_be_told_is_found() {
        for body in [
            r#"let n = "a_b"; counter!(format!("a_{c}_total"));"#,
            r#"let n = format!("a_{c}_total"); let x = "a_b"; counter!(n);"#,
            r#"counter!(target: "x", "a_b");"#,
            r#"counter!(of(n));"#,
        ] {
            assert_untold(&[(HERE, &format!("fn f() {{ {body} }}"))]);
        }
        assert_untold(&[(HERE, "fn f(name: &'static str) { counter!(name) }")]);
    }

    #[test]
    fn what_tests_and_others_count_is_left_alone() {
        let counts = r#"fn f() { counter!("a_b") }"#;
        let tests = format!("#[cfg(test)] mod tests {{ {counts} }}");
        assert_names(&[(HERE, &tests)], &[]);
        assert_names(&[("libs/bus/tests/it/main.rs", counts)], &[]);
        assert_names(&[("tools/bots/src/main.rs", counts)], &[]);
    }
}
