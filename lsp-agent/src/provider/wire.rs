//! What the agent and its worker process tell each other: frames of JSON over the worker's standard input and output.
//!
//! A frame is its length in bytes, as a little-endian `u32`, and that many bytes.

use crate::constraint::Form;
pub use crate::placement::KvType;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::io::{self, Read, Write};
use std::path::PathBuf;

pub use crate::model::Part;

/// The most bytes of a frame.
const LIMIT: u32 = 256 << 20;

/// What the worker is asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Ask {
    /// To load a model; one that is loaded goes first.
    Load(Load),
    /// To forget the model and its cache; what is cached is kept on disk where there is a place for it.
    Unload,
    Generate(Box<Generate>),
    /// To end a request; its end is told at once.
    Cancel {
        id: u64,
    },
    /// For the tokens of a text.
    Tokenize {
        id: u64,
        parts: Vec<Part>,
    },
    /// For the vector of a text, from a model that embeds.
    Embed {
        id: u64,
        text: String,
    },
    /// To write cached prefixes to disk.
    Keep,
    /// For the graphics cards that llama.cpp can use, with or without a model.
    Cards,
}

/// A model and how it is to lie in memory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Load {
    pub path: PathBuf,
    /// Tokens that all sequences together may hold.
    pub context: u32,
    /// Requests that may run at once.
    pub parallel: u32,
    /// Tokens that are evaluated at once, at most.
    pub batch: u32,
    pub threads: u32,
    pub gpu_layers: u32,
    /// Of a mixture of experts: the first layers whose experts stay on the CPU.
    pub cpu_experts: u32,
    pub kv: KvType,
    pub mmap: bool,
    pub embeddings: bool,
    /// A smaller model of the same vocabulary, whose drafts are checked.
    pub draft: Option<PathBuf>,
    /// Where cached prefixes are kept between processes.
    pub keep: Option<PathBuf>,
    /// A chat template in the place of the file's own.
    pub template: Option<String>,
}

/// One request.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Generate {
    pub id: u64,
    pub prompt: Vec<Part>,
    /// Tokens to write, at most.
    pub tokens: u32,
    /// Milliseconds that it may take, at most.
    pub time: u64,
    pub sampling: Sampling,
    /// Texts that end it, and are not part of it.
    pub stop: Vec<String>,
    /// What the text has to be, in llama.cpp's own language.
    pub grammar: Option<Grammar>,
    /// What the text has to be, in ours; not both.
    pub form: Option<Form>,
    /// Texts from which whole passages may be drafted: files that are edited.
    pub drafts: Vec<String>,
    /// Whether drafts are made at all.
    pub speculate: bool,
    /// It goes before requests that are not.
    pub urgent: bool,
    /// Likely tokens to report beside each that is written.
    pub alternatives: u32,
}

impl Generate {
    /// Plain writing after a prompt: the likeliest tokens, `tokens` of them at most, within two minutes.
    #[must_use]
    pub fn new(prompt: Vec<Part>, tokens: u32) -> Self {
        Self {
            id: 0,
            prompt,
            tokens,
            time: 120_000,
            sampling: Sampling::default(),
            stop: Vec::new(),
            grammar: None,
            form: None,
            drafts: Vec::new(),
            speculate: false,
            urgent: false,
            alternatives: 0,
        }
    }
}

/// A GBNF grammar, perhaps only from some word on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grammar {
    pub text: String,
    /// Words that switch it on; empty for at once.
    pub triggers: Vec<String>,
}

/// How tokens are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sampling {
    /// 0 takes the likeliest.
    pub temperature: f32,
    /// 0 for all.
    pub top_k: i32,
    pub top_p: f32,
    pub min_p: f32,
    /// 1 for none; over the last 64 tokens.
    pub repeat_penalty: f32,
    pub seed: u32,
}

impl Default for Sampling {
    fn default() -> Self {
        Self { temperature: 0.0, top_k: 40, top_p: 0.95, min_p: 0.05, repeat_penalty: 1.0, seed: 0 }
    }
}

