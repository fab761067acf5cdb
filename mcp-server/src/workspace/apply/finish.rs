//! The part of an apply that changes users' names: forwards, and back. Both can be done again from the start after a
//! crash at any point, for they look at what is there before each step.

use super::super::change::Side;
use super::super::disk::ReadError;
use super::super::journal::{Applied, Journal, Record, SideRecord, recorded};
use super::super::path::{RelPath, Roots};
use super::super::place::Place;
use super::{ApplyError, Step, folds_to, remove_temporaries, write_temporary};
use std::collections::{BTreeMap, BTreeSet};
use std::io;

/// A record whose path was checked.
struct Item<'a> {
    path: RelPath,
    record: &'a Record,
}

fn items(set: &Applied) -> Vec<Item<'_>> {
    set.files.iter().filter_map(|record| Some(Item { path: recorded(&record.path)?, record })).collect()
}

/// Deletes and renames. Gives the paths that are not as they were when the set was made: they are left alone.
pub(super) fn finish(roots: &Roots, set: &Applied, step: Step<'_>) -> Result<Vec<RelPath>, ApplyError> {
    let items = items(set);
    let (mut foreign, mut touched) = (Vec::new(), BTreeSet::new());
    let (mut deleted, written): (Vec<&Item<'_>>, Vec<&Item<'_>>) =
        items.iter().partition(|item| item.record.after == SideRecord::Absent);
    // What lies deeper goes first, so that folders are empty when their turn comes.
    deleted.sort_by_key(|item| std::cmp::Reverse(item.path.names().count()));
    let (in_the_way, rest): (Vec<&Item<'_>>, Vec<&Item<'_>>) =
        deleted.into_iter().partition(|item| written.iter().any(|new| is_in_the_way(item, new)));
    for item in in_the_way {
        let is_done = written.iter().any(|new| {
            folds_to(&new.path, &item.path)
                && new.record.after.has_text()
                && !has_temporary(roots, new.record)
        });
        if !is_done {
            delete(roots, set, item, step, &mut foreign)?;
            touched.insert(item.path.parent());
        }
    }
    let (folders, texts): (Vec<&Item<'_>>, Vec<&Item<'_>>) =
        written.into_iter().partition(|item| item.record.after == SideRecord::Folder);
    make_folders(roots, set, &folders, step, &mut foreign)?;
    for item in texts {
        rename(roots, item, step, &mut foreign)?;
        touched.insert(item.path.parent());
    }
    for item in rest {
        delete(roots, set, item, step, &mut foreign)?;
        touched.insert(item.path.parent());
    }
    sync(roots, touched);
    Ok(foreign)
}

/// Whether one path has to go before the other can come.
fn is_in_the_way(old: &Item<'_>, new: &Item<'_>) -> bool {
    new.path.is_below(&old.path) || old.path.is_below(&new.path) || folds_to(&old.path, &new.path)
}

fn has_temporary(roots: &Roots, record: &Record) -> bool {
    let place = recorded(&record.temporary).and_then(|path| Place::open(roots, &path).ok());
    place.is_some_and(|place| place.is_taken())
}

