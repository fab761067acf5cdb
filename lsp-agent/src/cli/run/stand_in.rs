//! A real session whose model, tools and disk are a script, so that whole runs can be tested: what is decided, and what
//! is shown of it.

use super::decide::{Answer, Decide, Question, Wanted};
use devtoolkit_agent::edit::{Target, TargetSymbol};
use devtoolkit_agent::model::{self, Piece};
use devtoolkit_agent::protocol::{
    Command, Event as Told, Hunk, Mode, Permission, Problem, Usage, Verdict, What, Which,
};
use devtoolkit_agent::session::{self, Effect, Limits, Outcome, Session, StagedFile, Wanted as Asked};
use std::collections::VecDeque;

const CODE: &str = "def area(w, h):\n    return w * h\n";
const EDITED: &str = "def area(w, h, d=1):\n    # with a depth\n    return w * h * d\n";
/// Events of a run; more would be a run that never ends.
const MOST_EVENTS: usize = 500;

/// What goes otherwise than well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    None,
    /// No model answers.
    NoModel,
    /// The plan has only a note.
    NothingToDo,
    /// What is accepted does not fit the disk any more.
    Conflict,
}

pub(super) struct StandIn {
    session: Session,
    turn: u64,
    trouble: Trouble,
    /// What is staged: paths, with their changes.
    staged: Vec<(&'static str, Vec<(&'static str, &'static str)>)>,
    /// Reviews so far: each renames what is left.
    reviews: usize,
    pub(super) told: Vec<Told>,
}

impl StandIn {
    pub(super) fn new(trouble: Trouble) -> Self {
        let session = Session::new("s".to_owned(), Mode::Agent, Limits::default());
        Self { session, turn: 0, trouble, staged: Vec::new(), reviews: 0, told: Vec::new() }
    }

    /// Does all that follows from what happens; what was told meanwhile.
    fn happens(&mut self, event: session::Event) -> Vec<Told> {
        let mut events = VecDeque::from([event]);
        let mut told = Vec::new();
        while let Some(event) = events.pop_front() {
            for effect in self.session.handle(event) {
                match effect {
                    Effect::Tell(event) => {
                        self.turn = event.turn;
                        told.push(event);
                    }
                    effect => events.extend(self.perform(effect)),
                }
            }
            assert!(told.len() < MOST_EVENTS, "it never ends");
        }
        self.told.extend(told.clone());
        told
    }

    fn perform(&mut self, effect: Effect) -> Vec<session::Event> {
        match effect {
            Effect::Gather { turn, .. } => {
                vec![session::Event::Gathered {
                    turn,
                    context: CODE.to_owned(),
                    read: Vec::new(),
                    likely: Vec::new(),
                }]
            }
            Effect::Ask { turn, request } => self.answer(turn, &request.wanted),
            Effect::Call { turn, call, .. } if call.name == "run_command" => {
                let text = "`make`, in `.`, without network".to_owned();
                vec![session::Event::Questioned { turn, call: call.id, tool: call.name, text }]
            }
            Effect::Call { turn, call, .. } => {
                self.staged = vec![
                    (
                        "a.py",
                        vec![("def area(w, h):\n", "def area(w, h, d=1):\n"), ("", "    # with a depth\n")],
                    ),
                    ("b.py", vec![("area(1, 2)\n", "area(1, 2, 3)\n")]),
                ];
                let outcome = Outcome { staged: self.files(), changes: vec![1], ..Outcome::default() };
                vec![session::Event::Called { turn, call: call.id, outcome }]
            }
            Effect::Permit { call, answer } => {
                let is_error = answer == Permission::Deny;
                let text = if is_error { "the person said no" } else { "(exit code 0 after 1.2 s)" };
                let outcome = Outcome { is_error, text: text.to_owned(), ..Outcome::default() };
                vec![session::Event::Called { turn: self.turn, call, outcome }]
            }
            Effect::Find { turn, .. } => {
                let symbol = Some(TargetSymbol { name: "area".to_owned(), text: CODE.to_owned() });
                let (path, text) = ("a.py".to_owned(), Some(CODE.to_owned()));
                let target = Target { path, text, symbol, around: String::new(), keeps_name: false };
                vec![session::Event::Found { turn, target: Ok(target) }]
            }
            Effect::Check { turn, .. } => {
                let verdict = Verdict::Passed { summary: "3 passed".to_owned() };
                vec![session::Event::Checked { turn, verdict, staged: self.files() }]
            }
            Effect::Review { turn, which, accept, .. } => self.review(turn, &which, accept),
            Effect::Discard { .. } | Effect::Undo { .. } | Effect::Stop { .. } | Effect::UseModel { .. } => {
                Vec::new()
            }
            Effect::Tell(_) => unreachable!("it was told"),
        }
    }

