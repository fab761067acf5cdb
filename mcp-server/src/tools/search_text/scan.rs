//! Searches files in parallel, in waves, so that answers come in order and the rest of a tree is left alone once there is
//! enough.

use crate::tool::{ToolContext, ToolError};
use crate::workspace::{ReadError, RelPath};
use devtoolkit_index::text::{Compiled, LineRole, Scanner};
use std::ops::{ControlFlow, Range};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// The largest file that is searched, in bytes.
pub(super) const FILE_LIMIT: u64 = 16 << 20;
/// Files of the first wave, and of the largest.
const WAVE: (usize, usize) = (32, 1_024);
/// The most threads of a search.
const THREADS: usize = 4;
/// Fewer files than this are not worth a thread.
const WORTH: usize = 8;
/// The most of a line that is shown, in bytes, and how much of that comes before its match.
const SHOWN: (usize, usize) = (400, 100);

/// A line to show.
pub(super) struct Line {
    pub(super) number: u64,
    pub(super) text: String,
    pub(super) is_match: bool,
    /// It comes before the match that it goes with.
    pub(super) is_before: bool,
    /// Lines are left out before it.
    pub(super) after_gap: bool,
}

/// Files that were not searched.
#[derive(Default)]
pub(super) struct Skipped {
    large: Vec<RelPath>,
    unreadable: Vec<RelPath>,
    secret: Vec<RelPath>,
}

/// Files with what was found in each, in path order.
pub(super) type Found<T> = Vec<(RelPath, T)>;

/// What a search came to.
pub(super) struct Scanned<T> {
    pub(super) found: Found<T>,
    pub(super) skipped: Skipped,
}

/// A search over files.
pub(super) struct Scan<'a> {
    context: &'a ToolContext,
    compiled: &'a Compiled,
    paths: &'a [RelPath],
}

impl<'a> Scan<'a> {
    pub(super) fn new(context: &'a ToolContext, compiled: &'a Compiled, paths: &'a [RelPath]) -> Self {
        Self { context, compiled, paths }
    }

    /// Matching lines and those around them, until there are `enough` matches.
    pub(super) fn lines(&self, enough: usize) -> Result<Scanned<Vec<Line>>, ToolError> {
        let matches = |lines: &Vec<Line>| lines.iter().filter(|line| line.is_match).count();
        self.waves(
            &|scanner, bytes| Some(lines(scanner, bytes)).filter(|lines| !lines.is_empty()),
            &|found| found.iter().map(|(_, lines)| matches(lines)).sum::<usize>() >= enough,
        )
    }

    /// Matching lines counted.
    pub(super) fn counts(&self) -> Result<Scanned<u64>, ToolError> {
        self.waves(&|scanner, bytes| Some(scanner.count(bytes)).filter(|count| *count > 0), &|_| false)
    }

    fn waves<T: Send>(
        &self,
        search: &(dyn Fn(&mut Scanner<'_>, &[u8]) -> Option<T> + Sync),
        is_enough: &dyn Fn(&Found<T>) -> bool,
    ) -> Result<Scanned<T>, ToolError> {
        let mut all = Scanned { found: Vec::new(), skipped: Skipped::default() };
        let (mut at, mut size) = (0, WAVE.0);
        let started = Instant::now();
        while at < self.paths.len() && !is_enough(&all.found) {
            let wave = &self.paths[at..self.paths.len().min(at + size)];
            (at, size) = (at + wave.len(), (size * 4).min(WAVE.1));
            for (path, outcome) in self.wave(wave, search) {
                match outcome {
                    Ok(Some(found)) => all.found.push((path.clone(), found)),
                    // Gone since it was listed, or a link by now: nothing of ours.
                    Ok(None) | Err(ReadError::NotFound { .. } | ReadError::Special { .. }) => {}
                    Err(ReadError::TooLarge { path, .. }) => all.skipped.large.push(path),
                    Err(ReadError::Secret { path }) => all.skipped.secret.push(path),
                    Err(_) => all.skipped.unreadable.push(path.clone()),
                }
            }
            self.context.cancelled()?;
            if started.elapsed() > Duration::from_millis(500) {
                self.context.progress(at as u64, Some(self.paths.len() as u64), "files searched");
            }
        }
        Ok(all)
    }

    /// One wave's files with what came of them, in order.
    fn wave<'p, T: Send>(
        &self,
        paths: &'p [RelPath],
        search: &(dyn Fn(&mut Scanner<'_>, &[u8]) -> Option<T> + Sync),
    ) -> Vec<(&'p RelPath, Result<Option<T>, ReadError>)> {
        let next = AtomicUsize::new(0);
        let work = || {
            let (mut scanner, mut bytes, mut done) = (self.compiled.scanner(), Vec::new(), Vec::new());
            while let Some((place, path)) = {
                let place = next.fetch_add(1, Ordering::Relaxed);
                paths.get(place).map(|path| (place, path))
            } {
                if self.context.cancelled().is_err() {
                    break;
                }
                let read = self.context.snapshot.read_into(path, FILE_LIMIT, &mut bytes);
                done.push((place, read.map(|()| search(&mut scanner, &bytes))));
            }
            done
        };
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let threads = cores.min(THREADS).min(paths.len().div_ceil(WORTH));
        let mut done = std::thread::scope(|scope| {
            let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
            let mut done = work();
            for other in others {
                match other.join() {
                    Ok(more) => done.extend(more),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            done
        });
        done.sort_unstable_by_key(|(place, _)| *place);
        done.into_iter().map(|(place, outcome)| (&paths[place], outcome)).collect()
    }
}

fn lines(scanner: &mut Scanner<'_>, bytes: &[u8]) -> Vec<Line> {
    let mut lines = Vec::new();
    scanner.search(bytes, |line| {
        let spans = if line.bytes.len() > SHOWN.0 { line.spans() } else { Vec::new() };
        lines.push(Line {
            number: line.number,
            text: shown(line.bytes, spans.first()),
            is_match: line.role == LineRole::Match,
            is_before: line.role == LineRole::Before,
            after_gap: line.after_gap,
        });
        ControlFlow::Continue(())
    });
    lines
}

/// A line as text, a long one cut around its first match.
fn shown(line: &[u8], first: Option<&Range<usize>>) -> String {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.len() <= SHOWN.0 {
        return String::from_utf8_lossy(line).into_owned();
    }
    let is_inside = |at: &usize| line.get(*at).is_some_and(|byte| byte & 0xc0 == 0x80);
    let boundary = |at: usize| (at..line.len()).find(|at| !is_inside(at)).unwrap_or(line.len());
    let start = boundary(first.map_or(0, |first| first.start.saturating_sub(SHOWN.1)));
    let end = boundary((start + SHOWN.0).min(line.len()));
    let mark = |cut: bool| if cut { "…" } else { "" };
    let part = String::from_utf8_lossy(&line[start..end]);
    format!("{}{part}{}", mark(start > 0), mark(end < line.len()))
}

impl Skipped {
    /// In words; nothing where all was searched.
    pub(super) fn notes(&self) -> String {
        let mut notes = String::new();
        let mut note = |paths: &[RelPath], why: &str| {
            if let Some(first) = paths.first() {
                let more =
                    if paths.len() == 1 { String::new() } else { format!(" and {} more", paths.len() - 1) };
                notes.push_str(&format!("; not searched, {why}: `{first}`{more}"));
            }
        };
        note(&self.large, "over 16 MiB");
        note(&self.unreadable, "unreadable");
        note(&self.secret, "because it may hold secrets (name it as `path`)");
        notes
    }
}
