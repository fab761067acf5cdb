//! A command's bytes as text: UTF-8 read lossily, a terminal's escape sequences left out, lines that were drawn over kept
//! as they were at the end.
//!
//! It comes in rows: a line with its end, or a piece of one that is longer than [`ROW`]. A row never changes again.

/// The longest row in bytes, but for the rest of its last character.
pub(super) const ROW: usize = 4 << 10;
/// The longest escape sequence that is left out; what is longer is text, so that nothing hides behind one.
const SEQUENCE: usize = 2 << 10;

/// Turns bytes into rows, however the bytes are cut.
#[derive(Debug, Default)]
pub(super) struct Cleaner {
    state: State,
    /// The first bytes of a character whose others have not come.
    partial: Vec<u8>,
    row: String,
    /// A carriage return was read: what comes next is drawn over the row.
    is_back: bool,
    /// The line's first rows are told already and cannot be drawn over.
    is_cut: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Text,
    /// After `ESC`.
    Escape,
    /// After `ESC` and an intermediate byte.
    Intermediate,
    /// After `ESC [`, with its length so far.
    Control(usize),
    /// In a title, a link or the like, up to its terminator, with its length so far.
    Words(usize),
    /// After an `ESC` in such, which begins its terminator.
    WordsEscape,
}

impl Cleaner {
    /// Reads bytes and tells the rows that are through.
    pub(super) fn push(&mut self, mut bytes: &[u8], tell: &mut impl FnMut(&str)) {
        while let Some(&first) = bytes.first() {
            if self.state != State::Text {
                if self.sequence(first) {
                    bytes = &bytes[1..];
                }
                continue;
            }
            let is_of_run = |byte: &&u8| match first {
                b' '..=b'~' => matches!(byte, b' '..=b'~'),
                0x80.. => **byte >= 0x80,
                _ => false,
            };
            let length = bytes.iter().take_while(is_of_run).count().max(1);
            let (run, rest) = bytes.split_at(length);
            match first {
                0x80.. => self.wide(run, rest.is_empty(), tell),
                _ => {
                    self.end_partial(tell);
                    match first {
                        b' '..=b'~' => self.text(ascii(run), tell),
                        _ => self.control(first, tell),
                    }
                }
            }
            bytes = rest;
        }
    }

    /// There are no more bytes: what was begun is as it is.
    pub(super) fn end(&mut self, tell: &mut impl FnMut(&str)) {
        self.end_partial(tell);
        if !self.row.is_empty() {
            tell(&std::mem::take(&mut self.row));
        }
    }

    /// The row that is being written.
    pub(super) fn row(&self) -> &str {
        &self.row
    }

    fn end_partial(&mut self, tell: &mut impl FnMut(&str)) {
        if !self.partial.is_empty() {
            self.partial.clear();
            self.text("\u{fffd}", tell);
        }
    }

    /// Printable text.
    fn text(&mut self, mut text: &str, tell: &mut impl FnMut(&str)) {
        if std::mem::take(&mut self.is_back) {
            match self.is_cut {
                true => self.end_line(tell),
                false => self.row.clear(),
            }
        }
        while !text.is_empty() {
            let (now, later) = text.split_at(text.ceil_char_boundary(ROW - self.row.len()));
            self.row.push_str(now);
            text = later;
            if self.row.len() >= ROW {
                tell(&self.row);
                self.row.clear();
                self.is_cut = true;
            }
        }
    }

    fn end_line(&mut self, tell: &mut impl FnMut(&str)) {
        self.row.push('\n');
        tell(&self.row);
        self.row.clear();
        (self.is_back, self.is_cut) = (false, false);
    }

    fn control(&mut self, byte: u8, tell: &mut impl FnMut(&str)) {
        match byte {
            b'\n' => self.end_line(tell),
            b'\r' => self.is_back = true,
            b'\t' => self.text("\t", tell),
            0x1b => self.state = State::Escape,
            // Backspace, as spinners use it.
            0x08 => drop(self.row.pop()),
            // A bell has nothing to show.
            0x07 => {}
            0x7f => self.text("\u{2421}", tell),
            other => {
                let picture = char::from_u32(0x2400 + u32::from(other)).unwrap_or('\u{fffd}');
                self.text(picture.encode_utf8(&mut [0; 4]), tell);
            }
        }
    }

    /// Bytes of characters beyond ASCII.
    fn wide(&mut self, run: &[u8], is_last: bool, tell: &mut impl FnMut(&str)) {
        let mut joined = std::mem::take(&mut self.partial);
        joined.extend_from_slice(run);
        let mut rest = joined.as_slice();
        while !rest.is_empty() {
            let (valid, wrong) = match std::str::from_utf8(rest) {
                Ok(text) => (text, None),
                Err(error) => {
                    let (valid, _) = rest.split_at(error.valid_up_to());
                    (std::str::from_utf8(valid).expect("it is valid so far"), Some(error.error_len()))
                }
            };
            self.wide_text(valid, tell);
            rest = &rest[valid.len()..];
            match wrong {
                None => {}
                Some(None) if is_last => {
                    self.partial = rest.to_vec();
                    return;
                }
                Some(length) => {
                    self.wide_text("\u{fffd}", tell);
                    rest = &rest[length.unwrap_or(rest.len())..];
                }
            }
        }
    }

    /// Characters beyond ASCII; the control characters among them are not for reading.
    fn wide_text(&mut self, text: &str, tell: &mut impl FnMut(&str)) {
        for (number, piece) in text.split(|c: char| ('\u{80}'..='\u{9f}').contains(&c)).enumerate() {
            if number > 0 {
                self.text("\u{fffd}", tell);
            }
            if !piece.is_empty() {
                self.text(piece, tell);
            }
        }
    }

    /// A byte of an escape sequence; says whether it belongs to it.
    fn sequence(&mut self, byte: u8) -> bool {
        let next = match (self.state, byte) {
            (State::Escape, b'[') => Some(State::Control(0)),
            (State::Escape, b']' | b'P' | b'X' | b'^' | b'_') => Some(State::Words(0)),
            (State::Escape | State::Intermediate, 0x20..=0x2f) => Some(State::Intermediate),
            (State::Escape | State::Intermediate, 0x30..=0x7e) => Some(State::Text),
            (State::Control(length), 0x20..=0x3f) if length < SEQUENCE => Some(State::Control(length + 1)),
            (State::Control(_), 0x40..=0x7e) => Some(State::Text),
            (State::Words(_), 0x07) | (State::WordsEscape, b'\\') => Some(State::Text),
            (State::Words(_), 0x1b) => Some(State::WordsEscape),
            (State::Words(length), 0x20..) if length < SEQUENCE => Some(State::Words(length + 1)),
            _ => None,
        };
        // Whatever does not fit ends the sequence and is text again.
        self.state = next.unwrap_or(State::Text);
        next.is_some()
    }
}

fn ascii(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("printable ASCII is UTF-8")
}

#[cfg(test)]
mod tests;
