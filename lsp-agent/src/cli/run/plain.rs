//! Texts of models, tools and files made fit for a terminal: nothing in them steers it, and they can be cut and wrapped.

use std::borrow::Cow;
use std::fmt::Write as _;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// A text of several lines in which every character that steers a terminal, or is not seen in it, is spelled out.
pub(super) fn lines(text: &str) -> Cow<'_, str> {
    spelled(text, |letter| matches!(letter, '\n' | '\t'))
}

/// The same for one line.
pub(super) fn line(text: &str) -> Cow<'_, str> {
    spelled(text, |_| false)
}

fn spelled(text: &str, keep: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.chars().any(|letter| is_hidden(letter) && !keep(letter)) {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        match letter {
            _ if keep(letter) || !is_hidden(letter) => plain.push(letter),
            '\n' => plain.push('⏎'),
            '\t' => plain.push(' '),
            '\r' => plain.push_str("\\r"),
            _ => {
                let _ = write!(plain, "\\u{{{:x}}}", u32::from(letter));
            }
        }
    }
    Cow::Owned(plain)
}

/// Controls, and what turns the order of a line around or has no width: with it, what is shown is not what is done.
fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(letter,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{feff}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// The first line with something in it.
pub(super) fn first_line(text: &str) -> &str {
    text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default()
}

/// One line of at most so many columns, at least one, with `…` where something is left out.
pub(super) fn cut(text: &str, width: usize) -> String {
    // More than can be shown need not be looked at.
    let end = text.char_indices().nth(width.saturating_mul(4)).map_or(text.len(), |(place, _)| place);
    let whole = line(&text[..end]);
    if end == text.len() && whole.width() <= width {
        return whole.into_owned();
    }
    let mut left = width.saturating_sub(1);
    let fits = whole.chars().take_while(|letter| {
        let wide = letter.width().unwrap_or(0);
        let fits = wide <= left;
        left = left.saturating_sub(wide);
        fits
    });
    fits.chain(['…']).collect()
}

/// Words on lines of at most so many columns, all but the first after `indent` spaces; the first begins at column `at`.
/// A word that is wider than a line is left to the terminal.
pub(super) fn wrap(text: &str, width: usize, at: usize, indent: usize) -> String {
    let mut wrapped = String::with_capacity(text.len() + 16);
    let (mut column, mut fresh) = (at, true);
    for word in text.split_whitespace() {
        let word = line(word);
        let wide = word.width();
        if !fresh && column + 1 + wide > width {
            let _ = write!(wrapped, "\n{:indent$}", "");
            (column, fresh) = (indent, true);
        }
        if !fresh {
            wrapped.push(' ');
            column += 1;
        }
        wrapped.push_str(&word);
        (column, fresh) = (column + wide, false);
    }
    wrapped
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nothing_steers_the_terminal() {
        assert_eq!(lines("a\u{1b}[31m\tb\r\n\u{9b}2J"), "a\\u{1b}[31m\tb\\r\n\\u{9b}2J");
        assert_eq!(line("one\ntwo\u{202e}\u{7f}"), "one⏎two\\u{202e}\\u{7f}");
        assert_eq!(line("größe 👩\u{200d}🔬"), "größe 👩\u{200d}🔬", "what people write stays");
    }

    #[test]
    fn a_cut_line_says_so() {
        assert_eq!(cut("abcdef", 6), "abcdef");
        assert_eq!(cut("abcdefg", 6), "abcde…");
        assert_eq!(cut("漢字漢字", 6), "漢字…", "a wide letter takes two columns");
    }

    #[test]
    fn words_wrap_below_each_other() {
        assert_eq!(wrap("add a parameter of seconds", 16, 4, 4), "add a\n    parameter of\n    seconds");
        assert_eq!(wrap("muchtoolongforaline x", 8, 2, 2), "muchtoolongforaline\n  x");
    }

    proptest! {
        #[test]
        fn what_is_cut_fits(text in "\\PC*|[\\x00-\\x9f漢\u{202e}]*", width in 1..60usize) {
            prop_assert!(cut(&text, width).width() <= width);
        }

        #[test]
        fn no_control_is_left(text in any::<String>()) {
            prop_assert!(!lines(&text).chars().any(|letter| letter.is_control() && !matches!(letter, '\n' | '\t')));
            prop_assert!(!line(&text).chars().any(char::is_control));
        }
    }
}
