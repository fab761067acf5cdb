//! Colour, on a terminal only; `NO_COLOR` turns it off.

use std::io::IsTerminal;

fn paint(code: &str, text: &str) -> String {
    let wanted = std::io::stdout().is_terminal()
        && std::io::stderr().is_terminal()
        && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        && std::env::var_os("TERM").is_none_or(|value| value != "dumb");
    if wanted { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
}

pub(crate) fn good(text: &str) -> String {
    paint("32", text)
}

pub(crate) fn warning(text: &str) -> String {
    paint("33", text)
}

pub(crate) fn error(text: &str) -> String {
    paint("1;31", text)
}

pub(crate) fn heading(text: &str) -> String {
    paint("1", text)
}
