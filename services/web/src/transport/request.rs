//! From the bytes of a request to what it asks for.
//!
//! Values are converted by hand: serde would pass a number through async-graphql's own visitor,
//! which does not keep the text of a number, and a decimal has to stay exact.

use async_graphql::{Name, Value, Variables};
use contracts::Code;
use contracts::commands::Refused;
use serde::Deserialize;

use crate::documents::{DocumentId, ID_PREFIX, Named};

/// The parameters of GraphQL over HTTP, and the payload of a `subscribe` message.
#[derive(Debug, Deserialize)]
pub(crate) struct Parameters {
    query: Option<String>,
    #[serde(default, rename = "documentId")]
    document_id: Option<String>,
    #[serde(default, rename = "operationName")]
    operation_name: Option<String>,
    #[serde(default)]
    variables: Option<serde_json::Value>,
    #[serde(default)]
    extensions: Option<serde_json::Value>,
}

/// The same in a query string, where objects are JSON text.
#[derive(Debug, Deserialize)]
pub(crate) struct QueryString {
    query: Option<String>,
    #[serde(default, rename = "documentId")]
    document_id: Option<String>,
    #[serde(default, rename = "operationName")]
    operation_name: Option<String>,
    #[serde(default)]
    variables: Option<String>,
    #[serde(default)]
    extensions: Option<String>,
}

impl Parameters {
    /// Reads the body of a POST.
    pub(crate) fn read(body: &[u8]) -> Result<Self, Refused> {
        read_object(body).map_err(|_not_json| refused("body", "a JSON object with a query"))
    }

    /// What they ask for.
    pub(crate) fn asked(self) -> Result<Asked, Refused> {
        let hash = match self.extensions {
            None | Some(serde_json::Value::Null) => None,
            Some(serde_json::Value::Object(extensions)) => persisted(&extensions)?,
            Some(_) => return Err(refused("extensions", "an object")),
        };
        let id = self.document_id.as_deref().map(listed).transpose()?;
        let variables = match self.variables {
            None | Some(serde_json::Value::Null) => Variables::default(),
            Some(serde_json::Value::Object(fields)) => Variables::from_value(object(fields)),
            Some(_) => return Err(refused("variables", "an object")),
        };
        // Libraries that know of documents alone send an empty one beside an id.
        let query = self.query.filter(|query| !query.is_empty());
        let document = match (id, hash, query) {
            (None, None, Some(query)) => Named::Text(query),
            (None, Some(hash), Some(query)) => Named::Both(hash, query),
            (Some(id), None, None) | (None, Some(id), None) => Named::Id(id),
            (Some(_), _, _) => return Err(refused("documentId", "no other document beside it")),
            (None, None, None) => return Err(refused("query", "a GraphQL document")),
        };
        Ok(Asked {
            document,
            variables,
            operation_name: self.operation_name.filter(|name| !name.is_empty()),
        })
    }
}

/// What a client asks for.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) document: Named,
    pub(crate) variables: Variables,
    pub(crate) operation_name: Option<String>,
}

/// The id of a document on a list.
fn listed(text: &str) -> Result<DocumentId, Refused> {
    let id = text.strip_prefix(ID_PREFIX).and_then(DocumentId::parse);
    id.ok_or_else(|| refused("documentId", "sha256: and 64 hexadecimal digits"))
}

/// The hash of Apollo's automatic persisted queries, if there is one.
fn persisted(
    extensions: &serde_json::Map<String, serde_json::Value>,
) -> Result<Option<DocumentId>, Refused> {
    let Some(persisted) = extensions.get("persistedQuery") else {
        return Ok(None);
    };
    let hash = persisted
        .get("sha256Hash")
        .filter(|_| persisted.get("version").and_then(|it| it.as_u64()) == Some(1))
        .and_then(|hash| DocumentId::parse(hash.as_str()?));
    let expected = "a persistedQuery of version 1 with a sha256Hash";
    hash.ok_or_else(|| refused("extensions", expected))
        .map(Some)
}

impl QueryString {
    /// Whether it names nothing to execute.
    pub(crate) fn asks_nothing(&self) -> bool {
        self.query.is_none() && self.document_id.is_none() && self.extensions.is_none()
    }
}

impl TryFrom<QueryString> for Parameters {
    type Error = Refused;

