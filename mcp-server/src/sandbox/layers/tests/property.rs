//! Whatever a command does over an overlay comes to the same as if it had been done to the disk.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::io;

/// Something that a command does. Places are few, so that they meet.
#[derive(Clone, Debug)]
enum Act {
    Write(String, String),
    Append(String, String),
    Remove(String),
    Make(String),
    Move(String, String),
    Link(String, String),
    Mode(String, u32),
}

const RULES: &str = "*.o\nout/\n";

fn path() -> impl Strategy<Value = String> {
    let folder = prop_oneof![3 => "[de]", 1 => "out"];
    let name = prop_oneof![4 => "[abde]", 1 => "[ab]\\.o", 1 => "out"];
    (proptest::collection::vec(folder, 0..3), name).prop_map(|(mut names, name)| {
        names.push(name);
        names.join("/")
    })
}

fn act() -> impl Strategy<Value = Act> {
    let text = || "[xyz]{0,3}\n";
    prop_oneof![
        4 => (path(), text()).prop_map(|(path, text)| Act::Write(path, text)),
        1 => (path(), text()).prop_map(|(path, text)| Act::Append(path, text)),
        3 => path().prop_map(Act::Remove),
        2 => path().prop_map(Act::Make),
        3 => (path(), path()).prop_map(|(from, to)| Act::Move(from, to)),
        1 => (path(), path()).prop_map(|(path, to)| Act::Link(path, to)),
        1 => (path(), prop_oneof![Just(0o644), Just(0o755), Just(0o600)]).prop_map(|(path, mode)| Act::Mode(path, mode)),
    ]
}

/// Does it as tools do: what does not fit is left.
fn perform(root: &Path, act: &Act) -> io::Result<()> {
    let at = |path: &str| root.join(path);
    // A link is never gone through: it may lead anywhere.
    let is_plain = |path: &str| {
        let above = Path::new(path).ancestors().skip(1).filter(|path| !path.as_os_str().is_empty());
        above.clone().all(|path| !root.join(path).is_symlink())
    };
    let is_file = |path: &str| is_plain(path) && at(path).symlink_metadata().is_ok_and(|stat| stat.is_file());
    let is_free = |path: &str| is_plain(path) && at(path).symlink_metadata().is_err();
    match act {
        Act::Write(path, text) if is_file(path) || is_free(path) => {
            fs::create_dir_all(at(path).parent().unwrap())?;
            fs::write(at(path), text)
        }
        Act::Append(path, text) if is_file(path) => {
            let whole = fs::read_to_string(at(path))? + text;
            fs::write(at(path), whole)
        }
        Act::Remove(path) if is_plain(path) => match at(path).symlink_metadata() {
            Ok(stat) if stat.is_dir() => fs::remove_dir_all(at(path)),
            Ok(_) => fs::remove_file(at(path)),
            Err(error) => Err(error),
        },
        Act::Make(path) if is_free(path) => fs::create_dir_all(at(path)),
        Act::Move(from, to) if is_plain(from) && is_free(to) && !Path::new(to).starts_with(from) => {
            at(from).symlink_metadata()?;
            fs::create_dir_all(at(to).parent().unwrap())?;
            copy(&at(from), &at(to))?;
            perform(root, &Act::Remove(from.clone()))
        }
        Act::Link(path, to) if is_free(path) => {
            fs::create_dir_all(at(path).parent().unwrap())?;
            symlink(to, at(path))
        }
        Act::Mode(path, mode) if is_file(path) => {
            fs::set_permissions(at(path), fs::Permissions::from_mode(*mode))
        }
        _ => Err(io::ErrorKind::Other.into()),
    }
}

/// As `mv` does between file systems, and over an overlay.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let stat = from.symlink_metadata()?;
    if stat.is_symlink() {
        symlink(fs::read_link(from)?, to)
    } else if stat.is_dir() {
        fs::create_dir(to)?;
        fs::read_dir(from)?.try_for_each(|entry| {
            let name = entry?.file_name();
            copy(&from.join(&name), &to.join(&name))
        })
    } else {
        fs::copy(from, to).map(drop)
    }
}

/// What counts of a tree: files and links that are not ignored.
fn work(all: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let counts = |(path, what): &(&String, &String)| {
        // A file named as an ignored folder is none.
        let folders = path.rsplit_once('/').map_or("", |(folders, _)| folders);
        let is_ignored =
            path.ends_with(".o") || folders.split('/').any(|name| name == "out" || name.ends_with(".o"));
        !is_ignored && what.as_str() != "folder"
    };
    all.iter().filter(counts).map(|(path, what)| (path.clone(), what.clone())).collect()
}

/// Whether a path is ignored, or below something that is.
fn is_ignored(path: &str) -> bool {
    path.split('/').any(|name| name == "out" || name.ends_with(".o"))
}

