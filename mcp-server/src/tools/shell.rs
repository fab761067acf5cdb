//! What the tools that run programs share: from arguments to an order, and from what became of it to words.

use crate::commands::{Cause, CommandError, End, Process, ProcessError, Whole};
use crate::permission::CommandText;
use crate::sandbox::{Effects, Exit, Limits, Order, SandboxError, Tier};
use crate::tool::{ToolContext, ToolError};
use crate::workspace::{RelPath, Side, Snapshot, WorkspaceOp, visible};
use std::error::Error;
use std::fmt::Write as _;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

/// The longest command, in bytes: what a system takes as one argument.
const COMMAND: usize = 128 << 10;
/// The most seconds that a command may take.
const LONGEST: u64 = 3_600;
/// Files that a reply names.
const NAMED: usize = 20;
/// What commands are told about where their output goes.
const VARIABLES: [(&str, &str); 2] = [("TERM", "dumb"), ("NO_COLOR", "1")];

/// A command from the arguments that may say it.
pub(super) fn command(line: Option<&str>, argv: Option<&[String]>) -> Result<CommandText, ToolError> {
    let wrong = |text: &str| Err(ToolError::Arguments(text.to_owned()));
    let (text, length) = match (line, argv) {
        (Some(line), None) if !line.trim().is_empty() => (CommandText::Line(line.to_owned()), line.len()),
        (None, Some(argv)) if argv.first().is_some_and(|program| !program.is_empty()) => {
            (CommandText::Argv(argv.to_vec()), argv.iter().map(|argument| argument.len() + 1).sum())
        }
        (Some(_), Some(_)) => return wrong("give `command` or `argv`, not both"),
        _ => {
            return wrong(
                "there is no command: give a line for a shell as `command`, or a program and its arguments as `argv`",
            );
        }
    };
    let has_nul = line.is_some_and(|line| line.contains('\0'))
        || argv.is_some_and(|argv| argv.iter().any(|argument| argument.contains('\0')));
    if has_nul {
        return wrong("the command has a NUL byte, which no command can have");
    }
    if length > COMMAND {
        return wrong("the command has over 131072 bytes; write a file and run that");
    }
    Ok(text)
}

/// The folder to run in: one that exists, or that staged files will make.
pub(super) fn folder(snapshot: &Snapshot, folder: Option<&str>) -> Result<RelPath, ToolError> {
    let roots = snapshot.roots();
    let folder = roots.parse(folder.unwrap_or("."))?;
    if folder.is_root() {
        if roots.all().len() > 1 {
            let names: Vec<String> = roots.all().iter().map(|root| format!("`{}`", root.label)).collect();
            let text = format!("say with `folder` in which root to run: {}", names.join(", "));
            return Err(ToolError::Arguments(text));
        }
        return Ok(folder);
    }
    let folder = snapshot.locate(&folder)?;
    match snapshot.side(&folder)? {
        Side::Folder => Ok(folder),
        Side::Absent if snapshot.staging().below(&folder).next().is_some() => Ok(folder),
        Side::Absent => Err(SandboxError::NoFolder { folder }.into()),
        Side::File(_) | Side::Link(_) => Err(ToolError::failed(format!("`{folder}` is no folder"))),
    }
}

/// A command to be started.
pub(super) fn order(
    context: &ToolContext,
    command: &CommandText,
    folder: RelPath,
    (network, input): (bool, bool),
) -> Order {
    let argv = match command {
        CommandText::Line(line) | CommandText::Input { text: line, .. } => {
            vec!["sh".into(), "-c".into(), line.into()]
        }
        CommandText::Argv(argv) => argv.iter().map(Into::into).collect(),
    };
    Order {
        argv,
        folder,
        environment: VARIABLES.iter().map(|(name, value)| (name.into(), value.into())).collect(),
        input,
        network,
        secrets: context.agreed,
        limits: Limits::default(),
    }
}

/// Refuses a time that no command gets.
pub(super) fn check_timeout(seconds: Option<u64>) -> Result<(), ToolError> {
    if seconds.is_some_and(|seconds| seconds == 0 || seconds > LONGEST) {
        let text = format!("`timeout_s` is from 1 to {LONGEST}; start_process is for what runs longer");
        return Err(ToolError::Arguments(text));
    }
    Ok(())
}

