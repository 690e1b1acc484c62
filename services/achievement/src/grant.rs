//! Granting an achievement: the grant, its rewards and the news of it in one transaction.

use contracts::achievements::Granted;
use contracts::notifications::{InApp, Notice};
use domain::id::{AchievementDefinitionId, AchievementId, UserId};
use domain::ledger::{Account, Movement, Transfer, TransferKey, Unit};
use store::{Db, Tx, ledger};

use crate::workflow::Grant;

/// Why a grant was not posted.
#[derive(Debug, thiserror::Error)]
pub enum GrantError {
    /// Postgres failed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The ledger would not move the reward.
    #[error("the ledger refused the reward: {0:?}")]
    Ledger(ledger::Refusal),
}

/// Posts grants.
#[derive(Clone, Debug)]
pub struct Poster {
    db: Db,
}

impl Poster {
    /// Posts into `db`.
    pub const fn new(db: Db) -> Self {
        Self { db }
    }

    /// Grants the achievement unless the user has it. A definition that was deleted meanwhile
    /// grants nothing.
    pub async fn post(&self, grant: Grant) -> Result<(), GrantError> {
        let tx = self.db.begin().await?;
        let Some(definition) = store::achievement::find(&tx, grant.definition).await? else {
            tracing::info!(definition = %grant.definition, "the definition of a grant is gone");
            return Ok(());
        };
        let id: AchievementId = runtime::ids::mint();
        if !store::achievement::insert_grant(&tx, id, grant.definition, grant.user).await? {
            return Ok(());
        }
        reward(&tx, id, grant, definition.experience).await?;
        announce(&tx, id, grant, definition.title, definition.experience).await?;
        Ok(tx.commit().await?)
    }
}

async fn reward(
    tx: &Tx,
    id: AchievementId,
    Grant { definition, user }: Grant,
    experience: i64,
) -> Result<(), GrantError> {
    if experience == 0 {
        return Ok(());
    }
    let transfer = Transfer {
        key: reward_key(definition, user),
        kind: "achievement",
        reference: id.uuid(),
        movement: Movement::Move {
            debit: Account::outside(Unit::Xp),
            credit: Account::user(user, Unit::Xp),
            amount: experience,
        },
    };
    ledger::post(tx, &[transfer])
        .await?
        .map_err(GrantError::Ledger)?;
    Ok(())
}

/// One reward for each definition and user, for ever.
fn reward_key(definition: AchievementDefinitionId, user: UserId) -> TransferKey {
    TransferKey::new(format!("achievement/{definition}/{user}"))
}

async fn announce(
    tx: &Tx,
    achievement: AchievementId,
    Grant { definition, user }: Grant,
    title: String,
    experience: i64,
) -> store::Result<()> {
    let granted = Granted {
        achievement,
        definition,
        user,
        title: title.clone(),
        experience,
    };
    tx.announce(user, 0, runtime::ids::mint(), &granted).await?;
    let notice = Notice::Achievement {
        title,
        subject: achievement.to_string(),
    };
    let in_app = InApp {
        id: runtime::ids::mint(),
        user,
        notice,
    };
    tx.announce(user, 0, in_app.id.uuid(), &in_app).await
}
