//! What every handler works with.

use bus::Bus;
use runtime::{Clock, Mode};
use store::Db;

use crate::settings::{Items, PlayMoney};

/// What every handler works with.
#[derive(Clone, Debug)]
pub(crate) struct App {
    pub(crate) db: Db,
    pub(crate) bus: Bus,
    pub(crate) clock: Clock,
    pub(crate) mode: Mode,
    pub(crate) play_money: PlayMoney,
    pub(crate) items: Items,
}
