//! What was found out is kept, without what only holds while something else is still being found out.
//!
//! What leads back to itself adds nothing to itself. But what was found on the way there may lack what the
//! beginning of the circle will turn out to be: it holds until that is known, and is found anew afterwards.

use super::Resolver;
use rustc_hash::FxHashMap;
use std::cell::{Cell, RefCell};
use std::hash::Hash;
use std::rc::Rc;

/// Says of an answer that it hangs on none that is pending.
const SETTLED: u32 = u32::MAX;

/// Answers by question.
pub(super) struct Known<K, T>(RefCell<FxHashMap<K, Answer<T>>>);

impl<K, T> Default for Known<K, T> {
    fn default() -> Self {
        Self(RefCell::default())
    }
}

struct Answer<T> {
    found: Rc<[T]>,
    /// The earliest pending question that it hangs on.
    hangs_on: u32,
}

impl<T> Clone for Answer<T> {
    fn clone(&self) -> Self {
        Self { found: self.found.clone(), hangs_on: self.hangs_on }
    }
}

/// The questions whose answers are being found, by numbers that ascend.
pub(super) struct Pending {
    open: RefCell<Vec<u32>>,
    next: Cell<u32>,
    /// The earliest one that led to what is being found.
    hangs_on: Cell<u32>,
}

impl Default for Pending {
    fn default() -> Self {
        Self { open: RefCell::default(), next: Cell::new(0), hangs_on: Cell::new(SETTLED) }
    }
}

impl Pending {
    fn begin(&self) -> u32 {
        let number = self.next.get();
        self.next.set(number + 1);
        self.open.borrow_mut().push(number);
        number
    }

    fn end(&self) {
        self.open.borrow_mut().pop();
    }

    fn is_open(&self, number: u32) -> bool {
        self.open.borrow().binary_search(&number).is_ok()
    }

    fn hang_on(&self, number: u32) {
        self.hangs_on.set(self.hangs_on.get().min(number));
    }
}

impl Resolver<'_> {
    /// What was found out before, else what is found now. What was cut short is not kept.
    pub(super) fn known<K: Eq + Hash + Clone, T>(
        &self,
        known: &Known<K, T>,
        key: K,
        find: impl FnOnce() -> Vec<T>,
    ) -> Rc<[T]> {
        let pending = &self.pending;
        let before = known.0.borrow().get(&key).cloned();
        if let Some(Answer { found, hangs_on }) = before
            && (hangs_on == SETTLED || pending.is_open(hangs_on))
        {
            pending.hang_on(hangs_on);
            return found;
        }
        let number = pending.begin();
        let outer = pending.hangs_on.replace(SETTLED);
        known.0.borrow_mut().insert(key.clone(), Answer { found: Rc::new([]), hangs_on: number });
        let found: Rc<[T]> = find().into();
        pending.end();
        // What leads back to here and no further holds from now on.
        let hangs_on = Some(pending.hangs_on.get()).filter(|on| *on < number).unwrap_or(SETTLED);
        pending.hangs_on.set(outer.min(hangs_on));
        if self.is_exhausted() {
            known.0.borrow_mut().remove(&key);
        } else {
            known.0.borrow_mut().insert(key, Answer { found: found.clone(), hangs_on });
        }
        found
    }
}
