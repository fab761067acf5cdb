//! Single events, and what follows from each.

use super::*;

fn told(what: What) -> Event {
    Event { session: "s".to_owned(), turn: 1, sequence: 1, what }
}

fn status(phase: Phase) -> Event {
    told(What::Status { phase, mode: Mode::Agent })
}

#[test]
fn what_was_accepted_one_by_one_is_a_change() {
    let mut refuse = false;
    let mut person = |question: &Question| match question {
        Question::Change { path, hunk, .. } => {
            refuse = !path.starts_with('b') && !refuse;
            let (path, hunk) = (path.clone(), hunk.clone().map(|hunk| hunk.id).unwrap_or_default());
            let which = Which::Hunk { path, hunk };
            Answer::Send(match refuse {
                true => Command::Reject { which, reason: "no".to_owned() },
                false => Command::Accept { which },
            })
        }
        Question::Plan(_) | Question::Permission { .. } => agrees(question),
    };
    check(
        Approve::Plan,
        Trouble::None,
        &mut person,
        expect![[r#"
        > command:prompt, text:do it, mode:null, focus:path:null, lines:null, diagnostics:[]
        > command:approve_plan
        ? `make`, in `.`, without network
        > command:answer_permission, request:call_2, answer:session
        ? a.py def area(w, h, d=1):, 3 left
        > command:reject, which:hunk, path:a.py, hunk:0.0, reason:no
        ? a.py # with a depth, 2 left
        > command:accept, which:hunk, path:a.py, hunk:1.0
        ? b.py area(1, 2, 3), 1 left
        > command:accept, which:hunk, path:b.py, hunk:2.0
        = 0"#]],
    );
}

#[test]
fn an_older_session_is_taken_up_where_it_stands() {
    let older = |prompts: &[&str]| Decide::new(Wanted { continued: true, ..wanted(Approve::Ask, prompts) });
    let hunk = Hunk { id: "h".to_owned(), line: 1, old: String::new(), new: "a\n".to_owned() };
    let staged = told(What::ChangeStaged { path: "a.py".to_owned(), hunks: vec![hunk], conflict: false });
    let mut decide = older(&[]);
    assert_eq!(decide.begin(), []);
    decide.event(&staged);
    assert_eq!(decide.question(), None, "where it stands is not known");
    decide.event(&status(Phase::ChangeReview));
    assert!(matches!(decide.question(), Some(Question::Change { .. })));
    assert_eq!(decide.answer(Answer::Leave), []);
    assert_eq!(decide.ended(), Some(0));

    let mut decide = older(&["go on"]);
    assert_eq!(decide.begin(), []);
    assert!(matches!(decide.event(&status(Phase::Idle)).as_slice(), [Command::Prompt { .. }]));
    let mut decide = older(&[]);
    decide.begin();
    decide.event(&status(Phase::Idle));
    assert_eq!(decide.ended(), Some(0), "nothing waits");
}

#[test]
fn whoever_listens_goes_on_until_commands_end() {
    let problem = || {
        let text = || "x".to_owned();
        told(What::Error(Problem { what: text(), why: text(), next: text() }))
    };
    let prompt = || Command::Prompt { text: "x".to_owned(), mode: None, focus: Focus::default() };
    let mut decide = Decide::new(Wanted { listens: true, ..wanted(Approve::Ask, &[]) });
    assert_eq!((decide.begin(), decide.ended()), (vec![], None));
    decide.sent(&prompt());
    decide.event(&problem());
    assert_eq!(decide.ended(), None, "another command may come");
    decide.sent(&prompt());
    assert_eq!(decide.nobody(), []);
    assert_eq!(decide.ended(), None, "the request was not heard of yet");
    decide.event(&status(Phase::Idle));
    assert_eq!(decide.ended(), None, "nor was it now");
    decide.event(&status(Phase::Understanding));
    let ask = |request: &str| {
        let (request, text) = (request.to_owned(), "x".to_owned());
        told(What::PermissionRequest { request, tool: text.clone(), text })
    };
    let denied = Command::AnswerPermission { request: "c".to_owned(), answer: Permission::Deny };
    assert_eq!(decide.event(&ask("c")), [denied], "nobody is there to allow it");
    decide.event(&told(What::Complete { changed: false, summary: String::new() }));
    assert_eq!(decide.ended(), None);
    decide.event(&status(Phase::Idle));
    assert_eq!(decide.ended(), Some(3));
}

#[test]
fn an_interrupt_cancels_what_runs_and_only_that() {
    let mut decide = Decide::new(wanted(Approve::All, &["one", "two"]));
    decide.begin();
    decide.event(&status(Phase::Understanding));
    assert_eq!(decide.interrupt(), [Command::Cancel]);
    // It was done just before it heard of it.
    decide.event(&told(What::Complete { changed: false, summary: String::new() }));
    assert_eq!(decide.event(&status(Phase::Idle)), [], "the next request is not begun");
    assert_eq!(decide.ended(), Some(130));

    let mut decide = Decide::new(wanted(Approve::All, &[]));
    assert_eq!((decide.interrupt(), decide.ended()), (vec![], Some(130)));
}

#[test]
fn too_many_questions_are_denied() {
    let mut decide = Decide::new(wanted(Approve::Ask, &["one"]));
    decide.begin();
    decide.event(&status(Phase::Understanding));
    for number in 0..MOST_QUESTIONS + 3 {
        let (request, text) = (number.to_string(), String::new());
        let what = What::PermissionRequest { request, tool: text.clone(), text };
        let denied = decide.event(&told(what)).len();
        assert_eq!(denied, usize::from(number >= MOST_QUESTIONS));
    }
    let Some(Question::Permission { request, .. }) = decide.question() else { panic!("none is asked") };
    assert_eq!(request, "0", "in order");
}

#[test]
fn what_a_review_leaves_is_asked_of_when_nothing_else_is_told() {
    let hunk = |id: &str| Hunk { id: id.to_owned(), line: 1, old: String::new(), new: "a\n".to_owned() };
    let staged = |path: &str, id: &str| {
        told(What::ChangeStaged { path: path.to_owned(), hunks: vec![hunk(id)], conflict: false })
    };
    let review = |approve: Approve| {
        let mut decide = Decide::new(wanted(approve, &["one"]));
        decide.begin();
        for event in [status(Phase::Working), staged("a.py", "1"), staged("b.py", "1")] {
            decide.event(&event);
        }
        let sent = decide.event(&status(Phase::ChangeReview));
        (decide, sent)
    };
    let (mut decide, _) = review(Approve::Ask);
    decide.answer(Answer::Send(Command::Accept { which: Which::All }));
    assert_eq!((decide.quiet(), decide.question()), (vec![], None), "nothing was heard of it");
    decide.event(&staged("b.py", "2"));
    assert_eq!(decide.question(), None, "more may be told");
    decide.quiet();
    let left = Question::Change { path: "b.py".to_owned(), hunk: Some(hunk("2")), left: 1 };
    assert_eq!(decide.question(), Some(left));

    let (mut decide, sent) = review(Approve::All);
    assert_eq!(sent, [Command::Accept { which: Which::All }]);
    decide.event(&staged("b.py", "2"));
    assert_eq!((decide.ended(), decide.quiet()), (None, vec![]), "it is not accepted again");
    assert_eq!(decide.ended(), Some(1), "not all could be applied");
}

#[test]
fn what_was_cancelled_is_not_accepted_later() {
    let mut decide = Decide::new(Wanted { listens: true, ..wanted(Approve::All, &[]) });
    decide.begin();
    decide.sent(&Command::Prompt { text: "x".to_owned(), mode: None, focus: Focus::default() });
    let hunks = Vec::new();
    for event in [
        status(Phase::Working),
        told(What::ChangeStaged { path: "a.py".to_owned(), hunks: hunks.clone(), conflict: false }),
        told(What::Cancelled),
        status(Phase::ChangeReview),
        told(What::ChangeStaged { path: "a.py".to_owned(), hunks, conflict: false }),
    ] {
        assert_eq!(decide.event(&event), [], "{event:?}");
    }
    assert_eq!(decide.ended(), None, "another command may come");
    assert_eq!((decide.nobody(), decide.ended()), (vec![], Some(130)));
}

#[test]
fn what_can_run_code_is_asked_about_whatever_was_approved_beforehand() {
    let mut decide = Decide::new(wanted(Approve::All, &["one"]));
    let hunk = Hunk { id: "h".to_owned(), line: 1, old: String::new(), new: "a\n".to_owned() };
    let staged =
        || What::ChangeStaged { path: "Makefile".to_owned(), hunks: vec![hunk.clone()], conflict: false };
    decide.begin();
    decide.event(&status(Phase::Understanding));
    decide.event(&status(Phase::Working));
    decide.event(&told(staged()));
    decide.event(&told(What::Complete { changed: true, summary: String::new() }));
    assert_eq!(decide.event(&status(Phase::ChangeReview)), [Command::Accept { which: Which::All }]);
    let (request, tool) = ("call_9".to_owned(), "accept_changes".to_owned());
    let asks = told(What::PermissionRequest { request: request.clone(), tool, text: "Makefile".to_owned() });
    assert_eq!(decide.event(&asks), []);
    assert!(matches!(decide.question(), Some(Question::Permission { .. })));
    let deny = Command::AnswerPermission { request, answer: Permission::Deny };
    assert_eq!(decide.answer(Answer::Send(deny.clone())), [deny]);
    assert_eq!(decide.question(), None, "the review goes on");
    decide.event(&told(staged()));
    decide.event(&status(Phase::ChangeReview));
    assert_eq!(decide.ended(), Some(1), "not all was applied");
}
