//! `sed`, with scripts that print and change only what is printed: every command in them is known, and none reads, writes
//! or runs anything.

use super::{FINE, Harmless, Look, Options, Unclear, Word, sort};

const OPTIONS: Options = Options {
    flags: "nErsuz",
    valued: "e",
    long: &[
        "expression=",
        "null-data",
        "posix",
        "quiet",
        "regexp-extended",
        "separate",
        "silent",
        "unbuffered",
    ],
};

pub(super) fn judge(words: &[Word], look: Look<'_>) -> Result<Harmless, Unclear> {
    let sorted = sort("sed", OPTIONS, words)?;
    let mut scripts: Vec<&str> = sorted.values.iter().map(|(_, value)| *value).collect();
    let mut operands = sorted.operands.iter();
    if scripts.is_empty() {
        let script = operands.next().ok_or_else(|| Unclear::new("`sed` has no script"))?;
        scripts.push(&script.text);
    }
    for script in scripts {
        Script { rest: script, depth: 0 }.known().ok_or_else(|| {
            Unclear::new(format!("`sed` with the script `{script}` is not known to be harmless"))
        })?;
    }
    for operand in operands {
        if operand.glob {
            return Err(Unclear::new(format!("`{}` may stand for any file's name", operand.text)));
        }
        if let Some(why) = look(&operand.text) {
            return Err(why);
        }
    }
    FINE
}

/// Commands without arguments: they print, and move text between the two places that sed has for it.
const PLAIN: &[char] = &['p', 'P', 'd', 'D', 'n', 'N', 'g', 'G', 'h', 'H', 'x', '=', 'l', 'z'];

/// What is left of a script, and how many braces are open.
struct Script<'s> {
    rest: &'s str,
    depth: usize,
}

/// Every step gives `None` where the script is not known.
impl Script<'_> {
    fn known(mut self) -> Option<()> {
        loop {
            self.skip(&[' ', ';']);
            if self.rest.is_empty() {
                return (self.depth == 0).then_some(());
            }
            if self.take(|c| c == '}').is_some() {
                self.depth = self.depth.checked_sub(1)?;
                self.end()?;
                continue;
            }
            self.addresses()?;
            self.skip(&[' ']);
            if self.take(|c| c == '!').is_some() {
                self.skip(&[' ']);
            }
            self.command()?;
        }
    }

    fn command(&mut self) -> Option<()> {
        match self.take(|_| true)? {
            '{' => {
                self.depth += 1;
                return Some(());
            }
            'q' | 'Q' => {
                self.skip(&[' ']);
                self.number();
            }
            's' => {
                let delimiter = self.delimiter()?;
                self.regex(delimiter)?;
                self.replacement(delimiter)?;
                while self.take(|c| "gpiIM0123456789".contains(c)).is_some() {}
            }
            'y' => {
                let delimiter = self.delimiter()?;
                self.replacement(delimiter)?;
                self.replacement(delimiter)?;
            }
            c if PLAIN.contains(&c) => {}
            _ => return None,
        }
        self.end()
    }

    /// After a command there is another only behind `;`, `}` or the end.
    fn end(&mut self) -> Option<()> {
        self.skip(&[' ']);
        (self.rest.is_empty() || self.rest.starts_with([';', '}'])).then_some(())
    }

    fn addresses(&mut self) -> Option<()> {
        if !self.address()? {
            return Some(());
        }
        self.skip(&[' ']);
        if self.take(|c| c == ',').is_some() {
            self.skip(&[' ']);
            if self.take(|c| c == '+' || c == '~').is_some() {
                return self.number().then_some(());
            }
            return self.address()?.then_some(());
        }
        Some(())
    }

    /// Whether there is one.
    fn address(&mut self) -> Option<bool> {
        if self.number() {
            if self.take(|c| c == '~').is_some() && !self.number() {
                return None;
            }
            return Some(true);
        }
        match self.take(|c| c == '$' || c == '/') {
            Some('/') => {
                self.regex('/')?;
                while self.take(|c| c == 'I' || c == 'M').is_some() {}
                Some(true)
            }
            found => Some(found.is_some()),
        }
    }

    fn delimiter(&mut self) -> Option<char> {
        self.take(|c| matches!(c, '/' | '|' | ',' | '#' | ':' | '@' | '_' | '%' | '!' | '+' | '='))
    }

    /// Up to the delimiter. Some take one within brackets as the end and some do not, so there it is not known.
    fn regex(&mut self, delimiter: char) -> Option<()> {
        let mut in_brackets = false;
        loop {
            match self.take(|_| true)? {
                '\\' => drop(self.take(|_| true)?),
                c if c == delimiter => return (!in_brackets).then_some(()),
                '[' if in_brackets => {
                    if let Some(kind) = self.take(|c| matches!(c, ':' | '.' | '=')) {
                        let (_, rest) = self.rest.split_once(&format!("{kind}]"))?;
                        self.rest = rest;
                    }
                }
                '[' => {
                    in_brackets = true;
                    let _ = self.take(|c| c == '^');
                    // The first one stands for itself.
                    let _ = self.take(|c| c == ']');
                }
                ']' => in_brackets = false,
                _ => {}
            }
        }
    }

    fn replacement(&mut self, delimiter: char) -> Option<()> {
        loop {
            match self.take(|_| true)? {
                '\\' => drop(self.take(|_| true)?),
                c if c == delimiter => return Some(()),
                _ => {}
            }
        }
    }

    fn number(&mut self) -> bool {
        let length = self.rest.len();
        while self.take(|c| c.is_ascii_digit()).is_some() {}
        self.rest.len() < length
    }

    fn take(&mut self, wanted: impl Fn(char) -> bool) -> Option<char> {
        let first = self.rest.chars().next().filter(|first| wanted(*first))?;
        self.rest = &self.rest[first.len_utf8()..];
        Some(first)
    }

    fn skip(&mut self, blanks: &[char]) {
        self.rest = self.rest.trim_start_matches(blanks);
    }
}
