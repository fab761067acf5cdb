use super::*;
use devtoolkit_agent::plan::{Action, StepId};
use std::collections::VecDeque;

/// Somebody who presses and types what they were told to, and then nothing.
#[derive(Default)]
struct Script {
    keys: VecDeque<char>,
    texts: VecDeque<Typed>,
    heard: String,
}

impl Keys for Script {
    fn say(&mut self, text: &str) {
        self.heard.push_str(text);
    }

    fn key(&mut self) -> Pressed {
        match self.keys.pop_front() {
            Some('\u{3}') => Pressed::Stop,
            Some(key) => Pressed::Key(key),
            None => Pressed::End,
        }
    }

    fn text(&mut self, prompt: &str, first: &str) -> Typed {
        self.heard.push_str(prompt);
        self.heard.push_str(first);
        self.texts.pop_front().unwrap_or(Typed::End)
    }
}

fn plan() -> Question {
    let step = |id| Step {
        id: StepId(id),
        action: Action::Note,
        instruction: format!("do {id}"),
        comments: Vec::new(),
    };
    let text = || "a plan".to_owned();
    let steps = vec![step(1), step(4)];
    Question::Plan(Plan { title: text(), description: text(), reasoning: text(), steps })
}

fn change(hunk: Option<&str>) -> Question {
    let hunk = hunk.map(|id| Hunk { id: id.to_owned(), line: 1, old: String::new(), new: "a\n".to_owned() });
    Question::Change { path: "a.py".to_owned(), hunk, left: 2 }
}

#[track_caller]
fn check(question: &Question, keys: &str, texts: &[&str], json: &str) {
    let texts = texts.iter().map(|text| Typed::Text((*text).to_owned())).collect();
    let mut script = Script { keys: keys.chars().collect(), texts, ..Script::default() };
    let Answer::Send(command) = ask(question, &mut script) else { panic!("no command: {}", script.heard) };
    assert_eq!(serde_json::to_string(&command).unwrap(), json);
    assert!(script.keys.is_empty() && script.texts.is_empty(), "everything was asked for");
}

#[test]
fn a_plan_is_answered_by_a_key() {
    check(&plan(), "a", &[], r#"{"command":"approve_plan"}"#);
    check(&plan(), "r", &["too much "], r#"{"command":"reject_plan","reason":"too much"}"#);
    check(
        &plan(),
        "e",
        &["4", "do less"],
        r#"{"command":"edit_plan","edit":"instruct","step":4,"instruction":"do less"}"#,
    );
    check(&plan(), "d", &["1"], r#"{"command":"edit_plan","edit":"remove","step":1}"#);
    check(&plan(), "c", &["1", "why?"], r#"{"command":"edit_plan","edit":"comment","step":1,"text":"why?"}"#);
}

#[test]
fn what_is_no_answer_is_asked_again() {
    check(&plan(), "x\nd", &["1"], r#"{"command":"edit_plan","edit":"remove","step":1}"#);
    check(&plan(), "dea", &["2", "4", ""], r#"{"command":"approve_plan"}"#);
    let texts = VecDeque::from([Typed::Back]);
    let mut script = Script { keys: "rq".chars().collect(), texts, ..Script::default() };
    assert_eq!(ask(&plan(), &mut script), Answer::Cancel);
    assert_eq!(script.heard.matches("a approve").count(), 2);
}

#[test]
fn an_instruction_is_changed_from_what_it_is() {
    let mut script = Script {
        keys: "e".chars().collect(),
        texts: VecDeque::from([Typed::Text("1".to_owned())]),
        ..Script::default()
    };
    assert_eq!(ask(&plan(), &mut script), Answer::Nobody);
    assert!(script.heard.ends_with("instruction: do 1"), "{}", script.heard);
}

#[test]
fn a_permission_is_answered_by_a_key() {
    let question = Question::Permission {
        request: "call_4".to_owned(),
        tool: "run_command".to_owned(),
        text: "`ls`".to_owned(),
    };
    for (key, answer) in [("y", "once"), ("s", "session"), ("A", "always"), ("n", "deny"), ("aYn", "deny")] {
        let json = format!(r#"{{"command":"answer_permission","request":"call_4","answer":"{answer}"}}"#);
        check(&question, key, &[], &json);
    }
}

#[test]
fn a_change_is_answered_by_a_key() {
    let (hunk, file) = (change(Some("h1")), change(None));
    check(&hunk, "y", &[], r#"{"command":"accept","which":"hunk","path":"a.py","hunk":"h1"}"#);
    check(&file, "y", &[], r#"{"command":"accept","which":"file","path":"a.py"}"#);
    check(&hunk, "n", &[""], r#"{"command":"reject","which":"hunk","path":"a.py","hunk":"h1","reason":""}"#);
    check(&hunk, "a", &[], r#"{"command":"accept","which":"all"}"#);
    check(&hunk, "d", &["no"], r#"{"command":"reject","which":"all","reason":"no"}"#);
    let mut script = Script { keys: "q".chars().collect(), ..Script::default() };
    assert_eq!(ask(&hunk, &mut script), Answer::Leave);
}

#[test]
fn nobody_is_no_consent() {
    for question in [plan(), change(Some("h1"))] {
        assert_eq!(ask(&question, &mut Script::default()), Answer::Nobody);
        let mut script = Script { keys: "\u{3}".chars().collect(), ..Script::default() };
        assert_eq!(ask(&question, &mut script), Answer::Cancel);
    }
}
