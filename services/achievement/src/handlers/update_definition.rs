//! Staff changes an achievement.

use bus::{Delivery, Failure};
use contracts::commands::{Refused, UpdateAchievementDefinition};
use contracts::{Code, Service};

use crate::{App, definitions};

/// Replaces the terms; what was granted stays.
pub async fn handle(app: App, delivery: Delivery) -> Result<(), Failure> {
    let command: UpdateAchievementDefinition = delivery.decode()?;
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
            let found = store::achievement::update(tx, command.definition, &command.terms).await?;
            Ok(if found {
                Ok(command.definition)
            } else {
                Err(Refused::new(Code::DefinitionNotFound))
            })
        },
    )
    .await
}
