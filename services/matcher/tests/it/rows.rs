//! What stands in the tables, as the superuser sees it.

use domain::battle::BattleTerms;
use domain::id::{BattleId, GameId, TicketId, UserId};
use domain::ledger::{Account, Unit};
use domain::ranking::{BattleResult, Finish};
use domain::season::Season;
use sea_orm::{ConnectionTrait, DbBackend, FromQueryResult, Statement, Value};
use store::entity::battle::BattleStatus;
use store::{battle, ledger};
use uuid::Uuid;

use crate::stage::Stage;

/// What a player has: everything, and the held part of it.
pub(crate) type Wealth = (i64, i64);

/// A seat after its battle.
#[derive(Debug, PartialEq, Eq, FromQueryResult)]
pub(crate) struct SeatRow {
    pub(crate) player_id: Uuid,
    pub(crate) rank: Option<i32>,
    pub(crate) prize: Option<i64>,
    pub(crate) cups_change: Option<i64>,
    pub(crate) experience_gained: Option<i64>,
}

#[derive(FromQueryResult)]
struct Text {
    text: String,
}

#[derive(FromQueryResult)]
struct Battle {
    id: Uuid,
}

impl Stage {
    pub(crate) async fn wealth(&self, player: UserId, unit: Unit) -> Wealth {
        self.account(Account::user(player, unit)).await
    }

    pub(crate) async fn account(&self, account: Account) -> Wealth {
        let found = ledger::balance(&self.db, account.id()).await.unwrap();
        found.map_or((0, 0), |found| (found.balance, found.held))
    }

    /// All uses of leverage cards of a player, whenever they expire.
    pub(crate) async fn cards(&self, player: UserId) -> i64 {
        let accounts = ledger::list_accounts(&self.db, player).await.unwrap();
        let cards = accounts
            .iter()
            .filter(|account| account.unit == "LEVERAGE_CARD");
        cards.map(|account| account.balance).sum()
    }

    pub(crate) async fn ticket_status(&self, ticket: TicketId) -> String {
        let sql = "SELECT status AS text FROM tickets WHERE id = $1";
        self.one::<Text>(sql, [ticket.uuid().into()])
            .await
            .unwrap()
            .text
    }

    pub(crate) async fn status(&self, battle: BattleId) -> BattleStatus {
        battle::find(&self.db, battle)
            .await
            .unwrap()
            .unwrap()
            .status
    }

    /// The terms of the only battle of a game, once there is one.
    pub(crate) async fn find_battle(&self, game: GameId) -> Option<BattleTerms> {
        let sql = "SELECT id FROM battles WHERE game_id = $1";
        let row = self.one::<Battle>(sql, [game.uuid().into()]).await?;
        battle::find_terms(&self.db, row.id.into()).await.unwrap()
    }

    /// An open battle of a game, once there is one.
    pub(crate) async fn open_battle(&self, game: GameId) -> Option<BattleId> {
        let sql = "SELECT id FROM battles WHERE game_id = $1 AND status = 'OPEN'";
        let row = self.one::<Battle>(sql, [game.uuid().into()]).await?;
        Some(row.id.into())
    }

    pub(crate) async fn clock_offset_ns(&self, battle: BattleId) -> i64 {
        let sql = "SELECT clock_offset_ns::text AS text FROM battles WHERE id = $1";
        let row = self.one::<Text>(sql, [battle.uuid().into()]).await.unwrap();
        row.text.parse().unwrap()
    }

    pub(crate) async fn seats(&self, battle: BattleId) -> Vec<SeatRow> {
        let sql = "SELECT * FROM seats WHERE battle_id = $1 ORDER BY number";
        let statement = statement(sql, [battle.uuid().into()]);
        SeatRow::find_by_statement(statement)
            .all(self.db.connection())
            .await
            .unwrap()
    }

