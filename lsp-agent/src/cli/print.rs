//! What is printed: answers on stdout, and text from elsewhere so that a terminal takes it for text.

use anyhow::{Context, Result};
use std::io::{self, Write};

/// Prints an answer. A reader that has seen enough is no error.
pub(crate) fn answer(text: &str) -> Result<()> {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error).context("cannot print"),
        Ok(()) | Err(_) => Ok(()),
    }
}

pub(crate) fn answer_json(value: &serde_json::Value) -> Result<()> {
    answer(&spelled_out(&format!("{value:#}\n")))
}

/// Rows with their columns one below the other.
pub(crate) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}

/// Text from elsewhere, for a terminal: what would move its cursor, change its state or turn its order is spelled out.
pub(crate) fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | '\t' => shown.push(character),
            _ if is_hidden(character) => shown.extend(character.escape_unicode()),
            _ => shown.push(character),
        }
    }
    shown
}

/// A value as one line of JSON, of which a terminal takes all for text.
///
/// # Errors
/// When it has no form in JSON.
pub(crate) fn json_line(value: &impl serde::Serialize) -> Result<String> {
    Ok(spelled_out(&serde_json::to_string(value)?) + "\n")
}

/// JSON, the same to whoever reads it. What is hidden can only be in strings; what is below a space, JSON spells out anyway.
fn spelled_out(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for character in json.chars() {
        match is_hidden(character) && character != '\n' {
            true => text.push_str(&format!("\\u{:04x}", u32::from(character))),
            false => text.push(character),
        }
    }
    text
}

/// Controls, and what is not seen but changes how others are: order of writing, joining, width zero. All of them are of
/// the first 65,536 characters.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// How long ago something was, by two times in seconds.
pub(crate) fn ago(now: i64, then: i64) -> String {
    match now.saturating_sub(then).max(0) {
        ..60 => "now".to_owned(),
        seconds @ ..3_600 => format!("{} min ago", seconds / 60),
        seconds @ ..86_400 => format!("{} h ago", seconds / 3_600),
        seconds => format!("{} d ago", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_have_columns() {
        let row = |cells: [&str; 2]| cells.map(str::to_owned).to_vec();
        assert_eq!(table(&[row(["a", "b"]), row(["long", "ü"])]), "a     b\nlong  ü\n");
    }

    #[test]
    fn text_from_elsewhere_does_nothing_to_a_terminal() {
        assert_eq!(printable("a\u{1b}[2J\u{9b}é\r\n\tb\u{202e}"), "a\\u{1b}[2J\\u{9b}é\\u{d}\n\tb\\u{202e}");
        let json = json_line(&"a\u{1b}\u{9b}\u{202e}é").unwrap();
        assert_eq!(json, "\"a\\u001b\\u009b\\u202eé\"\n");
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), "a\u{1b}\u{9b}\u{202e}é");
    }

    #[test]
    fn times_are_told_by_how_long_ago_they_were() {
        let all = [(5, 9), (100, 50), (1_000, 400), (9_000, 1_000), (900_000, 0)];
        let all = all.map(|(now, then)| ago(now, then));
        assert_eq!(all, ["now", "now", "10 min ago", "2 h ago", "10 d ago"]);
    }
}
