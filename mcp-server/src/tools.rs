//! The list of all tools, in the order in which hosts see them.

use crate::toolbox::Entry;

mod accept_changes;
mod checkpoint;
mod discard_changes;
#[cfg(test)]
mod fixture;
mod list_changes;
mod read_file;
mod selection;
mod show_changes;
mod undo_changes;
mod write_file;

/// Every tool there is.
pub(crate) fn all() -> Vec<Entry> {
    vec![
        Entry::of::<read_file::ReadFile>(),
        Entry::of::<write_file::WriteFile>(),
        Entry::of::<list_changes::ListChanges>(),
        Entry::of::<show_changes::ShowChanges>(),
        Entry::of::<accept_changes::AcceptChanges>(),
        Entry::of::<discard_changes::DiscardChanges>(),
        Entry::of::<undo_changes::UndoChanges>(),
        Entry::of::<checkpoint::Checkpoint>(),
    ]
}
