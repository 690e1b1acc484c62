//! Who is behind a session, remembered for a moment: whoever trades asks several times a second.
//! For orders alone; everything else looks at the session itself.

use std::time::Duration;

use domain::id::SessionId;
use store::Db;
use store::session::Live;

use crate::remembered::Remembered;

/// How long what was found is remembered. A session that another process ends is good here for that
/// long, and for less than the second that is promised; this process forgets what it ends itself at
/// once.
const REMEMBERED: Duration = Duration::from_millis(800);

/// The sessions that were looked up a moment ago. Those that are not live are looked up each time.
pub(crate) struct Sessions(Remembered<SessionId, Live>);

impl Default for Sessions {
    fn default() -> Self {
        Self(Remembered::for_at_most(REMEMBERED))
    }
}

impl Sessions {
    /// Finds who is behind a session, unless it was revoked or its user is gone.
    pub(crate) async fn find_live(
        &self,
        db: &Db,
        session: SessionId,
    ) -> store::Result<Option<Live>> {
        if let Some(live) = self.0.get(&session) {
            return Ok(Some(live));
        }
        let found = store::session::find_live(db, session).await?;
        if let Some(live) = &found {
            self.0.insert(session, live.clone());
        }
        Ok(found)
    }

    /// Forgets everybody: sessions were ended.
    pub(crate) fn forget(&self) {
        self.0.forget();
    }
}
