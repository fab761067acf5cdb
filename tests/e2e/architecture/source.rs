//! One file's text, and what can be told from it without a parser.

use std::fmt;

pub(crate) struct Source {
    /// From the root of the checkout, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)
    }
}

impl Source {
    pub(crate) fn is_in(&self, folder: &str) -> bool {
        self.path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
    }

    pub(crate) fn file_name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// Holds only tests or benchmarks.
    pub(crate) fn is_tests(&self) -> bool {
        let of_tests = |part: &str| matches!(part, "tests" | "tests.rs" | "benches");
        self.path.split('/').skip(1).any(of_tests)
    }

    /// The text without comments and without the tests at its end.
    pub(crate) fn code(&self) -> String {
        let lines = self.text.lines().take(self.own_lines());
        lines.filter(|line| !line.trim_start().starts_with("//")).map(|line| format!("{line}\n")).collect()
    }

    /// Lines before `#[cfg(test)] mod tests`, or all.
    pub(crate) fn own_lines(&self) -> usize {
        let lines: Vec<&str> = self.text.lines().collect();
        let tests = lines.windows(2).position(|pair| {
            pair[0] == "#[cfg(test)]" && pair[1].trim_start_matches("pub(crate) ").starts_with("mod ")
        });
        tests.unwrap_or(lines.len())
    }

    /// The code holds `name` as a whole word.
    pub(crate) fn names(&self, name: &str) -> bool {
        words(&self.code()).any(|word| word == name)
    }

    /// The code says `std::module`, or imports it in a group: `use std::{env, fs::File};`.
    pub(crate) fn uses_std(&self, module: &str) -> bool {
        let code: String = self.code().split_whitespace().collect::<Vec<_>>().join("");
        code.match_indices("std::").any(|(at, found)| {
            // `cap_std` is another crate.
            if code[..at].ends_with('_') {
                return false;
            }
            let rest = &code[at + found.len()..];
            match rest.strip_prefix('{') {
                Some(group) => top_names(group).contains(&module),
                None => first_word(rest) == module,
            }
        })
    }

    /// The words that follow `program` in code spans and code blocks: its commands.
    pub(crate) fn commands(&self, program: &str) -> Vec<String> {
        let mut found = Vec::new();
        let mut in_block = false;
        for line in self.text.lines() {
            if line.trim_start().starts_with("```") {
                in_block = !in_block;
                continue;
            }
            // In running text, the odd parts between backticks are code.
            let spans: Vec<&str> =
                if in_block { vec![line] } else { line.split('`').skip(1).step_by(2).collect() };
            for span in spans {
                let after = span.trim_start().trim_start_matches("$ ").strip_prefix(program);
                let command =
                    after.and_then(|rest| rest.strip_prefix(' ')).map(str::trim_start).map(first_word);
                found.extend(
                    command.filter(|command| !command.is_empty() && *command != "help").map(str::to_owned),
                );
            }
        }
        found
    }
}

fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split(|c: char| !(c.is_alphanumeric() || c == '_'))
}

/// What stands before the first character that no name or command has: empty for a flag or a placeholder in capitals.
fn first_word(text: &str) -> &str {
    let end = text.find(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-')));
    let word = &text[..end.unwrap_or(text.len())];
    if word.starts_with('-') { "" } else { word }
}

/// First names of the items of a `use` group, whose opening brace is gone: `env,fs::{self,File}};…` → `env`, `fs`.
fn top_names(group: &str) -> Vec<&str> {
    let (mut names, mut depth, mut start) = (Vec::new(), 0, 0);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                names.push(first_word(&group[start..at]));
                return names;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                names.push(first_word(&group[start..at]));
                start = at + 1;
            }
            _ => {}
        }
    }
    names
}
