//! UTF-8 byte by byte (Unicode 15, table 3-7): a state is what must still come before the character is whole.

/// No character is begun.
pub(super) const WHOLE: u8 = 0;

/// The state after `byte`, or nothing where it cannot follow.
pub(super) fn step(state: u8, byte: u8) -> Option<u8> {
    match (state, byte) {
        (WHOLE, 0..=0x7F) | (1, 0x80..=0xBF) => Some(WHOLE),
        (WHOLE, 0xC2..=0xDF) | (2, 0x80..=0xBF) | (4, 0xA0..=0xBF) | (5, 0x80..=0x9F) => Some(1),
        (WHOLE, 0xE0) => Some(4),
        (WHOLE, 0xED) => Some(5),
        (WHOLE, 0xE1..=0xEF) | (3, 0x80..=0xBF) | (6, 0x90..=0xBF) | (7, 0x80..=0x8F) => Some(2),
        (WHOLE, 0xF0) => Some(6),
        (WHOLE, 0xF4) => Some(7),
        (WHOLE, 0xF1..=0xF3) => Some(3),
        _ => None,
    }
}

/// The state after all of `bytes`, or nothing where they are not UTF-8.
pub(super) fn after(bytes: &[u8]) -> Option<u8> {
    bytes.iter().try_fold(WHOLE, |state, byte| step(state, *byte))
}

/// How many characters begin in `bytes`.
pub(super) fn chars_begun(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| begins(**byte)).count()
}

/// Whether a character begins with `byte`.
pub(super) fn begins(byte: u8) -> bool {
    byte & 0xC0 != 0x80
}
