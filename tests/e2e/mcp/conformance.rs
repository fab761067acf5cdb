//! The protocol's own conformance suite, over HTTP: every scenario that a revision requires of a server has to pass.

use super::Project;
use e2e_tests::binary;
use e2e_tests::foreign::Foreign;
use e2e_tests::forwarder::forward;
use e2e_tests::mcp_http::HttpServer;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

/// What the suite runs besides, of interest to it but not required, and which does not apply to us, with the reason.
/// One that begins to pass has to leave this list.
const NOT_APPLICABLE: &[(&str, &str)] = &[
    ("tasks-capability-negotiation", TASKS),
    ("tasks-dispatch-and-envelope", TASKS),
    ("tasks-lifecycle", TASKS),
    ("tasks-mrtr-composition", TASKS),
    ("tasks-mrtr-input", TASKS),
    ("tasks-request-headers", TASKS),
    ("tasks-request-state-removal", TASKS),
    ("tasks-required-task-error", TASKS),
    ("tasks-wire-fields", TASKS),
    ("http-custom-header-server-validation", "no tool of ours takes an argument from a header"),
];
const TASKS: &str = "tasks are an extension of the protocol that we do not offer";

#[test]
fn of_2025_11_25() {
    conforms("2025-11-25", "of_2025_11_25", 30, &[]);
}

#[test]
fn of_2026_07_28() {
    conforms("2026-07-28", "of_2026_07_28", 37, NOT_APPLICABLE);
}

/// Runs what the suite requires for a revision, `required` scenarios, and what it runs besides.
fn conforms(revision: &str, test: &str, required: usize, not_applicable: &[(&str, &str)]) {
    let Some(mut suite) = Foreign::Conformance.command(test) else { return };
    let project = Project::new(&[]);
    let mut command = Command::new(binary::conformance_server());
    command.args(["--no-cache", "--http", "127.0.0.1:0", "--root"]).arg(project.root());
    project.prepare(&mut command);
    let server = HttpServer::spawn(&mut command);
    let door = forward(server.address, server.token.clone());
    let results = tempfile::tempdir().expect("a folder");
    suite.args(["server", "--url", &format!("http://{door}/mcp"), "--requirements", revision]);
    suite.arg("--output-dir").arg(results.path()).current_dir(results.path());
    let output = suite.output().expect("it can be started");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}{}", String::from_utf8_lossy(&output.stderr));
    let scenarios = scenarios(results.path());
    assert!(scenarios.len() >= required, "only {} scenarios ran: {told}", scenarios.len());
    let failed: BTreeSet<&str> =
        scenarios.iter().filter(|(_, passed)| !**passed).map(|(scenario, _)| scenario.as_str()).collect();
    let expected: BTreeSet<&str> = not_applicable.iter().map(|(scenario, _)| *scenario).collect();
    assert_eq!(failed, expected, "{told}");
}

/// The scenarios that ran, and whether each passed: none of its checks failed.
fn scenarios(results: &Path) -> BTreeMap<String, bool> {
    let entries = fs::read_dir(results).expect("the suite wrote its results");
    let folders = entries.map(|entry| entry.expect("it is ours").path());
    folders.filter_map(|folder| Some((scenario(&folder)?, passed(&folder)))).collect()
}

/// The scenario of `server-tools-list-2026-11-21T12-31-23-820Z`.
fn scenario(folder: &Path) -> Option<String> {
    let name = folder.file_name()?.to_str()?.strip_prefix("server-")?;
    let stamp = "-2026-11-21T12-31-23-820Z".len();
    Some(name.get(..name.len().checked_sub(stamp)?)?.to_owned())
}

fn passed(folder: &Path) -> bool {
    let checks = fs::read_to_string(folder.join("checks.json")).expect("the suite wrote its checks");
    let checks: Value = serde_json::from_str(&checks).expect("the suite writes JSON");
    let checks = checks.as_array().expect("a list of checks");
    checks.iter().all(|check| check["status"] != "FAILURE")
}
