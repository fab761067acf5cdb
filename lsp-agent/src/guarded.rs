//! A value that a few threads change: those that do what a session wants. The session itself has one owner and no lock.

#![expect(clippy::disallowed_types, reason = "the one place with a lock")]

use std::sync::{Mutex, MutexGuard, PoisonError};

/// A value behind a lock. What is done while it is held leaves it whole after every statement, and is short, or what the
/// others would have to wait for anyway, such as a model being found.
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
