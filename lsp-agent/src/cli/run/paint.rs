//! Colours, where they are wanted: only the sixteen that a terminal's owner chose, so that they suit its background.

use anstyle::{AnsiColor, Effects, Style as Ansi};

/// How something is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Style {
    /// Whether escape sequences for colours may be written.
    pub(crate) colour: bool,
    /// Columns of a line.
    pub(crate) width: usize,
}

/// What is said by a colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hue {
    /// Of less weight: thoughts, places, what was only read.
    Faint,
    Bold,
    Good,
    Bad,
    Warning,
    /// A keyword of code.
    Word,
    /// A string or number of code.
    Literal,
}

impl Style {
    /// A text, coloured.
    pub(super) fn paint(self, hue: Hue, text: &str) -> String {
        if !self.colour || text.is_empty() {
            return text.to_owned();
        }
        let ansi = match hue {
            Hue::Faint => Ansi::new().effects(Effects::DIMMED),
            Hue::Bold => Ansi::new().effects(Effects::BOLD),
            Hue::Good => AnsiColor::Green.on_default(),
            Hue::Bad => AnsiColor::Red.on_default(),
            Hue::Warning | Hue::Literal => AnsiColor::Yellow.on_default(),
            Hue::Word => AnsiColor::Magenta.on_default(),
        };
        format!("{ansi}{text}{ansi:#}")
    }
}
