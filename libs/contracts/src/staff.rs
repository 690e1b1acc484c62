//! What somebody is employed as. What a role may do is the gateway's to say.

use std::fmt;

/// A role of the staff, as `staff_roles` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StaffRole {
    /// May do everything.
    Admin,
    /// Runs games and achievements, and cancels matches.
    GameMaster,
    /// Looks into players' affairs without changing them.
    Support,
}

impl StaffRole {
    /// Every role.
    pub const ALL: [Self; 3] = [Self::Admin, Self::GameMaster, Self::Support];

    /// The name in `staff_roles`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::GameMaster => "game_master",
            Self::Support => "support",
        }
    }

    /// The role of this name.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

impl fmt::Display for StaffRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
