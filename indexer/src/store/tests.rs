//! Whatever happens to the stored files and to the tree, the answers are those of a fresh index.

#![expect(clippy::disallowed_methods, reason = "the tests damage files")]

use super::*;
use crate::segment::{SCHEMA, Section};
use crate::text::TextQuery;
use crate::{Filter, MapOptions};
use proptest::prelude::*;
use std::fmt::Write;
use std::time::{Duration, SystemTime};
use tempfile::TempDir;
use xxhash_rust::xxh3::xxh3_64;

/// A tree and a cache.
struct Project {
    root: TempDir,
    cache: TempDir,
}

impl Project {
    fn new() -> Self {
        let project =
            Self { root: tempfile::tempdir().expect("folder"), cache: tempfile::tempdir().expect("folder") };
        project.write(
            "pkg/app.py",
            "from .base import Base\n\nclass App(Base):\n    def run(self):\n        return self.save(1)\n",
        );
        project.write("web/show.ts", "export function show(w: string): void { render(w); }\n");
        project
    }

    /// The same stored as several segments, with a struck document in the first.
    fn in_parts() -> Self {
        let project = Self::new();
        project.write("pkg/base.py", "old = 1\n");
        project.refreshed();
        project
            .write("pkg/base.py", "class Base:\n    def save(self, item):\n        \"\"\"Keeps it.\"\"\"\n");
        project.refreshed();
        project.write("notes.txt", "to save or not to save\n");
        project.refreshed();
        assert_eq!(project.stored().len(), 4, "a head and three segments");
        project
    }

    /// Writes a file that is an hour old, so that nothing need be in doubt about it.
    fn write(&self, path: &str, text: &str) {
        let path = self.root.path().join(path);
        fs::create_dir_all(path.parent().expect("files lie in folders")).expect("create");
        fs::write(&path, text).expect("write");
        let file = fs::File::options().write(true).open(path).expect("open");
        // Two versions within one tick of the disk's clock still differ.
        let age = Duration::from_secs(3_600 + xxh3_64(text.as_bytes()) % 1_000);
        file.set_modified(SystemTime::now() - age).expect("the disk keeps times");
    }

    fn store(&self) -> Store {
        Store::open(self.root.path(), Some(self.cache.path())).expect("the root is a folder")
    }

    fn refreshed(&self) -> Loaded {
        self.store().load_and_refresh(&options(), &|_| {})
    }

    /// What the stored index answers, once brought up to date, and the warning.
    fn answers(&self) -> (String, Option<String>) {
        let mut loaded = self.refreshed();
        let answers =
            self.store().ask(&mut loaded, &options(), &|snapshot| everything(&self.store(), snapshot));
        (answers, loaded.warning)
    }

    /// What an index answers that was built just now.
    fn expected(&self) -> String {
        let store = Store::in_memory(self.root.path()).expect("the root is a folder");
        everything(&store, &store.load_and_refresh(&options(), &|_| {}).index.snapshot())
    }

    /// The index's folder.
    fn folder(&self) -> PathBuf {
        self.store().folder.expect("a cache was given")
    }

    /// The head and the segments, in a fixed order.
    fn stored(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.folder()).expect("an index is stored").flatten();
        let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        files.retain(|file| !file.ends_with("lock") && !file.ends_with("writing"));
        files.sort();
        files
    }

    /// Damages the stored index, and checks that this is noticed, said and mended.
    #[track_caller]
    fn check_mended(&self, warning: &str) {
        let (answers, warned) = self.answers();
        assert_eq!(answers, self.expected());
        let warned = warned.expect("damage is no secret");
        assert!(warned.contains(warning), "{warned}");
        assert_eq!(self.answers(), (self.expected(), None), "the second time all is well");
    }
}

fn options() -> WalkOptions {
    WalkOptions { threads: 1, ..WalkOptions::default() }
}

