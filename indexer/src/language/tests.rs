//! What is read from one text of each language, as text.

mod bad_input;
mod c;
mod cpp;
mod go;
mod java;
mod javascript;
mod python;
mod rust;
mod tables;
mod typescript;

use super::Language;
use crate::extract::extract;
use crate::parse::Parsers;
use crate::symbol::{Facts, ImportFact, NONE, NameId, Receiver, SymbolFact, Use};
use expect_test::Expect;
use std::fmt::Write;

/// One representative text for each language.
const SNIPPETS: [(Language, &str); 9] = [
    (Language::Python, python::SNIPPET),
    (Language::TypeScript, typescript::SNIPPET),
    (Language::Tsx, typescript::TSX),
    (Language::JavaScript, javascript::SNIPPET),
    (Language::Rust, rust::SNIPPET),
    (Language::Go, go::SNIPPET),
    (Language::Java, java::SNIPPET),
    (Language::C, c::SNIPPET),
    (Language::Cpp, cpp::SNIPPET),
];

/// Calls `each` with the facts of a text.
fn with_facts<R>(language: Language, text: &[u8], each: impl FnOnce(&Facts<'_>) -> R) -> R {
    let tree =
        Parsers::default().parse(language, text, None).expect("test texts parse within the time limit");
    each(&extract(language, text, &tree))
}

/// Outline, locals and imports of a text.
fn check(language: Language, text: &str, expect: &Expect) {
    let shown = with_facts(language, text.as_bytes(), |facts| {
        well_formed(facts, text.as_bytes());
        Shown { text, facts }.outline()
    });
    expect.assert_eq(&shown);
}

/// The uses of a text, a line for each of its lines.
fn check_uses(language: Language, text: &str, expect: &Expect) {
    let shown = with_facts(language, text.as_bytes(), |facts| {
        well_formed(facts, text.as_bytes());
        Shown { text, facts }.uses()
    });
    expect.assert_eq(&shown);
}

struct Shown<'a> {
    text: &'a str,
    facts: &'a Facts<'a>,
}

