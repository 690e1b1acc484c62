//! Compares what the ledger holds with what the reference does: all sums and stripes, and every
//! transfer and entry since the last time, in their order.

use sea_orm::{DbBackend, FromQueryResult, Statement};
use store::Db;
use store::entity::{ledger_entry, ledger_stripe, ledger_transfer};
use uuid::Uuid;

use super::book::{Book, Entry};

/// How far the transfers were compared.
#[derive(Debug, Default)]
pub(crate) struct Compared {
    transfers: usize,
    /// The number of the last one.
    number: i64,
}

#[derive(Debug, PartialEq, Eq, FromQueryResult)]
struct Sums {
    id: Uuid,
    balance: i64,
    held: i64,
    entries: i64,
}

impl Compared {
    /// Compares, and forgets the entries that were; `place` says where it was if something differs.
    pub(crate) async fn compare(&mut self, db: &Db, book: &mut Book, place: &str) {
        let all = "SELECT id, balance, held, entries FROM ledger_balances ORDER BY id";
        assert_eq!(rows::<Sums>(db, all).await, sums(book), "{place}");
        let all = "SELECT * FROM ledger_stripes WHERE balance <> 0 ORDER BY account_id, stripe";
        let found: Vec<ledger_stripe::Model> = rows(db, all).await;
        assert_eq!(found, stripes(book), "{place}");

        let number = self.number;
        let new = format!("SELECT * FROM ledger_transfers WHERE number > {number} ORDER BY number");
        let found: Vec<ledger_transfer::Model> = rows(db, &new).await;
        self.number = found.last().map_or(number, |row| row.number);
        let found: Vec<_> = found
            .into_iter()
            .map(|row| (row.id, row.key, row.body_hash))
            .collect();
        assert_eq!(found, transfers(book, self.transfers), "{place}");
        self.transfers = book.order.len();

        let new = format!(
            "SELECT e.* FROM ledger_entries e JOIN ledger_transfers t ON t.id = e.transfer_id
             WHERE t.number > {number} ORDER BY e.account_id, e.number"
        );
        let found: Vec<ledger_entry::Model> = rows(db, &new).await;
        assert_eq!(found, entries(book), "{place}");
    }
}

fn sums(book: &Book) -> Vec<Sums> {
    let rows = book.accounts.iter().map(|(account, sums)| Sums {
        id: account.id().uuid(),
        balance: number(sums.balance),
        held: number(sums.held),
        entries: sums.entries,
    });
    sorted(rows, |row| row.id)
}

fn stripes(book: &Book) -> Vec<ledger_stripe::Model> {
    let rows = book.stripes.iter().filter(|(_, balance)| **balance != 0);
    let rows = rows.map(|((account, stripe), balance)| ledger_stripe::Model {
        account_id: account.id().uuid(),
        stripe: *stripe,
        balance: number(*balance),
    });
    sorted(rows, |row| (row.account_id, row.stripe))
}

fn transfers(book: &Book, from: usize) -> Vec<(Uuid, String, String)> {
    let rows = book.order[from..].iter().map(|id| &book.transfers[id]);
    rows.map(|row| (row.key.id().uuid(), row.key.to_string(), row.body_hash()))
        .collect()
}

fn entries(book: &mut Book) -> Vec<ledger_entry::Model> {
    let row = |entry: Entry| ledger_entry::Model {
        account_id: entry.account.id().uuid(),
        number: entry.after.entries,
        transfer_id: entry.transfer.uuid(),
        amount: number(entry.amount),
        held: number(entry.held),
        balance_after: number(entry.after.balance),
        held_after: number(entry.after.held),
    };
    let rows = book.entries.drain(..).map(row);
    sorted(rows, |row| (row.account_id, row.number))
}

fn number(sum: i128) -> i64 {
    i64::try_from(sum).unwrap()
}

fn sorted<T, K: Ord>(rows: impl Iterator<Item = T>, key: impl Fn(&T) -> K) -> Vec<T> {
    let mut rows: Vec<_> = rows.collect();
    rows.sort_by_key(key);
    rows
}

async fn rows<T: FromQueryResult>(db: &Db, sql: &str) -> Vec<T> {
    let sql = Statement::from_string(DbBackend::Postgres, sql);
    T::find_by_statement(sql)
        .all(db.connection())
        .await
        .unwrap()
}