/// Whether anybody waits for the call, for work that asks so.
pub(super) fn go_on(context: &ToolContext) -> ControlFlow<()> {
    if context.cancelled().is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
}

/// A command that was run to its end.
pub(super) struct Ran {
    pub(super) process: Process,
    /// How it ended and what it left behind.
    pub(super) words: String,
    pub(super) ops: Vec<WorkspaceOp>,
}

/// Runs a command to its end.
pub(super) fn run(
    context: &ToolContext,
    order: &Order,
    limit: Duration,
    title: String,
) -> Result<Ran, ToolError> {
    let process = context.commands.run(order, &context.snapshot, limit, title.clone())?;
    let end = process.ended(&context.cancel, |look| {
        context.progress(look.age.as_secs(), Some(limit.as_secs()), look.last_line.as_str());
    })?;
    let effects = process.effects(&context.cancel, context.latest())?.unwrap_or_default();
    let (left, ops) = taken_over(effects, title);
    let words = format!("{}; {}{left}", ended(&end), confined(context.commands.sandbox().tier()));
    Ok(Ran { process, words, ops })
}

/// A command as one line of bounded length.
pub(super) fn title(command: &CommandText) -> String {
    let text = match command {
        CommandText::Line(line) => line.clone(),
        CommandText::Argv(argv) => argv.join(" "),
        CommandText::Input { process, text } => format!("{process} < {text}"),
    };
    let text = visible(&text.split_whitespace().collect::<Vec<_>>().join(" "));
    match text.char_indices().nth(80) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// How a command ended.
pub(super) fn ended(end: &End) -> String {
    let how = match end.exit {
        Exit::Code(code) => format!("exit code {code}"),
        Exit::Signal(signal) => format!("ended by signal {signal}{}", signal_name(signal)),
    };
    let took = format!("{:.1} s", end.took.as_secs_f64());
    match end.cause {
        Cause::Itself => format!("{how} after {took}"),
        Cause::Timeout => format!("timed out and was stopped after {took}, {how}"),
        Cause::Flood => format!("stopped after {took}, because it wrote more than 64 MiB, {how}"),
        Cause::Stopped => format!("stopped after {took}, {how}"),
    }
}

fn signal_name(number: i32) -> &'static str {
    match number {
        2 => " (SIGINT)",
        4 => " (SIGILL)",
        6 => " (SIGABRT)",
        7 => " (SIGBUS)",
        8 => " (SIGFPE)",
        9 => " (SIGKILL)",
        11 => " (SIGSEGV)",
        13 => " (SIGPIPE)",
        15 => " (SIGTERM)",
        25 => " (SIGXFSZ)",
        31 => " (SIGSYS: a system call that the sandbox refuses)",
        _ => "",
    }
}

/// How commands are confined, in few words.
pub(super) fn confined(tier: Tier) -> &'static str {
    match tier {
        Tier::Overlay => "sandboxed over the staged view",
        Tier::Landlock => "sandboxed over the disk: staged text is not seen, and what it wrote is written",
        Tier::Unconfined => "not sandboxed: staged text is not seen, and what it wrote is written",
    }
}

/// The process of a name.
pub(super) fn process(context: &ToolContext, name: &str) -> Result<Arc<Process>, ToolError> {
    context.commands.find(name).ok_or_else(|| {
        let all = context.commands.all();
        let names: Vec<String> = all.iter().map(|process| format!("`{}`", process.name())).collect();
        let known = if names.is_empty() { "none was started".to_owned() } else { names.join(", ") };
        let shown: String = name.chars().take(60).collect();
        ToolError::failed(format!("no process `{shown}`: {known}"))
    })
}

/// What a process wrote since that was asked last.
pub(super) fn news(context: &ToolContext, process: &Process) -> Result<String, ToolError> {
    let mut news = process.news(&context.cancel)?;
    end_line(&mut news.text);
    if news.more {
        news.text.push_str("… more follows; read_process shows it …\n");
    }
    Ok(news.text)
}