/// What the worker says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Say {
    /// Between 0 and 1.
    Loading {
        fraction: f32,
    },
    Loaded(Loaded),
    LoadFailed {
        what: String,
    },
    Unloaded,
    /// Of the prompt's tokens, so many are evaluated, and so many of those were in the cache.
    Prefill {
        id: u64,
        done: u32,
        cached: u32,
        total: u32,
    },
    Text {
        id: u64,
        text: String,
        /// The tokens it is made of, where alternatives were asked for.
        tokens: Vec<Written>,
    },
    End {
        id: u64,
        end: End,
        usage: Usage,
    },
    Tokens {
        id: u64,
        tokens: Vec<i32>,
    },
    Embedding {
        id: u64,
        vector: Vec<f32>,
    },
    /// A request that cannot be served.
    Refused {
        id: u64,
        what: String,
    },
    Kept {
        prefixes: u32,
    },
    Cards {
        cards: Vec<Card>,
    },
}

/// A graphics card, its memory in bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    pub name: String,
    pub total: u64,
    pub free: u64,
    /// Whether it is main memory, which the processor uses too.
    pub in_main: bool,
}

/// What is known of a model once it is loaded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loaded {
    /// The worker's process id.
    pub process: u32,
    pub context: u32,
    pub trained_context: u32,
    pub vocabulary: u32,
    /// The texts of its control tokens.
    pub controls: Vec<String>,
    pub template: Option<String>,
    pub bos: String,
    pub eos: String,
    pub fim: Option<Fim>,
    /// Prefixes that were found on disk.
    pub restored: u32,
    /// What could not be restored, and why.
    pub warnings: Vec<String>,
}

/// The texts of a model's tokens for filling in the middle.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fim {
    pub prefix: String,
    pub suffix: String,
    pub middle: String,
    pub repository: Option<String>,
    pub file: Option<String>,
}

/// A token that was written, with what might have been.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Written {
    pub token: i32,
    pub bytes: Vec<u8>,
    /// Natural logarithm of its probability before anything was left out.
    pub logprob: f32,
    pub alternatives: Vec<(i32, f32)>,
}

/// Why a request ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum End {
    /// The model ended its turn.
    Stop,
    /// One of the texts to stop at came.
    Text(String),
    /// The grammar or form is complete.
    Complete,
    Tokens,
    Time,
    /// The same passage came again and again.
    Repeats,
    Cancelled,
    Failed(String),
}

/// What a request took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Usage {
    pub prompt: u32,
    /// Of the prompt's tokens, those that were in the cache.
    pub cached: u32,
    pub generated: u32,
    /// Tokens that were drafted, and those of them that held.
    pub drafted: u32,
    pub accepted: u32,
    /// Milliseconds from the request until its first token, and for all of it.
    pub first_token: f32,
    pub total: f32,
}

/// Writes a frame.
///
/// # Errors
/// When the pipe is closed.
pub fn write<T: Serialize>(to: &mut impl Write, frame: &T) -> io::Result<()> {
    let bytes = serde_json::to_vec(frame)?;
    let length = u32::try_from(bytes.len()).ok().filter(|length| *length <= LIMIT);
    let length = length.ok_or_else(|| io::Error::other("a frame is too long"))?;
    to.write_all(&length.to_le_bytes())?;
    to.write_all(&bytes)?;
    to.flush()
}

/// Reads a frame; `None` at the end.
///
/// # Errors
/// When the pipe breaks, or what comes is no frame.
pub fn read<T: DeserializeOwned>(from: &mut impl Read) -> io::Result<Option<T>> {
    let mut length = [0; 4];
    match from.read_exact(&mut length) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        read => read?,
    }
    let length = u32::from_le_bytes(length);
    if length > LIMIT {
        return Err(io::Error::other(format!("a frame of {length} bytes, over the limit of {LIMIT}")));
    }
    let mut bytes = Vec::new();
    from.take(u64::from(length)).read_to_end(&mut bytes)?;
    if bytes.len() < length as usize {
        return Ok(None);
    }
    Ok(Some(serde_json::from_slice(&bytes)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_back_whole_or_not_at_all() {
        let mut pipe = Vec::new();
        write(&mut pipe, &Ask::Cancel { id: 7 }).unwrap();
        write(&mut pipe, &Ask::Keep).unwrap();
        let mut from = &pipe[..pipe.len() - 1];
        assert!(matches!(read::<Ask>(&mut from).unwrap(), Some(Ask::Cancel { id: 7 })));
        assert!(read::<Ask>(&mut from).unwrap().is_none(), "the second was cut off");
        let mut long = &[0xff_u8; 8][..];
        assert!(read::<Ask>(&mut long).unwrap_err().to_string().contains("over the limit"));
        let mut wrong = &b"\x02\0\0\0{]"[..];
        assert!(read::<Ask>(&mut wrong).is_err());
    }
}
