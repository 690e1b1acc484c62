//! A message of every topic. The tests compare its bytes with the golden files; `xtask generate`,
//! which writes those, is made of this file too.

#![expect(clippy::unwrap_used, reason = "a sample is right or mended")]

use contracts::achievements::{Granted, PlayerEvent};
use contracts::arena::{BattleChange, BattleEvent, PositionEvent};
use contracts::battles::{BattleCanceled, BattleOpened, BattleSettled, RoomChanged, Standing};
use contracts::commands::{
    AgreeToRoom, Caller, CancelBattle, ClaimItems, ClaimPlayMoney, CreateAchievementDefinition,
    CreateGame, CreateRoom, CreateWallet, DeleteAchievementDefinition, DeleteGame, ForgetPlayer,
    InviteToParty, JoinParty, JoinRoom, JoinRoomAsParty, KickFromRoom, LeaveParty, LeaveRoom,
    MarkNotificationsRead, MuteMails, QueueParty, RemoveFromParty, ReviewWithdrawal, StartRoom,
    UpdateAchievementDefinition, UpdateGame, Verdict, VoidPlayer, Withdraw,
};
use contracts::market::{Gap, Note, NoteKind, Offset, Tick, Watermark};
use contracts::matchmaking::{Add, Leave, PartyChanged, PlaceChanged, PlaceStatus};
use contracts::notifications::{Email, InApp, Notice, NoticeKind, OtpEmail};
use contracts::positions::{AmendPosition, CancelPosition, ClosePosition, NewPosition};
use contracts::treasury::Posted;
use contracts::{Message, Topic};
use domain::achievement::Terms;
use domain::chips::Chips;
use domain::engine::PositionChange;
use domain::game::{AllowedAsset, ItemKind, ItemReward, Prize, Template};
use domain::id::Id;
use domain::leverage::{Bps, Leverage};
use domain::money::{Currency, Money};
use domain::order::{Entered, LevelChange, NewOrder, OrderKind, Side};
use domain::position::{End, EndCause, Exit, Fill, PositionState, PositionStatus};
use domain::price::Price;
use domain::ranking::BattleResult;
use domain::timestamp::Timestamp;
use uuid::Uuid;

fn id<T>(n: u128) -> Id<T> {
    Uuid::from_u128(n).into()
}

fn bps(rate: u16) -> Bps {
    Bps::try_from(rate).unwrap()
}

fn price(units: i64) -> Price {
    Price::from_units(units).unwrap()
}

fn caller() -> Caller {
    Caller {
        user: id(1),
        request: id(2),
    }
}

fn usdt(minor: i64) -> Money {
    Money {
        minor,
        currency: Currency::Usdt,
    }
}

fn template() -> Template {
    Template {
        title: "Sprint".to_owned(),
        description: "One minute".to_owned(),
        cover: "https://example.org/sprint.png".to_owned(),
        currency: Currency::Usdt,
        is_active: true,
        duration_ms: 60_000,
        countdown_ms: 3_000,
        min_players: 2,
        max_players: 8,
        max_positions: 10,
        start_balance: Chips::from_units(10_000_000_000),
        entry_fee_minor: 10_000_000,
        assets: vec![AllowedAsset {
            symbol: "BTCUSDT".parse().unwrap(),
            price_step: price(1_000_000),
        }],
        max_leverage: Leverage::MAX,
        fee_bps: bps(0),
        maintenance_bps: bps(50),
        fill_delay_ms: 250,
        card_uses: 10,
        prize: Prize::Pool {
            rake_bps: bps(1_000),
            shares_bps: vec![bps(10_000)],
        },
        cup: 10,
        win_exp: 100,
        lose_exp: 20,
        items: vec![ItemReward {
            kind: ItemKind::LeverageCard,
            uses: 1,
        }],
        cup_band: Some(100),
        fill_wait_ms: 5_000,
        queue_ttl_ms: 60_000,
    }
}

fn terms() -> Terms {
    Terms {
        title: "First win".to_owned(),
        description: "Win a battle".to_owned(),
        metric: "battles_won".to_owned(),
        threshold: 1,
        experience: 50,
        is_active: true,
    }
}

fn notice() -> Notice {
    Notice::Ended {
        title: "Sprint".to_owned(),
        subject: "00000000-0000-0000-0000-000000000005".to_owned(),
        rank: 1,
        prize: Some("18 USDT".to_owned()),
    }
}

