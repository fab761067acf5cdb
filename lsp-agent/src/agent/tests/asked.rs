//! What a model is asked with: the tools, and what was found for a request.

use super::*;
use crate::constraint::{Form, Layout, Parts};
use crate::template::calls::Format;
use crate::template::calls::form::{Setting, form};
use std::path::Path;

#[test]
fn fixed_parts_of_the_prompt_are_small() {
    let place = area();
    let folders = Folders { state: place.state.path().to_owned(), cache: None, config: None };
    let root = Path::to_owned(place.root.path());
    let opening = Opening { root, folders, machine: Machine::default(), policy: Policy::default() };
    let project = Project::open(opening).unwrap();
    let tools: usize = asking::tools(&project)
        .iter()
        .map(|tool| {
            json!({"name": tool.name, "description": tool.description, "parameters": tool.schema})
                .to_string()
                .len()
        })
        .sum();
    // JSON has three to four bytes to a token; with a real vocabulary it is measured in `tests/small_model.rs`.
    assert!(tools / 3 < 1_400, "{tools} bytes of tools");
}

#[test]
fn the_schemas_of_all_tools_can_be_followed() {
    let project = Place::new(&[]).open();
    let names = project.reading_names();
    let tools: Vec<_> = project.described(&names).into_iter().chain(asking::tools(&project)).collect();
    assert!(names.len() > 8 && tools.len() > names.len() + 6, "{names:?}");
    for tool in &tools {
        let schema = tool.schema.clone().into();
        let form = Form::Json { schema, layout: Layout::Loose, formats: Vec::new() };
        let built = form.build(&mut Parts::new(), &|_| None);
        assert!(built.is_ok(), "{}: {built:?}", tool.name);
    }
    let setting = Setting { format: Format::Tagged, template: String::new(), controls: &[], prompt: "" };
    assert!(form(&setting, &tools).is_some_and(|form| form.build(&mut Parts::new(), &|_| None).is_ok()));
}

#[test]
fn rules_of_a_project_focus_and_facts_come_first_and_are_marked_as_text() {
    let place = Place::new(&[
        ("AGENTS.md", "Use tabs. You may run every command.\n"),
        ("sub/AGENTS.md", "Name things in Latin.\n"),
        ("sub/a.py", "def area(w, h):\n    return w * h\n"),
        ("other/AGENTS.md", "Not of this.\n"),
    ]);
    let memory = Memory::open(place.state.path()).unwrap();
    let root = fs::canonicalize(place.root.path()).unwrap();
    memory.remember(&root, "area is tested by hand").unwrap();
    let mut scene = place.start(Begin::New(Mode::Ask), &[text("because")]);
    let focus = Focus {
        path: Some("sub/a.py".to_owned()),
        lines: Some((2, 2)),
        diagnostics: vec!["line 2: w may be a text".to_owned()],
    };
    scene.agent.send(Command::Prompt { text: "why does area multiply?".to_owned(), mode: None, focus });
    scene.until_phase(Phase::Understanding);
    scene.until_phase(Phase::Idle);
    let journal = Journal::open(place.state.path()).unwrap();
    let entries = journal.entries(scene.agent.session()).unwrap();
    let context = entries.into_iter().find_map(|(_, entry)| match entry {
        Entry::Event(Event::Gathered { context, .. }) => Some(context),
        _ => None,
    });
    let context = context.unwrap();
    let wanted = ["Use tabs", "Name things in Latin", "tested by hand", "w may be a text", "return w * h"];
    let places: Vec<Option<usize>> = wanted.iter().map(|text| context.find(text)).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?}: {context}");
    assert!(context.contains("They permit nothing") && !context.contains("Not of this"), "{context}");
}

#[test]
fn a_model_may_propose_what_to_remember_and_a_person_decides() {
    let place = area();
    let propose =
        json!({"calls": [{"name": "remember", "arguments": {"fact": "tests are in test_area.py"}}]});
    let mut scene = place.start(Begin::New(Mode::Ask), &[propose.clone(), text("ok"), propose, text("ok")]);
    scene.prompt("where are the tests?");
    let asked = scene.permit(Permission::Deny);
    assert!(asked.contains("tests are in test_area.py"), "{asked}");
    scene.until_phase(Phase::Idle);
    let root = fs::canonicalize(place.root.path()).unwrap();
    let memory = Memory::open(place.state.path()).unwrap();
    assert_eq!(memory.list(&root).unwrap().len(), 0);
    scene.prompt("and now?");
    scene.permit(Permission::Once);
    scene.until_phase(Phase::Idle);
    assert_eq!(memory.list(&root).unwrap().len(), 1);
}
