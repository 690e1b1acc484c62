//! What goes wrong on request.

use anyhow::ensure;
use serde::{Deserialize, Serialize};

use crate::rpc::METHODS;

/// What can go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// The node answers that it takes no more questions: status 429.
    Busy,
    /// What is asked is done and never answered.
    Silence,
    /// A transaction is taken and answered, and never reaches a block.
    Drop,
    /// A page of signatures names every transaction twice.
    Duplicate,
    /// The blockhash that is given has expired.
    StaleBlockhash,
    /// Everything is told as it was some slots ago.
    Lag,
    /// Transactions reach a block only some slots later.
    Delay,
    /// The node has forgotten all blocks but those of the last slots.
    Forget,
}

/// What is to go wrong.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fault {
    pub(crate) kind: Kind,
    /// How often, or by how many slots; 0 ends it.
    pub(crate) count: u64,
    /// The method that it happens to; any if it is not said.
    #[serde(default)]
    pub(crate) method: Option<String>,
}

/// Everything that is to go wrong.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    all: Vec<Fault>,
    /// The method that is answered now; none between two questions.
    method: Option<String>,
}

impl Faults {
    /// Notes which method is answered from now on.
    pub(crate) fn answer(&mut self, method: Option<&str>) {
        self.method = method.map(str::to_owned);
    }

    /// Replaces what was to go wrong in the same way.
    ///
    /// # Errors
    /// When it is to happen to a method that nobody answers, and so would never happen.
    pub(crate) fn set(&mut self, fault: Fault) -> anyhow::Result<()> {
        if let Some(method) = &fault.method {
            ensure!(METHODS.contains(&method.as_str()), "no method is {method}");
        }
        self.all
            .retain(|other| (other.kind, &other.method) != (fault.kind, &fault.method));
        if fault.count > 0 {
            self.all.push(fault);
        }
        Ok(())
    }

    /// What has not gone wrong yet, or goes wrong until it is ended.
    pub(crate) fn left(&self) -> Vec<&Fault> {
        self.all.iter().filter(|fault| fault.count > 0).collect()
    }

    /// Whether this goes wrong now; counts it.
    pub(crate) fn strike(&mut self, kind: Kind) -> bool {
        let method = self.method.as_deref();
        let is_meant = |fault: &&mut Fault| fault.is_meant(kind, method) && fault.count > 0;
        let Some(fault) = self.all.iter_mut().find(is_meant) else {
            return false;
        };
        fault.count -= 1;
        true
    }

    /// By how many slots something is late.
    pub(crate) fn slots(&self, kind: Kind) -> u64 {
        let method = self.method.as_deref();
        let late = self.all.iter().find(|fault| fault.is_meant(kind, method));
        late.map_or(0, |fault| fault.count)
    }
}

impl Fault {
    /// Whether this kind is to happen to the method.
    fn is_meant(&self, kind: Kind, method: Option<&str>) -> bool {
        self.kind == kind && (self.method.is_none() || self.method.as_deref() == method)
    }
}
