//! How far somebody was told, as clients keep it: text that they need not understand.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use contracts::stream::StreamPlace;
use domain::market::Incarnation;

/// The longest cursor, in bytes of text; those that we write are much shorter.
const MAX_LEN: usize = 200;

/// What a cursor belongs to. The number stands in cursors that clients keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Positions = 1,
    Tickets = 2,
    Wallets = 3,
    Inbox = 4,
    Room = 5,
    Party = 6,
}

/// How far somebody was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cursor(Box<str>);

impl Cursor {
    /// A cursor as a client says it. Whether it is one of ours is for [`Cursor::numbers`] to say.
    pub(crate) fn said(text: &str) -> Option<Self> {
        (text.len() <= MAX_LEN).then(|| Self(text.into()))
    }

    /// What the client sees.
    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    /// The cursor of these numbers.
    pub(crate) fn of_numbers(kind: Kind, numbers: &[i64]) -> Self {
        let mut bytes = vec![kind as u8];
        bytes.extend(numbers.iter().flat_map(|number| number.to_be_bytes()));
        Self(URL_SAFE_NO_PAD.encode(bytes).into())
    }

    /// Its numbers, if it is of this kind and has so many.
    pub(crate) fn numbers(&self, kind: Kind, count: usize) -> Option<Vec<i64>> {
        let bytes = URL_SAFE_NO_PAD.decode(&*self.0).ok()?;
        let (first, rest) = bytes.split_first()?;
        let (numbers, rest) = rest.as_chunks::<8>();
        let fits = *first == kind as u8 && rest.is_empty() && numbers.len() == count;
        fits.then(|| numbers.iter().map(|it| i64::from_be_bytes(*it)).collect())
    }

    /// The cursor of places in streams.
    pub(super) fn of_places(kind: Kind, places: &[StreamPlace]) -> Self {
        let numbers: Vec<i64> = places
            .iter()
            .flat_map(|place| {
                let sequence = i64::try_from(place.sequence).unwrap_or(i64::MAX);
                [place.incarnation.0, sequence]
            })
            .collect();
        Self::of_numbers(kind, &numbers)
    }

    /// Its places in so many streams.
    pub(super) fn places(&self, kind: Kind, count: usize) -> Option<Vec<StreamPlace>> {
        let numbers = self.numbers(kind, count.saturating_mul(2))?;
        let (pairs, _) = numbers.as_chunks::<2>();
        let place = |[incarnation, sequence]: &[i64; 2]| {
            Some(StreamPlace {
                incarnation: Incarnation(*incarnation),
                sequence: u64::try_from(*sequence).ok()?,
            })
        };
        pairs.iter().map(place).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(sequence: u64) -> StreamPlace {
        StreamPlace {
            incarnation: Incarnation(1_700_000_000_000_000_000),
            sequence,
        }
    }

    #[test]
    fn a_cursor_reads_back_under_its_own_kind_alone() {
        let places = vec![place(0), place(u64::from(u32::MAX))];
        let cursor = Cursor::of_places(Kind::Tickets, &places);
        let said = Cursor::said(cursor.text());
        assert_eq!(said.as_ref(), Some(&cursor));
        assert_eq!(cursor.places(Kind::Tickets, 2), Some(places));
        assert_eq!(cursor.places(Kind::Positions, 2), None);
        assert_eq!(cursor.places(Kind::Tickets, 1), None);
        assert!(cursor.text().len() <= MAX_LEN);
    }

    #[test]
    fn what_we_never_wrote_is_no_cursor() {
        let negative = Cursor::of_numbers(Kind::Positions, &[1, -1]);
        assert_eq!(negative.places(Kind::Positions, 1), None);
        for text in ["", "x", "AQ", "AQAA", "Ä", &"A".repeat(MAX_LEN)] {
            let said = Cursor::said(text);
            let places = said.map(|said| said.places(Kind::Positions, 1));
            assert_eq!(places, Some(None), "{text}");
        }
        assert_eq!(Cursor::said(&"A".repeat(MAX_LEN + 1)), None);
    }
}
