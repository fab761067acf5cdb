use super::*;
use crate::constraint::{Layout, Parts, Schemas};
use proptest::prelude::*;

fn is_file(path: &str) -> bool {
    matches!(path, "src/a.py" | "src/b.py" | "README.md")
}

fn read(steps: &Value) -> Result<Plan, PlanError> {
    let text = json!({"title": "t", "description": "d", "reasoning": "r", "steps": steps}).to_string();
    Plan::read(&text, &is_file)
}

#[test]
fn steps_have_numbers_and_targets() {
    let plan = read(&json!([
        {"kind": "edit", "path": "src/a.py", "symbol": "A.run", "instruction": "add a timeout"},
        {"kind": "rename_symbol", "path": "src/a.py", "symbol": "run", "to": "start", "instruction": ""},
        {"kind": "move", "path": "src/b.py", "to": "src/c.py", "instruction": ""},
        {"kind": "edit", "path": "src/c.py", "instruction": "mend the imports"},
        {"kind": "create", "path": "src/b.py", "instruction": "a new one"},
        {"kind": "command", "command": "pytest", "instruction": ""},
        {"kind": "note", "instruction": "mind the docs"},
    ]))
    .unwrap();
    assert_eq!(plan.steps.iter().map(|step| step.id.0).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6, 7]);
    let symbol = Some("A.run".to_owned());
    assert_eq!(plan.steps[0].action, Action::Edit { path: "src/a.py".to_owned(), symbol });
    let text = serde_json::to_string(&plan).unwrap();
    assert_eq!(serde_json::from_str::<Plan>(&text).unwrap(), plan);
}

#[test]
fn what_cannot_be_done_is_told_with_its_step() {
    let wrong = |steps: Value, error: &str| {
        assert_eq!(read(&steps).unwrap_err().to_string(), error);
    };
    wrong(json!([]), "the plan has no steps");
    let absent = json!([{"kind": "edit", "path": "x.py", "instruction": "i"}]);
    wrong(absent, "step 1: there is no file `x.py`; name a file that exists");
    let gone = json!([
        {"kind": "delete", "path": "src/a.py", "instruction": ""},
        {"kind": "edit", "path": "src/a.py", "instruction": "i"},
    ]);
    wrong(gone, "step 2: there is no file `src/a.py`; name a file that exists");
    let twice = json!([
        {"kind": "create", "path": "new.py", "instruction": "i"},
        {"kind": "move", "path": "src/a.py", "to": "new.py", "instruction": ""},
    ]);
    wrong(twice, "step 2: `new.py` exists already; edit it, or choose another name");
    for path in ["../a", "/etc/passwd", "a//b", "", "a/./b", "a\\b"] {
        let outside = json!([{"kind": "create", "path": path, "instruction": "i"}]);
        wrong(outside, &format!("step 1: `{path}` is no path inside of the workspace"));
    }
    let silent = json!([{"kind": "edit", "path": "README.md", "instruction": " "}]);
    wrong(silent, "step 1: its instruction is empty");
    assert!(matches!(Plan::read("{", &is_file), Err(PlanError::Json(_))));
    let note = |number: usize| json!({"kind": "note", "instruction": number.to_string()});
    let many: Vec<Value> = (0..=MOST_STEPS).map(note).collect();
    assert_eq!(read(&json!(many)), Err(PlanError::TooLong(MOST_STEPS + 1)));
}

#[test]
fn a_person_changes_a_plan() {
    let note = |text: &str| json!({"kind": "note", "instruction": text});
    let mut plan = read(&json!([note("a"), note("b"), note("c")])).unwrap();
    let all = |plan: &Plan| {
        plan.steps.iter().map(|step| format!("{}{}", step.id, step.instruction)).collect::<Vec<_>>().join(" ")
    };
    plan.edit(PlanEdit::Move { step: StepId(3), place: 0 }).unwrap();
    plan.edit(PlanEdit::Instruct { step: StepId(1), instruction: "A".to_owned() }).unwrap();
    plan.edit(PlanEdit::Comment { step: StepId(1), text: "why?".to_owned() }).unwrap();
    assert_eq!(all(&plan), "3c 1A 2b");
    assert_eq!(plan.steps[1].comments, ["why?"]);
    plan.edit(PlanEdit::Remove { step: StepId(3) }).unwrap();
    assert_eq!(plan.edit(PlanEdit::Remove { step: StepId(3) }), Err(PlanError::NoStep(StepId(3))));
    plan.edit(PlanEdit::Remove { step: StepId(1) }).unwrap();
    assert_eq!(plan.edit(PlanEdit::Remove { step: StepId(2) }), Err(PlanError::Empty));
    assert_eq!(all(&plan), "2b");
}

#[test]
fn the_schema_can_be_followed() {
    let mut parts = Parts::new();
    let path = parts.literal("\"src/a.py\"");
    let mut schemas =
        Schemas::new(&mut parts).layout(Layout::Tight).format("existing_path", path).format("new_path", path);
    let known = KnownFile { path: "src/a.py".to_owned(), symbols: vec!["A".to_owned(), "A.run".to_owned()] };
    schemas.read(&schema(&[known])).unwrap();
}

#[test]
fn of_a_plan_that_breaks_off_the_whole_steps_count_and_the_same_is_done_once() {
    let edit = |instruction: &str| {
        format!(r#"{{"kind": "edit", "path": "src/a.py", "symbol": "A", "instruction": "{instruction}"}}"#)
    };
    let (first, second) = (edit("add {it}"), edit("and a test"));
    let text = format!(
        r#"{{"title": "t", "description": "d", "reasoning": "r", "steps": [{first}, {second}, {second}, {{"kind": "edit", "path": "src/"#
    );
    let plan = Plan::read(&text, &is_file).unwrap();
    assert_eq!(plan.steps.len(), 1);
    assert_eq!(plan.steps[0].instruction, "add {it}\nand a test");
    let broken = r#"{"title": "t", "steps": [{"kind": "edit", "#;
    assert!(matches!(Plan::read(broken, &is_file), Err(PlanError::Json(_))));
}

proptest! {
    /// Whatever a person does, numbers stay unique and a step is left.
    #[test]
    fn edits_keep_a_plan_a_plan(edits in prop::collection::vec((0_u32..6, 0_usize..6, 0_u8..4), 0..20)) {
        let note = |text: &str| json!({"kind": "note", "instruction": text});
        let mut plan = read(&json!([note("a"), note("b"), note("c"), note("d")])).unwrap();
        for (step, place, what) in edits {
            let step = StepId(step);
            let known = plan.steps.iter().any(|other| other.id == step);
            let edit = match what {
                0 => PlanEdit::Remove { step },
                1 => PlanEdit::Move { step, place },
                2 => PlanEdit::Comment { step, text: String::new() },
                _ => PlanEdit::Instruct { step, instruction: "x".to_owned() },
            };
            let before = plan.clone();
            if plan.edit(edit).is_err() {
                prop_assert_eq!(&plan, &before, "what cannot be done changes nothing");
                prop_assert!(!known || before.steps.len() == 1);
            }
            let mut ids: Vec<StepId> = plan.steps.iter().map(|step| step.id).collect();
            ids.sort();
            ids.dedup();
            prop_assert_eq!(ids.len(), plan.steps.len());
            prop_assert!(!plan.steps.is_empty());
        }
    }
}

#[test]
fn a_file_that_is_there_is_changed_and_not_made() {
    let plan = read(&json!([{"kind": "create", "path": "README.md", "instruction": "say more"}])).unwrap();
    assert_eq!(plan.steps[0].action, Action::Edit { path: "README.md".to_owned(), symbol: None });
}
