//! Abbreviations: a query's letters in a name, in order.

use crate::segment::letters::starts_word;

/// How many of the letters (in lower case) continue neither the one before nor begin a word, when they
/// all stand in a name in order, the first where a word begins. Letters go to the next word that begins
/// with them before they go to a later place inside a word.
pub(super) fn gaps(letters: &[u8], name: &[u8]) -> Option<u32> {
    let (first, rest) = letters.split_first()?;
    let find = |letter: u8, from: usize| {
        let place = name.get(from..)?.iter().position(|byte| byte.to_ascii_lowercase() == letter);
        place.map(|at| from + at)
    };
    let word = |letter: u8, from: usize| {
        let mut at = find(letter, from);
        while let Some(inside) = at.filter(|at| !starts_word(name, *at)) {
            at = find(letter, inside + 1);
        }
        at
    };
    let can_go_on = |rest: &[u8], mut from: usize| {
        rest.iter().all(|letter| find(*letter, from).map(|at| from = at + 1).is_some())
    };
    let mut at = word(*first, 0).filter(|at| can_go_on(rest, at + 1))?;
    let mut gaps = 0;
    for (index, letter) in rest.iter().enumerate() {
        let (next, rest) = (at + 1, &rest[index + 1..]);
        let follows = name.get(next).is_some_and(|byte| byte.to_ascii_lowercase() == *letter);
        at = if follows && can_go_on(rest, next + 1) {
            next
        } else if let Some(found) = word(*letter, next).filter(|at| can_go_on(rest, at + 1)) {
            found
        } else {
            gaps += 1;
            find(*letter, next)?
        };
    }
    Some(gaps)
}
