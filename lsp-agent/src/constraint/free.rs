//! Free text, bounded, up to a text that ends it: the ends are looked for after Knuth, Morris and Pratt.

use super::part::PartError;
use super::utf8;

/// The most ways to end a text.
pub(super) const MOST_ENDS: usize = 4;

/// Any text, up to the first of its ends.
#[derive(Clone, Debug)]
pub struct FreeText {
    pub(super) ends: Vec<End>,
    /// How far each end was written before the text began.
    start: [u8; MOST_ENDS],
    most: u32,
    pub(super) may_stop: bool,
}

/// A text that ends free text.
#[derive(Clone, Debug)]
pub(super) struct End {
    pub(super) text: Vec<u8>,
    /// Of each place: how much of the end's start the text before it ends with, the whole excluded.
    borders: Vec<u8>,
}

/// Free text that is being written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Writing {
    /// Characters that may still come.
    pub(super) left: u32,
    pub(super) utf8: u8,
    /// Whether no characters are left and an end is being written.
    pub(super) over: bool,
    /// How far each end is written.
    pub(super) progress: [u8; MOST_ENDS],
}

/// What a byte does to free text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Writing(Writing),
    Ended,
}

impl FreeText {
    /// Text of at most `most` characters, up to one of `ends`. `before` is what was written before it, so that an end
    /// that begins with a line break is found at the text's start too.
    ///
    /// # Errors
    /// When there are too many ends, or one is empty or longer than 255 bytes.
    pub fn until<T: AsRef<[u8]>>(ends: &[T], before: &[u8], most: u32) -> Result<Self, PartError> {
        let of_size = |end: &T| (1..=255).contains(&end.as_ref().len());
        if ends.is_empty() || ends.len() > MOST_ENDS || !ends.iter().all(of_size) {
            return Err(PartError::Ends);
        }
        let ends: Vec<End> = ends.iter().map(|end| End::new(end.as_ref())).collect();
        let mut start = [0; MOST_ENDS];
        for (end, progress) in ends.iter().zip(&mut start) {
            for byte in before {
                *progress = end.step(*progress, *byte);
                // Ended before it began: not what is meant.
                if usize::from(*progress) == end.text.len() {
                    *progress = 0;
                }
            }
        }
        Ok(Self { ends, start, most, may_stop: false })
    }

    /// Text that nothing but the model ends.
    #[must_use]
    pub fn unending(most: u32) -> Self {
        Self { ends: Vec::new(), start: [0; MOST_ENDS], most, may_stop: true }
    }

    /// The same, but the model may also stop without an end: then nothing follows.
    #[must_use]
    pub fn or_stop(self) -> Self {
        Self { may_stop: true, ..self }
    }

    pub(super) fn begin(&self) -> Writing {
        Writing { left: self.most, utf8: utf8::WHOLE, over: false, progress: self.start }
    }

    pub(super) fn step(&self, writing: Writing, byte: u8) -> Option<Step> {
        let utf8 = utf8::step(writing.utf8, byte)?;
        let mut progress = writing.progress;
        for (end, progress) in self.ends.iter().zip(&mut progress) {
            *progress = end.step(*progress, byte);
            if usize::from(*progress) == end.text.len() {
                return Some(Step::Ended);
            }
        }
        // An end is finished even where no characters are left: the one that is written furthest goes on.
        let is_ending = progress.iter().max() > writing.progress.iter().max();
        let over = writing.over || utf8::begins(byte) && writing.left == 0;
        if over && !is_ending {
            return None;
        }
        let left = writing.left - u32::from(utf8::begins(byte) && !over);
        Some(Step::Writing(Writing { left, utf8, over, progress }))
    }
}

impl End {
    fn new(text: &[u8]) -> Self {
        let mut borders: Vec<u8> = vec![0; text.len() + 1];
        let mut border = 0_usize;
        for at in 1..text.len() {
            while border > 0 && text[at] != text[border] {
                border = usize::from(borders[border]);
            }
            border += usize::from(text[at] == text[border]);
            borders[at + 1] = u8::try_from(border).expect("ends have at most 255 bytes");
        }
        Self { text: text.to_vec(), borders }
    }

    fn step(&self, mut progress: u8, byte: u8) -> u8 {
        while progress > 0 && self.text[usize::from(progress)] != byte {
            progress = self.borders[usize::from(progress)];
        }
        progress + u8::from(self.text[usize::from(progress)] == byte)
    }

    /// What is left of the end from each place where it may already have begun.
    pub(super) fn remainders(&self, progress: u8) -> impl Iterator<Item = &[u8]> {
        let mut next = progress;
        std::iter::from_fn(move || {
            let now = (next > 0).then_some(next)?;
            next = self.borders[usize::from(now)];
            Some(&self.text[usize::from(now)..])
        })
    }
}