/// One answer of each kind about everything there is, as text.
fn everything(store: &Store, snapshot: &Snapshot) -> String {
    let mut told = String::new();
    let filter = Filter::default();
    let mut files: Vec<_> = snapshot.files().collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    for file in files {
        let _ = writeln!(told, "{file:?} {:?}", snapshot.imports(&file.path));
        for symbol in snapshot.outline(&file.path).unwrap_or_default() {
            let _ = writeln!(told, "{} {:?} {:?}", symbol.qualified, symbol.kind, symbol.range);
            for used in snapshot.references(&symbol, &filter) {
                let _ = writeln!(told, "  {} {:?} {:?}", used.path, used.range, used.certainty);
            }
        }
    }
    for query in ["save", "bas", "sw"] {
        for hit in snapshot.find(query, &filter, 50) {
            let _ = writeln!(told, "{query}: {} {:?}", hit.symbol.qualified, hit.kind);
        }
    }
    let query =
        TextQuery { pattern: "save".to_owned(), ..TextQuery::default() }.compile().expect("a pattern");
    let found = snapshot.search_text(&query, &filter, 100, &|path| store.bytes(path));
    let _ = writeln!(told, "{:?} {:?}", found.hits, snapshot.counts());
    let map =
        snapshot.map(&MapOptions { budget: 200, focus: Vec::new() }, &|path| store.text(snapshot, path));
    told + &map.text
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    /// Any byte of any file, changed in any way.
    #[test]
    fn a_changed_byte_never_changes_an_answer(file in 0usize..4, at in 0usize..1_000_000, by in 1u8..) {
        let project = Project::in_parts();
        let file = &project.stored()[file];
        let mut bytes = fs::read(file).expect("read");
        let at = at % bytes.len();
        bytes[at] ^= by;
        fs::write(file, bytes).expect("write");
        let (answers, warning) = project.answers();
        prop_assert_eq!(answers, project.expected(), "byte {} of {}", at, file.display());
        // Padding and checksums aside, something was lost: whoever waited longer is told why.
        prop_assert!(warning.is_none_or(|warning| warning.contains("building it anew")));
        prop_assert_eq!(project.answers(), (project.expected(), None), "the second time all is well");
    }

    /// A file cut short anywhere, or to nothing.
    #[test]
    fn a_file_cut_short_never_changes_an_answer(file in 0usize..4, keep in 0usize..1_000_000, nothing: bool) {
        let project = Project::in_parts();
        let file = &project.stored()[file];
        let bytes = fs::read(file).expect("read");
        let keep = if nothing { 0 } else { keep % bytes.len() };
        fs::write(file, &bytes[..keep]).expect("write");
        project.check_mended("building it anew");
    }
}

#[test]
fn a_missing_segment_is_noticed() {
    let project = Project::in_parts();
    fs::remove_file(&project.stored()[1]).expect("remove");
    project.check_mended("building it anew");
}

/// A single bit of the head can bring a struck document back, which no later check would notice.
#[test]
fn no_bit_of_the_head_may_change() {
    let project = Project::in_parts();
    let head = project.folder().join("head");
    let bytes = fs::read(&head).expect("read");
    for bit in 0..bytes.len() * 8 {
        let mut changed = bytes.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        fs::write(&head, changed).expect("write");
        let loaded = project.store().load();
        assert!(!loaded.found && loaded.warning.is_some(), "bit {bit}");
    }
    fs::write(&head, &bytes).expect("write");
    assert!(project.store().load().found);
}

#[test]
fn garbage_in_place_of_the_head_is_noticed() {
    for garbage in [&b"x"[..], b"DTHEAD\0\0", &[0xff; 300], &[0; 16]] {
        let project = Project::in_parts();
        fs::write(project.folder().join("head"), garbage).expect("write");
        project.check_mended("building it anew");
    }
    let project = Project::in_parts();
    for entry in ["pkg", "web"] {
        fs::remove_dir_all(project.root.path().join(entry)).expect("remove");
    }
    fs::remove_file(project.root.path().join("notes.txt")).expect("remove");
    fs::write(project.folder().join("head"), "garbage").expect("write");
    project.check_mended("building it anew");
}

