//! What staff may do, and which role holds which permission.

use std::fmt;

/// Something that only staff may do, as `verb:resource`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Permission {
    CreateGames,
    UpdateGames,
    DeleteGames,
    CreateUsers,
    UpdateUsers,
    DeleteUsers,
    ReadUsers,
    CreateAchievementDefinitions,
    UpdateAchievementDefinitions,
    DeleteAchievementDefinitions,
    ReadGameMatches,
    CancelGameMatches,
    ReadGameMatchPositions,
    ReadTransactions,
    ReadWallets,
}

impl Permission {
    /// Every permission.
    pub(crate) const ALL: [Self; 15] = [
        Self::CreateGames,
        Self::UpdateGames,
        Self::DeleteGames,
        Self::CreateUsers,
        Self::UpdateUsers,
        Self::DeleteUsers,
        Self::ReadUsers,
        Self::CreateAchievementDefinitions,
        Self::UpdateAchievementDefinitions,
        Self::DeleteAchievementDefinitions,
        Self::ReadGameMatches,
        Self::CancelGameMatches,
        Self::ReadGameMatchPositions,
        Self::ReadTransactions,
        Self::ReadWallets,
    ];

    /// The text that clients see.
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::CreateGames => "create:games",
            Self::UpdateGames => "update:games",
            Self::DeleteGames => "delete:games",
            Self::CreateUsers => "create:users",
            Self::UpdateUsers => "update:users",
            Self::DeleteUsers => "delete:users",
            Self::ReadUsers => "read:users",
            Self::CreateAchievementDefinitions => "create:achievementDefinitions",
            Self::UpdateAchievementDefinitions => "update:achievementDefinitions",
            Self::DeleteAchievementDefinitions => "delete:achievementDefinitions",
            Self::ReadGameMatches => "read:gameMatches",
            Self::CancelGameMatches => "cancel:gameMatches",
            Self::ReadGameMatchPositions => "read:gameMatchPositions",
            Self::ReadTransactions => "read:transactions",
            Self::ReadWallets => "read:wallets",
        }
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

/// What somebody is employed as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Role {
    /// May do everything.
    Admin,
    /// Runs games and achievements, and cancels matches.
    GameMaster,
    /// Looks into players' affairs without changing them.
    Support,
}

impl Role {
    /// Every role.
    pub(crate) const ALL: [Self; 3] = [Self::Admin, Self::GameMaster, Self::Support];

    /// The name in `staff_roles`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::GameMaster => "game_master",
            Self::Support => "support",
        }
    }

    /// The role of this name; one that we do not know gives nothing.
    pub(crate) fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    /// Whether the role includes `permission`.
    pub(crate) const fn includes(self, permission: Permission) -> bool {
        match self {
            Self::Admin => true,
            Self::GameMaster => match permission {
                Permission::CreateGames
                | Permission::UpdateGames
                | Permission::DeleteGames
                | Permission::CreateAchievementDefinitions
                | Permission::UpdateAchievementDefinitions
                | Permission::DeleteAchievementDefinitions
                | Permission::ReadGameMatches
                | Permission::CancelGameMatches => true,
                Permission::CreateUsers
                | Permission::UpdateUsers
                | Permission::DeleteUsers
                | Permission::ReadUsers
                | Permission::ReadGameMatchPositions
                | Permission::ReadTransactions
                | Permission::ReadWallets => false,
            },
            Self::Support => match permission {
                Permission::ReadUsers
                | Permission::ReadGameMatches
                | Permission::ReadGameMatchPositions
                | Permission::ReadTransactions
                | Permission::ReadWallets => true,
                Permission::CreateGames
                | Permission::UpdateGames
                | Permission::DeleteGames
                | Permission::CreateUsers
                | Permission::UpdateUsers
                | Permission::DeleteUsers
                | Permission::CreateAchievementDefinitions
                | Permission::UpdateAchievementDefinitions
                | Permission::DeleteAchievementDefinitions
                | Permission::CancelGameMatches => false,
            },
        }
    }
}
