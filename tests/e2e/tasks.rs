//! The tasks for the agent can be solved, and their checks know a solution from none.

use e2e_tests::skip;
use e2e_tests::tasks::{Judgement, Kind, Language, Programs, Task};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;

/// Tasks that are tried at the same time.
const AT_ONCE: usize = 4;

#[test]
fn every_kind_of_task_is_there() {
    let tasks = tasks();
    let mut kinds: BTreeMap<Kind, usize> = BTreeMap::new();
    for task in &tasks {
        *kinds.entry(task.kind).or_default() += 1;
        assert!(!task.prompt.is_empty() && !task.files.is_empty() && !task.check.is_empty(), "{}", task.name);
    }
    let python = tasks.iter().filter(|task| task.language == Language::Python).count();
    assert_eq!((tasks.len(), python, kinds.len()), (20, 12, 10), "{kinds:?}");
}

#[test]
fn a_python_task_is_done_when_its_solution_is_there() {
    try_all("a_python_task_is_done_when_its_solution_is_there", |language| language == Language::Python);
}

#[test]
fn a_script_task_is_done_when_its_solution_is_there() {
    try_all("a_script_task_is_done_when_its_solution_is_there", |language| language != Language::Python);
}

#[test]
fn a_change_of_the_tests_is_no_solution() {
    let folder = tempfile::tempdir().expect("a folder");
    let tasks = tasks();
    let task = tasks.iter().find(|task| task.name == "04-fix-pages").expect("it is there");
    solve(task, folder.path());
    fs::write(folder.path().join("test_pages.py"), "").expect("it is writable");
    // Nothing runs, so that it does not matter what this machine has.
    let judged = task.judge(folder.path(), &Programs::default()).expect("it is judged");
    assert_eq!(judged, Judgement::Foreign("test_pages.py".into()));
}

fn try_all(test: &str, wanted: impl Fn(Language) -> bool) {
    let programs = Programs::here();
    let tasks: Vec<Task> = tasks().into_iter().filter(|task| wanted(task.language)).collect();
    assert!(!tasks.is_empty());
    if !tasks.iter().all(|task| programs.runs(task.language)) {
        return skip::note(
            test,
            "there is no Python 3.9 or no Node 22.18 here; `cargo xtask test` fetches Node",
        );
    }
    for some in tasks.chunks(AT_ONCE) {
        thread::scope(|scope| {
            for task in some {
                scope.spawn(|| try_one(task, &programs));
            }
        });
    }
}

/// The check fails on the project as it is, and passes on its solution, which changes only what may be changed.
fn try_one(task: &Task, programs: &Programs) {
    let name = &task.name;
    let before = tempfile::tempdir().expect("a folder");
    task.prepare(before.path()).expect("the project is copied");
    assert_eq!(task.judge(before.path(), programs).expect("it is judged"), Judgement::Unchanged, "{name}");
    let judged = task.check(before.path(), programs).expect("the check runs");
    assert!(
        matches!(judged, Judgement::Failed(_)),
        "{name}: its check passes, and nothing was done: {judged:?}"
    );

    let after = tempfile::tempdir().expect("a folder");
    solve(task, after.path());
    let judged = task.judge(after.path(), programs).expect("it is judged");
    assert_eq!(judged, Judgement::Solved, "{name}");
}

/// The project with its solution.
fn solve(task: &Task, folder: &Path) {
    task.prepare(folder).expect("the project is copied");
    let output = Command::new("git").arg("apply").arg(task.solution()).current_dir(folder).output();
    let output = output.expect("git can be started");
    assert!(output.status.success(), "{}: {}", task.name, String::from_utf8_lossy(&output.stderr));
}

fn tasks() -> Vec<Task> {
    Task::all().expect("the tasks can be read")
}
