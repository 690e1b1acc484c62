//! One file per message. Each names its consumer and handles one delivery: load, decide, write,
//! announce. The bus acknowledges.

pub(crate) mod agree_to_room;
pub(crate) mod battle_sealed;
pub(crate) mod cancel_battle;
pub(crate) mod create_game;
pub(crate) mod create_room;
pub(crate) mod delete_game;
pub(crate) mod forget_player;
pub(crate) mod invite_to_party;
pub(crate) mod join;
pub(crate) mod join_party;
pub(crate) mod join_room;
pub(crate) mod join_room_as_party;
pub(crate) mod kick_from_room;
pub(crate) mod leave;
pub(crate) mod leave_party;
pub(crate) mod leave_room;
pub(crate) mod queue_party;
pub(crate) mod remove_from_party;
pub(crate) mod start_room;
pub(crate) mod update_game;
pub(crate) mod void_player;

use contracts::Code;
use contracts::commands::Refused;
use domain::game::Template;

/// How many commands of a kind about places, rooms and parties are handled at once. Those about the
/// same player, room or party wait for each other in the database.
const AT_ONCE: usize = 8;

/// Names the field of a template that breaks a rule.
fn check(template: &Template) -> Result<(), Refused> {
    template
        .validate()
        .map_err(|refusal| Refused::of_field(Code::InvalidGame, refusal.field, refusal.to_string()))
}
