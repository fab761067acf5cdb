//! Brings a file from a model hub, however often the way breaks: it continues where it stopped, and the file stands under
//! its name only when its checksum is right.
//!
//! The file grows as `NAME.part`, whose lock keeps two pulls apart; beside it stands which of the hub's versions it is.
//! `hf-hub` was weighed and not taken: it trusts lengths, follows any redirect, and brings an asynchronous client.

use crate::machine::disk_free;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

mod fault;
mod hub;
mod part;
#[cfg(test)]
pub(crate) mod stand_in;
mod wire;

pub use fault::DownloadError;
pub use hub::{Address, Hub, USUAL_HUB};
pub(crate) use part::file_sum;

use fault::Trouble;
use part::Part;
use wire::{Head, Piece, Wire};

/// Disk that stays free beside the file.
const SPARE: u64 = 64 << 20;

/// How patient a download is.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// With a connection that sends nothing.
    pub stall: Duration,
    /// Before the second attempt; it doubles with each one.
    pub wait: Duration,
    /// Attempts in a row that bring nothing.
    pub attempts: u32,
}

impl Default for Patience {
    fn default() -> Self {
        Self { stall: Duration::from_secs(30), wait: Duration::from_secs(1), attempts: 6 }
    }
}

/// What is known of a file beforehand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    pub size: Option<u64>,
    /// In hexadecimal.
    pub sha256: Option<String>,
}

/// A file that is there now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    pub path: PathBuf,
    pub size: u64,
    /// In hexadecimal.
    pub sha256: String,
    /// Who said beforehand what the checksum would be.
    pub checked: Checked,
    /// The hub's commit, where it says one.
    pub commit: Option<String>,
}

/// What a file's checksum was held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checked {
    /// The one that was expected.
    Expected,
    /// The one that the hub names.
    Hub,
    /// Nothing: neither knew one.
    Nothing,
}

/// How far it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Bytes that are there, of so many where that is known.
    At { done: u64, of: Option<u64> },
    /// Something went wrong, and it is tried again after a while.
    Again { why: String, after: Duration },
}

/// One download.
pub struct Download<'a> {
    pub hub: &'a Hub,
    pub address: &'a Address,
    pub expected: Expected,
    /// Where the file is to stand.
    pub target: &'a Path,
    pub patience: Patience,
    /// Set from elsewhere, it stops the download within a moment; what is there is kept.
    pub cancel: &'a AtomicBool,
}

