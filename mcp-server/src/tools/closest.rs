//! Why a text does not occur: where something like it does, and what is different there.

use similar::TextDiff;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::ops::Range;
use std::time::{Duration, Instant};

/// The longest text that is searched for something alike, in bytes.
const SEARCHED: usize = 8 << 20;
/// The longest search.
const DEADLINE: Duration = Duration::from_millis(150);
/// The most lines of a difference, and the most characters of each.
const SHOWN: (usize, usize) = (40, 200);
/// How alike two lines have to be, from 0 to 1.
const ALIKE: f64 = 0.5;
/// How much of a line is compared, in characters.
const COMPARED: usize = 200;

/// Where something like `old` stands, as the end of a sentence that says that it does not occur.
pub(super) fn place(text: &str, old: &str) -> String {
    if text.is_empty() {
        return ": the file is empty".to_owned();
    }
    if text.len() > SEARCHED || old.len() > SEARCHED {
        return "; search_text finds a part of it".to_owned();
    }
    let lines: Vec<&str> = text.lines().collect();
    if let Some(place) = but_for_whitespace(text, old) {
        let (first, last) = (line_of(text, place.start), line_of(text, place.end - 1));
        let place = format!(", but for whitespace it is {}", span(first, last));
        return place + &difference(old, &lines[first - 1..last], true);
    }
    match nearest(&lines, old) {
        Some(start) => {
            let end = (start + old.lines().count()).min(lines.len());
            format!("; the closest is {}", span(start + 1, end)) + &difference(old, &lines[start..end], false)
        }
        None => ", nor anything like it; read_file shows the text as it is now".to_owned(),
    }
}

fn span(first: usize, last: usize) -> String {
    if first == last { format!("line {first}") } else { format!("lines {first} to {last}") }
}

/// The line of a byte, counted from 1.
pub(super) fn line_of(text: &str, at: usize) -> usize {
    text.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() + 1
}

/// The first place that is the same once all whitespace is taken out.
fn but_for_whitespace(text: &str, old: &str) -> Option<Range<usize>> {
    let (bare, homes) = squeeze(text);
    let (wanted, _) = squeeze(old);
    if wanted.len() < 2 {
        return None;
    }
    let at = bare.find(&wanted)?;
    Some(homes[at] as usize..homes[at + wanted.len() - 1] as usize + 1)
}

/// A text without whitespace, and where each of its bytes was.
fn squeeze(text: &str) -> (String, Vec<u32>) {
    let (mut bare, mut homes) = (String::with_capacity(text.len()), Vec::with_capacity(text.len()));
    for (at, c) in text.char_indices().filter(|(_, c)| !c.is_whitespace()) {
        bare.push(c);
        homes.extend((at..at + c.len_utf8()).map(|at| u32::try_from(at).unwrap_or(u32::MAX)));
    }
    (bare, homes)
}

/// The first line of the place that is most like `old`.
fn nearest(lines: &[&str], old: &str) -> Option<usize> {
    let wanted: Vec<&str> = old.lines().map(str::trim).collect();
    by_equal_lines(lines, &wanted).or_else(|| by_one_line(lines, &wanted))
}

/// Every line that both have votes for where `old` would start.
fn by_equal_lines(lines: &[&str], wanted: &[&str]) -> Option<usize> {
    let mut known: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, line) in wanted.iter().enumerate().filter(|(_, line)| line.len() > 2) {
        known.entry(line).or_default().push(at);
    }
    let mut votes: HashMap<usize, usize> = HashMap::new();
    for (at, line) in lines.iter().enumerate() {
        // Lines such as `return` stand everywhere; a few of their places are enough.
        for place in known.get(line.trim()).into_iter().flatten().take(8) {
            *votes.entry(at.saturating_sub(*place)).or_default() += line.len().min(COMPARED);
        }
    }
    votes.into_iter().max_by_key(|(start, votes)| (*votes, std::cmp::Reverse(*start))).map(|(start, _)| start)
}

/// Where the longest line of `old` has its like.
fn by_one_line(lines: &[&str], wanted: &[&str]) -> Option<usize> {
    let (place, longest) = wanted.iter().enumerate().max_by_key(|(_, line)| line.len())?;
    let longest = head(longest);
    let started = Instant::now();
    let mut best = (ALIKE, None);
    for (at, line) in lines.iter().enumerate() {
        if at % 64 == 0 && started.elapsed() > DEADLINE {
            break;
        }
        let alike = strsim::sorensen_dice(longest, head(line.trim()));
        if alike > best.0 {
            best = (alike, Some(at.saturating_sub(place)));
        }
    }
    best.1
}

/// The part of a line that is compared.
fn head(line: &str) -> &str {
    line.char_indices().nth(COMPARED).map_or(line, |(end, _)| &line[..end])
}

/// The difference from `old` to what stands there, `-` and `+`.
fn difference(old: &str, there: &[&str], whitespace: bool) -> String {
    let ended = |lines: &mut dyn Iterator<Item = &str>| {
        lines.fold(String::new(), |text, line| text + &shown(line, whitespace) + "\n")
    };
    let (old, there) = (ended(&mut old.lines()), ended(&mut there.iter().copied()));
    let difference = TextDiff::configure().timeout(DEADLINE).diff_lines(&old, &there);
    let difference = difference.unified_diff().context_radius(3).to_string();
    let mut text = String::from(" (- wanted, + the file):");
    let lines: Vec<&str> = difference.lines().filter(|line| !line.starts_with("@@")).collect();
    for line in lines.iter().take(SHOWN.0) {
        let _ = write!(text, "\n{line}");
    }
    if lines.len() > SHOWN.0 {
        let _ = write!(text, "\n… {} more lines", lines.len() - SHOWN.0);
    }
    text
}

/// A line for showing; where whitespace is what differs, one can see it.
fn shown(line: &str, whitespace: bool) -> String {
    let cut: String = line.chars().take(SHOWN.1).collect();
    if !whitespace {
        return cut;
    }
    let body = cut.trim_end_matches([' ', '\t', '\r']);
    let end = cut[body.len()..].replace(' ', "·").replace('\r', "␍");
    (body.to_owned() + &end).replace('\t', "→   ")
}
