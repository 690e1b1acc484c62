//! Staff defines an achievement.

use bus::{Delivery, Failure};
use contracts::commands::{CreateAchievementDefinition, Refused};
use contracts::{Code, Service};

use crate::{App, definitions};

/// Inserts the definition. Players who have reached it already earn it with their next event.
pub async fn handle(app: App, delivery: Delivery) -> Result<(), Failure> {
    let command: CreateAchievementDefinition = delivery.decode()?;
    bus::carry_out(
        &app.bus,
        &app.db,
        Service::Achievement,
        &delivery,
        &command,
        async |tx| {
            if let Err(refused) = definitions::validate(&command.terms) {
                return Ok::<_, Failure>(Err(refused));
            }
            let inserted =
                store::achievement::insert(tx, command.definition, &command.terms).await?;
            Ok(if inserted {
                Ok(command.definition)
            } else {
                Err(Refused::new(Code::IdempotencyConflict))
            })
        },
    )
    .await
}
