//! What there is, and what suits a machine.

use super::{Here, MachineArguments, WishArguments, answer, answer_json, role, table};
use anyhow::Result;
use clap::Args;
use devtoolkit_agent::catalogue::{self, Advice, Entry, Role, Verdict};
use devtoolkit_agent::machine::Machine;
use devtoolkit_agent::model_store::Kept;
use devtoolkit_agent::placement::{Nearest, Size};
use serde_json::{Value, json};
use std::process::ExitCode;

#[derive(Debug, Args)]
pub(super) struct RecommendArguments {
    /// Only models that take this role: edit, plan, ask, complete or embed
    #[arg(long, value_name = "ROLE", value_parser = role)]
    role: Option<Role>,
    #[command(flatten)]
    machine: MachineArguments,
    #[command(flatten)]
    wish: WishArguments,
}

pub(super) fn list(here: &Here) -> Result<ExitCode> {
    let kept = here.store.list()?;
    let is_here = |entry: &Entry| kept.iter().any(|kept| kept.name == entry.name);
    let others: Vec<&Kept> = kept.iter().filter(|kept| here.catalogue.find(&kept.name).is_none()).collect();
    if here.json {
        let known = here.catalogue.models.iter().map(|entry| {
            let mut value = entry_json(entry);
            value["here"] = is_here(entry).into();
            value
        });
        let others = others.iter().map(
            |kept| json!({ "name": kept.name, "path": kept.files[0], "size": kept.bytes, "here": true }),
        );
        answer_json(
            &json!({ "folder": here.store.folder(), "models": known.chain(others).collect::<Vec<_>>() }),
        )?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut rows = vec![["name", "size", "roles", "licence", "here"].map(str::to_owned).to_vec()];
    for entry in &here.catalogue.models {
        rows.push(vec![
            entry.name.clone(),
            entry_size(entry),
            roles(entry),
            entry.licence.clone(),
            if is_here(entry) { "yes" } else { "" }.to_owned(),
        ]);
    }
    for kept in others {
        let licence = kept.manifest.as_ref().and_then(|manifest| manifest.licence.clone());
        rows.push(vec![
            kept.name.clone(),
            Size(kept.bytes).to_string(),
            String::new(),
            licence.unwrap_or_default(),
            "yes".to_owned(),
        ]);
    }
    answer(&format!("{}\nfolder: {}\n", table(&rows), here.store.folder().display()))?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn recommend(here: &Here, arguments: &RecommendArguments) -> Result<ExitCode> {
    let machine = arguments.machine.machine();
    let advice = catalogue::recommend(&here.catalogue, &machine, &arguments.wish.wish(), arguments.role);
    let best = advice.iter().find(|advice| matches!(advice.verdict, Verdict::Good { .. }));
    if here.json {
        let models: Vec<Value> = advice.iter().map(advice_json).collect();
        let best = best.map(|best| best.entry.name.as_str());
        answer_json(&json!({ "machine": machine_json(&machine), "recommended": best, "models": models }))?;
    } else {
        let mut rows = vec![["name", "needs", "speed", "context", "verdict"].map(str::to_owned).to_vec()];
        rows.extend(advice.iter().map(advice_row));
        let ending = match best {
            Some(best) => format!("take {0}: devtoolkit-agent model pull {0}", best.entry.name),
            None => {
                "no model of the list suits this machine; free some memory, or ask for a shorter --context"
                    .to_owned()
            }
        };
        answer(&format!("{}\n\n{}\n{ending}\n", machine_line(&machine), table(&rows)))?;
    }
    Ok(if best.is_some() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn advice_row(advice: &Advice<'_>) -> Vec<String> {
    let (needs, speed, context, verdict) = match &advice.verdict {
        Verdict::Good { placement, rate } | Verdict::Slow { placement, rate } => {
            let needs = Size(placement.need.main.total() + placement.need.gpu.total()).to_string();
            let good = matches!(advice.verdict, Verdict::Good { .. });
            let verdict = if good { "good" } else { "too slow" };
            (needs, format!("about {rate:.0}/s"), placement.context.to_string(), verdict.to_owned())
        }
        Verdict::Unfit(refusal) => {
            let needs = Size(refusal.need.main.total() + refusal.need.gpu.total()).to_string();
            let with = refusal.nearest.iter().find(|nearest| !matches!(nearest, Nearest::Model(_)));
            let with = with.map_or(String::new(), |nearest| format!(", but with {nearest}"));
            (needs, String::new(), String::new(), format!("does not fit{with}"))
        }
    };
    vec![advice.entry.name.clone(), needs, speed, context, verdict]
}

fn advice_json(advice: &Advice<'_>) -> Value {
    let mut value = entry_json(advice.entry);
    match &advice.verdict {
        Verdict::Good { placement, rate } | Verdict::Slow { placement, rate } => {
            let good = matches!(advice.verdict, Verdict::Good { .. });
            value["verdict"] = if good { "good" } else { "slow" }.into();
            value["tokens_per_second_about"] = rate.round().into();
            value["placement"] = super::describe::placement_json(placement);
        }
        Verdict::Unfit(refusal) => {
            value["verdict"] = "unfit".into();
            value["why"] = refusal.to_string().into();
        }
    }
    value
}

pub(super) fn entry_json(entry: &Entry) -> Value {
    let file = &entry.files[0];
    json!({
        "name": entry.name,
        "title": entry.title,
        "publisher": entry.publisher,
        "repository": entry.repository,
        "file": file.name,
        "quantisation": file.quantisation,
        "size": file.size,
        "sha256": file.sha256,
        "licence": entry.licence,
        "roles": entry.roles.iter().map(|role| role.name()).collect::<Vec<_>>(),
        "parameters": entry.parameters,
        "active_parameters": entry.active,
        "context": entry.context,
        "notes": entry.notes,
    })
}

/// The size of its file, marked where it is a guess.
pub(super) fn entry_size(entry: &Entry) -> String {
    let file = &entry.files[0];
    match file.size {
        Some(size) => Size(size).to_string(),
        None => format!("about {}", Size(file.weights())),
    }
}

pub(super) fn roles(entry: &Entry) -> String {
    entry.roles.iter().map(|role| role.name()).collect::<Vec<_>>().join(" ")
}

pub(super) fn machine_line(machine: &Machine) -> String {
    let memory = match machine.memory {
        Some(memory) => format!("{} of {} memory free", Size(memory.available), Size(memory.total)),
        None => "memory unknown".to_owned(),
    };
    let cores = if machine.cores == 1 { "1 core".to_owned() } else { format!("{} cores", machine.cores) };
    let mut line = format!("{cores}, {memory}");
    for gpu in &machine.gpus {
        let whose = if gpu.in_main { " of that memory" } else { "" };
        line.push_str(&format!(", graphics card ({}) with {} free{whose}", gpu.name, Size(gpu.free)));
    }
    line
}

pub(super) fn machine_json(machine: &Machine) -> Value {
    json!({
        "cores": machine.cores,
        "avx2": machine.avx2,
        "avx512": machine.avx512,
        "amx": machine.amx,
        "memory": machine.memory.map(|memory| json!({ "total": memory.total, "available": memory.available })),
        "gpus": machine.gpus.iter().map(|gpu| json!({ "name": gpu.name, "total": gpu.total, "free": gpu.free, "in_main_memory": gpu.in_main })).collect::<Vec<_>>(),
    })
}
