//! Everything that somebody could ask for, once; and everybody who could ask.

use contracts::battles::RoomChanged;
use contracts::live::{LiveBattle, LivePlayer};
use contracts::matchmaking::{PartyChanged, PlaceChanged, PlaceStatus};
use contracts::notifications::InApp;
use domain::id::{BattleId, PositionId, TicketId};
use domain::ledger::{Account, Unit};
use domain::timestamp::Timestamp;
use runtime::ids::mint;
use serde_json::{Value, json};
use uuid::Uuid;

use super::TOKEN;
use crate::candles::running;
use crate::client::Client;
use crate::rows::{Game, Position};
use crate::stage::Stage;
use crate::subscriptions::{event, price};

/// Whoever asks, in the order of the page's columns.
pub(super) const ACTORS: [&str; 5] = ["nobody", "expired token", "other player", "owner", "staff"];

/// Users whom nobody knows: each is for one question about friends, so that none hangs on another.
const STRANGERS: [&str; 6] = [
    "accepted",
    "asked",
    "banned",
    "blocked",
    "removed",
    "unblocked",
];

pub(crate) struct Scene {
    pub(crate) stage: Stage,
    /// Those of [`ACTORS`].
    pub(crate) actors: Vec<Client>,
    /// The ids of what there is, by the names that the questions use.
    pub(crate) ids: Value,
    battle: BattleId,
    room: BattleId,
    /// Of everybody who can sign in, so that each has something to be told of.
    own: Vec<Own>,
}

/// What somebody has that subscriptions tell of.
struct Own {
    user: String,
    position: PositionId,
    ticket: TicketId,
    message: InApp,
}

impl Scene {
    /// Settings of a gateway that lets everybody ask as often as they like.
    pub(crate) const FREE: [(&str, &str); 9] = [
        ("limits.user_burst", "1000000"),
        ("limits.ip_burst", "1000000"),
        ("limits.requests_per_user", "1000000"),
        ("limits.codes_per_ip", "1000000"),
        ("limits.codes_per_address", "1000000"),
        ("limits.logins_per_ip", "1000000"),
        ("limits.passwords_per_address", "1000000"),
        ("limits.guests_per_ip", "1000000"),
        ("limits.challenges_per_ip", "1000000"),
    ];

    /// The owner plays the other, and has one of everything; staff are an admin.
    pub(crate) async fn on(stage: Stage) -> Self {
        let expired = stage.signed_in("owner@example.com").await;
        stage.clock.advance(TOKEN);
        let owner = stage.signed_in("owner@example.com").await;
        let other = stage.signed_in("other@example.com").await;
        let victim = stage.signed_in("victim@example.com").await.id().await;
        let staff = stage.staff("admin").await;
        let (owner_id, other_id) = (owner.id().await, other.id().await);

        let game = stage.game("Duel").await;
        let pooled = stage.pooled_game("Pool").await;
        let battle = stage.battle(&game, &[&owner_id, &other_id], "OPEN").await;
        let closed = stage.battle(&game, &[&owner_id, &other_id], "CLOSED").await;
        let room = stage
            .room(&game, &owner_id, Some("CODE"), &[&owner_id])
            .await;
        let mut own = Vec::new();
        let staff_id = staff.id().await;
        let of_staff = stage.battle(&game, &[&staff_id], "OPEN").await;
        for (user, battle) in [
            (&owner_id, battle),
            (&other_id, battle),
            (&staff_id, of_staff),
        ] {
            let number = i64::try_from(own.len()).unwrap();
            own.push(Own::new(&stage, &game, battle, user, number).await);
        }
        let Own {
            position,
            ticket,
            message,
            ..
        } = &own[0];
        let [
            transfer,
            house,
            definition,
            grant,
            cards,
            withdrawal,
            friendship,
        ] = [(); 7].map(|()| mint::<Uuid>());
        let party = stage.party(&owner_id, &victim).await;
        let strangers = stage.strangers().await;
        let user = owner_id.parse().unwrap();
        let wallet = Account::user(user, Unit::Usdt).id();
        let items = Account::user(user, Unit::LeverageCard).id();
        stage
            .script(&format!(
                "INSERT INTO ledger_accounts (id, owner_id, kind, unit) VALUES
                    ('{items}', '{owner_id}', 'user', 'LEVERAGE_CARD'),
                    ('{house}', '{house}', 'house', 'USDT'),
                    ('{cards}', '{cards}', 'house', 'LEVERAGE_CARD');
                 INSERT INTO ledger_transfers
                    (id, debit_id, credit_id, unit, amount, phase, kind, reference_id, key, body_hash)
                    VALUES
                    ('{transfer}', '{house}', '{wallet}', 'USDT', 5, 'single', 'x', '{owner_id}', 'k', 'h'),
                    ('{grant}', '{cards}', '{items}', 'LEVERAGE_CARD', 5, 'single', 'x', '{owner_id}', 'l', 'h');
                 INSERT INTO achievement_definitions
                    (id, title, description, metric, threshold, experience, is_active)
                    VALUES ('{definition}', 'Winner', 'Win', 'battles_won', 1, 10, true);
                 INSERT INTO achievement_grants (id, definition_id, user_id)
                    VALUES ('{grant}', '{definition}', '{owner_id}');
                 INSERT INTO audit_records (battle_id, sha256, size) VALUES ('{closed}', 'feed', 4);
                 INSERT INTO withdrawals
                    (id, user_id, currency, amount, address, status, expires_at_ms)
                    VALUES ('{withdrawal}', '{owner_id}', 'SOL', 1, 'x', 'IN_REVIEW', 0);
                 INSERT INTO chain_accounts (account, address, key_index, user_id, currency)
                    VALUES ('{wallet}', 'x', 1, '{owner_id}', 'USDT');
                 INSERT INTO deposits
                    (id, account, user_id, currency, amount, credited, signature, slot)
                    VALUES ('{transfer}', '{wallet}', '{owner_id}', 'USDT', 5, 5, 'x', 1);
                 INSERT INTO season_cups (season, user_id, cups)
                    VALUES (0, '{owner_id}', 30), (24322, '{owner_id}', 30);
                 INSERT INTO bans (id, user_id, reason, banned_by, created_at)
                    SELECT gen_random_uuid(), id, 'x', '{staff_id}', now()
                    FROM users WHERE nick_name = 'banned';
                 INSERT INTO friendships (id, one_id, other_id, status, created_at, updated_at)
                    SELECT '{friendship}', least(id, '{owner_id}'), greatest(id, '{owner_id}'),
                        'FRIENDS', now(), now() FROM users WHERE id = '{victim}';"
            ))
            .await;
        let told = owner.ask(FOUND, json!({ "battle": battle })).await.data();
        let mut ids = json!({
            "asset": "bitcoin", "game": game.id, "pooled": pooled.id, "battle": battle,
            "closed": closed, "room": room, "position": position, "wallet": wallet,
            "transaction": transfer, "ticket": ticket, "message": message.id,
            "definition": definition, "achievement": grant, "owner": owner_id, "victim": victim,
            "session": told["sessions"]["edges"][0]["node"]["id"],
            "participant": told["gameMatch"]["participants"]["edges"][0]["node"]["id"],
            "friendship": friendship, "party": party, "withdrawal": withdrawal,
        });
        for (name, stranger) in STRANGERS.iter().zip(strangers) {
            ids[name] = json!(stranger);
        }
        Self {
            actors: vec![stage.client(), expired, other, owner, staff],
            stage,
            ids,
            battle,
            room,
            own,
        }
    }

