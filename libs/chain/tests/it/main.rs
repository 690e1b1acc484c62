//! The client and its transfers against a real virtual machine behind a node's JSON-RPC.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails where it stands"
)]

mod accounts;
mod faults;
mod kept;
mod transfers;

use std::time::Duration;

use chain::{Address, Coin, KeyIndex, Keyring, Node, Signed, Status, Transfer};
use testkit::Validator;

const PHRASE: &str = "abandon abandon abandon abandon abandon abandon abandon abandon abandon \
                      abandon abandon about";
/// How long a node may take.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Slots until a block of the stand-in is final, and one more.
const FINAL: u32 = 5;
/// Slots after which the stand-in has forgotten a blockhash, as its finalized blocks tell.
const FORGOTTEN: u32 = 80;
/// One SOL.
const SOL: u64 = 1_000_000_000;

/// A chain that stands still, our keys, and a way to its node.
struct Stage {
    validator: Validator,
    node: Node,
    keyring: Keyring,
    usdt: Coin,
    mint: Address,
}

impl Stage {
    async fn new() -> Self {
        Self::on(Validator::manual().await).await
    }

    async fn on(validator: Validator) -> Self {
        let mint = validator.mint().await.parse().unwrap();
        Self {
            node: node(&validator, TIMEOUT),
            keyring: Keyring::from_phrase(PHRASE).unwrap(),
            usdt: Coin::Token { mint, decimals: 6 },
            mint,
            validator,
        }
    }

    fn address(&self, index: u32) -> Address {
        self.keyring.address(key(index))
    }

    /// Gives to one of our wallets, for good.
    async fn fund(&self, index: u32, coin: &str, amount: u64) {
        let address = self.address(index).to_string();
        self.validator.fund(&address, coin, amount).await;
        self.validator.make_slots(FINAL).await;
    }

    async fn sign(&self, coin: Coin, from: u32, to: Address, amount: u64) -> Signed {
        let transfer = Transfer {
            coin,
            from: key(from),
            to,
            opens_account: true,
            amount,
            payer: KeyIndex::HOT,
        };
        let blockhash = self.node.latest_blockhash().await.unwrap();
        self.keyring.sign(&transfer, &blockhash.blockhash).unwrap()
    }

    async fn status(&self, signed: &Signed) -> Option<Status> {
        self.node.status(&signed.signature).await.unwrap().status
    }

    async fn lamports(&self, address: Address) -> u64 {
        let account = self.node.accounts(&[address]).await.unwrap().remove(0);
        account.map_or(0, |account| account.lamports)
    }

    async fn tokens(&self, wallet: Address) -> u64 {
        let account = wallet.token_account(self.mint);
        let account = self.node.accounts(&[account]).await.unwrap().remove(0);
        account.map_or(0, |account| account.tokens(self.mint).unwrap())
    }
}

fn node(validator: &Validator, timeout: Duration) -> Node {
    Node::new(validator.url().parse().unwrap(), timeout).unwrap()
}

fn key(index: u32) -> KeyIndex {
    KeyIndex::new(index).unwrap()
}

/// A wallet that is none of ours.
fn stranger() -> Address {
    "4uQeVj5tqViQh7yWWGStvkEG1Zmhx6uasJtWCJziofM"
        .parse()
        .unwrap()
}
