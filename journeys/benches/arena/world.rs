//! Running battles full of open positions, as the rows that the arena would have written.

use contracts::shard::Shard;
use domain::battle::{BattleTerms, Seat};
use domain::chips::Chips;
use domain::game::{AllowedAsset, Prize, Template};
use domain::id::{BattleId, UserId};
use domain::leverage::{Bps, Leverage};
use domain::money::Currency;
use domain::price::Price;
use domain::timestamp::Timestamp;
use serde_json::json;

/// The price that positions open at, in units of 1e-8.
pub(crate) const ENTRY: i64 = 6_000_000_000_000;
/// What is traded: what the gateway lists.
pub(crate) const SYMBOLS: [&str; 4] = ["BTCUSDT", "ETHUSDT", "SOLUSDT", "BNBUSDT"];
/// A battle began so long ago, and ends so much later.
const BEGAN_MS: i64 = 60_000;
const LASTS_MS: i64 = 6 * 3_600_000;

/// Where the levels of a position lie: SQL over its `number` in the battle, the battle's `shard`
/// and the position's `entry`.
pub(crate) struct Levels {
    pub(crate) side: &'static str,
    pub(crate) stop_loss: &'static str,
    pub(crate) take_profit: &'static str,
}

/// Stops and takes from one to eleven per cent away, spread evenly; half are BUY.
pub(crate) const SPREAD: Levels = Levels {
    side: "CASE WHEN number % 2 = 0 THEN 'BUY' ELSE 'SELL' END",
    stop_loss: "entry + (number % 2 * 2 - 1) * (entry / 100 + entry / 100000 * (number * 7919 % 10000))",
    take_profit: "entry - (number % 2 * 2 - 1) * (entry / 100 + entry / 100000 * (number * 6007 % 10000))",
};

/// Every position stops one per cent below its entry.
pub(crate) const ALL_AT_ONCE: Levels = Levels {
    side: "'BUY'",
    stop_loss: "entry - entry / 100",
    take_profit: "entry + entry / 10",
};

/// One position of each symbol in each battle stops one per cent below its entry.
pub(crate) const ONE_OF_EACH: Levels = Levels {
    side: "'BUY'",
    stop_loss: "entry - entry / CASE WHEN number < 4 THEN 100 ELSE 10 END",
    take_profit: "entry + entry / 10",
};

/// One battle a shard, with these players; a player's number is the place in the list.
pub(crate) fn battles(
    now: Timestamp,
    mut players: impl FnMut() -> Vec<UserId>,
) -> Vec<BattleTerms> {
    let template = template();
    let game = runtime::ids::mint();
    let terms = |shard| BattleTerms {
        battle: battle_of(shard),
        game,
        version: 1,
        ranked: true,
        start_time: now.plus_ms(-BEGAN_MS),
        end_time: now.plus_ms(LASTS_MS),
        seats: players()
            .into_iter()
            .map(|player| Seat {
                player,
                card_uses: 0,
            })
            .collect(),
        template: template.clone(),
    };
    Shard::all().map(terms).collect()
}

fn battle_of(shard: Shard) -> BattleId {
    loop {
        let battle = runtime::ids::mint();
        if Shard::of(battle) == shard {
            return battle;
        }
    }
}

/// So many players that nobody else is.
pub(crate) fn new_players(count: usize) -> Vec<UserId> {
    (0..count).map(|_| runtime::ids::mint()).collect()
}

