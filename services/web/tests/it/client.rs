//! Somebody who uses the API.

use std::net::SocketAddr;

use reqwest::{RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};

/// A client of the API, signed in or not.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    pub(crate) address: SocketAddr,
    pub(crate) access: Option<String>,
    pub(crate) refresh: Option<String>,
}

/// What the API answered.
#[derive(Debug)]
pub(crate) struct Told(pub(crate) Value);

impl Client {
    pub(crate) fn new(address: SocketAddr) -> Self {
        let http = reqwest::Client::new();
        Self {
            http,
            address,
            access: None,
            refresh: None,
        }
    }

    /// Sends a document with its variables.
    pub(crate) async fn ask(&self, query: &str, variables: Value) -> Told {
        let body = json!({ "query": query, "variables": variables });
        self.send(body.to_string()).await
    }

    /// Sends a document with variables as raw text, whose numbers keep their digits.
    pub(crate) async fn ask_raw(&self, query: &str, variables: &str) -> Told {
        let query = Value::String(query.to_owned());
        self.send(format!(
            "{{\"query\": {query}, \"variables\": {variables}}}"
        ))
        .await
    }

    async fn send(&self, body: String) -> Told {
        let response = self.post(body).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        Told(response.json().await.unwrap())
    }

    /// A POST with this body.
    pub(crate) fn post(&self, body: String) -> RequestBuilder {
        self.send_as("application/json", body)
    }

    /// A POST of another media type.
    pub(crate) fn send_as(&self, media: &str, body: String) -> RequestBuilder {
        let request = self.http.post(self.url("/graphql"));
        self.signed(request)
            .header("content-type", media)
            .body(body)
    }

    /// A GET of this path.
    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.signed(self.http.get(self.url(path)))
    }

    /// A request of another method.
    pub(crate) fn options(&self, path: &str) -> RequestBuilder {
        self.http.request(reqwest::Method::OPTIONS, self.url(path))
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    fn signed(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.access {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    pub(crate) async fn request_code(&self, email: &str) -> Told {
        let query =
            "mutation($e: String!) { requestEmailVerificationCode(email: $e) { expiresIn } }";
        self.ask(query, json!({ "e": email })).await
    }

    pub(crate) async fn try_login(&self, email: &str, code: &str) -> Told {
        let query = "mutation($e: String!, $c: String!) {
            loginWithEmail(email: $e, verificationCode: $c) { accessToken refreshToken expiresIn } }";
        self.ask(query, json!({ "e": email, "c": code })).await
    }

    /// Signs in, and keeps the tokens.
    pub(crate) async fn login(&mut self, email: &str, code: &str) {
        let told = self.try_login(email, code).await.data();
        self.keep(&told["loginWithEmail"]);
    }

    pub(crate) async fn try_refresh(&self, token: &str) -> Told {
        let query = "mutation($t: String!) {
            refreshToken(refreshToken: $t) { accessToken refreshToken expiresIn } }";
        self.ask(query, json!({ "t": token })).await
    }

    /// Keeps new tokens.
    pub(crate) fn keep(&mut self, tokens: &Value) {
        self.access = tokens["accessToken"].as_str().map(str::to_owned);
        self.refresh = tokens["refreshToken"].as_str().map(str::to_owned);
    }

    /// One's own id.
    pub(crate) async fn id(&self) -> String {
        let told = self.ask("{ profile { id } }", json!({})).await.data();
        told["profile"]["id"].as_str().unwrap().to_owned()
    }
}

impl Told {
    /// The data of an answer without errors.
    #[track_caller]
    pub(crate) fn data(self) -> Value {
        assert_eq!(self.0.get("errors"), None);
        self.0["data"].clone()
    }

    /// The code of the first error.
    #[track_caller]
    pub(crate) fn code(&self) -> &str {
        let code = self.0["errors"][0]["extensions"]["code"].as_str();
        code.unwrap_or_else(|| panic!("expected an error, found {}", self.0))
    }

    /// The code of the first error, if there is one.
    pub(crate) fn find_code(&self) -> Option<&str> {
        self.0["errors"][0]["extensions"]["code"].as_str()
    }
}

/// The body of a response, as JSON.
pub(crate) async fn json_of(response: Response) -> Value {
    response.json().await.unwrap()
}
