//! Models known by name: where their files are, what they are good for, and how much memory they will need.
//!
//! The list is `models.toml`, built in; a file of the person's own adds to it and replaces entries by name.

use crate::placement::{Bytes, Layer, Shape};
use serde::Deserialize;
use std::fmt;
use thiserror::Error;

mod recommend;

pub use recommend::{Advice, Verdict, recommend};

const BUILT_IN: &str = include_str!("models.toml");
/// Of the weights in four bits, the share that a processor keeps rearranged too; the rest is in formats that stay.
const INTERLEAVED: f64 = 0.65;

/// A list of models that cannot be used.
#[derive(Debug, Error)]
#[error("the list of models in {place} is wrong: {why}")]
pub struct CatalogueError {
    pub place: String,
    pub why: String,
}

/// All models known by name, the most capable first.
#[derive(Clone, Debug, PartialEq)]
pub struct Catalogue {
    pub models: Vec<Entry>,
}

/// A model.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    pub name: String,
    pub title: String,
    pub publisher: String,
    /// Where its files are on the hub, as `owner/name`.
    pub repository: String,
    /// A branch, tag or commit of the repository.
    #[serde(default = "main")]
    pub revision: String,
    pub licence: String,
    pub roles: Vec<Role>,
    #[serde(default)]
    pub notes: String,
    pub parameters: u64,
    /// Parameters that take part in each token.
    pub active: u64,
    /// Tokens that it sees at once.
    pub context: u64,
    shape: EntryShape,
    /// The usual one first.
    #[serde(rename = "file")]
    pub files: Vec<EntryFile>,
}

/// What a model is given to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    Edit,
    Plan,
    Ask,
    Complete,
    /// Vectors of texts, for search by meaning.
    Embed,
}

/// A file of the model, in one quantisation.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntryFile {
    pub quantisation: String,
    /// Its path in the repository; of a split one, the first part's.
    pub name: String,
    /// Bytes, where they are known for certain.
    pub size: Option<u64>,
    /// Bytes, nearly, where they are not.
    about: Option<u64>,
    /// In hexadecimal, where it is known for certain.
    pub sha256: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct EntryShape {
    layers: u64,
    embedding: u64,
    vocabulary: u64,
    kv_heads: u64,
    /// Numbers of one head's key and value.
    key: u64,
    value: u64,
    #[serde(default)]
    feed_forward: u64,
    window: Option<Window>,
    experts: Option<EntryExperts>,
}

/// Layers that look back only so far, but for each `every`th.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Window {
    tokens: u64,
    every: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct EntryExperts {
    count: u64,
    used: u64,
    #[serde(default)]
    shared: u64,
    feed_forward: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    #[serde(default, rename = "model")]
    models: Vec<Entry>,
}

fn main() -> String {
    "main".to_owned()
}

impl Catalogue {
    /// The built-in list.
    #[must_use]
    pub fn built_in() -> Self {
        Self { models: entries(BUILT_IN, "the program").expect("a test reads the built-in list") }
    }

    /// The built-in list with the person's own, whose `text` was found at `place`. Theirs come first.
    ///
    /// # Errors
    /// When the text is no such list, or an entry cannot be meant.
    pub fn with(text: &str, place: &str) -> Result<Self, CatalogueError> {
        let mut models = entries(text, place)?;
        let known = Self::built_in().models.into_iter();
        let others: Vec<Entry> =
            known.filter(|entry| models.iter().all(|own| own.name != entry.name)).collect();
        models.extend(others);
        Ok(Self { models })
    }

    /// The model of this name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Entry> {
        self.models.iter().find(|entry| entry.name == name)
    }

    /// The name most like this one, if any is alike.
    #[must_use]
    pub fn closest(&self, name: &str) -> Option<&str> {
        let alike = |entry: &&Entry| strsim::jaro_winkler(&entry.name, name);
        let best = self.models.iter().max_by(|a, b| alike(a).total_cmp(&alike(b)))?;
        (alike(&best) > 0.8).then_some(best.name.as_str())
    }
}

fn entries(text: &str, place: &str) -> Result<Vec<Entry>, CatalogueError> {
    let wrong = |why: String| CatalogueError { place: place.to_owned(), why };
    let list: List = toml::from_str(text).map_err(|error| wrong(error.to_string().trim().to_owned()))?;
    for (number, entry) in list.models.iter().enumerate() {
        if list.models[..number].iter().any(|other| other.name == entry.name) {
            return Err(wrong(format!("`{}` is there twice", entry.name)));
        }
        entry.check().map_err(|why| wrong(format!("`{}`: {why}", entry.name)))?;
    }
    Ok(list.models)
}

