//! Models, whatever they run on.

use crate::constraint::Form;
use crate::model::{Answer, Message, Piece, ToolDescription};
use crate::protocol::Problem;
use serde_json::Value;
use std::ops::ControlFlow;

pub mod cards;
pub mod chat;
pub mod embedded;
mod estimate;
pub mod fill;
pub mod http;
pub mod llama;
pub mod replay;
pub mod roles;
mod waiting;
pub mod wire;

/// What a model is asked.
#[derive(Clone, Debug)]
pub struct Prompt {
    /// The session's number of this request, from 1: the same request has the same number, also after a restart.
    pub number: u64,
    /// How often the same was asked before and the answer not taken: then another one is wanted.
    pub tries: u32,
    pub messages: Vec<Message>,
    /// The tools that it knows. They stay the same through a conversation, so that what was evaluated stays of use.
    pub tools: Vec<ToolDescription>,
    /// Whether it may call them now.
    pub may_call: bool,
    pub shape: Shape,
    /// Tokens to write, at most.
    pub tokens: u32,
    /// Texts of which the answer may repeat whole passages, such as the file that is edited.
    pub drafts: Vec<String>,
}

/// What an answer has to be.
#[derive(Clone, Debug)]
pub enum Shape {
    Text,
    /// JSON of this schema; its formats are names for texts that a model which can be held to them has to keep to.
    Json {
        schema: Value,
        formats: Vec<(String, Form)>,
    },
    /// A text of this form, where a model can be held to one; what it is to write stands in the messages too.
    Form(Form),
}

/// What is heard before an answer is whole.
#[derive(Clone, Debug, PartialEq)]
pub enum Heard {
    Piece(Piece),
    /// The model is being loaded; between 0 and 1.
    Loading(f32),
    /// Of the prompt's tokens, so many are evaluated.
    Prefill {
        done: u32,
        total: u32,
    },
    /// It goes on in so many seconds.
    RateLimited {
        seconds: u32,
    },
    /// Nothing; told now and then, so that whoever waits can stop it.
    Nothing,
}

/// How much a model can take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Capacity {
    /// Tokens that a prompt and its answer may have together.
    pub context: u32,
    /// Tokens of a new prompt that it reads in a second, as far as that is known.
    pub reads: Option<f32>,
}

/// A model that can be asked. It is asked from any thread, which waits.
pub trait Provider: Send + Sync {
    /// What it is called.
    fn name(&self) -> String;

    /// What it can take. May load the model.
    ///
    /// # Errors
    /// When it cannot be reached or loaded.
    fn capacity(&self) -> Result<Capacity, Problem>;

    /// How many tokens a text has: counted where the vocabulary is known, and otherwise never less than it is likely to be.
    ///
    /// # Errors
    /// When the model cannot be reached or loaded.
    fn count(&self, text: &str) -> Result<u32, Problem>;

    /// Asks it, and waits for the whole answer. `hear` is called with each piece, and with [`Heard::Nothing`] at least every
    /// 100 ms while nothing comes; once it breaks, the request ends, and what was said so far is the answer.
    ///
    /// # Errors
    /// When no answer comes: what, why, and what a person can do.
    fn ask(&self, prompt: &Prompt, hear: &mut dyn FnMut(Heard) -> ControlFlow<()>)
    -> Result<Answer, Problem>;
}
