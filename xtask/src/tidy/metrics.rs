//! The page of metrics has a row for every metric of the libraries and services, with its type and its
//! alerts, and for no other; and an alert on what nobody counts never wakes anybody.

mod sources;

use std::collections::{BTreeMap, BTreeSet};

use self::sources::{HISTOGRAM, Metric};
use super::Finding;
use crate::workspace::File;

const PAGE: &str = "docs/metrics.md";
const ALERTS: &str = "docs/alerts.yml";

/// What a histogram is told under.
const OF_HISTOGRAMS: [&str; 3] = ["_bucket", "_sum", "_count"];

/// Every metric without its row, every row that says something else than code and alerts, and every
/// name on the page or among the alerts that no metric has.
///
/// # Errors
/// When a source file cannot be parsed.
pub(super) fn check(files: &[File]) -> anyhow::Result<Vec<Finding>> {
    let (metrics, mut findings) = sources::read(files)?;
    let metrics = Metrics(metrics);
    let text = |path: &str| files.iter().find(|file| file.path == path);
    let (Some(page), Some(alerts)) = (text(PAGE), text(ALERTS)) else {
        return Ok(vec![Finding {
            place: format!("{PAGE}, {ALERTS}"),
            what: "one of them is missing".to_owned(),
        }]);
    };
    findings.extend(metrics.compare(&rows(&page.text), &alerts_by_metric(&alerts.text, &metrics)));
    findings.extend(folded(alerts));
    findings.extend(metrics.unknown(page, |line| {
        row(line).map(|row| row.name).into_iter().collect()
    }));
    findings.extend(metrics.unknown(alerts, |line| {
        expression(line).map_or_else(Vec::new, selected)
    }));
    Ok(findings)
}

/// The metrics that the sources have, by their names.
#[derive(Debug)]
struct Metrics(BTreeMap<String, Metric>);

/// A row of the page.
#[derive(Clone, Copy, Debug)]
struct Row<'a> {
    name: &'a str,
    kind: &'a str,
    alerts: &'a str,
}

impl Metrics {
    /// The metric that goes by this word, or a part of which does.
    fn find(&self, word: &str) -> Option<&str> {
        let whole = self.0.get_key_value(word);
        let of_histogram = || {
            let stem = OF_HISTOGRAMS
                .iter()
                .find_map(|end| word.strip_suffix(end))?;
            let found = self.0.get_key_value(stem);
            found.filter(|(_, metric)| metric.kind == HISTOGRAM)
        };
        let (name, _) = whole.or_else(of_histogram)?;
        Some(name)
    }

    /// Whether a word begins as some metric does.
    fn has_beginning_of(&self, word: &str) -> bool {
        let beginning = |word: &str| {
            word.split_once('_')
                .map(|(beginning, _)| beginning.to_owned())
        };
        let of_word = beginning(word);
        of_word.is_some() && self.0.keys().any(|name| beginning(name) == of_word)
    }

