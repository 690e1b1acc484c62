//! Publishing a parked message again, for an operator who has mended what stood in its way.

use store::entity::dead_letter;

use crate::publish::PublishOptions;
use crate::{Bus, BusError, Stored, headers};

impl Bus {
    /// Publishes a parked message again, under its own Nats-Msg-Id, so that whoever has handled it
    /// lets it pass. A stream that saw the id less than two minutes ago answers `duplicate`, and
    /// nothing is delivered.
    pub async fn replay(&self, letter: &dead_letter::Model) -> Result<Stored, BusError> {
        let headers = headers::from_json(&letter.headers);
        let id = letter
            .message_id
            .clone()
            .unwrap_or_else(|| format!("dead-letter/{}", letter.id));
        let payload = letter.payload.clone().into();
        self.publish_bytes(
            &letter.subject,
            payload,
            &id,
            PublishOptions::default(),
            headers,
        )
        .await
    }
}
