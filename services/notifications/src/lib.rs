//! Who hears about it: one-time codes and notices by mail, notices in the app's inbox and live.
//! It words and delivers; what happened is for others to say.

pub mod handlers;
pub mod mailer;

use std::time::Duration;

use bus::{Bus, Consumer, NatsSettings, Worker};
use contracts::{Service, Stream, Topic};
use handlers::{email, in_app, mark_read, mute_mails, otp_email};
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
    let worker = Worker {
        context: &context,
        bus: &app.bus,
        db: &app.db,
    };
    worker.watch();
    let mailer = app.mailer.clone();
    context.health.watch("smtp", move || {
        let mailer = mailer.clone();
        async move { mailer.ping().await }
    });

    let consumer =
        |name, topics| Consumer::new(Service::Notifications, name, topics).ack_wait(ACK_WAIT);
    let codes = consumer("otp_email", &[Topic::OtpEmail])
        .at_once(MAILS_AT_ONCE)
        .deliveries(OTP_DELIVERIES)
        .without_dead_letters();
    let mails = consumer("email", &[Topic::Email]).patient(MAILS_AT_ONCE);
    let notices = consumer(in_app::CONSUMER, &[Topic::InApp]).at_once(NOTICES_AT_ONCE);
    let commands = consumer("commands", &[Topic::MarkNotificationsRead]);
    let mutings = consumer("mute_mails", &[Topic::MuteMails]);
    worker.hear(&app, codes, otp_email::handle);
    worker.hear(&app, mails, email::handle);
    worker.hear(&app, notices, in_app::handle);
    worker.hear(&app, commands, mark_read::handle);
    worker.hear(&app, mutings, mute_mails::handle);
    Ok(())
}
