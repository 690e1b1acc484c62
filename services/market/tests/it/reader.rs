//! Reads the market stream as every reader must: in order, without entries of deposed leaders.

use std::time::Duration;

use bus::{Bus, Entry, OrderedReader};
use contracts::market::{Gap, Note, NoteKind, Offset, Tick, Watermark};
use contracts::{Stream, Topic};
use tokio::time::timeout;

/// The longest that anything here may take.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// One entry of the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    Tick(Tick),
    Watermark(Watermark),
    Gap(Gap),
    Note(Note),
    Offset(Offset),
}

impl Said {
    /// Whether it comes by itself, again and again.
    const fn is_beat(&self) -> bool {
        matches!(self, Self::Watermark(_) | Self::Offset(_))
    }

    fn epoch(&self) -> u64 {
        match self {
            Self::Tick(said) => said.epoch,
            Self::Watermark(said) => said.epoch,
            Self::Gap(said) => said.epoch,
            Self::Note(said) => said.epoch,
            Self::Offset(said) => said.epoch,
        }
    }
}

fn decode(entry: &Entry) -> Said {
    if entry.topic == Topic::Tick {
        Said::Tick(entry.decode().unwrap())
    } else if entry.topic == Topic::Watermark {
        Said::Watermark(entry.decode().unwrap())
    } else if entry.topic == Topic::Gap {
        Said::Gap(entry.decode().unwrap())
    } else if entry.topic == Topic::Note {
        Said::Note(entry.decode().unwrap())
    } else {
        Said::Offset(entry.decode().unwrap())
    }
}

pub(crate) struct Reader {
    entries: OrderedReader,
    epoch: u64,
    /// Everything that was read and counts.
    pub(crate) said: Vec<Said>,
}

impl Reader {
    /// Reads from the stream's beginning.
    pub(crate) async fn open(bus: &Bus) -> Self {
        let topics = [
            Topic::Tick,
            Topic::Watermark,
            Topic::Gap,
            Topic::Note,
            Topic::Offset,
        ];
        let place = bus.bounds(Stream::Market).await.unwrap().head();
        let entries = bus.ordered(Stream::Market, &topics, place).await.unwrap();
        Self {
            entries,
            epoch: 0,
            said: Vec::new(),
        }
    }

    /// The next entry that counts.
    pub(crate) async fn next(&mut self) -> Said {
        loop {
            let entry = timeout(LIMIT, self.entries.next())
                .await
                .expect("an entry in time");
            let entry = entry.unwrap();
            let said = decode(&entry);
            if said.epoch() >= self.epoch {
                self.epoch = said.epoch();
                self.said.push(said.clone());
                return said;
            }
        }
    }

    /// Reads whatever is said for so long.
    pub(crate) async fn hear_for(&mut self, long: Duration) {
        let listening = async {
            loop {
                self.next().await;
            }
        };
        let _elapsed: Result<(), _> = timeout(long, listening).await;
    }

    /// Reads until an entry is what is waited for.
    pub(crate) async fn until<T>(&mut self, wanted: impl Fn(&Said) -> Option<T>) -> T {
        let reading = async {
            loop {
                if let Some(found) = wanted(&self.next().await) {
                    return found;
                }
            }
        };
        match timeout(LIMIT, reading).await {
            Ok(found) => found,
            Err(_elapsed) => {
                let heard: Vec<&Said> = self.said.iter().filter(|said| !said.is_beat()).collect();
                panic!("expected the entry in time, heard {heard:#?}")
            }
        }
    }

    pub(crate) async fn next_tick(&mut self) -> Tick {
        self.until(|said| {
            let Said::Tick(tick) = said else { return None };
            Some(tick.clone())
        })
        .await
    }

    /// Reads until a tick of this id.
    pub(crate) async fn tick(&mut self, id: u64) -> Tick {
        self.until(|said| {
            let Said::Tick(tick) = said else { return None };
            (tick.trade_id == id).then(|| tick.clone())
        })
        .await
    }

    pub(crate) async fn gap(&mut self) -> (u64, u64) {
        self.until(|said| {
            let Said::Gap(gap) = said else { return None };
            Some((gap.first, gap.last))
        })
        .await
    }

    pub(crate) async fn note(&mut self) -> Note {
        self.until(|said| {
            let Said::Note(note) = said else { return None };
            Some(note.clone())
        })
        .await
    }

    pub(crate) async fn watermark(&mut self) -> Watermark {
        self.until(|said| {
            let Said::Watermark(watermark) = said else {
                return None;
            };
            Some(watermark.clone())
        })
        .await
    }

    /// The ids of all ticks so far.
    pub(crate) fn ids(&self) -> Vec<u64> {
        let id = |said: &Said| {
            let Said::Tick(tick) = said else { return None };
            Some(tick.trade_id)
        };
        self.said.iter().filter_map(id).collect()
    }

    /// The epochs of all entries so far, each once.
    pub(crate) fn epochs(&self) -> Vec<u64> {
        let mut epochs: Vec<_> = self.said.iter().map(Said::epoch).collect();
        epochs.dedup();
        epochs
    }

    /// The ids of all trades so far, those that came late too, each in its place.
    pub(crate) fn ids_and_late(&self) -> Vec<u64> {
        let id = |said: &Said| match said {
            Said::Tick(tick) => Some(tick.trade_id),
            Said::Note(note) if note.kind == NoteKind::Late => Some(note.trade_id),
            Said::Note(_) | Said::Gap(_) | Said::Watermark(_) | Said::Offset(_) => None,
        };
        self.said.iter().filter_map(id).collect()
    }

    /// Asserts that nothing was given up or noted so far, and that ticks and watermarks agree.
    pub(crate) fn assert_flawless(&self) {
        self.assert_true(|_, _| false);
    }

    /// Asserts that nothing was given up, that what was noted was late indeed, and that ticks and
    /// watermarks agree.
    pub(crate) fn assert_honest(&self) {
        self.assert_true(|note, closed| note.kind == NoteKind::Late && note.time.ms() <= closed);
    }

    fn assert_true(&self, may_be_noted: impl Fn(&Note, i64) -> bool) {
        let mut closed = i64::MIN;
        for said in &self.said {
            match said {
                Said::Tick(tick) => assert!(tick.time.ms() > closed, "{tick:?} is late"),
                Said::Watermark(watermark) => {
                    assert!(watermark.time.ms() > closed, "{watermark:?} goes back");
                    closed = watermark.time.ms();
                }
                Said::Note(note) if may_be_noted(note, closed) => {}
                Said::Offset(_) => {}
                Said::Gap(_) | Said::Note(_) => panic!("expected no flaw and got {said:?}"),
            }
        }
    }
}
