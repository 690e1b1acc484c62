//! The ledger against the simplest thing that could be right: maps in memory.

use std::collections::{BTreeMap, BTreeSet};

use contracts::Service;
use domain::id::{AccountId, TransferId, UserId};
use domain::ledger::{Account, Movement, Refusal, Transfer};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use store::Db;
use store::ledger::{self, Posted};

use crate::stage::{ESCROW, HOUSE, OUTSIDE, Stage, id, is_bounded, post, transfer, wallet};

/// Few accounts, keys and amounts, so that they meet.
const ACCOUNTS: [Account; 5] = [OUTSIDE, HOUSE, ESCROW, wallet(USERS[0]), wallet(USERS[1])];
const USERS: [UserId; 2] = [id(1), id(2)];
const CASES: u32 = 8;
const STATEMENTS: usize = 60;

type Transfers = BTreeMap<TransferId, Transfer>;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Reference {
    accounts: BTreeMap<Account, (i64, i64)>,
    transfers: Transfers,
    ended: BTreeSet<TransferId>,
}

impl Reference {
    fn kept(&self) -> Kept {
        let rows = self
            .accounts
            .iter()
            .map(|(account, sums)| (account.id(), *sums));
        rows.filter(|(_, sums)| *sums != (0, 0)).collect()
    }

    /// Does it all in order, or answers the first reason not to.
    fn post(&mut self, transfers: &[Transfer]) -> Result<Posted, Refusal> {
        let known = transfers
            .iter()
            .filter(|new| self.transfers.contains_key(&new.key.id()));
        match known.count() {
            0 => {}
            all if all == transfers.len() => {
                let same = transfers
                    .iter()
                    .all(|new| self.transfers[&new.key.id()] == *new);
                return if same {
                    Ok(Posted::Before)
                } else {
                    Err(Refusal::KeyReused)
                };
            }
            _some => return Err(Refusal::KeyReused),
        }
        let mut after = self.clone();
        for transfer in transfers {
            if after
                .transfers
                .insert(transfer.key.id(), transfer.clone())
                .is_some()
            {
                return Err(Refusal::KeyReused);
            }
            after.apply(transfer, &self.transfers)?;
        }
        *self = after;
        Ok(Posted::Now)
    }

    /// A hold can be ended from the next statement on: `earlier` are the transfers before this one.
    fn apply(&mut self, transfer: &Transfer, earlier: &Transfers) -> Result<(), Refusal> {
        match transfer.movement {
            Movement::Move {
                debit,
                credit,
                amount,
            } => {
                self.change(debit, -amount, 0)?;
                self.change(credit, amount, 0)
            }
            Movement::Hold { debit, amount, .. } => self.change(debit, 0, amount),
            Movement::Post { hold, credit } => {
                let (debit, amount) = self.end(hold, earlier)?;
                self.change(debit, -amount, -amount)?;
                self.change(credit, amount, 0)
            }
            Movement::Void { hold } => {
                let (debit, amount) = self.end(hold, earlier)?;
                self.change(debit, 0, -amount)
            }
            Movement::Expire { .. } => Err(Refusal::HoldNotExpired),
        }
    }

    fn end(&mut self, hold: TransferId, earlier: &Transfers) -> Result<(Account, i64), Refusal> {
        let Some(Movement::Hold { debit, amount, .. }) =
            earlier.get(&hold).map(|transfer| transfer.movement)
        else {
            return Err(Refusal::UnknownHold);
        };
        if self.ended.insert(hold) {
            Ok((debit, amount))
        } else {
            Err(Refusal::HoldEnded)
        }
    }

    fn change(&mut self, account: Account, amount: i64, held_back: i64) -> Result<(), Refusal> {
        let (balance, held) = self.accounts.entry(account).or_default();
        *balance += amount;
        if is_bounded(account.kind) {
            *held += held_back;
            if *balance < *held {
                return Err(Refusal::Insufficient);
            }
        }
        Ok(())
    }
}

fn amount() -> impl Strategy<Value = i64> {
    1..=20_i64
}

fn key() -> impl Strategy<Value = String> {
    (0..40_u8).prop_map(|n| format!("key/{n}"))
}

fn movement() -> impl Strategy<Value = Movement> {
    let account = || proptest::sample::select(&ACCOUNTS[..]);
    let user = || proptest::sample::select(&ACCOUNTS[2..]);
    let hold = || key().prop_map(|key| ledger::TransferKey::new(key).id());
    prop_oneof![
        3 => (account(), account(), amount())
            .prop_filter("two sides", |(debit, credit, _)| debit != credit)
            .prop_map(|(debit, credit, amount)| Movement::Move { debit, credit, amount }),
        2 => (user(), amount())
            .prop_map(|(debit, amount)| Movement::Hold { debit, amount, expires_at: None }),
        2 => hold().prop_map(|hold| Movement::Post { hold, credit: HOUSE }),
        2 => hold().prop_map(|hold| Movement::Void { hold }),
    ]
}

/// One to three linked transfers.
fn statement() -> impl Strategy<Value = Vec<Transfer>> {
    proptest::collection::vec((key(), movement()), 1..=3).prop_map(|rows| {
        rows.into_iter()
            .map(|(key, movement)| transfer(key, movement))
            .collect()
    })
}

/// Balance and held part of every account, by id.
type Kept = BTreeMap<AccountId, (i64, i64)>;

async fn kept(db: &Db) -> Kept {
    let balances = ledger::balances(db, &ACCOUNTS).await.unwrap();
    let rows = balances
        .into_iter()
        .map(|row| (row.id.into(), (row.balance, row.held)));
    rows.filter(|(_, sums)| *sums != (0, 0)).collect()
}

async fn agrees(db: &Db, statements: &[Vec<Transfer>]) -> Result<(), TestCaseError> {
    let mut reference = Reference::default();
    for transfers in statements {
        let expected = reference.post(transfers);
        let found = post(db, transfers).await;
        // Of several reasons to refuse, the database may find another one first.
        prop_assert_eq!(
            found.is_ok(),
            expected.is_ok(),
            "{:?}: {:?}, {:?}",
            transfers,
            found,
            expected
        );
        if expected.is_ok() {
            prop_assert_eq!(found, expected);
        }
        prop_assert_eq!(kept(db).await, reference.kept());
    }
    let found = ledger::check(db).await.unwrap();
    let crooked: Vec<_> = found
        .into_iter()
        .filter(|found| found.rule != "holds_have_a_reason")
        .collect();
    prop_assert_eq!(crooked, []);
    Ok(())
}

#[test]
fn the_ledger_does_what_maps_in_memory_do() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut runner = TestRunner::new(Config {
        cases: CASES,
        ..Config::default()
    });
    let histories = proptest::collection::vec(statement(), 1..STATEMENTS);
    let outcome = runner.run(&histories, |history| {
        runtime.block_on(async {
            let stage = Stage::new().await;
            let db = stage.db(Service::Treasury).await;
            agrees(&db, &history).await
        })
    });
    outcome.unwrap();
}
