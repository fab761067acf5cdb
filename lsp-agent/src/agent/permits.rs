//! A person's answers to questions: for once, for this session, or for always.

use super::always::{self, AlwaysError};
use crate::guarded::Guarded;
use crate::model::{CallId, ToolCall};
use crate::protocol::Permission;
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, SyncSender};
use std::time::Duration;

/// How often a question looks whether it is still asked.
const LOOK: Duration = Duration::from_millis(50);
/// Permissions of one session.
const MOST: usize = 10_000;

/// What was permitted, and which questions wait.
#[derive(Default)]
pub(super) struct Permits {
    /// The keys of what is permitted for this session: each stands for exactly the same bytes.
    session: Guarded<HashSet<String>>,
    waiting: Guarded<HashMap<CallId, SyncSender<Permission>>>,
    /// The person's configuration, for what is permitted for always.
    config: Option<PathBuf>,
}

impl Permits {
    pub(super) fn new(config: Option<PathBuf>) -> Self {
        Self { config, ..Self::default() }
    }

    /// Whether a person has permitted exactly this for the session.
    pub(super) fn has(&self, key: &str) -> bool {
        self.session.lock().contains(key)
    }

    /// Waits for a person's answer; `tell` puts the question. No answer is no.
    pub(super) fn ask(&self, call: &CallId, cancel: &AtomicBool, tell: impl FnOnce()) -> Permission {
        let (sender, answer) = mpsc::sync_channel(1);
        self.waiting.lock().insert(call.clone(), sender);
        tell();
        let answer = loop {
            match answer.recv_timeout(LOOK) {
                Ok(answer) => break answer,
                Err(RecvTimeoutError::Timeout) if !cancel.load(Ordering::Relaxed) => {}
                Err(_) => break Permission::Deny,
            }
        };
        self.waiting.lock().remove(call);
        answer
    }

    /// A person's answer to the question of a call.
    pub(super) fn answer(&self, call: &CallId, answer: Permission) {
        if let Some(waiting) = self.waiting.lock().get(call) {
            // Who waits takes one answer.
            let _ = waiting.try_send(answer);
        }
    }

    /// Takes note of an answer beyond the call that it was given to; `key` stands for what was asked.
    ///
    /// # Errors
    /// When what is permitted for always cannot be kept. It is for the session, then.
    pub(super) fn keep(&self, answer: Permission, key: &str, call: &ToolCall) -> Result<(), AlwaysError> {
        match answer {
            Permission::Deny | Permission::Once => return Ok(()),
            Permission::Session | Permission::Always => {
                let mut session = self.session.lock();
                if session.len() < MOST {
                    session.insert(key.to_owned());
                }
            }
        }
        match (answer, &self.config) {
            (Permission::Always, Some(config)) => always::allow(config, call),
            (Permission::Always, None) => Err(AlwaysError::NoFile),
            _ => Ok(()),
        }
    }
}