#[test]
fn folders_in_place_of_files_are_removed() {
    for file in 0..4 {
        let project = Project::in_parts();
        let file = &project.stored()[file];
        fs::remove_file(file).expect("remove");
        fs::create_dir_all(file.join("deeper")).expect("create");
        project.check_mended("building it anew");
    }
}

#[test]
fn older_and_newer_versions_are_built_anew() {
    for version in [SCHEMA - 1, SCHEMA + 1] {
        for file in 0..4 {
            let project = Project::in_parts();
            let file = &project.stored()[file];
            let mut bytes = fs::read(file).expect("read");
            bytes[8..12].copy_from_slice(&version.to_le_bytes());
            // What another version wrote is sound, for that version.
            if file.ends_with("head") {
                let end = bytes.len() - 8;
                let checksum = xxh3_64(&bytes[..end]);
                bytes[end..].copy_from_slice(&checksum.to_le_bytes());
            }
            fs::write(file, bytes).expect("write");
            project.check_mended("another version");
        }
    }
}

#[test]
fn a_damaged_segment_does_not_stop_a_merge_for_ever() {
    let project = Project::new();
    for number in 0..6 {
        project.write(&format!("more/m{number}.py"), &format!("def only_{number}(): pass\n"));
        project.refreshed();
    }
    for file in project.stored() {
        let mut bytes = fs::read(&file).expect("read");
        // The facts come last but for the trigrams, and are checked when they are read.
        let name = bytes.windows(8).position(|window| window == b"DTINDEX\0");
        if name == Some(0) {
            let blobs = segment_section(&bytes, Section::Blobs);
            bytes[blobs] ^= 1;
            fs::write(&file, bytes).expect("write");
        }
    }
    project.write("more/last.py", "def last(): pass\n");
    assert_eq!(project.answers().0, project.expected());
    assert_eq!(project.answers(), (project.expected(), None));
}

/// Where a section of a segment begins, by the table in its header.
fn segment_section(bytes: &[u8], section: Section) -> usize {
    let at = 24 + section as usize * 24;
    let from = bytes[at..at + 8].try_into().map(u64::from_le_bytes).expect("eight bytes");
    usize::try_from(from).expect("a small file")
}

#[test]
fn without_a_cache_that_can_be_written_the_index_is_in_memory() {
    let project = Project::new();
    let cache = project.root.path().join("web/show.ts");
    let store = Store::open(project.root.path(), Some(&cache)).expect("the root is a folder");
    let mut loaded = store.load_and_refresh(&options(), &|_| {});
    let answers = store.ask(&mut loaded, &options(), &|snapshot| everything(&store, snapshot));
    assert_eq!(answers, project.expected());
    let warning = loaded.warning.expect("what is not kept is no secret");
    assert!(warning.contains("cannot keep the index under `") && warning.contains("show.ts"), "{warning}");
    let mut index = Index::new();
    assert!(matches!(store.refresh(&mut index, &options(), &|_| {}), Err(StoreError::Write { .. })));
    assert_eq!(everything(&store, &index.snapshot()), project.expected(), "an error takes nothing away");
}

#[test]
fn writers_at_the_same_time_leave_a_sound_index() {
    let project = Project::new();
    for round in 0..5 {
        project.write("pkg/round.py", &format!("def round_{round}(): save()\n"));
        let expected = project.expected();
        std::thread::scope(|scope| {
            let writers: Vec<_> = (0..4).map(|_| scope.spawn(|| project.answers())).collect();
            for writer in writers {
                assert_eq!(writer.join().expect("no panic"), (expected.clone(), None));
            }
        });
        let stored = project.store().load();
        assert_eq!((stored.found, stored.warning), (true, None));
        assert_eq!(everything(&project.store(), &stored.index.snapshot()), expected);
        assert!(project.stored().iter().all(|file| file.extension().is_none_or(|end| end != "new")));
    }
}

