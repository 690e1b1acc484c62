//! The hot fields, each with the resolver that the executor has, too.

use std::sync::Arc;

use async_graphql::Variables;
use cache::LastPrice;
use futures::FutureExt;
use uuid::Uuid;

use super::arguments::{Arguments, Fields, Given};
use super::shape::{Chosen, Planned, Shape};
use super::{Call, Execute, Executing};
use crate::error::ApiResult;
use crate::gateway::Gateway;
use crate::graphql::measured;
use crate::graphql::mutation::{CreateGameMatchPositionInput, create_position};
use crate::graphql::object::{Asset, GameMatchPosition};
use crate::graphql::page::{self, Listing, Order, Paging, Wanted};
use crate::graphql::query::{assets, positions};

/// Which fields of a schema are hot.
pub(crate) trait Hot: Send + Sync {
    /// How a field of a root type is executed, if it is one of them.
    fn find(&self, root_type: &str, chosen: &Chosen<'_>) -> Option<Box<dyn Execute>>;
}

/// The API's.
pub(crate) struct Api;

impl Hot for Api {
    fn find(&self, root_type: &str, chosen: &Chosen<'_>) -> Option<Box<dyn Execute>> {
        match (root_type, chosen.name()) {
            ("Query", "assets") => Resolved::of(chosen, |_| Assets),
            ("Query", "gameMatchPositions") => Resolved::of(chosen, Positions::of),
            ("Mutation", "createGameMatchPosition") => {
                Resolved::of(chosen, |_| CreatePosition::default())
            }
            _ => None,
        }
    }
}

/// Those of the schema over memory, with its prices.
pub(crate) struct Measured(Vec<Arc<LastPrice>>);

impl Measured {
    pub(crate) fn new(gateway: &Gateway) -> Self {
        Self(measured::prices(gateway))
    }
}

impl Hot for Measured {
    fn find(&self, root_type: &str, chosen: &Chosen<'_>) -> Option<Box<dyn Execute>> {
        match (root_type, chosen.name()) {
            ("Query", "assets") => Resolved::of(chosen, |_| MeasuredAssets(self.0.clone())),
            ("Mutation", "createGameMatchPosition") => {
                Resolved::of(chosen, |_| MeasuredPosition::default())
            }
            _ => None,
        }
    }
}

/// A hot field.
trait Root: Send + Sync + 'static {
    type Arguments: Send;
    type Value: Planned + Send;

    /// `None` is for the executor to find fault with.
    fn read(&self, given: Given) -> Option<Self::Arguments>;

    /// How many rows are asked for; 0 where the field is no list.
    fn rows(arguments: &Self::Arguments) -> u32;

    fn resolve(
        &self,
        call: &Call,
        arguments: Self::Arguments,
    ) -> impl Future<Output = ApiResult<Self::Value>> + Send;
}

/// A hot field, with what is asked of it.
struct Resolved<R: Root> {
    arguments: Arguments,
    shape: Shape<R::Value>,
    root: R,
}

impl<R: Root> Resolved<R> {
    fn of(
        chosen: &Chosen<'_>,
        root: impl FnOnce(&Shape<R::Value>) -> R,
    ) -> Option<Box<dyn Execute>> {
        let shape = chosen.shape()?;
        Some(Box::new(Self {
            arguments: Arguments::of(chosen.field),
            root: root(&shape),
            shape,
        }))
    }

    fn read(&self, variables: &Variables) -> Option<R::Arguments> {
        self.root.read(self.arguments.given(variables))
    }
}

impl<R: Root> Execute for Resolved<R> {
    fn rows(&self, variables: &Variables) -> Option<u32> {
        self.read(variables).map(|arguments| R::rows(&arguments))
    }

    fn execute<'c>(
        &'c self,
        call: &'c Call,
        variables: &Variables,
        below: u32,
    ) -> Option<Executing<'c>> {
        let arguments = self.read(variables)?;
        (R::rows(&arguments) < below).then(|| -> Executing<'c> {
            Box::new(move |mut answer| {
                async move {
                    let value = self.root.resolve(call, arguments).await?;
                    self.shape.write(&value, &call.gateway, &mut answer);
                    Ok(answer)
                }
                .boxed()
            })
        })
    }
}

