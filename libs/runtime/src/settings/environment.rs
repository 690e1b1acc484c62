//! The layer that the environment lays over defaults and file.

use std::collections::BTreeMap;
use std::ffi::OsString;

use super::fault::{prefix, setting};
use super::{Refused, Tree};
use crate::Service;

/// Ends the name of a variable that names a file.
const FILE_SUFFIX: &str = "_FILE";

/// Puts every variable of `service` into the tree; refuses a name that no setting can have.
pub(super) fn overlay(
    tree: &mut Tree,
    service: &Service,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<(), Refused> {
    let prefix = format!("{}_", prefix(service));
    let ours = environment.into_iter().filter_map(|(name, value)| {
        let name = name.into_string().ok()?;
        name.starts_with(&prefix).then_some((name, value))
    });
    let mut given: BTreeMap<Vec<String>, String> = BTreeMap::new();
    for (name, value) in ours.collect::<BTreeMap<_, _>>() {
        let (path, from_file) = parse_name(&name, &prefix)?;
        if let Some(other) = given.insert(path.clone(), name.clone()) {
            let setting = setting(service, &path);
            return Err(Refused(format!(
                "{setting} is given twice: expected {other} or {name}, found both"
            )));
        }
        let Ok(text) = value.into_string() else {
            return Err(Refused(format!("{name} is wrong: expected UTF-8")));
        };
        let leaf = if from_file {
            let text = read_value(&text).map_err(|cause| {
                let setting = setting(service, &path);
                Refused(format!(
                    "{setting} is missing: expected it in {text}, which {name} names: {cause}"
                ))
            })?;
            Tree::Text { text, hidden: true }
        } else {
            Tree::Text {
                text,
                hidden: false,
            }
        };
        tree.put(&path, leaf);
    }
    Ok(())
}

/// `BATTLESBIT_ARENA__NATS__URL_FILE` → (`nats.url`, from a file).
fn parse_name(name: &str, prefix: &str) -> Result<(Vec<String>, bool), Refused> {
    let keys = name
        .strip_prefix(prefix)
        .and_then(|rest| rest.strip_prefix('_'))
        .unwrap_or("");
    let (keys, from_file) = match keys.strip_suffix(FILE_SUFFIX) {
        Some(keys) => (keys, true),
        None => (keys, false),
    };
    let path: Vec<String> = keys.split("__").map(str::to_lowercase).collect();
    let named = |key: &String| !key.is_empty() && !key.starts_with('_');
    if keys.to_uppercase() != keys || !path.iter().all(named) {
        return Err(Refused(format!(
            "{name} is unknown: expected a name such as {prefix}_SECTION__KEY"
        )));
    }
    Ok((path, from_file))
}

/// The content of a file, without the newline that editors leave at its end.
fn read_value(path: &str) -> std::io::Result<String> {
    let text = std::fs::read_to_string(path)?;
    let text = text.strip_suffix('\n').unwrap_or(&text);
    Ok(text.strip_suffix('\r').unwrap_or(text).to_owned())
}
