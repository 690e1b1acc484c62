//! A commit counts only under the present lease and behind the commit before it.

use std::time::Duration;

use contracts::Service;
use contracts::shard::Shard;
use contracts::stream::StreamPlace;
use domain::battle::MarketState;
use domain::market::Incarnation;
use store::Db;
use store::arena::{self, Batch, Checkpoint, Lease, ShardRow, Written};

use crate::floor::{Floor, connect};

async fn take(db: &Db, owner: &str, ttl: Duration, limit: u8) -> Vec<ShardRow> {
    arena::take(db, owner, ttl, limit, &[]).await.unwrap()
}

fn batch(lease: Lease, commits: i64, sequence: u64) -> Batch {
    let market = MarketState {
        sequence,
        ..MarketState::default()
    };
    let positions = StreamPlace {
        incarnation: Incarnation(1),
        sequence,
    };
    Batch {
        lease,
        commits,
        checkpoint: Checkpoint { market, positions },
        opened: Vec::new(),
        battles: Vec::new(),
        participants: Vec::new(),
        ordered: Vec::new(),
        positions: Vec::new(),
        outcomes: Vec::new(),
        log: Vec::new(),
        announcements: Vec::new(),
        dead_letters: Vec::new(),
    }
}

async fn is_committed(db: &Db, batch: &Batch) -> bool {
    let written = arena::write(db, std::slice::from_ref(batch)).await.unwrap();
    matches!(written, Written::Committed(_))
}

#[tokio::test]
async fn an_old_owners_late_commit_is_refused() {
    let floor = Floor::new().await;
    let db = connect(&floor.database, Service::Arena).await;
    let lapsed = take(&db, "old", Duration::ZERO, 64).await;
    assert_eq!(lapsed.len(), 64);
    let long = Duration::from_secs(60);
    let taken = take(&db, "new", long, 64).await;
    assert_eq!(taken.len(), 64);
    assert!(take(&db, "other", long, 64).await.is_empty());

    let (old, new) = (lapsed[0].lease, taken[0].lease);
    assert_eq!((old.shard, old.epoch + 1), (new.shard, new.epoch));
    let refused = arena::write(&db, &[batch(old, 0, 5)]).await.unwrap();
    assert_eq!(refused, Written::Lost(vec![old.shard]));
    assert!(is_committed(&db, &batch(new, 0, 7)).await);
    let row = arena::find(&db, &[new.shard]).await.unwrap().pop().unwrap();
    assert_eq!(
        (row.commits, row.checkpoint.unwrap().positions.sequence),
        (1, 7)
    );
}

#[tokio::test]
async fn one_lost_shard_keeps_the_others_of_its_commit_from_being_half_written() {
    let floor = Floor::new().await;
    let db = connect(&floor.database, Service::Arena).await;
    let taken = take(&db, "owner", Duration::from_secs(60), 2).await;
    let (mine, lost) = (taken[0].lease, taken[1].lease);
    let lost = Lease {
        epoch: lost.epoch - 1,
        ..lost
    };
    let batches = [batch(mine, 0, 3), batch(lost, 0, 3)];
    assert_eq!(
        arena::write(&db, &batches).await.unwrap(),
        Written::Lost(vec![lost.shard])
    );
    let rows = arena::find(&db, &[mine.shard, lost.shard]).await.unwrap();
    assert!(
        rows.iter()
            .all(|row| row.commits == 0 && row.checkpoint.is_none())
    );
}

#[tokio::test]
async fn the_same_commit_cannot_happen_twice() {
    let floor = Floor::new().await;
    let db = connect(&floor.database, Service::Arena).await;
    let lease = take(&db, "owner", Duration::from_secs(60), 1).await[0].lease;
    assert!(is_committed(&db, &batch(lease, 0, 3)).await);
    let again = arena::write(&db, &[batch(lease, 0, 3)]).await.unwrap();
    assert_eq!(again, Written::Lost(vec![lease.shard]));
    assert!(is_committed(&db, &batch(lease, 1, 4)).await);
}

#[tokio::test]
async fn a_lease_is_renewed_by_its_owner_alone() {
    let floor = Floor::new().await;
    let db = connect(&floor.database, Service::Arena).await;
    let long = Duration::from_secs(60);
    let lease = take(&db, "owner", long, 1).await[0].lease;
    let old = Lease {
        epoch: lease.epoch - 1,
        ..lease
    };
    assert_eq!(
        arena::renew(&db, "owner", &[lease], long).await.unwrap(),
        [lease.shard]
    );
    assert_eq!(
        arena::renew(&db, "owner", &[old], long).await.unwrap(),
        Vec::<Shard>::new()
    );
    arena::release(&db, &[old]).await.unwrap();
    assert_eq!(take(&db, "other", long, 64).await.len(), 63);
    arena::release(&db, &[lease]).await.unwrap();
    assert_eq!(
        arena::renew(&db, "owner", &[lease], long).await.unwrap(),
        Vec::<Shard>::new(),
        "what was given up stays free"
    );
    assert_eq!(take(&db, "other", long, 64).await.len(), 1);
}

#[tokio::test]
async fn a_shard_that_cannot_go_on_is_left_to_others() {
    let floor = Floor::new().await;
    let db = connect(&floor.database, Service::Arena).await;
    let except: Vec<Shard> = Shard::all().take(3).collect();
    let long = Duration::from_secs(60);
    let taken = arena::take(&db, "owner", long, 64, &except).await.unwrap();
    assert_eq!(taken.len(), 61);
    assert_eq!(take(&db, "other", long, 64).await.len(), 3);
}

#[tokio::test]
async fn an_arena_lives_as_long_as_it_says_so() {
    let floor = Floor::new().await;
    let db = connect(&floor.database, Service::Arena).await;
    let long = Duration::from_secs(60);
    assert_eq!(arena::beat(&db, "one", long).await.unwrap(), 1);
    assert_eq!(arena::beat(&db, "two", Duration::ZERO).await.unwrap(), 2);
    assert_eq!(
        arena::beat(&db, "one", long).await.unwrap(),
        1,
        "two lapsed"
    );
    assert_eq!(arena::beat(&db, "two", long).await.unwrap(), 2);
    assert_eq!(arena::beat(&db, "one", long).await.unwrap(), 2);
    arena::leave(&db, "two").await.unwrap();
    assert_eq!(arena::beat(&db, "one", long).await.unwrap(), 1);
}
