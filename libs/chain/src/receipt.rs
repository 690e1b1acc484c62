//! What a transaction did to the accounts that it named.

use serde::Deserialize;

use crate::address::Address;
use crate::rpc::NodeError;

/// What a transaction did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The slot that it stands in.
    pub slot: u64,
    /// Whether the chain took the fee and nothing else.
    pub failed: bool,
    /// What it cost its payer, in lamports.
    pub fee: u64,
    changes: Vec<Change>,
}

/// What became of one account.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Change {
    account: String,
    lamports: i128,
    tokens: Option<Tokens>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Tokens {
    mint: String,
    amount: i128,
}

impl Receipt {
    /// By how much the lamports of an account changed.
    pub fn lamports(&self, account: Address) -> i128 {
        self.change(account).map_or(0, |change| change.lamports)
    }

    /// By how much the tokens of `mint` in a token account changed.
    pub fn tokens(&self, account: Address, mint: Address) -> i128 {
        let tokens = self.change(account).and_then(|it| it.tokens.as_ref());
        let mint = mint.to_string();
        tokens
            .filter(|tokens| tokens.mint == mint)
            .map_or(0, |tokens| tokens.amount)
    }

    fn change(&self, account: Address) -> Option<&Change> {
        let account = account.to_string();
        self.changes.iter().find(|change| change.account == account)
    }
}

/// A transaction as a node tells of it.
#[derive(Deserialize)]
pub(crate) struct Told {
    slot: u64,
    transaction: Transaction,
    meta: Meta,
}

#[derive(Deserialize)]
struct Transaction {
    message: Message,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Message {
    account_keys: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Meta {
    err: Option<serde_json::Value>,
    fee: u64,
    pre_balances: Vec<u64>,
    post_balances: Vec<u64>,
    #[serde(default)]
    pre_token_balances: Option<Vec<TokenBalance>>,
    #[serde(default)]
    post_token_balances: Option<Vec<TokenBalance>>,
    #[serde(default)]
    loaded_addresses: Option<Loaded>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TokenBalance {
    account_index: usize,
    mint: String,
    ui_token_amount: TokenAmount,
}

#[derive(Deserialize)]
struct TokenAmount {
    amount: String,
}

#[derive(Deserialize)]
struct Loaded {
    writable: Vec<String>,
    readonly: Vec<String>,
}

impl TryFrom<Told> for Receipt {
    type Error = NodeError;

    fn try_from(told: Told) -> Result<Self, NodeError> {
        let Told {
            slot,
            transaction,
            meta,
        } = told;
        let mut accounts = transaction.message.account_keys;
        if let Some(loaded) = meta.loaded_addresses {
            accounts.extend(loaded.writable);
            accounts.extend(loaded.readonly);
        }
        let (before, after) = (&meta.pre_balances, &meta.post_balances);
        if before.len() != accounts.len() || after.len() != accounts.len() {
            return Err(NodeError::malformed("as many balances as accounts"));
        }
        let mut changes: Vec<_> = accounts
            .into_iter()
            .zip(before.iter().zip(after))
            .map(|(account, (&before, &after))| Change {
                account,
                lamports: i128::from(after) - i128::from(before),
                tokens: None,
            })
            .collect();
        let sides = [(meta.pre_token_balances, -1), (meta.post_token_balances, 1)];
        for (balances, sign) in sides {
            for balance in balances.unwrap_or_default() {
                count(&mut changes, balance, sign)?;
            }
        }
        Ok(Self {
            slot,
            failed: meta.err.is_some_and(|err| !err.is_null()),
            fee: meta.fee,
            changes,
        })
    }
}

/// Adds what a token account held, with the sign of its side.
fn count(changes: &mut [Change], balance: TokenBalance, sign: i128) -> Result<(), NodeError> {
    let amount: u64 = match balance.ui_token_amount.amount.parse() {
        Ok(amount) => amount,
        Err(_not_a_number) => return Err(NodeError::malformed("a whole amount of tokens")),
    };
    let change = changes.get_mut(balance.account_index);
    let change = change.ok_or_else(|| NodeError::malformed("the account of a token balance"))?;
    let tokens = change.tokens.get_or_insert(Tokens {
        mint: balance.mint,
        amount: 0,
    });
    tokens.amount += sign * i128::from(amount);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOLDER: &str = "HAgk14JpMQLgt6rVgv7cBQFJWFto5Dqxi472uT3DKpqk";
    const MINT: &str = "Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB";

    fn receipt(meta: &str) -> Result<Receipt, NodeError> {
        let told = format!(
            r#"{{"slot":7,"transaction":{{"message":{{"accountKeys":["{MINT}","{HOLDER}"]}}}},"meta":{meta}}}"#
        );
        serde_json::from_str::<Told>(&told).unwrap().try_into()
    }

    #[test]
    fn an_account_that_was_opened_held_nothing_before() {
        let receipt = receipt(&format!(
            r#"{{"err":null,"fee":5000,"preBalances":[9,0],"postBalances":[4,5],"preTokenBalances":[],
                "postTokenBalances":[{{"accountIndex":1,"mint":"{MINT}",
                "uiTokenAmount":{{"amount":"18446744073709551615"}}}}]}}"#
        ))
        .unwrap();
        let (holder, mint) = (HOLDER.parse().unwrap(), MINT.parse().unwrap());
        assert_eq!(
            (receipt.failed, receipt.fee, receipt.slot),
            (false, 5000, 7)
        );
        assert_eq!((receipt.lamports(mint), receipt.lamports(holder)), (-5, 5));
        assert_eq!(receipt.tokens(holder, mint), i128::from(u64::MAX));
        assert_eq!(receipt.tokens(holder, holder), 0, "of another mint");
        assert_eq!(receipt.tokens(mint, mint), 0, "of another account");
    }

    #[test]
    fn a_receipt_that_does_not_add_up_is_refused() {
        let short = r#"{"err":null,"fee":1,"preBalances":[1],"postBalances":[1,2]}"#;
        assert!(receipt(short).is_err());
        let beyond = format!(
            r#"{{"err":null,"fee":1,"preBalances":[1,1],"postBalances":[1,1],
                "postTokenBalances":[{{"accountIndex":2,"mint":"{MINT}","uiTokenAmount":{{"amount":"1"}}}}]}}"#
        );
        assert!(receipt(&beyond).is_err());
    }
}