/// How a process is; what it left behind is taken over once it has ended.
pub(super) fn state(
    context: &ToolContext,
    process: &Process,
) -> Result<(String, Vec<WorkspaceOp>), ToolError> {
    let look = process.look(&context.cancel)?;
    if let Some(end) = &look.end {
        let effects = process.effects(&context.cancel, context.latest())?.unwrap_or_default();
        let (words, ops) = taken_over(effects, process.what().to_owned());
        return Ok((format!("{}{words}", ended(end)), ops));
    }
    let mut words = format!("runs for {} s", look.age.as_secs());
    if !look.ports.is_empty() {
        let ports: Vec<String> = look.ports.iter().map(u16::to_string).collect();
        let _ = write!(words, "; listens on {}", ports.join(", "));
    }
    if context.commands.sandbox().tier() == Tier::Overlay && process.is_stale(&context.latest()) {
        words
            .push_str("; staged text has changed since its start: stop and start it to show it the new text");
    }
    Ok((words, Vec::new()))
}

/// Output with a note where its middle is left out.
pub(super) fn shown(whole: &Whole, name: &str) -> String {
    let mut text = whole.head.clone();
    if whole.left_out > 0 {
        end_line(&mut text);
        let (count, from) = (whole.left_out, whole.from);
        let (rows, bytes) = (whole.rows, whole.written);
        let _ = writeln!(
            text,
            "… {count} lines left out of {rows} with {bytes} bytes in all; read_process with `name` {name} and `offset` {from} shows them …"
        );
    }
    text.push_str(&whole.tail);
    end_line(&mut text);
    text
}

/// The end of an output, in whole lines where there are any.
pub(super) fn end(text: &mut String, output: &str, most: usize, name: &str) {
    let mut start = output.ceil_char_boundary(output.len().saturating_sub(most));
    if start > 0 {
        start += output[start..].find('\n').map_or(0, |end| end + 1);
        let _ = writeln!(
            text,
            "… the end of the output; read_process with `name` {name} and `offset` 1 shows all …"
        );
    }
    text.push_str(&output[start..]);
    end_line(text);
}

/// What follows begins a line.
pub(super) fn end_line(text: &mut String) {
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
}

/// What a command left behind, in words that follow others, and what is to be staged of it.
pub(super) fn taken_over(effects: Effects, title: String) -> (String, Vec<WorkspaceOp>) {
    let mut words = String::new();
    let paths = |paths: Vec<&RelPath>| {
        let named: Vec<String> = paths.iter().take(NAMED).map(|path| format!("`{path}`")).collect();
        let more = paths.len().saturating_sub(NAMED);
        if more == 0 { named.join(", ") } else { format!("{} and {more} more", named.join(", ")) }
    };
    if !effects.changes.is_empty() {
        let _ =
            write!(words, "; changed {}", paths(effects.changes.iter().map(|change| &change.path).collect()));
    }
    if !effects.written.is_empty() {
        let _ = write!(words, "; wrote {} to disk", paths(effects.written.iter().collect()));
    }
    if effects.cached > 0 {
        let _ = write!(words, "; {} files of build folders and caches stay in the sandbox", effects.cached);
    }
    for (path, why) in effects.refused.iter().take(NAMED) {
        let _ = write!(words, "; refused `{path}`: {why}");
    }
    if let Some(more @ 1..) = effects.refused.len().checked_sub(NAMED) {
        let _ = write!(words, "; refused {more} more");
    }
    let ops = match effects.changes.is_empty() {
        true => Vec::new(),
        false => vec![WorkspaceOp::Stage { title, files: effects.changes }],
    };
    (words, ops)
}

/// An error with its causes.
fn with_causes(error: &(dyn Error + 'static)) -> String {
    let causes = std::iter::successors(error.source(), |error| Error::source(*error));
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

impl From<SandboxError> for ToolError {
    fn from(error: SandboxError) -> Self {
        Self::Failed(with_causes(&error))
    }
}

impl From<CommandError> for ToolError {
    fn from(error: CommandError) -> Self {
        Self::Failed(with_causes(&error))
    }
}

impl From<ProcessError> for ToolError {
    fn from(error: ProcessError) -> Self {
        match error {
            ProcessError::Cancelled => Self::Cancelled,
            other => Self::Failed(with_causes(&other)),
        }
    }
}
