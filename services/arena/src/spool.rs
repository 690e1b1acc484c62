//! The bytes of a record in the making, cut into the parts in which it is kept. Whole parts wait in a
//! temporary file, so that memory holds about one, however long the record becomes.

use std::io;

use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};

/// A record in the making.
#[derive(Debug)]
pub(crate) struct Spool {
    part_len: usize,
    /// Whole parts; none before there is one.
    file: Option<File>,
    /// How many bytes the file has.
    filed: u64,
    rest: Vec<u8>,
}

/// A record in its parts.
#[derive(Debug)]
pub(crate) struct Parts {
    part_len: usize,
    file: Option<File>,
    /// How many bytes of the file were not read yet.
    unread: u64,
    rest: Vec<u8>,
}

impl Spool {
    /// A record without bytes yet, whose parts will be so long.
    pub(crate) const fn new(part_len: usize) -> Self {
        Self {
            part_len,
            file: None,
            filed: 0,
            rest: Vec::new(),
        }
    }

    /// Where the next bytes are appended.
    pub(crate) const fn end(&mut self) -> &mut Vec<u8> {
        &mut self.rest
    }

    /// How many bytes it has.
    pub(crate) fn len(&self) -> u64 {
        self.filed.saturating_add(len_of(&self.rest))
    }

    /// Files the parts that have become whole.
    pub(crate) async fn file_whole_parts(&mut self) -> io::Result<()> {
        while self.rest.len() >= self.part_len {
            let file = match &mut self.file {
                Some(file) => file,
                missing => missing.insert(File::from_std(tempfile::tempfile()?)),
            };
            let rest = self.rest.split_off(self.part_len);
            let part = std::mem::replace(&mut self.rest, rest);
            file.write_all(&part).await?;
            self.filed = self.filed.saturating_add(len_of(&part));
        }
        Ok(())
    }

    /// All parts, from the first.
    pub(crate) async fn parts(mut self) -> io::Result<Parts> {
        self.file_whole_parts().await?;
        if let Some(file) = &mut self.file {
            file.flush().await?;
            file.rewind().await?;
        }
        Ok(Parts {
            part_len: self.part_len,
            file: self.file,
            unread: self.filed,
            rest: self.rest,
        })
    }
}

impl Parts {
    /// The next part; none behind the last.
    pub(crate) async fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        if let Some(file) = self.file.as_mut().filter(|_| self.unread > 0) {
            let mut part = vec![0; self.part_len];
            file.read_exact(&mut part).await?;
            self.unread = self.unread.saturating_sub(len_of(&part));
            return Ok(Some(part));
        }
        let last = std::mem::take(&mut self.rest);
        Ok((!last.is_empty()).then_some(last))
    }
}

fn len_of(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PART_LEN: usize = 4;

    /// The parts of `text`, written as much at a time.
    async fn parts_of(text: &str, at_a_time: usize) -> Vec<String> {
        let mut spool = Spool::new(PART_LEN);
        for written in text.as_bytes().chunks(at_a_time) {
            spool.end().extend_from_slice(written);
            spool.file_whole_parts().await.unwrap();
            assert!(spool.end().len() < PART_LEN, "memory holds a part at most");
        }
        assert_eq!(spool.len(), len_of(text.as_bytes()));
        let mut parts = spool.parts().await.unwrap();
        let mut found = Vec::new();
        while let Some(part) = parts.next().await.unwrap() {
            found.push(String::from_utf8(part).unwrap());
        }
        found
    }

    #[tokio::test]
    async fn a_record_is_cut_at_the_parts_length_however_it_is_written() {
        for at_a_time in 1..=10 {
            for (text, parts) in [
                ("", &[] as &[&str]),
                ("abc", &["abc"]),
                ("abcd", &["abcd"]),
                ("abcde", &["abcd", "e"]),
                ("abcdefgh", &["abcd", "efgh"]),
                ("abcdefghij", &["abcd", "efgh", "ij"]),
            ] {
                assert_eq!(parts_of(text, at_a_time).await, parts, "{at_a_time}");
            }
        }
    }
}
