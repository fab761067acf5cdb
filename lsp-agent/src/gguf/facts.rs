//! What a model is, from its head: sizes, experts, vocabulary, template, and which tokens have a meaning.

use super::fault::{Fault, GgufError};
use super::marks::{self, Mark};
use super::metadata::{Metadata, VOCABULARY, Value};
use super::quantisation::{Quantisation, mixture};
use super::split::Model;
use std::collections::{BTreeMap, BTreeSet};

/// More than any model has; llama.cpp's own limit is lower.
const MOST_LAYERS: u64 = 1 << 10;
/// Architectures that answer no text.
const UNFIT: &[&str] = &["clip", "mmproj", "adapter", "imatrix"];
/// Every how many layers one sees the whole context, where the file has a window and names no pattern
/// (`load_swa_pattern` in llama.cpp). Of an architecture that is not here, all layers are taken to see everything.
const PATTERNS: &[(&str, u64)] = &[
    ("gemma2", 2),
    ("gemma3", 6),
    ("gemma3n", 5),
    ("gpt-oss", 2),
    ("cohere2", 4),
    ("exaone4", 4),
    ("llama4", 4),
    ("olmo2", 4),
];

/// What a model is.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelFacts {
    /// llama.cpp's name of the kind of model, such as `qwen3moe`.
    pub architecture: String,
    pub name: Option<String>,
    /// The publisher's own word for its size, such as `30B-A3B`.
    pub size_label: Option<String>,
    pub licence: Option<String>,
    pub parameters: u64,
    /// Of them, those that take part in each token.
    pub active_parameters: u64,
    /// Width of what goes from layer to layer.
    pub embedding: u64,
    pub layers: Vec<LayerFacts>,
    pub experts: Option<Experts>,
    /// Tokens that it was trained to see at once.
    pub context: u64,
    pub vocabulary: u64,
    /// The file's mixture, such as `Q4_K_M`, or the format of most of its bytes.
    pub quantisation: String,
    /// Bytes in each format, the most first.
    pub formats: Vec<(Quantisation, u64)>,
    /// The chat template, in Jinja.
    pub template: Option<String>,
    pub tokens: Tokens,
    /// Whether some layers keep a state of fixed size instead of a cache.
    pub is_recurrent: bool,
}

/// One layer's attention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LayerFacts {
    pub heads: u64,
    pub kv_heads: u64,
    /// Numbers that the cache keeps of a token's key, and of its value.
    pub key: u64,
    pub value: u64,
    /// Tokens that the layer looks back, where it does not see all.
    pub window: Option<u64>,
    /// Width of the dense part, which may be nothing beside experts.
    pub feed_forward: u64,
}

/// A mixture of experts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Experts {
    pub count: u64,
    /// Those that a token uses.
    pub used: u64,
    /// Those that every token uses besides.
    pub shared: u64,
    /// Width of one.
    pub feed_forward: u64,
}

/// Numbers of vocabulary entries with a meaning of their own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tokens {
    pub begin: Option<u32>,
    pub end: Option<u32>,
    pub end_of_turn: Option<u32>,
    pub pad: Option<u32>,
    pub fim_prefix: Option<u32>,
    pub fim_suffix: Option<u32>,
    pub fim_middle: Option<u32>,
    pub fim_pad: Option<u32>,
    pub fim_repository: Option<u32>,
    pub fim_separator: Option<u32>,
}

impl Tokens {
    /// Whether text can be filled in between two others.
    #[must_use]
    pub fn can_fill(&self) -> bool {
        self.fim_prefix.is_some() && self.fim_suffix.is_some() && self.fim_middle.is_some()
    }
}

impl ModelFacts {
    /// Reads them from a model's head.
    ///
    /// # Errors
    /// When it is no language model, or says of itself what its tensors do not bear out: some of that would end the
    /// process inside llama.cpp.
    pub fn of(model: &Model) -> Result<Self, GgufError> {
        facts(model).map_err(|fault| GgufError { path: model.path().to_owned(), fault })
    }
}

/// Keys of one architecture.
struct Keys<'a> {
    metadata: &'a Metadata,
    architecture: &'a str,
}

