//! The worker process with a real model: how tests ask it, and how its answers are held against each other.

#![allow(dead_code, reason = "no test needs all of it")]

use devtoolkit_agent::provider::llama::{Llama, Process, Running};
use devtoolkit_agent::provider::wire::{End, Generate, KvType, Load, Part, Say, Usage, Written};
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

/// How long anything may take: a machine that does other things is slow.
pub(crate) const DEADLINE: Duration = Duration::from_secs(300);

/// The small model; where there is none, the test notes that it could not run.
pub(crate) fn small_model(test: &str) -> Option<PathBuf> {
    model(test, "DEVTOOLKIT_SMOLLM2")
}

pub(crate) fn model(test: &str, variable: &str) -> Option<PathBuf> {
    let model = std::env::var_os(variable).map(PathBuf::from).filter(|path| path.is_file());
    if model.is_none() {
        skipped(test, &format!("`{variable}` names no model"));
    }
    model
}

/// Notes that a test could not run, where somebody reads it.
pub(crate) fn skipped(test: &str, why: &str) {
    let Some(file) = std::env::var_os("DEVTOOLKIT_SKIPPED") else { return };
    let file = std::fs::File::options().create(true).append(true).open(file);
    writeln!(file.expect("the list of skipped tests can be opened"), "{test}: {why}").expect("and written");
}

pub(crate) fn load(path: PathBuf) -> Load {
    Load {
        path,
        context: 2_048,
        parallel: 3,
        batch: 256,
        threads: 2,
        gpu_layers: 0,
        cpu_experts: 0,
        kv: KvType::F16,
        mmap: true,
        embeddings: false,
        draft: None,
        keep: None,
        template: None,
    }
}

/// The small model in numbers that are not rounded, so that answers can be held against each other.
pub(crate) fn exact(test: &str) -> Option<Load> {
    let path = model(test, "DEVTOOLKIT_SMOLLM2_F32")?;
    Some(Load { kv: KvType::F32, ..load(path) })
}

pub(crate) fn start(load: Load) -> Llama {
    let process = Process::new(env!("CARGO_BIN_EXE_devtoolkit-agent").into());
    Llama::new(process, load, Duration::from_secs(600))
}

pub(crate) fn request(prompt: &str, tokens: u32) -> Generate {
    let prompt = vec![Part { text: prompt.to_owned(), special: true }];
    Generate { alternatives: 5, ..Generate::new(prompt, tokens) }
}

/// What came of a request.
pub(crate) struct Answer {
    pub(crate) text: String,
    pub(crate) tokens: Vec<Written>,
    pub(crate) end: End,
    pub(crate) usage: Usage,
}

pub(crate) fn finish(running: &Running) -> Answer {
    let until = Instant::now() + DEADLINE;
    let (mut text, mut tokens) = (String::new(), Vec::new());
    loop {
        match running.events.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(Say::Text { text: more, tokens: written, .. }) => {
                text.push_str(&more);
                tokens.extend(written);
            }
            Ok(Say::End { end, usage, .. }) => return Answer { text, tokens, end, usage },
            Ok(Say::Refused { what, .. }) => {
                return Answer { text, tokens, end: End::Failed(what), usage: Usage::default() };
            }
            Ok(_) => {}
            Err(RecvTimeoutError::Timeout) => panic!("no end came; until then: {text}"),
            Err(RecvTimeoutError::Disconnected) => panic!("the owner has gone; until then: {text}"),
        }
    }
}

pub(crate) fn ask(llama: &Llama, request: Generate) -> Answer {
    finish(&llama.generate(request))
}

/// How far apart the logarithms of a token's probability may be in batches of other shapes, which add the same numbers in
/// another order.
const ROUNDING: f32 = 0.03;

/// Whether two answers of an [`exact`] model are the same, up to the first token that was as likely as another.
pub(crate) fn assert_alike(one: &Answer, other: &Answer, what: &str) {
    assert!(!one.tokens.is_empty(), "{what}: {:?}", one.end);
    for (a, b) in one.tokens.iter().zip(&other.tokens) {
        if a.token == b.token {
            assert!((a.logprob - b.logprob).abs() < ROUNDING, "{what}: {a:?} {b:?}");
            continue;
        }
        let rival = a.alternatives.iter().find(|(token, _)| *token == b.token);
        assert!(rival.is_some_and(|(_, logprob)| a.logprob - logprob < ROUNDING), "{what}: {a:?} {b:?}");
        return;
    }
    assert_eq!(one.text, other.text, "{what}");
}
