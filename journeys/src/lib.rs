//! Whole-fleet tests through the public API; they live in `tests/it`.
