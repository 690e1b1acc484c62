//! Whose word counts for where a request comes from: that of the proxies in front of us, and of
//! nobody else.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, HeaderName};
use ipnet::IpNet;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Not a network.
#[derive(Debug, thiserror::Error)]
#[error("limits.trusted_proxies: expected an address or a network such as 10.0.0.0/8, found {0:?}")]
pub(crate) struct NotANetwork(String);

/// The networks of the proxies that are trusted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Proxies(Vec<IpNet>);

impl Proxies {
    /// The networks of the settings.
    pub(crate) fn parse(texts: &[String]) -> Result<Self, NotANetwork> {
        let network = |text: &String| {
            let address = text.parse().map(|address: IpAddr| address.into());
            let network = address.or_else(|_no_address| text.parse());
            network.map_err(|_neither| NotANetwork(text.clone()))
        };
        texts
            .iter()
            .map(network)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Where a request of this peer comes from: the last address on its way that is not one of the
    /// proxies. What stands before that anybody may have written.
    pub(crate) fn source(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let values = headers.get_all(FORWARDED_FOR).iter();
        let texts: Vec<&str> = values.filter_map(|value| value.to_str().ok()).collect();
        let mut hops = texts.iter().flat_map(|text| text.split(',')).rev();
        let mut source = peer.to_canonical();
        while self.0.iter().any(|network| network.contains(&source)) {
            let Some(hop) = hops.next().and_then(|hop| address(hop.trim())) else {
                break;
            };
            source = hop.to_canonical();
        }
        source
    }
}

/// The address of a hop; some proxies say its port, too.
fn address(hop: &str) -> Option<IpAddr> {
    let with_port = || hop.parse::<SocketAddr>().ok().map(|address| address.ip());
    hop.parse().ok().or_else(with_port)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn source(peer: &str, forwarded: &[&'static str]) -> String {
        let trusted = ["10.0.0.0/8", "192.0.2.1", "2001:db8::/32"].map(str::to_owned);
        let headers = forwarded
            .iter()
            .map(|value| (FORWARDED_FOR, HeaderValue::from_static(value)));
        let proxies = Proxies::parse(&trusted).unwrap();
        let source = proxies.source(peer.parse().unwrap(), &headers.collect());
        source.to_string()
    }

    #[test]
    fn a_proxys_word_is_taken_and_nobody_elses() {
        for (peer, forwarded, expected) in [
            ("198.51.100.7", &[][..], "198.51.100.7"),
            ("198.51.100.7", &["1.2.3.4"], "198.51.100.7"),
            ("10.0.0.1", &["1.2.3.4"], "1.2.3.4"),
            ("::ffff:10.0.0.1", &["1.2.3.4"], "1.2.3.4"),
            ("10.0.0.1", &["6.6.6.6, 1.2.3.4"], "1.2.3.4"),
            ("10.0.0.1", &["6.6.6.6", "1.2.3.4, 192.0.2.1"], "1.2.3.4"),
            ("2001:db8::1", &["2001:db9::7"], "2001:db9::7"),
            ("10.0.0.1", &["1.2.3.4:5678"], "1.2.3.4"),
            ("10.0.0.1", &["[2001:db9::7]:5678"], "2001:db9::7"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["unknown"], "10.0.0.1"),
            ("10.0.0.1", &["10.0.0.2, 10.0.0.3"], "10.0.0.2"),
        ] {
            assert_eq!(source(peer, forwarded), expected, "{peer} {forwarded:?}");
        }
    }

    #[test]
    fn what_is_no_network_is_named() {
        for text in ["", "proxy", "10.0.0.0/33", "10.0.0"] {
            let refused = Proxies::parse(&[text.to_owned()]).unwrap_err();
            assert!(
                refused.to_string().contains(&format!("{text:?}")),
                "{refused}"
            );
        }
    }
}
