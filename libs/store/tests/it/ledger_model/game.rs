//! Plays random transactions to the ledger and to the reference, and compares what they answer.
//! Connections are cut at any statement; whatever was in doubt is sent again.

use std::collections::BTreeMap;

use domain::ledger::{Refusal, Transfer};
use sea_orm::{ConnectionTrait as _, DbBackend, Statement};
use store::ledger::{self, Posted};
use store::{Db, Error, Tx};

use super::author::{Author, Step};
use super::book::Mark;
use super::compare::Compared;
use super::random::Random;
use super::reference::Reference;
use super::way::{Cut, STATEMENTS, Way};
use crate::stage::{Stage, let_expire};

/// One transaction of so many is cut somewhere.
const CUT_ONE_OF: usize = 12;
/// How many transactions are played between two looks at everything.
const COMPARED_EVERY: u64 = 50;

/// What was played, and what came of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) operations: u64,
    pub(crate) transactions: u64,
    /// How often each answer was given.
    pub(crate) answers: BTreeMap<String, u64>,
    /// How often the connection was cut where.
    pub(crate) cuts: BTreeMap<Cut, u64>,
    /// How often the connection broke before the commit was sent, and how often with it.
    pub(crate) broken: BTreeMap<bool, u64>,
}

impl Tally {
    pub(crate) fn add(&mut self, other: Self) {
        self.operations += other.operations;
        self.transactions += other.transactions;
        add(&mut self.answers, other.answers);
        add(&mut self.cuts, other.cuts);
        add(&mut self.broken, other.broken);
    }
}

fn add<K: Ord>(counts: &mut BTreeMap<K, u64>, others: BTreeMap<K, u64>) {
    for (key, count) in others {
        *counts.entry(key).or_default() += count;
    }
}

/// What a statement answers.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Answer {
    Opened(bool),
    Posted(Result<Posted, Refusal>),
}

/// What became of a transaction.
enum Outcome {
    Done,
    TakenBack,
    /// The connection broke, before the commit was sent or with it.
    Broken {
        committing: bool,
    },
}

pub(crate) struct Game {
    seed: u64,
    stage: Stage,
    way: Way,
    db: Db,
    /// Sees everything, and is never cut.
    operator: Db,
    author: Author,
    /// Decides what is done about a broken connection: how often one breaks is no matter of the seed.
    chance: Random,
    reference: Reference,
    tally: Tally,
    /// How many cuts were planned; not every game begins with the same.
    cuts: usize,
    compared: Compared,
}

impl Game {
    pub(crate) async fn new(seed: u64) -> Self {
        let stage = Stage::new().await;
        let way = Way::to(stage.port()).await;
        let (db, operator) = (stage.db_on(way.port).await, stage.superuser().await);
        Self {
            seed,
            author: Author::new(Random::new(seed)),
            chance: Random::new(seed.wrapping_add(1)),
            reference: Reference::default(),
            tally: Tally::default(),
            cuts: usize::try_from(seed % 12).unwrap(),
            compared: Compared::default(),
            stage,
            way,
            db,
            operator,
        }
    }

    /// Plays until so many transfers were sent.
    pub(crate) async fn play(mut self, operations: u64) -> Tally {
        while self.tally.operations < operations {
            self.play_transaction().await;
            self.tally.transactions += 1;
            if self.tally.transactions.is_multiple_of(COMPARED_EVERY) {
                self.compare().await;
            }
            if self.author.random.percent(30) {
                self.let_a_hold_expire().await;
            }
        }
        self.compare().await;
        let found = ledger::check(&self.operator).await.unwrap();
        let crooked = found.iter().filter(|it| it.rule != "holds_have_a_reason");
        let crooked: Vec<_> = crooked.collect();
        assert!(crooked.is_empty(), "{}: {crooked:#?}", self.place());
        self.tally.cuts = self.way.cuts();
        self.tally
    }

    async fn play_transaction(&mut self) {
        let steps = self.author.transaction(&self.reference);
        if self.author.random.below(CUT_ONE_OF) == 0 {
            self.plan_cut();
        }
        let thinks_better_of_it = self.author.random.percent(3);
        loop {
            let mark = self.reference.book.mark();
            match self.attempt(&steps, thinks_better_of_it).await {
                Outcome::Done => return,
                Outcome::TakenBack => return self.reference.book.restore(mark),
                Outcome::Broken { committing } => {
                    *self.tally.broken.entry(committing).or_default() += 1;
                    if let [Step::Post(transfers)] = &steps[..]
                        && self.chance.percent(50)
                    {
                        return self.send_again_at_once(transfers, mark, committing).await;
                    }
                    self.recover(mark, committing).await;
                }
            }
        }
    }

    /// Every statement is cut in both ways, in turn.
    fn plan_cut(&mut self) {
        let cut = Cut {
            at: STATEMENTS[self.cuts / 2 % STATEMENTS.len()],
            behind: self.cuts.is_multiple_of(2),
        };
        if self.way.cut(cut) {
            self.cuts += 1;
        }
    }

