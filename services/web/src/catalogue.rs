//! The assets that are shown and traded, by each of the names that clients use for them.

use std::collections::HashSet;
use std::sync::Arc;

use domain::symbol::Symbol;
use serde::Deserialize;

/// One asset, as the settings list it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listed {
    /// The slug, such as `bitcoin`; also the asset's id.
    pub id: String,
    /// The symbol, such as `BTC`.
    pub symbol: String,
    /// The name.
    pub name: String,
    /// Address of an icon; may be empty.
    pub icon_url: String,
    /// The market that prices it, such as `BTCUSDT`.
    pub pair: Symbol,
}

/// What every asset is quoted in.
pub(crate) const QUOTE: &str = "USDT";

/// The assets, by rank.
#[derive(Clone, Debug)]
pub(crate) struct Catalogue(Vec<Arc<Listed>>);

/// Two assets that cannot be told apart.
#[derive(Debug, thiserror::Error)]
#[error("assets: {0} is the name of two assets")]
pub(crate) struct NameTaken(String);

impl Catalogue {
    /// Accepts the list if no name stands for two assets.
    pub(crate) fn parse(listed: Vec<Listed>) -> Result<Self, NameTaken> {
        let mut names = HashSet::new();
        for asset in &listed {
            let own: HashSet<String> = [asset.id.as_str(), &asset.symbol, asset.pair.as_str()]
                .map(str::to_lowercase)
                .into();
            if let Some(taken) = own.into_iter().find(|name| !names.insert(name.clone())) {
                return Err(NameTaken(taken));
            }
        }
        Ok(Self(listed.into_iter().map(Arc::new).collect()))
    }

    /// The asset of this slug, symbol or pair, in whatever case.
    pub(crate) fn find(&self, name: &str) -> Option<&Arc<Listed>> {
        self.0.iter().find(|asset| {
            [asset.id.as_str(), &asset.symbol, asset.pair.as_str()]
                .iter()
                .any(|own| own.eq_ignore_ascii_case(name))
        })
    }

    /// The asset that this market prices.
    pub(crate) fn priced_by(&self, pair: &Symbol) -> Option<&Arc<Listed>> {
        self.0.iter().find(|asset| asset.pair == *pair)
    }

    /// The assets with their ranks, from 1.
    pub(crate) fn ranked(&self) -> impl Iterator<Item = (i32, &Arc<Listed>)> {
        (1..).zip(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(id: &str, symbol: &str, pair: &str) -> Listed {
        Listed {
            id: id.to_owned(),
            symbol: symbol.to_owned(),
            name: id.to_owned(),
            icon_url: String::new(),
            pair: pair.parse().unwrap(),
        }
    }

    #[test]
    fn an_asset_is_found_by_slug_symbol_and_pair() {
        let bitcoin = listed("bitcoin", "BTC", "BTCUSDT");
        let catalogue = Catalogue::parse(vec![bitcoin.clone()]).unwrap();
        for name in ["bitcoin", "BTC", "btc", "BTCUSDT", "btcusdt"] {
            assert_eq!(
                catalogue.find(name).map(Arc::as_ref),
                Some(&bitcoin),
                "{name}"
            );
        }
        assert_eq!(catalogue.find("ETH"), None);
    }

    #[test]
    fn no_name_stands_for_two_assets() {
        let taken = vec![
            listed("bitcoin", "BTC", "BTCUSDT"),
            listed("btc", "WBTC", "WBTCUSDT"),
        ];
        assert!(Catalogue::parse(taken).is_err());
        // A symbol may be its own slug.
        assert!(Catalogue::parse(vec![listed("bnb", "BNB", "BNBUSDT")]).is_ok());
    }
}
