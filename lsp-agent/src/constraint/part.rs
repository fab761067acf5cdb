//! What a text may be made of: parts, put together in a table where a part names others by their places.

use super::escape;
use super::free::FreeText;
use super::lines::{Place, Quotable, QuoteRule};
use super::number::IntegerRange;
use super::sorted::{self, Sorted};
use super::vocabulary::TokenId;
use std::sync::Arc;
use thiserror::Error;

/// The most parts that stand within each other.
const DEEPEST: u32 = 512;

/// A part that cannot be made.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum PartError {
    #[error("a choice of nothing")]
    NoChoice,
    #[error("at least {least} and at most {most} of something")]
    Bounds { least: u32, most: u32 },
    #[error("what is repeated may be empty")]
    RepeatsNothing,
    #[error("no integer is within the bounds")]
    NoInteger,
    #[error("parts stand within each other more than {DEEPEST} deep")]
    TooDeep,
    #[error("free text takes 1 to {most} texts that end it or may not come, of 1 to 255 bytes each", most = super::free::MOST_ENDS)]
    Ends,
}

/// A part of a [`Parts`] table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PartId(pub(super) u32);

/// Lengths of a string, in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Length {
    pub least: u32,
    pub most: u32,
}

#[derive(Debug)]
pub(super) enum Part {
    Literal(Vec<u8>),
    /// A token that is not text.
    Token(TokenId),
    OneOf(Arc<OneOf>),
    Quote(Arc<Quotable>, QuoteRule),
    /// A JSON string's characters and its closing quote.
    JsonString(Length),
    Free(FreeText),
    Integer(IntegerRange),
    Decimal,
    /// White space as JSON has it: nothing, a space, or a line break with at most so much indentation.
    Gap(u8),
    Sequence(Vec<PartId>),
    Choice(Vec<PartId>),
    /// `first`, then `more` again and again.
    Repeat {
        first: PartId,
        more: PartId,
        least: u32,
        most: u32,
    },
}

/// Texts to choose one of.
#[derive(Debug)]
pub struct OneOf {
    pub(super) sorted: Sorted,
    places: Vec<u32>,
}

impl OneOf {
    /// Of texts as they are.
    #[must_use]
    pub fn plain<T: AsRef<[u8]>>(texts: &[T]) -> Self {
        let (sorted, places) = sorted::sort(texts);
        Self { sorted, places }
    }

    /// Of texts as JSON strings, quotes included.
    #[must_use]
    pub fn json<T: AsRef<str>>(texts: &[T]) -> Self {
        let quoted = |text: &T| {
            let mut written = vec![b'"'];
            escape::json(text.as_ref(), &mut written);
            written.push(b'"');
            written
        };
        Self::plain(&texts.iter().map(quoted).collect::<Vec<_>>())
    }

    /// The place in the list that an entry had.
    pub(super) fn place(&self, entry: u32) -> usize {
        self.places[entry as usize] as usize
    }
}

/// What was found in a text that is complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Lines that a quote covers.
    Quoted { part: PartId, place: Place },
    /// The place in its list of what was chosen.
    Chosen { part: PartId, index: usize },
}

/// Parts that a text is made of.
#[derive(Debug, Default)]
pub struct Parts {
    parts: Vec<Part>,
    /// How deep parts stand within each.
    depths: Vec<u32>,
    /// Whether each may be empty.
    empty: Vec<bool>,
}

impl Parts {
    /// No parts yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Exactly this text.
    pub fn literal(&mut self, text: impl AsRef<[u8]>) -> PartId {
        let text = text.as_ref();
        match text {
            [] => self.push(Part::Sequence(Vec::new()), 0, true),
            _ => self.push(Part::Literal(text.to_vec()), 0, false),
        }
    }

    /// A token that is not text, such as one that ends a quote.
    pub fn token(&mut self, token: TokenId) -> PartId {
        self.push(Part::Token(token), 0, false)
    }

