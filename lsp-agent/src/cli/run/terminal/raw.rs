//! Single keys from a terminal, which is as it was as soon as there is an answer.

use super::super::keys::{Pressed, Typed};
use super::super::plain;
use crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use std::time::Duration;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Letters of a typed line.
const MOST_TYPED: usize = 4_096;

/// A terminal that hands over single keys and echoes none.
struct Raw;

impl Raw {
    fn enter() -> Option<Self> {
        crossterm::terminal::enable_raw_mode().ok().map(|()| Self)
    }

    /// Waits for the next key; nothing where the terminal is gone.
    fn next(&self) -> Option<KeyEvent> {
        loop {
            // Sizes, and on Windows keys that are let go, are no answers.
            if let Event::Key(key) = event::read().ok()?
                && key.kind != KeyEventKind::Release
            {
                return Some(key);
            }
        }
    }

    /// What was typed before a question was there is no answer to it.
    fn forget(&self) {
        while event::poll(Duration::ZERO).unwrap_or(false) && event::read().is_ok() {}
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        super::restore();
    }
}

/// One key.
pub(super) fn key() -> Pressed {
    let Some(raw) = Raw::enter() else { return Pressed::End };
    raw.forget();
    loop {
        let Some(key) = raw.next() else { return Pressed::End };
        match key.code {
            KeyCode::Char('c') if controls(&key) => return Pressed::Stop,
            KeyCode::Char('d') if controls(&key) => return Pressed::End,
            KeyCode::Char(letter) if !controls(&key) => return Pressed::Key(letter),
            KeyCode::Enter => return Pressed::Key('\n'),
            _ => {}
        }
    }
}

/// A line, changed at its end. `say` prints where the terminal is.
pub(super) fn text(prompt: &str, first: &str, width: usize, say: &mut dyn FnMut(&str)) -> Typed {
    let Some(raw) = Raw::enter() else { return Typed::End };
    let mut text: String = plain::line(first).into_owned();
    let mut columns = 0;
    let typed = loop {
        let line = visible(prompt, &text, width);
        let now = line.width();
        say(&format!("\r{line}{:1$}\r{line}", "", columns.max(now) - now));
        columns = now;
        let Some(key) = raw.next() else { break Typed::End };
        match key.code {
            KeyCode::Char('c') if controls(&key) => break Typed::Stop,
            KeyCode::Char('d') if controls(&key) && text.is_empty() => break Typed::End,
            KeyCode::Char('u') if controls(&key) => text.clear(),
            KeyCode::Char('w') if controls(&key) => {
                let kept = text.trim_end().rfind(' ').map_or(0, |place| place + 1);
                text.truncate(kept);
            }
            KeyCode::Char(letter) if !controls(&key) && text.len() < MOST_TYPED => text.push(letter),
            KeyCode::Backspace => {
                text.pop();
            }
            KeyCode::Enter => break Typed::Text(text),
            KeyCode::Esc => break Typed::Back,
            _ => {}
        }
    };
    drop(raw);
    say("\n");
    typed
}

fn controls(key: &KeyEvent) -> bool {
    key.modifiers.contains(KeyModifiers::CONTROL)
}

/// As much of the end of a line as there is room for.
fn visible(prompt: &str, text: &str, width: usize) -> String {
    let mut left = width.saturating_sub(prompt.width() + 1);
    let shown = plain::line(text);
    let fits = |letter: &char| {
        let wide = letter.width().unwrap_or(0);
        let fits = wide <= left;
        left = left.saturating_sub(wide);
        fits
    };
    let end: Vec<char> = shown.chars().rev().take_while(fits).collect();
    prompt.chars().chain(end.into_iter().rev()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_long_line_is_seen() {
        assert_eq!(visible("why: ", "too much", 20), "why: too much");
        assert_eq!(visible("why: ", "it is far too much", 14), "why: too much");
        assert_eq!(visible("why: ", "漢字", 9), "why: 字", "not half of a letter");
    }
}
