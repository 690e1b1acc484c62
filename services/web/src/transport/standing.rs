//! What stands open, counted by the address it comes from: one customer does not take the places of
//! all.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::error::ApiError;

/// How long whoever has too many is told to wait.
const COME_AGAIN: Duration = Duration::from_secs(10);

/// How many stand open, by customer. Cheap to clone; locked for moments.
#[derive(Clone)]
pub(super) struct Standing {
    most: u32,
    open: Arc<Mutex<HashMap<IpAddr, u32>>>,
}

/// One that is counted until this is dropped.
pub(super) struct Counted {
    customer: IpAddr,
    open: Arc<Mutex<HashMap<IpAddr, u32>>>,
}

impl Standing {
    /// At most so many from one address.
    pub(super) fn new(most: u32) -> Self {
        Self {
            most,
            open: Arc::default(),
        }
    }

    /// Counts one more of the customer; `RATE_LIMITED` if it is one too many.
    pub(super) fn count(&self, customer: IpAddr) -> Result<Counted, ApiError> {
        let mut open = lock(&self.open);
        let count = open.get(&customer).copied().unwrap_or_default();
        if count >= self.most {
            return Err(ApiError::RateLimited(COME_AGAIN));
        }
        open.insert(customer, count.saturating_add(1));
        Ok(Counted {
            customer,
            open: Arc::clone(&self.open),
        })
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        if let Entry::Occupied(mut count) = lock(&self.open).entry(self.customer) {
            *count.get_mut() = count.get().saturating_sub(1);
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}

fn lock(open: &Mutex<HashMap<IpAddr, u32>>) -> MutexGuard<'_, HashMap<IpAddr, u32>> {
    open.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_address_has_places_of_its_own_and_gives_them_back() {
        let standing = Standing::new(2);
        let [ann, bob] = [1, 2].map(|last| IpAddr::from([192, 0, 2, last]));
        let first = standing.count(ann);
        let second = standing.count(ann);
        assert!(first.is_ok() && second.is_ok());
        assert!(standing.count(ann).is_err());
        assert!(standing.count(bob).is_ok());
        drop(first);
        assert!(standing.count(ann).is_ok());
        drop(second);
        assert!(lock(&standing.open).is_empty());
    }
}
