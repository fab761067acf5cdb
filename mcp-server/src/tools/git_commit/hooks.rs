//! Hooks of a commit: in the sandbox, as any other command.

use crate::repository::commit::Plan;
use crate::sandbox::{Exit, Limits, Order};
use crate::tool::{ToolContext, ToolError};
use crate::workspace::{FileChange, RelPath, visible};
use std::io::Read as _;
use std::time::{Duration, Instant};

/// How long a hook may take.
const PATIENCE: Duration = Duration::from_secs(300);
/// How much of what it says is shown, in bytes.
const SAID: u64 = 16 << 10;
/// The hook, with the message in a file of its own where it asks for one.
const SCRIPT: &str = r#"case "$0" in */commit-msg) file=$(mktemp) && printf '%s' "$MESSAGE" >"$file" && exec "$0" "$file";; esac; exec "$0""#;

/// Runs the hooks of a commit that were agreed to. What they changed is to be staged.
pub(super) fn run(context: &ToolContext, plan: &Plan) -> Result<Vec<FileChange>, ToolError> {
    let mut changes = Vec::new();
    for hook in &plan.hooks {
        changes.extend(one(context, plan, hook)?);
    }
    Ok(changes)
}

fn one(context: &ToolContext, plan: &Plan, hook: &str) -> Result<Vec<FileChange>, ToolError> {
    let fail = |error: &dyn std::fmt::Display| {
        ToolError::failed(format!("the hook `{hook}` could not run: {error}"))
    };
    let path = context.path(hook)?;
    let (root, inner) = context.snapshot.roots().locate(&path).ok_or_else(|| fail(&"it is in no root"))?;
    let order = Order {
        argv: ["sh".into(), "-c".into(), SCRIPT.into(), root.path.join(inner.to_os()).into()].into(),
        folder: context.snapshot.roots().in_root(root, &RelPath::root()),
        environment: vec![("MESSAGE".into(), plan.message().into()), ("GIT_EDITOR".into(), ":".into())],
        input: false,
        network: false,
        secrets: false,
        limits: Limits::default(),
    };
    let mut running =
        context.commands.sandbox().start(&order, &context.snapshot).map_err(|error| fail(&error))?;
    let output = running.output.take();
    let said = std::thread::spawn(move || {
        let mut said = Vec::new();
        if let Some(mut output) = output {
            let _ = (&mut output).take(SAID).read_to_end(&mut said);
            // The rest is read, so that the hook can go on, and forgotten.
            let _ = std::io::copy(&mut output, &mut std::io::sink());
        }
        String::from_utf8_lossy(&said).into_owned()
    });
    let begun = Instant::now();
    let exit = loop {
        context.cancelled()?;
        match running.try_wait() {
            Some(exit) => break exit,
            None if begun.elapsed() > PATIENCE => {
                return Err(fail(&format!("it did not end within {} s", PATIENCE.as_secs())));
            }
            None => std::thread::sleep(Duration::from_millis(5)),
        }
    };
    let said = said.join().unwrap_or_default();
    let effects = running.effects(&context.snapshot).map_err(|error| fail(&error))?;
    match exit {
        Exit::Code(0) => Ok(effects.changes),
        exit => Err(ToolError::failed(format!(
            "the hook `{hook}` refused the commit ({exit:?}), and nothing was committed:\n{}",
            visible(said.trim_end())
        ))),
    }
}
