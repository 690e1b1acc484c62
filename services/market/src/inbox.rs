//! The end of the line where a leader or a standby listens.

use tokio::sync::mpsc;

use crate::line::Heard;

/// What the line brings, and whether it is open.
#[derive(Debug)]
pub(crate) struct Inbox {
    heard: mpsc::Receiver<Heard>,
    open: bool,
    /// Counts the beginnings: what was asked before one proves nothing after it.
    beginnings: u64,
}

impl Inbox {
    pub(crate) fn new(heard: mpsc::Receiver<Heard>) -> Self {
        Self {
            heard,
            open: false,
            beginnings: 0,
        }
    }

    /// The next word; `None` when the line is given up for good.
    pub(crate) async fn next(&mut self) -> Option<Heard> {
        let heard = self.heard.recv().await?;
        match heard {
            Heard::Began => {
                self.open = true;
                self.beginnings += 1;
            }
            Heard::Lost => self.open = false,
            Heard::Trade(..) | Heard::Quiet(_) => {}
        }
        Some(heard)
    }

    /// Listens without heeding, as a standby does. Ends when the line does.
    pub(crate) async fn drain(&mut self) {
        while self.next().await.is_some() {}
    }

    pub(crate) fn is_open(&self) -> bool {
        self.open
    }

    pub(crate) fn beginnings(&self) -> u64 {
        self.beginnings
    }
}
