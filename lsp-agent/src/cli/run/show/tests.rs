#![expect(clippy::disallowed_methods, reason = "tests read samples")]

use super::super::stand_in::{Pace, StandIn, Trouble, agrees, play};
use super::*;
use crate::cli::run::decide::{Approve, Wanted};
use devtoolkit_agent::plan::{Action, Step};
use expect_test::{Expect, expect};
use std::fmt::Write as _;
use std::path::Path;

const PLAIN: Style = Style { colour: false, width: 72 };
const COLOURED: Style = Style { colour: true, width: 72 };

fn event(what: What) -> Event {
    Event { session: "s".to_owned(), turn: 1, sequence: 1, what }
}

fn status(phase: Phase, mode: Mode) -> Event {
    event(What::Status { phase, mode })
}

/// What is shown of these, one after the other.
fn shown(style: Style, events: &[Event]) -> String {
    let mut shown = Shown::new(style);
    let text: String = events.iter().map(|event| shown.event(event)).collect();
    text + &shown.close()
}

/// Escape sequences as something to be read.
fn readable(text: &str) -> String {
    text.replace('\u{1b}', "␛")
}

#[track_caller]
fn samples(style: Style, expected: Expect) {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("tests/samples/protocol/events");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let mut all = String::new();
    for path in paths {
        let event: Event = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let _ = writeln!(all, "# {}", path.file_stem().unwrap().display());
        all += &readable(&shown(style, &[event]));
    }
    expected.assert_eq(&all);
}

