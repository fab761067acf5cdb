//! Measuring a model on this machine, and remembering what was quickest.

#![expect(clippy::disallowed_methods, reason = "the model's process is this program, started again")]

use super::{Here, Named, WishArguments, answer, answer_json, table};
use crate::cli::say;
use anyhow::{Context, Result, anyhow};
use clap::Args;
use devtoolkit_agent::loading::{Loadable, Loading};
use devtoolkit_agent::machine::{self, Machine};
use devtoolkit_agent::placement::Size;
use devtoolkit_agent::provider::llama::Process;
use devtoolkit_agent::provider::wire::Load;
use devtoolkit_agent::speed::{Measured, plain};
use devtoolkit_agent::tuning::{Tuned, Tunings};
use serde_json::{Value, json};
use std::env;
use std::process::ExitCode;

/// Sizes of batches that are tried, in tokens.
const BATCHES: [u32; 4] = [64, 128, 256, 512];
/// Tokens of a prompt, and tokens written, of one measurement.
const PROMPT: usize = 512;
const WRITTEN: u32 = 64;
/// Requests at once: what so many drafted tokens would cost.
const WIDTHS: [usize; 4] = [1, 2, 4, 8];
/// New tokens after a cached prefix.
const TURN: usize = 50;
/// How much quicker a setting has to be to replace one that takes less of the machine.
const WORTH: f64 = 1.03;
/// Layers by which the experts on the processor are varied, and how often.
const EXPERT_STEP: u32 = 2;
const EXPERT_STEPS: u32 = 3;

#[derive(Debug, Args)]
pub(super) struct BenchArguments {
    #[command(flatten)]
    named: Named,
    #[command(flatten)]
    wish: WishArguments,
    /// As if there were a graphics card with so much free memory; may be repeated
    #[arg(long = "gpu", value_name = "SIZE", value_parser = super::size)]
    gpus: Vec<u64>,
    /// Measurements of each kind, of which the median counts
    #[arg(long, value_name = "COUNT", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=20))]
    rounds: u32,
    /// Only show what is measured; remember nothing
    #[arg(long)]
    forget: bool,
}

/// One setting and its tokens a second.
struct Tried {
    load: Load,
    prefill: f64,
    decode: f64,
}

/// What is measured once, with the best settings.
struct Detail {
    loading: f64,
    /// Tokens a second of all requests together, by how many run at once.
    widths: Vec<(usize, f64)>,
    turn: f64,
    peak: Option<u64>,
}

/// What measurements share.
struct Bench {
    process: Process,
    rounds: u32,
    tried: Vec<Tried>,
    seed: u64,
}