/// The page of a list that is asked for; its order is read where it can be chosen.
fn paging(given: &mut Given) -> Option<Paging> {
    Some(Paging {
        after: given.take("after")?,
        before: given.take("before")?,
        first: given.take("first")?,
        last: given.take("last")?,
        order_by: None,
    })
}

struct Assets;

impl Root for Assets {
    type Arguments = Paging;
    type Value = Listing<Asset>;

    fn read(&self, mut given: Given) -> Option<Paging> {
        paging(&mut given)
    }

    fn rows(paging: &Paging) -> u32 {
        paging.rows()
    }

    async fn resolve(&self, call: &Call, paging: Paging) -> ApiResult<Listing<Asset>> {
        assets::read(call, paging).await
    }
}

struct Positions {
    filter: Fields,
    wanted: Wanted,
}

impl Positions {
    fn of(shape: &Shape<Listing<GameMatchPosition>>) -> Self {
        Self {
            filter: Fields::default(),
            wanted: Wanted::of(|field| shape.asks(field)),
        }
    }
}

impl Root for Positions {
    type Arguments = (Paging, positions::GameMatchPositionFilter);
    type Value = Listing<GameMatchPosition>;

    fn read(&self, mut given: Given) -> Option<Self::Arguments> {
        let paging = Paging {
            order_by: given.take::<Option<Order>>("orderBy")?,
            ..paging(&mut given)?
        };
        let filter = given.take_object("filterBy", &self.filter)?;
        Some((paging, filter.unwrap_or_default()))
    }

    fn rows((paging, _): &Self::Arguments) -> u32 {
        paging.rows()
    }

    async fn resolve(
        &self,
        call: &Call,
        (paging, filter): Self::Arguments,
    ) -> ApiResult<Listing<GameMatchPosition>> {
        let list = positions::read(call, filter).await?;
        page::read(call, list, &paging, self.wanted).await
    }
}

type Ordered = (CreateGameMatchPositionInput, Option<Uuid>);

fn ordered(mut given: Given, fields: &Fields) -> Option<Ordered> {
    let input = given.take_object("createGameInput", fields)??;
    Some((input, given.take("requestId")?))
}

#[derive(Default)]
struct CreatePosition(Fields);

impl Root for CreatePosition {
    type Arguments = Ordered;
    type Value = GameMatchPosition;

    fn read(&self, given: Given) -> Option<Ordered> {
        ordered(given, &self.0)
    }

    fn rows(_: &Ordered) -> u32 {
        0
    }

    async fn resolve(
        &self,
        call: &Call,
        (input, request): Ordered,
    ) -> ApiResult<GameMatchPosition> {
        create_position::create(call, &input, request).await
    }
}

struct MeasuredAssets(Vec<Arc<LastPrice>>);

impl Root for MeasuredAssets {
    type Arguments = Paging;
    type Value = Listing<Asset>;

    fn read(&self, mut given: Given) -> Option<Paging> {
        paging(&mut given)
    }

    fn rows(paging: &Paging) -> u32 {
        paging.rows()
    }

    async fn resolve(&self, call: &Call, paging: Paging) -> ApiResult<Listing<Asset>> {
        measured::list(call, &self.0, paging)
    }
}

#[derive(Default)]
struct MeasuredPosition(Fields);

impl Root for MeasuredPosition {
    type Arguments = Ordered;
    type Value = GameMatchPosition;

    fn read(&self, given: Given) -> Option<Ordered> {
        ordered(given, &self.0)
    }

    fn rows(_: &Ordered) -> u32 {
        0
    }

    async fn resolve(
        &self,
        call: &Call,
        (input, request): Ordered,
    ) -> ApiResult<GameMatchPosition> {
        measured::order(call, &input, request).await
    }
}
