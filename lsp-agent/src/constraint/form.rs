//! What a text has to be, as a value: it travels to the process in which the model runs, and becomes [`Parts`] there.

use super::free::FreeText;
use super::lines::{Quotable, QuoteError, QuoteRule, Quoting};
use super::part::{OneOf, PartError, PartId, Parts};
use super::schema::{Layout, SchemaError, Schemas};
use super::vocabulary::TokenId;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;
use thiserror::Error;

/// What a text has to be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Form {
    /// Exactly this.
    Literal(String),
    /// The control token of this text, such as `<|im_end|>`.
    Token(String),
    /// One of these; as JSON strings, their quotes included, where it is inside of JSON.
    OneOf { texts: Vec<String>, quoting: Quoting },
    /// Whole lines of a file, so many that they are found there once. Inside of JSON, the quotes stand around it.
    Quote { file: String, quoting: Quoting, rule: QuoteRule },
    /// Any text of at most so many characters, up to one of `ends`, which belongs to it; without ends, what follows it
    /// can come behind any character, which suits a control token. None of `never` is in it. What was written before it
    /// may be the beginning of an end or of what may not come. With `may_stop` the model may end its answer in it.
    Free { ends: Vec<String>, never: Vec<String>, before: String, most: u32, may_stop: bool },
    /// JSON that a schema allows, properties in its order. A string's `format` can name a form of its own.
    Json { schema: Value, layout: Layout, formats: Vec<(String, Form)> },
    /// One after the other.
    Sequence(Vec<Form>),
    /// One of them.
    Choice(Vec<Form>),
    /// `first`, then `more` again and again: `least` to `most` times in all.
    Repeat { first: Box<Form>, more: Box<Form>, least: u32, most: u32 },
}

/// A form that no text can have, or that a model cannot write.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum FormError {
    #[error("the model has no token `{0}`")]
    NoToken(String),
    #[error(transparent)]
    Part(#[from] PartError),
    #[error(transparent)]
    Quote(#[from] QuoteError),
    #[error(transparent)]
    Schema(#[from] SchemaError),
}

impl Form {
    /// Adds the form to `parts`. `token` finds a control token by its text.
    ///
    /// # Errors
    /// When no text can have this form, or the model lacks a token.
    pub fn build(
        &self,
        parts: &mut Parts,
        token: &impl Fn(&str) -> Option<TokenId>,
    ) -> Result<PartId, FormError> {
        let all = |forms: &[Self], parts: &mut Parts| -> Result<Vec<PartId>, FormError> {
            forms.iter().map(|form| form.build(parts, token)).collect()
        };
        match self {
            Self::Literal(text) => Ok(parts.literal(text)),
            Self::Token(text) => {
                let token = token(text).ok_or_else(|| FormError::NoToken(text.clone()))?;
                Ok(parts.token(token))
            }
            Self::OneOf { texts, quoting } => {
                let texts = match quoting {
                    Quoting::Plain => OneOf::plain(texts),
                    Quoting::Json => OneOf::json(texts),
                };
                Ok(parts.one_of(Arc::new(texts))?)
            }
            Self::Quote { file, quoting, rule } => {
                Ok(parts.quote(Arc::new(Quotable::new(file, *quoting)?), *rule))
            }
            Self::Free { ends, never, before, most, may_stop } => {
                let free = match ends.is_empty() {
                    true => FreeText::open(*most),
                    false => FreeText::until(ends, before.as_bytes(), *most)?,
                };
                let free = free.without(never, before.as_bytes())?;
                Ok(parts.free(if *may_stop { free.or_stop() } else { free }))
            }
            Self::Json { schema, layout, formats } => {
                let mut named = Vec::new();
                for (name, form) in formats {
                    named.push((name, form.build(parts, token)?));
                }
                let schemas = Schemas::new(parts).layout(*layout);
                let mut schemas =
                    named.into_iter().fold(schemas, |schemas, (name, part)| schemas.format(name, part));
                Ok(schemas.read(schema)?)
            }
            Self::Sequence(forms) => {
                let items = all(forms, parts)?;
                Ok(parts.sequence(items)?)
            }
            Self::Choice(forms) => {
                let items = all(forms, parts)?;
                Ok(parts.choice(items)?)
            }
            Self::Repeat { first, more, least, most } => {
                let (first, more) = (first.build(parts, token)?, more.build(parts, token)?);
                Ok(parts.repeat(first, more, *least, *most)?)
            }
        }
    }
}