pub(super) fn bench(here: &Here, arguments: &BenchArguments) -> Result<ExitCode> {
    let machine = super::with_cards(Machine::here(), &arguments.gpus);
    let kept = arguments.named.find(here)?;
    let fresh = Tunings::default();
    let loading =
        Loading { store: &here.store, catalogue: &here.catalogue, machine: &machine, tunings: &fresh };
    let loadable = loading.kept(&kept, &arguments.wish.wish())?;
    let program = env::current_exe().context("this program does not know where it is")?;
    let mut process = Process::new(program);
    // That its context is full of earlier prompts is no news here.
    process.arguments = ["--log", "error"].map(str::to_owned).to_vec();
    let mut bench = Bench { process, rounds: arguments.rounds, tried: Vec::new(), seed: 0 };
    let best = bench.best(&loadable, &machine).map_err(|what| anyhow!("{what}"))?;
    let detail = bench.detail(&bench.tried[best].load.clone()).map_err(|what| anyhow!("{what}"))?;
    let chosen = &bench.tried[best];
    let cpu_experts = has_choice(&loadable, &machine).then_some(chosen.load.cpu_experts);
    let tuned = Tuned {
        batch: chosen.load.batch,
        threads: chosen.load.threads,
        cpu_experts,
        #[expect(clippy::cast_possible_truncation, reason = "three digits are enough")]
        prefill: chosen.prefill as f32,
        #[expect(clippy::cast_possible_truncation, reason = "three digits are enough")]
        decode: chosen.decode as f32,
    };
    if !arguments.forget {
        let mut tunings = Tunings::read(&here.store);
        let written = tunings.remember(&kept, &machine, tuned.clone());
        written.with_context(|| format!("cannot write into `{}`", here.store.folder().display()))?;
    }
    match here.json {
        true => answer_json(&report_json(&kept.name, &bench, &tuned, &detail))?,
        false => answer(&report(&kept.name, &bench, best, &detail, !arguments.forget))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Whether experts can be dealt out between a card and the processor.
fn has_choice(loadable: &Loadable, machine: &Machine) -> bool {
    loadable.has_experts && !machine.gpus.is_empty() && loadable.load.gpu_layers > 0
}

impl Bench {
    /// Tries threads, then sizes of batches, then experts, each with the best of what was before. Gives the place of
    /// the best.
    fn best(&mut self, loadable: &Loadable, machine: &Machine) -> Result<usize, String> {
        let mut best = self.attempt(&loadable.load)?;
        let all = machine::threads();
        if all > machine.cores {
            best = self.better(best, Load { threads: all, ..loadable.load.clone() })?;
        }
        for batch in BATCHES {
            let load = Load { batch, ..self.tried[best].load.clone() };
            if load.batch != loadable.load.batch {
                best = self.better(best, load)?;
            }
        }
        if has_choice(loadable, machine) {
            for step in 1..=EXPERT_STEPS {
                let cpu_experts = loadable.load.cpu_experts + step * EXPERT_STEP;
                if cpu_experts <= loadable.layers {
                    best = self.better(best, Load { cpu_experts, ..self.tried[best].load.clone() })?;
                }
            }
        }
        Ok(best)
    }

    /// Tries a setting, and gives the place of the better of two.
    fn better(&mut self, best: usize, load: Load) -> Result<usize, String> {
        let other = self.attempt(&load)?;
        let (time, known) = (self.tried[other].turn(), self.tried[best].turn());
        // A smaller batch gives way sooner, and is preferred where it costs next to nothing.
        let is_smaller = load.batch < self.tried[best].load.batch;
        let worth = if is_smaller { 1.0 / WORTH } else { WORTH };
        Ok(if known / time > worth { other } else { best })
    }

    fn attempt(&mut self, load: &Load) -> Result<usize, String> {
        say(&format!(
            "{} threads, batches of {}, experts of {} layers on the processor",
            load.threads, load.batch, load.cpu_experts
        ));
        let measured = Measured::start(&self.process, load)?;
        let (mut prefill, mut decode) = (Vec::new(), Vec::new());
        for _ in 0..self.rounds {
            self.seed += 1;
            let answered = measured.ask(plain(&measured.words(PROMPT, self.seed)?, WRITTEN))?;
            prefill.push(answered.prefill());
            decode.push(answered.decode());
        }
        self.tried.push(Tried { load: load.clone(), prefill: median(prefill), decode: median(decode) });
        Ok(self.tried.len() - 1)
    }

    fn detail(&mut self, load: &Load) -> Result<Detail, String> {
        say("the rest, with the quickest of these");
        #[expect(clippy::cast_possible_truncation, reason = "it is eight")]
        let parallel = WIDTHS[WIDTHS.len() - 1] as u32;
        let measured = Measured::start(&self.process, &Load { parallel, ..load.clone() })?;
        let mut widths = Vec::new();
        for width in WIDTHS {
            let mut rates = Vec::new();
            for _ in 0..self.rounds {
                self.seed += width as u64;
                let ask = |place: usize| {
                    plain(&devtoolkit_agent::speed::words(8, self.seed - place as u64), WRITTEN / 2)
                };
                let answered = measured.ask_all((0..width).map(ask).collect())?;
                rates.push(answered.iter().map(devtoolkit_agent::speed::Answered::decode).sum());
            }
            widths.push((width, median(rates)));
        }
        let mut turn = Vec::new();
        let prefix = measured.words(PROMPT, 0)?;
        measured.ask(plain(&prefix, 1))?;
        for _ in 0..self.rounds {
            self.seed += 1;
            let more = measured.words(TURN, self.seed)?;
            turn.push(measured.ask(plain(&format!("{prefix}{more}"), 1))?.first.as_secs_f64());
        }
        let loading = measured.loading.as_secs_f64();
        Ok(Detail { loading, widths, turn: median(turn), peak: measured.peak_memory() })
    }
}

impl Tried {
    /// Seconds of a usual turn: a prompt of 512 tokens and 128 written.
    fn turn(&self) -> f64 {
        512.0 / self.prefill + 128.0 / self.decode
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn report(name: &str, bench: &Bench, best: usize, detail: &Detail, is_kept: bool) -> String {
    let mut rows = vec![
        ["threads", "batch", "experts on the processor", "prefill", "decode", ""].map(str::to_owned).to_vec(),
    ];
    for (place, Tried { load, prefill, decode }) in bench.tried.iter().enumerate() {
        let mark = if place == best { "the quickest" } else { "" };
        rows.push(vec![
            load.threads.to_string(),
            load.batch.to_string(),
            load.cpu_experts.to_string(),
            format!("{prefill:.1}/s"),
            format!("{decode:.1}/s"),
            mark.to_owned(),
        ]);
    }
    let mut more = vec![vec!["loaded in".to_owned(), format!("{:.2} s", detail.loading)]];
    for (width, rate) in &detail.widths {
        more.push(vec![format!("{width} at once"), format!("{rate:.1} tokens/s in all")]);
    }
    more.push(vec![
        "first token".to_owned(),
        format!("{:.0} ms after {TURN} new tokens on {PROMPT} cached ones", detail.turn * 1e3),
    ]);
    if let Some(peak) = detail.peak {
        more.push(vec!["memory".to_owned(), format!("{} at most", Size(peak))]);
    }
    let ending = if is_kept { "remembered for this machine\n" } else { "" };
    format!("{name}, tokens a second\n\n{}\n{}\n{ending}", table(&rows), table(&more))
        .replace("\n\n\n", "\n\n")
}

fn report_json(name: &str, bench: &Bench, tuned: &Tuned, detail: &Detail) -> Value {
    let tried = bench.tried.iter().map(|tried| {
        json!({
            "threads": tried.load.threads,
            "batch": tried.load.batch,
            "cpu_experts": tried.load.cpu_experts,
            "gpu_layers": tried.load.gpu_layers,
            "prefill": tried.prefill,
            "decode": tried.decode,
        })
    });
    json!({
        "name": name,
        "tuned": tuned,
        "tried": tried.collect::<Vec<_>>(),
        "loading_seconds": detail.loading,
        "decode_at_once": detail.widths.iter().map(|(width, rate)| json!({ "requests": width, "rate": rate })).collect::<Vec<_>>(),
        "first_token_seconds": detail.turn,
        "peak_memory": detail.peak,
    })
}
