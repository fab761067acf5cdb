use super::super::decide::{Approve, Wanted};
use super::*;
use devtoolkit_agent::protocol::{Mode, Phase};
use serde_json::Value;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

/// What is read of a text: each line's command, or what is wrong with it.
fn reads(text: &[u8]) -> Vec<String> {
    let mut read = Vec::new();
    super::read(&mut &*text, &mut |input| {
        read.push(match input {
            Input::Line { number, read: Ok(command) } => {
                format!("{number}: {}", serde_json::to_string(&command).unwrap())
            }
            Input::Line { number, read: Err(why) } => format!("{number}! {why}"),
            Input::NoMore => "end".to_owned(),
            Input::Event(_) | Input::Interrupt | Input::Closed => panic!("not from here"),
        });
        Reads::Yes
    });
    read
}

#[test]
fn lines_are_commands_or_say_what_is_wrong() {
    assert_eq!(
        reads(b"{\"command\": \"cancel\"}\r\n\n{\"command\": \"dance\"}\n\xff\n{\"command\": \"undo\"}"),
        [
            r#"1: {"command":"cancel"}"#,
            "3! unknown variant `dance`, expected one of `prompt`, `approve_plan`, `reject_plan`, `edit_plan`, `accept`, `reject`, `answer_permission`, `cancel`, `queue`, `undo`, `set_mode`, `set_model` at line 1 column 19",
            "4! expected value at line 1 column 1",
            r#"5: {"command":"undo"}"#,
            "end",
        ]
    );
}

#[test]
fn a_line_that_is_too_long_is_refused_and_those_after_it_are_not() {
    let command = |bytes: usize| {
        let frame = r#"{"command":"queue","text":""}"#.len();
        format!(r#"{{"command":"queue","text":"{}"}}"#, "x".repeat(bytes - frame))
    };
    let text = format!("{}\n{}\n{}\n", command(MOST_LINE), command(MOST_LINE * 3), r#"{"command":"undo"}"#);
    let read = reads(text.as_bytes());
    assert!(read[0].starts_with("1: "), "as long as it may be");
    assert_eq!(read[1..], ["2! it has more than 1048576 bytes", r#"3: {"command":"undo"}"#, "end"]);
}

/// A run over these inputs, with what a session says to each command.
fn run(approve: Approve, inputs: Vec<Input>, says: fn(&Command) -> Vec<What>) -> (Vec<Value>, u8) {
    let wanted = Wanted { approve, mode: None, prompts: Vec::new(), continued: false, listens: true };
    let (to, commands): (_, Receiver<Command>) = channel();
    let (tells, events) = channel();
    let (inbox, more) = Inbox::of(to, events);
    let session = thread::spawn(move || {
        let mut sequence = 0;
        for command in commands {
            for what in says(&command) {
                sequence += 1;
                let _ = tells.send(Event { session: "s".to_owned(), turn: 1, sequence, what });
            }
        }
    });
    inputs.into_iter().for_each(|input| more.send(input).unwrap());
    let mut out = Vec::new();
    let code = follow(Decide::new(wanted), inbox, &mut out).unwrap();
    session.join().unwrap();
    let lines = String::from_utf8(out).unwrap();
    (lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect(), code)
}

fn command(number: u64, json: &str) -> Input {
    Input::Line { number, read: super::command(json.as_bytes()) }
}

#[test]
fn events_are_lines_and_a_bad_line_is_an_event() {
    let says = |command: &Command| match command {
        Command::Prompt { .. } => vec![
            What::Status { phase: Phase::Understanding, mode: Mode::Ask },
            What::MessageDelta { text: "two\nlines".to_owned() },
            What::Complete { changed: false, summary: "two\nlines".to_owned() },
            What::Status { phase: Phase::Idle, mode: Mode::Ask },
        ],
        _ => panic!("{command:?} was not sent"),
    };
    let inputs = vec![
        command(1, "{"),
        command(2, r#"{"command": "prompt", "text": "why?", "mode": "ask"}"#),
        Input::NoMore,
    ];
    let (lines, code) = run(Approve::Ask, inputs, says);
    assert_eq!(code, 0);
    let names: Vec<&str> = lines.iter().map(|line| line["event"].as_str().unwrap()).collect();
    assert_eq!(names, ["error", "status", "message_delta", "complete", "status"]);
    assert_eq!(lines[0]["what"], "line 1 is no command");
    assert_eq!(lines[0]["sequence"], 0);
    assert_eq!(lines[2]["text"], "two\nlines");
}

#[test]
fn a_session_that_is_gone_ends_the_run() {
    let inputs = vec![command(1, r#"{"command": "prompt", "text": "why?"}"#), Input::Closed];
    assert_eq!(run(Approve::Ask, inputs, |_| Vec::new()), (Vec::new(), 1));
}

#[test]
fn what_is_approved_beforehand_needs_no_command() {
    let says = |command: &Command| match command {
        Command::Prompt { .. } => vec![What::Status { phase: Phase::PlanReview, mode: Mode::Agent }],
        Command::ApprovePlan => vec![What::Cancelled, What::Status { phase: Phase::Idle, mode: Mode::Agent }],
        _ => panic!("{command:?} was not sent"),
    };
    let prompt = || vec![command(1, r#"{"command": "prompt", "text": "do it"}"#), Input::NoMore];
    let (lines, code) = run(Approve::Plan, prompt(), says);
    assert_eq!((lines.len(), code), (3, 130));
    let (lines, code) = run(Approve::Ask, prompt(), says);
    assert_eq!((lines.len(), code), (1, 3), "nobody approves it");
}
