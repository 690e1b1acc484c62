//! The page for people, which must work without any network but ours.

use crate::stage::Stage;

const HTML: &str = "text/html,application/xhtml+xml";

#[tokio::test]
async fn a_browser_is_shown_a_page_that_loads_nothing_from_elsewhere() {
    let stage = Stage::new().await;
    let client = stage.client();
    for path in ["/graphql", "/graphql/query"] {
        let response = client
            .get(path)
            .header("accept", HTML)
            .send()
            .await
            .unwrap();
        assert!(
            response.headers()["content-security-policy"]
                .to_str()
                .unwrap()
                .contains("'self'")
        );
        let page = response.text().await.unwrap();
        assert!(!page.contains("http:") && !page.contains("https:") && !page.contains("//"));
        let files = page
            .split('"')
            .filter(|part| part.starts_with("/graphql/assets/"));
        for file in files {
            let response = client.get(file).send().await.unwrap();
            assert_eq!(response.status().as_u16(), 200, "{file}");
        }
    }
}

#[tokio::test]
async fn a_file_that_a_browser_has_is_not_sent_again() {
    let stage = Stage::new().await;
    let client = stage.client();
    let path = "/graphql/assets/start.js";
    let first = client.get(path).send().await.unwrap();
    let etag = first.headers()["etag"].clone();
    let again = client
        .get(path)
        .header("if-none-match", etag)
        .send()
        .await
        .unwrap();
    assert_eq!(again.status().as_u16(), 304);
    let missing = client
        .get("/graphql/assets/secret.txt")
        .send()
        .await
        .unwrap();
    assert_eq!(missing.status().as_u16(), 404);
}