impl Entry {
    fn check(&self) -> Result<(), String> {
        let is_plain = |text: &str| {
            !text.is_empty()
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
                && !text.starts_with('.')
        };
        if !is_plain(&self.name) {
            return Err("`name` has to be of letters, digits, `-`, `_` and `.`".to_owned());
        }
        let owner_and_name: Vec<&str> = self.repository.split('/').collect();
        if owner_and_name.len() != 2 || !owner_and_name.into_iter().all(is_plain) {
            return Err(format!("`repository = \"{}\"` has to be `owner/name`", self.repository));
        }
        if !self.revision.split('/').all(is_plain) {
            return Err(format!("`revision = \"{}\"` is no branch, tag or commit", self.revision));
        }
        if self.files.is_empty() {
            return Err("it has no `[[model.file]]`".to_owned());
        }
        for file in &self.files {
            if !file.name.split('/').all(is_plain) || !file.name.ends_with(".gguf") {
                return Err(format!("`{}` is no name of a `.gguf` file", file.name));
            }
            if !file.size.or(file.about).is_some_and(|bytes| (1 << 20..1 << 42).contains(&bytes)) {
                return Err(format!(
                    "`{}` needs its `size` in bytes, or `about` how many those are",
                    file.name
                ));
            }
            let is_sum = |sum: &String| sum.len() == 64 && sum.bytes().all(|byte| byte.is_ascii_hexdigit());
            if file.sha256.as_ref().is_some_and(|sum| !is_sum(sum)) {
                return Err(format!("`sha256` of `{}` has to be 64 hexadecimal digits", file.name));
            }
        }
        let shape = &self.shape;
        let sizes = [shape.layers, shape.embedding, shape.vocabulary, shape.kv_heads, shape.key, shape.value];
        let of_experts = shape.experts.map_or([1, 1], |experts| [experts.count, experts.feed_forward]);
        let is_sane = |size: &u64| (1..=1 << 20).contains(size);
        if !sizes.iter().chain(&of_experts).all(is_sane) || shape.layers > 1 << 10 {
            return Err("`shape` has a size that no model has".to_owned());
        }
        if self.active == 0 || self.active > self.parameters || self.context == 0 {
            return Err("`parameters`, `active` and `context` do not go together".to_owned());
        }
        Ok(())
    }

    /// The file in this quantisation, or the usual one.
    ///
    /// # Errors
    /// When there is none: those that there are.
    pub fn file(&self, quantisation: Option<&str>) -> Result<&EntryFile, String> {
        let Some(wanted) = quantisation else {
            return Ok(&self.files[0]);
        };
        let found = self.files.iter().find(|file| file.quantisation.eq_ignore_ascii_case(wanted));
        found.ok_or_else(|| {
            let there: Vec<_> = self.files.iter().map(|file| format!("`{}`", file.quantisation)).collect();
            format!("`{}` has no quantisation `{wanted}`; it has {}", self.name, there.join(", "))
        })
    }

    /// The shape of the model before it is there: exact in its cache, its weights dealt out by their numbers.
    #[must_use]
    pub fn shape(&self, file: &EntryFile) -> Shape {
        let shape = &self.shape;
        let weights = file.weights();
        let each = weights as f64 / self.parameters as f64;
        let bytes = |numbers: u64| (numbers as f64 * each) as u64;
        let width = |experts: EntryExperts| 3 * shape.embedding * experts.feed_forward;
        let input = bytes(shape.vocabulary * shape.embedding).min(weights / 4);
        let experts = shape.experts.map_or(0, |experts| bytes(experts.count * width(experts)));
        let experts = experts.min((weights - 2 * input) / shape.layers);
        let rest = (weights - 2 * input) / shape.layers - experts;
        let part = |all: u64| Bytes { all, interleaved: (all as f64 * INTERLEAVED) as u64 };
        let window =
            |layer: u64| shape.window.filter(|window| !(layer + 1).is_multiple_of(window.every.max(1)));
        let layer = |place: u64| Layer {
            shared: part(rest),
            experts: part(experts),
            key: shape.kv_heads * shape.key,
            value: shape.kv_heads * shape.value,
            window: window(place).map(|window| window.tokens),
        };
        let of_experts = |experts: EntryExperts| {
            (experts.used + experts.shared) * (2 * experts.feed_forward + shape.embedding)
        };
        Shape {
            layers: (0..shape.layers).map(layer).collect(),
            input,
            output: Bytes { all: input, interleaved: 0 },
            shares_embeddings: false,
            vocabulary: shape.vocabulary,
            embedding: shape.embedding,
            widest: 3 * shape.embedding + shape.experts.map_or(2 * shape.feed_forward, of_experts),
            largest_experts: experts / 3,
            context: self.context,
        }
    }

    /// Whether it is a mixture of experts.
    #[must_use]
    pub fn is_mixture(&self) -> bool {
        self.shape.experts.is_some()
    }
}

impl EntryFile {
    /// Bytes of its weights: all but a few of the file's.
    #[must_use]
    pub fn weights(&self) -> u64 {
        self.size.or(self.about).expect("a list without either is refused")
    }
}

impl Role {
    pub const ALL: [Self; 5] = [Self::Edit, Self::Plan, Self::Ask, Self::Complete, Self::Embed];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Edit => "edit",
            Self::Plan => "plan",
            Self::Ask => "ask",
            Self::Complete => "complete",
            Self::Embed => "embed",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests;
