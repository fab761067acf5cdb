//! The list of all tools, in the order in which hosts see them.

use crate::toolbox::Entry;

mod accept_changes;
mod checkpoint;
mod discard_changes;
mod edit_file;
mod find_files;
#[cfg(test)]
mod fixture;
mod glob;
mod list_changes;
mod list_directory;
mod page;
mod read_file;
mod read_files;
mod search_text;
mod selection;
mod show_changes;
mod target;
mod tree;
mod undo_changes;
mod window;
mod write_file;

/// Every tool there is.
pub(crate) fn all() -> Vec<Entry> {
    vec![
        Entry::of::<read_file::ReadFile>(),
        Entry::of::<read_files::ReadFiles>(),
        Entry::of::<write_file::WriteFile>(),
        Entry::of::<edit_file::EditFile>(),
        Entry::of::<list_directory::ListDirectory>(),
        Entry::of::<find_files::FindFiles>(),
        Entry::of::<search_text::SearchText>(),
        Entry::of::<list_changes::ListChanges>(),
        Entry::of::<show_changes::ShowChanges>(),
        Entry::of::<accept_changes::AcceptChanges>(),
        Entry::of::<discard_changes::DiscardChanges>(),
        Entry::of::<undo_changes::UndoChanges>(),
        Entry::of::<checkpoint::Checkpoint>(),
    ]
}
