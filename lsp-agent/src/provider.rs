//! Models, whatever they run on.

pub mod chat;
pub mod llama;
pub mod wire;
