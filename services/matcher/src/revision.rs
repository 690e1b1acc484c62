//! Corrects the result of a closed battle: whoever cheated has none any more, and the others are
//! ranked and paid as if he had not been in the running. Nothing that was moved is edited; what
//! differs is moved behind it.

use std::collections::{BTreeMap, BTreeSet};

use contracts::Code;
use contracts::commands::{Refused, VoidPlayer};
use domain::battle::BattleTerms;
use domain::game::ItemReward;
use domain::id::{AccountId, BattleId, UserId};
use domain::ledger::{Account, Transfer, Unit};
use domain::ranking::{BattleResult, Reward, Standing};
use domain::season::Season;
use domain::timestamp::Timestamp;
use metrics::counter;
use store::battle::{self, Battle, Sealed};
use store::entity::battle::BattleStatus;
use store::revision::{self, Current, CurrentSeat, RevisedSeat};
use store::{Tx, ledger, season};

use crate::error::Error;
use crate::postings::{Escrow, Revision};
use crate::{notices, payout};

/// Makes a player's result void in `tx`, or says why not. Items that somebody gains by it can be
/// used until `items_expire_at`.
pub(crate) async fn void_player(
    tx: &Tx,
    command: &VoidPlayer,
    items_expire_at: Timestamp,
) -> Result<Result<BattleId, Refused>, Error> {
    let (battle, player) = (command.battle, command.player);
    let Some(Battle { status, terms }) = battle::lock(tx, battle).await? else {
        return Ok(Err(Refused::new(Code::MatchNotFound)));
    };
    let sealed = battle::find_sealed(tx, battle).await?;
    let Some(Sealed { result, .. }) = sealed.filter(|_| status == BattleStatus::Closed) else {
        return Ok(Err(Refused::new(Code::MatchNotClosed)));
    };
    let current = revision::find_current(tx, battle).await?;
    match current.seats.get(&player) {
        None => return Ok(Err(Refused::new(Code::NotAParticipant))),
        Some(seat) if seat.is_void => return Ok(Err(Refused::new(Code::AlreadyVoid))),
        Some(_) => {}
    }
    let mut void: BTreeSet<UserId> = current
        .seats
        .iter()
        .filter(|(_, seat)| seat.is_void)
        .map(|(player, _)| *player)
        .collect();
    let before = Stand::of(&terms, &result, &void);
    void.insert(player);
    let after = Stand::of(&terms, &result, &void);

    let number = current.number.saturating_add(1);
    let escrow = Escrow::of(battle, terms.template.currency);
    let held = Held::of(tx, &terms).await?;
    let lines = lines(&before, &after, &current, &held, &terms);
    let mut transfers = transfers(escrow.revision(number), &before, &after, &lines);
    for line in lines
        .iter()
        .filter(|line| line.items_before != line.items_after)
    {
        let given = line.items_after.iter();
        transfers.extend(given.filter_map(|item| {
            escrow
                .revision(number)
                .give_item(line.seat.player, *item, items_expire_at)
        }));
        for item in &line.items_before {
            transfers.extend(take_back(tx, escrow, number, line.seat.player, *item).await?);
        }
    }
    ledger::post(tx, &transfers).await??;
    runtime::failpoint!("revision.posted");
    if terms.ranked {
        let changed = lines.iter().filter(|line| line.cups != 0);
        let changes: Vec<_> = changed.map(|line| (line.seat.player, line.cups)).collect();
        season::note(tx, Season::of(terms.end_time), &changes).await?;
    }
    let seats = lines.iter().map(|line| line.seat).collect();
    let revision = revision::Revision {
        number,
        winner: after.result.winner,
        player,
        operator: command.caller.user,
        reason: &command.reason,
        seats,
    };
    revision::insert(tx, battle, &revision).await?;
    let changed = lines.iter().filter(|line| line.is_changed);
    let told = notices::revised(&terms, &revision, changed.map(|line| line.seat))?;
    tx.announce_all(&told).await?;
    counter!("matcher_results_voided_total").increment(1);
    tracing::info!(%battle, %player, number, "a result is void");
    Ok(Ok(battle))
}

/// A result, and what it earns besides money.
struct Stand {
    result: BattleResult,
    rewards: BTreeMap<UserId, Reward>,
}

impl Stand {
    /// What stands without `void`. They are in the running for nothing, and lose what losers lose.
    fn of(terms: &BattleTerms, sealed: &BattleResult, void: &BTreeSet<UserId>) -> Self {
        let result = sealed.without(terms, void);
        let rewards = result.rewards(terms).into_iter().map(|reward| {
            let reward = if void.contains(&reward.player) {
                Reward {
                    player: reward.player,
                    cups: terms.template.cup.saturating_neg(),
                    experience: 0,
                    items: Vec::new(),
                }
            } else {
                Reward {
                    items: payout::merged(&reward.items),
                    ..reward
                }
            };
            (reward.player, reward)
        });
        Self {
            rewards: rewards.collect(),
            result,
        }
    }

    fn reward(&self, player: UserId) -> (i64, i64, &[ItemReward]) {
        let reward = self.rewards.get(&player);
        reward.map_or((0, 0, &[]), |reward| {
            (reward.cups, reward.experience, &reward.items)
        })
    }
}

