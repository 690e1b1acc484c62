//! The one thread that has the chain: it makes a slot whenever one is due, and between them does
//! what it is asked.

use std::path::PathBuf;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use tokio::sync::oneshot;

use crate::chain::{Chain, Terms};

type Job = Box<dyn FnOnce(&mut Chain) + Send>;

/// How long the thread waits for something to do where no slots are due.
const IDLE: Duration = Duration::from_secs(3_600);

/// The way to the chain.
#[derive(Clone)]
pub(crate) struct ChainThread {
    jobs: Sender<Job>,
}

impl ChainThread {
    /// Makes a chain, or the one that is kept in a file, and slots of this length; none by itself if
    /// that is zero.
    pub(crate) fn start(
        terms: Terms,
        slot: Duration,
        kept: Option<PathBuf>,
    ) -> anyhow::Result<Self> {
        let (jobs, todo) = mpsc::channel::<Job>();
        let (made, result) = mpsc::channel();
        thread::Builder::new()
            .name("chain".to_owned())
            .spawn(move || {
                let mut chain = match Chain::open(terms, kept.as_deref()) {
                    Ok(chain) => chain,
                    Err(error) => {
                        // Whoever waits for it is there until it has come.
                        let _heard = made.send(Err(error));
                        return;
                    }
                };
                let _heard = made.send(Ok(()));
                let mut due = Instant::now() + slot;
                loop {
                    if !slot.is_zero() && Instant::now() >= due {
                        if let Err(error) = chain.make_slot() {
                            eprintln!("{error:#}");
                            // Nobody is answered any more.
                            return;
                        }
                        due = Instant::now() + slot;
                    }
                    let wait = if slot.is_zero() {
                        IDLE
                    } else {
                        due.saturating_duration_since(Instant::now())
                    };
                    match todo.recv_timeout(wait) {
                        Ok(job) => job(&mut chain),
                        Err(RecvTimeoutError::Timeout) => {}
                        Err(RecvTimeoutError::Disconnected) => return,
                    }
                }
            })?;
        result.recv().context("the chain's thread has died")??;
        Ok(Self { jobs })
    }

    /// Does something with the chain, and answers what came of it.
    pub(crate) async fn with<T, F>(&self, job: F) -> anyhow::Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Chain) -> T + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |chain| {
            // Whoever asked may be gone.
            let _heard = answer.send(job(chain));
        });
        self.jobs.send(job).ok().context("the chain has ended")?;
        answered.await.context("the chain has ended")
    }
}
