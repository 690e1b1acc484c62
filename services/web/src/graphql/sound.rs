//! What was found to be sound is not validated again: the same operation with the same variables.

use std::sync::Arc;

use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextValidation};
use async_graphql::{ServerError, ValidationResult, Variables};
use moka::sync::Cache;
use sha2::{Digest, Sha256};

/// How many are known at once, of some hundred bytes each. What is asked for most is kept.
const MOST: u64 = 65_536;

/// Operations with the variables that they were found to be sound with. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Sound(Cache<[u8; 32], ValidationResult>);

impl Default for Sound {
    fn default() -> Self {
        Self(Cache::new(MOST))
    }
}

/// An operation with its variables, and where they are known from; a part of the request.
pub(crate) struct Question {
    key: [u8; 32],
    sound: Sound,
}

impl Question {
    /// `None` where the variables cannot be told apart from others.
    pub(crate) fn of(operation: &[u8; 32], variables: &Variables, sound: &Sound) -> Option<Self> {
        let mut hash = Sha256::new();
        hash.update(operation);
        hash.update(serde_json::to_vec(variables).ok()?);
        Some(Self {
            key: hash.finalize().into(),
            sound: sound.clone(),
        })
    }
}

/// The extension that validates a [`Question`] once.
pub(super) struct Once;

impl ExtensionFactory for Once {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_trait::async_trait]
impl Extension for Once {
    async fn validation(
        &self,
        ctx: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        let Some(Question { key, sound }) = ctx.data_opt::<Question>() else {
            return next.run(ctx).await;
        };
        if let Some(known) = sound.0.get(key) {
            return Ok(known);
        }
        let found = next.run(ctx).await?;
        sound.0.insert(*key, found);
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use async_graphql::{EmptyMutation, EmptySubscription, Object, Request, Response, Schema};
    use serde_json::{Value, json};

    use super::*;

    struct Numbers;

    #[Object]
    impl Numbers {
        async fn double(&self, n: i32) -> i32 {
            n * 2
        }
    }

    /// Counts how often validation comes this far.
    #[derive(Clone, Default)]
    struct Counting(Arc<AtomicUsize>);

    impl ExtensionFactory for Counting {
        fn create(&self) -> Arc<dyn Extension> {
            Arc::new(self.clone())
        }
    }

    #[async_trait::async_trait]
    impl Extension for Counting {
        async fn validation(
            &self,
            ctx: &ExtensionContext<'_>,
            next: NextValidation<'_>,
        ) -> Result<ValidationResult, Vec<ServerError>> {
            self.0.fetch_add(1, Ordering::Relaxed);
            next.run(ctx).await
        }
    }

    #[tokio::test]
    async fn the_same_is_validated_until_it_is_found_to_be_sound() {
        let (counting, sound) = (Counting::default(), Sound::default());
        let schema = Schema::build(Numbers, EmptyMutation, EmptySubscription)
            .limit_complexity(2)
            .extension(Once)
            .extension(counting.clone())
            .finish();
        let ask = async |text: &str, variables: Value| -> Response {
            let variables = Variables::from_json(variables);
            let operation = Sha256::digest(text).into();
            let question = Question::of(&operation, &variables, &sound).unwrap();
            schema
                .execute(Request::new(text).variables(variables).data(question))
                .await
        };
        let (double, deep) = (
            "query($n: Int!) { double(n: $n) }",
            "query($n: Int!) { a: double(n: $n) b: double(n: $n) c: double(n: $n) }",
        );
        for (text, variables, validated) in [
            (double, json!({ "n": 1 }), 1),
            (double, json!({ "n": 2 }), 1),
            // The field finds fault with what is missing.
            (double, json!({}), 1),
            (double, json!({ "n": "x" }), 3),
            (deep, json!({ "n": 1 }), 3),
        ] {
            let before = counting.0.load(Ordering::Relaxed);
            let first = ask(text, variables.clone()).await;
            assert_eq!(
                first.is_ok(),
                validated == 1 && variables != json!({}),
                "{first:?}"
            );
            for _ in 0..2 {
                let again = ask(text, variables.clone()).await;
                assert_eq!(again.data, first.data);
                assert_eq!(again.errors, first.errors);
            }
            let times = counting.0.load(Ordering::Relaxed) - before;
            assert_eq!(times, validated, "{text}: {variables}");
        }
    }
}
