//! Models, whatever they run on.

pub mod cards;
pub mod llama;
pub mod wire;
