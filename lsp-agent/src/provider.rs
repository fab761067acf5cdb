//! Models, whatever they run on.

pub mod cards;
pub mod chat;
pub mod fill;
pub mod llama;
pub mod roles;
pub mod wire;
