//! A changed region as lines that were and lines that are, with the colours of its language.
//!
//! The grammars of the index say what is a keyword, a literal or a comment, so nothing else has to be brought along for it;
//! a language that the index does not parse has the colours of the change alone.

use super::paint::{Hue, Style};
use super::plain;
use devtoolkit_agent::protocol::Hunk;
use devtoolkit_index::{Language, Syntax, TokenKind};
use similar::{ChangeTag, TextDiff};
use std::ops::Range;
use std::time::Duration;

/// Bytes of a text of which the language is looked at.
const MOST_PARSED: usize = 256 << 10;
/// How long two texts are compared for the shortest difference; then a longer one is shown.
const LONGEST: Duration = Duration::from_millis(200);

/// What part of a hunk is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// So many lines.
    Lines(usize),
    /// All of it: somebody decides on it.
    Whole,
}

/// A hunk with its place above it.
pub(super) fn hunk(path: &str, hunk: &Hunk, extent: Extent, style: Style) -> String {
    let place = format!("@@ {}:{} @@", plain::line(path), hunk.line);
    let mut shown = style.paint(Hue::Faint, &place) + "\n";
    let language = Language::of_path(path).filter(|_| style.colour);
    let (old, new) = (Coloured::read(language, &hunk.old), Coloured::read(language, &hunk.new));
    let diff = TextDiff::configure().timeout(LONGEST).diff_lines(hunk.old.as_str(), hunk.new.as_str());
    let most = match extent {
        Extent::Lines(most) => most,
        Extent::Whole => usize::MAX,
    };
    let mut left = 0;
    for (place, change) in diff.iter_all_changes().enumerate() {
        if place >= most {
            left += 1;
            continue;
        }
        let text = change.value();
        let line = match (change.tag(), change.old_index(), change.new_index()) {
            (ChangeTag::Delete, _, _) => style.paint(Hue::Bad, &format!("-{}", without_end(text))),
            (ChangeTag::Insert, _, Some(at)) => {
                style.paint(Hue::Good, "+") + &new.line(at, text, Some(Hue::Good), style)
            }
            (ChangeTag::Insert | ChangeTag::Equal, Some(at), _) => {
                format!(" {}", old.line(at, text, None, style))
            }
            (ChangeTag::Insert | ChangeTag::Equal, None, _) => format!(" {}", without_end(text)),
        };
        shown += &line;
        shown.push('\n');
        if change.missing_newline() {
            shown += &(style.paint(Hue::Faint, "\\ no line break at the end") + "\n");
        }
    }
    if left > 0 {
        shown += &(style.paint(Hue::Faint, &format!("… {left} more lines")) + "\n");
    }
    shown
}

/// How many lines a hunk takes away and adds.
pub(super) fn count(hunks: &[Hunk]) -> (usize, usize) {
    let mut counts = (0, 0);
    for hunk in hunks {
        let diff = TextDiff::configure().timeout(LONGEST).diff_lines(hunk.old.as_str(), hunk.new.as_str());
        for change in diff.iter_all_changes() {
            match change.tag() {
                ChangeTag::Delete => counts.0 += 1,
                ChangeTag::Insert => counts.1 += 1,
                ChangeTag::Equal => {}
            }
        }
    }
    counts
}

/// A line as it is shown: a carriage return before its end is part of what changes, and is seen.
fn without_end(text: &str) -> String {
    plain::lines(text.strip_suffix('\n').unwrap_or(text)).into_owned()
}

/// What is coloured of a text: for each line, pieces of it in order, in bytes from its start.
#[derive(Default)]
struct Coloured {
    lines: Vec<Vec<(Range<usize>, Hue)>>,
}

impl Coloured {
    fn read(language: Option<Language>, text: &str) -> Self {
        let Some(language) = language.filter(|_| text.len() <= MOST_PARSED) else { return Self::default() };
        let Some(syntax) = Syntax::parse(language, text, &mut || true) else { return Self::default() };
        let starts: Vec<usize> =
            [0].into_iter().chain(text.match_indices('\n').map(|(place, _)| place + 1)).collect();
        let mut lines = vec![Vec::new(); starts.len()];
        syntax.tokens(&mut |token| {
            let range = token.range.start as usize..token.range.end as usize;
            let Some(hue) = hue(token.kind, text.get(range.clone()).unwrap_or_default()) else { return };
            let first = starts.partition_point(|start| *start <= range.start) - 1;
            for (line, start) in starts.iter().enumerate().skip(first) {
                if *start >= range.end {
                    break;
                }
                lines[line].push((range.start.saturating_sub(*start)..range.end - start, hue));
            }
        });
        Self { lines }
    }

    /// A line with its colours; what has none of its own has that of the change.
    fn line(&self, at: usize, text: &str, otherwise: Option<Hue>, style: Style) -> String {
        let text = text.strip_suffix('\n').unwrap_or(text);
        let mut shown = String::with_capacity(text.len() + 16);
        let rest = |from: usize, to: usize| {
            let piece = plain::lines(text.get(from..to).unwrap_or_default()).into_owned();
            match otherwise {
                Some(hue) => style.paint(hue, &piece),
                None => piece,
            }
        };
        let mut done = 0;
        for (range, hue) in self.lines.get(at).into_iter().flatten() {
            let (start, end) = (range.start.max(done), range.end.min(text.len()));
            let Some(piece) = text.get(start..end) else { continue };
            shown += &rest(done, start);
            shown += &style.paint(*hue, &plain::lines(piece));
            done = end;
        }
        shown += &rest(done, text.len());
        shown
    }
}

fn hue(kind: TokenKind, text: &str) -> Option<Hue> {
    match kind {
        TokenKind::Comment => Some(Hue::Faint),
        TokenKind::Literal => Some(Hue::Literal),
        TokenKind::Other if text.starts_with(char::is_alphabetic) => Some(Hue::Word),
        TokenKind::Other | TokenKind::Name => None,
    }
}
