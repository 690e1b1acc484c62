//! Both engines side by side: each input goes to both, and everything that comes out is compared.

use std::collections::BTreeSet;
use std::fmt::Debug;

use domain::battle::{BattleRows, BattleStatus, BattleTerms};
use domain::engine::{CancelRefusal, Effects, Engine, Fact};
use domain::id::BattleId;
use domain::market::{Incarnation, MarketEntry};
use domain::order::{Answer, Command};

use crate::naive::Naive;

/// What the engines say differently.
pub(crate) type Difference = String;

/// The engine and the naive one, fed alike.
pub(crate) struct Duel {
    pub(crate) engine: Engine,
    pub(crate) naive: Naive,
    /// Whether live standings are compared after every input.
    pub(crate) standings: bool,
}

fn same<T: PartialEq + Debug>(what: &str, engine: &T, naive: &T) -> Result<(), Difference> {
    if engine == naive {
        return Ok(());
    }
    let (engine, naive) = (format!("{engine:?}"), format!("{naive:?}"));
    let parts = engine.bytes().zip(naive.bytes());
    let alike = parts.take_while(|(one, other)| one == other).count();
    let shown = |text: &str| {
        let from = alike.saturating_sub(200);
        String::from_utf8_lossy(&text.as_bytes()[from..text.len().min(alike + 300)]).into_owned()
    };
    let (engine, naive) = (shown(&engine), shown(&naive));
    Err(format!("{what}\n  engine: …{engine}…\n  naive:  …{naive}…"))
}

fn same_list<T: PartialEq + Debug>(
    what: &str,
    engine: &[T],
    naive: &[T],
) -> Result<(), Difference> {
    for (number, (one, other)) in engine.iter().zip(naive).enumerate() {
        same(&format!("{what} {number}"), one, other)?;
    }
    same(&format!("number of {what}s"), &engine.len(), &naive.len())?;
    Ok(())
}

/// Compares which rows were touched, however often and in whatever order.
fn same_rows<T: Ord + Debug>(what: &str, engine: &[T], naive: &[T]) -> Result<(), Difference> {
    let rows = |rows| BTreeSet::<&T>::from_iter(rows);
    same(what, &rows(engine), &rows(naive))
}

fn battle_of(fact: &Fact) -> BattleId {
    match fact {
        Fact::BattleOpened { battle }
        | Fact::BattleCanceled { battle }
        | Fact::Position { battle, .. } => *battle,
        Fact::BattleFinal { result } => result.battle,
    }
}

impl Duel {
    pub(crate) fn new(incarnation: Incarnation) -> Self {
        Self {
            engine: Engine::new(incarnation),
            naive: Naive::new(incarnation),
            standings: true,
        }
    }

    /// Opens a battle on terms that are valid.
    pub(crate) fn open(&mut self, terms: &BattleTerms) -> Result<Effects, Difference> {
        let (mut one, mut other) = (Effects::default(), Effects::default());
        let opened = self.engine.open(terms.clone(), &mut one);
        self.naive.open(terms, &mut other);
        same("opening", &opened, &Ok(()))?;
        self.agree(one, &other)
    }

    pub(crate) fn market(
        &mut self,
        sequence: u64,
        entry: &MarketEntry,
    ) -> Result<Effects, Difference> {
        let (mut one, mut other) = (Effects::default(), Effects::default());
        self.engine.market(sequence, entry, &mut one);
        self.naive.market(sequence, entry, &mut other);
        self.agree(one, &other)
    }

    pub(crate) fn command(&mut self, command: &Command) -> Result<(Answer, Effects), Difference> {
        let (mut one, mut other) = (Effects::default(), Effects::default());
        let answer = self.engine.command(command, &mut one);
        let naive = self.naive.command(command, &mut other);
        same("answer", &answer, &naive)?;
        self.naive.coverage.answer(&command.body, &answer);
        Ok((answer, self.agree(one, &other)?))
    }

    pub(crate) fn finalise(&mut self, battle: BattleId) -> Result<Effects, Difference> {
        let (mut one, mut other) = (Effects::default(), Effects::default());
        let ended = self.engine.finalise(battle, &mut one);
        same("finalise", &ended, &self.naive.finalise(battle, &mut other))?;
        self.agree(one, &other)
    }

    pub(crate) fn cancel_battle(
        &mut self,
        battle: BattleId,
    ) -> Result<(Result<(), CancelRefusal>, Effects), Difference> {
        let (mut one, mut other) = (Effects::default(), Effects::default());
        let canceled = self.engine.cancel_battle(battle, &mut one);
        let naive = self.naive.cancel_battle(battle, &mut other);
        same("cancel", &canceled.is_ok(), &(naive == Some(true)))?;
        Ok((canceled, self.agree(one, &other)?))
    }