/// A path's place, or none where its folder is gone.
fn place(roots: &Roots, path: &RelPath) -> Result<Option<Place>, ApplyError> {
    match Place::open(roots, path) {
        Ok(place) => Ok(Some(place)),
        Err(ReadError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn delete(
    roots: &Roots,
    set: &Applied,
    item: &Item<'_>,
    step: Step<'_>,
    foreign: &mut Vec<RelPath>,
) -> Result<(), ApplyError> {
    let Some(place) = place(roots, &item.path)? else { return Ok(()) };
    let fail = |source| ApplyError::Write { path: item.path.clone(), source };
    step().map_err(fail)?;
    let now = SideRecord::of(&place.side()?);
    let is_made = now == SideRecord::Folder && set.folders.iter().any(|folder| folder == item.path.as_str());
    if now == SideRecord::Absent || is_made {
        return Ok(());
    }
    if !now.is_same(&item.record.before) {
        foreign.push(item.path.clone());
        return Ok(());
    }
    match item.record.before {
        // A folder that is not empty has something in it that is not ours to delete.
        SideRecord::Folder => drop(place.remove_folder()),
        SideRecord::Absent | SideRecord::File { .. } | SideRecord::Link(_) => place.remove().map_err(fail)?,
    }
    Ok(())
}

/// Makes the folders that are proposed and those that new files need, from the outside in.
fn make_folders(
    roots: &Roots,
    set: &Applied,
    proposed: &[&Item<'_>],
    step: Step<'_>,
    foreign: &mut Vec<RelPath>,
) -> Result<(), ApplyError> {
    let needed = set.folders.iter().filter_map(|folder| Some((recorded(folder)?, &SideRecord::Absent)));
    let proposed = proposed.iter().map(|item| (item.path.clone(), &item.record.before));
    for (path, before) in needed.chain(proposed).collect::<BTreeMap<_, _>>() {
        let fail = |source| ApplyError::Write { path: path.clone(), source };
        step().map_err(fail)?;
        let place = Place::open(roots, &path)?;
        match SideRecord::of(&place.side()?) {
            SideRecord::Folder => continue,
            SideRecord::Absent => {}
            now if now.is_same(before) => place.remove().map_err(fail)?,
            _ => {
                foreign.push(path);
                continue;
            }
        }
        step().and_then(|()| place.make_folder()).map_err(fail)?;
        place.sync();
    }
    Ok(())
}

/// The new text takes its name. A temporary file that is gone has taken it before.
fn rename(
    roots: &Roots,
    item: &Item<'_>,
    step: Step<'_>,
    foreign: &mut Vec<RelPath>,
) -> Result<(), ApplyError> {
    let fail = |source| ApplyError::Write { path: item.path.clone(), source };
    let Some(temporary) = recorded(&item.record.temporary) else { return Ok(()) };
    let Some(temporary) = place(roots, &temporary)?.filter(Place::is_taken) else { return Ok(()) };
    step().map_err(fail)?;
    let to = Place::open(roots, &item.path)?;
    let now = SideRecord::of(&to.side()?);
    let was_folder = item.record.before == SideRecord::Folder;
    let is_expected = now.is_same(&item.record.before) || (was_folder && now == SideRecord::Absent);
    let is_there = now.is_same(&item.record.after)
        && !(item.record.before.is_other_mode(&item.record.after) && now.is_other_mode(&item.record.after));
    if is_there || !is_expected {
        // Somebody else's since: the new text stays in the journal.
        if !is_there {
            foreign.push(item.path.clone());
        }
        return temporary.remove().map_err(fail);
    }
    if now == SideRecord::Folder {
        to.remove_folder().map_err(fail)?;
        step().map_err(fail)?;
    }
    let is_new = matches!(now, SideRecord::Absent | SideRecord::Folder);
    match temporary.rename(&to, is_new) {
        Err(error) if is_new && error.kind() == io::ErrorKind::AlreadyExists => {
            foreign.push(item.path.clone());
            temporary.remove().map_err(fail)
        }
        done => done.map_err(fail),
    }
}

/// Puts back what a set has written; then removes its temporary files and its folders.
pub(super) fn take_back(
    roots: &Roots,
    journal: &Journal,
    set: &Applied,
    step: Step<'_>,
) -> Result<(), ApplyError> {
    remove_temporaries(roots, set);
    let mut items = items(set);
    items.sort_by_key(|item| std::cmp::Reverse(item.path.names().count()));
    // First what is new goes, from the inside out; then what was there comes back, from the outside in.
    for item in items.iter().filter(|item| item.record.after != SideRecord::Absent) {
        let Some(place) = place(roots, &item.path)? else { continue };
        let now = SideRecord::of(&place.side()?);
        let is_replaced = item.record.before.has_text() && item.record.after.has_text();
        if is_replaced || !now.is_same(&item.record.after) || now.is_same(&item.record.before) {
            continue;
        }
        let fail = |source| ApplyError::Write { path: item.path.clone(), source };
        step().map_err(fail)?;
        match item.record.after {
            SideRecord::Folder => drop(place.remove_folder()),
            _ => place.remove().map_err(fail)?,
        }
    }
    remove_folders(roots, set);
    items.reverse();
    let mut touched = BTreeSet::new();
    for item in &items {
        put_back(roots, journal, set, item, step)?;
        touched.insert(item.path.parent());
    }
    remove_temporaries(roots, set);
    sync(roots, touched);
    Ok(())
}

/// What was at a path before comes back, unless somebody else has put something there.
fn put_back(
    roots: &Roots,
    journal: &Journal,
    set: &Applied,
    item: &Item<'_>,
    step: Step<'_>,
) -> Result<(), ApplyError> {
    let Some(place) = place(roots, &item.path)? else { return Ok(()) };
    let now = SideRecord::of(&place.side()?);
    let is_mode = item.record.before.is_other_mode(&item.record.after);
    if (now.is_same(&item.record.before) && !(is_mode && now.is_other_mode(&item.record.before)))
        || !(now == SideRecord::Absent || now.is_same(&item.record.after))
        || item.record.before == SideRecord::Absent
    {
        return Ok(());
    }
    let fail = |source| ApplyError::Write { path: item.path.clone(), source };
    let before = journal.side(set.number, &item.record.before)?;
    if before == Side::Folder {
        return step().and_then(|()| place.make_folder()).map_err(fail);
    }
    write_temporary(roots, item.record, &item.path, &before, None, step)?;
    let Some(temporary) = recorded(&item.record.temporary) else { return Ok(()) };
    let temporary = Place::open(roots, &temporary)?;
    temporary.rename(&place, now == SideRecord::Absent).map_err(fail)
}

/// Removes the folders that were made for a set, where they are empty.
fn remove_folders(roots: &Roots, set: &Applied) {
    for folder in set.folders.iter().rev().filter_map(|folder| recorded(folder)) {
        if let Ok(place) = Place::open(roots, &folder) {
            // Someone may have put a file there.
            let _ = place.remove_folder();
        }
    }
}

fn sync(roots: &Roots, folders: BTreeSet<Option<RelPath>>) {
    // Any name in a folder gives the folder.
    for folder in folders.into_iter().flatten() {
        if let Ok(place) = Place::open(roots, &folder.join("-")) {
            place.sync();
        }
    }
}