fn leverage() -> Leverage {
    Leverage::try_from(20).unwrap()
}

fn last_tick() -> domain::market::Tick {
    domain::market::Tick {
        trade: 3_735_683_300,
        price: price(5_900_000_000_000),
        time: Timestamp::from_ms(1_723_161_299_999),
    }
}

fn exit() -> Exit {
    Exit {
        tick: last_tick(),
        profit: Chips::from_units(-1_000_000_000),
        fee: Chips::ZERO,
        payout: Chips::ZERO,
    }
}

fn position() -> PositionState {
    let entry = domain::market::Tick {
        trade: 3_735_683_259,
        price: price(6_183_763_000_000),
        time: Timestamp::from_ms(1_723_161_255_342),
    };
    PositionState {
        id: id(11),
        battle: id(5),
        player: id(1),
        number: 1,
        symbol: "BTCUSDT".parse().unwrap(),
        side: Side::Buy,
        kind: OrderKind::Limit(price(6_183_763_000_000)),
        margin: Chips::from_units(1_000_000_000),
        leverage: leverage(),
        size: Chips::from_units(20_000_000_000),
        open_fee: Chips::ZERO,
        card_spent: true,
        stop_loss: None,
        take_profit: None,
        status: PositionStatus::Liquidated,
        effective_time: Timestamp::from_ms(1_723_161_255_000),
        stale_at: None,
        fill: Some(Fill {
            tick: entry,
            sequence: 42,
            liquidation: Price::from_units(5_900_000_000_000),
        }),
        end: Some(End {
            cause: EndCause::Liquidation,
            time: last_tick().time,
            sequence: 77,
            exit: Some(exit()),
        }),
        noted: Vec::new(),
    }
}

fn result() -> BattleResult {
    BattleResult {
        battle: id(5),
        winner: Some(id(1)),
        currency: Currency::Usdt,
        house_minor: 2_000_000,
        standings: vec![domain::ranking::Standing {
            player: id(1),
            number: 0,
            equity: Chips::from_units(10_315_789_473),
            rank: 1,
            fills: 1,
            cards_left: 9,
            prize_minor: 18_000_000,
        }],
    }
}

