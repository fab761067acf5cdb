//! Whole requests over real projects, with a model that answers from a script.

#![expect(clippy::disallowed_methods, reason = "tests arrange files of their own")]

use super::*;
use crate::protocol::{Focus, Permission, Phase, StepState, Verdict, What, Which};
use crate::provider::replay::Replay;
use devtoolkit_mcp::main_loop::Folders;
use devtoolkit_mcp::permission::Policy;
use devtoolkit_mcp::sandbox::Machine;
use serde_json::{Value, json};
use std::fs;
use std::time::Duration;

mod asked;

const AREA: &str = "def area(w, h):\n    return w * h\n";
const TESTS: &str = "import unittest\nfrom area import area\n\n\nclass AreaTest(unittest.TestCase):\n    def test_area(self):\n        self.assertEqual(area(2, 3, 4), 24)\n\n\nif __name__ == '__main__':\n    unittest.main()\n";
const RIGHT: &str = "```python\ndef area(w, h, d):\n    return w * h * d\n```";

/// A project and the folders of its person.
struct Place {
    root: tempfile::TempDir,
    state: tempfile::TempDir,
}

/// A running agent and what it told so far.
struct Scene {
    agent: Agent,
    told: Receiver<protocol::Event>,
    heard: Vec<What>,
}

impl Place {
    fn new(files: &[(&str, &str)]) -> Self {
        let place = Self { root: tempfile::tempdir().unwrap(), state: tempfile::tempdir().unwrap() };
        for (path, text) in files {
            let path = place.root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        place
    }

    fn open(&self) -> Project {
        let folders = Folders { state: self.state.path().to_owned(), cache: None, config: None };
        let environment = [("PATH".into(), std::env::var_os("PATH").unwrap())].to_vec();
        let machine = Machine { environment, ..Machine::default() };
        let root = self.root.path().to_owned();
        Project::open(Opening { root, folders, machine, policy: Policy::default() }).unwrap()
    }

    fn start(&self, begin: Begin, answers: &[Value]) -> Scene {
        let is_new = matches!(begin, Begin::New(_));
        let mut scene = self.try_start(begin, answers).unwrap();
        // What it begins with.
        if is_new {
            scene.until_phase(Phase::Idle);
        }
        scene
    }

    fn try_start(&self, begin: Begin, answers: &[Value]) -> Result<Scene, StartError> {
        let find: FindModel = Box::new(|name| {
            Err(Problem { what: format!("no `{name}`"), why: String::new(), next: String::new() })
        });
        self.start_with(begin, answers, find)
    }

    fn start_with(&self, begin: Begin, answers: &[Value], find: FindModel) -> Result<Scene, StartError> {
        let script: String = answers.iter().map(|answer| format!("{answer}\n")).collect();
        let state = self.state.path().to_owned();
        let project = self.open();
        let setup = Setup {
            project,
            models: Models::new(Arc::new(Replay::read(&script).unwrap()), find),
            journal: Some(Journal::open(&state).unwrap()),
            memory: Some(Memory::open(&state).unwrap()),
            begin,
            limits: Limits::default(),
            check: Some("python3 -m unittest test_area".to_owned()),
            first_token: None,
            config: Some(state.join("config.toml")),
        };
        let (agent, told) = Agent::start(setup)?;
        Ok(Scene { agent, told, heard: Vec::new() })
    }

    fn new_agent(&self, answers: &[Value]) -> Scene {
        self.start(Begin::New(Mode::Agent), answers)
    }

    fn on_disk(&self, path: &str) -> String {
        fs::read_to_string(self.root.path().join(path)).unwrap()
    }
}

impl Scene {
    /// Reads until something is told, and gives what was told up to it.
    #[track_caller]
    fn until(&mut self, is: impl Fn(&What) -> bool) -> Vec<What> {
        let mut heard = Vec::new();
        loop {
            let what = match self.told.recv_timeout(Duration::from_secs(120)) {
                Ok(event) => event.what,
                Err(error) => panic!("{error} after {heard:#?}"),
            };
            heard.push(what.clone());
            self.heard.push(what.clone());
            if is(&what) {
                return heard;
            }
        }
    }

    #[track_caller]
    fn until_phase(&mut self, wanted: Phase) -> Vec<What> {
        self.until(|what| matches!(what, What::Status { phase, .. } if *phase == wanted))
    }

