//! What accounts hold, many at once, as a node tells.

use chain::{Address, MAX_ACCOUNTS};
use serde_json::{Value, json};

use crate::{FINAL, SOL, Stage, stranger};

impl Stage {
    /// What the node answers to a question about these accounts, as it stands.
    async fn ask_for(&self, accounts: &[Address], options: Value) -> Value {
        let names: Vec<_> = accounts.iter().map(Address::to_string).collect();
        let question = json!({"jsonrpc": "2.0", "id": 1, "method": "getMultipleAccounts",
            "params": [names, options]});
        let asking = reqwest::Client::new().post(self.validator.url());
        let answer = asking.json(&question).send().await.unwrap();
        answer.json().await.unwrap()
    }
}

#[tokio::test]
async fn accounts_are_told_in_the_order_of_the_question_and_null_where_there_is_none() {
    let stage = Stage::new().await;
    stage.fund(1, "SOL", SOL).await;
    stage.fund(2, "USDT", 7).await;
    let tokens = stage.address(2).token_account(stage.mint);
    let accounts = [stage.address(1), stranger(), tokens];
    let options = json!({"commitment": "finalized", "encoding": "base64"});
    let answer = stage.ask_for(&accounts, options).await;
    let slot = stage.node.height().await.unwrap().slot;
    assert_eq!(answer["result"]["context"]["slot"], slot);
    let told = answer["result"]["value"].as_array().unwrap();
    assert_eq!(told[0]["lamports"], SOL);
    assert_eq!(told[0]["data"], json!(["", "base64"]));
    assert_eq!(told[1], Value::Null);
    assert_eq!(told[2]["space"], 165);

    let read = stage.node.accounts(&accounts).await.unwrap();
    let held = |place: usize| read[place].as_ref().and_then(|it| it.tokens(stage.mint));
    assert_eq!((held(0), held(1), held(2)), (None, None, Some(7)));
}

#[tokio::test]
async fn a_hundred_accounts_are_told_of_at_once_and_no_more() {
    let stage = Stage::new().await;
    let some = |count| -> Vec<_> { (1..=count).map(|index| stage.address(index)).collect() };
    let most = u32::try_from(MAX_ACCOUNTS).unwrap();
    let told = stage.node.accounts(&some(most)).await.unwrap();
    assert_eq!(told, vec![None; MAX_ACCOUNTS]);
    let refused = stage.node.accounts(&some(most + 1)).await.unwrap_err();
    let refused = refused.to_string();
    let expected = "the node refuses with -32602: Too many inputs provided; max 100";
    assert_eq!(refused, expected);
    assert_eq!(stage.validator.asked("getMultipleAccounts").await, 2);
}

#[tokio::test]
async fn a_node_tells_of_accounts_as_they_were_in_its_slot() {
    let stage = Stage::new().await;
    stage.fund(0, "SOL", 2 * SOL).await;
    let address = stage.address(0);
    let held = async |commitment: &str| {
        let options = json!({"commitment": commitment, "encoding": "base64"});
        let answer = stage.ask_for(&[address], options).await;
        answer["result"]["value"][0]["lamports"].clone()
    };
    stage.validator.fund(&address.to_string(), "SOL", SOL).await;
    assert_eq!(held("finalized").await, 2 * SOL);
    assert_eq!(held("confirmed").await, 3 * SOL);
    stage.validator.make_slots(FINAL).await;
    assert_eq!(held("finalized").await, 3 * SOL);
    stage.validator.fault("lag", u64::from(FINAL)).await;
    assert_eq!(held("finalized").await, 2 * SOL);
    stage.validator.fault("lag", 100).await;
    assert_eq!(held("finalized").await, Value::Null);
    stage.validator.fault("lag", 0).await;
    assert_eq!(held("finalized").await, 3 * SOL);
}
