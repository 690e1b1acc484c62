//! Money on its way to the chain, with a stand-in for its owner.

use contracts::Code;
use contracts::commands::{Answer, Refused, ReviewWithdrawal, Verdict, Withdraw};
use domain::id::WithdrawalId;
use domain::money::{Currency, Money};
use runtime::ids::mint;
use serde_json::json;
use uuid::Uuid;

use crate::stage::Stage;

const WALLET: &str = "HAgk14JpMQLgt6rVgv7cBQFJWFto5Dqxi472uT3DKpqk";
const WITHDRAW: &str = "mutation($amount: Decimal!, $address: String!, $requestId: UUID) {
    withdraw(input: { currency: USDT, amount: $amount, address: $address }, requestId: $requestId) {
        withdrawal { id status amount currency address reason signature }
        userErrors { code path } } }";
const LIST: &str = "query($status: WithdrawalStatus) {
    withdrawals(filterBy: { status: $status }) { totalCount edges { node { id status } } } }";

/// Keeps a withdrawal as its owner would.
async fn keep(stage: &Stage, id: WithdrawalId, owner: &str, status: &str) {
    stage
        .script(&format!(
            "INSERT INTO withdrawals (id, user_id, currency, amount, address, status, expires_at_ms)
             VALUES ('{id}', '{owner}', 'USDT', 12500000, '{WALLET}', '{status}', 0)"
        ))
        .await;
}

#[tokio::test]
async fn a_withdrawal_is_asked_of_its_owner_and_shown_to_whose_it_is() {
    let mut stage = Stage::new().await;
    let ann = stage.signed_in("ann@example.com").await;
    let id = ann.id().await;
    stage
        .answer(|asked: Withdraw| Answer::Done {
            value: asked.withdrawal,
        })
        .await;
    // The owner would have kept it before it answers.
    let request: Uuid = mint();
    let parts = [
        b"withdrawal".as_slice(),
        id.parse::<Uuid>().unwrap().as_bytes(),
        request.as_bytes(),
    ]
    .concat();
    let withdrawal = WithdrawalId::new(domain::id::derived(&[&parts]));
    keep(&stage, withdrawal, &id, "APPROVED").await;
    let asked = json!({ "amount": "12.5", "address": WALLET, "requestId": request });
    let told = ann.ask(WITHDRAW, asked).await.data();
    let shown = json!({ "id": withdrawal.to_string(), "status": "APPROVED", "amount": "12.5",
        "currency": "USDT", "address": WALLET, "reason": null, "signature": null });
    assert_eq!(told["withdraw"]["withdrawal"], shown);
    let question = stage.questions::<Withdraw>(1).await.remove(0);
    let amount = Money {
        minor: 12_500_000,
        currency: Currency::Usdt,
    };
    assert_eq!(
        (question.amount, question.address.as_str()),
        (amount, WALLET)
    );
    assert_eq!(question.withdrawal, withdrawal);

    let told = ann.ask(LIST, json!({ "status": "APPROVED" })).await.data();
    let node = json!({ "id": withdrawal.to_string(), "status": "APPROVED" });
    assert_eq!(told["withdrawals"]["edges"][0]["node"], node);
    let bob = stage.signed_in("bob@example.com").await;
    let told = bob.ask(LIST, json!({})).await.data();
    assert_eq!(told["withdrawals"]["totalCount"], 0);
    let by_id = "query($id: ID!) { node(id: $id) { id } }";
    let asked = json!({ "id": withdrawal.to_string() });
    assert!(bob.ask(by_id, asked.clone()).await.data()["node"].is_null());
    assert_eq!(ann.ask(by_id, asked).await.data()["node"]["id"], node["id"]);
    let support = stage.staff("support").await;
    let told = support.ask(LIST, json!({})).await.data();
    assert_eq!(told["withdrawals"]["totalCount"], 1);
}

