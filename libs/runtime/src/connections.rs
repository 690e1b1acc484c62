//! The connections of a listener: at most so many at a time, none of which stays without a request.
//!
//! A connection counts until its socket is closed, also when it has become something else than HTTP.
//! What may be said on it then, and for how long, is for whoever took it.

use std::convert::Infallible;
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::ConnectInfo;
use axum::http::header::{CONNECTION, HeaderValue};
use axum::response::Response;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use metrics::Gauge;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

/// How many more connections than are allowed are told so, and may see the pages of the process. Any
/// further one is closed without a word.
const BEYOND: usize = 64;

/// A connection whose first request is not there by then, its headers whole, is closed.
const FIRST_REQUEST_WITHIN: Duration = Duration::from_secs(10);

/// A connection is closed when for this long none of its requests is being answered, and no next one
/// has come. Longer than the minute after which most proxies let go of theirs: whoever sends on a
/// connection that the other side just closes has to send again.
const IDLE_FOR: Duration = Duration::from_secs(75);

/// What is asked to end, and owes nobody an answer, has this long to do so.
const END_WITHIN: Duration = Duration::from_millis(500);

/// The most bytes that are held of what one HTTP/1 connection sends; a head has to fit.
const HTTP1_BUFFER: usize = 64 << 10;

/// The most requests that an HTTP/2 connection has answered at the same time.
const HTTP2_STREAMS: u32 = 100;

/// The most bytes of an HTTP/2 request's headers, of what it sends of its body ahead, and of what
/// waits to be sent to it.
const HTTP2_HEADERS: u32 = 16 << 10;
const HTTP2_WINDOW: u32 = 128 << 10;
const HTTP2_SEND_BUFFER: usize = 128 << 10;

/// An HTTP/2 client is asked this often whether it is there, and has as long to say so.
const HTTP2_PING_EVERY: Duration = Duration::from_secs(20);

/// So long nothing is accepted when the process has no file left for a connection.
const PAUSE: Duration = Duration::from_secs(1);

/// What a listener bears.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    open: usize,
    beyond: usize,
    first_request_within: Duration,
    idle_for: Duration,
    end_within: Duration,
}

impl Limits {
    /// So many connections at a time.
    pub(crate) fn of(open: usize) -> Self {
        Self {
            open,
            beyond: BEYOND,
            first_request_within: FIRST_REQUEST_WITHIN,
            idle_for: IDLE_FOR,
            end_within: END_WITHIN,
        }
    }
}

/// What connections are answered with.
pub(crate) struct Routes {
    pub(crate) served: Router,
    /// For those beyond the limit.
    pub(crate) refused: Router,
}

/// Serves connections until `stop`, then finishes the requests that are open.
pub(crate) async fn serve(
    listener: TcpListener,
    limits: Limits,
    routes: Routes,
    stop: CancellationToken,
) {
    let door = Door::new(limits);
    let protocol = Arc::new(protocol());
    let connections = TaskTracker::new();
    while let Some(accepted) = stop.run_until_cancelled(listener.accept()).await {
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(cause) if is_of_the_peer(&cause) => continue,
            Err(cause) => {
                tracing::error!(%cause, "cannot accept connections");
                stop.run_until_cancelled(sleep(PAUSE)).await;
                continue;
            }
        };
        let Some(place) = door.place() else {
            metrics::counter!("battlesbit_http_connections_dropped").increment(1);
            continue;
        };
        if let Err(cause) = stream.set_nodelay(true) {
            tracing::debug!(%cause, "cannot set TCP_NODELAY");
        }
        let routes = if place.is_beyond {
            routes.refused.clone()
        } else {
            routes.served.clone()
        };
        let connection = Connection {
            protocol: Arc::clone(&protocol),
            limits,
            stop: stop.clone(),
            routes,
            peer,
        };
        let stream = Counted { stream, place };
        connections.spawn(connection.serve(stream));
    }
    drop(listener);
    connections.close();
    connections.wait().await;
}

/// Whether only the connection that was to be accepted has failed.
fn is_of_the_peer(cause: &io::Error) -> bool {
    matches!(
        cause.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
    )
}

fn protocol() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    // Without a timer it has no time-outs of its own: they would not hold before its version is known.
    builder.http1().max_buf_size(HTTP1_BUFFER);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(HTTP2_STREAMS)
        .max_header_list_size(HTTP2_HEADERS)
        .initial_stream_window_size(HTTP2_WINDOW)
        .max_send_buf_size(HTTP2_SEND_BUFFER)
        .keep_alive_interval(HTTP2_PING_EVERY)
        .keep_alive_timeout(HTTP2_PING_EVERY);
    builder
}

