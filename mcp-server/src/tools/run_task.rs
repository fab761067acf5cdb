//! `run_task`: a script of the project is run; what it says is wrong with files comes first.

use super::shell::{self, go_on};
use crate::permission::{Access, CommandText, Run};
use crate::tasks::{self, Failure, Task};
use crate::tool::{Effect, Tool, ToolContext, ToolError, ToolOutput, Toolset};
use crate::workspace::Snapshot;
use schemars::JsonSchema;
use serde::Deserialize;
use std::fmt::Write as _;
use std::ops::ControlFlow;
use std::time::Duration;

/// Seconds that a task may take where nothing is said.
const USUAL: u64 = 600;
/// The most output that is searched for failures, in bytes: the end of it.
const SEARCHED: usize = 8 << 20;
/// How much of the output's end is shown below failures, and where there are none, in bytes.
const END: (usize, usize) = (4 << 10, 32 << 10);

/// Run a task; failures are parsed.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct RunTask {
    name: String,
    timeout_s: Option<u64>,
}

impl Tool for RunTask {
    const NAME: &'static str = "run_task";
    const TITLE: &'static str = "Run task";
    const TOOLSET: Toolset = Toolset::Shell;
    const EFFECT: Effect = Effect::Reaches;

    fn access(&self, snapshot: &Snapshot) -> Result<Access, ToolError> {
        shell::check_timeout(self.timeout_s)?;
        let task = self.task(snapshot, &|| ControlFlow::Continue(()))?;
        let command = CommandText::Argv(task.argv);
        // What needs the network is run by run_command, where it can be asked for.
        Ok(Access::Run(Run { command, folder: task.folder, network: false }))
    }

    fn run(self, context: &ToolContext) -> Result<ToolOutput, ToolError> {
        let task = self.task(&context.snapshot, &|| go_on(context))?;
        let command = CommandText::Argv(task.argv.clone());
        let folder = task.folder.clone();
        let order = shell::order(context, &command, folder, (false, false));
        let limit = self.timeout_s.unwrap_or(USUAL);
        let ran = shell::run(context, &order, Duration::from_secs(limit), format!("task {}", task.name))?;
        let output = ran.process.text(&context.cancel, SEARCHED)?;
        let failures =
            tasks::failures(&output, &task.argv, &task.folder, &context.snapshot, &|| go_on(context));
        context.cancelled()?;
        let mut text: String = failures.found.iter().map(line).collect();
        let count = failures.found.len() + failures.more;
        if failures.more > 0 {
            let _ = writeln!(text, "… {} more …", failures.more);
        }
        let most = if count > 0 { END.0 } else { END.1 };
        shell::end(&mut text, &output, most, ran.process.name());
        let count = if count > 0 { format!("{count} failures; ") } else { String::new() };
        let _ = write!(text, "({count}{})", ran.words);
        context.commands.keep(ran.process)?;
        Ok(ToolOutput::happened(text, ran.ops))
    }
}

impl RunTask {
    fn task(&self, snapshot: &Snapshot, go_on: &dyn Fn() -> ControlFlow<()>) -> Result<Task, ToolError> {
        let found = tasks::find(snapshot, go_on)?;
        let names: Vec<String> = found.tasks.iter().map(|task| format!("`{}`", task.name)).collect();
        found.tasks.into_iter().find(|task| task.name == self.name).ok_or_else(|| {
            let shown: String = self.name.chars().take(60).collect();
            let known = match names.len() {
                0 => "there are none; run_command runs any command".to_owned(),
                1..=20 => names.join(", "),
                count => format!("{}, …; list_tasks has all {count}", names[..20].join(", ")),
            };
            ToolError::failed(format!("no task `{shown}`: {known}"))
        })
    }
}

/// `file:line:column: error[code]: message`
fn line(failure: &Failure) -> String {
    let mut text = failure.path.to_string();
    for number in [failure.line, failure.column].into_iter().flatten() {
        let _ = write!(text, ":{number}");
    }
    let code = failure.code.as_ref().map(|code| format!("[{code}]")).unwrap_or_default();
    format!("{text}: {}{code}: {}\n", failure.severity.name(), failure.message)
}

#[cfg(test)]
mod tests {
    use crate::tools::fixture::Project;
    use serde_json::json;

    const MAKEFILE: &str = "export PATH := /usr/bin:/bin\ncheck:\n\t@echo begun\n\t@echo 'a.c:3:5: error: no such thing'\n\t@seq 5000\n\t@exit 1\n";

    #[test]
    fn failures_come_first_and_the_end_of_the_output_after_them() {
        let project = Project::new(&[("sub/Makefile", MAKEFILE), ("sub/a.c", "int x;\n")]);
        let reply = project.call("run_task", json!({ "name": "sub:check" }));
        assert!(reply.starts_with("sub/a.c:3:5: error: no such thing\n… the end of the output;"), "{reply}");
        assert!(reply.contains("\n5000\n") && reply.contains("(1 failures; exit code 2 after"), "{reply}");
        let all = project.call("read_process", json!({ "name": "run-1", "offset": 1, "limit": 1 }));
        assert!(all.starts_with("begun\n(5003 lines"), "{all}");
    }

    #[test]
    fn only_tasks_there_are_can_be_run() {
        let project = Project::new(&[("Makefile", "one:\n\techo 1\n")]);
        let reply = project.call("run_task", json!({ "name": "two" }));
        assert_eq!(reply, "error: no task `two`: `one`");
        assert!(project.call("run_task", json!({ "name": "one", "timeout_s": 0 })).contains("`timeout_s`"));
        assert!(Project::new(&[]).call("run_task", json!({ "name": "two" })).contains("there are none"));
    }
}