    pub(crate) fn forget(&mut self, battle: BattleId) -> Result<(), Difference> {
        self.engine.forget(battle);
        self.naive.forget(battle);
        self.agree_on_everything()
    }

    /// Goes on with an engine made of the rows: those battles that `early` names are there from
    /// the start, the others are adopted.
    pub(crate) fn restore(&mut self, early: impl Fn(usize) -> bool) -> Result<(), Difference> {
        let mut first = Vec::new();
        let mut later = Vec::new();
        for (number, id) in self.naive.battles().enumerate() {
            let Some(mut rows) = self.engine.rows(id) else {
                return Err(format!("no rows of {id}"));
            };
            // The order of rows in a table means nothing.
            rows.positions.reverse();
            if early(number) {
                &mut first
            } else {
                &mut later
            }
            .push(rows);
        }
        let market = self.engine.market_state();
        self.engine = Engine::restore(market, first).map_err(|error| error.to_string())?;
        self.naive.coverage.saw("engine restored");
        for rows in later.into_iter().rev() {
            let again = rows.clone();
            self.engine.adopt(rows).map_err(|error| error.to_string())?;
            self.engine
                .adopt(again)
                .map_err(|error| error.to_string())?;
            self.naive.coverage.saw("battle adopted");
        }
        self.agree_on_everything()
    }

    /// Compares the effects of one input and the rows that it touched.
    fn agree(&mut self, one: Effects, other: &Effects) -> Result<Effects, Difference> {
        // The rules order what happens in one battle; between battles there is no order.
        let (mut facts, mut naive) = (one.facts.clone(), other.facts.clone());
        facts.sort_by_key(battle_of);
        naive.sort_by_key(battle_of);
        same_list("fact", &facts, &naive)?;
        same_list("log entry", &one.log, &other.log)?;
        same_list("outcome", &one.outcomes, &other.outcomes)?;
        let (touched, naive) = (&one.touched, &other.touched);
        same_rows("touched battles", &touched.battles, &naive.battles)?;
        same_rows(
            "touched players",
            &touched.participants,
            &naive.participants,
        )?;
        same_rows("touched positions", &touched.positions, &naive.positions)?;
        for fact in &one.facts {
            self.naive.coverage.fact(fact);
        }
        for id in &touched.battles {
            let rows = self.naive.rows(*id);
            let naive = rows.map(|rows| rows.battle.clone());
            same("battle", &self.engine.battle(*id), &naive)?;
        }
        for (id, player) in &touched.participants {
            let rows = self.naive.rows(*id);
            let mut all = rows.into_iter().flat_map(|rows| &rows.participants);
            let naive = all.find(|one| one.player == *player).cloned();
            same(
                "participant",
                &self.engine.participant(*id, *player),
                &naive,
            )?;
        }
        for key in &touched.positions {
            let engine = self.engine.position(key.battle, key.position);
            let rows = self.naive.rows(key.battle);
            let naive = engine.as_ref().and_then(|engine| {
                let number = usize::try_from(engine.number).unwrap();
                rows?.positions.get(number).cloned()
            });
            same("position", &engine.is_some(), &true)?;
            same("position", &engine, &naive)?;
        }
        if self.standings {
            self.agree_on_standings()?;
        }
        Ok(one)
    }

    /// Compares the live standings of every battle that is open.
    pub(crate) fn agree_on_standings(&self) -> Result<(), Difference> {
        for id in self.naive.battles() {
            let open = |rows: &&BattleRows| rows.battle.status == BattleStatus::Open;
            if self.naive.rows(id).filter(open).is_some() {
                let naive = self.naive.standings(id);
                same("live standings", &self.engine.standings(id), &naive)?;
            }
        }
        Ok(())
    }

    /// Compares every row.
    pub(crate) fn agree_on_everything(&self) -> Result<(), Difference> {
        let (market, naive) = (self.engine.market_state(), self.naive.market_state());
        same("market", &market, &naive)?;
        let ids: Vec<BattleId> = self.naive.battles().collect();
        same("battles", &self.engine.battles().collect(), &ids)?;
        for id in ids {
            let (Some(mut one), Some(other)) = (self.engine.rows(id), self.naive.rows(id)) else {
                return Err(format!("no rows of {id}"));
            };
            let mut naive = other.clone();
            one.positions.sort_by_key(|position| position.number);
            one.outcomes.sort_by_key(|kept| (kept.player, kept.request));
            naive
                .outcomes
                .sort_by_key(|kept| (kept.player, kept.request));
            same("battle", &one.battle, &naive.battle)?;
            same_list("participant", &one.participants, &naive.participants)?;
            same_list("position", &one.positions, &naive.positions)?;
            same_list("outcome", &one.outcomes, &naive.outcomes)?;
        }
        self.agree_on_standings()
    }
}
