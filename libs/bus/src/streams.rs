//! Declaring the streams, and checking that they are what we think.

use std::fmt::Debug;

use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::context::{GetStreamError, GetStreamErrorKind};
use async_nats::jetstream::stream::{
    Config, DiscardPolicy, Republish, RetentionPolicy, StorageType, Stream as ServerStream,
};
use contracts::Stream;
use contracts::stream::{ADVISORIES, max_deliveries_advisory, told_again};
use tracing::info;

use crate::{Bus, BusError};

/// How long an advisory waits to be swept into the dead letters: longer than any outage of ours.
const ADVISORY_MAX_AGE: std::time::Duration = std::time::Duration::from_secs(7 * 24 * 60 * 60);
/// An advisory is some hundred bytes.
const ADVISORY_MAX_BYTES: u64 = 64 * 1024 * 1024;

impl Bus {
    /// Creates the streams that are missing and brings the others up to date. Fields that we do
    /// not set stay as an operator left them. For `migrate` alone.
    pub async fn declare_streams(&self) -> Result<(), BusError> {
        for wanted in self.all_configs() {
            match self.find(&wanted.name).await? {
                None => {
                    self.jetstream
                        .create_stream(&wanted)
                        .await
                        .map_err(|cause| BusError::unavailable("creating a stream", cause))?;
                    info!(stream = wanted.name, "stream created");
                }
                Some(found) => self.update(&wanted, &found.cached_info().config).await?,
            }
        }
        Ok(())
    }

    /// Refuses a stream that is missing or differs in a field that we set, by name.
    pub async fn check_streams(&self, streams: &[Stream]) -> Result<(), BusError> {
        let ours = streams.iter().map(|stream| self.config(*stream));
        for wanted in ours.chain([self.advisories_config()]) {
            let Some(found) = self.find(&wanted.name).await? else {
                return Err(BusError::StreamMissing {
                    stream: wanted.name,
                });
            };
            if let Some(difference) = difference(&wanted, &found.cached_info().config) {
                return Err(difference);
            }
        }
        Ok(())
    }

    /// Removes every stream of this prefix: for tests that clean up.
    pub async fn remove_streams(&self) -> Result<(), BusError> {
        for config in self.all_configs() {
            if self.find(&config.name).await?.is_some() {
                self.jetstream
                    .delete_stream(&config.name)
                    .await
                    .map_err(|cause| BusError::unavailable("removing a stream", cause))?;
            }
        }
        Ok(())
    }

    /// The stream as it is now.
    pub(crate) async fn stream(&self, stream: Stream) -> Result<ServerStream, BusError> {
        let name = self.prefix().stream(stream.name());
        self.find(&name)
            .await?
            .ok_or(BusError::StreamMissing { stream: name })
    }

    async fn find(&self, name: &str) -> Result<Option<ServerStream>, BusError> {
        match self.jetstream.get_stream(name).await {
            Ok(stream) => Ok(Some(stream)),
            Err(error) if is_not_found(&error) => Ok(None),
            Err(error) => Err(BusError::unavailable("asking for a stream", error)),
        }
    }

    async fn update(&self, wanted: &Config, found: &Config) -> Result<(), BusError> {
        let Some(difference) = difference(wanted, found) else {
            return Ok(());
        };
        // The kind of storage is chosen once: another kind is another stream.
        if wanted.storage != found.storage || wanted.retention != found.retention {
            return Err(difference);
        }
        let updated = Config {
            subjects: wanted.subjects.clone(),
            discard: wanted.discard,
            max_age: wanted.max_age,
            max_bytes: wanted.max_bytes,
            num_replicas: wanted.num_replicas,
            duplicate_window: wanted.duplicate_window,
            allow_direct: wanted.allow_direct,
            allow_message_ttl: wanted.allow_message_ttl,
            republish: wanted.republish.clone(),
            ..found.clone()
        };
        self.jetstream
            .update_stream(&updated)
            .await
            .map_err(|cause| BusError::unavailable("updating a stream", cause))?;
        info!(stream = wanted.name, %difference, "stream updated");
        Ok(())
    }

