//! `arena.battles.<battle>`: a hint that a result is sealed. The row is the truth, and the
//! leader's poll the backstop; settling twice changes nothing.

use std::sync::Arc;

use bus::{Consumer, Delivery, Failure};
use contracts::arena::{BattleChange, BattleEvent};
use contracts::{Service, Topic};

use crate::app::App;
use crate::settlement::{end_trading, settle};

/// How many battles are settled at once.
const AT_ONCE: usize = 4;

pub(crate) const CONSUMER: Consumer =
    Consumer::new(Service::Matcher, "battle_sealed", &[Topic::ArenaBattle]).at_once(AT_ONCE);

pub(crate) async fn handle(app: Arc<App>, delivery: Delivery) -> Result<(), Failure> {
    let event: BattleEvent = delivery.decode()?;
    match event.change {
        BattleChange::Sealed { .. } => {
            let now = app.exchange.now();
            end_trading(&app, event.battle, now).await?;
            settle(&app, event.battle).await?;
        }
        BattleChange::Opened | BattleChange::Canceled { .. } => {}
    }
    Ok(())
}
