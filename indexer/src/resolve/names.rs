//! The texts of names and their numbers, kept: a segment finds them one byte after the other.

use crate::snapshot::FileFacts;
use crate::symbol::NameId;
use rustc_hash::FxHashMap;
use std::cell::RefCell;
use std::rc::Rc;

/// A segment's numbers by name.
type Terms = FxHashMap<Rc<str>, Option<u32>>;

#[derive(Default)]
pub(super) struct Names {
    /// By part and term.
    texts: RefCell<FxHashMap<(u32, u32), Rc<str>>>,
    /// By part.
    terms: RefCell<FxHashMap<u32, Terms>>,
}

impl Names {
    /// The text of a file's name.
    pub(super) fn text(&self, facts: &FileFacts<'_>, name: NameId) -> Rc<str> {
        let Some(term) = facts.terms().get(name as usize) else { return Rc::from("") };
        let mut texts = self.texts.borrow_mut();
        texts.entry((facts.file.part, *term)).or_insert_with(|| facts.name(name).into()).clone()
    }

    /// A file's number for a name.
    pub(super) fn local(&self, facts: &FileFacts<'_>, name: &Rc<str>) -> Option<NameId> {
        let mut terms = self.terms.borrow_mut();
        let of_part = terms.entry(facts.file.part).or_default();
        let term = match of_part.get(name) {
            Some(term) => *term,
            None => *of_part.entry(name.clone()).or_insert_with(|| facts.term(name)),
        };
        facts.local_of(term?)
    }
}
