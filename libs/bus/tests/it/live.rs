//! Shouting and listening.

use contracts::live::{ALL_PRICES, Live as _, LivePrice};
use domain::price::Price;
use domain::timestamp::Timestamp;

use crate::corner::Corner;

fn price(symbol: &str) -> LivePrice {
    LivePrice {
        symbol: symbol.parse().unwrap(),
        price: Price::from_units(5).unwrap(),
        time: Timestamp::from_ms(1),
    }
}

#[tokio::test]
async fn whoever_listens_to_a_pattern_hears_every_subject_of_it() {
    let corner = Corner::new().await;
    let mut listener = corner.bus.listen(ALL_PRICES).await.unwrap();
    for symbol in ["BTCUSDT", "ETHUSDT"] {
        corner.bus.shout(&price(symbol)).await.unwrap();
        let heard = listener.next().await.unwrap();
        assert_eq!(heard.subject, price(symbol).subject());
        assert_eq!(heard.decode::<LivePrice>().unwrap(), price(symbol));
    }
}