#[tokio::test]
async fn a_withdrawal_that_is_refused_names_what_is_at_fault() {
    let mut stage = Stage::new().await;
    let ann = stage.signed_in("ann@example.com").await;
    stage
        .answer(|_: Withdraw| Answer::Refused {
            refusal: Refused::of_field(Code::InvalidAddress, "address", "not this one"),
        })
        .await;
    let asked = json!({ "amount": "1", "address": "nowhere" });
    let told = ann.ask(WITHDRAW, asked).await.data();
    let refused = json!([{ "code": "INVALID_ADDRESS", "path": ["address"] }]);
    assert_eq!(told["withdraw"]["userErrors"], refused);
    let asked = json!({ "amount": "0.0000001", "address": WALLET });
    let told = ann.ask(WITHDRAW, asked).await.data();
    let refused = json!([{ "code": "INVALID_AMOUNT", "path": ["amount"] }]);
    assert_eq!(told["withdraw"]["userErrors"], refused);
    let asked = json!({ "amount": "1", "address": "x".repeat(101) });
    let told = ann.ask(WITHDRAW, asked).await.data();
    let refused = json!([{ "code": "INVALID_ADDRESS", "path": ["address"] }]);
    assert_eq!(told["withdraw"]["userErrors"], refused);
    let nobody = stage.client();
    let asked = json!({ "amount": "1", "address": WALLET });
    assert_eq!(nobody.ask(WITHDRAW, asked).await.code(), "UNAUTHENTICATED");
}

#[tokio::test]
async fn staff_with_the_permission_decide_and_see_what_came_of_it() {
    let mut stage = Stage::new().await;
    let ann = stage.signed_in("ann@example.com").await;
    let admin = stage.staff("admin").await;
    let withdrawal: WithdrawalId = mint();
    keep(&stage, withdrawal, &ann.id().await, "IN_REVIEW").await;
    stage
        .answer(|asked: ReviewWithdrawal| Answer::Done {
            value: asked.withdrawal,
        })
        .await;
    let id = json!({ "id": withdrawal.to_string() });
    let approve = "mutation($id: ID!) { approveWithdrawal(id: $id) { withdrawal { id } userErrors { code } } }";
    let told = admin.ask(approve, id.clone()).await.data();
    assert_eq!(told["approveWithdrawal"]["withdrawal"], id);
    let reject = "mutation($id: ID!) { rejectWithdrawal(id: $id, reason: \" no \") {
        withdrawal { id } userErrors { code } } }";
    let told = admin.ask(reject, id.clone()).await.data();
    assert_eq!(told["rejectWithdrawal"]["withdrawal"], id);
    let questions = stage.questions::<ReviewWithdrawal>(2).await;
    let reason = "no".to_owned();
    assert_eq!(questions[0].verdict, Verdict::Approve);
    assert_eq!(questions[1].verdict, Verdict::Reject { reason });
    assert_eq!(ann.ask(approve, id).await.code(), "FORBIDDEN");
}

#[tokio::test]
async fn a_wallet_shows_the_address_to_deposit_to_where_there_is_one() {
    let stage = Stage::new().await;
    let ann = stage.signed_in("ann@example.com").await;
    let id = ann.id().await;
    let (sol, token) = (mint::<Uuid>(), mint::<Uuid>());
    stage
        .script(&format!(
            "INSERT INTO ledger_accounts (id, owner_id, kind, unit)
             VALUES ('{sol}', '{id}', 'user', 'SOL'), ('{token}', '{id}', 'user', 'BT');
             INSERT INTO chain_accounts (account, address, key_index, user_id, currency)
             VALUES ('{WALLET}', '{WALLET}', 1, '{id}', 'SOL')"
        ))
        .await;
    let query = "{ wallets { edges { node { currency address } } } }";
    let told = ann.ask(query, json!({})).await.data();
    let mut shown: Vec<_> = told["wallets"]["edges"].as_array().unwrap().clone();
    shown.sort_by_key(|edge| edge["node"]["currency"].as_str().unwrap().to_owned());
    assert_eq!(
        shown[0]["node"],
        json!({ "currency": "BT", "address": null })
    );
    assert_eq!(
        shown[1]["node"],
        json!({ "currency": "SOL", "address": WALLET })
    );
}
