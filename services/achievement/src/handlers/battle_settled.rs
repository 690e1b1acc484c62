//! A battle was settled: it counts for everybody who was in it.

use bus::{Delivery, Failure};
use contracts::battles::BattleSettled;

use crate::{App, handlers, metric};

/// The consumer's name in the inbox.
pub const CONSUMER: &str = "battle_settled";

/// Splits the battle into what happened to each player.
pub async fn handle(app: App, delivery: Delivery) -> Result<(), Failure> {
    let settled: BattleSettled = delivery.decode()?;
    let tx = app.db.begin().await?;
    if tx.first_time(CONSUMER, &delivery.id).await? {
        handlers::announce(&tx, &metric::of_battle(&settled)).await?;
        tx.commit().await?;
    }
    Ok(())
}
