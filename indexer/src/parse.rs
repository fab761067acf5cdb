//! Parsers, one for each language, with a time limit for each text.

use crate::language::Language;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};
use tree_sitter::{ParseOptions, ParseState, Parser, Tree};

/// A text that takes longer than this is indexed without structure.
const TIME_LIMIT: Duration = Duration::from_secs(10);

/// Reusable parsers. Not shared between threads: each has its own.
#[derive(Default)]
pub(crate) struct Parsers {
    parsers: Vec<(Language, Parser)>,
}

impl Parsers {
    /// Parses a text, reusing what an edited older tree still has right. `None` past the time limit.
    pub(crate) fn parse(&mut self, language: Language, text: &[u8], old: Option<&Tree>) -> Option<Tree> {
        self.parse_while(language, text, old, &mut || true)
    }

    /// As [`Self::parse`], and `None` once `go_on` says no; it is asked many times a millisecond.
    pub(crate) fn parse_while(
        &mut self,
        language: Language,
        text: &[u8],
        old: Option<&Tree>,
        go_on: &mut dyn FnMut() -> bool,
    ) -> Option<Tree> {
        let index = match self.parsers.iter().position(|(known, _)| *known == language) {
            Some(index) => index,
            None => {
                let mut parser = Parser::new();
                parser.set_language(&language.grammar()).ok()?;
                self.parsers.push((language, parser));
                self.parsers.len() - 1
            }
        };
        let parser = &mut self.parsers[index].1;
        let begun = Instant::now();
        let mut give_up = |_: &ParseState| {
            if begun.elapsed() > TIME_LIMIT || !go_on() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        let options = ParseOptions::new().progress_callback(&mut give_up);
        let tree =
            parser.parse_with_options(&mut |at, _| text.get(at..).unwrap_or_default(), old, Some(options));
        if tree.is_none() {
            parser.reset();
        }
        tree
    }
}
