//! One file per message. Each names its consumer and handles one delivery: load, decide, write,
//! announce. The bus acknowledges.

pub(crate) mod battle_sealed;
pub(crate) mod cancel_battle;
pub(crate) mod create_game;
pub(crate) mod create_room;
pub(crate) mod delete_game;
pub(crate) mod join;
pub(crate) mod join_room;
pub(crate) mod kick_from_room;
pub(crate) mod leave;
pub(crate) mod leave_room;
pub(crate) mod start_room;
pub(crate) mod update_game;
pub(crate) mod void_player;

use contracts::Code;
use contracts::commands::Refused;
use domain::game::Template;

/// Names the field of a template that breaks a rule.
fn check(template: &Template) -> Result<(), Refused> {
    template
        .validate()
        .map_err(|refusal| Refused::of_field(Code::InvalidGame, refusal.field, refusal.to_string()))
}