impl Download<'_> {
    /// Brings the file.
    ///
    /// # Errors
    /// [`DownloadError`] says what is to be done. What came so far is kept, unless it is wrong.
    pub fn run(&self, mut progress: impl FnMut(Progress)) -> Result<Fetched, DownloadError> {
        let wire = Wire::new(self.hub)?;
        let mut part = Part::open(self.target)?;
        let mut fruitless = 0;
        // A hub that lies can make the part grow and be thrown away for ever, so only what was never reached counts.
        let mut furthest = part.length();
        let mut restarted = false;
        loop {
            let trouble = match self.attempt(&wire, &mut part, &mut progress) {
                Ok(fetched) => return Ok(fetched),
                Err(Trouble::Final(error)) => return Err(error),
                // What was there from an earlier time may have been what is wrong.
                Err(Trouble::WrongSum { .. }) if part.was_resumed() && !restarted => {
                    restarted = true;
                    part.clear()?;
                    continue;
                }
                Err(Trouble::WrongSum { found, wanted }) => {
                    part.discard();
                    return Err(self.error(|file| DownloadError::WrongSum { file, found, wanted }));
                }
                Err(Trouble::Passing { why, after }) => (why, after),
            };
            fruitless = if part.length() > furthest { 1 } else { fruitless + 1 };
            furthest = furthest.max(part.length());
            let (why, after) = trouble;
            if fruitless >= self.patience.attempts {
                let attempts = self.patience.attempts;
                return Err(self.error(|file| DownloadError::GivenUp { file, why, attempts }));
            }
            let after = after.unwrap_or(self.patience.wait * (1 << (fruitless - 1).min(6)));
            progress(Progress::Again { why, after });
            self.rest(after)?;
        }
    }

    fn attempt(
        &self,
        wire: &Wire,
        part: &mut Part,
        progress: &mut impl FnMut(Progress),
    ) -> Result<Fetched, Trouble> {
        let asked = self.ask(wire)?;
        let size = self.expected.size.or(asked.size);
        let sum = self.expected.sha256.clone().map(|sum| sum.to_lowercase()).or_else(|| asked.sha256());
        part.belong_to(asked.version.as_deref())?;
        if size.is_none_or(|size| part.length() < size) {
            self.check_space(part, size)?;
            self.receive(wire, part, size, progress)?;
        } else if size.is_some_and(|size| part.length() > size) {
            part.clear()?;
            return Err(Trouble::passing("what was there is longer than the file"));
        }
        let found = part.sum()?;
        if let Some(wanted) = sum.as_ref().filter(|wanted| **wanted != found) {
            return Err(Trouble::WrongSum { found, wanted: wanted.clone() });
        }
        let size = part.length();
        part.finish()?;
        let checked = match (self.expected.sha256.is_some(), sum.is_some()) {
            (true, _) => Checked::Expected,
            (false, true) => Checked::Hub,
            (false, false) => Checked::Nothing,
        };
        let path = self.target.to_owned();
        Ok(Fetched { path, size, sha256: found, checked, commit: asked.commit })
    }

    /// Asks the hub which file it has, and holds that against what is expected.
    fn ask(&self, wire: &Wire) -> Result<Head, Trouble> {
        let replies = wire.send("HEAD", self.hub.url(self.address), None);
        let head = match self.next(&replies)? {
            Piece::Head(head) => head,
            Piece::Failed(why) => return Err(Trouble::passing(why)),
            Piece::Refused(error) => return Err(Trouble::Final(error)),
            Piece::Bytes(_) | Piece::End => return Err(Trouble::passing("the hub sent no answer")),
        };
        // A redirect is the hub's way of saying where the file is.
        if !(200..400).contains(&head.status) {
            return Err(self.refusal(&head, true));
        }
        let differs = |name: &str, expected: String, found: String| {
            Trouble::Final(self.error(|file| DownloadError::Changed {
                file,
                what: name.to_owned(),
                expected,
                found,
            }))
        };
        if let (Some(expected), Some(found)) = (self.expected.size, head.size)
            && expected != found
        {
            return Err(differs("size", expected.to_string(), found.to_string()));
        }
        if let (Some(expected), Some(found)) = (&self.expected.sha256, head.sha256())
            && !expected.eq_ignore_ascii_case(&found)
        {
            return Err(differs("checksum", expected.clone(), found));
        }
        Ok(head)
    }

    fn receive(
        &self,
        wire: &Wire,
        part: &mut Part,
        size: Option<u64>,
        progress: &mut impl FnMut(Progress),
    ) -> Result<(), Trouble> {
        let from = part.length();
        let pieces = wire.send("GET", self.hub.url(self.address), (from > 0).then_some(from));
        let head = match self.next(&pieces)? {
            Piece::Head(head) => head,
            Piece::Failed(why) => return Err(Trouble::passing(why)),
            Piece::Refused(error) => return Err(Trouble::Final(error)),
            Piece::Bytes(_) | Piece::End => return Err(Trouble::passing("the hub sent no answer")),
        };
        match head.status {
            206 if head.range_start == Some(from) => {}
            // Hubs that know no ranges begin anew.
            200 => part.clear()?,
            206 | 416 => {
                part.clear()?;
                return Err(Trouble::passing("the hub has another piece than was asked for"));
            }
            _ => return Err(self.refusal(&head, false)),
        }
        progress(Progress::At { done: part.length(), of: size });
        loop {
            match self.next(&pieces)? {
                Piece::Bytes(bytes) => {
                    if size.is_some_and(|size| part.length() + bytes.len() as u64 > size) {
                        part.clear()?;
                        return Err(Trouble::passing("the hub sent more than the file's size"));
                    }
                    part.add(&bytes)?;
                    progress(Progress::At { done: part.length(), of: size });
                }
                Piece::End if size.is_some_and(|size| part.length() < size) => {
                    return Err(Trouble::passing("the connection ended before the file did"));
                }
                Piece::End => return Ok(()),
                Piece::Failed(why) => return Err(Trouble::passing(why)),
                Piece::Refused(error) => return Err(Trouble::Final(error)),
                Piece::Head(_) => return Err(Trouble::passing("the hub answered twice")),
            }
        }
    }

    /// The next thing that the wire brings.
    fn next(&self, pieces: &wire::Pieces) -> Result<Piece, Trouble> {
        let began = Instant::now();
        loop {
            if self.cancel.load(Ordering::Relaxed) {
                return Err(Trouble::Final(DownloadError::Cancelled));
            }
            match pieces.recv_timeout(Duration::from_millis(50)) {
                Ok(piece) => return Ok(piece),
                Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => {
                    return Err(Trouble::passing("the connection was lost"));
                }
                Err(std::sync::mpsc::RecvTimeoutError::Timeout) => {}
            }
            if began.elapsed() > self.patience.stall {
                let seconds = self.patience.stall.as_secs_f32();
                return Err(Trouble::passing(format!("nothing came for {seconds} seconds")));
            }
        }
    }

    /// What an answer other than the file means.
    fn refusal(&self, head: &Head, by_hub: bool) -> Trouble {
        let status = head.status;
        match status {
            // Signed addresses of files run out; the hub is asked for a new one.
            401 | 403 if !by_hub && head.redirected => {
                Trouble::passing(format!("the file's place answered {status}"))
            }
            401 | 403 => Trouble::Final(self.error(|file| DownloadError::NotAllowed { file, status })),
            404 | 410 => Trouble::Final(self.error(|file| DownloadError::NotFound { file })),
            408 | 425 | 429 | 500..=599 => {
                Trouble::Passing { why: format!("the hub answered {status}"), after: head.retry_after }
            }
            _ => Trouble::Final(self.error(|file| DownloadError::Answer { file, status })),
        }
    }

    fn check_space(&self, part: &Part, size: Option<u64>) -> Result<(), Trouble> {
        let folder = self.target.parent().unwrap_or(Path::new("."));
        let (Some(size), Some(free)) = (size, disk_free(folder)) else {
            return Ok(());
        };
        let missing = size.saturating_sub(part.length()).saturating_add(SPARE);
        if missing <= free {
            return Ok(());
        }
        let folder = folder.to_owned();
        Err(Trouble::Final(DownloadError::NoSpace { folder, missing, free }))
    }

    fn rest(&self, time: Duration) -> Result<(), DownloadError> {
        let until = Instant::now() + time;
        while Instant::now() < until {
            if self.cancel.load(Ordering::Relaxed) {
                return Err(DownloadError::Cancelled);
            }
            let left = until.saturating_duration_since(Instant::now());
            std::thread::sleep(left.min(Duration::from_millis(50)));
        }
        Ok(())
    }

    fn error(&self, make: impl FnOnce(String) -> DownloadError) -> DownloadError {
        make(self.address.to_string())
    }
}

#[cfg(test)]
mod tests;
