//! Orders that the gateway sent and heard nothing of yet, remembered for a day so that their
//! owners see them pending.

use std::time::Duration;

use domain::id::PositionId;
use redis::AsyncCommands;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Cache, CacheError};

/// How long an order is remembered: as long as its stream keeps it.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);

impl Cache {
    /// Remembers `order` under the id of the position that it may become.
    ///
    /// # Errors
    /// [`CacheError::Unavailable`]
    pub async fn remember_order<O: Serialize + Sync>(
        &self,
        position: PositionId,
        order: &O,
    ) -> Result<(), CacheError> {
        let key = self.order_key(position);
        let text = serde_json::to_string(order)
            .map_err(|_unserialisable| CacheError::Corrupt { key: key.clone() })?;
        Ok(self.connection().set_ex(&key, text, KEPT.as_secs()).await?)
    }

    /// The orders remembered under these ids, in one round trip.
    ///
    /// # Errors
    /// [`CacheError`]
    pub async fn find_orders<O: DeserializeOwned>(
        &self,
        positions: &[PositionId],
    ) -> Result<Vec<O>, CacheError> {
        if positions.is_empty() {
            return Ok(Vec::new());
        }
        let keys: Vec<String> = positions.iter().map(|id| self.order_key(*id)).collect();
        let texts: Vec<Option<String>> = self.connection().mget(&keys).await?;
        let parse = |(key, text): (String, Option<String>)| {
            let parsed = serde_json::from_str(&text?);
            Some(parsed.map_err(|_foreign| CacheError::Corrupt { key }))
        };
        keys.into_iter().zip(texts).filter_map(parse).collect()
    }

    fn order_key(&self, position: PositionId) -> String {
        self.key("order", &position.to_string())
    }
}
