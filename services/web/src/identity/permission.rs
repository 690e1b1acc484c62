//! What staff may do, and which role holds which permission.

use std::fmt;

use contracts::staff::StaffRole;

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
    BanUsers,
    CreateAchievementDefinitions,
    UpdateAchievementDefinitions,
    DeleteAchievementDefinitions,
    ReadGameMatches,
    CancelGameMatches,
    VoidGameMatchParticipants,
    ReadGameMatchPositions,
    ReadTransactions,
    ReadWallets,
    ReadWithdrawals,
    ApproveWithdrawals,
}

impl Permission {
    /// Every permission.
    pub(crate) const ALL: [Self; 19] = [
        Self::CreateGames,
        Self::UpdateGames,
        Self::DeleteGames,
        Self::CreateUsers,
        Self::UpdateUsers,
        Self::DeleteUsers,
        Self::ReadUsers,
        Self::BanUsers,
        Self::CreateAchievementDefinitions,
        Self::UpdateAchievementDefinitions,
        Self::DeleteAchievementDefinitions,
        Self::ReadGameMatches,
        Self::CancelGameMatches,
        Self::VoidGameMatchParticipants,
        Self::ReadGameMatchPositions,
        Self::ReadTransactions,
        Self::ReadWallets,
        Self::ReadWithdrawals,
        Self::ApproveWithdrawals,
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
            Self::BanUsers => "ban:users",
            Self::CreateAchievementDefinitions => "create:achievementDefinitions",
            Self::UpdateAchievementDefinitions => "update:achievementDefinitions",
            Self::DeleteAchievementDefinitions => "delete:achievementDefinitions",
            Self::ReadGameMatches => "read:gameMatches",
            Self::CancelGameMatches => "cancel:gameMatches",
            Self::VoidGameMatchParticipants => "void:gameMatchParticipants",
            Self::ReadGameMatchPositions => "read:gameMatchPositions",
            Self::ReadTransactions => "read:transactions",
            Self::ReadWallets => "read:wallets",
            Self::ReadWithdrawals => "read:withdrawals",
            Self::ApproveWithdrawals => "approve:withdrawals",
        }
    }

    /// Whether the role includes it.
    pub(crate) const fn is_of(self, role: StaffRole) -> bool {
        match role {
            StaffRole::Admin => true,
            StaffRole::GameMaster => match self {
                Self::CreateGames
                | Self::UpdateGames
                | Self::DeleteGames
                | Self::CreateAchievementDefinitions
                | Self::UpdateAchievementDefinitions
                | Self::DeleteAchievementDefinitions
                | Self::ReadGameMatches
                | Self::CancelGameMatches => true,
                Self::VoidGameMatchParticipants
                | Self::CreateUsers
                | Self::UpdateUsers
                | Self::DeleteUsers
                | Self::ReadUsers
                | Self::BanUsers
                | Self::ReadGameMatchPositions
                | Self::ReadTransactions
                | Self::ReadWallets
                | Self::ReadWithdrawals
                | Self::ApproveWithdrawals => false,
            },
            StaffRole::Support => match self {
                Self::ReadUsers
                | Self::ReadGameMatches
                | Self::ReadGameMatchPositions
                | Self::ReadTransactions
                | Self::ReadWallets
                | Self::ReadWithdrawals => true,
                Self::CreateGames
                | Self::UpdateGames
                | Self::DeleteGames
                | Self::CreateUsers
                | Self::UpdateUsers
                | Self::DeleteUsers
                | Self::BanUsers
                | Self::CreateAchievementDefinitions
                | Self::UpdateAchievementDefinitions
                | Self::DeleteAchievementDefinitions
                | Self::CancelGameMatches
                | Self::VoidGameMatchParticipants
                | Self::ApproveWithdrawals => false,
            },
        }
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}