    fn answer(&self, turn: u64, wanted: &Asked) -> Vec<session::Event> {
        let plan = |steps: &str| {
            format!(
                r#"{{"title": "Add a depth", "description": "`area` gets a depth.", "reasoning": "It is asked for.", "steps": [{steps}]}}"#
            )
        };
        let text = match wanted {
            _ if self.trouble == Trouble::NoModel => {
                let (what, why, next) = ("the model gave no answer", "it is not there", "choose another one");
                let problem = Problem { what: what.to_owned(), why: why.to_owned(), next: next.to_owned() };
                return vec![session::Event::Failed { turn, problem }];
            }
            Asked::Text => "It is in `a.py`.".to_owned(),
            Asked::Plan { .. } if self.trouble == Trouble::NothingToDo => {
                plan(r#"{"kind": "note", "instruction": "n"}"#)
            }
            Asked::Plan { .. } => plan(
                r#"{"kind": "edit", "path": "a.py", "symbol": "area", "instruction": "add a depth, 1 by default"},
                {"kind": "command", "command": "make", "instruction": "the tests"}"#,
            ),
            Asked::Edit { .. } => format!("```\n{EDITED}```"),
        };
        let usage = Usage {
            prompt: 900,
            generated: 40,
            tokens_per_second: 24.5,
            context: 8_192,
            context_used: 940,
            ..Usage::default()
        };
        let answer = model::Answer {
            text: text.clone(),
            usage,
            existing: vec!["a.py".to_owned()],
            ..model::Answer::default()
        };
        let piece = |piece| session::Event::Said { turn, piece };
        let (first, second) = text.split_at(5);
        vec![
            piece(Piece::Reasoning("Where is\nit?".to_owned())),
            piece(Piece::Text(first.to_owned())),
            piece(Piece::Text(second.to_owned())),
            session::Event::Answered { turn, answer },
        ]
    }

    fn review(&mut self, turn: u64, which: &Which, accept: bool) -> Vec<session::Event> {
        let named = self.files();
        let there = match which {
            Which::All => true,
            Which::File { path } => named.iter().any(|file| file.path == *path),
            Which::Hunk { path, hunk } => {
                named.iter().any(|file| file.path == *path && file.hunks.iter().any(|one| one.id == *hunk))
            }
        };
        let said = if self.trouble == Trouble::Conflict && accept || !there {
            let (what, why) = (
                "it cannot be applied",
                if there { "`a.py` has changed" } else { "there is no such change" },
            );
            Err(Problem { what: what.to_owned(), why: why.to_owned(), next: String::new() })
        } else {
            for (file, named) in self.staged.iter_mut().zip(&named) {
                let mut ids = named.hunks.iter().map(|hunk| &hunk.id);
                file.1.retain(|_| {
                    let id = ids.next();
                    match which {
                        Which::All => false,
                        Which::File { path } => *path != named.path,
                        Which::Hunk { path, hunk } => *path != named.path || Some(hunk) != id,
                    }
                });
            }
            self.staged.retain(|(_, hunks)| !hunks.is_empty());
            self.reviews += 1;
            Ok(if accept { "applied".to_owned() } else { "dropped".to_owned() })
        };
        vec![session::Event::Reviewed { turn, staged: self.files(), said }]
    }

    fn files(&self) -> Vec<StagedFile> {
        let hunk = |(place, (old, new)): (usize, &(&str, &str))| Hunk {
            id: format!("{}.{place}", self.reviews),
            line: place as u32 + 1,
            old: (*old).to_owned(),
            new: (*new).to_owned(),
        };
        let file = |(path, hunks): &(&str, Vec<_>)| StagedFile {
            path: (*path).to_owned(),
            before: Some(CODE.to_owned()),
            after: Some(EDITED.to_owned()),
            hunks: hunks.iter().enumerate().map(hunk).collect(),
            conflict: false,
        };
        self.staged.iter().map(file).collect()
    }
}

/// When a person answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    /// Once everything is told.
    Patient,
    /// As soon as there is a question, whatever may still be told.
    Hasty,
}

/// Runs to the end: what was sent and asked, line by line, and the exit code last.
pub(super) fn play(
    wanted: Wanted,
    stand_in: &mut StandIn,
    pace: Pace,
    person: &mut dyn FnMut(&Question) -> Answer,
) -> String {
    let mut decide = Decide::new(wanted);
    let mut commands = VecDeque::from(decide.begin());
    let mut told = VecDeque::new();
    let mut lines = Vec::new();
    loop {
        assert!(lines.len() < MOST_EVENTS, "it never ends: {lines:#?}");
        if let Some(command) = commands.pop_front() {
            lines.push(format!("> {}", sent(&command)));
            told.extend(stand_in.happens(session::Event::Command(command)));
            continue;
        }
        let question = decide.question();
        if pace == Pace::Patient || question.is_none() {
            if let Some(event) = told.pop_front() {
                if let What::Error(problem) = &event.what {
                    lines.push(format!("! {}", problem.what));
                }
                commands.extend(decide.event(&event));
                continue;
            }
            if let Some(code) = decide.ended() {
                lines.push(format!("= {code}"));
                return lines.join("\n");
            }
        }
        let Some(question) = question else { panic!("it waits for nothing: {lines:#?} {decide:?}") };
        lines.push(asked(&question));
        commands.extend(decide.answer(person(&question)));
    }
}

fn asked(question: &Question) -> String {
    match question {
        Question::Plan(plan) => format!("? plan of {} steps", plan.steps.len()),
        Question::Permission { text, .. } => format!("? {text}"),
        Question::Change { path, hunk, left } => {
            format!("? {path} {}, {left} left", hunk.as_ref().map_or("as a whole", |hunk| hunk.new.trim()))
        }
    }
}

fn sent(command: &Command) -> String {
    let json = serde_json::to_string(command).unwrap_or_default();
    json.replace(['"', '{', '}'], "").replace(',', ", ")
}

/// The answer of somebody who agrees with everything, one by one.
pub(super) fn agrees(question: &Question) -> Answer {
    Answer::Send(match question {
        Question::Plan(_) => Command::ApprovePlan,
        Question::Permission { request, .. } => {
            Command::AnswerPermission { request: request.clone(), answer: Permission::Session }
        }
        Question::Change { path, hunk, .. } => {
            let (path, hunk) = (path.clone(), hunk.clone().map(|hunk| hunk.id));
            let which = hunk.map_or(Which::File { path: path.clone() }, |hunk| Which::Hunk { path, hunk });
            Command::Accept { which }
        }
    })
}
