//! Documents that a client need not send in full: those of the list by their ids, and those that
//! somebody has sent before by their hashes. Nothing here reads one.

use std::collections::HashMap;
use std::fs;
use std::sync::Arc;

use anyhow::{Context, ensure};
use contracts::Code;
use contracts::commands::Refused;
use moka::sync::Cache;
use sha2::{Digest, Sha256};

use crate::error::{ApiError, ApiResult};
use crate::settings;

/// The documents of `graphql/operations`, as the generated client sends them.
const OPERATIONS: &str = include_str!("../../../graphql/documents.json");

/// What the id of a document begins with: the hash that it is.
pub(crate) const ID_PREFIX: &str = "sha256:";

/// How much is remembered of what clients send, in bytes. What is asked for most is kept.
const MOST_BYTES: u64 = 16 << 20;

/// What remembering one costs beside its text, in bytes.
const BYTES_EACH: usize = 128;

/// What a client that knows of hashes looks for to send the document, too.
const NOT_FOUND: &str = "PersistedQueryNotFound";

/// SHA-256 of a document's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct DocumentId([u8; 32]);

impl DocumentId {
    /// The id of this text.
    fn of(text: &str) -> Self {
        Self(Sha256::digest(text).into())
    }

    /// Reads 64 hexadecimal digits.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).ok()?;
        Some(Self(bytes))
    }
}

/// How a client says what is to be executed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    /// By the document alone.
    Text(String),
    /// By the id alone.
    Id(DocumentId),
    /// By both, for others to come with the id alone.
    Both(DocumentId, String),
}

/// The documents that are known.
pub(crate) struct Documents {
    listed: HashMap<DocumentId, Arc<str>>,
    sent: Cache<DocumentId, Arc<str>>,
    only_listed: bool,
}

impl Documents {
    /// Reads the lists.
    ///
    /// # Errors
    /// A list that is none, or holds a document under a hash that is not its own.
    pub(crate) fn load(settings: &settings::Documents) -> anyhow::Result<Self> {
        let mut listed = read_list(OPERATIONS).context("the documents of graphql/operations")?;
        for path in &settings.lists {
            let list = fs::read_to_string(path).map_err(anyhow::Error::from);
            let list = list.and_then(|text| read_list(&text));
            listed.extend(list.with_context(|| format!("documents.lists: {path}"))?);
        }
        let sent = Cache::builder()
            .max_capacity(MOST_BYTES)
            .weigher(|_: &DocumentId, text: &Arc<str>| {
                u32::try_from(text.len().saturating_add(BYTES_EACH)).unwrap_or(u32::MAX)
            })
            .build();
        Ok(Self {
            listed,
            sent,
            only_listed: settings.only_listed,
        })
    }

    /// The document that a client means, if it may be executed.
    pub(crate) fn find(&self, named: &Named) -> ApiResult<Arc<str>> {
        let (id, text) = match named {
            Named::Text(text) if !self.only_listed => return Ok(text.as_str().into()),
            Named::Text(text) => (DocumentId::of(text), Some(text)),
            Named::Both(id, text) if DocumentId::of(text) != *id => {
                let expected = "the SHA-256 of the query as persistedQuery.sha256Hash";
                return Err(ApiError::bad_input("extensions", expected));
            }
            Named::Both(id, text) => (*id, Some(text)),
            Named::Id(id) => (*id, None),
        };
        if let Some(listed) = self.listed.get(&id) {
            return Ok(Arc::clone(listed));
        }
        match text {
            Some(_) if self.only_listed => Err(ApiError::of(Code::DocumentNotListed)),
            Some(text) => Ok(text.as_str().into()),
            None => self.sent.get(&id).ok_or_else(|| {
                ApiError::Refused(Refused {
                    message: NOT_FOUND.to_owned(),
                    ..Refused::new(Code::PersistedQueryNotFound)
                })
            }),
        }
    }