fn facts(model: &Model) -> Result<ModelFacts, Fault> {
    let metadata = &model.metadata;
    let architecture = metadata
        .text("general.architecture")
        .ok_or_else(|| Fault::Missing("general.architecture".to_owned()))?;
    let kind = metadata.text("general.type").unwrap_or("model");
    if let Some(unfit) = UNFIT.iter().find(|unfit| **unfit == architecture || **unfit == kind) {
        return Err(Fault::Unfit((*unfit).to_owned()));
    }
    let keys = Keys { metadata, architecture };
    let count = keys.needed("block_count", 1, MOST_LAYERS)?;
    check_layers(model, &keys, count)?;
    let embedding = keys.needed("embedding_length", 1, 1 << 20)?;
    let experts = experts(&keys)?;
    let parameters = model.tensors.iter().map(|tensor| tensor.elements).sum();
    let vocabulary = vocabulary(model, embedding)?;
    let text = |key: &str| metadata.text(key).map(str::to_owned).filter(|text| !text.trim().is_empty());
    let (formats, quantisation) = formats(model);
    Ok(ModelFacts {
        name: text("general.name"),
        size_label: text("general.size_label"),
        licence: text("general.license"),
        parameters,
        active_parameters: active(model, parameters, experts),
        embedding,
        layers: layers(&keys, count, embedding)?,
        experts,
        context: keys.needed("context_length", 1, 1 << 32)?,
        vocabulary,
        quantisation,
        formats,
        template: text("tokenizer.chat_template"),
        tokens: tokens(metadata, vocabulary),
        is_recurrent: keys.get("ssm.state_size").is_some(),
        architecture: architecture.to_owned(),
    })
}

impl Keys<'_> {
    fn key(&self, name: &str) -> String {
        format!("{}.{name}", self.architecture)
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.metadata.get(&self.key(name))
    }

    fn number(&self, name: &str) -> Option<u64> {
        self.get(name)?.number()
    }

    /// A number that has to be there, between `least` and `most`.
    fn needed(&self, name: &str, least: u64, most: u64) -> Result<u64, Fault> {
        let value = self.get(name).ok_or_else(|| Fault::Missing(self.key(name)))?;
        match value.number() {
            Some(number) if (least..=most).contains(&number) => Ok(number),
            _ => {
                let wanted = "a number that a model can have";
                Err(Fault::Value { key: self.key(name), value: value.to_string(), wanted })
            }
        }
    }

    /// A number for each layer: the same for all, or one each.
    fn each(&self, name: &str, count: u64) -> Result<Option<Vec<u64>>, Fault> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let wrong = |wanted| Fault::Value { key: self.key(name), value: value.to_string(), wanted };
        // Products of these with each other and with a context stay within 64 bits.
        let small = |number: u64| {
            if number <= 1 << 20 { Ok(number) } else { Err(wrong("a number that a model can have")) }
        };
        match value {
            Value::Array(array) if array.length >= count => {
                let first = array.first.iter().take(count as usize);
                let numbers = first.map(|value| value.number().ok_or_else(|| wrong("whole numbers")));
                numbers.map(|number| number.and_then(small)).collect::<Result<_, _>>().map(Some)
            }
            Value::Array(_) => Err(wrong("a number for each layer")),
            _ => match value.number() {
                Some(number) => Ok(Some(vec![small(number)?; count as usize])),
                None => Err(wrong("a whole number")),
            },
        }
    }
}

/// A number of layers that the tensors do not have ends the process inside llama.cpp.
fn check_layers(model: &Model, keys: &Keys<'_>, count: u64) -> Result<(), Fault> {
    let found: BTreeSet<u32> = model.tensors.iter().filter_map(super::Tensor::layer).collect();
    let last = found.last().map_or(0, |last| u64::from(*last) + 1);
    if found.len() as u64 != count || last != count {
        let found = last.max(found.len() as u64);
        return Err(Fault::Layers { key: keys.key("block_count"), layers: count, found });
    }
    Ok(())
}

fn experts(keys: &Keys<'_>) -> Result<Option<Experts>, Fault> {
    let Some(count) = keys.number("expert_count").filter(|count| *count > 0) else {
        return Ok(None);
    };
    if count > 1 << 12 {
        return keys.needed("expert_count", 1, 1 << 12).map(|_| None);
    }
    let used = keys.needed("expert_used_count", 1, count)?;
    let shared = keys.number("expert_shared_count").unwrap_or(0);
    let width = keys.number("expert_feed_forward_length");
    let feed_forward = width.or_else(|| keys.number("feed_forward_length")).unwrap_or(0).min(1 << 20);
    Ok(Some(Experts { count, used, shared, feed_forward }))
}

fn layers(keys: &Keys<'_>, count: u64, embedding: u64) -> Result<Vec<LayerFacts>, Fault> {
    let heads = keys
        .each("attention.head_count", count)?
        .ok_or_else(|| Fault::Missing(keys.key("attention.head_count")))?;
    let kv_heads = keys.each("attention.head_count_kv", count)?.unwrap_or_else(|| heads.clone());
    let feed_forward = keys.each("feed_forward_length", count)?.unwrap_or_else(|| vec![0; count as usize]);
    let windows = windows(keys, count)?;
    let latent = keys.get("attention.key_length_mla").is_some();
    let mut layers = Vec::new();
    for place in 0..count as usize {
        let usual = embedding.checked_div(heads[place]).unwrap_or(0);
        let width = |name: &str| -> Result<u64, Fault> {
            let own = windows[place].and(keys.number(&format!("{name}_swa")));
            let width = own.or_else(|| keys.number(name)).unwrap_or(usual);
            let key = || Fault::Value {
                key: keys.key(name),
                value: width.to_string(),
                wanted: "a number that a model can have",
            };
            if width <= 1 << 16 { Ok(width) } else { Err(key()) }
        };
        let (key, value) = (width("attention.key_length")?, width("attention.value_length")?);
        layers.push(LayerFacts {
            heads: heads[place],
            kv_heads: kv_heads[place],
            key: key * kv_heads[place],
            // What is kept of a latent key serves as the value too.
            value: if latent { 0 } else { value * kv_heads[place] },
            window: windows[place],
            feed_forward: feed_forward[place],
        });
    }
    Ok(layers)
}

