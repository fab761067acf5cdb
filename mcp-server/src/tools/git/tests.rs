//! What the tests of these tools share.

#![expect(clippy::disallowed_methods, reason = "tests ask the git program")]

use crate::tools::fixture::Project;
use expect_test::Expect;
use serde_json::Value;
use std::process::Command;

mod changing;
mod places;
mod reading;
#[cfg(unix)]
mod states;

/// What the git program says in a project.
pub(super) fn git(project: &Project, arguments: &[&str]) -> String {
    git_in(project, ".", arguments)
}

fn git_in(project: &Project, folder: &str, arguments: &[&str]) -> String {
    let mut command = Command::new("git");
    for (name, value) in [("AUTHOR", "Ann"), ("COMMITTER", "Ann")] {
        command.env(format!("GIT_{name}_NAME"), value).env(format!("GIT_{name}_EMAIL"), "ann@x");
        command.env(format!("GIT_{name}_DATE"), "1700000000 +0000");
    }
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    command.args(["-c", "core.quotePath=false", "-c", "protocol.file.allow=always"]);
    let output = command.args(arguments).current_dir(project.root().join(folder)).output().expect("git");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() || arguments[0] == "merge", "git {arguments:?}: {said}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A repository with one commit of these files.
fn repository(files: &[(&str, &str)]) -> Project {
    let project = Project::new(files);
    git(&project, &["init", "-q", "-b", "main"]);
    git(&project, &["config", "user.name", "Ann"]);
    git(&project, &["config", "user.email", "ann@x"]);
    git(&project, &["add", "-A"]);
    git(&project, &["commit", "-q", "--allow-empty", "-m", "First"]);
    project
}

fn commit_all(project: &Project, message: &str) {
    git(project, &["add", "-A"]);
    git(project, &["commit", "-q", "-m", message]);
}

#[track_caller]
fn says(project: &Project, tool: &str, arguments: Value, wanted: &Expect) {
    wanted.assert_eq(&project.call(tool, arguments));
}

#[track_caller]
fn refuses(project: &Project, tool: &str, arguments: Value, words: &str) {
    let said = project.call(tool, arguments);
    assert!(said.starts_with("error: ") && said.contains(words), "{said}");
}

const LINES: &str = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
