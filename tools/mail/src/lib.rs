//! A stand-in for a mail server: takes everything over SMTP, delivers nothing, and shows over HTTP
//! what it caught. It misbehaves on request.

mod api;
mod faults;
mod mailbox;
mod session;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::session::Session;

pub use faults::Faults;
pub use mailbox::{Mailbox, Message};

/// More connections than this wait to be greeted.
const MAX_CONNECTIONS: usize = 256;

/// After a connection could not be accepted (too many open files, say), none is for so long.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A running sink. Ends with the value.
pub struct MailSink {
    smtp: SocketAddr,
    http: SocketAddr,
    mailbox: Arc<Mailbox>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl MailSink {
    /// Listens on both addresses; port 0 takes a free one.
    ///
    /// # Errors
    /// When an address cannot be listened on.
    pub async fn start(smtp: SocketAddr, http: SocketAddr) -> anyhow::Result<Self> {
        let smtp_listener = bind(smtp).await?;
        let http_listener = bind(http).await?;
        let sink = Self {
            smtp: smtp_listener.local_addr()?,
            http: http_listener.local_addr()?,
            mailbox: Arc::new(Mailbox::new(runtime::Clock::system())),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
        };
        let accepting = accept(smtp_listener, sink.mailbox.clone(), sink.tasks.clone());
        sink.spawn(accepting);
        let app = api::routes(sink.mailbox.clone());
        sink.spawn(async move {
            if let Err(cause) = axum::serve(http_listener, app).await {
                tracing::error!(%cause, "http ended");
            }
        });
        Ok(sink)
    }

    /// Where it speaks SMTP.
    pub fn smtp(&self) -> SocketAddr {
        self.smtp
    }

    /// Where it shows what it caught.
    pub fn http(&self) -> SocketAddr {
        self.http
    }

    /// What it caught, and how it misbehaves.
    pub fn mailbox(&self) -> &Mailbox {
        &self.mailbox
    }

    fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        self.tasks
            .spawn(async move { stop.run_until_cancelled(work).await });
    }
}

impl Drop for MailSink {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address}"))
}

/// Serves connections until it is dropped, and each for as long as it lasts.
async fn accept(listener: TcpListener, mailbox: Arc<Mailbox>, tasks: TaskTracker) {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let dropped = CancellationToken::new();
    let _ends_sessions = dropped.clone().drop_guard();
    loop {
        let place = Arc::clone(&places).acquire_owned().await;
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(cause) => {
                tracing::warn!(%cause, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let (session, dropped) = (Session::new(stream, mailbox.clone()), dropped.clone());
        tasks.spawn(async move {
            let served = dropped.run_until_cancelled(session.serve()).await;
            if let Some(Err(cause)) = served {
                tracing::debug!(%peer, %cause, "a session broke off");
            }
            drop(place);
        });
    }
}
