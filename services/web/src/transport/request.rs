//! From the bytes of a request to a GraphQL request.
//!
//! Values are converted by hand: serde would pass a number through async-graphql's own visitor,
//! which does not keep the text of a number, and a decimal has to stay exact.

use async_graphql::parser::types::OperationType;
use async_graphql::{Name, Request, Value, Variables};
use contracts::Code;
use contracts::commands::Refused;
use serde::Deserialize;

/// The parameters of GraphQL over HTTP, and the payload of a `subscribe` message.
#[derive(Debug, Deserialize)]
pub(crate) struct Parameters {
    query: Option<String>,
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
        serde_json::from_slice(body)
            .map_err(|_not_json| refused("body", "a JSON object with a query"))
    }

    /// The request that the parameters make.
    pub(crate) fn into_request(self) -> Result<Request, Refused> {
        if self
            .extensions
            .is_some_and(|value| !value.is_object() && !value.is_null())
        {
            return Err(refused("extensions", "an object"));
        }
        let variables = match self.variables {
            None | Some(serde_json::Value::Null) => Variables::default(),
            Some(serde_json::Value::Object(fields)) => Variables::from_value(object(fields)),
            Some(_) => return Err(refused("variables", "an object")),
        };
        let query = self
            .query
            .ok_or_else(|| refused("query", "a GraphQL document"))?;
        let request = Request::new(query).variables(variables);
        Ok(match self.operation_name.filter(|name| !name.is_empty()) {
            Some(name) => request.operation_name(name),
            None => request,
        })
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
            operation_name: query.operation_name,
            variables: json("variables", query.variables)?,
            extensions: json("extensions", query.extensions)?,
        })
    }
}

/// What the chosen operation of a request does; `None` where there is none to choose, which its
/// execution will say.
pub(crate) fn operation_type(request: &mut Request) -> Option<OperationType> {
    let name = request.operation_name.clone();
    let mut operations = request.parsed_query().ok()?.operations.iter();
    let chosen = operations
        .find(|(found, _)| name.is_none() || found.map(|found| found.as_str()) == name.as_deref());
    chosen.map(|(_, operation)| operation.node.ty)
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
        let request = Parameters::read(body).unwrap().into_request().unwrap();
        assert_eq!(
            request.variables.to_string(),
            r#"{a: [{b: 0.12345678901234567890}]}"#
        );
    }

    #[test]
    fn what_is_malformed_is_named() {
        for (body, field) in [
            ("", "body"),
            ("[]", "body"),
            ("{}", "query"),
            (r#"{"query": "{ x }", "variables": []}"#, "variables"),
            (r#"{"query": "{ x }", "extensions": 1}"#, "extensions"),
        ] {
            let refusal = Parameters::read(body.as_bytes())
                .and_then(Parameters::into_request)
                .expect_err(body);
            assert_eq!(refusal.path, [field], "{body}");
        }
    }
}