    fn all_configs(&self) -> Vec<Config> {
        let ours = Stream::ALL.iter().map(|stream| self.config(*stream));
        ours.chain([self.advisories_config()]).collect()
    }

    fn config(&self, stream: Stream) -> Config {
        let subjects = vec![self.prefix().subject(stream.subjects())];
        Config {
            max_age: stream.max_age(),
            duplicate_window: Stream::DUPLICATE_WINDOW,
            allow_message_ttl: true,
            republish: stream.is_told_again().then(|| self.told_again(stream)),
            ..self.kept(stream.name(), subjects, stream.max_bytes())
        }
    }

    fn told_again(&self, stream: Stream) -> Republish {
        Republish {
            source: self.prefix().subject(stream.subjects()),
            destination: self.prefix().subject(&told_again(stream.subjects())),
            headers_only: false,
        }
    }

    /// Where the server's own word that it gave up on a message waits to be swept.
    fn advisories_config(&self) -> Config {
        let advisory =
            |stream: &Stream| max_deliveries_advisory(&self.prefix().stream(stream.name()), "*");
        let subjects = Stream::ALL.iter().map(advisory).collect();
        Config {
            max_age: ADVISORY_MAX_AGE,
            duplicate_window: Stream::DUPLICATE_WINDOW,
            ..self.kept(ADVISORIES, subjects, ADVISORY_MAX_BYTES)
        }
    }

    fn kept(&self, name: &str, subjects: Vec<String>, max_bytes: u64) -> Config {
        let most = self.settings.max_stream_bytes.unwrap_or(u64::MAX);
        Config {
            name: self.prefix().stream(name),
            subjects,
            storage: StorageType::File,
            retention: RetentionPolicy::Limits,
            discard: DiscardPolicy::Old,
            max_bytes: i64::try_from(max_bytes.min(most)).unwrap_or(i64::MAX),
            num_replicas: self.settings.replicas,
            allow_direct: true,
            ..Config::default()
        }
    }
}

fn is_not_found(error: &GetStreamError) -> bool {
    matches!(error.kind(), GetStreamErrorKind::JetStream(answer)
        if answer.error_code() == ErrorCode::STREAM_NOT_FOUND)
}

/// The first field that we set and the server has otherwise.
fn difference(wanted: &Config, found: &Config) -> Option<BusError> {
    let stream = &wanted.name;
    differs(stream, "subjects", &wanted.subjects, &found.subjects)
        .or_else(|| differs(stream, "storage", &wanted.storage, &found.storage))
        .or_else(|| differs(stream, "retention", &wanted.retention, &found.retention))
        .or_else(|| differs(stream, "discard", &wanted.discard, &found.discard))
        .or_else(|| differs(stream, "max_age", &wanted.max_age, &found.max_age))
        .or_else(|| differs(stream, "max_bytes", &wanted.max_bytes, &found.max_bytes))
        .or_else(|| {
            differs(
                stream,
                "num_replicas",
                &wanted.num_replicas,
                &found.num_replicas,
            )
        })
        .or_else(|| {
            differs(
                stream,
                "duplicate_window",
                &wanted.duplicate_window,
                &found.duplicate_window,
            )
        })
        .or_else(|| {
            differs(
                stream,
                "allow_direct",
                &wanted.allow_direct,
                &found.allow_direct,
            )
        })
        .or_else(|| {
            let (wanted, found) = (wanted.allow_message_ttl, found.allow_message_ttl);
            differs(stream, "allow_message_ttl", &wanted, &found)
        })
        .or_else(|| differs(stream, "republish", &wanted.republish, &found.republish))
}

fn differs<T: PartialEq + Debug>(
    stream: &str,
    field: &'static str,
    wanted: &T,
    found: &T,
) -> Option<BusError> {
    (wanted != found).then(|| BusError::StreamDiffers {
        stream: stream.to_owned(),
        field,
        expected: format!("{wanted:?}"),
        found: format!("{found:?}"),
    })
}
