//! A user's signed-in devices.

use domain::id::UserId;
use entity::session::Model;
use time::OffsetDateTime;

use super::List;

/// The sessions of this user that are alive at `now`.
pub fn list(user: UserId, now: OffsetDateTime) -> List<Model> {
    let sql = "
        SELECT s.*, (extract(epoch FROM s.created_at) * 1000000)::bigint AS cursor_number,
            s.id AS cursor_id
        FROM sessions s WHERE s.user_id = $1 AND s.revoked_at IS NULL AND s.expires_at > $2";
    List::new(sql, [user.uuid().into(), now.into()])
}