#[test]
fn what_killed_writers_left_is_removed_once_nobody_writes() {
    let project = Project::in_parts();
    let left = ["0123456789abcdef.77-0.new", "head.77-3.new", "0123456789abcdef.segment"];
    for name in left {
        fs::write(project.folder().join(name), "half a segment").expect("write");
    }
    let exist = || left.iter().filter(|name| project.folder().join(name).exists()).count();
    let folder = project.folder();
    let writing = files::Writing::begin(&folder).expect("the folder can be written");
    project.write("pkg/new.py", "def new(): pass\n");
    project.refreshed();
    assert_eq!(exist(), 3, "they may be another's who is at it");
    drop(writing);
    project.write("pkg/new.py", "def newer(): pass\n");
    project.refreshed();
    assert_eq!(exist(), 0);
    assert_eq!(project.answers(), (project.expected(), None));
}

#[test]
fn a_file_changed_within_one_tick_of_the_clock_is_read_again() {
    let project = Project::new();
    let path = project.root.path().join("pkg/tick.py");
    fs::write(&path, "def before(): pass\n").expect("write");
    let tick = fs::metadata(&path).and_then(|file| file.modified()).expect("the disk keeps times");
    project.refreshed();
    fs::write(&path, "def after_(): pass\n").expect("write");
    let file = fs::File::options().write(true).open(&path).expect("open");
    file.set_modified(tick).expect("the disk keeps times");
    assert_eq!(project.answers(), (project.expected(), None));
    assert!(project.expected().contains("after_"));
}

#[test]
fn files_come_go_and_turn_into_folders() {
    let project = Project::in_parts();
    let path = |path: &str| project.root.path().join(path);
    let check = |what: &str| assert_eq!(project.answers(), (project.expected(), None), "{what}");
    fs::rename(path("pkg/base.py"), path("pkg/moved.py")).expect("rename");
    check("renamed");
    fs::remove_file(path("notes.txt")).expect("remove");
    check("removed");
    fs::remove_file(path("web/show.ts")).expect("remove");
    project.write("web/show.ts/inner.ts", "export const inner = 1;\n");
    check("a folder in a file's place");
    fs::remove_dir_all(path("web")).expect("remove");
    project.write("web", "save\n");
    check("a file in a folder's place");
    for entry in ["pkg", "web"].map(path) {
        if entry.is_dir() { fs::remove_dir_all(entry) } else { fs::remove_file(entry) }.expect("remove");
    }
    check("an empty tree");
    assert_eq!(project.refreshed().report.map(|report| report.files), Some(0));
}

#[test]
fn changed_ignore_files_hide_and_show() {
    let project = Project::in_parts();
    fs::create_dir(project.root.path().join(".git")).expect("create");
    let files = || project.refreshed().report.expect("the tree was walked").files;
    let all = files();
    for (rules, fewer) in [("pkg/\n", 2), ("*.txt\n", 1), ("*\n!pkg/\n!*.py\n", 2), ("", 0)] {
        for name in [".gitignore", ".ignore", ".rgignore"] {
            fs::write(project.root.path().join(name), rules).expect("write");
            assert_eq!(files(), all - fewer, "{name}: {rules}");
            assert_eq!(project.answers(), (project.expected(), None), "{name}: {rules}");
            fs::remove_file(project.root.path().join(name)).expect("remove");
        }
        assert_eq!(files(), all);
    }
}

#[test]
fn another_size_limit_is_not_answered_from_the_last_one() {
    let project = Project::new();
    let found = |max_file_bytes: u64| {
        let limited = WalkOptions { max_file_bytes, ..options() };
        let loaded = project.store().load_and_refresh(&limited, &|_| {});
        loaded.index.snapshot().find("run", &Filter::default(), 5).len()
    };
    assert_eq!((found(2 << 20), found(10), found(2 << 20)), (1, 0, 1));
}
