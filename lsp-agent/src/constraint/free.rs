//! Free text, bounded, up to a text that ends it and without texts that may not come: both are looked for after Knuth,
//! Morris and Pratt.

use super::part::PartError;
use super::utf8;

/// The most texts that end a text or may not come in it, together.
pub(super) const MOST_ENDS: usize = 12;

/// Any text, up to the first of its ends.
#[derive(Clone, Debug)]
pub struct FreeText {
    /// What ends it, then what may not come.
    pub(super) ends: Vec<End>,
    /// How many of them end it.
    leads: usize,
    /// How far each end was written before the text began.
    start: [u8; MOST_ENDS],
    most: u32,
    pub(super) may_stop: bool,
}

/// A text that ends free text, or that may not come in it.
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
        if ends.is_empty() {
            return Err(PartError::Ends);
        }
        let mut this = Self::open(most).looking_for(ends, before)?;
        this.leads = ends.len();
        Ok(this)
    }

    /// Text of at most `most` characters that no text ends: what follows it can come behind any of its characters.
    #[must_use]
    pub fn open(most: u32) -> Self {
        Self { ends: Vec::new(), leads: 0, start: [0; MOST_ENDS], most, may_stop: false }
    }

    /// The same without any of `never` in it, also where it begins in `before`. A text that may neither stop nor end
    /// anywhere must not be driven into one of them by its own ends.
    ///
    /// # Errors
    /// When there are too many of them and of ends, or one is empty or longer than 255 bytes.
    pub fn without<T: AsRef<[u8]>>(self, never: &[T], before: &[u8]) -> Result<Self, PartError> {
        self.looking_for(never, before)
    }

    fn looking_for<T: AsRef<[u8]>>(mut self, texts: &[T], before: &[u8]) -> Result<Self, PartError> {
        let of_size = |text: &T| (1..=255).contains(&text.as_ref().len());
        if self.ends.len() + texts.len() > MOST_ENDS || !texts.iter().all(of_size) {
            return Err(PartError::Ends);
        }
        for text in texts {
            let end = End::new(text.as_ref());
            let progress = &mut self.start[self.ends.len()];
            for byte in before {
                *progress = end.step(*progress, *byte);
                // Ended before it began: not what is meant.
                if usize::from(*progress) == end.text.len() {
                    *progress = 0;
                }
            }
            self.ends.push(end);
        }
        Ok(self)
    }

    /// Whether what follows it can come behind any character.
    pub(super) fn is_open(&self) -> bool {
        self.leads == 0
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
        for (place, (end, progress)) in self.ends.iter().zip(&mut progress).enumerate() {
            *progress = end.step(*progress, byte);
            if usize::from(*progress) == end.text.len() {
                return (place < self.leads).then_some(Step::Ended);
            }
        }
        // An end is finished even where no characters are left: the one that is written furthest goes on.
        let is_ending = progress[..self.leads].iter().max() > writing.progress[..self.leads].iter().max();
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
