use super::*;
use crate::model::{Message, Role};
use crate::provider::Shape;

fn prompt(number: u64, text: &str) -> Prompt {
    Prompt {
        number,
        tries: 0,
        messages: vec![Message::new(Role::System, "You help."), Message::new(Role::User, text)],
        tools: Vec::new(),
        may_call: true,
        shape: Shape::Text,
        tokens: 100,
        drafts: Vec::new(),
    }
}

/// What is heard, a word each, and the answer.
fn ask(replay: &Replay, prompt: &Prompt) -> (Vec<String>, Result<Answer, Problem>) {
    let mut heard = Vec::new();
    let answer = replay.ask(prompt, &mut |said| {
        match said {
            Heard::Piece(Piece::Text(text)) => heard.push(text),
            Heard::Piece(Piece::Reasoning(text)) => heard.push(format!("({text})")),
            Heard::RateLimited { seconds } => heard.push(format!("in {seconds} s")),
            Heard::Nothing if heard.last().is_some_and(|last| last == "...") => {}
            Heard::Nothing => heard.push("...".to_owned()),
            Heard::Loading(_) | Heard::Prefill { .. } => heard.push("?".to_owned()),
        }
        ControlFlow::Continue(())
    });
    (heard, answer)
}

#[test]
fn each_request_has_its_line() {
    let script = r#"{"text": "größer", "reasoning": "hm", "rate_limited": 7, "pause": 1}

{"calls": [{"name": "read", "arguments": {"path": "a.rs"}}, {"name": "list"}], "broken": ["no JSON"]}
{"text": "half of", "problem": {"what": "it broke", "why": "a fuse", "next": "mend it"}}
"#;
    let replay = Replay::read(script).unwrap();
    let (heard, answer) = ask(&replay, &prompt(1, "hello"));
    assert_eq!(heard, ["in 7 s", "...", "(h)", "(m)", "grö", "ße", "r"]);
    let answer = answer.unwrap();
    assert_eq!((answer.text.as_str(), answer.reasoning.as_str()), ("größer", "hm"));
    let usage = answer.usage;
    assert_eq!((usage.prompt, usage.generated, usage.context_used), (17, 4, 21));

    let mut second = prompt(2, "go on");
    second.messages[1].calls =
        vec![ToolCall { id: CallId("call_1".to_owned()), name: "x".to_owned(), arguments: Map::new() }];
    // Asked twice, as after a restart, it is the same.
    let answers = [(); 2].map(|()| ask(&replay, &second).1.unwrap());
    assert_eq!(answers[0], answers[1]);
    let ids: Vec<&str> = answers[0].calls.iter().map(|call| call.id.0.as_str()).collect();
    assert_eq!(ids, ["call_2", "call_3"]);
    assert_eq!(answers[0].calls[0].arguments["path"], "a.rs");
    assert_eq!(answers[0].broken, ["no JSON"]);

    let (heard, answer) = ask(&replay, &prompt(3, "again"));
    assert_eq!((heard.concat(), answer.unwrap_err().why), ("half of".to_owned(), "a fuse".to_owned()));
    let missing = ask(&replay, &prompt(4, "more")).1.unwrap_err();
    assert_eq!(missing.what, "the script has no answer to request 4");
    assert!(missing.why.contains("3 in all"), "{missing:?}");
    assert!(ask(&replay, &prompt(0, "less")).1.is_err());
}

#[test]
fn another_request_than_expected_is_a_problem() {
    let replay = Replay::read(r#"{"text": "yes", "expect": "rename"}"#).unwrap();
    assert_eq!(ask(&replay, &prompt(1, "please rename it")).1.unwrap().text, "yes");
    let problem = ask(&replay, &prompt(1, "delete\nit")).1.unwrap_err();
    assert_eq!(problem.why, r"`rename` is not in its last message, which ends with `delete\nit`");
}

#[test]
fn what_is_misspelled_is_named_with_its_line() {
    let wrong = [
        r#"{"txt": "a"}"#,
        r#"{"calls": [{"name": "a", "argument": {}}]}"#,
        r#"{"problem": {"what": "a", "why": "b", "next": "c", "more": "d"}}"#,
        r#"{"problem": {"what": "a"}}"#,
        r#"{"pause": 600001}"#,
        "[]",
        "text",
    ];
    for line in wrong {
        let error = Replay::read(&format!("{{}}\n\n{line}\n")).unwrap_err();
        assert!(error.to_string().contains("line 3"), "{line}: {error}");
    }
    let ReplayError::Line { source, .. } = Replay::read(wrong[0]).unwrap_err() else { panic!("of a line") };
    assert!(source.to_string().contains("unknown field `txt`"), "{source}");
}

#[test]
fn who_has_heard_enough_gets_what_was_said() {
    let script = r#"{"text": "abcdef", "pause": 600000, "calls": [{"name": "read"}]}
{"text": "abcdef", "calls": [{"name": "read"}], "problem": {"what": "a", "why": "b", "next": "c"}}"#;
    let replay = Replay::read(script).unwrap();
    let answer = replay.ask(&prompt(1, "a"), &mut |_| ControlFlow::Break(())).unwrap();
    assert_eq!((answer.text.as_str(), answer.calls.len()), ("", 0));
    let mut pieces = 0;
    let answer = replay.ask(&prompt(2, "a"), &mut |_| {
        pieces += 1;
        if pieces < 2 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    let answer = answer.unwrap();
    assert_eq!((answer.text.as_str(), answer.calls.len()), ("abcd", 0));
    assert!(answer.usage.generated > 0);
}
