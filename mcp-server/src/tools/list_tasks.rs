//! `list_tasks`: the scripts of the project, by the file that has them.

use super::shell::go_on;
use crate::tasks::{self, Task};
use crate::tool::{Effect, Tool, ToolContext, ToolError, ToolOutput, Toolset};
use schemars::JsonSchema;
use serde::Deserialize;
use std::fmt::Write as _;

/// Tasks whose scripts are shown; of others only the names.
const SHOWN: usize = 300;

/// List the project's scripts.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct ListTasks {}

impl Tool for ListTasks {
    const NAME: &'static str = "list_tasks";
    const TITLE: &'static str = "List tasks";
    const TOOLSET: Toolset = Toolset::Shell;
    const EFFECT: Effect = Effect::Reads;

    fn run(self, context: &ToolContext) -> Result<ToolOutput, ToolError> {
        let found = tasks::find(&context.snapshot, &|| go_on(context))?;
        context.cancelled()?;
        let mut text = String::new();
        let mut last = None;
        for (place, task) in found.tasks.iter().enumerate() {
            if last != Some(&task.origin) {
                let _ = writeln!(text, "{}", task.origin);
                last = Some(&task.origin);
            }
            let script = if place < SHOWN { format!(": {}", script(task)) } else { String::new() };
            let _ = writeln!(text, "  {} [{}]{script}", task.name, task.kind.name());
        }
        for problem in &found.problems {
            let _ = writeln!(text, "{}: not understood: {}", problem.path, problem.message);
        }
        let more = if found.more { "; there are more than are looked for" } else { "" };
        match found.tasks.len() {
            0 => text.push_str("(no tasks; run_command runs any command)"),
            count => drop(write!(text, "({count} tasks{more}; run_task runs one by name)")),
        }
        Ok(ToolOutput::text(text))
    }
}

/// What a task runs.
fn script(task: &Task) -> String {
    task.script.clone().unwrap_or_else(|| task.argv.join(" "))
}

#[cfg(test)]
mod tests {
    use crate::tools::fixture::Project;
    use expect_test::expect;
    use serde_json::json;

    #[test]
    fn tasks_stand_below_the_file_that_has_them_staged_ones_too() {
        let project = Project::new(&[("Makefile", "test:\n\tpytest\n")]);
        let package = "{ \"scripts\": { \"lint\": \"eslint .\" } }";
        project.call("write_file", json!({ "path": "web/package.json", "content": package }));
        project.write("bad/package.json", "{");
        expect![[r#"
            Makefile
              test [test]: pytest
            web/package.json
              web:lint [lint]: eslint .
            bad/package.json: not understood: EOF while parsing an object at line 1 column 1
            (2 tasks; run_task runs one by name)"#]]
        .assert_eq(&project.call("list_tasks", json!({})));
        let none = Project::new(&[]).call("list_tasks", json!({}));
        assert_eq!(none, "(no tasks; run_command runs any command)");
    }
}
