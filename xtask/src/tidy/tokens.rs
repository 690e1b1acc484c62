//! What stands in a macro's call: tokens, which no visitor of expressions sees.

use syn::parse::ParseStream;
use syn::{braced, bracketed, parenthesized, token};

/// Walks over tokens at any depth of brackets. Wherever it comes to, `take` may take what it looks
/// for, and says whether it did.
pub(super) fn walk<T>(tokens: ParseStream<'_>, take: &mut T) -> syn::Result<()>
where
    T: FnMut(ParseStream<'_>) -> syn::Result<bool>,
{
    while !tokens.is_empty() {
        if take(tokens)? {
            continue;
        }
        if tokens.peek(token::Paren) {
            let inner;
            parenthesized!(inner in tokens);
            walk(&inner, take)?;
        } else if tokens.peek(token::Bracket) {
            let inner;
            bracketed!(inner in tokens);
            walk(&inner, take)?;
        } else if tokens.peek(token::Brace) {
            let inner;
            braced!(inner in tokens);
            walk(&inner, take)?;
        } else {
            skip(tokens)?;
        }
    }
    Ok(())
}

/// Leaves out one token, or one pair of brackets with all that is in it.
pub(super) fn skip(tokens: ParseStream<'_>) -> syn::Result<()> {
    tokens.step(|cursor| {
        cursor
            .token_tree()
            .map_or_else(|| Err(cursor.error("no token")), |(_, rest)| Ok(((), rest)))
    })
}
