//! The keys and the way to the chain: what everything uses that moves coins. Only this service has
//! it.

use std::sync::Arc;

use anyhow::Context as _;
use chain::{Address, Coin, Coins, KeyIndex, Keyring, Node};
use domain::money::Currency;
use reconciliation::Books;
use secrecy::ExposeSecret as _;
use store::Db;
use store::chain::{self as rows, ChainAccount};
use tokio::sync::OnceCell;
use url::Url;

use crate::error::Error;
use crate::settings::{Chain, Opened};

/// The keys and the way to the chain.
#[derive(Clone, Debug)]
pub(crate) struct Custody(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    keyring: Keyring,
    node: Node,
    coins: Coins,
    /// Filled once the node is known to be of our chain.
    confirmed: OnceCell<()>,
}

impl Custody {
    /// Reads the seed and the node's URL. Neither is ever shown.
    pub(crate) fn open(settings: &Chain, opened: &Opened) -> anyhow::Result<Self> {
        let keyring = Keyring::from_phrase(opened.seed.expose_secret().trim());
        let url = Url::parse(opened.url.expose_secret().trim());
        let url = url.ok().context("chain.url: expected a URL")?;
        Ok(Self(Arc::new(Parts {
            keyring: keyring.context("chain.seed")?,
            node: Node::new(url, settings.timeout())?,
            coins: Coins {
                usdt: settings.usdt_mint(),
            },
            confirmed: OnceCell::new(),
        })))
    }

    /// Makes sure, once, that the node is of the chain on which our accounts lie: by another one
    /// nothing of ours was ever seen, and everything would be paid again.
    pub(crate) async fn confirm(&self, db: &Db) -> Result<(), Error> {
        let confirming = || async {
            let told = self.0.node.genesis().await?;
            let tx = db.begin().await?;
            let kept = rows::note_genesis(&tx, &told).await?;
            tx.commit().await?;
            if kept.is_none_or(|kept| kept == told) {
                Ok(())
            } else {
                Err(Error::OtherChain)
            }
        };
        self.0.confirmed.get_or_try_init(confirming).await.copied()
    }

    pub(crate) fn node(&self) -> &Node {
        &self.0.node
    }

    /// The chain on one side, the ledger on the other.
    pub(crate) fn books<'a>(&'a self, db: &'a Db) -> Books<'a> {
        Books {
            db,
            node: &self.0.node,
            coins: self.0.coins,
        }
    }

    pub(crate) fn keyring(&self) -> &Keyring {
        &self.0.keyring
    }

    /// The wallet that pays.
    pub(crate) fn hot(&self) -> Address {
        self.0.keyring.address(KeyIndex::HOT)
    }

    /// Whether this is the token itself, and nobody's wallet.
    pub(crate) fn is_mint(&self, address: Address) -> bool {
        address == self.0.coins.usdt
    }

    /// The coin of a currency that lives on the chain.
    pub(crate) fn coin(&self, currency: Currency) -> Result<Coin, Error> {
        self.0
            .coins
            .coin(currency)
            .ok_or(Error::NotOnChain(currency))
    }
}

/// The key that signs for an account of ours.
pub(crate) fn key_of(account: &ChainAccount) -> Result<KeyIndex, Error> {
    let index = account.key_index()?;
    KeyIndex::new(index)
        .ok_or_else(|| store::Error::corrupt("chain_accounts", &account.account).into())
}

/// An address that stands in a table of ours.
pub(crate) fn read_address(text: &str) -> Result<Address, Error> {
    text.parse()
        .map_err(|_cause| store::Error::corrupt("chain_accounts", text).into())
}
