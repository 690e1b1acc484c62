//! What is final, kept in a file, so that a chain outlives its process: a line for each transaction,
//! its slot and its bytes, and one with the last slot where the process was asked to end. Whatever
//! was not final then never happened.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::path::Path;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use solana_transaction::versioned::VersionedTransaction;

/// The file.
pub(crate) struct Journal {
    file: File,
}

/// A slot that there was.
pub(crate) struct Entry {
    pub(crate) slot: u64,
    /// What is final in it.
    pub(crate) transaction: Option<VersionedTransaction>,
}

impl Journal {
    /// Opens a journal, and reads what stands in it; makes it where there is none.
    pub(crate) fn open(path: &Path) -> anyhow::Result<(Self, Vec<Entry>)> {
        let mut options = OpenOptions::new();
        let file = options.create(true).read(true).append(true).open(path);
        let mut file = file.with_context(|| format!("cannot open {}", path.display()))?;
        let mut text = String::new();
        file.read_to_string(&mut text)
            .with_context(|| format!("cannot read {}", path.display()))?;
        // A process that was ended may have left half a line.
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        file.set_len(u64::try_from(whole)?)?;
        let entries = text[..whole].lines().map(read);
        let entries: anyhow::Result<Vec<_>> = entries.collect();
        let entries = entries.with_context(|| format!("{} is no journal", path.display()))?;
        Ok((Self { file }, entries))
    }

    /// Notes a transaction that is final now.
    pub(crate) fn note(
        &mut self,
        slot: u64,
        transaction: &VersionedTransaction,
    ) -> anyhow::Result<()> {
        let bytes = STANDARD.encode(bincode::serialize(transaction)?);
        self.write(&format!("{slot} {bytes}\n"))
    }

    /// Notes how far the chain has come.
    pub(crate) fn note_slot(&mut self, slot: u64) -> anyhow::Result<()> {
        self.write(&format!("{slot}\n"))
    }

    fn write(&mut self, line: &str) -> anyhow::Result<()> {
        let written = self.file.write_all(line.as_bytes());
        written.context("the journal cannot be written")
    }
}

fn read(line: &str) -> anyhow::Result<Entry> {
    let mut words = line.split(' ');
    let slot = words.next().context("expected a slot")?.parse()?;
    let bytes = words.next().map(|bytes| STANDARD.decode(bytes));
    let transaction = bytes.transpose()?.map(|bytes| bincode::deserialize(&bytes));
    Ok(Entry {
        slot,
        transaction: transaction.transpose()?,
    })
}
