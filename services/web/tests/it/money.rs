//! Wallets, items and the inbox, with stand-ins for their owners.

use contracts::Code;
use contracts::commands::{
    Answer, ClaimItems, ClaimPlayMoney, CreateWallet, MarkNotificationsRead, MuteMails, Refused,
};
use contracts::notifications::NoticeKind;
use contracts::treasury::Posted;
use domain::ledger::{Account, Unit};
use domain::money::{Currency, Money};
use runtime::ids::mint;
use serde_json::json;
use uuid::Uuid;

use crate::client::Client;
use crate::socket::Socket;
use crate::stage::Stage;

const CLAIM: &str = "mutation { claimPlayMoney(currency: USDT) {
    wallet { currency balance locked } userErrors { code } } }";

/// Opens a wallet and puts so many millionths of a USDT into it.
async fn fund(stage: &Stage, owner: &str, minor: i64) -> Uuid {
    let wallet = Account::user(owner.parse().unwrap(), Unit::Usdt).id();
    let (house, transfer) = (mint::<Uuid>(), mint::<Uuid>());
    stage
        .script(&format!(
            "INSERT INTO ledger_accounts (id, owner_id, kind, unit) VALUES
                ('{wallet}', '{owner}', 'user', 'USDT'), ('{house}', '{house}', 'house', 'USDT')
                ON CONFLICT DO NOTHING;
             INSERT INTO ledger_transfers
                (id, debit_id, credit_id, unit, amount, phase, kind, reference_id, key, body_hash)
                VALUES ('{transfer}', '{house}', '{wallet}', 'USDT', {minor}, 'single', 'play_money',
                    '{owner}', '{transfer}', 'h');"
        ))
        .await;
    wallet.uuid()
}

async fn scene() -> (Stage, Client, String) {
    let stage = Stage::new().await;
    let ann = stage.signed_in("ann@example.com").await;
    let id = ann.id().await;
    (stage, ann, id)
}

#[tokio::test]
async fn play_money_shows_in_the_wallet_and_its_history_to_the_last_digit() {
    let (mut stage, ann, id) = scene().await;
    fund(&stage, &id, 50_000_001).await;
    stage
        .answer(|claim: ClaimPlayMoney| Answer::Done {
            value: claim.currency,
        })
        .await;
    let told = ann.ask(CLAIM, json!({})).await.data();
    let wallet = json!({ "currency": "USDT", "balance": "50.000001", "locked": "0" });
    assert_eq!(told["claimPlayMoney"]["wallet"], wallet);
    let query = "{ transactions { edges { node { amount balanceAfter description } } } }";
    let told = ann.ask(query, json!({})).await.data();
    let movement =
        json!({ "amount": "50.000001", "balanceAfter": "50.000001", "description": "play_money" });
    assert_eq!(told["transactions"]["edges"][0]["node"], movement);
}

#[tokio::test]
async fn a_refused_claim_is_data() {
    let (mut stage, ann, _) = scene().await;
    let refusal = || Refused::new(Code::DevelopmentOnly);
    stage
        .answer(move |_: ClaimPlayMoney| Answer::Refused { refusal: refusal() })
        .await;
    let told = ann.ask(CLAIM, json!({})).await.data();
    assert_eq!(
        told["claimPlayMoney"]["userErrors"],
        json!([{ "code": "DEVELOPMENT_ONLY" }])
    );
}

#[tokio::test]
async fn a_wallet_that_exists_is_an_error_with_its_code() {
    let (mut stage, ann, _) = scene().await;
    stage
        .answer(|_: CreateWallet| Answer::Refused {
            refusal: Refused::new(Code::WalletExists),
        })
        .await;
    let query = "mutation { createWallet(createWalletInput: { currency: SOL }) { id } }";
    assert_eq!(ann.ask(query, json!({})).await.code(), "WALLET_EXISTS");
}

#[tokio::test]
async fn wallets_and_deposits_are_found_by_their_currency() {
    let (stage, ann, id) = scene().await;
    let wallet = fund(&stage, &id, 1).await;
    stage
        .script(&format!(
            "INSERT INTO chain_accounts (account, address, key_index, user_id, currency)
                VALUES ('{wallet}', 'x', 1, '{id}', 'USDT');
             INSERT INTO deposits (id, account, user_id, currency, amount, credited, signature, slot)
                SELECT id, '{wallet}', '{id}', 'USDT', 1, 1, 'x', 1 FROM ledger_transfers"
        ))
        .await;
    let query = "query($of: Currency) { wallets(filterBy: { currency: $of }) { totalCount }
        deposits(filterBy: { currency: $of }) { totalCount } }";
    for (of, found) in [(json!(null), 1), (json!("USDT"), 1), (json!("SOL"), 0)] {
        let told = ann.ask(query, json!({ "of": of })).await.data();
        let count = json!({ "totalCount": found });
        assert_eq!(told, json!({ "wallets": count, "deposits": count }), "{of}");
    }
}

