//! What a resolver reaches for.

use std::sync::Arc;

use async_graphql::Context;
use async_graphql::dataloader::DataLoader;
use store::Db;

use super::loaders::Loaders;
use crate::gateway::Gateway;
use crate::identity::Visitor;

/// What a resolver reaches for: the gateway, whoever asks, and the loaders of the request.
pub(crate) trait Scope: Sync {
    fn gateway(&self) -> &Arc<Gateway>;
    fn visitor(&self) -> &Visitor;
    fn loaders(&self) -> &DataLoader<Loaders>;

    fn db(&self) -> &Db {
        &self.gateway().db
    }
}

impl Scope for Context<'_> {
    fn gateway(&self) -> &Arc<Gateway> {
        self.data_unchecked()
    }

    fn visitor(&self) -> &Visitor {
        self.data_unchecked::<Arc<Visitor>>()
    }

    fn loaders(&self) -> &DataLoader<Loaders> {
        self.data_unchecked()
    }
}
