use super::*;
use clap::Parser;

#[derive(Debug, Parser)]
struct Line {
    #[command(flatten)]
    run: RunArguments,
}

fn parsed(arguments: &[&str]) -> Result<RunArguments, String> {
    let line = Line::try_parse_from([&["run"], arguments].concat());
    line.map(|line| line.run).map_err(|error| error.to_string())
}

#[test]
fn the_command_line_is_read() {
    let run = parsed(&["--mode", "plan", "--approve", "all", "one", "two"]).unwrap();
    assert_eq!((run.mode, run.approve), (Some(Mode::Plan), Some(Approve::All)));
    assert_eq!(run.prompts, ["one", "two"]);
    assert_eq!(run.opening.workspace, None);
    assert!(parsed(&["--continue"]).unwrap().go_on, "what waits can be taken up without a prompt");
    assert!(parsed(&["--json"]).unwrap().prompts.is_empty());
}

#[test]
fn wrong_usage_says_what_is_right() {
    assert!(parsed(&[]).unwrap_err().contains("<PROMPT>"));
    assert!(parsed(&["--mode", "fast", "x"]).unwrap_err().contains("it is one of ask, plan, agent"));
    assert!(parsed(&["--continue", "--session", "a", "x"]).is_err());
    let error = run(&parsed(&["  "]).unwrap()).unwrap_err();
    assert_eq!(error.to_string(), "a prompt is empty; say what is wanted");
}

#[test]
fn what_is_told_at_the_end_is_still_heard() {
    let (to, commands) = std::sync::mpsc::channel();
    let (tells, events) = std::sync::mpsc::channel();
    let (inbox, more) = Inbox::of(to, events);
    let event = Event {
        session: "s".to_owned(),
        turn: 1,
        sequence: 1,
        what: devtoolkit_agent::protocol::What::Cancelled,
    };
    tells.send(event.clone()).unwrap();
    more.send(Input::NoMore).unwrap();
    let left = inbox.close();
    assert!(commands.recv().is_err(), "whoever runs the session hears that it is over");
    drop(tells);
    let heard: Vec<Event> = std::iter::from_fn(|| left.event()).collect();
    assert_eq!(heard, [event]);
}
