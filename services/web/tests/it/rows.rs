//! Rows that other services would have written, as the superuser writes them.

use contracts::notifications::{InApp, Notice};
use domain::game::{ItemKind, ItemReward, Prize, Template};
use domain::id::{BattleId, GameId, PositionId};
use domain::leverage::Bps;
use runtime::ids::mint;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use serde_json::json;
use uuid::Uuid;

use crate::stage::Stage;

/// A game and its template.
pub(crate) struct Game {
    pub(crate) id: GameId,
    pub(crate) template: String,
}

/// A position's row, as far as tests care.
pub(crate) struct Position<'p> {
    pub(crate) id: PositionId,
    pub(crate) battle: BattleId,
    pub(crate) player: &'p str,
    pub(crate) number: i64,
    pub(crate) margin: i64,
}

impl Stage {
    /// Runs statements.
    pub(crate) async fn script(&self, sql: &str) {
        self.db.connection().execute_unprepared(sql).await.unwrap();
    }

    /// How many rows a table has.
    pub(crate) async fn count(&self, table: &str) -> i64 {
        let count = Statement::from_string(
            DbBackend::Postgres,
            format!("SELECT count(*) AS count FROM {table}"),
        );
        let row = self.db.connection().query_one_raw(count).await.unwrap();
        row.unwrap().try_get("", "count").unwrap()
    }

    pub(crate) async fn game(&self, title: &str) -> Game {
        self.game_of(template(title)).await
    }

    /// A game that shares the fees out and gives items.
    pub(crate) async fn pooled_game(&self, title: &str) -> Game {
        let template = Template {
            prize: Prize::Pool {
                rake_bps: Bps::try_from(0).unwrap(),
                shares_bps: vec![Bps::WHOLE],
            },
            items: vec![ItemReward {
                kind: ItemKind::LeverageCard,
                uses: 1,
            }],
            ..template(title)
        };
        self.game_of(template).await
    }

    async fn game_of(&self, template: Template) -> Game {
        let id: GameId = mint();
        let template = serde_json::to_string(&template).unwrap();
        self.script(&format!(
            "BEGIN;
             INSERT INTO games (id, is_active, current_version) VALUES ('{id}', true, 1);
             INSERT INTO game_versions (game_id, version, template) VALUES ('{id}', 1, '{template}');
             COMMIT;"
        ))
        .await;
        Game { id, template }
    }

    /// A match of `game` between these players that stands so.
    pub(crate) async fn battle(&self, game: &Game, players: &[&str], status: &str) -> BattleId {
        let id: BattleId = mint();
        let Game { id: game, template } = game;
        let now = self.clock.clock().now_ms();
        let (start, end) = (now - 1_000, now + 60_000);
        self.script(&format!(
            "INSERT INTO battles (id, game_id, game_version, template, origin, status, ranked,
                shard, start_time_ms, end_time_ms, clock_offset_ns, record_sha256)
             VALUES ('{id}', '{game}', 1, '{template}', 'QUEUE', '{status}', true,
                0, {start}, {end}, 0, 'feed');
             INSERT INTO arena_battles
                (battle_id, shard, terms, status, log_number, accepted, finals)
             VALUES ('{id}', 0, '{{}}', 'OPEN', 0, 0, '[]');"
        ))
        .await;
        for (number, player) in (1..).zip(players) {
            self.seat(id, player, number).await;
        }
        id
    }

    async fn seat(&self, battle: BattleId, player: &str, number: i32) {
        let participant: Uuid = mint();
        self.script(&format!(
            "INSERT INTO seats (battle_id, number, participant_id, player_id, cups, experience)
             VALUES ('{battle}', {number}, '{participant}', '{player}', 0, 0);
             INSERT INTO arena_participants (battle_id, player_id, number, cash, cards_left, fills,
                usage_second, usage_in_second, usage_orders, usage_exits)
             VALUES ('{battle}', '{player}', {number}, 7654321987, 3, 0, 0, 0, 0, 0);"
        ))
        .await;
    }

    /// A message in a user's inbox, as its deliverer tells of it.
    pub(crate) async fn notice(&self, user: &str) -> InApp {
        let message = InApp {
            id: mint(),
            user: user.parse().unwrap(),
            notice: Notice::Opened {
                title: "Duel".to_owned(),
                subject: "x".to_owned(),
            },
        };
        self.script(&format!(
            "INSERT INTO notifications (id, user_id, kind, notice)
             VALUES ('{}', '{user}', 'opened', '{}')",
            message.id,
            serde_json::to_string(&message.notice).unwrap()
        ))
        .await;
        message
    }

    pub(crate) async fn position(&self, row: &Position<'_>) {
        let Position {
            id,
            battle,
            player,
            number,
            margin,
        } = row;
        self.script(&format!(
            "INSERT INTO positions (id, battle_id, player_id, number, symbol, side, kind, margin,
                leverage, size, open_fee, card_spent, status, effective_time_ms, noted)
             VALUES ('{id}', '{battle}', '{player}', {number}, 'BTCUSDT', 'BUY', 'MARKET', {margin},
                2, {margin}::bigint * 2, 0, false, 'PENDING', 0, '[]');"
        ))
        .await;
    }
}

/// A template that obeys the rules.
fn template(title: &str) -> Template {
    let template = json!({
        "title": title, "description": "", "cover": "", "currency": "USDT", "is_active": true,
        "duration_ms": 60_000, "countdown_ms": 3_000, "min_players": 2, "max_players": 2,
        "max_positions": 10, "start_balance": 10_000_000_000_i64, "entry_fee_minor": 10_000_000,
        "assets": [{ "symbol": "BTCUSDT", "price_step": 1_000_000 }],
        "max_leverage": 100, "fee_bps": 0, "maintenance_bps": 0, "fill_delay_ms": 250,
        "card_uses": 10,
        "prize": { "fixed": { "amount_minor": 18_000_000, "house_funded": false } },
        "cup": 10, "win_exp": 100, "lose_exp": 10, "items": [], "cup_band": null,
        "fill_wait_ms": 10_000, "queue_ttl_ms": 300_000,
    });
    serde_json::from_value(template).unwrap()
}