/// The statements that fill a database with these battles, and with `positions` open positions
/// that were all filled at [`ENTRY`], each with the kept outcome of its order.
pub(crate) fn fill(battles: &[BattleTerms], positions: usize, levels: &Levels) -> String {
    let Levels {
        side,
        stop_loss,
        take_profit,
    } = levels;
    let count = battles.len();
    let rows = battles.iter().enumerate().map(|(place, terms)| {
        let share = positions / count + usize::from(place < positions % count);
        json!({
            "battle": terms.battle,
            "shard": Shard::of(terms.battle),
            "terms": terms,
            "positions": share,
        })
    });
    let rows = serde_json::Value::from_iter(rows).to_string();
    let symbols = SYMBOLS.join(",");
    format!(
        "CREATE TEMPORARY TABLE filling ON COMMIT DROP AS
             SELECT * FROM jsonb_to_recordset('{rows}')
                 AS row (battle uuid, shard smallint, terms jsonb, positions bigint);
         CREATE TEMPORARY TABLE sitting ON COMMIT DROP AS
             SELECT battle, place - 1 AS number, (seat ->> 'player')::uuid AS player
             FROM filling, jsonb_array_elements(terms -> 'seats') WITH ORDINALITY AS row (seat, place);
         INSERT INTO users (id, email, nick_name)
             SELECT DISTINCT player, player::text, player::text FROM sitting ON CONFLICT DO NOTHING;
         INSERT INTO games (id, is_active, current_version)
             SELECT DISTINCT (terms ->> 'game')::uuid, true, 1 FROM filling;
         INSERT INTO game_versions (game_id, version, template)
             SELECT DISTINCT (terms ->> 'game')::uuid, 1, terms -> 'template' FROM filling;
         INSERT INTO battles (id, game_id, game_version, template, origin, status, ranked, shard,
                 start_time_ms, end_time_ms, clock_offset_ns)
             SELECT battle, (terms ->> 'game')::uuid, 1, terms -> 'template', 'QUEUE', 'OPEN', true,
                 shard, (terms ->> 'start_time')::bigint, (terms ->> 'end_time')::bigint, 0
             FROM filling;
         INSERT INTO seats (battle_id, number, participant_id, player_id, cups, experience)
             SELECT battle, number + 1, gen_random_uuid(), player, 0, 0 FROM sitting;
         INSERT INTO arena_battles (battle_id, shard, terms, status, log_number, accepted, finals)
             SELECT battle, shard, terms, 'OPEN', 0, positions, '[]' FROM filling;
         INSERT INTO arena_participants (battle_id, player_id, number, cash, cards_left, fills,
                 usage_second, usage_in_second, usage_orders, usage_exits)
             SELECT battle, player, number, {cash}, 0, 0, 0, 0, 0, 0 FROM sitting;
         INSERT INTO positions (id, battle_id, player_id, number, symbol, side, kind, margin,
                 leverage, size, open_fee, card_spent, stop_loss, take_profit, status,
                 effective_time_ms, stale_at_ms, fill_trade, fill_price, fill_time_ms,
                 fill_sequence, liquidation_price, noted)
             SELECT gen_random_uuid(), battle, player, number,
                 (string_to_array('{symbols}', ','))[1 + number % {assets}], {side}, 'MARKET',
                 {margin}, {leverage}, {margin} * {leverage}, 0, false, {stop_loss}, {take_profit},
                 'OPEN', began, began + 10000, 1, entry, began, 1,
                 CASE WHEN {side} = 'BUY' THEN entry - entry / {leverage}
                     ELSE entry + entry / {leverage} END, '[]'
             FROM (
                 SELECT filling.battle, shard, position.number, {entry} AS entry,
                     (terms ->> 'start_time')::bigint AS began, sitting.player
                 FROM (SELECT *, jsonb_array_length(terms -> 'seats') AS seats FROM filling) filling
                 CROSS JOIN generate_series(0, positions - 1) AS position (number)
                 JOIN sitting ON sitting.battle = filling.battle
                     AND sitting.number = position.number / {assets} % seats
             ) wanted ORDER BY number, battle;
         INSERT INTO position_outcomes (battle_id, player_id, request_id, position_id, body_hash,
                 outcome)
             SELECT battle_id, player_id, gen_random_uuid(), id, repeat('0f', 32),
                 jsonb_build_object('accepted', jsonb_build_object('position', id))
             FROM positions",
        cash = START_BALANCE.units() / 2,
        margin = MARGIN.units(),
        leverage = LEVERAGE,
        entry = ENTRY,
        assets = SYMBOLS.len(),
    )
}

const START_BALANCE: Chips = Chips::from_units(1_000_000_000_000);
/// What a position stakes.
const MARGIN: Chips = Chips::from_units(100_000_000);
/// Liquidation lies beyond every level.
const LEVERAGE: u8 = 5;

fn template() -> Template {
    let bps = |rate: u16| Bps::try_from(rate).unwrap();
    Template {
        title: "Benchmark".to_owned(),
        description: String::new(),
        cover: String::new(),
        currency: Currency::Usdt,
        is_active: true,
        duration_ms: LASTS_MS,
        countdown_ms: 0,
        min_players: 2,
        max_players: 1_000,
        max_positions: 1_000,
        start_balance: START_BALANCE,
        entry_fee_minor: 0,
        assets: SYMBOLS
            .iter()
            .map(|symbol| AllowedAsset {
                symbol: symbol.parse().unwrap(),
                price_step: Price::from_units(1_000_000).unwrap(),
            })
            .collect(),
        max_leverage: Leverage::MAX,
        fee_bps: bps(5),
        maintenance_bps: bps(0),
        fill_delay_ms: 250,
        card_uses: 0,
        prize: Prize::Fixed {
            amount_minor: 0,
            house_funded: true,
        },
        cup: 0,
        win_exp: 0,
        lose_exp: 0,
        items: Vec::new(),
        cup_band: None,
        fill_wait_ms: 5_000,
        queue_ttl_ms: 60_000,
    }
}