    /// Says once everything that a subscription could tell.
    pub(super) async fn shout(&self) {
        let player = |own: &Own| LivePlayer {
            player: own.user.parse().unwrap(),
            equity: 10_000_000_000,
            rank: 1,
            open_positions: 0,
        };
        let standing = LiveBattle {
            battle: self.battle,
            time: Timestamp::from_ms(0),
            players: self.own.iter().map(player).collect(),
        };
        let bus = &self.stage.bus;
        bus.shout(&price("61837.63")).unwrap();
        bus.shout(&running()).unwrap();
        bus.shout(&standing).unwrap();
        let id = || mint::<Uuid>().to_string();
        for own in &self.own {
            bus.shout(&own.message).unwrap();
            let position = event(self.battle, &own.user, own.position);
            bus.publish(&position, &id()).await.unwrap();
            let place = PlaceChanged {
                player: own.user.parse().unwrap(),
                ticket: own.ticket,
                status: PlaceStatus::Expired,
            };
            bus.publish(&place, &id()).await.unwrap();
        }
        let room = RoomChanged {
            battle: self.room,
            players: Vec::new(),
        };
        bus.publish(&room, &id()).await.unwrap();
        let party = self.ids["party"].as_str().unwrap().parse().unwrap();
        bus.publish(&PartyChanged { party }, &id()).await.unwrap();
    }
}

impl Stage {
    /// Those of [`STRANGERS`].
    async fn strangers(&self) -> [Uuid; STRANGERS.len()] {
        let ids = STRANGERS.map(|_| mint::<Uuid>());
        for (name, id) in STRANGERS.iter().zip(ids) {
            self.script(&format!(
                "INSERT INTO users (id, email, nick_name)
                 VALUES ('{id}', '{name}@example.com', '{name}')"
            ))
            .await;
        }
        ids
    }
}

impl Own {
    async fn new(stage: &Stage, game: &Game, battle: BattleId, user: &str, number: i64) -> Self {
        let (position, ticket): (PositionId, TicketId) = (mint(), mint());
        let row = Position {
            id: position,
            battle,
            player: user,
            number,
            margin: 1_000_000_000,
        };
        stage.position(&row).await;
        let wallet = Account::user(user.parse().unwrap(), Unit::Usdt).id();
        stage
            .script(&format!(
                "INSERT INTO ledger_accounts (id, owner_id, kind, unit)
                    VALUES ('{wallet}', '{user}', 'user', 'USDT');
                 INSERT INTO tickets (id, game_id, game_version, player_id, status, cups,
                    queued_at_ms, expires_at_ms)
                    VALUES ('{ticket}', '{}', 1, '{user}', 'EXPIRED', 0, 1, 2);",
                game.id
            ))
            .await;
        Self {
            user: user.to_owned(),
            position,
            ticket,
            message: stage.notice(user).await,
        }
    }
}

/// What only the API knows the ids of.
const FOUND: &str = "query($battle: ID!) {
    sessions(first: 1) { edges { node { id } } }
    gameMatch(id: $battle) { participants(first: 1) { edges { node { id } } } }
}";