    /// What every revision of a battle's result says, a line for each player.
    pub(crate) async fn revisions(&self, battle: BattleId) -> Vec<String> {
        let sql = "SELECT concat_ws(' ', r.number, s.number, r.rank, r.prize, r.receivable,
                       r.cups_change, r.experience_gained) AS text
                   FROM seat_revisions r JOIN seats s USING (battle_id, player_id)
                   WHERE battle_id = $1 ORDER BY r.number, s.number";
        let statement = statement(sql, [battle.uuid().into()]);
        let rows = Text::find_by_statement(statement)
            .all(self.db.connection())
            .await
            .unwrap();
        rows.into_iter().map(|row| row.text).collect()
    }

    /// A player's cups to be ranked by: in all seasons together, and in the season of a battle.
    pub(crate) async fn ranked_cups(
        &self,
        player: UserId,
        terms: &BattleTerms,
    ) -> (Option<i64>, Option<i64>) {
        let cups = async |season: i32| {
            let sql =
                "SELECT cups::text AS text FROM season_cups WHERE season = $1 AND user_id = $2";
            let row = self
                .one::<Text>(sql, [season.into(), player.uuid().into()])
                .await;
            row.map(|row| row.text.parse().unwrap())
        };
        let season = Season::of(terms.end_time).unwrap();
        (cups(0).await, cups(season.number()).await)
    }

    /// Everybody's cups to be ranked by, a line for each player and season.
    pub(crate) async fn season_cups(&self) -> Vec<String> {
        let sql = "SELECT concat_ws(' ', season, user_id, cups) AS text FROM season_cups
                   ORDER BY season, user_id";
        let rows = Text::find_by_statement(statement(sql, []))
            .all(self.db.connection())
            .await
            .unwrap();
        rows.into_iter().map(|row| row.text).collect()
    }

    /// The subjects that were announced about a battle, in order.
    pub(crate) async fn announced(&self, battle: BattleId) -> Vec<String> {
        let sql = "SELECT subject AS text FROM outbox WHERE aggregate_id = $1
                   ORDER BY version, number";
        let statement = statement(sql, [battle.uuid().into()]);
        let rows = Text::find_by_statement(statement)
            .all(self.db.connection())
            .await
            .unwrap();
        rows.into_iter().map(|row| row.text).collect()
    }

    /// Who leads, and for the how-manieth time.
    pub(crate) async fn leader(&self) -> Option<String> {
        let sql = "SELECT owner || '/' || epoch AS text FROM leases
                   WHERE service = 'matcher' AND name = 'leader' AND expires_at > clock_timestamp()";
        self.one::<Text>(sql, []).await.map(|row| row.text)
    }

    /// Whether somebody waits for an advisory lock in this database.
    pub(crate) async fn waits_for_a_lock(&self) -> bool {
        let sql = "SELECT 'yes' AS text FROM pg_stat_activity
                   WHERE datname = current_database() AND wait_event_type = 'Lock' LIMIT 1";
        self.one::<Text>(sql, []).await.is_some()
    }

    /// How many wait for the row of a ticket.
    pub(crate) async fn wait_for_tickets(&self) -> i64 {
        self.number(
            "SELECT count(*) FROM pg_stat_activity
             WHERE datname = current_database() AND wait_event_type = 'Lock'
                 AND query LIKE 'SELECT * FROM tickets WHERE %FOR NO KEY UPDATE'",
        )
        .await
    }

    /// Lets so many players who have no money wait for the first version of a free game, each so many
    /// cups above the one before.
    pub(crate) async fn crowd(&self, game: GameId, players: u32, apart: u32) {
        let now_ms = self.now().ms();
        self.script(&format!(
            "INSERT INTO users (id, email, nick_name)
             SELECT id, id || '@test', id::text
             FROM (SELECT gen_random_uuid() AS id FROM generate_series(1, {players})) fresh;
             INSERT INTO tickets (id, game_id, game_version, player_id, status, cups,
                 queued_at_ms, expires_at_ms)
             SELECT gen_random_uuid(), '{game}', 1, id, 'QUEUED',
                 {apart}::bigint * row_number() OVER (), {now_ms}, {now_ms} + 60000
             FROM users"
        ))
        .await;
    }

    /// Spoils a battle's copy of its template, so that nobody can read it.
    pub(crate) async fn spoil(&self, battle: BattleId) {
        self.script(&format!(
            "UPDATE battles SET template = '{{}}' WHERE id = '{battle}'"
        ))
        .await;
    }

    /// Whether a player has a seat anywhere.
    pub(crate) async fn sits(&self, player: UserId) -> bool {
        let sql = "SELECT 'yes' AS text FROM seats WHERE player_id = $1";
        self.one::<Text>(sql, [player.uuid().into()])
            .await
            .is_some()
    }

    /// How many transfers there are.
    pub(crate) async fn transfers(&self) -> String {
        let sql = "SELECT count(*)::text AS text FROM ledger_transfers";
        self.one::<Text>(sql, []).await.unwrap().text
    }

    /// Seals a result as the arena does; `finishes` by seat.
    pub(crate) async fn seal(&self, terms: &BattleTerms, finishes: &[Finish]) -> BattleResult {
        let result = BattleResult::of(terms, finishes);
        self.seal_result(&result).await;
        result
    }

    pub(crate) async fn seal_result(&self, result: &BattleResult) {
        let json = serde_json::to_string(result).unwrap();
        // The arena's own rows are no matter here.
        self.script(&format!(
            "SET LOCAL session_replication_role = replica;
             INSERT INTO battle_results (battle_id, result, record_sha256)
             VALUES ('{}', '{json}', 'a hash')",
            result.battle
        ))
        .await;
    }

    pub(crate) async fn script(&self, sql: &str) {
        let sql = format!("BEGIN; {sql}; COMMIT");
        self.db.connection().execute_unprepared(&sql).await.unwrap();
    }

    /// One number.
    pub(crate) async fn number(&self, sql: &str) -> i64 {
        let sql = format!("SELECT ({sql})::text AS text");
        let row = self.one::<Text>(&sql, []).await.unwrap();
        row.text.parse().unwrap()
    }

    async fn one<R: FromQueryResult>(
        &self,
        sql: &str,
        values: impl IntoIterator<Item = Value>,
    ) -> Option<R> {
        R::find_by_statement(statement(sql, values))
            .one(self.db.connection())
            .await
            .unwrap()
    }
}

fn statement(sql: &str, values: impl IntoIterator<Item = Value>) -> Statement {
    Statement::from_sql_and_values(DbBackend::Postgres, sql, values)
}
