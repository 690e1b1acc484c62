//! Prices in: speaks the exchange's protocol and writes what counts into the market stream, in the
//! one order that everybody reads.

mod candles;
mod connection;
mod desk;
mod exchange_clock;
mod feed;
mod frame;
mod guard;
mod inbox;
mod leader;
mod lease;
mod line;
mod malformed;
mod offset;
mod publisher;
mod rest;
mod settings;
mod symbols;
mod tail;
mod window;

use std::sync::Arc;

use anyhow::{Context as _, bail};
use bus::Bus;
use cache::Cache;
use contracts::Stream;
use domain::price::Price;
use domain::symbol::Symbol;
use runtime::{Context, Service};
use tokio::sync::{Notify, mpsc, watch};

pub use settings::Settings;

use candles::Chart;
use desk::Tools;
use inbox::Inbox;
use leader::Leader;
use lease::{Lease, Standing};
use line::Line;
use rest::Rest;
use symbols::Symbols;
use window::Window;

/// What this binary is.
pub const SERVICE: Service = Service {
    name: "market",
    version: env!("CARGO_PKG_VERSION"),
    defaults: include_str!("../config.default.toml"),
};

/// Words from the exchange that may wait for the leader.
const INBOX: usize = 10_000;

/// Prepares the service and spawns its tasks. The exchange may be away: market waits for it.
///
/// # Errors
/// When NATS or Redis does not answer, or the market stream has not been declared.
pub async fn serve(settings: Settings, context: Context) -> anyhow::Result<()> {
    let bus = Bus::connect(&settings.nats, SERVICE.name).await?;
    bus.check_streams(&[Stream::Market]).await?;
    let cache = Cache::connect(&settings.redis.url, &settings.redis.prefix).await?;
    let rest = Rest::open(settings.exchange.rest_url.clone()).context("cannot prepare https")?;
    let symbols = settings
        .exchange
        .symbols
        .iter()
        .map(|(symbol, _)| symbol.clone());
    let symbols = Arc::new(Symbols::new(symbols));

    let (heard, inbox) = mpsc::channel(INBOX);
    let replace = Arc::new(Notify::new());
    let line = Line::new(
        settings.exchange.clone(),
        Arc::clone(&symbols),
        context.clock.clone(),
        heard,
        Arc::clone(&replace),
    );
    let (offset_in, offset) = watch::channel(None);
    let lease = Lease::new(
        bus.clone(),
        context.clock.clone(),
        offset.clone(),
        settings.lease.duration(),
    );
    watch_health(&context, &bus, &cache, &line, &lease);

    let tools = Tools {
        symbols: Arc::clone(&symbols),
        rest: rest.clone(),
        clock: context.clock.clone(),
        offset,
        replace,
    };
    let leader = Leader {
        bus: bus.clone(),
        lease,
        rules: settings.feed.clone(),
        inbox: Inbox::new(inbox),
        window: Window::new(bus.clone(), cache.clone(), rest.clone(), symbols),
        chart: Chart::new(bus.clone(), cache, tools.clone()),
        tools,
    };
    spawn(&context, "exchange line", line.keep());
    spawn(
        &context,
        "exchange clock",
        exchange_clock::watch(rest.clone(), context.clock.clone(), offset_in),
    );
    spawn(&context, "price steps", compare_steps(rest, settings));
    context.spawn("leader", leader.run(context.shutdown()));
    Ok(())
}

/// Spawns what has nothing to finish when the process is asked to stop.
fn spawn(context: &Context, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
    let shutdown = context.shutdown();
    context.spawn(name, async move {
        shutdown.run_until_cancelled(Box::pin(task)).await;
        Ok(())
    });
}

fn watch_health(context: &Context, bus: &Bus, cache: &Cache, line: &Line, lease: &Lease) {
    let bus = bus.clone();
    context.health.watch("nats", move || {
        let bus = bus.clone();
        async move { Ok(bus.ping().await?) }
    });
    let cache = cache.clone();
    context.health.watch("redis", move || {
        let cache = cache.clone();
        async move { Ok(cache.ping().await?) }
    });
    let open = line.watch();
    context.health.watch("exchange", move || {
        let is_open = *open.borrow();
        async move {
            if is_open {
                Ok(())
            } else {
                bail!("no connection to the exchange")
            }
        }
    });
    let standing = lease.watch();
    context.health.watch("lease", move || {
        let leads = *standing.borrow() != Standing::Waiting;
        async move { if leads { Ok(()) } else { bail!("nobody leads") } }
    });
}

/// Says so when a symbol's price step is not the exchange's.
async fn compare_steps(rest: Rest, settings: Settings) {
    for (symbol, step) in settings.exchange.symbols.iter() {
        match rest.price_step(symbol).await {
            Ok(found) if found == step => {}
            Ok(found) => say_step(symbol, step, found),
            Err(error) => tracing::warn!(%symbol, %error, "cannot compare the price step"),
        }
    }
}

fn say_step(symbol: &Symbol, expected: Price, found: Price) {
    tracing::warn!(%symbol, %expected, %found, "the exchange has another price step");
}