impl Shown<'_> {
    fn outline(&self) -> String {
        let mut shown = String::new();
        let mut locals = String::new();
        for symbol in &self.facts.symbols {
            if symbol.local {
                let mark = if symbol.parameter { "(" } else { "" };
                let _ = write!(locals, " {mark}{}@{}", self.name(symbol.name), self.line(symbol.name_start));
            } else {
                self.symbol(&mut shown, symbol);
            }
        }
        if !locals.is_empty() {
            let _ = writeln!(shown, "locals:{locals}");
        }
        for import in &self.facts.imports {
            self.import(&mut shown, import);
        }
        if self.facts.has_errors {
            shown.push_str("syntax errors\n");
        }
        shown
    }

    /// `kind Qualified.name first-last pub | signature | doc`.
    fn symbol(&self, shown: &mut String, symbol: &SymbolFact) {
        let path = self.path(symbol);
        let (first, last) = (self.line(symbol.range.start), self.line(symbol.range.end));
        let lines = if first == last { first.to_string() } else { format!("{first}-{last}") };
        let exported = if symbol.exported { " pub" } else { "" };
        let default = if symbol.default { " default" } else { "" };
        let qualified = usize::from(symbol.qualifier != NONE);
        let indent = "  ".repeat(path.len() - 1 - qualified);
        let _ = write!(shown, "{indent}{} {} {lines}{exported}{default}", symbol.kind.name(), path.join("."));
        let signature = &self.text[symbol.range.start as usize..symbol.signature_end as usize];
        let _ = write!(shown, " | {}", signature.split_whitespace().collect::<Vec<_>>().join(" "));
        let doc = &self.text[symbol.doc.start as usize..symbol.doc.end as usize];
        if let Some(line) = doc.lines().find(|line| line.chars().any(char::is_alphanumeric)) {
            let _ = write!(shown, " | {}", line.trim());
        }
        shown.push('\n');
    }

    fn path(&self, symbol: &SymbolFact) -> Vec<&str> {
        let mut path = Vec::new();
        let mut next = Some(symbol);
        while let Some(part) = next {
            path.push(self.name(part.name));
            if part.qualifier != NONE {
                path.push(self.name(part.qualifier));
            }
            next = self.facts.symbols.get(part.parent as usize);
        }
        path.reverse();
        path
    }

    fn import(&self, shown: &mut String, import: &ImportFact) {
        let _ = write!(shown, "import {:?} {}", import.kind, self.name(import.module));
        if import.name != NONE {
            let _ = write!(shown, " {}", self.name(import.name));
        }
        if import.alias != NONE {
            let _ = write!(shown, " as {}", self.name(import.alias));
        }
        shown.push('\n');
    }

    fn uses(&self) -> String {
        let mut shown = String::new();
        let mut line = 0;
        for used in &self.facts.uses {
            let at = self.line(used.start);
            if at != line {
                let end = if line == 0 { "" } else { "\n" };
                let _ = write!(shown, "{end}{at}:");
                line = at;
            }
            self.used(&mut shown, used);
        }
        shown.push('\n');
        shown
    }

    /// `column receiver.name role`; a dot alone stands for a receiver without a name.
    fn used(&self, shown: &mut String, used: &Use) {
        let before = self.text.as_bytes()[..used.start as usize].iter().rev();
        let column = before.take_while(|byte| **byte != b'\n').count() + 1;
        let receiver = match used.receiver {
            Receiver::Bare => String::new(),
            Receiver::Name => format!("{}.", self.name(used.of)),
            Receiver::Call => format!("{}().", self.name(used.of)),
            Receiver::This => "this.".to_owned(),
            Receiver::Super => "super.".to_owned(),
            Receiver::Keyword => format!("{}(…) ", self.name(used.of)),
            Receiver::Other => ".".to_owned(),
        };
        let _ = write!(shown, " {column} {receiver}{} {};", self.name(used.name), used.role.name());
    }

    fn name(&self, name: NameId) -> &str {
        self.facts.names.get(name as usize).copied().unwrap_or("-")
    }

    fn line(&self, at: u32) -> usize {
        self.text.as_bytes()[..at as usize].iter().filter(|byte| **byte == b'\n').count() + 1
    }
}

/// What the rest of the index relies on, whatever the text is.
fn well_formed(facts: &Facts<'_>, text: &[u8]) {
    let stands_at = |name: NameId, at: u32| {
        let name = facts.names[name as usize].as_bytes();
        text.get(at as usize..).is_some_and(|rest| rest.starts_with(name))
    };
    for (index, symbol) in (0u32..).zip(&facts.symbols) {
        let name_end = symbol.name_start
            + u32::try_from(facts.names[symbol.name as usize].len()).expect("names are short");
        assert!(stands_at(symbol.name, symbol.name_start), "a name stands where its symbol says: {symbol:?}");
        assert!(symbol.range.start <= symbol.name_start, "a symbol contains its name: {symbol:?}");
        assert!(name_end <= symbol.range.end, "a symbol contains its name: {symbol:?}");
        assert!(symbol.range.end as usize <= text.len(), "a symbol stays within the text: {symbol:?}");
        assert!(
            symbol.range.start <= symbol.signature_end && symbol.signature_end <= symbol.range.end,
            "{symbol:?}"
        );
        assert!(symbol.doc.start <= symbol.doc.end && symbol.doc.end as usize <= text.len(), "{symbol:?}");
        assert!(symbol.parent == NONE || symbol.parent < index, "containers come first: {symbol:?}");
        assert!((symbol.scope as usize) < facts.scopes.len(), "{symbol:?}");
    }
    for used in &facts.uses {
        assert!(stands_at(used.name, used.start), "a use stands where it says: {used:?}");
        assert!(!used.receiver.is_named() || (used.of as usize) < facts.names.len(), "{used:?}");
    }
    assert!(facts.uses.is_sorted_by_key(|used| used.start), "uses come in order");
    for scope in &facts.scopes {
        assert!(scope.range.start <= scope.range.end && scope.range.end as usize <= text.len(), "{scope:?}");
    }
}
