//! Which model each role uses. Roles with the same model share one process and what it has cached.

use super::llama::{Llama, Process};
use super::wire::Load;
use crate::catalogue::Role;
use std::collections::BTreeMap;
use std::time::Duration;

/// The models of an agent, by role.
pub struct Roles {
    process: Process,
    idle: Duration,
    given: BTreeMap<Role, (Load, Llama)>,
}

impl Roles {
    /// No models yet; those that come are unloaded when nothing was asked for `idle`.
    #[must_use]
    pub fn new(process: Process, idle: Duration) -> Self {
        Self { process, idle, given: BTreeMap::new() }
    }

    /// Gives a role a model, also while the agent works: requests that run end first, with the model that they began with.
    ///
    /// Models are the same where the file and every setting are; paths are compared as they are spelled. The model that
    /// the role had is unloaded, unless another role has it.
    pub fn set(&mut self, role: Role, load: Load) {
        if self.given.get(&role).is_some_and(|(own, _)| *own == load) {
            return;
        }
        let own = self.given.remove(&role).map(|(_, llama)| llama);
        let other = self.given.values().find(|(other, _)| *other == load).map(|(_, llama)| llama.clone());
        let is_shared = |own: &Llama| self.given.values().any(|(_, llama)| llama.is(own));
        let llama = match (other, own) {
            (Some(other), _) => other,
            // The old model goes before the new one comes: both may not fit.
            (None, Some(own)) if !is_shared(&own) => {
                own.set_model(load.clone());
                own
            }
            (None, _) => Llama::new(self.process.clone(), load.clone(), self.idle),
        };
        self.given.insert(role, (load, llama));
    }

    /// The role's model; nothing where none was given.
    #[must_use]
    pub fn get(&self, role: Role) -> Option<&Llama> {
        self.given.get(&role).map(|(_, llama)| llama)
    }
}
