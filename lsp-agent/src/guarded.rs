//! A value that a few threads change: those that do what a session wants. The session itself has one owner and no lock.

#![expect(clippy::disallowed_types, reason = "the one place with a lock; nothing waits while it is held")]

use std::sync::{Mutex, MutexGuard, PoisonError};

/// A value behind a lock. What is done while it is held is short, and leaves it whole after every statement.
#[derive(Debug, Default)]
pub struct Guarded<T>(Mutex<T>);

impl<T> Guarded<T> {
    pub fn new(value: T) -> Self {
        Self(Mutex::new(value))
    }

    /// Waits for the value. A thread that panicked while it held it has left it whole.
    pub fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
