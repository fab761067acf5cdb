//! How fast a model runs, measured through its own process: what whoever asks it gets, with everything in between.

use crate::machine;
use crate::provider::llama::{Llama, Process, Running};
use crate::provider::wire::{End, Generate, Load, Part, Say, Usage};
use std::time::{Duration, Instant};

/// How long one request may take.
const LONGEST: Duration = Duration::from_secs(600);
/// How long a process that is measured waits for the next request.
const IDLE: Duration = Duration::from_secs(600);
/// Of most vocabularies, each is one token.
const WORDS: [&str; 32] = [
    " time",
    " people",
    " way",
    " day",
    " man",
    " thing",
    " woman",
    " life",
    " child",
    " world",
    " school",
    " state",
    " family",
    " student",
    " group",
    " country",
    " problem",
    " hand",
    " part",
    " place",
    " case",
    " week",
    " company",
    " system",
    " program",
    " question",
    " work",
    " government",
    " number",
    " night",
    " point",
    " home",
];

/// A model's process that is measured.
pub struct Measured {
    llama: Llama,
    process: u32,
    /// From the start of the process until it could be asked.
    pub loading: Duration,
}

/// What came of a request.
#[derive(Clone, Debug)]
pub struct Answered {
    pub text: String,
    pub end: End,
    pub usage: Usage,
    /// From asking until the first text came, and until the end.
    pub first: Duration,
    pub whole: Duration,
}

impl Answered {
    /// Tokens of the prompt a second, without those from the cache.
    #[must_use]
    pub fn prefill(&self) -> f64 {
        f64::from(self.usage.prompt - self.usage.cached) / f64::from(self.usage.first_token) * 1e3
    }

    /// Tokens written a second, after the first.
    #[must_use]
    pub fn decode(&self) -> f64 {
        let after = self.usage.generated.saturating_sub(1);
        f64::from(after) / f64::from(self.usage.total - self.usage.first_token) * 1e3
    }
}

/// A request that takes the likeliest token each time, without drafts.
#[must_use]
pub fn plain(prompt: &str, tokens: u32) -> Generate {
    let prompt = vec![Part { text: prompt.to_owned(), special: true }];
    let time = u64::try_from(LONGEST.as_millis()).unwrap_or(u64::MAX);
    Generate { time, ..Generate::new(prompt, tokens) }
}

/// About so many tokens of text that no other seed begins with.
#[must_use]
pub fn words(count: usize, seed: u64) -> String {
    // Xorshift, from a state that is never zero.
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut text = String::new();
    for _ in 0..count {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        text.push_str(WORDS[(state >> 40) as usize % WORDS.len()]);
    }
    text
}

impl Measured {
    /// Starts the process and waits until the model is loaded.
    ///
    /// # Errors
    /// When it cannot be loaded.
    pub fn start(process: &Process, load: &Load) -> Result<Self, String> {
        let begun = Instant::now();
        let llama = Llama::new(process.clone(), load.clone(), IDLE);
        let running = llama.generate(plain(" a", 1));
        loop {
            match running.events.recv_timeout(LONGEST) {
                Ok(Say::Loaded(loaded)) => {
                    let loading = begun.elapsed();
                    finish(&running, begun)?;
                    return Ok(Self { llama, process: loaded.process, loading });
                }
                Ok(Say::End { end: End::Failed(what), .. } | Say::Refused { what, .. }) => return Err(what),
                Ok(_) => {}
                Err(error) => return Err(format!("the model was not loaded: {error}")),
            }
        }
    }

    /// Asks, and waits for the end.
    ///
    /// # Errors
    /// When it fails.
    pub fn ask(&self, request: Generate) -> Result<Answered, String> {
        let begun = Instant::now();
        finish(&self.llama.generate(request), begun)
    }

    /// Asks so many at once; gives what each brought.
    ///
    /// # Errors
    /// When one fails.
    pub fn ask_all(&self, requests: Vec<Generate>) -> Result<Vec<Answered>, String> {
        let begun = Instant::now();
        let running: Vec<Running> =
            requests.into_iter().map(|request| self.llama.generate(request)).collect();
        running.iter().map(|running| finish(running, begun)).collect()
    }

    /// How long another request waits for its first step after one was given up in the middle of its prompt.
    ///
    /// # Errors
    /// When it fails.
    pub fn cancelling(&self, long: &str, after: Duration) -> Result<Duration, String> {
        let running = self.llama.generate(plain(long, 1));
        // Until the second piece of the prompt is begun.
        let mut pieces = 0;
        while pieces < 2 {
            match running.events.recv_timeout(LONGEST) {
                Ok(Say::Prefill { .. }) => pieces += 1,
                Ok(Say::Loading { .. } | Say::Loaded(_)) => {}
                other => return Err(format!("the prompt was too short to be given up: {other:?}")),
            }
        }
        std::thread::sleep(after);
        let dropped = Instant::now();
        drop(running);
        // Counting tokens is answered between two steps, and takes no time of its own.
        self.llama.tokens(vec![Part { text: "a".to_owned(), special: false }])?;
        Ok(dropped.elapsed())
    }

    /// Tokens of a text.
    ///
    /// # Errors
    /// When the process is gone.
    pub fn count(&self, text: &str) -> Result<usize, String> {
        self.llama.tokens(vec![Part { text: text.to_owned(), special: true }]).map(|tokens| tokens.len())
    }

    /// Text of exactly so many tokens, where the vocabulary allows.
    ///
    /// # Errors
    /// When the process is gone.
    pub fn words(&self, count: usize, seed: u64) -> Result<String, String> {
        let mut text = words(count, seed);
        while self.count(&text)? > count {
            let Some(last) = text.rfind(' ').filter(|last| *last > 0) else { break };
            text.truncate(last);
        }
        Ok(text)
    }

    /// Ends the process; the next request starts it again.
    pub fn unload(&self) {
        self.llama.unload();
    }

    /// The most bytes of memory that the process has had, where the system says it.
    #[must_use]
    pub fn peak_memory(&self) -> Option<u64> {
        machine::peak_memory(self.process)
    }
}

fn finish(running: &Running, begun: Instant) -> Result<Answered, String> {
    let (mut text, mut first) = (String::new(), None);
    loop {
        match running.events.recv_timeout(LONGEST) {
            Ok(Say::Text { text: more, .. }) => {
                first.get_or_insert_with(|| begun.elapsed());
                text.push_str(&more);
            }
            Ok(Say::End { end: End::Failed(what), .. } | Say::Refused { what, .. }) => return Err(what),
            Ok(Say::End { end, usage, .. }) => {
                let whole = begun.elapsed();
                return Ok(Answered { text, end, usage, first: first.unwrap_or(whole), whole });
            }
            Ok(_) => {}
            Err(error) => return Err(format!("no answer came: {error}")),
        }
    }
}
