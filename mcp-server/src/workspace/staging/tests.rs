use super::*;
use crate::workspace::change::FileContent;
use expect_test::{Expect, expect};
use proptest::prelude::*;

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
fn what_is_there_as_it_was_is_in_folders_that_are_there() {
    let folder = |name: &str, before, after| FileChange { path: path(name), before, after };
    let deleted = || {
        let mut staging = Staging::default();
        let folders = ["d", "d/e", "d/f"].map(|name| folder(name, Side::Folder, Side::Absent));
        let files = ["d/e/x", "d/e/y"].map(|name| folder(name, side("1\n"), Side::Absent));
        staging.add("delete d".to_owned(), [folders.as_slice(), &files].concat()).unwrap();
        staging
    };
    let left = || {
        expect![[r#"
            d/e/y: "1\n" -> "-"
            d/f: "Folder" -> "-"
            calls: 1
        "#]]
    };
    let mut written = deleted();
    stage(&mut written, "d/e/x", "-", "1\n").unwrap();
    check(&written, left());
    let mut told = deleted();
    let changes = vec![folder("d/e/x", Side::Absent, side("1\n")), folder("d/e", Side::Absent, Side::Folder)];
    told.add("write d/e/x".to_owned(), changes).unwrap();
    check(&told, left());
    let mut discarded = deleted();
    discarded.discard(&Selection { paths: vec![path("d/e/x")], ..Selection::default() }).unwrap();
    check(&discarded, left());
    let mut other = deleted();
    stage(&mut other, "d/e/x", "-", "2\n").unwrap();
    let (names, _): (Vec<_>, Vec<_>) = other.files().unzip();
    assert_eq!(names, ["d", "d/e", "d/e/x", "d/e/y", "d/f"].map(path).iter().collect::<Vec<_>>());
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

/// One thing that happens to a staged file, with numbers that choose what of it.
#[derive(Clone, Debug)]
enum Happens {
    Edit { line: usize, with: String },
    DiskChanges { line: usize, with: String },
    AcceptHunks(u64),
    DiscardHunks(u64),
    AcceptCall(usize),
    DiscardCall(usize),
}

fn happens() -> impl Strategy<Value = Happens> {
    let with = "[a-c]{0,2}(\n|\r\n|)";
    prop_oneof![
        4 => (0..12usize, with).prop_map(|(line, with)| Happens::Edit { line, with }),
        1 => (0..12usize, with).prop_map(|(line, with)| Happens::DiskChanges { line, with }),
        2 => any::<u64>().prop_map(Happens::AcceptHunks),
        2 => any::<u64>().prop_map(Happens::DiscardHunks),
        1 => (0..4usize).prop_map(Happens::AcceptCall),
        1 => (0..4usize).prop_map(Happens::DiscardCall),
    ]
}

/// A text with one of its lines replaced, or deleted when `with` is empty.
fn edited(text: &str, line: usize, with: &str) -> String {
    let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
    let at = line.min(lines.len());
    lines.splice(at..(at + 1).min(lines.len()), [with]);
    lines.concat()
}

fn text_of(side: &Side) -> String {
    side.file().map_or_else(String::new, |file| file.text().unwrap().0.into_owned())
}

/// A staged file and the disk under it.
struct Desk {
    staging: Staging,
    disk: String,
}

impl Desk {
    fn top(&self) -> String {
        self.staging.get(&path("f")).map_or_else(|| self.disk.clone(), |file| text_of(&file.top))
    }

    fn is_conflicted(&self) -> bool {
        self.staging.get(&path("f")).is_some_and(|file| file.status != Status::Staged)
    }

    fn some_hunks(&self, mask: u64) -> Selection {
        let file = self.staging.get(&path("f"));
        let hunks = file.map_or_else(Vec::new, |file| hunks(&path("f"), &file.base, &file.top));
        let chosen = hunks.into_iter().enumerate().filter(|(place, _)| mask >> (place % 64) & 1 == 1);
        Selection { hunks: chosen.map(|(_, hunk)| hunk.id).collect(), ..Selection::default() }
    }

    fn call(&self, nth: usize) -> Selection {
        let call = self.staging.calls().iter().cycle().nth(nth);
        Selection { calls: call.map(|call| call.number).into_iter().collect(), ..Selection::default() }
    }

    fn accept(&mut self, selection: &Selection) {
        if selection.is_everything() || self.is_conflicted() {
            return;
        }
        let whole = self.top();
        let Ok(chosen) = self.staging.choose(selection) else { return };
        for change in &chosen {
            assert_eq!(text_of(&change.base), self.disk, "what is written starts from the disk");
            self.disk = text_of(&change.target);
        }
        self.staging.accepted(&chosen, selection);
        assert_eq!(self.top(), whole, "accepted and remaining are the whole");
    }

    fn discard(&mut self, selection: &Selection) {
        if selection.is_everything() {
            return;
        }
        let (disk, before) = (self.disk.clone(), self.staging.clone());
        match self.staging.discard(selection) {
            Ok(_) => assert_eq!(self.disk, disk, "discarding writes nothing"),
            Err(_) => assert!(self.staging == before, "an error changes nothing"),
        }
    }

    fn happen(&mut self, what: Happens) {
        match what {
            Happens::Edit { line, with } => {
                let (before, after) = (self.top(), edited(&self.top(), line, &with));
                let was_conflicted = self.is_conflicted();
                stage(&mut self.staging, "f", &before, &after).unwrap();
                // An edit that takes a conflicted change back ends the conflict: the disk is seen again.
                let ended = was_conflicted && self.staging.get(&path("f")).is_none();
                assert!(ended || self.top() == after, "what is staged is seen");
            }
            Happens::DiskChanges { line, with } => {
                let top = self.top();
                self.disk = edited(&self.disk, line, &with);
                self.staging.rebase(&path("f"), side(&self.disk));
                assert!(!self.is_conflicted() || self.top() == top, "a conflict keeps what was proposed");
            }
            Happens::AcceptHunks(mask) => self.accept(&self.some_hunks(mask)),
            Happens::DiscardHunks(mask) => self.discard(&self.some_hunks(mask)),
            Happens::AcceptCall(nth) => self.accept(&self.call(nth)),
            Happens::DiscardCall(nth) => self.discard(&self.call(nth)),
        }
        let file = self.staging.get(&path("f"));
        assert!(file.is_none_or(|file| !file.top.same(&file.base)), "what changes nothing is not staged");
        let is_dead = |call: &Call| call.files.is_empty();
        assert!(!self.staging.calls().iter().any(is_dead), "a call without changes is forgotten");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_nothing_is_lost_or_made_up(
        disk in "([a-c]{1,2}(\n|\r\n)){0,10}[a-c]{0,1}",
        all in proptest::collection::vec(happens(), 1..16),
    ) {
        let mut desk = Desk { staging: Staging::default(), disk };
        for what in all {
            desk.happen(what);
        }
        let mut calls = desk.staging.clone();
        let numbers: Vec<CallNumber> = calls.calls().iter().map(|call| call.number).collect();
        if !numbers.is_empty() && !desk.is_conflicted()
            && calls.discard(&Selection { calls: numbers, ..Selection::default() }).is_ok()
        {
            // Taking back a call never proposes to take back what was accepted of it.
            prop_assert!(calls.is_empty(), "{:?} left of {:?}", calls, desk.staging);
        }
        if !desk.staging.is_empty() {
            desk.staging.discard(&Selection::default()).unwrap();
        }
        prop_assert!(desk.staging.is_empty(), "a discard of all gives back the disk");
        prop_assert_eq!(desk.top(), desk.disk);
    }
}

#[test]
fn taking_back_a_call_leaves_alone_what_was_accepted_of_it() {
    let mut staging = Staging::default();
    stage(&mut staging, "a", "1\n2\n3\n4\n", "one\n2\nthree\n4\n").unwrap();
    stage(&mut staging, "a", "one\n2\nthree\n4\n", "one\n2\nthree\n4\n5\n").unwrap();
    let file = staging.get(&path("a")).unwrap();
    let first = hunks(&path("a"), &file.base, &file.top)[0].id.clone();
    let hunk = Selection { hunks: vec![first], ..Selection::default() };
    let chosen = staging.choose(&hunk).unwrap();
    staging.accepted(&chosen, &hunk);
    staging.discard(&calls(&[1])).unwrap();
    check(
        &staging,
        expect![[r#"
        a: "one\n2\n3\n4\n" -> "one\n2\n3\n4\n5\n"
        calls: 2
    "#]],
    );
}

#[test]
fn a_hunk_and_a_call_are_chosen_together() {
    let mut staging = Staging::default();
    stage(&mut staging, "a", "1\n2\n3\n4\n5\n", "one\n2\n3\n4\nfive\n").unwrap();
    stage(&mut staging, "a", "one\n2\n3\n4\nfive\n", "one\n2\ntres\n4\nfive\n").unwrap();
    let file = staging.get(&path("a")).unwrap();
    let first = hunks(&path("a"), &file.base, &file.top)[0].id.clone();
    let both = Selection { hunks: vec![first], ..calls(&[2]) };
    assert_eq!(shown(&staging.choose(&both).unwrap()[0].target), "one\n2\ntres\n4\n5\n");
    staging.discard(&both).unwrap();
    check(
        &staging,
        expect![[r#"
            a: "1\n2\n3\n4\n5\n" -> "1\n2\n3\n4\nfive\n"
            calls: 1
        "#]],
    );
}

#[test]
fn the_same_change_of_two_files_has_two_names() {
    let mut staging = Staging::default();
    stage(&mut staging, "a", "1\n", "2\n").unwrap();
    stage(&mut staging, "b", "1\n", "2\n").unwrap();
    let name = |of: &str| {
        let file = staging.get(&path(of)).unwrap();
        hunks(&path(of), &file.base, &file.top)[0].id.clone()
    };
    assert_ne!(name("a"), name("b"));
    let chosen = staging.choose(&Selection { hunks: vec![name("b")], ..Selection::default() }).unwrap();
    assert_eq!(chosen.len(), 1);
    assert_eq!(chosen[0].path, path("b"));
}
