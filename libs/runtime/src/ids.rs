//! The one place that mints ids.

use uuid::Uuid;

/// Mints an id: a version 7 UUID, so that later ids sort behind earlier ones.
///
/// Works for [`Uuid`] itself and for every typed id that is made from one.
pub fn mint<I: From<Uuid>>() -> I {
    #[expect(clippy::disallowed_methods, reason = "this is where ids are minted")]
    let id = Uuid::now_v7();
    I::from(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_sort_by_birth() {
        let ids: Vec<Uuid> = (0..1_000).map(|_| mint()).collect();
        assert!(ids.is_sorted_by(|earlier, later| earlier < later));
    }
}
