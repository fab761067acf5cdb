//! llama.cpp bare: what its own `llama-bench` does, on the library that the worker has, in a process beside it.
//!
//! The crate that brings llama.cpp leaves out the sources of its tools. These are the loops of that one: random tokens, a
//! prompt in batches of which the last token has an output, tokens written one by one without looking at what they could be,
//! and a wait for the result at the end of each. It is asked line by line, so that both are measured in turn.

#![expect(clippy::disallowed_methods, reason = "it starts itself again")]
#![expect(clippy::print_stdout, reason = "answers go there")]

use crate::arguments::Bare;
use anyhow::{Context, Result, ensure};
use devtoolkit_agent::provider::llama::Process;
use llama_cpp_2::context::LlamaContext;
use llama_cpp_2::context::params::LlamaContextParams;
use llama_cpp_2::llama_backend::LlamaBackend;
use llama_cpp_2::llama_batch::LlamaBatch;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::model::params::LlamaModelParams;
use llama_cpp_2::token::LlamaToken;
use std::io::{self, BufRead, BufReader, Write};
use std::num::NonZeroU32;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

/// The process, as the benchmark sees it.
pub(crate) struct Peer {
    child: Child,
    asks: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Peer {
    /// Starts it, with the variables that the worker gets.
    pub(crate) fn start(bare: &Bare) -> Result<Self> {
        let program = std::env::current_exe()?;
        let mut command = Command::new(&program);
        command.arg("bare").arg(&bare.model);
        command.args([bare.context, bare.batch, bare.threads].map(|number| number.to_string()));
        command.envs(Process::new(program).variables);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let asks = child.stdin.take().context("it has an input")?;
        let answers = BufReader::new(child.stdout.take().context("it has an output")?);
        Ok(Self { child, asks, answers })
    }

    /// Seconds that a prompt of so many tokens takes.
    pub(crate) fn prompt(&mut self, tokens: usize) -> Result<f64> {
        self.ask(&format!("prompt 0 {tokens}"))
    }

    /// Seconds that so many tokens take after `depth` others.
    pub(crate) fn prompt_after(&mut self, depth: usize, tokens: usize) -> Result<f64> {
        self.ask(&format!("prompt {depth} {tokens}"))
    }

    /// Seconds that it takes to write so many tokens.
    pub(crate) fn write(&mut self, tokens: usize) -> Result<f64> {
        self.ask(&format!("write 0 {tokens}"))
    }

    fn ask(&mut self, line: &str) -> Result<f64> {
        writeln!(self.asks, "{line}")?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer)?;
        answer.trim().parse().with_context(|| format!("llama.cpp does not do `{line}`"))
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Answers lines such as `prompt 0 512` with seconds, until there are no more.
pub(crate) fn serve(bare: &Bare) -> Result<()> {
    let mut backend = LlamaBackend::init()?;
    backend.void_logs();
    let model =
        LlamaModel::load_from_file(&backend, &bare.model, &LlamaModelParams::default().with_n_gpu_layers(0))?;
    let threads = i32::try_from(bare.threads)?;
    let params = LlamaContextParams::default()
        .with_n_ctx(NonZeroU32::new(bare.context))
        .with_n_batch(bare.batch)
        .with_n_ubatch(bare.batch.min(512))
        .with_n_threads(threads)
        .with_n_threads_batch(threads)
        .with_no_perf(true);
    let mut runs = Runs {
        context: model.new_context(&backend, params)?,
        batch: bare.batch as usize,
        depth: 0,
        seed: 1,
        vocabulary: u64::from(model.n_vocab().unsigned_abs()),
    };
    for line in io::stdin().lock().lines() {
        let line = line?;
        let words: Vec<&str> = line.split(' ').collect();
        let [what, depth, tokens] = words[..] else { continue };
        let (depth, tokens) = (depth.parse()?, tokens.parse()?);
        let seconds = runs.time(what == "prompt", depth, tokens)?;
        println!("{seconds}");
    }
    Ok(())
}

struct Runs<'m> {
    context: LlamaContext<'m>,
    batch: usize,
    /// Tokens that are there already.
    depth: usize,
    seed: u64,
    vocabulary: u64,
}

impl Runs<'_> {
    fn time(&mut self, at_once: bool, depth: usize, tokens: usize) -> Result<f64> {
        if depth == 0 || self.depth != depth {
            self.context.clear_kv_cache();
            self.evaluate(depth, self.batch)?;
            self.depth = depth;
        } else {
            let from = u32::try_from(depth)?;
            ensure!(self.context.clear_kv_cache_seq(Some(0), Some(from), None)?, "the cache cannot be cut");
        }
        let begun = Instant::now();
        self.evaluate(tokens, if at_once { self.batch } else { 1 })?;
        Ok(begun.elapsed().as_secs_f64())
    }

    fn evaluate(&mut self, tokens: usize, at_once: usize) -> Result<()> {
        let tokens: Vec<LlamaToken> = (0..tokens).map(|_| self.token()).collect();
        for piece in tokens.chunks(at_once) {
            self.context.decode(&mut LlamaBatch::get_one(piece)?)?;
            if at_once == 1 {
                self.context.synchronize();
            }
        }
        self.context.synchronize();
        Ok(())
    }

    fn token(&mut self) -> LlamaToken {
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        LlamaToken::new(i32::try_from((self.seed >> 20) % self.vocabulary).unwrap_or(0))
    }
}
