//! What constraints cost: `cargo bench -p devtoolkit-agent --no-default-features --bench constraint`.
//!
//! 150,000 tokens and a file of 200 KB, both made of this repository's sources; each row says how long it takes to
//! find the tokens that may come next: at the first one, and over many texts of random tokens.

#![expect(clippy::disallowed_methods, reason = "a bench reads the sources that it makes its samples of")]
#![expect(clippy::print_stdout, reason = "its output is a table")]

mod sample;

use devtoolkit_agent::constraint::{
    Allowed, Constraint, FreeText, LastBreak, OneOf, PartId, Parts, Quotable, QuoteRule, Quoting, Schemas,
    Stop, TokenMask, Vocabulary,
};
use sample::Random;
use serde_json::json;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const TOKENS: usize = 150_000;
const FILE: usize = 200_000;
const PATHS: usize = 100_000;
const TEXTS: usize = 40;
const MOST_STEPS: usize = 150;

fn main() {
    let sources = sample::sources(Path::new(env!("CARGO_MANIFEST_DIR")));
    let tokens = sample::tokens(&sources, TOKENS);
    let vocabulary = timed("vocabulary of 150,000 tokens", || sample::vocabulary(&tokens));
    let file: String = sources.chars().take(FILE).collect();
    let quotable = timed("file of 200 KB to quote", || Quotable::new(&file, Quoting::Plain));
    let quotable = Arc::new(quotable.expect("the file is small"));
    let escaped = Arc::new(Quotable::new(&file, Quoting::Json).expect("the file is small"));
    let paths = sample::paths(PATHS);
    let paths = Arc::new(timed("100,000 paths to choose from", || OneOf::json(&paths)));
    println!("\n| constraint | first | p50 | p99 | most | tokens |\n|---|---|---|---|---|---|");
    let outside = |stop| QuoteRule { stop, last_break: LastBreak::Outside };
    for (name, stop) in
        [("text that exists", Stop::AtUniqueLine), ("text that exists, more lines", Stop::Open)]
    {
        row(name, &vocabulary, |parts| {
            let quote = parts.quote(Arc::clone(&quotable), outside(stop));
            let end = parts.literal("\n=======\n");
            parts.sequence([quote, end]).expect("not deep")
        });
    }
    row("the same in a JSON string", &vocabulary, |parts| {
        let open = parts.literal("{\"old\": \"");
        let quote = parts.quote(Arc::clone(&escaped), outside(Stop::AtUniqueLine));
        let end = parts.literal("\"}");
        parts.sequence([open, quote, end]).expect("not deep")
    });
    row("one of 100,000 paths", &vocabulary, |parts| {
        parts.one_of(Arc::clone(&paths)).expect("there are paths")
    });
    row("free text to an end", &vocabulary, |parts| {
        let text = FreeText::until(&["\n>>>>>>> REPLACE"], b"\n", 300).expect("an end");
        parts.free(text)
    });
    row("plan by a JSON schema", &vocabulary, |parts| plan(parts, &paths));
}

fn plan(parts: &mut Parts, paths: &Arc<OneOf>) -> PartId {
    let path = parts.one_of(Arc::clone(paths)).expect("there are paths");
    let schema = json!({
        "type": "object",
        "properties": {
            "title": {"type": "string", "maxLength": 120},
            "steps": {"type": "array", "minItems": 1, "maxItems": 8, "items": {"anyOf": [
                {"type": "object", "properties": {
                    "action": {"const": "edit"}, "path": {"type": "string", "format": "path"},
                    "what": {"type": "string", "maxLength": 400}}, "required": ["action", "path", "what"]},
                {"type": "object", "properties": {
                    "action": {"const": "ask"}, "question": {"type": "string"}}, "required": ["action", "question"]},
            ]}},
            "risk": {"type": "integer", "minimum": 1, "maximum": 10},
        },
        "required": ["title", "steps"],
    });
    Schemas::new(parts).format("path", path).read(&schema).expect("the schema is supported")
}

/// Writes texts of random tokens and prints how long it took to find what may come next.
fn row(name: &str, vocabulary: &Arc<Vocabulary>, root: impl FnOnce(&mut Parts) -> PartId) {
    let mut parts = Parts::new();
    let root = root(&mut parts);
    let parts = Arc::new(parts);
    let (mut first, mut all) = (Vec::new(), Vec::new());
    let mut random = Random::new(7);
    let mut mask = TokenMask::new(vocabulary.size());
    for _ in 0..TEXTS {
        let mut constraint = Constraint::new(Arc::clone(vocabulary), Arc::clone(&parts), root);
        for step in 0..MOST_STEPS {
            if constraint.is_done() {
                break;
            }
            let started = cpu_time();
            let allowed = constraint.allowed(&mut mask);
            let took = cpu_time() - started;
            assert_eq!(allowed, Allowed::Tokens, "{name} is stuck");
            if step == 0 {
                first.push(took);
            }
            all.push(took);
            let place = random.below(mask.count());
            let token = mask.iter().nth(place).expect("the place is below the count");
            constraint.accept(token).expect("the token is allowed");
        }
    }
    first.sort_unstable();
    all.sort_unstable();
    let at = |times: &[Duration], share: usize| times[(times.len() * share / 100).min(times.len() - 1)];
    let (first, half, most) = (at(&first, 50), at(&all, 50), at(&all, 99));
    println!(
        "| {name} | {} | {} | {} | {} | {} |",
        micro(first),
        micro(half),
        micro(most),
        micro(at(&all, 100)),
        all.len()
    );
}

/// What this thread has used of a processor: other programs do not count.
#[cfg(unix)]
fn cpu_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    let part = |number: i64| u64::try_from(number).expect("clocks run from zero");
    Duration::from_secs(part(time.tv_sec)) + Duration::from_nanos(part(time.tv_nsec))
}

#[cfg(not(unix))]
fn cpu_time() -> Duration {
    static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    START.get_or_init(std::time::Instant::now).elapsed()
}

fn micro(time: Duration) -> String {
    format!("{:.0} µs", time.as_secs_f64() * 1e6)
}

fn timed<T>(name: &str, make: impl FnOnce() -> T) -> T {
    let started = cpu_time();
    let made = make();
    println!("{name}: {:.0} ms", (cpu_time() - started).as_secs_f64() * 1e3);
    made
}