#[tokio::test]
async fn claimed_cards_show_with_their_uses() {
    let (mut stage, ann, id) = scene().await;
    stage
        .script(&format!(
            "INSERT INTO ledger_accounts (id, owner_id, kind, unit, expires_at_ms, balance)
             VALUES ('{}', '{id}', 'user', 'LEVERAGE_CARD', NULL, 30),
                ('{}', '{id}', 'user', 'LEVERAGE_CARD', 1, 7)",
            mint::<Uuid>(),
            mint::<Uuid>()
        ))
        .await;
    stage
        .answer(|claim: ClaimItems| Answer::Done { value: claim.uses })
        .await;
    let query = "mutation($uses: Int!) { claimItems(kind: LEVERAGE_CARD, uses: $uses) {
        items { kind uses expiresAt } userErrors { code } } }";
    let told = ann.ask(query, json!({ "uses": 30 })).await.data();
    // Those that have run out are gone.
    let left = json!([{ "kind": "LEVERAGE_CARD", "uses": 30, "expiresAt": null }]);
    assert_eq!(told["claimItems"]["items"], left);
    assert_eq!(
        ann.ask(query, json!({ "uses": 0 })).await.code(),
        "BAD_USER_INPUT"
    );
}

#[tokio::test]
async fn a_wallet_is_told_again_when_it_has_moved() {
    let (stage, ann, id) = scene().await;
    fund(&stage, &id, 1_000_000).await;
    let mut socket = Socket::open(&ann).await;
    socket
        .subscribe("1", "subscription { walletUpdated { balance } }", json!({}))
        .await;
    assert_eq!(socket.next("1").await["walletUpdated"]["balance"], "1");
    fund(&stage, &id, 2_000_000).await;
    let amount = Money {
        minor: 2_000_000,
        currency: Currency::Usdt,
    };
    let posted = Posted {
        transfer: mint(),
        user: id.parse().unwrap(),
        amount,
        kind: "play_money".to_owned(),
    };
    stage.bus.publish(&posted, "1").await.unwrap();
    assert_eq!(socket.next("1").await["walletUpdated"]["balance"], "3");
}

#[tokio::test]
async fn reading_the_inbox_is_asked_of_its_owner() {
    let (mut stage, ann, _) = scene().await;
    stage
        .answer(|read: MarkNotificationsRead| {
            assert!(read.notifications.is_empty(), "none named means all");
            Answer::Done { value: 0 }
        })
        .await;
    let query = "mutation { markAllNotificationsRead {
        unreadNotificationCount userErrors { code } } }";
    let told = ann.ask(query, json!({})).await.data();
    assert_eq!(
        told["markAllNotificationsRead"]["unreadNotificationCount"],
        0
    );
    let query = "mutation { markNotificationsRead(ids: []) { userErrors { code } } }";
    assert_eq!(ann.ask(query, json!({})).await.code(), "BAD_USER_INPUT");
}

#[tokio::test]
async fn which_mails_are_not_wanted_is_asked_of_their_owner_and_shown() {
    let (mut stage, ann, id) = scene().await;
    stage
        .answer(|mute: MuteMails| {
            assert_eq!(mute.kinds, [NoticeKind::Opened, NoticeKind::Ended]);
            Answer::Done { value: true }
        })
        .await;
    let query = "mutation { muteMails(kinds: [ENDED, OPENED, ENDED]) {
        mutedMails userErrors { code } } }";
    let told = ann.ask(query, json!({})).await.data();
    let muted = json!({ "mutedMails": ["OPENED", "ENDED"], "userErrors": [] });
    assert_eq!(told["muteMails"], muted);
    stage
        .script(&format!(
            "INSERT INTO muted_mails (user_id, kind) VALUES ('{id}', 'ENDED')"
        ))
        .await;
    let told = ann.ask("{ mutedMails }", json!({})).await.data();
    assert_eq!(told["mutedMails"], json!(["ENDED"]));
}

#[tokio::test]
async fn what_came_in_over_the_chain_is_listed_for_whoever_got_it() {
    let (stage, ann, id) = scene().await;
    let bob = stage.signed_in("bob@example.com").await;
    let support = stage.staff("support").await;
    fund(&stage, &id, 1_500_000).await;
    let wallet = Account::user(id.parse().unwrap(), Unit::Usdt).id();
    stage
        .script(&format!(
            "INSERT INTO chain_accounts (account, address, key_index, user_id, currency)
                VALUES ('a', 'a', 1, '{id}', 'USDT');
             INSERT INTO deposits
                    (id, account, user_id, currency, amount, credited, signature, slot)
                SELECT transfer_id, 'a', '{id}', 'USDT', amount, amount, 's', 1 FROM ledger_entries
                WHERE account_id = '{wallet}'"
        ))
        .await;
    fund(&stage, &id, 2_000_000).await;
    let list = "{ deposits { totalCount edges { node { userID currency amount signature } } } }";
    let deposit = json!({ "userID": id, "currency": "USDT", "amount": "1.5", "signature": "s" });
    for (client, count) in [(&ann, 1), (&bob, 0), (&support, 1)] {
        let told = client.ask(list, json!({})).await.data()["deposits"].clone();
        assert_eq!(told["totalCount"], count, "{told}");
        if count == 1 {
            assert_eq!(told["edges"][0]["node"], deposit);
        }
    }
    let all = "{ transactions { edges { node { signature } } } }";
    let told = ann.ask(all, json!({})).await.data();
    let signatures = json!([{ "node": { "signature": null } }, { "node": { "signature": "s" } }]);
    assert_eq!(told["transactions"]["edges"], signatures);
}