    /// One of several texts.
    ///
    /// # Errors
    /// When there are none.
    pub fn one_of(&mut self, texts: Arc<OneOf>) -> Result<PartId, PartError> {
        if texts.sorted.len() == 0 {
            return Err(PartError::NoChoice);
        }
        let empty = texts.sorted.entry(0).is_empty();
        Ok(self.push(Part::OneOf(texts), 0, empty))
    }

    /// Whole lines of a file, so many that they are found there once.
    pub fn quote(&mut self, file: Arc<Quotable>, rule: QuoteRule) -> PartId {
        self.push(Part::Quote(file, rule), 0, true)
    }

    /// The characters of a JSON string and its closing quote.
    ///
    /// # Errors
    /// When the least length is above the most.
    pub fn json_string(&mut self, length: Length) -> Result<PartId, PartError> {
        let Length { least, most } = length;
        if least > most {
            return Err(PartError::Bounds { least, most });
        }
        Ok(self.push(Part::JsonString(length), 0, false))
    }

    /// Any text.
    pub fn free(&mut self, text: FreeText) -> PartId {
        self.push(Part::Free(text), 0, true)
    }

    /// An integer within bounds.
    ///
    /// # Errors
    /// When there is none.
    pub fn integer(&mut self, least: i64, most: i64) -> Result<PartId, PartError> {
        let range = IntegerRange::new(least, most).ok_or(PartError::NoInteger)?;
        Ok(self.push(Part::Integer(range), 0, false))
    }

    /// A number with an optional fraction.
    pub fn decimal(&mut self) -> PartId {
        self.push(Part::Decimal, 0, false)
    }

    /// White space between JSON's tokens: none, a space, or a line break and up to `indentation` spaces.
    pub fn gap(&mut self, indentation: u8) -> PartId {
        self.push(Part::Gap(indentation), 0, true)
    }

    /// One after the other.
    ///
    /// # Errors
    /// When parts stand too deep within each other.
    pub fn sequence(&mut self, items: impl Into<Vec<PartId>>) -> Result<PartId, PartError> {
        let items = items.into();
        let depth = self.depth_of(&items)?;
        let empty = items.iter().all(|item| self.empty[item.0 as usize]);
        Ok(self.push(Part::Sequence(items), depth, empty))
    }

    /// One of them.
    ///
    /// # Errors
    /// When there are none, or parts stand too deep within each other.
    pub fn choice(&mut self, items: impl Into<Vec<PartId>>) -> Result<PartId, PartError> {
        let items = items.into();
        let depth = self.depth_of(&items)?;
        let empty = items.iter().any(|item| self.empty[item.0 as usize]);
        match items.as_slice() {
            [] => Err(PartError::NoChoice),
            [only] => Ok(*only),
            _ => Ok(self.push(Part::Choice(items), depth, empty)),
        }
    }

    /// `least` to `most` times: the first time `first`, then `more`.
    ///
    /// # Errors
    /// When the bounds are the wrong way round, an item may be empty, or parts stand too deep within each other.
    pub fn repeat(
        &mut self,
        first: PartId,
        more: PartId,
        least: u32,
        most: u32,
    ) -> Result<PartId, PartError> {
        if least > most {
            return Err(PartError::Bounds { least, most });
        }
        if [first, more].iter().any(|item| self.empty[item.0 as usize]) {
            return Err(PartError::RepeatsNothing);
        }
        let depth = self.depth_of(&[first, more])?;
        Ok(self.push(Part::Repeat { first, more, least, most }, depth, least == 0))
    }

    pub(super) fn get(&self, part: PartId) -> &Part {
        &self.parts[part.0 as usize]
    }

    fn depth_of(&self, items: &[PartId]) -> Result<u32, PartError> {
        let depth = 1 + items.iter().map(|item| self.depths[item.0 as usize]).max().unwrap_or(0);
        if depth > DEEPEST { Err(PartError::TooDeep) } else { Ok(depth) }
    }

    fn push(&mut self, part: Part, depth: u32, empty: bool) -> PartId {
        let id = PartId(sorted::offset(self.parts.len()));
        self.parts.push(part);
        self.depths.push(depth);
        self.empty.push(empty);
        id
    }
}
