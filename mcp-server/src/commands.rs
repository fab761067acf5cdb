//! Running commands: their output, their time, and the processes that stay.

use crate::sandbox::Sandbox;

/// The commands of a workspace.
pub struct Commands {
    sandbox: Sandbox,
}

impl Commands {
    #[must_use]
    pub fn new(sandbox: Sandbox) -> Self {
        Self { sandbox }
    }

    /// Where they run.
    #[must_use]
    pub fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }
}
