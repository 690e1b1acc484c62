//! Staff retires an achievement.

use bus::{Delivery, Failure};
use contracts::commands::{DeleteAchievementDefinition, Refused};
use contracts::{Code, Service};

use crate::App;

/// Takes the definition out of reach; what was granted stays.
pub async fn handle(app: App, delivery: Delivery) -> Result<(), Failure> {
    let command: DeleteAchievementDefinition = delivery.decode()?;
    bus::carry_out(
        &app.bus,
        &app.db,
        Service::Achievement,
        &delivery,
        &command,
        async |tx| {
            let found = store::achievement::delete(tx, command.definition).await?;
            let not_found = || Refused::new(Code::DefinitionNotFound);
            Ok::<_, Failure>(found.then_some(command.definition).ok_or_else(not_found))
        },
    )
    .await
}
