//! Byte offsets and editor positions, exactly.

/// A place in a text as LSP counts it: both zero-based, the column in UTF-16 code units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    pub line: u32,
    pub character: u32,
}

/// The starts of a text's lines. Lines end at `\n`, `\r\n` or a `\r` alone, as LSP says.
#[derive(Clone, Debug)]
pub struct LineIndex<'t> {
    text: &'t str,
    starts: Vec<u32>,
}

impl<'t> LineIndex<'t> {
    /// Finds the lines of a text.
    #[must_use]
    pub fn new(text: &'t str) -> Self {
        let bytes = text.as_bytes();
        let mut starts = vec![0];
        for at in memchr::memchr2_iter(b'\n', b'\r', bytes) {
            if bytes[at] == b'\n' || bytes.get(at + 1) != Some(&b'\n') {
                starts.push(crate::extract::offset(at + 1));
            }
        }
        Self { text, starts }
    }

    /// Number of lines; a text that ends with a line break has an empty last line.
    #[must_use]
    pub fn line_count(&self) -> usize {
        self.starts.len()
    }

    /// The text of a line without its line break; empty past the end.
    #[must_use]
    pub fn line(&self, line: u32) -> &'t str {
        let Some(start) = self.starts.get(line as usize) else { return "" };
        let end = self.starts.get(line as usize + 1).map_or(self.text.len(), |end| *end as usize);
        self.text[*start as usize..end].trim_end_matches(['\n', '\r'])
    }

    /// The position of a byte offset. Offsets inside a character count as its start, offsets past
    /// the end as the end.
    #[must_use]
    pub fn position(&self, offset: u32) -> Position {
        let mut offset = (offset as usize).min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.starts.partition_point(|start| *start as usize <= offset) - 1;
        let before = &self.text[self.starts[line] as usize..offset];
        Position { line: crate::extract::offset(line), character: utf16_len(before) }
    }

    /// The byte offset of a position. Columns inside a surrogate pair count as the character's
    /// start, columns past the end of the line as its end, lines past the end as the text's end.
    #[must_use]
    pub fn offset(&self, position: Position) -> u32 {
        let Some(start) = self.starts.get(position.line as usize) else {
            return crate::extract::offset(self.text.len());
        };
        let mut units = 0;
        for (at, character) in self.line(position.line).char_indices() {
            units += crate::extract::offset(character.len_utf16());
            if units > position.character {
                return start + crate::extract::offset(at);
            }
        }
        start + crate::extract::offset(self.line(position.line).len())
    }
}

fn utf16_len(text: &str) -> u32 {
    if text.is_ascii() {
        return crate::extract::offset(text.len());
    }
    text.chars().map(|character| crate::extract::offset(character.len_utf16())).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn astral_characters_and_combining_marks_count_as_utf16() {
        let text = "a𝒳e\u{301}\r\nβ\rz";
        let lines = LineIndex::new(text);
        let at = |line, character| Position { line, character };
        assert_eq!(lines.line_count(), 3);
        assert_eq!(lines.position(5), at(0, 3));
        assert_eq!(lines.position(8), at(0, 5));
        assert_eq!(lines.offset(at(0, 2)), 1, "inside the surrogate pair");
        assert_eq!(lines.offset(at(0, 99)), 8, "past the end of the line");
        assert_eq!(lines.offset(at(1, 1)), 12);
        assert_eq!(lines.offset(at(9, 0)), crate::extract::offset(text.len()));
        assert_eq!(lines.line(1), "β");
    }

    proptest! {
        #[test]
        fn every_character_start_survives_the_round_trip(text in "[a\\n\\r𝒳é\u{301} ]{0,40}") {
            let lines = LineIndex::new(&text);
            for (at, _) in text.char_indices() {
                // The `\n` of `\r\n` has no position of its own.
                if text.as_bytes()[at] == b'\n' && at > 0 && text.as_bytes()[at - 1] == b'\r' {
                    continue;
                }
                let at = crate::extract::offset(at);
                prop_assert_eq!(lines.offset(lines.position(at)), at);
            }
        }

        /// Against a count made the slow way, character by character.
        #[test]
        fn offsets_and_positions_are_counted_as_defined(text in "[a\\n\\r𝒳é\u{301}\u{2028} ]{0,40}") {
            let lines = LineIndex::new(&text);
            let mut at = Position { line: 0, character: 0 };
            let mut before = ' ';
            for (offset, character) in text.char_indices() {
                if before == '\n' || (before == '\r' && character != '\n') {
                    at = Position { line: at.line + 1, character: 0 };
                }
                for inside in offset..offset + character.len_utf8() {
                    prop_assert_eq!(lines.position(crate::extract::offset(inside)), at);
                }
                let is_break = matches!(character, '\n' | '\r');
                if !is_break {
                    prop_assert_eq!(lines.offset(at) as usize, offset);
                }
                if character.len_utf16() == 2 {
                    let inside = Position { character: at.character + 1, ..at };
                    prop_assert_eq!(lines.offset(inside) as usize, offset);
                }
                at.character += crate::extract::offset(character.len_utf16());
                before = character;
            }
            let end = crate::extract::offset(text.len());
            prop_assert_eq!(lines.position(end + 7), lines.position(end));
            let shown: String = (0..lines.line_count()).map(|line| lines.line(crate::extract::offset(line))).collect();
            prop_assert_eq!(shown, text.replace(['\n', '\r'], ""));
        }
    }
}
