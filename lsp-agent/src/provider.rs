//! Models, whatever they run on.

pub mod llama;
pub mod wire;
