//! The list of all tools, in the order in which hosts see them.

use crate::toolbox::Entry;

mod accept_changes;
#[cfg(test)]
mod fixture;
mod read_file;
mod selection;
mod write_file;

/// Every tool there is.
pub(crate) fn all() -> Vec<Entry> {
    vec![
        Entry::of::<read_file::ReadFile>(),
        Entry::of::<write_file::WriteFile>(),
        Entry::of::<accept_changes::AcceptChanges>(),
    ]
}
