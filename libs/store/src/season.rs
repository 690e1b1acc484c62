//! What users' cups are, season by season and together, to be ranked by. The ledger keeps the cups;
//! whoever moves them there notes it here, in the same transaction.

use domain::id::UserId;
use domain::ledger::{Account, Unit};
use domain::season::Season;
use sea_orm::ConnectionTrait;

use crate::arrays::column;
use crate::statement::statement;
use crate::{Result, Tx};

/// The number of all seasons together.
pub(crate) const TOGETHER: i32 = 0;

/// Notes by how much the cups of users have changed, in the ledger already, for a season; of those
/// whose cups have not, that they were there.
pub async fn note(tx: &Tx, season: Option<Season>, changes: &[(UserId, i64)]) -> Result<()> {
    let users = column(changes, |(user, _)| user.uuid());
    if let Some(season) = season {
        let add = statement(
            "INSERT INTO season_cups (season, user_id, cups)
             SELECT $1, * FROM unnest($2::uuid[], $3::bigint[]) AS noted (user_id, change)
             ORDER BY user_id
             ON CONFLICT (user_id, season) DO UPDATE SET cups = season_cups.cups + excluded.cups
             WHERE excluded.cups <> 0",
            [
                season.number().into(),
                users.clone().into(),
                column(changes, |(_, change)| *change).into(),
            ],
        );
        tx.inner().execute_raw(add).await?;
    }
    // The account of whoever's cups have changed is locked, so that nobody knows better. What is
    // read of the others may be old by now.
    let changed: Vec<_> = changes.iter().filter(|(_, change)| *change != 0).collect();
    let hold = statement(
        "INSERT INTO season_cups (season, user_id, cups)
         SELECT $1, noted.user_id, coalesce(a.balance, 0)
         FROM unnest($2::uuid[], $3::uuid[]) AS noted (user_id, account_id)
         LEFT JOIN ledger_accounts a ON a.id = noted.account_id
         ORDER BY noted.user_id
         ON CONFLICT (user_id, season) DO UPDATE SET cups = excluded.cups
         WHERE excluded.user_id = ANY ($4)",
        [
            TOGETHER.into(),
            users.into(),
            column(changes, |(user, _)| {
                Account::user(*user, Unit::Cups).id().uuid()
            })
            .into(),
            column(&changed, |(user, _)| user.uuid()).into(),
        ],
    );
    tx.inner().execute_raw(hold).await?;
    Ok(())
}

/// Takes a user out of every ranking.
pub async fn forget(tx: &Tx, user: UserId) -> Result<()> {
    let forget = statement(
        "DELETE FROM season_cups WHERE user_id = $1",
        [user.uuid().into()],
    );
    tx.inner().execute_raw(forget).await?;
    Ok(())
}