    /// What the rows leave out, and what they say otherwise.
    fn compare(&self, rows: &[(usize, Row<'_>)], alerts: &BTreeMap<&str, String>) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (name, metric) in &self.0 {
            let Some((line, row)) = rows.iter().find(|(_, row)| row.name == name) else {
                findings.push(Finding {
                    place: metric.path.clone(),
                    what: format!("{name} has no row in {PAGE}: say there what it counts"),
                });
                continue;
            };
            let mut find = |what: String| {
                findings.push(Finding {
                    place: format!("{PAGE}:{line}"),
                    what,
                });
            };
            if row.kind != metric.kind {
                find(format!("{name} is a {} in {}", metric.kind, metric.path));
            }
            let expected = alerts.get(name.as_str()).map_or("", String::as_str);
            if row.alerts != expected {
                find(format!(
                    "{ALERTS} alerts on {name} in {expected:?}, not in {:?}",
                    row.alerts
                ));
            }
        }
        findings
    }

    /// The words of a page that should be metrics and are none: those that `named` takes from a line,
    /// and whatever begins as a metric does.
    fn unknown<'a, N>(&self, page: &'a File, named: N) -> Vec<Finding>
    where
        N: Fn(&'a str) -> Vec<&'a str>,
    {
        let mut findings = Vec::new();
        for (number, line) in page.text.lines().enumerate() {
            let seeming = words(line)
                .map(|(word, _)| word)
                .filter(|word| self.has_beginning_of(word));
            let all: BTreeSet<&str> = named(line).into_iter().chain(seeming).collect();
            let unknown = all.into_iter().filter(|word| self.find(word).is_none());
            findings.extend(unknown.map(|word| Finding {
                place: format!("{}:{}", page.path, number + 1),
                what: format!("no source has a metric {word}"),
            }));
        }
        findings
    }
}

/// The words of a text, each with what stands behind it.
fn words(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = text;
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    std::iter::from_fn(move || {
        let from = &rest[rest.find(is_letter)?..];
        let (word, behind) = from.split_at(from.find(|it| !is_letter(it)).unwrap_or(from.len()));
        rest = behind;
        Some((word, behind))
    })
}

/// The rows of the page that are of a metric, with their lines.
fn rows(page: &str) -> Vec<(usize, Row<'_>)> {
    let lines = page.lines().enumerate();
    lines
        .filter_map(|(number, line)| Some((number + 1, row(line)?)))
        .collect()
}

fn row(line: &str) -> Option<Row<'_>> {
    let cells = line.strip_prefix('|')?.strip_suffix('|')?;
    let cells: Vec<&str> = cells.split('|').map(str::trim).collect();
    let name = cells.first()?.strip_prefix('`')?.strip_suffix('`')?;
    let (kind, alerts) = (cells.get(1)?, cells.last()?);
    Some(Row { name, kind, alerts })
}

/// The names of the alerts on each metric, as a row has them.
fn alerts_by_metric<'a>(alerts: &str, metrics: &'a Metrics) -> BTreeMap<&'a str, String> {
    let mut by_metric: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut alert = "";
    for line in alerts.lines() {
        if let Some(name) = line.trim().strip_prefix("- alert:") {
            alert = name.trim();
        }
        let selected = expression(line).map_or_else(Vec::new, selected);
        for metric in selected.into_iter().filter_map(|word| metrics.find(word)) {
            let alerts = by_metric.entry(metric).or_default();
            if !alerts.contains(&alert) {
                alerts.push(alert);
            }
        }
    }
    let joined = by_metric
        .into_iter()
        .map(|(metric, alerts)| (metric, alerts.join(", ")));
    joined.collect()
}

/// The expression that a line of the alerts has, all of it.
fn expression(line: &str) -> Option<&str> {
    line.trim().strip_prefix("expr:")
}

/// The expressions that begin on one line and stand on the next: those are not read.
fn folded(alerts: &File) -> Vec<Finding> {
    let lines = alerts.text.lines().enumerate();
    let folded = lines.filter(|(_, line)| {
        expression(line)
            .is_some_and(|text| text.trim().is_empty() || text.trim().starts_with(['|', '>']))
    });
    let findings = folded.map(|(number, _)| Finding {
        place: format!("{}:{}", alerts.path, number + 1),
        what: "write an expression on one line: its metrics are looked for there".to_owned(),
    });
    findings.collect()
}

