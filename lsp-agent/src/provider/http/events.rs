//! A stream of server-sent events as the texts of their `data`, however it is cut on its way.

/// The longest line, and the longest event, in bytes.
pub(super) const LONGEST: usize = 1 << 20;

/// An event that is longer than [`LONGEST`].
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLong;

/// Reads a stream.
#[derive(Debug, Default)]
pub(super) struct Events {
    /// The line that is not whole.
    line: Vec<u8>,
    /// The event that is not whole.
    data: Option<Vec<u8>>,
}

impl Events {
    /// The events that are whole with the next bytes.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<Vec<String>, TooLong> {
        let mut events = Vec::new();
        let mut rest = bytes;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            self.lengthen(&rest[..end])?;
            rest = &rest[end + 1..];
            let line = std::mem::take(&mut self.line);
            self.line(line.strip_suffix(b"\r").unwrap_or(&line), &mut events)?;
        }
        self.lengthen(rest)?;
        Ok(events)
    }

    /// What is left when the stream ends: not every server ends its last event.
    pub(super) fn finish(mut self) -> Result<Vec<String>, TooLong> {
        self.push(b"\n\n")
    }

    fn lengthen(&mut self, bytes: &[u8]) -> Result<(), TooLong> {
        if self.line.len() + bytes.len() > LONGEST {
            return Err(TooLong);
        }
        self.line.extend_from_slice(bytes);
        Ok(())
    }

    fn line(&mut self, line: &[u8], events: &mut Vec<String>) -> Result<(), TooLong> {
        if line.is_empty() {
            // Characters are whole here, since lines are; what is no UTF-8 at all is shown as such.
            events.extend(self.data.take().map(|data| String::from_utf8_lossy(&data).into_owned()));
            return Ok(());
        }
        // Comments keep a connection open; the other fields say nothing that we need.
        let Some(value) = line.strip_prefix(b"data:") else { return Ok(()) };
        let value = value.strip_prefix(b" ").unwrap_or(value);
        let Some(data) = &mut self.data else {
            self.data = Some(value.to_vec());
            return Ok(());
        };
        if data.len() + value.len() > LONGEST {
            return Err(TooLong);
        }
        data.push(b'\n');
        data.extend_from_slice(value);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const STREAM: &str =
        ": hello\r\ndata: {\"a\": \"größer €\"}\r\n\r\nevent: x\ndata:1\ndata: 2\n\n\n\ndata: [DONE]";
    const EVENTS: [&str; 3] = ["{\"a\": \"größer €\"}", "1\n2", "[DONE]"];

    proptest! {
        #[test]
        fn cuts_change_nothing(cuts in prop::collection::vec(0..STREAM.len(), 0..20)) {
            let mut cuts = cuts;
            cuts.extend([0, STREAM.len()]);
            cuts.sort_unstable();
            let mut events = Events::default();
            let mut found = Vec::new();
            for ends in cuts.windows(2) {
                found.extend(events.push(&STREAM.as_bytes()[ends[0]..ends[1]]).unwrap());
            }
            found.extend(events.finish().unwrap());
            prop_assert_eq!(found, EVENTS);
        }
    }

    #[test]
    fn what_never_ends_is_not_kept() {
        let mut events = Events::default();
        let long = vec![b'x'; LONGEST];
        assert_eq!(events.push(&long), Ok(Vec::new()));
        assert_eq!(events.push(b"x"), Err(TooLong));
        let mut events = Events::default();
        let line = [b"data:", &long[..LONGEST / 2], b"\n"].concat();
        assert_eq!(events.push(&line), Ok(Vec::new()));
        assert_eq!(events.push(&line), Ok(Vec::new()));
        assert_eq!(events.push(&line), Err(TooLong));
    }
}
