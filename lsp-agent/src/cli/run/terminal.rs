//! A run in a terminal, or in what stands for one: what is told is printed, and questions are put to whoever is there.

use super::decide::{Answer, Decide, Question};
use super::keys::{self, Keys, Pressed, Typed};
use super::paint::Style;
use super::show::Shown;
use super::{Inbox, Input, SETTLED, TICK};
use anyhow::{Context, Result};
use devtoolkit_agent::protocol::{Event, What};
use std::io::{self, BufRead, IsTerminal, Read, Write};
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

mod raw;

/// Bytes of a line of an answer.
const MOST_TYPED: u64 = 64 << 10;
/// How often the line of progress is written.
const REFRESH: Duration = Duration::from_millis(100);

/// Follows a run to its end; the exit code.
///
/// # Errors
/// When nothing can be printed.
pub(super) fn follow(mut decide: Decide, inbox: Inbox) -> Result<u8> {
    let mut screen = Screen::here();
    let mut shown = Shown::new(screen.style());
    inbox.send(decide.begin());
    let code = loop {
        // What was told already comes before a question about it and before the end.
        let rests = decide.question().is_some() || decide.ended().is_some();
        match inbox.from.recv_timeout(if rests { SETTLED } else { TICK }) {
            Ok(Input::Event(event)) => {
                screen.event(&event, &mut shown)?;
                inbox.send(decide.event(&event));
                continue;
            }
            Ok(Input::Interrupt) => {
                inbox.send(decide.interrupt());
                continue;
            }
            Ok(Input::Closed) | Err(RecvTimeoutError::Disconnected) => {
                let code = decide.ended();
                if code.is_none() {
                    screen.print(&(shown.close() + "✗ the session ended before the request did\n"))?;
                }
                return Ok(code.unwrap_or(1));
            }
            Ok(Input::Line { .. } | Input::NoMore) => continue,
            Err(RecvTimeoutError::Timeout) => inbox.send(decide.quiet()),
        }
        if let Some(code) = decide.ended() {
            break code;
        }
        match decide.question() {
            Some(question) => {
                let answer = screen.ask(&question, &mut shown)?;
                inbox.send(decide.answer(answer));
            }
            None => screen.progress(&shown)?,
        }
    };
    let left = inbox.close();
    while let Some(event) = left.event() {
        screen.event(&event, &mut shown)?;
    }
    screen.print(&shown.close())?;
    Ok(code)
}

/// Where a run is shown, and where answers come from.
struct Screen {
    out: anstream::Stdout,
    /// Whether somebody looks at what is printed.
    seen: bool,
    /// Columns of the line of progress that is there.
    progress: usize,
    /// When the phase began, and when its progress was last written.
    since: Instant,
    written: Instant,
    /// What is typed, where it is no terminal.
    lines: Option<Box<dyn BufRead>>,
}

impl Screen {
    fn here() -> Self {
        let lines: Option<Box<dyn BufRead>> = match io::stdin().is_terminal() {
            true => None,
            false => Some(Box::new(io::BufReader::new(io::stdin()))),
        };
        let now = Instant::now();
        let (out, seen) = (anstream::stdout(), io::stdout().is_terminal());
        Self { out, seen, progress: 0, since: now, written: now, lines }
    }

    fn style(&self) -> Style {
        let colour = self.out.current_choice() != anstream::ColorChoice::Never;
        Style { colour, width: width(self.seen) }
    }

    fn event(&mut self, event: &Event, shown: &mut Shown) -> Result<()> {
        let text = shown.event(event);
        if matches!(event.what, What::Status { .. }) {
            self.since = Instant::now();
        }
        if !text.is_empty() {
            self.print(&text)?;
        } else if self.written.elapsed() < REFRESH {
            return Ok(());
        }
        self.progress(shown)
    }

    fn print(&mut self, text: &str) -> Result<()> {
        self.clear()?;
        self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush()).context("cannot print")
    }

    /// Writes the line of progress over the one before.
    fn progress(&mut self, shown: &Shown) -> Result<()> {
        if !self.seen {
            return Ok(());
        }
        self.clear()?;
        self.written = Instant::now();
        let Some(line) = shown.progress(self.since.elapsed()) else { return Ok(()) };
        self.progress = unicode_width::UnicodeWidthStr::width(line.as_str());
        write!(self.out, "{line}\r").and_then(|()| self.out.flush()).context("cannot print")
    }

    fn clear(&mut self) -> Result<()> {
        let columns = std::mem::take(&mut self.progress);
        if columns == 0 {
            return Ok(());
        }
        write!(self.out, "\r{:columns$}\r", "").context("cannot print")
    }

    /// Asks on the screen; where that is a file, on standard error, with all that the question is about.
    fn ask(&mut self, question: &Question, shown: &mut Shown) -> Result<Answer> {
        self.clear()?;
        let about = shown.question(question, !self.seen);
        self.say(&about);
        Ok(keys::ask(question, self))
    }
}

impl Keys for Screen {
    fn say(&mut self, text: &str) {
        // A terminal that is gone gives no answer either, which ends the run.
        let _ = match self.seen {
            true => self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush()),
            false => io::stderr().write_all(text.as_bytes()),
        };
    }

    fn key(&mut self) -> Pressed {
        if let Some(lines) = &mut self.lines {
            return match typed(lines) {
                Some(line) => Pressed::Key(line.trim_start().chars().next().unwrap_or('\n')),
                None => Pressed::End,
            };
        }
        let pressed = raw::key();
        if let Pressed::Key(key) = pressed {
            let key = if key.is_control() { ' ' } else { key };
            self.say(&format!("{key}\n"));
        } else {
            self.say("\n");
        }
        pressed
    }

    fn text(&mut self, prompt: &str, first: &str) -> Typed {
        if self.lines.is_none() {
            return raw::text(prompt, first, width(true), &mut |text| self.say(text));
        }
        self.say(prompt);
        self.lines.as_mut().and_then(|lines| typed(lines)).map_or(Typed::End, Typed::Text)
    }
}

fn width(seen: bool) -> usize {
    let size = seen.then(|| crossterm::terminal::size().ok()).flatten();
    size.map(|(columns, _)| usize::from(columns)).filter(|columns| *columns > 0).unwrap_or(100).clamp(20, 400)
}

/// A line; nothing at the end, and of what is no text or longer than an answer can be.
fn typed(lines: &mut dyn BufRead) -> Option<String> {
    let mut line = String::new();
    let read = lines.take(MOST_TYPED).read_line(&mut line).ok()?;
    (read > 0 && (read as u64) < MOST_TYPED).then_some(line)
}

/// Gives the terminal back as it was when the program panics, before the message is printed.
pub(super) fn restore_on_panic() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        restore();
        before(panic);
    }));
}

/// Gives the terminal back as it was.
pub(super) fn restore() {
    let _ = crossterm::terminal::disable_raw_mode();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_an_end() {
        let mut input: &[u8] = b"yes\n\xff\n";
        assert_eq!(typed(&mut input).as_deref(), Some("yes\n"));
        assert_eq!(typed(&mut input), None, "no text");
        assert_eq!(typed(&mut input), None, "the end");
        let long = vec![b'a'; MOST_TYPED as usize + 1];
        assert_eq!(typed(&mut long.as_slice()), None, "too long");
    }
}