/// Lets so many connections in.
struct Door {
    open: Arc<Semaphore>,
    beyond: Arc<Semaphore>,
    gauge: Gauge,
}

impl Door {
    fn new(limits: Limits) -> Self {
        Self {
            open: Arc::new(Semaphore::new(limits.open)),
            beyond: Arc::new(Semaphore::new(limits.beyond)),
            gauge: metrics::gauge!("battlesbit_http_connections"),
        }
    }

    /// A place for one more connection.
    fn place(&self) -> Option<Place> {
        let take = |places: &Arc<Semaphore>| Arc::clone(places).try_acquire_owned().ok();
        let (permit, is_beyond) = match take(&self.open) {
            Some(permit) => (permit, false),
            None => (take(&self.beyond)?, true),
        };
        if is_beyond {
            metrics::counter!("battlesbit_http_connections_refused").increment(1);
        }
        self.gauge.increment(1.0);
        Some(Place {
            is_beyond,
            gauge: self.gauge.clone(),
            _permit: permit,
        })
    }
}

/// The place of a connection, until it is dropped.
struct Place {
    is_beyond: bool,
    gauge: Gauge,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.gauge.decrement(1.0);
    }
}

/// A stream and its place, which stay together whatever becomes of the connection.
struct Counted {
    stream: TcpStream,
    place: Place,
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(task, buffer)
    }
}

impl AsyncWrite for Counted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(task, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(task)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(task)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(task, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

/// One connection and what it needs.
struct Connection {
    protocol: Arc<Builder<TokioExecutor>>,
    limits: Limits,
    stop: CancellationToken,
    routes: Router,
    peer: SocketAddr,
}

impl Connection {
    /// Serves requests until one side ends it, it is idle for too long, or the process stops.
    async fn serve(self, stream: Counted) {
        let Self {
            protocol,
            limits,
            stop,
            routes,
            peer,
        } = self;
        let is_refused = stream.place.is_beyond;
        let activity = Arc::new(Activity::new(limits));
        let service = service_fn(|mut request: hyper::Request<Incoming>| {
            let open = Open::begin(&activity);
            request.extensions_mut().insert(ConnectInfo(peer));
            let answering = routes.clone().oneshot(request.map(Body::new));
            async move {
                let mut response: Response = match answering.await {
                    Ok(response) => response,
                    Err(never) => match never {},
                };
                if is_refused {
                    let close = HeaderValue::from_static("close");
                    response.headers_mut().insert(CONNECTION, close);
                }
                Ok::<_, Infallible>(response.map(|body| Answer { body, _open: open }))
            }
        });
        let io = TokioIo::new(stream);
        let mut serving = pin!(protocol.serve_connection_with_upgrades(io, service));
        let mut look = pin!(sleep(limits.first_request_within));
        let mut ends = false;
        loop {
            tokio::select! {
                served = serving.as_mut() => {
                    if let Err(cause) = served {
                        tracing::debug!(%cause, "a connection broke");
                    }
                    return;
                }
                () = stop.cancelled(), if !ends => ends = true,
                () = look.as_mut() => match activity.idle_until() {
                    None => {
                        look.as_mut().reset(Instant::now() + limits.idle_for);
                        continue;
                    }
                    Some(until) if until > Instant::now() && !ends => {
                        look.as_mut().reset(until);
                        continue;
                    }
                    // It was asked to end before, and has had its time.
                    Some(_) if ends => return,
                    Some(_) => ends = true,
                },
            }
            serving.as_mut().graceful_shutdown();
            look.as_mut().reset(Instant::now() + limits.end_within);
        }
    }
}

/// What goes on on a connection. Locked for moments.
struct Activity {
    limits: Limits,
    state: Mutex<State>,
}

struct State {
    /// Requests that are being answered.
    open: usize,
    /// How long it may stay as it is while there are none.
    idle_until: Instant,
}

impl Activity {
    fn new(limits: Limits) -> Self {
        let state = State {
            open: 0,
            idle_until: Instant::now() + limits.first_request_within,
        };
        Self {
            limits,
            state: Mutex::new(state),
        }
    }

    /// How long the connection may stay without a request; nothing while there is one.
    fn idle_until(&self) -> Option<Instant> {
        let state = self.lock();
        (state.open == 0).then_some(state.idle_until)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request that is being answered, until this is dropped.
struct Open(Arc<Activity>);

impl Open {
    fn begin(activity: &Arc<Activity>) -> Self {
        let mut state = activity.lock();
        state.open = state.open.saturating_add(1);
        Self(Arc::clone(activity))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.open = state.open.saturating_sub(1);
        state.idle_until = Instant::now() + self.0.limits.idle_for;
    }
}

/// The body of an answer, whose request is open until it is sent.
struct Answer {
    body: Body,
    _open: Open,
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(task)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests;
