//! What a model is, what it needs, and where it would go.

use super::list::{entry_json, entry_size, machine_json, machine_line, roles};
use super::{Here, MachineArguments, Named, WishArguments, answer, answer_json};
use anyhow::Result;
use clap::Args;
use devtoolkit_agent::catalogue::Entry;
use devtoolkit_agent::gguf::{self, Model, ModelFacts};
use devtoolkit_agent::loading::{Loading, LoadingError, placed};
use devtoolkit_agent::machine::Machine;
use devtoolkit_agent::model_store::StoreError;
use devtoolkit_agent::placement::{Placement, Refusal, Share, Size, Wish};
use devtoolkit_agent::tuning::{Tuned, Tunings};
use serde_json::{Value, json};
use std::process::ExitCode;

#[derive(Debug, Args)]
pub(super) struct InfoArguments {
    #[command(flatten)]
    named: Named,
    #[command(flatten)]
    machine: MachineArguments,
    #[command(flatten)]
    wish: WishArguments,
}

pub(super) fn describe(here: &Here, arguments: &InfoArguments) -> Result<ExitCode> {
    let machine = arguments.machine.machine();
    let wish = arguments.wish.wish();
    let kept = match arguments.named.find(here) {
        Ok(kept) => kept,
        Err(error) => {
            let known = here.catalogue.find(&arguments.named.text());
            return match (known, error.downcast_ref::<StoreError>()) {
                (Some(entry), Some(StoreError::NotPulled { .. })) => {
                    describe_entry(here, entry, &machine, &wish)
                }
                _ => Err(error),
            };
        }
    };
    let model = gguf::open_model(&kept.files[0])?;
    let facts = ModelFacts::of(&model)?;
    let tunings = Tunings::read(&here.store);
    let loading =
        Loading { store: &here.store, catalogue: &here.catalogue, machine: &machine, tunings: &tunings };
    let (placed, tuned) = match loading.kept(&kept, &wish) {
        Ok(loadable) => (Ok(loadable.placement), loadable.tuned),
        Err(LoadingError::Unfit { refusal, .. }) => (Err(refusal), None),
        Err(error) => return Err(error.into()),
    };
    if here.json {
        let mut value = facts_json(&model, &facts);
        value["catalogue_name"] = here.catalogue.find(&kept.name).map(|entry| entry.name.as_str()).into();
        add_placement(&mut value, &machine, &placed);
        value["tuned"] = json!(tuned);
        answer_json(&value)?;
    } else {
        let mut text = facts_text(&model, &facts);
        text.push_str(&placement_text(&machine, &placed, facts.layers.len()));
        text.push_str(&tuned.map_or_else(String::new, |tuned| row("measured", &tuned_text(&tuned))));
        answer(&text)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Of a model that is not here, what the catalogue knows.
fn describe_entry(here: &Here, entry: &Entry, machine: &Machine, wish: &Wish) -> Result<ExitCode> {
    let shape = entry.shape(&entry.files[0]);
    let placed = placed(&here.catalogue, &shape, wish, machine);
    if here.json {
        let mut value = entry_json(entry);
        value["here"] = false.into();
        add_placement(&mut value, machine, &placed);
        answer_json(&value)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut text = format!(
        "{} by {}, not here yet: devtoolkit-agent model pull {}\n",
        entry.title, entry.publisher, entry.name
    );
    let file = &entry.files[0];
    for (name, value) in [
        (
            "file",
            format!("{}/{}, {} in {}", entry.repository, file.name, entry_size(entry), file.quantisation),
        ),
        ("licence", entry.licence.clone()),
        ("roles", roles(entry)),
        ("parameters", parameters(entry.parameters, entry.active)),
        ("context", format!("{} tokens", entry.context)),
        ("notes", entry.notes.clone()),
    ] {
        text.push_str(&row(name, &value));
    }
    text.push_str(&placement_text(machine, &placed, shape.layers.len()));
    answer(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn facts_text(model: &Model, facts: &ModelFacts) -> String {
    let first = model.path().display();
    let mut text = format!("{}\n", facts.name.clone().unwrap_or_else(|| first.to_string()));
    let files =
        if model.files.len() > 1 { format!(" in {} parts", model.files.len()) } else { String::new() };
    text.push_str(&row("file", &format!("{first}, {}{files}", Size(model.bytes))));
    text.push_str(&row("architecture", &facts.architecture));
    text.push_str(&row("licence", facts.licence.as_deref().unwrap_or("the file does not say")));
    text.push_str(&row("parameters", &parameters(facts.parameters, facts.active_parameters)));
    if let Some(experts) = facts.experts {
        let shared =
            if experts.shared > 0 { format!(", and {} always", experts.shared) } else { String::new() };
        text.push_str(&row(
            "experts",
            &format!("{} in a layer, {} for a token{shared}", experts.count, experts.used),
        ));
    }
    let formats = facts.formats.iter().map(|(format, bytes)| format!("{format} {}", Size(*bytes)));
    let formats = formats.collect::<Vec<_>>().join(", ");
    text.push_str(&row("quantisation", &format!("{} ({formats})", facts.quantisation)));
    text.push_str(&row("layers", &layers(facts)));
    text.push_str(&row("context", &format!("{} tokens", facts.context)));
    text.push_str(&row("vocabulary", &format!("{} entries", facts.vocabulary)));
    let template = match &facts.template {
        Some(template) => format!(
            "{} bytes{}",
            template.len(),
            if template.contains("tools") { ", with tools" } else { "" }
        ),
        None => "none: it completes text, and cannot be talked with".to_owned(),
    };
    text.push_str(&row("template", &template));
    let fills = if facts.tokens.can_fill() { "yes" } else { "no" };
    text + &row("fills in", fills)
}

fn layers(facts: &ModelFacts) -> String {
    let windows = facts.layers.iter().filter_map(|layer| layer.window).count();
    let first = facts.layers.first().map_or((0, 0), |layer| (layer.heads, layer.kv_heads));
    let mut text = format!("{} with {} heads, {} of keys and values", facts.layers.len(), first.0, first.1);
    if windows > 0 {
        let window = facts.layers.iter().find_map(|layer| layer.window).unwrap_or(0);
        text.push_str(&format!("; {windows} of them look back {window} tokens"));
    }
    text
}

fn parameters(all: u64, active: u64) -> String {
    let billions = |count: u64| format!("{:.2} billion", count as f64 / 1e9);
    match all == active {
        true => billions(all),
        false => format!("{}, of which {} for a token", billions(all), billions(active)),
    }
}

fn placement_text(machine: &Machine, placed: &Result<Placement, Box<Refusal>>, layers: usize) -> String {
    let mut text = format!("\non this machine ({})\n", machine_line(machine));
    let placement = match placed {
        Err(refusal) => return text + &row("does not fit", &refusal.to_string()),
        Ok(placement) => placement,
    };
    let on_gpu = placement.gpu_layers as usize;
    let place = match (on_gpu, placement.cpu_expert_layers) {
        (0, _) => "the processor".to_owned(),
        (on_gpu, 0) if on_gpu > layers => "graphics card, all of it".to_owned(),
        (on_gpu, 0) => format!("graphics card for the output and {} of {layers} layers", on_gpu - 1),
        (on_gpu, experts) if on_gpu > layers => {
            format!("graphics card, but for the experts of the first {experts} of {layers} layers")
        }
        (on_gpu, experts) => {
            format!(
                "graphics card for the output and {} of {layers} layers without the experts of the first {experts}",
                on_gpu - 1
            )
        }
    };
    text.push_str(&row("goes to", &place));
    text.push_str(&row("context", &format!("{} tokens as {}", placement.context, placement.kv.name())));
    text.push_str(&row("threads", &placement.threads.to_string()));
    text.push_str(&row("memory", &share_text(&placement.need.main)));
    if placement.need.gpu.total() > 0 {
        text.push_str(&row("of the card", &share_text(&placement.need.gpu)));
    }
    let file = if placement.mmap { "mapped" } else { "read, to spare memory" };
    text.push_str(&row("file is", file));
    if !placement.is_checked {
        text.push_str(&row("unchecked", "this system does not say how much memory is free"));
    }
    text
}

fn tuned_text(tuned: &Tuned) -> String {
    format!(
        "{:.0} tokens/s read and {:.1} written, with {} threads and batches of {}",
        tuned.prefill, tuned.decode, tuned.threads, tuned.batch
    )
}

fn share_text(share: &Share) -> String {
    let parts = [
        ("weights", share.weights),
        ("rearranged copies", share.copies),
        ("context", share.cache),
        ("computing", share.compute),
    ];
    let parts = parts.iter().filter(|(_, bytes)| *bytes > 0);
    let parts: Vec<String> = parts.map(|(name, bytes)| format!("{name} {}", Size(*bytes))).collect();
    format!("{}: {}", Size(share.total()), parts.join(", "))
}

fn row(name: &str, value: &str) -> String {
    format!("  {name:<13} {value}\n")
}

fn facts_json(model: &Model, facts: &ModelFacts) -> Value {
    let tokens = facts.tokens;
    json!({
        "files": model.files,
        "size": model.bytes,
        "name": facts.name,
        "architecture": facts.architecture,
        "size_label": facts.size_label,
        "licence": facts.licence,
        "parameters": facts.parameters,
        "active_parameters": facts.active_parameters,
        "layers": facts.layers.len(),
        "embedding": facts.embedding,
        "heads": facts.layers.iter().map(|layer| layer.heads).collect::<Vec<_>>(),
        "kv_heads": facts.layers.iter().map(|layer| layer.kv_heads).collect::<Vec<_>>(),
        "windows": facts.layers.iter().map(|layer| layer.window).collect::<Vec<_>>(),
        "experts": facts.experts.map(|experts| json!({
            "count": experts.count,
            "used": experts.used,
            "shared": experts.shared,
            "feed_forward": experts.feed_forward,
        })),
        "quantisation": facts.quantisation,
        "formats": facts.formats.iter().map(|(format, bytes)| json!({ "format": format.name(), "bytes": bytes })).collect::<Vec<_>>(),
        "context": facts.context,
        "vocabulary": facts.vocabulary,
        "template": facts.template,
        "fill_in_tokens": {
            "prefix": tokens.fim_prefix,
            "suffix": tokens.fim_suffix,
            "middle": tokens.fim_middle,
            "pad": tokens.fim_pad,
            "repository": tokens.fim_repository,
            "separator": tokens.fim_separator,
        },
    })
}

fn add_placement(value: &mut Value, machine: &Machine, placed: &Result<Placement, Box<Refusal>>) {
    value["machine"] = machine_json(machine);
    value["fits"] = placed.is_ok().into();
    match placed {
        Ok(placement) => value["placement"] = placement_json(placement),
        Err(refusal) => value["refusal"] = refusal_json(refusal),
    }
}

pub(super) fn placement_json(placement: &Placement) -> Value {
    json!({
        "gpu_layers": placement.gpu_layers,
        "cpu_expert_layers": placement.cpu_expert_layers,
        "context": placement.context,
        "kv": placement.kv.name(),
        "threads": placement.threads,
        "mmap": placement.mmap,
        "memory": share_json(&placement.need.main),
        "gpu_memory": share_json(&placement.need.gpu),
        "checked": placement.is_checked,
    })
}

fn refusal_json(refusal: &Refusal) -> Value {
    json!({
        "why": refusal.to_string(),
        "memory": share_json(&refusal.need.main),
        "gpu_memory": share_json(&refusal.need.gpu),
        "memory_room": refusal.main_room,
        "gpu_room": refusal.gpu_room,
        "nearest": refusal.nearest.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

fn share_json(share: &Share) -> Value {
    json!({
        "total": share.total(),
        "weights": share.weights,
        "copies": share.copies,
        "cache": share.cache,
        "compute": share.compute,
    })
}
