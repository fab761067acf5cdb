//! The project's own check: which command it is, and what its output says.

use super::project::{Project, own_call};
use crate::model::{CallId, ToolCall};
use crate::protocol::Verdict;
use devtoolkit_mcp::sandbox::Tier;
use devtoolkit_mcp::tasks::{self, Task, TaskKind};
use serde_json::json;
use std::ops::ControlFlow;

/// Seconds that a check may take.
const LONGEST: u64 = 600;
/// The end of a check's output that is kept, in bytes.
const OUTPUT: usize = 6 << 10;

/// A way to check a project, as a call of a tool, with its words for a person.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Check {
    pub(super) call: ToolCall,
    pub(super) shown: String,
}

/// Why nothing can be checked here, if that is so: a command that sees the disk says nothing of what is staged.
pub(super) fn hindrance(project: &Project) -> Option<String> {
    match project.handle().commands().sandbox().tier() {
        Tier::Overlay => None,
        Tier::Landlock | Tier::Unconfined => Some(
            "commands see the disk here and not what is staged, because there is no overlay sandbox; accept the changes, then \
             run the check"
                .to_owned(),
        ),
    }
}

/// The checks of a project, in the order in which they are tried: the next is for where the one before is not installed.
pub(super) fn checks(project: &Project, configured: Option<&str>, id: &CallId) -> Vec<Check> {
    let command = |line: &str| Check {
        call: own_call(id, "run_command", json!({"command": line, "timeout_s": LONGEST})),
        shown: line.to_owned(),
    };
    if let Some(line) = configured {
        return vec![command(line)];
    }
    let found = tasks::find(&project.snapshot(), &|| ControlFlow::Continue(())).unwrap_or_default();
    if let Some(task) = best(&found.tasks) {
        return vec![Check {
            call: own_call(id, "run_task", json!({"name": task.name, "timeout_s": LONGEST})),
            shown: task.argv.join(" "),
        }];
    }
    let files = project.files();
    let has =
        |is: &dyn Fn(&str) -> bool| files.iter().any(|path| is(path.rsplit('/').next().unwrap_or(path)));
    if has(&|name| (name.starts_with("test_") || name.ends_with("_test.py")) && name.ends_with(".py")) {
        return vec![command("python3 -m pytest -q"), command("python3 -m unittest discover")];
    }
    if has(&|name| [".test.js", ".test.mjs", ".test.cjs"].iter().any(|end| name.ends_with(end))) {
        return vec![command("node --test")];
    }
    Vec::new()
}

/// The task that says most of whether the code is right: tests, or what is called a check; the one nearest to the root.
fn best(tasks: &[Task]) -> Option<&Task> {
    let rank = |task: &&Task| {
        let last = task.name.rsplit(':').next().unwrap_or(&task.name);
        let kind = match (last, task.kind) {
            ("check", _) => 0,
            ("test", _) => 1,
            (_, TaskKind::Test) => 2,
            ("typecheck" | "tsc", _) => 3,
            _ => return None,
        };
        Some((task.folder.names().count(), kind))
    };
    tasks.iter().filter(|task| rank(task).is_some()).min_by_key(rank)
}

/// What a check's output means. A test runner that found no test has not checked anything.
pub(super) fn verdict(is_error: bool, output: &str) -> Verdict {
    let last = ended(output);
    let end = if last.is_empty() { output.lines().last().unwrap_or_default() } else { last };
    let summary = summary(output).unwrap_or_else(|| end.trim().to_owned());
    if is_error {
        return Verdict::NotChecked { why: summary };
    }
    if ["exit code 5", "exit code 0"].iter().any(|code| last.contains(code)) && found_none(output) {
        return Verdict::NotChecked { why: "there are no tests".to_owned() };
    }
    match last.contains("exit code 0") {
        true => Verdict::Passed { summary },
        false => {
            let from = output.ceil_char_boundary(output.len().saturating_sub(OUTPUT));
            Verdict::Failed { summary, output: output[from..].to_owned() }
        }
    }
}

/// Whether the program that should have checked is not there.
pub(super) fn is_missing(output: &str) -> bool {
    output.contains("No module named pytest") || ended(output).contains("exit code 127")
}

/// The line that says how a command ended.
fn ended(output: &str) -> &str {
    output.lines().rev().find(|line| line.contains("exit code")).unwrap_or_default()
}

fn found_none(output: &str) -> bool {
    ["no tests ran", "Ran 0 tests", "NO TESTS RAN", "# tests 0"].iter().any(|none| output.contains(none))
}

/// The line in which a test runner counts, such as `41 passed in 0.2s`.
fn summary(output: &str) -> Option<String> {
    const COUNTED: &[&str] = &["passed", "failed", "passing", "failing", "tests", "test", "errors", "error"];
    let counts = |line: &&str| {
        let words: Vec<&str> =
            line.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
        words.windows(2).any(|pair| {
            let is_number = |word: &str| word.bytes().all(|byte| byte.is_ascii_digit());
            (is_number(pair[0]) && COUNTED.contains(&pair[1]))
                || (COUNTED.contains(&pair[0]) && is_number(pair[1]))
        })
    };
    let lines = output.lines().rev().filter(|line| !line.contains("exit code"));
    let found = lines.take(60).find(counts)?;
    Some(found.trim().trim_matches(['=', ' ']).chars().take(200).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed(summary: &str) -> Verdict {
        Verdict::Passed { summary: summary.to_owned() }
    }

    #[test]
    fn outputs_of_test_runners_are_understood() {
        let end = "\n(exit code 0 after 1 s)";
        assert_eq!(
            verdict(false, &format!("...\n=== 41 passed in 0.2s ==={end}")),
            passed("41 passed in 0.2s")
        );
        assert_eq!(
            verdict(false, &format!("Ran 3 tests in 0.001s\n\nOK{end}")),
            passed("Ran 3 tests in 0.001s")
        );
        assert_eq!(verdict(false, &format!("# tests 4\n# pass 4{end}")), passed("# tests 4"));
        assert_eq!(verdict(false, &format!("fine{end}")), passed("(exit code 0 after 1 s)"));
        let failed = verdict(false, "a.py:3: wrong\n1 failed, 2 passed in 0.1s\n(exit code 1 after 1 s)");
        let Verdict::Failed { summary, output } = failed else { panic!("{failed:?}") };
        assert!(summary == "1 failed, 2 passed in 0.1s" && output.starts_with("a.py:3: wrong"));
    }

    #[test]
    fn what_ran_no_test_has_checked_nothing() {
        for output in [
            "no tests ran in 0.01s\n(exit code 5 after 1 s)",
            "Ran 0 tests in 0s\n\nOK\n(exit code 0 after 1 s)",
        ] {
            assert!(matches!(verdict(false, output), Verdict::NotChecked { .. }), "{output}");
        }
        assert_eq!(
            verdict(true, "the person declined"),
            Verdict::NotChecked { why: "the person declined".to_owned() }
        );
        assert!(is_missing("/usr/bin/python3: No module named pytest\n(exit code 1 after 0 s)"));
    }
}