/// What players can give back.
struct Held(BTreeMap<AccountId, i64>);

impl Held {
    async fn of(tx: &Tx, terms: &BattleTerms) -> Result<Self, Error> {
        let units = [terms.template.currency.into(), Unit::Cups, Unit::Xp];
        let accounts = terms
            .seats
            .iter()
            .flat_map(|seat| units.map(|unit| Account::user(seat.player, unit)));
        let accounts: Vec<Account> = accounts.collect();
        let found = ledger::balances(tx, &accounts).await?;
        let free = found.iter().map(|found| (found.id.into(), found.free()));
        Ok(Self(free.collect()))
    }

    fn free(&self, player: UserId, unit: Unit) -> i64 {
        let free = self.0.get(&Account::user(player, unit).id());
        free.copied().unwrap_or(0).max(0)
    }
}

/// What is corrected for one player.
struct Line {
    /// What stands afterwards.
    seat: RevisedSeat,
    /// The change of the prize, in the currency's minor unit.
    prize: i64,
    cups: i64,
    experience: i64,
    items_before: Vec<ItemReward>,
    items_after: Vec<ItemReward>,
    /// Whether the player has anything to hear of.
    is_changed: bool,
}

fn lines(
    before: &Stand,
    after: &Stand,
    current: &Current,
    held: &Held,
    terms: &BattleTerms,
) -> Vec<Line> {
    let stood = before.result.standings.iter();
    let pairs = stood.zip(&after.result.standings);
    let line = |(was, is): (&Standing, &Standing)| {
        let player = is.player;
        let ((cups_were, experience_was, items_before), (cups_are, experience_is, items_after)) =
            (before.reward(player), after.reward(player));
        let applied = current.seats.get(&player).copied();
        let applied = applied.unwrap_or(CurrentSeat {
            is_void: false,
            cups: 0,
            experience: 0,
        });
        let prize = is.prize_minor.saturating_sub(was.prize_minor);
        let owed = prize.saturating_neg().max(0);
        let receivable = owed.saturating_sub(held.free(player, terms.template.currency.into()));
        // What he would have had without the match, of which nobody loses more than there is.
        let without = held.free(player, Unit::Cups).saturating_sub(applied.cups);
        let cups = if cups_are == cups_were {
            applied.cups
        } else {
            cups_are.max(without.saturating_neg())
        };
        let experience = if experience_is == experience_was {
            applied.experience
        } else {
            let least = applied
                .experience
                .saturating_sub(held.free(player, Unit::Xp));
            experience_is.max(least)
        };
        let seat = RevisedSeat {
            player,
            rank: is.rank,
            prize_minor: is.prize_minor,
            receivable_minor: receivable.max(0),
            cups,
            experience,
        };
        Line {
            prize,
            cups: cups.saturating_sub(applied.cups),
            experience: experience.saturating_sub(applied.experience),
            items_before: items_before.to_vec(),
            items_after: items_after.to_vec(),
            is_changed: is != was || cups != applied.cups || experience != applied.experience,
            seat,
        }
    };
    pairs.map(line).collect()
}

/// What comes back comes back first: nothing is paid that the battle does not have.
fn transfers(revision: Revision, before: &Stand, after: &Stand, lines: &[Line]) -> Vec<Transfer> {
    let house = after
        .result
        .house_minor
        .saturating_sub(before.result.house_minor);
    let back = lines.iter().flat_map(|line| {
        let Line { seat, prize, .. } = line;
        let owed = prize.saturating_neg().max(0);
        let taken = owed.saturating_sub(seat.receivable_minor);
        revision
            .take_prize(seat.player, taken)
            .into_iter()
            .chain(revision.owe_prize(seat.player, seat.receivable_minor))
    });
    let paid = lines.iter().flat_map(|line| {
        let Line { seat, .. } = line;
        revision
            .pay_prize(seat.player, line.prize)
            .into_iter()
            .chain(revision.change_cups(seat.player, line.cups))
            .chain(revision.change_experience(seat.player, line.experience))
    });
    back.chain(revision.take_house(house.saturating_neg()))
        .chain(revision.give_house(house))
        .chain(paid)
        .collect()
}

/// Takes back what is left of an item that an earlier revision gave.
async fn take_back(
    tx: &Tx,
    escrow: Escrow,
    number: u32,
    player: UserId,
    item: ItemReward,
) -> Result<Option<Transfer>, Error> {
    let unit = Unit::from(item.kind);
    for earlier in (1..number).rev() {
        let key = escrow.reward_key(earlier, player, unit);
        let Some(given) = ledger::find_transfer(tx, &key).await? else {
            continue;
        };
        let Some(credit) = given.credit_id else {
            continue;
        };
        let Some(lot) = ledger::balance(tx, credit.into()).await? else {
            continue;
        };
        let expires_at = lot.expires_at_ms.map(Timestamp::from_ms);
        let account = Account::lot(player, unit, expires_at);
        let left = lot.free().min(i64::from(item.uses));
        return Ok(escrow.revision(number).take_item(account, left));
    }
    Ok(None)
}