    async fn attempt(&mut self, steps: &[Step], thinks_better_of_it: bool) -> Outcome {
        let broken = Outcome::Broken { committing: false };
        let Some(tx) = heard(self.db.begin().await) else {
            return broken;
        };
        self.note_stripe().await;
        for step in steps {
            let expected = self.expect(step);
            let Some(found) = heard(send(&tx, step).await) else {
                return broken;
            };
            self.judge(step, &expected, &found);
        }
        if thinks_better_of_it {
            let taken_back = heard(tx.rollback().await);
            return taken_back.map_or(broken, |()| Outcome::TakenBack);
        }
        let committed = heard(tx.commit().await);
        committed.map_or(Outcome::Broken { committing: true }, |()| Outcome::Done)
    }

    /// Everything that may be answered now.
    fn expect(&mut self, step: &Step) -> Vec<Answer> {
        match step {
            Step::Open(account) => vec![Answer::Opened(self.reference.open(*account))],
            Step::Post(transfers) => match self.reference.post(transfers) {
                Ok(posted) => vec![Answer::Posted(Ok(posted))],
                Err(refusals) => refusals
                    .into_iter()
                    .map(|it| Answer::Posted(Err(it)))
                    .collect(),
            },
        }
    }

    fn judge(&mut self, step: &Step, expected: &[Answer], found: &Answer) {
        let place = self.place();
        assert!(
            expected.contains(found),
            "{place}: {step:?}: {found:?}, not {expected:?}"
        );
        *self.tally.answers.entry(format!("{found:?}")).or_default() += 1;
        self.tally.operations += match step {
            Step::Open(_) => 1,
            Step::Post(transfers) => transfers.len() as u64,
        };
    }

    /// Waits until it is decided what became of the transaction, looks, and connects again. It
    /// was done whole or not at all.
    async fn recover(&mut self, mark: Mark, committing: bool) {
        self.db.clone().close().await;
        self.way.ended().await;
        if !(committing && self.is_done(&mark).await) {
            self.reference.book.restore(mark);
        }
        self.compare().await;
        self.connect().await;
    }

    /// Whether anything of the transaction that began with `mark` is there.
    async fn is_done(&self, mark: &Mark) -> bool {
        let book = &self.reference.book;
        if let Some(first) = book.order.get(mark.transfers) {
            let key = &book.transfers[first].key;
            return ledger::find_transfer(&self.operator, key)
                .await
                .unwrap()
                .is_some();
        }
        let mut opened = book
            .accounts
            .keys()
            .filter(|it| !mark.accounts.contains_key(it));
        match opened.next() {
            Some(account) => {
                let found = ledger::balance(&self.operator, account.id()).await;
                found.unwrap().is_some()
            }
            None => false,
        }
    }

    /// Sends a set again while nobody knows what becomes of the first one: it moves once.
    async fn send_again_at_once(&mut self, transfers: &[Transfer], mark: Mark, committing: bool) {
        self.reference.book.restore(mark);
        let stripe = self.reference.stripe;
        self.db.clone().close().await;
        self.connect().await;
        let step = Step::Post(transfers.to_vec());
        let tx = self.db.begin().await.unwrap();
        self.note_stripe().await;
        let found = send(&tx, &step).await.unwrap();
        tx.commit().await.unwrap();

        let mark = self.reference.book.mark();
        let mut expected = self.expect(&step);
        let moved_first = found == Answer::Posted(Ok(Posted::Before))
            && expected == [Answer::Posted(Ok(Posted::Now))];
        if committing && moved_first {
            self.reference.book.restore(mark);
            let now = std::mem::replace(&mut self.reference.stripe, stripe);
            self.expect(&step);
            self.reference.stripe = now;
            expected = vec![found.clone()];
        }
        self.judge(&step, &expected, &found);
        self.compare().await;
    }

    async fn connect(&mut self) {
        self.db = self.stage.db_on(self.way.port).await;
    }

    /// The stripe of the session that a transaction has just begun in, the newest one: a pool gives a
    /// session up that does not answer for seconds, and opens another without a word. The way is not
    /// asked: it may be cut.
    async fn note_stripe(&mut self) {
        let ask = "SELECT (pid % 64)::smallint AS stripe FROM pg_stat_activity
            WHERE datname = current_database() AND application_name = 'treasury'
            ORDER BY backend_start DESC LIMIT 1";
        let ask = Statement::from_string(DbBackend::Postgres, ask);
        let row = self.operator.connection().query_one_raw(ask).await.unwrap();
        self.reference.stripe = row.unwrap().try_get("", "stripe").unwrap();
    }

    async fn let_a_hold_expire(&mut self) {
        if let Some(hold) = self.author.expiring_hold(&self.reference) {
            let_expire(&self.operator, hold).await;
            self.reference.book.expired.insert(hold);
            self.tally.operations += 1;
        }
    }

    async fn compare(&mut self) {
        let place = self.place();
        let book = &mut self.reference.book;
        self.compared.compare(&self.operator, book, &place).await;
    }

    /// Where to look when something differs.
    fn place(&self) -> String {
        format!(
            "seed {}, transaction {}",
            self.seed, self.tally.transactions
        )
    }
}

async fn send(tx: &Tx, step: &Step) -> store::Result<Answer> {
    match step {
        Step::Open(account) => ledger::open(tx, account).await.map(Answer::Opened),
        Step::Post(transfers) => ledger::post(tx, transfers).await.map(Answer::Posted),
    }
}

/// What was answered, if anything was.
fn heard<T>(answer: store::Result<T>) -> Option<T> {
    match answer {
        Ok(answer) => Some(answer),
        Err(Error::Unavailable(_)) => None,
        Err(error) => panic!("{error:?}"),
    }
}
