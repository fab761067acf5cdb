use super::*;
use crate::workspace::change::FileContent;
use expect_test::{Expect, expect};

fn side(text: &str) -> Side {
    if text == "-" { Side::Absent } else { Side::File(FileContent::new(text.as_bytes(), None)) }
}

fn path(text: &str) -> RelPath {
    RelPath::parse(text).unwrap()
}

fn shown(side: &Side) -> String {
    match side {
        Side::Absent => "-".to_owned(),
        Side::File(file) => file.text().unwrap().0.into_owned(),
        Side::Link(_) | Side::Folder => format!("{side:?}"),
    }
}

fn stage(staging: &mut Staging, name: &str, before: &str, after: &str) -> Result<CallNumber, StageError> {
    let change = FileChange { path: path(name), before: side(before), after: side(after) };
    staging.add(format!("edit {name}"), vec![change])
}

fn check(staging: &Staging, expect: Expect) {
    let mut text = String::new();
    for (path, file) in staging.files() {
        text += &format!("{path}: {:?} -> {:?}", shown(&file.base), shown(&file.top));
        if let Status::Conflicted { theirs } = &file.status {
            text += &format!(" against {:?}", shown(theirs));
        }
        text.push('\n');
    }
    let calls: Vec<String> = staging.calls().iter().map(|call| call.number.to_string()).collect();
    expect.assert_eq(&format!("{text}calls: {}\n", calls.join(" ")));
}

fn calls(numbers: &[u32]) -> Selection {
    Selection { calls: numbers.iter().map(|number| CallNumber(*number)).collect(), ..Selection::default() }
}

#[test]
fn calls_add_up_and_a_change_back_is_none() {
    let mut staging = Staging::default();
    stage(&mut staging, "a", "1\n2\n3\n", "one\n2\n3\n").unwrap();
    stage(&mut staging, "a", "one\n2\n3\n", "one\n2\nthree\n").unwrap();
    stage(&mut staging, "b", "-", "new\n").unwrap();
    check(
        &staging,
        expect![[r#"
        a: "1\n2\n3\n" -> "one\n2\nthree\n"
        b: "-" -> "new\n"
        calls: 1 2 3
    "#]],
    );
    stage(&mut staging, "b", "new\n", "-").unwrap();
    check(
        &staging,
        expect![[r#"
        a: "1\n2\n3\n" -> "one\n2\nthree\n"
        calls: 1 2
    "#]],
    );
}

#[test]
fn an_edit_of_an_older_text_is_rebased_or_refused() {
    let mut staging = Staging::default();
    stage(&mut staging, "a", "1\n2\n3\n", "one\n2\n3\n").unwrap();
    stage(&mut staging, "a", "1\n2\n3\n", "1\n2\nthree\n").unwrap();
    let error = stage(&mut staging, "a", "1\n2\n3\n", "ONE\n2\n3\n").unwrap_err();
    assert_eq!(error, StageError::Stale { path: path("a") });
    check(
        &staging,
        expect![[r#"
        a: "1\n2\n3\n" -> "one\n2\nthree\n"
        calls: 1 2
    "#]],
    );
}

#[test]
fn each_call_can_be_accepted_or_discarded_alone() {
    let mut staging = Staging::default();
    stage(&mut staging, "a", "1\n2\n3\n", "one\n2\n3\n").unwrap();
    stage(&mut staging, "a", "one\n2\n3\n", "one\n2\nthree\n").unwrap();
    let chosen = staging.choose(&calls(&[2])).unwrap();
    assert_eq!(shown(&chosen[0].target), "1\n2\nthree\n");
    staging.accepted(&chosen, &calls(&[2]));
    check(
        &staging,
        expect![[r#"
        a: "1\n2\nthree\n" -> "one\n2\nthree\n"
        calls: 1
    "#]],
    );
    staging.discard(&calls(&[1])).unwrap();
    check(&staging, expect!["calls: \n"]);
}

#[test]
fn a_call_that_builds_on_another_is_not_torn_from_it() {
    let mut staging = Staging::default();
    stage(&mut staging, "a", "1\n", "2\n").unwrap();
    stage(&mut staging, "a", "2\n", "3\n").unwrap();
    assert!(matches!(staging.choose(&calls(&[2])), Err(StageError::Entangled { .. })));
    assert!(matches!(staging.discard(&calls(&[1])), Err(StageError::Entangled { .. })));
    assert_eq!(shown(&staging.choose(&calls(&[1, 2])).unwrap()[0].target), "3\n");
}

#[test]
fn hunks_are_accepted_and_discarded_by_name() {
    let mut staging = Staging::default();
    stage(&mut staging, "a", "1\n2\n3\n", "one\n2\nthree\n").unwrap();
    let file = staging.get(&path("a")).unwrap();
    let ids: Vec<String> = hunks(&path("a"), &file.base, &file.top).into_iter().map(|hunk| hunk.id).collect();
    let hunk = |at: usize| Selection { hunks: vec![ids[at].clone()], ..Selection::default() };
    let chosen = staging.choose(&hunk(0)).unwrap();
    staging.accepted(&chosen, &hunk(0));
    check(
        &staging,
        expect![[r#"
        a: "one\n2\n3\n" -> "one\n2\nthree\n"
        calls: 1
    "#]],
    );
    assert!(matches!(staging.choose(&hunk(0)), Err(StageError::NoHunk(_))));
    staging.discard(&hunk(1)).unwrap();
    check(&staging, expect!["calls: \n"]);
}

#[test]
fn what_moves_underneath_is_merged_or_a_conflict() {
    let mut staging = Staging::default();
    stage(&mut staging, "a", "1\n2\n3\n", "one\n2\n3\n").unwrap();
    assert!(staging.rebase(&path("a"), side("1\n2\n3\n4\n")));
    check(
        &staging,
        expect![[r#"
        a: "1\n2\n3\n4\n" -> "one\n2\n3\n4\n"
        calls: 1
    "#]],
    );
    staging.rebase(&path("a"), side("uno\n2\n3\n4\n"));
    check(
        &staging,
        expect![[r#"
        a: "1\n2\n3\n4\n" -> "one\n2\n3\n4\n" against "uno\n2\n3\n4\n"
        calls: 1
    "#]],
    );
    staging.rebase(&path("a"), side("1\n2\n3\n4\n"));
    check(
        &staging,
        expect![[r#"
        a: "1\n2\n3\n4\n" -> "one\n2\n3\n4\n"
        calls: 1
    "#]],
    );
}

#[test]
fn what_is_not_staged_cannot_be_chosen() {
    let mut staging = Staging::default();
    assert_eq!(staging.choose(&calls(&[7])), Err(StageError::NoCall(CallNumber(7))));
    let file = Selection { paths: vec![path("x")], ..Selection::default() };
    assert_eq!(staging.discard(&file), Err(StageError::NoFile(path("x"))));
}
