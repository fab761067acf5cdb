//! Questions that were put in a result and whose answers come with another request: each counts once.

use std::collections::VecDeque;

/// Questions that can be open at one time; older ones are asked again.
const OPEN: usize = 256;

/// The questions that are open.
#[derive(Default)]
#[expect(clippy::disallowed_types, reason = "a few names, held for no longer than it takes to find one")]
pub(super) struct Asked(std::sync::Mutex<VecDeque<String>>);

impl Asked {
    /// Opens a question; gives the name that its answer has to bring.
    pub(super) fn open(&self, key: &str) -> String {
        let mut random = [0_u8; 16];
        // Without randomness no two names are the same either: the number of questions is part of it.
        let _ = getrandom::fill(&mut random);
        let nonce: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        let mut open = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let state = format!("{key}.{}{nonce}", open.len());
        if open.len() == OPEN {
            open.pop_front();
        }
        open.push_back(state.clone());
        state
    }

    /// Whether an answer's name is of an open question with this key. It is open no more.
    pub(super) fn close(&self, state: &str, key: &str) -> bool {
        let mut open = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let Some(place) = open.iter().position(|known| known == state) else { return false };
        open.remove(place);
        state.split_once('.').is_some_and(|(known, _)| known == key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_counts_once_and_for_its_own_question() {
        let asked = Asked::default();
        let (a, b) = (asked.open("a"), asked.open("a"));
        assert_ne!(a, b);
        assert!(asked.close(&a, "a") && !asked.close(&a, "a"));
        assert!(!asked.close(&b, "other") && !asked.close(&b, "a"));
        assert!(!asked.close("a", "a") && !asked.close("", ""));
        let old = asked.open("x");
        (0..OPEN).for_each(|_| drop(asked.open("y")));
        assert!(!asked.close(&old, "x"));
    }
}