    fn try_from(query: QueryString) -> Result<Self, Refused> {
        let json = |name: &str, text: Option<String>| {
            text.map(|text| serde_json::from_str(&text))
                .transpose()
                .map_err(|_not_json| refused(name, "JSON"))
        };
        Ok(Self {
            query: query.query,
            document_id: query.document_id,
            operation_name: query.operation_name,
            variables: json("variables", query.variables)?,
            extensions: json("extensions", query.extensions)?,
        })
    }
}

/// Reads a struct from a JSON object; serde alone would take a list of its fields, too.
pub(super) fn read_object<'a, T: Deserialize<'a>>(json: &'a [u8]) -> serde_json::Result<T> {
    match json.trim_ascii_start().first() {
        Some(b'{') => serde_json::from_slice(json),
        _ => Err(serde::de::Error::custom("expected an object")),
    }
}

fn refused(field: &str, expected: &str) -> Refused {
    Refused::of_field(
        Code::BadUserInput,
        field,
        format!("{field}: expected {expected}"),
    )
}

fn object(fields: serde_json::Map<String, serde_json::Value>) -> Value {
    Value::Object(
        fields
            .into_iter()
            .map(|(name, field)| (Name::new(name), value(field)))
            .collect(),
    )
}

fn value(json: serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(yes) => Value::Boolean(yes),
        serde_json::Value::Number(number) => Value::Number(number),
        serde_json::Value::String(text) => Value::String(text),
        serde_json::Value::Array(items) => Value::List(items.into_iter().map(value).collect()),
        serde_json::Value::Object(fields) => object(fields),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_keeps_every_digit_on_its_way_in() {
        let body = br#"{"query": "{ x }", "variables": {"a": [{"b": 0.12345678901234567890}]}}"#;
        let asked = Parameters::read(body).unwrap().asked().unwrap();
        assert_eq!(
            asked.variables.to_string(),
            r#"{a: [{b: 0.12345678901234567890}]}"#
        );
    }

    #[test]
    fn what_is_malformed_is_named() {
        for (body, field) in [
            ("", "body"),
            ("[]", "body"),
            (r#"["{ x }", null, null, null]"#, "body"),
            (r#"[{"query": "{ x }"}]"#, "body"),
            ("{}", "query"),
            (r#"{"query": "{ x }", "variables": []}"#, "variables"),
            (r#"{"query": "{ x }", "extensions": 1}"#, "extensions"),
            (r#"{"extensions": {"persistedQuery": {}}}"#, "extensions"),
            (
                r#"{"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "00"}}}"#,
                "extensions",
            ),
            (r#"{"documentId": "00"}"#, "documentId"),
            (r#"{"documentId": "sha256:00"}"#, "documentId"),
        ] {
            let refusal = Parameters::read(body.as_bytes())
                .and_then(Parameters::asked)
                .expect_err(body);
            assert_eq!(refusal.path, [field], "{body}");
        }
    }

    #[test]
    fn a_document_is_named_in_one_way() {
        let digits = "0a".repeat(32);
        let id = DocumentId::parse(&digits).unwrap();
        let persisted = format!(
            r#""extensions": {{"persistedQuery": {{"version": 1, "sha256Hash": "{digits}"}}}}"#
        );
        let listed = format!(r#""documentId": "sha256:{digits}""#);
        let query = r#""query": "{ x }""#;
        let named = |parts: &[&str]| {
            let body = format!("{{{}}}", parts.join(", "));
            let asked = Parameters::read(body.as_bytes()).and_then(Parameters::asked);
            asked.map(|asked| asked.document).ok()
        };
        assert_eq!(named(&[query]), Some(Named::Text("{ x }".to_owned())));
        assert_eq!(named(&[&listed]), Some(Named::Id(id)));
        assert_eq!(named(&[&listed, r#""query": """#]), Some(Named::Id(id)));
        assert_eq!(named(&[&persisted]), Some(Named::Id(id)));
        assert_eq!(
            named(&[&persisted, query]),
            Some(Named::Both(id, "{ x }".to_owned()))
        );
        assert_eq!(named(&[&listed, query]), None);
        assert_eq!(named(&[&listed, &persisted]), None);
        assert_eq!(named(&[]), None);
    }
}
