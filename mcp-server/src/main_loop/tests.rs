//! What becomes of calls that panic, that nobody waits for, and that take their time.

use super::*;
use crate::permission::Access;
use crate::tool::ToolOutput;
use crate::toolbox::AnyCall;
use crate::tools::fixture::Project;
use serde_json::json;
use std::time::{Duration, Instant};

/// A call that does what it is told.
struct Acts<F>(F);

impl<F: FnOnce(&ToolContext) -> Result<ToolOutput, ToolError> + Send> AnyCall for Acts<F> {
    fn name(&self) -> &'static str {
        "acts"
    }

    fn access(&self, _snapshot: &Snapshot) -> Result<Access, ToolError> {
        Ok(Access::Read)
    }

    fn run(self: Box<Self>, context: &ToolContext) -> Result<ToolOutput, ToolError> {
        (self.0)(context)
    }
}

fn call(act: impl FnOnce(&ToolContext) -> Result<ToolOutput, ToolError> + Send + 'static) -> PermittedCall {
    PermittedCall {
        call: Box::new(Acts(act)),
        approval: None,
        agreed: false,
        opened: Vec::new(),
        direct: false,
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().build().expect("runtime")
}

fn reply(
    project: &Project,
    call: PermittedCall,
    listener: impl Fn(Progress) + Send + Sync + 'static,
) -> Reply {
    runtime().block_on(async { project.handle.run(call, Box::new(listener)).await })
}

#[test]
fn a_call_that_panics_is_answered_and_costs_nobody_else() {
    let project = Project::new(&[("a.txt", "one\n")]);
    let panics = call(|_| panic!("a defect"));
    let error = reply(&project, panics, |_| ()).expect_err("it panicked").to_string();
    assert!(error.contains("`acts`") && error.contains("a defect"), "{error}");
    assert!(project.call("read_file", json!({ "path": "a.txt" })).contains("one"));
    assert!(project.call("write_file", json!({ "path": "b.txt", "content": "x" })).contains("staged"));
}

#[test]
fn a_call_that_nobody_waits_for_ends_and_changes_nothing() {
    let project = Project::new(&[]);
    let (ended, end) = mpsc::channel();
    let waits = call(move |context| {
        let begun = Instant::now();
        while context.cancelled().is_ok() && begun.elapsed() < Duration::from_secs(20) {
            thread::sleep(Duration::from_millis(1));
        }
        ended.send(context.cancelled().is_err()).expect("the test waits");
        // Too late: what it wants done now is not done.
        let path = context.path("a.txt")?;
        let change = crate::workspace::FileChange {
            path,
            before: Side::Absent,
            after: Side::File(crate::workspace::FileContent::new(b"x".to_vec(), None)),
        };
        Ok(ToolOutput::op("", WorkspaceOp::Stage { title: "late".to_owned(), files: vec![change] }))
    });
    runtime().block_on(async {
        let running = project.handle.run(waits, Box::new(|_| ()));
        tokio::time::sleep(Duration::from_millis(20)).await;
        drop(running);
    });
    assert!(end.recv().expect("the call ends"), "it was told that nobody waits");
    assert!(project.handle.fresh_snapshot().staging().is_empty());
}

#[test]
fn a_call_tells_how_far_it_is() {
    let project = Project::new(&[]);
    let (sender, told) = mpsc::channel();
    let counts = call(|context| {
        (1..=3).for_each(|done| context.progress(done, Some(3), "counting"));
        Ok(ToolOutput::text("counted"))
    });
    let listener = move |progress: Progress| sender.send(progress.done).expect("the test listens");
    reply(&project, counts, listener).expect("a reply");
    assert_eq!(told.iter().collect::<Vec<_>>(), [1, 2, 3]);
}

#[test]
fn a_reply_is_never_endless() {
    let project = Project::new(&[]);
    let floods = call(|_| Ok(ToolOutput::text("é".repeat(REPLY_LIMIT))));
    let reply = reply(&project, floods, |_| ()).expect("a reply");
    let [Content::Text(text)] = &reply[..] else { panic!("one text") };
    assert!(text.len() < REPLY_LIMIT + 100, "{}", text.len());
    assert!(text.ends_with("ask for less at a time"), "it says what is missing");
}
