//! Positions, chips, logs and sealed results, as the arena keeps them.
