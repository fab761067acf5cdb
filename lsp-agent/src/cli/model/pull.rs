//! Bringing a model, with its progress on stderr.

#![expect(clippy::disallowed_methods, reason = "the hub and a token can be named in the environment")]

use super::{Here, answer, answer_json};
use anyhow::{Context, Result, bail};
use clap::Args;
use devtoolkit_agent::catalogue::Entry;
use devtoolkit_agent::download::{Address, Hub, Patience, Progress, USUAL_HUB};
use devtoolkit_agent::model_store::{Pulling, Wanted};
use devtoolkit_agent::placement::Size;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use std::env;
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;

#[derive(Debug, Args)]
pub(super) struct PullArguments {
    /// A name as in `list`, or a file on the hub as OWNER/NAME/FILE.gguf or OWNER/NAME@REVISION/FILE.gguf
    name: String,
    /// Another quantisation than the usual one, of those that the list has
    #[arg(long, value_name = "NAME")]
    quantisation: Option<String>,
    /// Another hub or a mirror [default: HF_ENDPOINT, or the publishers' own]
    #[arg(long, value_name = "URL")]
    hub: Option<String>,
    /// The environment variable with a token for the hub
    #[arg(long, value_name = "NAME", default_value = "HF_TOKEN")]
    token_variable: String,
}

pub(super) fn pull(here: &Here, arguments: &PullArguments) -> Result<ExitCode> {
    let wanted = wanted(here, arguments)?;
    let hub = hub(arguments)?;
    if let Some(licence) = &wanted.licence {
        say(&format!("{} is under: {licence}", arguments.name));
    }
    let mut display = Display::default();
    let pulling = Pulling { hub: &hub, patience: Patience::default(), cancel: &AtomicBool::new(false) };
    let pulled = pulling.pull(&here.store, &wanted, |file, step| display.show(file, step));
    display.close();
    let (kept, unchecked) = pulled.with_context(|| format!("cannot pull `{}`", arguments.name))?;
    if unchecked {
        say(
            "warning: neither this version nor the hub knows a checksum of this file; it came whole, and that is all that is known",
        );
    }
    if here.json {
        let manifest = kept.manifest.as_ref();
        let files = manifest.map(|manifest| {
            let file = |file: &devtoolkit_agent::model_store::ManifestFile| {
                json!({ "name": file.name, "size": file.size, "sha256": file.sha256 })
            };
            manifest.files.iter().map(file).collect::<Vec<_>>()
        });
        answer_json(
            &json!({ "name": kept.name, "path": kept.files[0], "size": kept.bytes, "checked": !unchecked, "files": files }),
        )?;
    } else {
        answer(&format!("{}\n", kept.files[0].display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn wanted(here: &Here, arguments: &PullArguments) -> Result<Wanted> {
    let name = &arguments.name;
    if let Some(entry) = here.catalogue.find(name) {
        return of_entry(entry, arguments.quantisation.as_deref());
    }
    if arguments.quantisation.is_some() {
        bail!("`--quantisation` goes with a name of `list`; of other files, give the one that is meant");
    }
    if let Some(address) = Address::parse(name) {
        return Ok(Wanted::address(address));
    }
    if Path::new(name).is_file() {
        bail!("`{name}` is here already; `devtoolkit-agent model info {name}` tells about it");
    }
    let closest = here.catalogue.closest(name);
    let closest = closest.map_or(String::new(), |closest| format!(", but there is `{closest}`"));
    bail!(
        "there is no model `{name}`{closest}; `devtoolkit-agent model list` shows all, and others are named OWNER/NAME/FILE.gguf"
    )
}

fn of_entry(entry: &Entry, quantisation: Option<&str>) -> Result<Wanted> {
    let file = entry.file(quantisation).map_err(anyhow::Error::msg)?;
    Ok(Wanted::entry(entry, file))
}

fn hub(arguments: &PullArguments) -> Result<Hub> {
    let named = |name: &str| env::var(name).ok().filter(|text| !text.trim().is_empty());
    let base = arguments.hub.clone().or_else(|| named("HF_ENDPOINT"));
    let base = base.unwrap_or_else(|| USUAL_HUB.to_owned());
    let token = named(&arguments.token_variable).map(|token| token.trim().to_owned());
    Ok(Hub::new(&base, token)?.through(ureq::Proxy::try_from_env()))
}

/// A bar for people; for logs a line when something goes wrong.
#[derive(Default)]
struct Display {
    bar: Option<(String, ProgressBar)>,
}

impl Display {
    fn show(&mut self, file: &str, step: Progress) {
        match step {
            Progress::At { done, of } => {
                let bar = self.bar(file);
                bar.set_length(of.unwrap_or(done));
                bar.set_position(done);
            }
            Progress::Again { why, after } => {
                let text = format!("{file}: {why}; again in {} s", after.as_secs_f32().ceil());
                self.bar(file).suspend(|| say(&text));
            }
        }
    }

    fn bar(&mut self, file: &str) -> &ProgressBar {
        if self.bar.as_ref().is_none_or(|(known, _)| known != file) {
            self.close();
            let bar = ProgressBar::new(0).with_message(file.to_owned());
            let style = "{msg} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left [{wide_bar}]";
            bar.set_style(ProgressStyle::with_template(style).expect("the template is a constant"));
            self.bar = Some((file.to_owned(), bar));
        }
        &self.bar.as_ref().expect("it was just made").1
    }

    fn close(&mut self) {
        if let Some((file, bar)) = self.bar.take() {
            let done = bar.position();
            bar.finish_and_clear();
            say(&format!("{file}: {}", Size(done)));
        }
    }
}

#[expect(clippy::print_stderr, reason = "stdout has the answer alone")]
fn say(text: &str) {
    eprintln!("{text}");
}
