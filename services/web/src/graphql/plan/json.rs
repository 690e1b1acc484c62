//! Values as the executor writes them.

use async_graphql::{ID, ScalarType, Value};
use serde::Serialize;

use crate::graphql::scalar::{DateTime, Decimal};

/// Writes plain data.
pub(super) fn write(value: &(impl Serialize + ?Sized), answer: &mut Vec<u8>) {
    // It can be written, and there is room for it.
    serde_json::to_writer(answer, value).ok();
}

/// What a field without fields of its own may be.
pub(crate) trait Leaf {
    fn write(&self, answer: &mut Vec<u8>);
}

macro_rules! plain {
    ($($type:ty),*) => {$(
        impl Leaf for $type {
            fn write(&self, answer: &mut Vec<u8>) {
                write(self, answer);
            }
        }
    )*};
}

plain!(bool, i32, i64, u8, f64, str, String);

impl<T: Leaf + ?Sized> Leaf for &T {
    fn write(&self, answer: &mut Vec<u8>) {
        (**self).write(answer);
    }
}

impl<T: Leaf> Leaf for Option<T> {
    fn write(&self, answer: &mut Vec<u8>) {
        match self {
            Some(value) => value.write(answer),
            None => answer.extend_from_slice(b"null"),
        }
    }
}

impl Leaf for ID {
    fn write(&self, answer: &mut Vec<u8>) {
        write(&self.0, answer);
    }
}

impl Leaf for Decimal {
    fn write(&self, answer: &mut Vec<u8>) {
        write(self.digits(), answer);
    }
}

impl Leaf for DateTime {
    fn write(&self, answer: &mut Vec<u8>) {
        write(&self.to_value(), answer);
    }
}

impl Leaf for Value {
    fn write(&self, answer: &mut Vec<u8>) {
        write(self, answer);
    }
}
