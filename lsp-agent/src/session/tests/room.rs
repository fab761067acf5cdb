//! What is left out, told again, asked again, and done in another way.

use super::*;

#[test]
fn what_does_not_fit_is_left_out_and_told() {
    let mut scene = scene(Mode::Ask);
    scene.prompt("first\nwith more");
    scene.gathered();
    for call in ["m0", "m1"] {
        scene.calls(&["read_file", "read_file"][..usize::from(call == "m1") + 1]);
        let outcome = Outcome { text: "long ".repeat(100), ..Outcome::default() };
        scene.comes_back("m0", outcome.clone());
        if call == "m1" {
            scene.comes_back("m1", outcome);
        }
    }
    let overflowed = |scene: &mut Scene| {
        scene.happens(Event::Overflowed { turn: scene.session.turn, need: 9000, have: 4000 })
    };
    assert_eq!(
        overflowed(&mut scene),
        "reduced: the outputs of 2 earlier tool calls are left out\nask Ask of 8 messages"
    );
    let kept: Vec<bool> = scene
        .session
        .talk
        .iter()
        .filter(|message| message.role == Role::Tool)
        .map(|message| message.text.contains("long"))
        .collect();
    assert_eq!(kept, [false, false, true], "the newest stays");
    scene.says("because");
    scene.prompt("second");
    scene.gathered();
    assert_eq!(
        overflowed(&mut scene),
        "reduced: earlier requests and answers are shortened\nask Ask of 2 messages with tools"
    );
    let request = &scene.session.talk[1].text;
    assert!(request.contains("asked: first\nanswered: because"), "{request}");
    assert!(request.ends_with("second"), "{request}");
    let error = overflowed(&mut scene);
    assert!(error.contains("at least 9000 tokens are needed, and the model takes 4000"), "{error}");
}

#[test]
fn a_step_that_does_not_fit_is_asked_without_its_surroundings_and_then_fails() {
    let mut scene = scene(Mode::Agent);
    scene.planned(EDIT);
    scene.command(Command::ApprovePlan);
    let turn = scene.session.turn;
    let target = Target {
        path: "a.py".to_owned(),
        text: Some(CODE.to_owned()),
        symbol: None,
        around: "b.py uses it".to_owned(),
        keeps_name: false,
    };
    scene.happens(Event::Found { turn, target: Ok(target) });
    let overflowed = || Event::Overflowed { turn, need: 9000, have: 4000 };
    let again = scene.happens(overflowed());
    assert_eq!(again, "reduced: what stands around the step's target is left out\nask Edit of 2 messages");
    let failed = scene.happens(overflowed());
    assert!(failed.starts_with("step 1 Failed it needs 9000 tokens and the model takes 4000"), "{failed}");
}

#[test]
fn why_changes_were_rejected_is_told_with_the_next_request() {
    let mut scene = scene(Mode::Agent);
    scene.planned(EDIT);
    scene.command(Command::ApprovePlan);
    scene.finds();
    scene.says("```\ndef area(w, h, d):\n    return w\n```");
    scene.stages("def area(w, h, d):\n    return w\n");
    scene.checked(Verdict::NotChecked { why: "no check".to_owned() });
    let which = Which::File { path: "a.py".to_owned() };
    scene.command(Command::Reject { which, reason: "the depth is not used".to_owned() });
    let turn = scene.session.turn;
    scene.happens(Event::Reviewed { turn, staged: Vec::new(), said: Ok("rejected".to_owned()) });
    scene.prompt("again");
    scene.gathered();
    let request = &scene.session.talk.last().unwrap().text;
    assert!(
        request.contains("I rejected the changes of `a.py`: the depth is not used\nagain\n"),
        "{request}"
    );
}

#[test]
fn calls_that_cannot_be_read_are_told_so_a_bounded_number_of_times() {
    let limits = Limits { reading: 9, again: 1, repairs: 1 };
    let mut scene = Scene { session: Session::new("s".to_owned(), Mode::Ask, limits), calls: Vec::new() };
    scene.prompt("why?");
    scene.gathered();
    let broken = |scene: &mut Scene| {
        let answer =
            Answer { broken: vec!["the tool call is not valid JSON".to_owned()], ..Answer::default() };
        scene.happens(Event::Answered { turn: scene.session.turn, answer })
    };
    assert_eq!(broken(&mut scene), "ask Ask of 4 messages with tools");
    assert_eq!(broken(&mut scene), "ask Ask of 6 messages with tools");
    assert_eq!(broken(&mut scene), "ask Ask of 9 messages", "it has to answer now");
}

#[test]
fn a_new_name_in_an_answer_is_given_by_the_index() {
    let mut scene = scene(Mode::Agent);
    scene.planned(EDIT);
    scene.command(Command::ApprovePlan);
    scene.finds();
    let body = |name: &str| format!("```python\ndef {name}(w, h):\n    return w * h\n```");
    // Nobody spoke of that name: the answer is held to the old one.
    let again = scene.says(&body("volume"));
    assert!(again.starts_with("step 1 Retried the definition is named `area`, not `volume`"), "{again}");
    let State::Working(working) = &scene.session.state else { panic!("it works") };
    assert!(working.keeps_name());
    assert_eq!(scene.says(&body("depth")), "tool rename_symbol\ncall rename_symbol");
    let renamed = CODE.replace("area", "depth");
    assert_eq!(scene.stages(&renamed), "tool replace_symbol\ncall replace_symbol");
    // The rest of the answer changes nothing more.
    let call = scene.calls.last().unwrap().0.clone();
    assert_eq!(
        scene.comes_back(&call, Outcome::default()),
        "step 1 Done nothing was left to change\ncheck\nphase Verifying"
    );
}

#[test]
fn a_new_name_that_is_taken_is_not_written_again() {
    let mut scene = scene(Mode::Agent);
    scene.planned(EDIT);
    scene.command(Command::ApprovePlan);
    scene.finds();
    let body = "```python\ndef depth(w, h):\n    return w * h\n```";
    assert_eq!(scene.says(body), "tool rename_symbol\ncall rename_symbol");
    let call = scene.calls.last().unwrap().0.clone();
    let taken = Outcome { is_error: true, text: "`depth` already exists".to_owned(), ..Outcome::default() };
    let again = scene.comes_back(&call, taken);
    assert!(again.starts_with("step 1 Retried the change was not taken: `depth` already exists"), "{again}");
    let State::Working(working) = &scene.session.state else { panic!("it works") };
    assert!(working.keeps_name());
}
