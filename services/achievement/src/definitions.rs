//! The achievements that every installation starts with, and what staff may define.

use contracts::Code;
use contracts::commands::Refused;
use domain::achievement::Terms;
use domain::id::AchievementDefinitionId;
use store::Db;
use uuid::Uuid;

use crate::metric;

/// The longest title, in bytes.
const MAX_TITLE: usize = 100;
/// The longest description, in bytes.
const MAX_DESCRIPTION: usize = 1_000;
/// The most that may be asked for.
const MAX_THRESHOLD: i64 = 1_000_000_000;
/// The most experience that an achievement gives.
const MAX_EXPERIENCE: i64 = 1_000_000;

/// Inserts the achievements that every installation starts with. Those that staff has changed or
/// deleted since stay as they are.
pub async fn insert_first(db: &Db) -> store::Result<()> {
    let tx = db.begin().await?;
    for (number, title, description, metric, experience) in FIRST {
        let terms = Terms {
            title: title.to_owned(),
            description: description.to_owned(),
            metric: metric.to_owned(),
            threshold: 1,
            experience,
            is_active: true,
        };
        store::achievement::insert(&tx, first(number), &terms).await?;
    }
    tx.commit().await
}

const FIRST: [(u128, &str, &str, &str, i64); 3] = [
    (
        1,
        "First win",
        "Win a ranked battle.",
        metric::BATTLES_WON,
        50,
    ),
    (
        2,
        "First trade",
        "Close a position.",
        metric::TRADES_CLOSED,
        10,
    ),
    (
        3,
        "Debut",
        "Finish a ranked battle in which you traded.",
        metric::BATTLES_PLAYED,
        20,
    ),
];

/// The id of the definition with this number among the first ones: the same everywhere.
const fn first(number: u128) -> AchievementDefinitionId {
    // A version 8 uuid that says "achievement" in hex as far as that goes.
    AchievementDefinitionId::new(Uuid::from_u128(
        0xac41_e7e0_e470_8000_8000_0000_0000_0000 | number,
    ))
}

/// Refuses terms that break a rule, with the field named.
pub fn validate(terms: &Terms) -> Result<(), Refused> {
    let refuse = |field: &str, expected: String| {
        Err(Refused::of_field(
            Code::InvalidDefinition,
            field,
            format!("{field}: expected {expected}"),
        ))
    };
    if terms.title.trim().is_empty() || terms.title.len() > MAX_TITLE {
        return refuse("title", format!("1 to {MAX_TITLE} bytes"));
    }
    if terms.description.len() > MAX_DESCRIPTION {
        return refuse("description", format!("at most {MAX_DESCRIPTION} bytes"));
    }
    if !metric::ALL.contains(&terms.metric.as_str()) {
        return refuse("metric", format!("one of {}", metric::ALL.join(", ")));
    }
    if !(1..=MAX_THRESHOLD).contains(&terms.threshold) {
        return refuse("threshold", format!("1 to {MAX_THRESHOLD}"));
    }
    if !(0..=MAX_EXPERIENCE).contains(&terms.experience) {
        return refuse("experience", format!("0 to {MAX_EXPERIENCE}"));
    }
    Ok(())
}
