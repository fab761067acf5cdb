//! A coding agent that runs its model on this machine.
//!
//! [`model`] has what is asked of a model and what it answers, as plain values.

pub mod model;