/// Folders with nothing in them that another tree has not.
fn lacking(all: &BTreeMap<String, String>, other: &BTreeMap<String, String>) -> Vec<String> {
    let is_bare = |path: &str| !all.keys().any(|other| other.starts_with(&format!("{path}/")));
    let folders = all.iter().filter(|(path, what)| *what == "folder" && is_bare(path) && !is_ignored(path));
    folders
        .filter(|(path, _)| other.get(*path).is_none_or(|what| what != "folder"))
        .map(|(path, _)| path.clone())
        .collect()
}

/// Whether a folder is seen that was deleted: it stays on disk for the ignored files in it, though they are not seen.
fn stays(seen: &BTreeMap<String, String>, plain: &Path, disk: &Path) -> bool {
    let gone = |path: &str| seen[path] == "folder" && !plain.join(path).exists() && disk.join(path).is_dir();
    let holds = |path: &str| {
        seen.iter().any(|(other, what)| other.starts_with(&format!("{path}/")) && what != "folder")
    };
    seen.keys().any(|path| gone(path) && !holds(path))
}

/// A folder that was there for something ignored is the cache's, be it ignored itself or not, and goes with the last of
/// it: then it goes from the plain folder too, if nothing else is in it.
fn unshelter(plain: &Path, seen: &BTreeMap<String, String>, sheltering: &BTreeSet<String>) {
    // The inner ones first.
    for path in sheltering.iter().rev().filter(|path| !seen.contains_key(*path)) {
        let _ = fs::remove_dir(plain.join(path));
    }
}

/// A place with files and staged edits, and a plain folder that has both on disk.
fn twins(first: &[(String, String)], staged: &[(String, Option<String>)]) -> (Place, tempfile::TempDir) {
    let mut place = Place::new(&[(".gitignore", RULES)]);
    let plain = tempfile::tempdir().unwrap();
    write(plain.path(), ".gitignore", RULES);
    for (path, text) in first {
        let act = Act::Write(path.clone(), text.clone());
        let _ = perform(place.root.path(), &act);
        let _ = perform(plain.path(), &act);
    }
    let mut known = BTreeSet::new();
    for (path, text) in staged {
        // A file staged as new and then as gone is no change, while the plain folder would keep the folders above it.
        if !known.insert(path) {
            continue;
        }
        let (is_file, is_free) = (plain.path().join(path).is_file(), !plain.path().join(path).exists());
        let act = match text {
            Some(text) if is_file || is_free => Act::Write(path.clone(), text.clone()),
            None if is_file => Act::Remove(path.clone()),
            _ => continue,
        };
        if perform(plain.path(), &act).is_ok() {
            place.edit(path, text.as_deref());
        }
    }
    (place, plain)
}

fn check(
    first: &[(String, String)],
    staged: &[(String, Option<String>)],
    acts: &[Vec<Act>],
) -> Result<(), TestCaseError> {
    let (mut place, plain) = twins(first, staged);
    // Folders above something ignored: they are the cache's, also once that is gone.
    let mut sheltering = BTreeSet::new();
    for acts in acts {
        let outcome =
            |root: &Path| -> Vec<bool> { acts.iter().map(|act| perform(root, act).is_ok()).collect() };
        let Some((over, effects)) = place.command(|at| (listing(at), outcome(at), listing(at))) else {
            skipped("whatever_a_command_does");
            return Ok(());
        };
        if stays(&over.0, plain.path(), place.root.path()) {
            return Ok(());
        }
        unshelter(plain.path(), &over.0, &sheltering);
        prop_assert_eq!(&over.0, &listing(plain.path()), "what the command sees at first");
        prop_assert_eq!(&over.1, &outcome(plain.path()));
        prop_assert_eq!(&over.2, &listing(plain.path()));
        for path in over.2.keys().filter(|path| is_ignored(path)) {
            sheltering.extend(path.match_indices('/').map(|(end, _)| path[..end].to_owned()));
        }
        if !effects.refused.is_empty() {
            // What cannot be staged is named; the rest is another story.
            return Ok(());
        }
        let mut seen = BTreeSet::new();
        for change in &effects.changes {
            prop_assert!(seen.insert(change.path.clone()), "`{}` is told twice", change.path);
        }
        place.stage(&effects);
    }
    place.accept();
    let (ours, theirs) = (listing(place.root.path()), listing(plain.path()));
    prop_assert_eq!(work(&ours), work(&theirs), "what is on disk");
    let mut lost = lacking(&theirs, &ours);
    lost.retain(|path| !sheltering.contains(path));
    prop_assert_eq!((lacking(&ours, &theirs), lost), (vec![], vec![]), "empty folders");
    if let Some((over, _)) = place.command(listing)
        && !stays(&over, plain.path(), place.root.path())
    {
        unshelter(plain.path(), &over, &sheltering);
        prop_assert_eq!(&over, &listing(plain.path()), "what the next command sees");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn whatever_a_command_does_comes_to_the_same_as_on_disk(
        first in proptest::collection::vec((path(), "[uvw]{0,3}\n"), 0..12),
        staged in proptest::collection::vec((path(), proptest::option::of("[st]{0,3}\n")), 0..4),
        acts in proptest::collection::vec(proptest::collection::vec(act(), 0..12), 1..4),
    ) {
        check(&first, &staged, &acts)?;
    }
}
