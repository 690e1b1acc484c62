//! How far somebody was told, as clients keep it: text that they cannot read. A place in a stream
//! counts what others do, too, and two cursors of one place are not alike.

use anyhow::Context as _;
use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use contracts::stream::StreamPlace;
use domain::market::Incarnation;
use secrecy::{ExposeSecret, SecretString};

use crate::error::{ApiError, ApiResult};

/// What the key of cursors is made of, beside the secret.
const PURPOSE: &[u8] = b"battlesbit/cursors/1";

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
    /// A cursor as a client says it. Whether it is one of ours is for [`Cursors::numbers`] to say.
    pub(crate) fn said(text: &str) -> Option<Self> {
        (text.len() <= MAX_LEN).then(|| Self(text.into()))
    }

    /// What the client sees.
    pub(crate) fn text(&self) -> &str {
        &self.0
    }
}

/// Writes cursors, and reads them again.
#[derive(Debug)]
pub(crate) struct Cursors(RandomizedNonceKey);

impl Cursors {
    /// Whoever has the same secret reads what this writes.
    pub(crate) fn new(secret: &SecretString) -> anyhow::Result<Self> {
        let secret = hmac::Key::new(hmac::HMAC_SHA256, secret.expose_secret().as_bytes());
        let key = hmac::sign(&secret, PURPOSE);
        let key = RandomizedNonceKey::new(&AES_256_GCM_SIV, key.as_ref());
        Ok(Self(key.context("cursors have no key")?))
    }

    /// The cursor of these numbers.
    pub(crate) fn of_numbers(&self, kind: Kind, numbers: &[i64]) -> ApiResult<Cursor> {
        let mut bytes = vec![kind as u8];
        bytes.extend(numbers.iter().flat_map(|number| number.to_be_bytes()));
        let sealed = self.0.seal_in_place_append_tag(Aad::empty(), &mut bytes);
        let nonce = sealed.map_err(ApiError::internal)?;
        bytes.extend_from_slice(nonce.as_ref());
        Ok(Cursor(URL_SAFE_NO_PAD.encode(bytes).into()))
    }

    /// The numbers of a cursor of this kind, which has so many; none if it was written under another
    /// secret.
    pub(crate) fn numbers(
        &self,
        cursor: &Cursor,
        kind: Kind,
        count: usize,
    ) -> ApiResult<Option<Vec<i64>>> {
        let foreign = || ApiError::bad_input("after", "a cursor of this subscription");
        let mut bytes = URL_SAFE_NO_PAD
            .decode(cursor.text())
            .map_err(|_odd| foreign())?;
        let (sealed, nonce) = bytes
            .split_last_chunk_mut::<NONCE_LEN>()
            .ok_or_else(foreign)?;
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let Ok(opened) = self.0.open_in_place(nonce, Aad::empty(), sealed) else {
            return Ok(None);
        };
        let (first, rest) = opened.split_first().ok_or_else(foreign)?;
        let (numbers, rest) = rest.as_chunks::<8>();
        if *first != kind as u8 || !rest.is_empty() || numbers.len() != count {
            return Err(foreign());
        }
        Ok(Some(
            numbers.iter().map(|it| i64::from_be_bytes(*it)).collect(),
        ))
    }

    /// The cursor of places in streams.
    pub(super) fn of_places(&self, kind: Kind, places: &[StreamPlace]) -> ApiResult<Cursor> {
        let numbers: Vec<i64> = places
            .iter()
            .flat_map(|place| {
                let sequence = i64::try_from(place.sequence).unwrap_or(i64::MAX);
                [place.incarnation.0, sequence]
            })
            .collect();
        self.of_numbers(kind, &numbers)
    }

    /// The places of a cursor in so many streams; none as for its numbers.
    pub(super) fn places(
        &self,
        cursor: &Cursor,
        kind: Kind,
        count: usize,
    ) -> ApiResult<Option<Vec<StreamPlace>>> {
        let Some(numbers) = self.numbers(cursor, kind, count.saturating_mul(2))? else {
            return Ok(None);
        };
        let (pairs, _) = numbers.as_chunks::<2>();
        let place = |[incarnation, sequence]: &[i64; 2]| StreamPlace {
            incarnation: Incarnation(*incarnation),
            sequence: sequence.unsigned_abs(),
        };
        Ok(Some(pairs.iter().map(place).collect()))
    }
}

#[cfg(test)]
mod tests {
    use contracts::Code;

    use super::*;

    fn cursors(secret: &str) -> Cursors {
        Cursors::new(&secret.into()).unwrap()
    }

    fn place(sequence: u64) -> StreamPlace {
        StreamPlace {
            incarnation: Incarnation(1_700_000_000_000_000_000),
            sequence,
        }
    }

    #[test]
    fn a_cursor_reads_back_under_its_own_kind_alone() {
        let cursors = cursors("s");
        let places = vec![place(0), place(u64::from(u32::MAX))];
        let cursor = cursors.of_places(Kind::Tickets, &places).unwrap();
        let cursor = Cursor::said(cursor.text()).unwrap();
        let read = |kind, count| {
            let read = cursors.places(&cursor, kind, count);
            read.map_err(|error| error.code())
        };
        assert_eq!(read(Kind::Tickets, 2), Ok(Some(places)));
        assert_eq!(read(Kind::Positions, 2), Err(Code::BadUserInput));
        assert_eq!(read(Kind::Tickets, 1), Err(Code::BadUserInput));
    }

    #[test]
    fn nobody_sees_in_two_cursors_whether_they_are_of_one_place() {
        let cursors = cursors("s");
        let [one, other] =
            [(); 2].map(|()| cursors.of_places(Kind::Positions, &[place(7)]).unwrap());
        assert_ne!(one, other);
        assert_eq!(one.text().len(), other.text().len());
    }

    #[test]
    fn what_was_written_under_another_secret_or_changed_is_not_read() {
        let of = |secret| cursors(secret).of_numbers(Kind::Inbox, &[7]).unwrap();
        let read = |cursor: &Cursor| cursors("s").numbers(cursor, Kind::Inbox, 1).unwrap();
        let cursor = of("s");
        assert_eq!(read(&cursor), Some(vec![7]));
        assert_eq!(read(&of("another")), None);
        let mut changed = cursor.text().to_owned();
        let first = if changed.starts_with('A') { "B" } else { "A" };
        changed.replace_range(..1, first);
        assert_eq!(read(&Cursor::said(&changed).unwrap()), None);
    }

    #[test]
    fn what_we_never_wrote_is_no_cursor() {
        for text in ["", "x", "AQ", "AQAA", "Ä"] {
            let said = Cursor::said(text).unwrap();
            let read = cursors("s").numbers(&said, Kind::Positions, 1);
            let code = read.map_err(|error| error.code());
            assert_eq!(code, Err(Code::BadUserInput), "{text}");
        }
        assert_eq!(Cursor::said(&"A".repeat(MAX_LEN + 1)), None);
    }
}
