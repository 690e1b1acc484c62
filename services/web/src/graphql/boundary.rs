//! Where fields are resolved: none of a root type is for somebody whom its rule does not allow.

use std::sync::Arc;

use async_graphql::extensions::{
    Extension, ExtensionContext, ExtensionFactory, NextResolve, ResolveInfo,
};
use async_graphql::{ServerError, ServerResult, Value};

use super::access;
use crate::identity::Visitor;

/// The extension that every request passes.
pub(super) struct Boundary;

impl ExtensionFactory for Boundary {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_trait::async_trait]
impl Extension for Boundary {
    async fn resolve(
        &self,
        ctx: &ExtensionContext<'_>,
        info: ResolveInfo<'_>,
        next: NextResolve<'_>,
    ) -> ServerResult<Option<Value>> {
        if access::is_root(info.parent_type) {
            let visitor: &Arc<Visitor> = ctx.data_unchecked();
            if let Err(error) = access::allow(info.parent_type, info.name, visitor).await {
                let position = info.field.name.pos;
                let error = async_graphql::Error::from(error).into_server_error(position);
                return Err(ServerError {
                    path: path_of(&info),
                    ..error
                });
            }
        }
        next.run(ctx, info).await
    }
}

fn path_of(info: &ResolveInfo<'_>) -> Vec<async_graphql::PathSegment> {
    vec![async_graphql::PathSegment::Field(
        info.alias.unwrap_or(info.name).to_owned(),
    )]
}
