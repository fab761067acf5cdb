//! What is measured of a real model, and what the worker says without one.

#![cfg(feature = "llama")]
#![expect(clippy::disallowed_methods, reason = "tests start the program")]

use devtoolkit_agent::provider::cards;
use devtoolkit_agent::provider::llama::Process;
use std::path::Path;
use std::process::Command;
use worker::small_model;

#[path = "support/worker.rs"]
mod worker;

#[test]
fn graphics_cards_are_asked_for_without_a_model() {
    let cards = cards::ask(&Process::new(env!("CARGO_BIN_EXE_devtoolkit-agent").into())).unwrap();
    assert!(cards.iter().all(|card| card.free <= card.total), "{cards:?}");
    assert!(cards::BUILT || cards.is_empty(), "{cards:?}");
}

/// `devtoolkit-agent model`, with its models in `folder`; its answer in JSON.
fn model_command(folder: &Path, arguments: &[&str]) -> serde_json::Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_devtoolkit-agent"));
    command.args(["model", "--json", "--models"]).arg(folder).args(arguments).env("XDG_CONFIG_HOME", folder);
    let output = command.output().expect("it starts");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("stdout is JSON and nothing else")
}

#[test]
fn what_is_measured_is_remembered_and_used() {
    let Some(model) = small_model("what_is_measured") else { return };
    let (folder, path) = (tempfile::tempdir().unwrap(), model.display().to_string());
    let info = |arguments: &[&str]| {
        model_command(folder.path(), &[&["info", "--model", &path, "--context", "2048"], arguments].concat())
    };
    assert!(info(&[])["tuned"].is_null());
    let bench = ["bench", "--model", &path, "--context", "2048", "--threads", "1", "--rounds", "1"];
    let measured = model_command(folder.path(), &bench);
    let rates = measured["tried"].as_array().unwrap();
    assert!(rates.iter().all(|tried| tried["prefill"].as_f64() > Some(1.0)), "{measured}");
    assert!(rates.iter().all(|tried| tried["decode"].as_f64() > Some(1.0)), "{measured}");
    let batches: Vec<u64> = rates.iter().filter_map(|tried| tried["batch"].as_u64()).collect();
    assert_eq!(batches, [512, 64, 128, 256]);
    assert_eq!(measured["decode_at_once"].as_array().map(Vec::len), Some(4));
    if cfg!(target_os = "linux") {
        assert!(measured["peak_memory"].as_u64() > Some(100_000_000), "{measured}");
    }
    assert_eq!(info(&[])["tuned"], measured["tuned"]);
    assert_eq!(info(&[])["placement"]["threads"], 1, "what was measured is taken");
    assert_eq!(info(&["--threads", "2"])["placement"]["threads"], 2, "what is asked for comes first");
}
