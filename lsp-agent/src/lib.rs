//! A coding agent that runs its model on this machine.
//!
//! [`model`] has what is asked of a model and what it answers, as plain values; [`provider`] the ways to one; [`worker`] is
//! the process in which llama.cpp runs. [`constraint`] says which tokens a model may write next, [`template`] what text it
//! reads a conversation as, and what the text that it writes means. Which model that can be: [`gguf`] reads what a file is,
//! [`placement`] what it needs and where that fits, [`catalogue`] lists some, [`download`] and [`model_store`] bring and keep
//! them. [`loading`] makes of all this what a model's process is told; [`speed`] measures how fast it is then, and [`tuning`]
//! remembers it. [`journal`] keeps what happened to sessions, [`memory`] what is to be known of a project.

pub mod agent;
pub mod catalogue;
pub mod constraint;
pub mod database;
pub mod download;
pub mod edit;
pub mod gguf;
pub mod guarded;
mod https;
pub mod journal;
pub mod loading;
pub mod machine;
pub mod memory;
pub mod model;
pub mod model_store;
pub mod placement;
pub mod plan;
pub mod protocol;
pub mod provider;
pub mod session;
pub mod settings;
pub mod speed;
pub mod template;
pub mod tuning;
#[cfg(feature = "llama")]
pub mod worker;