#[test]
fn each_event_is_shown() {
    samples(
        PLAIN,
        expect![[r#"
            # cancelled
            ■ cancelled
            # change_staged
            ± src/net.py +1 -1
            @@ src/net.py:12 @@
            -def fetch(url):
            +def fetch(url, timeout=30):
            # command_output
            # command_proposed
              $ make check
            # complete
            ✓ changes wait for review
            # context_reduced
              the model's context is full: the outputs of 3 earlier tool calls are left out
            # error
            ✗ the model gave no answer: its process was killed
              ask again
            # file_read
              read src/net.py
            # message_delta
            It is in 
            # permission_request
            ? run_command asks for permission
              `npm install`, in `web`, with network, sandboxed over the staged view
            # plan
            Plan: Add a timeout
              `fetch` gets a timeout.
              Why: One function opens every connection.
              [ ] 1 edit src/net.py › fetch
                     add a parameter `timeout`, 30 seconds by default
              [ ] 2 run `pytest`
                     the tests
                     » only those of net
            # rate_limit
              the model's server wants a rest: it goes on in 20 s
            # reasoning_delta
            The caller passes
            # status
            # step_update
            ↻ step 1: nothing has changed: write what the step asks for
            # tool_end
              ✓ call_3 → (exit code 0 after 1.2 s)
            # tool_output
            # tool_start
            # usage
            # verification
            ✗ the project's check failed: 1 failed, 40 passed
              src/net.py:12: TypeError
        "#]],
    );
}

#[test]
fn each_event_is_shown_in_colour() {
    samples(
        COLOURED,
        expect![[r#"
            # cancelled
            ␛[33m■ cancelled␛[0m
            # change_staged
            ␛[1m± src/net.py␛[0m ␛[32m+1␛[0m ␛[31m-1␛[0m
            ␛[2m@@ src/net.py:12 @@␛[0m
            ␛[31m-def fetch(url):␛[0m
            ␛[32m+␛[0m␛[35mdef␛[0m␛[32m fetch(url, timeout=␛[0m␛[33m30␛[0m␛[32m):␛[0m
            # command_output
            # command_proposed
            ␛[2m  $ make check␛[0m
            # complete
            ␛[1m✓ changes wait for review␛[0m
            # context_reduced
            ␛[2m  the model's context is full: the outputs of 3 earlier tool calls are left out␛[0m
            # error
            ␛[31m✗ the model gave no answer␛[0m: its process was killed
              ask again
            # file_read
            ␛[2m  read src/net.py␛[0m
            # message_delta
            It is in 
            # permission_request
            ␛[33m? run_command asks for permission␛[0m
              `npm install`, in `web`, with network, sandboxed over the staged view
            # plan
            ␛[1mPlan: Add a timeout␛[0m
              `fetch` gets a timeout.
            ␛[2m  Why: One function opens every connection.␛[0m
              [ ] ␛[1m1 edit src/net.py › fetch␛[0m
                     add a parameter `timeout`, 30 seconds by default
              [ ] ␛[1m2 run `pytest`␛[0m
                     the tests
            ␛[33m         » only those of net␛[0m
            # rate_limit
            ␛[2m  the model's server wants a rest: it goes on in 20 s␛[0m
            # reasoning_delta
            ␛[2mThe caller passes␛[0m
            # status
            # step_update
            ␛[33m↻␛[0m step 1: nothing has changed: write what the step asks for
            # tool_end
              ␛[32m✓␛[0m ␛[2mcall_3 → (exit code 0 after 1.2 s)␛[0m
            # tool_output
            # tool_start
            # usage
            # verification
            ␛[31m✗ the project's check failed: 1 failed, 40 passed␛[0m
              src/net.py:12: TypeError
        "#]],
    );
}

/// A whole run, and what was asked in it.
fn whole(style: Style) -> String {
    let mut stand_in = StandIn::new(Trouble::None);
    let mut about = String::new();
    let mut asks = Shown::new(style);
    let wanted = Wanted {
        approve: Approve::Ask,
        mode: None,
        prompts: vec!["do it".to_owned()],
        continued: false,
        listens: false,
    };
    play(wanted, &mut stand_in, Pace::Patient, &mut |question| {
        about += &asks.question(question, false);
        agrees(question)
    });
    readable(&format!("{}---\n{about}", shown(style, &stand_in.told)))
}

#[test]
fn a_whole_run_is_shown() {
    expect![[r#"
        Where is
        it?
        It is in `a.py`.
        Where is
        it?
        Plan: Add a depth
          `area` gets a depth.
          Why: It is asked for.
          [ ] 1 edit a.py › area
                 add a depth, 1 by default
          [ ] 2 run `make`
                 the tests
        Where is
        it?
          ✓ replace_symbol path=a.py symbol=area body=def area(w, h, d=1):⏎ …
        ± a.py +2 -1
        @@ a.py:1 @@
        -def area(w, h):
        +def area(w, h, d=1):
        @@ a.py:2 @@
        +    # with a depth
        ± b.py +1 -1
        @@ b.py:1 @@
        -area(1, 2)
        +area(1, 2, 3)
        ✓ 1 edit a.py › area
        ? run_command asks for permission
          `make`, in `.`, without network
          ✓ run_command make → (exit code 0 after 1.2 s)
        ✓ 2 run `make`: (exit code 0 after 1.2 s)
        ✓ the project's check passed: 3 passed
        ✓ changes wait for review
        ✓ applied
        ---
        a.py – 3 changes wait
        @@ a.py:1 @@
        -def area(w, h):
        +def area(w, h, d=1):
        a.py – 2 changes wait
        @@ a.py:1 @@
        +    # with a depth
        b.py – the last change
        @@ b.py:1 @@
        -area(1, 2)
        +area(1, 2, 3)
    "#]]
    .assert_eq(&whole(PLAIN));
}

#[test]
fn a_whole_run_is_shown_in_colour() {
    expect![[r#"
        ␛[2mWhere is
        it?␛[0m
        It is in `a.py`.
        ␛[2mWhere is
        it?␛[0m
        ␛[1mPlan: Add a depth␛[0m
          `area` gets a depth.
        ␛[2m  Why: It is asked for.␛[0m
          [ ] ␛[1m1 edit a.py › area␛[0m
                 add a depth, 1 by default
          [ ] ␛[1m2 run `make`␛[0m
                 the tests
        ␛[2mWhere is
        it?␛[0m
          ␛[32m✓␛[0m ␛[2mreplace_symbol path=a.py symbol=area body=def area(w, h, d=1):⏎ …␛[0m
        ␛[1m± a.py␛[0m ␛[32m+2␛[0m ␛[31m-1␛[0m
        ␛[2m@@ a.py:1 @@␛[0m
        ␛[31m-def area(w, h):␛[0m
        ␛[32m+␛[0m␛[35mdef␛[0m␛[32m area(w, h, d=␛[0m␛[33m1␛[0m␛[32m):␛[0m
        ␛[2m@@ a.py:2 @@␛[0m
        ␛[32m+␛[0m␛[32m    ␛[0m␛[2m# with a depth␛[0m
        ␛[1m± b.py␛[0m ␛[32m+1␛[0m ␛[31m-1␛[0m
        ␛[2m@@ b.py:1 @@␛[0m
        ␛[31m-area(1, 2)␛[0m
        ␛[32m+␛[0m␛[32marea(␛[0m␛[33m1␛[0m␛[32m, ␛[0m␛[33m2␛[0m␛[32m, ␛[0m␛[33m3␛[0m␛[32m)␛[0m
        ␛[32m✓␛[0m 1 edit a.py › area
        ␛[33m? run_command asks for permission␛[0m
          `make`, in `.`, without network
          ␛[32m✓␛[0m ␛[2mrun_command make → (exit code 0 after 1.2 s)␛[0m
        ␛[32m✓␛[0m 2 run `make`: (exit code 0 after 1.2 s)
        ␛[32m✓ the project's check passed: 3 passed␛[0m
        ␛[1m✓ changes wait for review␛[0m
        ␛[1m✓ applied␛[0m
        ---
        ␛[1ma.py – 3 changes wait␛[0m
        ␛[2m@@ a.py:1 @@␛[0m
        ␛[31m-def area(w, h):␛[0m
        ␛[32m+␛[0m␛[35mdef␛[0m␛[32m area(w, h, d=␛[0m␛[33m1␛[0m␛[32m):␛[0m
        ␛[1ma.py – 2 changes wait␛[0m
        ␛[2m@@ a.py:1 @@␛[0m
        ␛[32m+␛[0m␛[32m    ␛[0m␛[2m# with a depth␛[0m
        ␛[1mb.py – the last change␛[0m
        ␛[2m@@ b.py:1 @@␛[0m
        ␛[31m-area(1, 2)␛[0m
        ␛[32m+␛[0m␛[32marea(␛[0m␛[33m1␛[0m␛[32m, ␛[0m␛[33m2␛[0m␛[32m, ␛[0m␛[33m3␛[0m␛[32m)␛[0m
    "#]]
    .assert_eq(&whole(COLOURED));
}

#[test]
fn an_answer_is_shown_once() {
    let answer = |streamed: bool| {
        let mut events = vec![status(Phase::Understanding, Mode::Ask)];
        if streamed {
            events.push(event(What::MessageDelta { text: "be".to_owned() }));
            events.push(event(What::MessageDelta { text: "cause".to_owned() }));
        }
        events.push(event(What::Complete { changed: false, summary: "because".to_owned() }));
        shown(PLAIN, &events)
    };
    assert_eq!(answer(true), "because\n");
    assert_eq!(answer(false), "because\n", "of a model that does not stream");
}

#[test]
fn what_is_shown_steers_no_terminal() {
    let evil = || "\u{1b}[2J\u{9b}1A\r\u{7}\u{202e}x\ny".to_owned();
    let plan = Plan {
        title: evil(),
        description: evil(),
        reasoning: evil(),
        steps: vec![Step {
            id: StepId(1),
            action: Action::RenameSymbol { path: evil(), symbol: evil(), to: evil() },
            instruction: evil(),
            comments: vec![evil()],
        }],
    };
    let hunk = Hunk { id: evil(), line: 1, old: evil(), new: format!("{}z", evil()) };
    let mut arguments = serde_json::Map::new();
    arguments.insert(evil(), evil().into());
    arguments.insert("list".to_owned(), vec![evil()].into());
    let problem = Problem { what: evil(), why: evil(), next: evil() };
    let failed = Verdict::Failed { summary: evil(), output: evil() };
    let events = [
        What::MessageDelta { text: evil() },
        What::ReasoningDelta { text: evil() },
        What::Plan { plan: plan.clone() },
        What::StepUpdate { step: StepId(1), state: StepState::Failed, note: evil() },
        What::ToolStart { call: evil(), tool: evil(), arguments },
        What::ToolOutput { call: evil(), text: evil() },
        What::ToolEnd { call: evil(), is_error: true, text: evil(), details: serde_json::Value::Null },
        What::ToolEnd { call: evil(), is_error: true, text: evil(), details: serde_json::Value::Null },
        What::FileRead { path: evil() },
        What::ChangeStaged { path: evil(), hunks: vec![hunk.clone()], conflict: false },
        What::ChangeStaged { path: format!("{}.py", evil()), hunks: vec![hunk.clone()], conflict: false },
        What::PermissionRequest { request: evil(), tool: evil(), text: evil() },
        What::Verification { verdict: failed },
        What::Verification { verdict: Verdict::Passed { summary: evil() } },
        What::Verification { verdict: Verdict::NotChecked { why: evil() } },
        What::Error(problem),
        What::Complete { changed: true, summary: evil() },
    ]
    .map(event);
    let is_safe = |text: &str| {
        let steers = |letter: char| letter.is_control() && letter != '\n' || letter == '\u{202e}';
        assert!(!text.contains(steers), "{text:?}");
    };
    is_safe(&shown(PLAIN, &events));
    // In colour, only our own sequences are left, which strip away.
    is_safe(&anstream::adapter::strip_str(&shown(COLOURED, &events)).to_string());
    assert!(!shown(COLOURED, &events).contains("\u{1b}[2J"));
    let mut screen = Shown::new(PLAIN);
    let text = |text: &str| text.to_owned();
    let questions = [
        Question::Plan(plan),
        Question::Permission { request: text("r"), tool: evil(), text: evil() },
        Question::Change { path: evil(), hunk: Some(hunk), left: 1 },
    ];
    questions.iter().for_each(|question| is_safe(&screen.question(question, true)));
    screen.event(&status(Phase::Working, Mode::Agent));
    events.iter().take(5).for_each(|event| drop(screen.event(event)));
    screen.close();
    is_safe(&screen.progress(Duration::ZERO).unwrap());
}

#[test]
fn the_same_change_is_shown_once() {
    let staged = |new: &str, id: &str| {
        let hunk = Hunk { id: id.to_owned(), line: 3, old: "a\n".to_owned(), new: new.to_owned() };
        event(What::ChangeStaged { path: "a.txt".to_owned(), hunks: vec![hunk], conflict: false })
    };
    let mut screen = Shown::new(PLAIN);
    expect![[r#"
        ± a.txt +1 -1
        @@ a.txt:3 @@
        -a
        +b
        \ no line break at the end
    "#]]
    .assert_eq(&screen.event(&staged("b", "1")));
    assert_eq!(screen.event(&staged("b", "2")), "", "only its name is another");
    assert!(screen.event(&staged("c\n", "2")).contains("+c"));
}

#[test]
fn long_things_are_cut_but_not_where_somebody_decides() {
    let lines: String = (0..500).map(|line| format!("line {line}\n")).collect();
    let hunk = Hunk { id: "h".to_owned(), line: 1, old: String::new(), new: lines.clone() };
    let staged =
        event(What::ChangeStaged { path: "a.py".to_owned(), hunks: vec![hunk.clone()], conflict: false });
    let text = shown(PLAIN, &[staged]);
    assert!(text.lines().count() < 130 && text.ends_with("… 380 more lines\n"), "{text}");
    let question = Question::Change { path: "a.py".to_owned(), hunk: Some(hunk), left: 1 };
    assert!(Shown::new(PLAIN).question(&question, false).contains("+line 499\n"));
    let verdict = Verdict::Failed { summary: "s".to_owned(), output: lines.clone() };
    let text = shown(PLAIN, &[event(What::Verification { verdict })]);
    assert!(text.contains("… 480 lines before") && text.ends_with("line 499\n"), "{text}");
    let asked = event(What::PermissionRequest { request: "r".to_owned(), tool: "t".to_owned(), text: lines });
    assert!(shown(PLAIN, &[asked]).ends_with("line 499\n"), "all that is agreed to");
}

#[test]
fn progress_says_what_goes_on() {
    let mut screen = Shown::new(PLAIN);
    assert_eq!(screen.progress(Duration::ZERO), None, "nothing does");
    let mut seen = String::new();
    let step = Step {
        id: StepId(2),
        action: Action::Create { path: "src/a/rather/long/path/of/a/file.py".to_owned() },
        instruction: String::new(),
        comments: Vec::new(),
    };
    let text = || "t".to_owned();
    let plan = Plan { title: text(), description: text(), reasoning: text(), steps: vec![step] };
    let usage = Usage { tokens_per_second: 24.53, context: 8192, context_used: 4096, ..Usage::default() };
    let events = [
        status(Phase::Understanding, Mode::Agent),
        event(What::Usage(usage)),
        status(Phase::Planning, Mode::Agent),
        event(What::MessageDelta { text: "{\"title\"".to_owned() }),
        event(What::Plan { plan }),
        status(Phase::PlanReview, Mode::Agent),
        status(Phase::Working, Mode::Agent),
        event(What::StepUpdate { step: StepId(2), state: StepState::Started, note: String::new() }),
        event(What::ReasoningDelta { text: "hm".to_owned() }),
        event(What::ReasoningDelta { text: "\n".to_owned() }),
    ];
    for event in &events {
        screen.event(event);
        let _ =
            writeln!(seen, "{}", screen.progress(Duration::from_secs(7)).unwrap_or_else(|| "–".to_owned()));
    }
    expect![[r#"
        reading · 7 s
        reading · 7 s · 24.5 tokens/s · context 4096 of 8192 (50 %)
        planning · 7 s · 24.5 tokens/s · context 4096 of 8192 (50 %)
        planning · 7 s · 8 characters · 24.5 tokens/s · context 4096 of 8192 (…
        planning · 7 s · 8 characters · 24.5 tokens/s · context 4096 of 8192 (…
        –
        working · 7 s · 24.5 tokens/s · context 4096 of 8192 (50 %)
        working · 2 create src/a/rather/long/path/of/a/file.py · 7 s · 24.5 to…
        –
        working · 2 create src/a/rather/long/path/of/a/file.py · 7 s · 24.5 to…
    "#]]
    .assert_eq(&seen);
}