/// What an expression selects: every word of several parts but functions, which are called, and what
/// stands in quotes.
fn selected(expression: &str) -> Vec<&str> {
    let unquoted = expression.split('"').step_by(2);
    let words = unquoted.flat_map(words);
    let selected = words.filter(|(word, behind)| word.contains('_') && !behind.starts_with('('));
    selected.map(|(word, _)| word).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str =
        "| metric | type | unit | labels | what it tells | alert |\n|---|---|---|---|---|---|\n";

    /// What is found where the arena has this source, and the page these rows: name, type, alerts.
    fn findings(source: &str, rows: &[[&str; 3]], alerts: &str) -> Vec<String> {
        let rows = rows.iter().map(|[name, kind, alerts]| {
            format!("| `{name}` | {kind} | | | It counts | {alerts} |\n")
        });
        let page = HEAD.to_owned() + &rows.collect::<String>();
        let files = [
            ("services/arena/src/arena.rs", source),
            (PAGE, &page),
            (ALERTS, alerts),
        ];
        let files = files.map(|(path, text)| File {
            path: path.to_owned(),
            text: text.to_owned(),
        });
        let found = check(&files).unwrap();
        found.iter().map(ToString::to_string).collect()
    }

    const BORN: &str = "fn f() { counter!(\"arena_born_total\").increment(1); }";

    #[test]
    fn a_metric_without_a_row_is_found() {
        let found = findings(BORN, &[], "");
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with("services/arena/src/arena.rs: arena_born_total has no row"));
        let row = ["arena_born_total", "counter", ""];
        assert_eq!(findings(BORN, &[row], ""), [""; 0]);
    }

    #[test]
    fn a_name_on_the_page_that_no_source_has_is_found() {
        let born = ["arena_born_total", "counter", ""];
        let found = findings(BORN, &[born, ["other_dead_total", "counter", ""]], "");
        assert_eq!(
            found,
            ["docs/metrics.md:4: no source has a metric other_dead_total"]
        );
        // In prose too, if it begins as ours do.
        let born = ["arena_born_total", "counter | | | Not arena_dead_total", ""];
        assert_eq!(
            findings(BORN, &[born], ""),
            ["docs/metrics.md:3: no source has a metric arena_dead_total"]
        );
    }

    #[test]
    fn a_row_with_another_type_is_found() {
        let found = findings(BORN, &[["arena_born_total", "gauge", ""]], "");
        assert_eq!(
            found,
            ["docs/metrics.md:3: arena_born_total is a counter in services/arena/src/arena.rs"]
        );
    }

    const RULES: &str = "# arena_born_total\n- alert: Born\n  expr: max by (rule) (rate(arena_born_total{code=\"no_metric\"}[5m])) > 0\n";

    #[test]
    fn a_row_without_its_alert_is_found() {
        assert_eq!(
            findings(BORN, &[["arena_born_total", "counter", "Born"]], RULES),
            [""; 0]
        );
        for alert in ["", "Dead"] {
            let found = findings(BORN, &[["arena_born_total", "counter", alert]], RULES);
            assert_eq!(found.len(), 1, "{found:?}");
        }
    }

    #[test]
    fn an_alert_on_what_no_source_has_is_found() {
        let rows = [["arena_born_total", "counter", ""]];
        for expr in [
            "rate(node_died_total[5m]) > 0",
            "absent(arena_born_totals)",
            "|",
            "",
        ] {
            let rules = format!("- alert: Died\n  expr: {expr}\n");
            let found = findings(BORN, &rows, &rules);
            assert_eq!(found.len(), 1, "{expr}: {found:?}");
            assert!(found[0].starts_with("docs/alerts.yml:2: "), "{found:?}");
        }
        let found = findings(BORN, &rows, "  description: Look at arena_dead_total.");
        assert_eq!(
            found,
            ["docs/alerts.yml:1: no source has a metric arena_dead_total"]
        );
    }

    #[test]
    fn the_parts_of_a_histogram_are_its_own() {
        let source = r#"fn f() { histogram!("arena_work_seconds").record(1.0); }"#;
        let rules = "- alert: Slow\n  expr: histogram_quantile(0.99, rate(arena_work_seconds_bucket[5m])) > 1\n";
        assert_eq!(
            findings(
                source,
                &[["arena_work_seconds", "histogram", "Slow"]],
                rules
            ),
            [""; 0]
        );
        let rules = "- alert: Slow\n  expr: arena_born_total_bucket > 1\n";
        let found = findings(BORN, &[["arena_born_total", "counter", ""]], rules);
        assert_eq!(
            found,
            ["docs/alerts.yml:2: no source has a metric arena_born_total_bucket"]
        );
    }
}
