//! From tokens to text: characters stay whole, texts that end a request are held back, and loops are seen.

/// The longest passage that is looked for when a model seems to repeat itself, in bytes.
const PERIOD: usize = 400;
/// How often a passage has to come, and how many bytes in all, before it counts as a loop.
const TIMES: usize = 6;
const LOOP: usize = 1_200;

/// What becomes of the bytes that were written.
#[derive(Debug)]
pub(super) struct Writer {
    /// Everything that was written.
    bytes: Vec<u8>,
    /// How much of it was shown.
    shown: usize,
    stop: Vec<String>,
}

/// What a new token means.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    On,
    /// This text to stop at has come; what is before it was shown.
    Stopped(String),
    /// The same passage came again and again.
    Repeats,
}

impl Writer {
    pub(super) fn new(stop: Vec<String>) -> Self {
        Self { bytes: Vec::new(), shown: 0, stop: stop.into_iter().filter(|stop| !stop.is_empty()).collect() }
    }

    /// Takes a token's bytes; gives the text that can be shown now.
    pub(super) fn push(&mut self, bytes: &[u8]) -> (String, Step) {
        // A text to stop at may have begun before.
        let longest = self.stop.iter().map(String::len).max().unwrap_or(0);
        let from = self.bytes.len().saturating_sub(longest).max(self.shown.min(self.bytes.len()));
        self.bytes.extend_from_slice(bytes);
        let found = self
            .stop
            .iter()
            .filter_map(|stop| Some((find(&self.bytes[from..], stop.as_bytes())? + from, stop)));
        if let Some((place, stop)) = found.min_by_key(|(place, _)| *place) {
            let stop = stop.clone();
            return (self.show(place), Step::Stopped(stop));
        }
        let held = self
            .stop
            .iter()
            .map(|stop| overlap(&self.bytes[self.shown..], stop.as_bytes()))
            .max()
            .unwrap_or(0);
        let end = self.bytes.len() - held;
        let end = self.shown + whole_characters(&self.bytes[self.shown..end]);
        // Now and then only: it costs more than a token should.
        let is_due = (self.bytes.len() - bytes.len()) / 64 != self.bytes.len() / 64;
        let step = if is_due && self.repeats() { Step::Repeats } else { Step::On };
        (self.show(end), step)
    }

    /// What was held back, once nothing follows any more.
    pub(super) fn finish(&mut self) -> String {
        self.show(self.bytes.len())
    }

    fn show(&mut self, end: usize) -> String {
        let text = String::from_utf8_lossy(&self.bytes[self.shown..end]).into_owned();
        self.shown = end;
        text
    }

    fn repeats(&self) -> bool {
        let tail = &self.bytes[self.bytes.len().saturating_sub(LOOP.max(PERIOD * TIMES))..];
        let is_loop = |period: usize| {
            let length = (period * TIMES).max(LOOP);
            let Some(last) = tail.len().checked_sub(length).map(|from| &tail[from..]) else { return false };
            last[period..] == last[..length - period]
        };
        (1..=PERIOD).any(is_loop)
    }
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}

/// How many bytes at the end of a text may be the beginning of another.
fn overlap(text: &[u8], wanted: &[u8]) -> usize {
    let most = wanted.len().saturating_sub(1).min(text.len());
    (1..=most).rev().find(|length| text.ends_with(&wanted[..*length])).unwrap_or(0)
}

/// The bytes up to a character that is not complete yet. What is no UTF-8 at all counts as complete.
fn whole_characters(bytes: &[u8]) -> usize {
    match std::str::from_utf8(bytes) {
        Ok(_) => bytes.len(),
        Err(error) if error.error_len().is_some() => {
            let wrong = error.valid_up_to() + error.error_len().unwrap_or(1);
            wrong + whole_characters(&bytes[wrong..])
        }
        Err(error) => error.valid_up_to(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_character_is_shown_when_it_is_whole() {
        let mut writer = Writer::new(Vec::new());
        assert_eq!(writer.push(b"a\xc3"), ("a".to_owned(), Step::On));
        assert_eq!(writer.push(b"\xa4b"), ("äb".to_owned(), Step::On));
        assert_eq!(writer.push(b"\xff\xe2"), ("\u{fffd}".to_owned(), Step::On));
        assert_eq!(writer.finish(), "\u{fffd}");
    }

    #[test]
    fn a_text_to_stop_at_is_never_shown_in_part() {
        let mut writer = Writer::new(vec!["</done>".to_owned(), "\n\n".to_owned()]);
        assert_eq!(writer.push(b"x < y</do"), ("x < y".to_owned(), Step::On));
        assert_eq!(writer.push(b"g"), ("</dog".to_owned(), Step::On));
        assert_eq!(writer.push(b"\n"), (String::new(), Step::On));
        assert_eq!(writer.push(b"\nz"), (String::new(), Step::Stopped("\n\n".to_owned())));
    }

    #[test]
    fn a_loop_is_seen_and_a_table_is_not() {
        let mut writer = Writer::new(Vec::new());
        let ended = (0..400).any(|_| writer.push(b"and so on, ").1 == Step::Repeats);
        assert!(ended);
        let mut writer = Writer::new(Vec::new());
        assert!((0..400).all(|n| writer.push(format!("row {n}; ").as_bytes()).1 == Step::On));
    }

    proptest! {
        #[test]
        fn pieces_make_the_same_text(text in "[a-cäß€\n]{0,60}", cuts in prop::collection::vec(0_usize..60, 0..20), stop in "[a-c\n]{1,3}") {
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
            cuts.extend([0, text.len()]);
            cuts.sort_unstable();
            let mut writer = Writer::new(vec![stop.clone()]);
            let mut shown = String::new();
            let mut stopped = false;
            for cut in cuts.windows(2) {
                let (more, step) = writer.push(&text.as_bytes()[cut[0]..cut[1]]);
                shown.push_str(&more);
                if step != Step::On {
                    stopped = true;
                    break;
                }
            }
            if !stopped {
                shown.push_str(&writer.finish());
            }
            let wanted = text.find(&stop).map_or(text.as_str(), |place| &text[..place]);
            prop_assert_eq!(shown, wanted);
        }
    }
}
