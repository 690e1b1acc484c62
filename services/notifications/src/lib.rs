//! Who hears about it: one-time codes and notices by mail, notices in the app's inbox and live.
//! It words and delivers; what happened is for others to say.

pub mod handlers;
pub mod mailer;

use std::time::Duration;

use bus::{Bus, Consumer, Delivery, Failure, NatsSettings};
use contracts::{Service, Stream, Topic};
use handlers::{email, in_app, mark_read, otp_email};
use mailer::{Mailer, SmtpSettings};
use runtime::{Clock, Context, Secret};
use serde::Deserialize;
use store::Db;

/// This service.
pub const SERVICE: runtime::Service = runtime::Service {
    name: "notifications",
    version: env!("CARGO_PKG_VERSION"),
    defaults: include_str!("../config.default.toml"),
};

/// A code is tried twice: later it is worthless.
const OTP_DELIVERIES: u32 = 2;
/// How many mails go out at once.
const MAILS_AT_ONCE: usize = 4;
/// How many inbox messages are kept at once.
const NOTICES_AT_ONCE: usize = 8;
/// How long a handler may stay silent; longer than one mail may take.
const ACK_WAIT: Duration = Duration::from_secs(30);

/// What the service is told.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where Postgres is.
    pub postgres: store::Settings<Secret>,
    /// Where NATS is.
    pub nats: NatsSettings,
    /// Where mail goes out.
    pub smtp: SmtpSettings,
}

/// What handlers work with.
#[derive(Clone)]
pub struct App {
    /// The database.
    pub db: Db,
    /// The bus.
    pub bus: Bus,
    /// The mail server.
    pub mailer: Mailer,
    /// The time.
    pub clock: Clock,
}

/// Starts the service; it runs until the context's shutdown.
pub async fn serve(settings: Settings, context: Context) -> anyhow::Result<()> {
    let mailer = Mailer::new(&settings.smtp)?;
    let db = Db::connect(&settings.postgres, Service::Notifications).await?;
    let bus = Bus::connect(&settings.nats, SERVICE.name).await?;
    bus.check_streams(&[Stream::Notifications, Stream::Commands])
        .await?;
    let app = App {
        db,
        bus,
        mailer,
        clock: context.clock.clone(),
    };
    watch(&app, &context);

    let consumer =
        |name, topics| Consumer::new(Service::Notifications, name, topics).ack_wait(ACK_WAIT);
    let codes = consumer("otp_email", &[Topic::OtpEmail])
        .at_once(MAILS_AT_ONCE)
        .deliveries(OTP_DELIVERIES)
        .without_dead_letters();
    let mails = consumer("email", &[Topic::Email]).at_once(MAILS_AT_ONCE);
    let notices = consumer(in_app::CONSUMER, &[Topic::InApp]).at_once(NOTICES_AT_ONCE);
    let commands = consumer("commands", &[Topic::MarkNotificationsRead]);
    start(&app, &context, codes, |app, delivery| async move {
        otp_email::handle(&app, &delivery).await
    });
    start(&app, &context, mails, |app, delivery| async move {
        email::handle(&app, &delivery).await
    });
    start(&app, &context, notices, |app, delivery| async move {
        in_app::handle(&app, &delivery).await
    });
    start(&app, &context, commands, |app, delivery| async move {
        mark_read::handle(&app, &delivery).await
    });
    Ok(())
}

fn start<H, F>(app: &App, context: &Context, consumer: Consumer, handler: H)
where
    H: Fn(App, Delivery) -> F + Send + Sync + 'static,
    F: Future<Output = Result<(), Failure>> + Send + 'static,
{
    let (bus, db, shutdown) = (app.bus.clone(), app.db.clone(), context.shutdown());
    let app = app.clone();
    let name = consumer.name;
    let handle = move |delivery| handler(app.clone(), delivery);
    context.spawn(name, async move {
        Ok(bus.consume(db, consumer, handle, shutdown).await?)
    });
}

fn watch(app: &App, context: &Context) {
    let (db, bus, mailer) = (app.db.clone(), app.bus.clone(), app.mailer.clone());
    context.health.watch("postgres", move || {
        let db = db.clone();
        async move { Ok(db.ping().await?) }
    });
    context.health.watch("nats", move || {
        let bus = bus.clone();
        async move { Ok(bus.ping().await?) }
    });
    context.health.watch("smtp", move || {
        let mailer = mailer.clone();
        async move { mailer.ping().await }
    });
}
