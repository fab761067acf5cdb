//! What is measured: the same questions to all three, turn by turn, so that other load on the machine meets all alike.
#![expect(
    clippy::disallowed_methods,
    reason = "it is told where the other server is, and makes a folder to work in"
)]

use std::env;
use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::client::{Server, Session};
use crate::report::{Goal, Limit, Unit};
use crate::sample::{self, LINES, LONG};

/// Questions of each kind.
const QUESTIONS: usize = 20;

/// A question as each is asked it.
struct Question {
    what: &'static str,
    ours: (&'static str, Value),
    git: Vec<&'static str>,
    peer: Option<(&'static str, Value)>,
    /// What has to be in each answer.
    must: &'static str,
    /// At least so many times as fast as the git program.
    least: f64,
}

/// Measures everything.
pub(crate) fn run() -> Result<Vec<Goal>> {
    let (folder, state) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let root = fs::canonicalize(folder.path())?;
    sample::make(&root)?;
    let program = env!("CARGO_BIN_EXE_devtoolkit-mcp").to_owned();
    let arguments = ["--trust-host", "--toolsets", "git", "--root"].map(str::to_owned).to_vec();
    let mut ours = Server { name: "devtoolkit-mcp", program, arguments }.start(&root, state.path())?;
    let program = env::var("DEVTOOLKIT_GIT_SERVER").context("run `cargo xtask bench git`")?;
    let arguments = ["-m", "mcp_server_git", "--repository"].map(str::to_owned).to_vec();
    let mut peer = Server { name: "mcp-server-git", program, arguments }.start(&root, state.path())?;
    let mut goals = Vec::new();
    for question in questions(&root) {
        goals.extend(ask(&root, &mut ours, &mut peer, &question)?);
    }
    Ok(goals)
}

fn questions(root: &Path) -> Vec<Question> {
    let path = json!({ "repo_path": root });
    vec![
        Question {
            what: "status of 10,001 files",
            ours: ("git_status", json!({})),
            git: vec!["status", "--short", "--branch"],
            peer: Some(("git_status", path.clone())),
            must: "untracked.txt",
            least: 1.0,
        },
        Question {
            what: "the newest 100 of 1,000 commits",
            ours: ("git_log", json!({ "limit": 100 })),
            git: vec!["log", "-100", "--format=%h %as %an%d %s"],
            peer: Some(("git_log", json!({ "repo_path": root, "max_count": 100 }))),
            must: "Change 900",
            least: 2.0,
        },
        Question {
            what: "difference of three files",
            ours: ("git_diff", json!({})),
            git: vec!["diff"],
            peer: Some(("git_diff_unstaged", path)),
            must: "+LINE 7 of file 9999",
            least: 1.0,
        },
        Question {
            what: "blame of 2,000 of 4,200 lines over 1,000 commits",
            ours: ("git_blame", json!({ "path": LONG, "limit": 2_000 })),
            git: vec!["blame", "-L1,2000", LONG],
            peer: None,
            must: "changed_",
            least: 1.0,
        },
        Question {
            what: "commits of one file among 1,000",
            ours: ("git_log", json!({ "path": "source/07/07/file_7.txt", "limit": 100 })),
            git: vec!["log", "-100", "--format=%h %as %an%d %s", "--", "source/07/07/file_7.txt"],
            peer: None,
            must: "",
            least: 1.0,
        },
    ]
}

fn ask(root: &Path, ours: &mut Session, peer: &mut Session, question: &Question) -> Result<Vec<Goal>> {
    let mut times = [Vec::new(), Vec::new(), Vec::new()];
    ensure!(LINES == 4_200, "the question says how many lines there are");
    for turn in 0..=QUESTIONS {
        let begun = Instant::now();
        let mine = ours.call(question.ours.0, &question.ours.1)?;
        let after_mine = Instant::now();
        let gits = sample::git(root, &question.git)?;
        let after_git = Instant::now();
        let theirs =
            question.peer.as_ref().map(|(tool, arguments)| peer.call(tool, arguments)).transpose()?;
        let after_peer = Instant::now();
        for text in [Some(&mine), Some(&gits), theirs.as_ref()].into_iter().flatten() {
            ensure!(text.contains(question.must), "`{}` is not in an answer: {text:.300}", question.must);
        }
        // The first of each finds nothing in memory.
        if turn > 0 {
            times[0].push((after_mine - begun).as_secs_f64());
            times[1].push((after_git - after_mine).as_secs_f64());
            times[2].push((after_peer - after_git).as_secs_f64());
        }
    }
    let [mine, gits, theirs] = times.map(|times| median(&times));
    let mut goals = vec![faster(question.what, "git", mine, gits, question.least)];
    if question.peer.is_some() {
        goals.push(faster(question.what, "mcp-server-git", mine, theirs, 5.0));
    }
    Ok(goals)
}

fn faster(what: &str, whom: &str, ours: f64, peer: f64, least: f64) -> Goal {
    Goal {
        what: format!("{what}, median of {QUESTIONS}, times as fast as {whom}"),
        ours: Unit::Seconds.show(ours),
        peer: format!("{whom} {}", Unit::Seconds.show(peer)),
        value: peer / ours,
        limit: Limit::Least(least),
        unit: Unit::Times,
    }
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}