    /// Remembers what `find` has found and somebody could read, if its sender wants that.
    pub(crate) fn remember(&self, named: &Named, text: &Arc<str>) {
        if let Named::Both(id, _) = named
            && !self.listed.contains_key(id)
        {
            self.sent.insert(*id, Arc::clone(text));
        }
    }
}

/// The documents of a list, `{"<SHA-256>": "<document>"}`, with or without the prefix.
fn read_list(text: &str) -> anyhow::Result<HashMap<DocumentId, Arc<str>>> {
    let list: HashMap<String, String> =
        serde_json::from_str(text).context("expected {\"<SHA-256>\": \"<document>\"}")?;
    let read = |(hash, text): (String, String)| {
        let id = DocumentId::of(&text);
        let digits = hash.strip_prefix(ID_PREFIX).unwrap_or(&hash);
        let is_its_own = DocumentId::parse(digits) == Some(id);
        ensure!(is_its_own, "{hash} is not the SHA-256 of its document");
        Ok((id, text.into()))
    };
    list.into_iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn documents(only_listed: bool) -> Documents {
        let settings = settings::Documents {
            lists: Vec::new(),
            only_listed,
        };
        Documents::load(&settings).unwrap()
    }

    fn both(text: &str) -> Named {
        Named::Both(DocumentId::of(text), text.to_owned())
    }

    fn code(documents: &Documents, named: &Named) -> Option<Code> {
        documents.find(named).err().map(|error| error.code())
    }

    const UNKNOWN: &str = "{ __typename }";

    #[test]
    fn what_was_sent_with_its_hash_is_found_by_it_once_it_is_remembered() {
        let documents = documents(false);
        let id = Named::Id(DocumentId::of(UNKNOWN));
        assert_eq!(code(&documents, &id), Some(Code::PersistedQueryNotFound));
        let text = documents.find(&both(UNKNOWN)).unwrap();
        assert_eq!(code(&documents, &id), Some(Code::PersistedQueryNotFound));
        documents.remember(&both(UNKNOWN), &text);
        assert_eq!(documents.find(&id).ok().as_deref(), Some(UNKNOWN));
    }

    #[test]
    fn a_document_under_the_hash_of_another_is_refused() {
        let documents = documents(false);
        let named = Named::Both(DocumentId::of("{ x }"), UNKNOWN.to_owned());
        assert_eq!(code(&documents, &named), Some(Code::BadUserInput));
    }

    #[test]
    fn what_is_remembered_has_an_end() {
        let documents = documents(false);
        for number in 0..1_000 {
            let text: Arc<str> = format!("{{ a{number} }}#{}", "x".repeat(60_000)).into();
            documents.remember(&both(&text), &text);
        }
        documents.sent.run_pending_tasks();
        assert!(documents.sent.weighted_size() <= MOST_BYTES);
        assert!(documents.sent.entry_count() > 0);
    }

    #[test]
    fn where_only_the_list_counts_nothing_else_is_executed_or_remembered() {
        let documents = documents(true);
        let listed = String::from(documents.listed.values().next().unwrap().as_ref());
        for named in [
            Named::Text(listed.clone()),
            both(&listed),
            Named::Id(DocumentId::of(&listed)),
        ] {
            assert_eq!(
                documents.find(&named).ok().as_deref(),
                Some(listed.as_str())
            );
        }
        for named in [Named::Text(UNKNOWN.to_owned()), both(UNKNOWN)] {
            assert_eq!(code(&documents, &named), Some(Code::DocumentNotListed));
        }
        let id = Named::Id(DocumentId::of(UNKNOWN));
        assert_eq!(code(&documents, &id), Some(Code::PersistedQueryNotFound));
    }

    #[test]
    fn a_list_whose_hashes_are_not_those_of_its_documents_is_none() {
        for text in ["", "[]", "{\"x\": 1}", "{\"00\": \"{ x }\"}"] {
            assert!(read_list(text).is_err(), "{text}");
        }
    }
}