/// A message of every topic. A topic without a sample does not compile.
pub(crate) fn sample(topic: Topic) -> Sample {
    let symbol = || "BTCUSDT".parse().unwrap();
    let time = Timestamp::from_ms(1_723_161_255_342);
    match topic {
        Topic::Tick => of(&Tick {
            epoch: 3,
            symbol: symbol(),
            trade_id: 3_735_683_259,
            price: price(6_183_763_000_000),
            time,
        }),
        Topic::Watermark => of(&Watermark {
            epoch: 3,
            symbol: symbol(),
            time,
        }),
        Topic::Gap => of(&Gap {
            epoch: 3,
            symbol: symbol(),
            first: 10,
            last: 12,
        }),
        Topic::Note => of(&Note {
            epoch: 3,
            symbol: symbol(),
            kind: NoteKind::Late,
            trade_id: 9,
            price: price(6_183_763_000_000),
            time,
        }),
        Topic::Offset => of(&Offset {
            epoch: 3,
            offset_ns: -1_500_000,
        }),
        Topic::MatchmakingAdd => of(&Add {
            ticket: id(4),
            game: id(3),
            player: id(1),
            request: id(2),
            expires_at_ms: 1_723_161_255_342,
        }),
        Topic::MatchmakingLeave => of(&Leave {
            game: id(3),
            player: id(1),
            request: id(2),
        }),
        Topic::PlaceChanged => of(&PlaceChanged {
            player: id(1),
            ticket: id(11),
            status: PlaceStatus::Expired,
        }),
        Topic::PartyChanged => of(&PartyChanged { party: id(20) }),
        Topic::BattleOpened => of(&BattleOpened {
            battle: id(5),
            game: id(3),
            title: "Sprint".to_owned(),
            players: vec![id(1), id(6)],
            start_time: time,
            end_time: time.plus_ms(60_000),
        }),
        Topic::BattleSettled => of(&BattleSettled {
            battle: id(5),
            game: id(3),
            title: "Sprint".to_owned(),
            ranked: true,
            standings: vec![Standing {
                player: id(1),
                rank: 1,
                winner: true,
                prize: usdt(18_000_000),
                cups: 10,
                experience: 100,
                fills: 4,
            }],
            record_sha256: "ab".repeat(32),
        }),
        Topic::BattleCanceled => of(&BattleCanceled {
            battle: id(5),
            game: id(3),
            title: "Sprint".to_owned(),
            players: vec![id(1), id(6)],
        }),
        Topic::RoomChanged => of(&RoomChanged {
            battle: id(10),
            players: vec![id(1), id(3)],
        }),
        Topic::CreateGame => of(&CreateGame {
            caller: caller(),
            game: id(3),
            template: template(),
        }),
        Topic::UpdateGame => of(&UpdateGame {
            caller: caller(),
            game: id(3),
            template: template(),
        }),
        Topic::DeleteGame => of(&DeleteGame {
            caller: caller(),
            game: id(3),
        }),
        Topic::CancelBattle => of(&CancelBattle {
            caller: caller(),
            battle: id(5),
        }),
        Topic::VoidPlayer => of(&VoidPlayer {
            caller: caller(),
            battle: id(5),
            player: id(6),
            reason: "Two accounts of one person.".to_owned(),
        }),
        Topic::CreateRoom => of(&CreateRoom {
            caller: caller(),
            battle: id(10),
            ticket: id(11),
            game: id(12),
            private: true,
            official: false,
            expires_at_ms: 1_723_161_255_342,
        }),
        Topic::JoinRoom => of(&JoinRoom {
            caller: caller(),
            battle: id(10),
            ticket: id(11),
            invite_code: Some("7Q2XK9MD".to_owned()),
            expires_at_ms: 1_723_161_255_342,
        }),
        Topic::LeaveRoom => of(&LeaveRoom {
            caller: caller(),
            battle: id(10),
        }),
        Topic::KickFromRoom => of(&KickFromRoom {
            caller: caller(),
            battle: id(10),
            player: id(3),
        }),
        Topic::StartRoom => of(&StartRoom {
            caller: caller(),
            battle: id(10),
            expires_at_ms: 1_723_161_255_342,
        }),
        Topic::InviteToParty => of(&InviteToParty {
            caller: caller(),
            party: id(20),
            player: id(3),
            name: Some("ann".to_owned()),
        }),
        Topic::JoinParty => of(&JoinParty {
            caller: caller(),
            party: id(20),
        }),
        Topic::RemoveFromParty => of(&RemoveFromParty {
            caller: caller(),
            player: id(3),
        }),
        Topic::LeaveParty => of(&LeaveParty {
            caller: caller(),
            party: id(20),
        }),
        Topic::AgreeToRoom => of(&AgreeToRoom {
            caller: caller(),
            battle: Some(id(10)),
            invite_code: Some("7Q2XK9MD".to_owned()),
            expires_at_ms: 1_723_161_255_342,
        }),
        Topic::QueueParty => of(&QueueParty {
            caller: caller(),
            ticket: id(11),
            game: id(12),
            expires_at_ms: 1_723_161_255_342,
        }),
        Topic::JoinRoomAsParty => of(&JoinRoomAsParty {
            caller: caller(),
            ticket: id(11),
            battle: id(10),
            invite_code: Some("7Q2XK9MD".to_owned()),
            expires_at_ms: 1_723_161_255_342,
        }),
        Topic::ForgetPlayer => of(&ForgetPlayer { caller: caller() }),
        Topic::CreateWallet => of(&CreateWallet {
            caller: caller(),
            currency: Currency::Usdt,
        }),
        Topic::ClaimPlayMoney => of(&ClaimPlayMoney {
            caller: caller(),
            currency: Currency::Usdt,
        }),
        Topic::ClaimItems => of(&ClaimItems {
            caller: caller(),
            kind: ItemKind::LeverageCard,
            uses: 5,
        }),
        Topic::Withdraw => of(&Withdraw {
            caller: caller(),
            withdrawal: id(10),
            amount: Money {
                minor: 18_000_000,
                currency: Currency::Usdt,
            },
            address: "HAgk14JpMQLgt6rVgv7cBQFJWFto5Dqxi472uT3DKpqk".to_owned(),
        }),
        Topic::ReviewWithdrawal => of(&ReviewWithdrawal {
            caller: caller(),
            withdrawal: id(10),
            verdict: Verdict::Reject {
                reason: "The account is under review.".to_owned(),
            },
        }),
        Topic::CreateAchievementDefinition => of(&CreateAchievementDefinition {
            caller: caller(),
            definition: id(7),
            terms: terms(),
        }),
        Topic::UpdateAchievementDefinition => of(&UpdateAchievementDefinition {
            caller: caller(),
            definition: id(7),
            terms: terms(),
        }),
        Topic::DeleteAchievementDefinition => of(&DeleteAchievementDefinition {
            caller: caller(),
            definition: id(7),
        }),
        Topic::MarkNotificationsRead => of(&MarkNotificationsRead {
            caller: caller(),
            notifications: vec![id(8)],
        }),
        Topic::MuteMails => of(&MuteMails {
            caller: caller(),
            kinds: vec![NoticeKind::Ended, NoticeKind::FriendRequest],
        }),
        Topic::TreasuryPosted => of(&Posted {
            transfer: id(9),
            user: id(1),
            amount: usdt(50_000_000),
            kind: "play_money".to_owned(),
        }),
        Topic::PlayerEvent => of(&PlayerEvent {
            user: id(1),
            metric: "battles_won".to_owned(),
            by: 1,
        }),
        Topic::AchievementGranted => of(&Granted {
            achievement: id(10),
            definition: id(7),
            user: id(1),
            title: "First win".to_owned(),
            experience: 50,
        }),
        Topic::OtpEmail => of(&OtpEmail {
            to: "ada@example.org".to_owned(),
            code: "123456".to_owned(),
            expires_at_ms: 1_723_161_255_342,
        }),
        Topic::Email => of(&Email {
            user: id(1),
            notice: notice(),
        }),
        Topic::InApp => of(&InApp {
            id: id(8),
            user: id(1),
            notice: notice(),
        }),
        Topic::PositionNew => of(&NewPosition {
            caller: caller(),
            battle: id(5),
            order: NewOrder {
                position: id(11),
                symbol: Entered::Value(symbol()),
                side: Side::Buy,
                kind: OrderKind::Limit(Entered::Value(price(6_183_763_000_000))),
                margin: Entered::Value(Chips::from_units(1_000_000_000)),
                leverage: Entered::Value(leverage()),
                stop_loss: Entered::Absent,
                take_profit: Entered::Malformed,
            },
        }),
        Topic::PositionClose => of(&ClosePosition {
            caller: caller(),
            battle: id(5),
            position: id(11),
        }),
        Topic::PositionCancel => of(&CancelPosition {
            caller: caller(),
            battle: id(5),
            position: id(11),
        }),
        Topic::PositionAmend => of(&AmendPosition {
            caller: caller(),
            battle: id(5),
            position: id(11),
            stop_loss: LevelChange::Set(price(6_100_000_000_000)),
            take_profit: LevelChange::Remove,
        }),
        Topic::ArenaPosition => of(&PositionEvent {
            battle: id(5),
            player: id(1),
            change: PositionChange::Liquidated { exit: exit() },
            position: position(),
        }),
        Topic::ArenaBattle => of(&BattleEvent {
            battle: id(5),
            game: id(3),
            change: BattleChange::Sealed {
                result: result(),
                record_sha256: "ab".repeat(32),
            },
        }),
    }
}

/// A message as it travels.
pub(crate) struct Sample {
    subject: String,
    /// The message's bytes.
    pub(crate) json: String,
    /// Those of what a reader makes of it.
    pub(crate) decoded_and_encoded: String,
}

impl Sample {
    /// What the golden file says: the subject, then the message.
    pub(crate) fn golden(&self) -> String {
        format!("{}\n{}\n", self.subject, self.json)
    }
}

/// The name of the topic's golden file.
pub(crate) fn file_name(topic: Topic) -> String {
    format!("{}.json", topic.pattern().replace('*', "_"))
}

fn of<M: Message>(message: &M) -> Sample {
    let json = serde_json::to_string(message).unwrap();
    let decoded: M = serde_json::from_str(&json).unwrap();
    Sample {
        subject: message.subject(),
        decoded_and_encoded: serde_json::to_string(&decoded).unwrap(),
        json,
    }
}
