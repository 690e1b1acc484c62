//! `battlesbit migrate`: database, roles, rights and streams. Running it again changes nothing, and
//! a database that another version made is left as it is.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;
use contracts::Service;
use migrations::Passwords;
use url::Url;

use crate::places::{Nats, Postgres};

/// The database that exists on every server.
const MAINTENANCE_DATABASE: &str = "postgres";
/// The exit code where the data is of another version.
const OTHER_VERSION: u8 = 3;

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    postgres: Postgres,
    #[command(flatten)]
    nats: Nats,
    /// The folder with each service's password, in files named `postgres_<service>`.
    #[arg(long, env = "BATTLESBIT_SECRETS_DIR")]
    secrets_dir: PathBuf,
}

pub(crate) async fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let passwords = read_passwords(&arguments.secrets_dir)?;
    create_database(&arguments.postgres.url).await?;
    let db = arguments.postgres.connect().await?;
    let pending = match migrations::pending(db.connection()).await {
        Err(other @ migrations::Error::OtherVersion(_)) => {
            eprintln!("cannot migrate: {other}");
            return Ok(ExitCode::from(OTHER_VERSION));
        }
        pending => pending.context("cannot list migrations")?,
    };
    migrations::migrate(db.connection())
        .await
        .context("cannot migrate")?;
    migrations::grant(db.connection(), &passwords)
        .await
        .context("cannot grant")?;
    arguments
        .nats
        .connect()
        .await?
        .declare_streams()
        .await
        .context("cannot declare streams")?;
    match pending.as_slice() {
        [] => {
            println!(
                "the database was up to date; roles, rights and streams are as they should be"
            );
        }
        done => println!("migrated: {}", done.join(", ")),
    }
    Ok(ExitCode::SUCCESS)
}

async fn create_database(url: &str) -> anyhow::Result<()> {
    let mut maintenance: Url = url.parse().context("expected a Postgres URL")?;
    let name = maintenance.path().trim_start_matches('/').to_owned();
    if name.is_empty() {
        bail!("expected the name of a database at the end of the Postgres URL");
    }
    maintenance.set_path(MAINTENANCE_DATABASE);
    let created = migrations::create_database(maintenance.as_str(), &name).await;
    if created.with_context(|| format!("cannot create the database {name}"))? {
        println!("created the database {name}");
    }
    Ok(())
}

fn read_passwords(folder: &Path) -> anyhow::Result<Passwords> {
    Service::ALL
        .into_iter()
        .map(|service| {
            let file = folder.join(format!("postgres_{service}"));
            let text = std::fs::read_to_string(&file).with_context(|| {
                format!("expected the password of {service} in {}", file.display())
            })?;
            let password = text.trim();
            if password.is_empty() {
                bail!(
                    "expected the password of {service} in {}, found nothing",
                    file.display()
                );
            }
            Ok((service, password.to_owned()))
        })
        .collect()
}
