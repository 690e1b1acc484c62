//! What is shown and may be lost.

use contracts::live::{ALL_PRICES, LivePrice};
use testkit::eventually;
use tokio::time::timeout;

use crate::reader::LIMIT;
use crate::scene::Scene;

#[tokio::test]
async fn the_last_price_is_shouted_and_cached_with_the_days_figures() {
    let scene = Scene::new().await;
    scene.trade("100");
    scene.trade("105");
    let mut live = scene.bus.listen(ALL_PRICES).await.unwrap();
    let market = scene.market().await;
    scene.trade("105");
    let shouted = async {
        loop {
            let heard: LivePrice = live.next().await.unwrap().decode().unwrap();
            if heard.price.units() == 105_00000000 {
                return heard;
            }
        }
    };
    assert_eq!(
        timeout(LIMIT, shouted).await.unwrap().symbol.as_str(),
        "BTCUSDT"
    );
    let cache = scene.cache().await;
    let cached = eventually(LIMIT, async || {
        scene.trade("105");
        cache
            .prices()
            .await
            .unwrap()
            .into_iter()
            .find(|price| price.day.is_some())
    })
    .await;
    assert_eq!(cached.price.units(), 105_00000000);
    assert_eq!(cached.day.unwrap().change_percent, "5.000");
    market.stop().await;
}