    fn prompt(&self, text: &str) {
        self.agent.send(Command::Prompt { text: text.to_owned(), mode: None, focus: Focus::default() });
    }

    /// Answers the next question.
    #[track_caller]
    fn permit(&mut self, answer: Permission) -> String {
        let heard = self.until(|what| matches!(what, What::PermissionRequest { .. }));
        let Some(What::PermissionRequest { request, text, .. }) = heard.last().cloned() else {
            panic!("{heard:?}")
        };
        self.agent.send(Command::AnswerPermission { request, answer });
        text
    }
}

fn area() -> Place {
    Place::new(&[("area.py", AREA), ("test_area.py", TESTS)])
}

fn plan(steps: &Value) -> Value {
    let plan = json!({"title": "depth", "description": "", "reasoning": "", "steps": steps});
    json!({"text": plan.to_string()})
}

fn edit() -> Value {
    json!({"kind": "edit", "path": "area.py", "symbol": "area", "instruction": "add a depth"})
}

fn text(text: &str) -> Value {
    json!({"text": text})
}

#[test]
fn a_request_is_planned_done_checked_accepted_and_taken_back() {
    let place = area();
    let mut scene = place.new_agent(&[text("It is in area.py."), plan(&json!([edit()])), text(RIGHT)]);
    scene.prompt("add a depth to area in area.py");
    let heard = scene.until_phase(Phase::PlanReview);
    assert!(heard.contains(&What::FileRead { path: "area.py".to_owned() }), "{heard:?}");
    scene.agent.send(Command::ApprovePlan);
    let heard = scene.until_phase(Phase::ChangeReview);
    // Here is no sandbox; with one, this is tried in `tests/run.rs`.
    let not_checked = |what: &What| matches!(what, What::Verification { verdict: Verdict::NotChecked { why } } if why.contains("not what is staged"));
    assert!(heard.iter().any(not_checked), "{heard:#?}");
    assert_eq!(place.on_disk("area.py"), AREA, "nothing is written before it is accepted");
    scene.agent.send(Command::Accept { which: Which::All });
    scene.until_phase(Phase::Idle);
    assert_eq!(place.on_disk("area.py"), "def area(w, h, d):\n    return w * h * d\n");
    scene.agent.send(Command::Undo);
    scene.until_phase(Phase::Idle);
    assert_eq!(place.on_disk("area.py"), AREA);
}

#[test]
fn what_only_reads_is_all_that_is_run_before_a_plan_is_approved() {
    let place = area();
    let call = json!({"calls": [
        {"name": "write_file", "arguments": {"path": "area.py", "content": "x"}},
        {"name": "call_tool", "arguments": {"name": "delete_path", "arguments": {"path": "area.py"}}},
        {"name": "more_tools", "arguments": {}},
        {"name": "read_file", "arguments": {"path": "test_area.py"}}
    ]});
    let mut scene = place.start(Begin::New(Mode::Ask), &[call, text("done")]);
    scene.prompt("what is this?");
    let heard = scene.until_phase(Phase::Idle);
    let ends: Vec<(bool, &str)> = heard
        .iter()
        .filter_map(|what| match what {
            What::ToolEnd { is_error, text, .. } => Some((*is_error, text.as_str())),
            _ => None,
        })
        .collect();
    assert_eq!(ends.len(), 4, "{heard:#?}");
    let refused = |name: &str| {
        ends.iter().any(|(is_error, text)| *is_error && text.contains(&format!("no tool `{name}`")))
    };
    assert!(refused("write_file") && refused("delete_path"), "{ends:?}");
    assert!(ends.iter().any(|(is_error, text)| !is_error && text.contains("find_todos")), "{ends:?}");
    assert!(heard.contains(&What::FileRead { path: "test_area.py".to_owned() }));
    assert!(!heard.iter().any(|what| matches!(what, What::ChangeStaged { .. })));
}

#[test]
fn a_session_goes_on_where_its_process_ended() {
    let place = area();
    let answers = [text("It is in area.py."), plan(&json!([edit()])), text(RIGHT)];
    let mut scene = place.new_agent(&answers);
    let id = scene.agent.session().to_owned();
    scene.prompt("add a depth");
    scene.until_phase(Phase::PlanReview);
    drop(scene);
    let mut scene = place.start(Begin::Resume(id.clone()), &answers);
    let heard = scene.until(|what| matches!(what, What::Status { phase: Phase::PlanReview, .. }));
    assert!(heard.iter().any(|what| matches!(what, What::Plan { .. })), "the plan is told again");
    scene.agent.send(Command::ApprovePlan);
    scene.until_phase(Phase::ChangeReview);
    drop(scene);
    let mut scene = place.start(Begin::Resume(id), &answers);
    scene.until_phase(Phase::ChangeReview);
    scene.agent.send(Command::Accept { which: Which::All });
    scene.until_phase(Phase::Idle);
    assert_eq!(place.on_disk("area.py"), "def area(w, h, d):\n    return w * h * d\n");
}

#[test]
fn what_a_person_denies_does_not_run_and_hunks_are_taken_one_by_one() {
    let place = Place::new(&[("a.txt", "one\n\ntwo\n")]);
    let steps = json!([
        {"kind": "command", "command": "touch ran", "instruction": "run it"},
        {"kind": "edit", "path": "a.txt", "instruction": "count from 10"}
    ]);
    let mut scene = place.new_agent(&[text("ok"), plan(&steps), text("```\n11\n\n12\n```")]);
    scene.prompt("count");
    scene.until_phase(Phase::PlanReview);
    scene.agent.send(Command::ApprovePlan);
    scene.permit(Permission::Deny);
    let heard = scene.until(|what| matches!(what, What::StepUpdate { state: StepState::Done, .. }));
    assert!(heard.iter().any(|what| matches!(what, What::StepUpdate { state: StepState::Failed, .. })));
    let proposed =
        |what: &What| matches!(what, What::CommandProposed { command, .. } if command == "touch ran");
    assert!(scene.heard.iter().any(proposed), "{heard:#?}");
    let heard = scene.until_phase(Phase::ChangeReview);
    let hunks = heard.iter().rev().find_map(|what| match what {
        What::ChangeStaged { hunks, .. } => Some(hunks.clone()),
        _ => None,
    });
    let hunks = hunks.unwrap();
    assert_eq!(hunks.len(), 2);
    let which = |hunk: &protocol::Hunk| Which::Hunk { path: "a.txt".to_owned(), hunk: hunk.id.clone() };
    scene.agent.send(Command::Reject { which: which(&hunks[0]), reason: "keep one".to_owned() });
    scene.until(|what| matches!(what, What::ChangeStaged { hunks, .. } if hunks.len() == 1));
    scene.agent.send(Command::Accept { which: which(&hunks[1]) });
    scene.until_phase(Phase::Idle);
    assert_eq!(place.on_disk("a.txt"), "one\n\n12\n");
    assert!(!place.root.path().join("ran").exists());
}

#[test]
fn a_cancel_ends_what_runs_and_nothing_of_it_comes_later() {
    let place = area();
    let slow = json!({"text": "slow", "pause": 60_000});
    let mut scene = place.new_agent(&[slow, text("second")]);
    scene.prompt("first, in area.py");
    // Then the model is asked.
    scene.until(|what| matches!(what, What::FileRead { .. }));
    scene.agent.send(Command::Cancel);
    scene.until_phase(Phase::Idle);
    scene.agent.send(Command::SetMode { mode: Mode::Ask });
    scene.prompt("again");
    let heard = scene.until(|what| matches!(what, What::Complete { .. }));
    assert!(
        !heard.iter().any(|what| matches!(what, What::MessageDelta { text } if text.contains("slow"))),
        "{heard:?}"
    );
}

#[test]
fn what_is_permitted_for_always_is_kept_as_a_rule_of_exactly_that() {
    let place = area();
    let steps = json!([{"kind": "command", "command": "true", "instruction": ""}]);
    let mut scene = place.new_agent(&[text("ok"), plan(&steps)]);
    scene.prompt("run it");
    scene.until_phase(Phase::PlanReview);
    scene.agent.send(Command::ApprovePlan);
    scene.permit(Permission::Always);
    scene.until_phase(Phase::Idle);
    let rules = fs::read_to_string(place.state.path().join("config.toml")).unwrap();
    assert_eq!(rules, "[[allow]]\ntool = \"run_command\"\ncommand = \"true\"\n");
}

#[test]
fn a_session_of_another_project_is_not_taken_for_one_of_this() {
    let (place, other) = (area(), area());
    let scene = place.new_agent(&[]);
    let id = scene.agent.session().to_owned();
    drop(scene);
    let journal = Journal::open(place.state.path()).unwrap();
    assert!(journal.find(&id).is_ok());
    let elsewhere = Place { root: other.root, state: place.state };
    let refused = elsewhere.try_start(Begin::Resume(id), &[]).err().unwrap();
    assert!(matches!(refused, StartError::Elsewhere { .. }), "{refused}");
}

#[test]
fn two_agents_do_not_work_on_one_session() {
    let place = area();
    let scene = place.new_agent(&[]);
    let id = scene.agent.session().to_owned();
    let refused = place.try_start(Begin::Resume(id.clone()), &[]).err().unwrap().to_string();
    assert!(refused.contains(&format!("session `{id}` is open in another process")), "{refused}");
    drop(scene);
    place.start(Begin::Resume(id), &[]).until_phase(Phase::Idle);
}

#[test]
fn reviews_that_come_together_are_done_one_by_one() {
    let place = Place::new(&[("a.txt", "1\n\n2\n\n3\n")]);
    let steps = json!([{"kind": "edit", "path": "a.txt", "instruction": "more"}]);
    let mut scene = place.new_agent(&[text("ok"), plan(&steps), text("```\n11\n\n12\n\n13\n```")]);
    scene.prompt("count");
    scene.until_phase(Phase::PlanReview);
    scene.agent.send(Command::ApprovePlan);
    let heard = scene.until_phase(Phase::ChangeReview);
    let hunks = heard.iter().rev().find_map(|what| match what {
        What::ChangeStaged { hunks, .. } => Some(hunks.clone()),
        _ => None,
    });
    for hunk in hunks.unwrap() {
        let which = Which::Hunk { path: "a.txt".to_owned(), hunk: hunk.id };
        scene.agent.send(Command::Accept { which });
    }
    let heard = scene.until_phase(Phase::Idle);
    assert!(!heard.iter().any(|what| matches!(what, What::Error(_))), "{heard:#?}");
    assert_eq!(place.on_disk("a.txt"), "11\n\n12\n\n13\n");
    let left =
        |what: &What| if let What::ChangeStaged { hunks, .. } = what { Some(hunks.len()) } else { None };
    assert_eq!(heard.iter().filter_map(left).collect::<Vec<_>>(), [2, 1], "each is told of by itself");
}

/// A session that waits for a review of one change; its id.
fn reviewed(place: &Place) -> (Scene, String) {
    let mut scene = place.new_agent(&answers());
    let id = scene.agent.session().to_owned();
    scene.prompt("add a depth");
    scene.until_phase(Phase::PlanReview);
    scene.agent.send(Command::ApprovePlan);
    scene.until_phase(Phase::ChangeReview);
    (scene, id)
}

fn answers() -> [Value; 3] {
    [text("It is in area.py."), plan(&json!([edit()])), text(RIGHT)]
}

/// Goes on with a session to its end; what was told.
fn ended(place: &Place, id: &str) -> Vec<What> {
    let heard = place.start(Begin::Resume(id.to_owned()), &answers()).until_phase(Phase::Idle);
    let is_wrong =
        |what: &What| matches!(what, What::Error(_) | What::Status { phase: Phase::ChangeReview, .. });
    assert!(!heard.iter().any(is_wrong), "nobody is asked about what was decided: {heard:#?}");
    heard
}

/// What a person may decide, each with what is on disk afterwards.
fn decisions() -> [(Command, &'static str); 2] {
    let reject = Command::Reject { which: Which::All, reason: String::new() };
    [(Command::Accept { which: Which::All }, "def area(w, h, d):\n    return w * h * d\n"), (reject, AREA)]
}

#[test]
fn a_decision_that_was_not_done_before_the_end_is_done_afterwards() {
    for (decision, on_disk) in decisions() {
        let place = area();
        let (scene, id) = reviewed(&place);
        drop(scene);
        let journal = Journal::open(place.state.path()).unwrap();
        journal.record(&id, &Entry::Event(Event::Command(decision))).unwrap();
        ended(&place, &id);
        assert_eq!(place.on_disk("area.py"), on_disk);
    }
}

#[test]
fn a_decision_of_which_only_the_news_was_lost_is_not_done_twice() {
    for (decision, on_disk) in decisions() {
        let place = area();
        let (mut scene, id) = reviewed(&place);
        scene.agent.send(decision);
        scene.until_phase(Phase::Idle);
        drop(scene);
        // The same session without what it heard last.
        let journal = Journal::open(place.state.path()).unwrap();
        let root = journal.find(&id).unwrap().root;
        let copy = journal.create(&root, Mode::Agent, Limits::default()).unwrap();
        let mut entries = journal.entries(&id).unwrap();
        let last = entries.pop().unwrap().1;
        assert!(matches!(last, Entry::Event(Event::Reviewed { .. })), "{last:?}");
        for (_, entry) in &entries {
            journal.record(&copy, entry).unwrap();
        }
        let heard = ended(&place, &copy);
        let is_told = |what: &What| matches!(what, What::Complete { summary, .. } if summary == "this was done before the restart");
        assert!(heard.iter().any(is_told), "{heard:#?}");
        assert_eq!(place.on_disk("area.py"), on_disk);
    }
}

#[test]
fn a_review_in_which_nothing_waits_any_more_ends() {
    let place = area();
    let (scene, id) = reviewed(&place);
    drop(scene);
    // What is staged goes to whoever opens the project next.
    let _other = place.new_agent(&[]);
    let heard = ended(&place, &id);
    assert!(heard.iter().any(|what| matches!(what, What::Complete { .. })), "{heard:#?}");
    assert_eq!(place.on_disk("area.py"), AREA);
}

#[test]
fn what_can_run_code_is_asked_about_by_name_when_all_is_accepted() {
    let place = Place::new(&[("a.txt", "one\n"), ("conftest.py", "X = 1\n")]);
    let steps = json!([
        {"kind": "edit", "path": "a.txt", "instruction": "two"},
        {"kind": "edit", "path": "conftest.py", "instruction": "two"}
    ]);
    let mut scene =
        place.new_agent(&[text("ok"), plan(&steps), text("```\ntwo\n```"), text("```\nX = 2\n```")]);
    scene.prompt("two");
    scene.until_phase(Phase::PlanReview);
    scene.agent.send(Command::ApprovePlan);
    scene.until_phase(Phase::ChangeReview);
    scene.agent.send(Command::Accept { which: Which::All });
    let asked = scene.permit(Permission::Deny);
    assert!(asked.contains("conftest.py") && !asked.contains("a.txt"), "{asked}");
    scene.until_phase(Phase::ChangeReview);
    assert_eq!(
        (place.on_disk("a.txt"), place.on_disk("conftest.py")),
        ("two\n".to_owned(), "X = 1\n".to_owned())
    );
    scene.agent.send(Command::Accept { which: Which::All });
    // A yes for the session would be one for more than was shown: it is for this once.
    scene.permit(Permission::Session);
    scene.until_phase(Phase::Idle);
    assert_eq!(place.on_disk("conftest.py"), "X = 2\n");
}

#[test]
fn what_fails_by_a_defect_of_ours_is_told_and_the_session_goes_on() {
    /// A model that panics.
    struct Defect;

    impl crate::provider::Provider for Defect {
        fn name(&self) -> String {
            "defect".to_owned()
        }

        fn capacity(&self) -> Result<crate::provider::Capacity, Problem> {
            Ok(crate::provider::Capacity { context: 10_000, reads: None })
        }

        fn count(&self, _: &str) -> Result<u32, Problem> {
            Ok(1)
        }

        fn ask(
            &self,
            _: &crate::provider::Prompt,
            _: &mut dyn FnMut(crate::provider::Heard) -> std::ops::ControlFlow<()>,
        ) -> Result<crate::model::Answer, Problem> {
            panic!("a defect")
        }
    }

    let place = area();
    let find: FindModel = Box::new(|_| Ok(Arc::new(Defect)));
    let mut scene = place.start_with(Begin::New(Mode::Ask), &[text("fine")], find).unwrap();
    scene.until_phase(Phase::Idle);
    scene.agent.send(Command::SetModel { role: None, model: "defect".to_owned() });
    scene.prompt("why?");
    let heard = scene.until(|what| matches!(what, What::Error(_)));
    assert!(
        matches!(heard.last(), Some(What::Error(problem)) if problem.why.contains("panicked")),
        "{heard:?}"
    );
    scene.until_phase(Phase::Idle);
}