/// The window of each layer that has one.
fn windows(keys: &Keys<'_>, count: u64) -> Result<Vec<Option<u64>>, Fault> {
    let none = vec![None; count as usize];
    let Some(window) = keys.number("attention.sliding_window").filter(|window| *window > 0) else {
        return Ok(none);
    };
    if let Some(Value::Array(_)) = keys.get("attention.sliding_window_pattern") {
        let has = keys.each("attention.sliding_window_pattern", count)?.unwrap_or_default();
        return Ok(has.into_iter().map(|has| (has != 0).then_some(window)).collect());
    }
    let known = PATTERNS.iter().find(|(name, _)| *name == keys.architecture).map(|(_, every)| *every);
    let Some(every) = keys.number("attention.sliding_window_pattern").or(known) else {
        return Ok(none);
    };
    let has = |layer: u64| every == 0 || layer % every < every - 1;
    Ok((0..count).map(|layer| has(layer).then_some(window)).collect())
}

/// Entries of the vocabulary: as many as are listed, or as the embeddings have rows.
fn vocabulary(model: &Model, embedding: u64) -> Result<u64, Fault> {
    let table = model.tensors.iter().find(|tensor| tensor.name == "token_embd.weight");
    let table = table.ok_or_else(|| Fault::Missing("token_embd.weight".to_owned()))?;
    if table.shape.first() != Some(&embedding) || table.shape.len() != 2 {
        let why = format!("and its rows should have {embedding} numbers");
        return Err(Fault::Shape { tensor: table.name.clone(), shape: format!("{:?}", table.shape), why });
    }
    Ok(match model.metadata.get(VOCABULARY) {
        Some(Value::Array(array)) => array.length.min(u64::from(u32::MAX)),
        _ => table.shape[1].min(u64::from(u32::MAX)),
    })
}

/// Parameters of which each token uses all, and of the experts its share.
fn active(model: &Model, parameters: u64, experts: Option<Experts>) -> u64 {
    let Some(experts) = experts else {
        return parameters;
    };
    let of_experts = model.tensors.iter().filter(|tensor| tensor.is_of_experts());
    let of_experts: u64 = of_experts.map(|tensor| tensor.elements).sum();
    let idle = u128::from(of_experts) * u128::from(experts.count - experts.used) / u128::from(experts.count);
    parameters - u64::try_from(idle).unwrap_or(0)
}

fn formats(model: &Model) -> (Vec<(Quantisation, u64)>, String) {
    let mut bytes: BTreeMap<Quantisation, u64> = BTreeMap::new();
    for tensor in &model.tensors {
        *bytes.entry(tensor.quantisation).or_default() += tensor.bytes;
    }
    let mut formats: Vec<_> = bytes.into_iter().collect();
    formats.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
    let named = model.metadata.number("general.file_type").and_then(mixture);
    let most = formats.first().map_or("unknown", |(quantisation, _)| quantisation.name());
    let name = named.unwrap_or(most).to_owned();
    (formats, name)
}

fn tokens(metadata: &Metadata, vocabulary: u64) -> Tokens {
    let named = |name: &str| {
        let number = metadata.number(&format!("tokenizer.ggml.{name}_token_id"))?;
        u32::try_from(number).ok().filter(|number| u64::from(*number) < vocabulary)
    };
    let marked = |mark: Mark| marks::texts(mark).find_map(|text| metadata.mark(text));
    Tokens {
        begin: named("bos"),
        end: named("eos"),
        end_of_turn: named("eot"),
        pad: named("padding"),
        fim_prefix: named("fim_pre").or_else(|| named("prefix")).or_else(|| marked(Mark::Prefix)),
        fim_suffix: named("fim_suf").or_else(|| named("suffix")).or_else(|| marked(Mark::Suffix)),
        fim_middle: named("fim_mid").or_else(|| named("middle")).or_else(|| marked(Mark::Middle)),
        fim_pad: named("fim_pad").or_else(|| marked(Mark::Pad)),
        fim_repository: named("fim_rep").or_else(|| marked(Mark::Repository)),
        fim_separator: named("fim_sep").or_else(|| marked(Mark::Separator)),
    }
}
