//! The list of all tools, in the order in which hosts see them.

use crate::toolbox::Entry;

mod accept_changes;
mod address;
mod apply_patch;
mod call_graph;
mod checkpoint;
mod closest;
mod code_stats;
mod definition;
mod delete_path;
mod describe_file;
mod diagnostics;
mod discard_changes;
mod edit_file;
mod find_duplicates;
mod find_files;
mod find_symbol;
mod find_todos;
#[cfg(test)]
pub(crate) mod fixture;
mod git;
mod git_blame;
mod git_branches;
mod git_clone;
mod git_commit;
mod git_create_branch;
mod git_diff;
mod git_fetch;
mod git_log;
mod git_push;
mod git_restore;
mod git_show;
mod git_stage;
mod git_stash;
mod git_status;
mod git_switch;
mod git_unstage;
mod git_worktree;
mod glob;
mod headings;
mod http_request;
mod insert_at_symbol;
mod list_changes;
mod list_directory;
mod list_tasks;
mod listing;
mod move_path;
mod outline;
mod page;
mod read_file;
mod read_files;
mod read_process;
mod references;
mod reindent;
mod rename_symbol;
mod replace_symbol;
mod repo_map;
mod run_command;
mod run_task;
mod search_text;
mod selection;
mod shell;
mod show_changes;
mod source;
mod start_process;
mod stop_process;
mod structural_search;
mod subtree;
mod system;
mod target;
mod tree;
mod undo_changes;
mod view;
mod window;
mod write_file;
mod write_process;

/// Every tool there is.
pub(crate) fn all() -> Vec<Entry> {
    vec![
        Entry::of::<read_file::ReadFile>(),
        Entry::of::<read_files::ReadFiles>(),
        Entry::of::<write_file::WriteFile>(),
        Entry::of::<edit_file::EditFile>(),
        Entry::of::<apply_patch::ApplyPatch>(),
        Entry::of::<move_path::MovePath>(),
        Entry::of::<delete_path::DeletePath>(),
        Entry::of::<list_directory::ListDirectory>(),
        Entry::of::<find_files::FindFiles>(),
        Entry::of::<search_text::SearchText>(),
        Entry::of::<describe_file::FileInfo>(),
        Entry::of::<list_changes::ListChanges>(),
        Entry::of::<show_changes::ShowChanges>(),
        Entry::of::<accept_changes::AcceptChanges>(),
        Entry::of::<discard_changes::DiscardChanges>(),
        Entry::of::<undo_changes::UndoChanges>(),
        Entry::of::<checkpoint::Checkpoint>(),
        Entry::of::<outline::Outline>(),
        Entry::of::<find_symbol::FindSymbol>(),
        Entry::of::<references::References>(),
        Entry::of::<definition::Definition>(),
        Entry::of::<call_graph::CallGraph>(),
        Entry::of::<repo_map::RepoMap>(),
        Entry::of::<structural_search::StructuralSearch>(),
        Entry::of::<replace_symbol::ReplaceSymbol>(),
        Entry::of::<insert_at_symbol::InsertAtSymbol>(),
        Entry::of::<rename_symbol::RenameSymbol>(),
        Entry::of::<diagnostics::Diagnostics>(),
        Entry::of::<run_command::RunCommand>(),
        Entry::of::<start_process::StartProcess>(),
        Entry::of::<read_process::ReadProcess>(),
        Entry::of::<write_process::WriteProcess>(),
        Entry::of::<stop_process::StopProcess>(),
        Entry::of::<list_tasks::ListTasks>(),
        Entry::of::<run_task::RunTask>(),
        Entry::of::<code_stats::CodeStats>(),
        Entry::of::<find_todos::FindTodos>(),
        Entry::of::<find_duplicates::FindDuplicates>(),
        Entry::of::<http_request::HttpRequest>(),
        Entry::of::<system::SystemInfo>(),
        Entry::of::<git_status::GitStatus>(),
        Entry::of::<git_diff::GitDiff>(),
        Entry::of::<git_log::GitLog>(),
        Entry::of::<git_show::GitShow>(),
        Entry::of::<git_blame::GitBlame>(),
        Entry::of::<git_branches::GitBranches>(),
        Entry::of::<git_stage::GitStage>(),
        Entry::of::<git_unstage::GitUnstage>(),
        Entry::of::<git_commit::GitCommit>(),
        Entry::of::<git_switch::GitSwitch>(),
        Entry::of::<git_create_branch::GitCreateBranch>(),
        Entry::of::<git_restore::GitRestore>(),
        Entry::of::<git_stash::GitStash>(),
        Entry::of::<git_worktree::GitWorktree>(),
        Entry::of::<git_clone::GitClone>(),
        Entry::of::<git_fetch::GitFetch>(),
        Entry::of::<git_push::GitPush>(),
    ]
}

#[cfg(test)]
mod tests {
    use crate::permission::Policy;
    use crate::tool::Toolset;
    use crate::toolbox::{Selected, Toolbox};
    use serde_json::json;

    /// Bytes of what a host is told of a toolset, annotations aside.
    fn size(toolset: Toolset) -> usize {
        let selected = Selected { toolsets: vec![toolset], ..Selected::default() };
        let toolbox = Toolbox::new(&selected, Policy::default()).expect("every tool is known");
        let told = toolbox.specs().map(|spec| {
            let (name, title, description, schema) = (spec.name, spec.title, &spec.description, &spec.schema);
            let told =
                json!({ "name": name, "title": title, "description": description, "inputSchema": **schema });
            told.to_string().len()
        });
        told.sum()
    }

    #[test]
    fn a_host_pays_little_for_a_toolset() {
        assert!(size(Toolset::Symbols) <= 2_800, "{} bytes", size(Toolset::Symbols));
        assert!(size(Toolset::Analysis) <= 1_850, "{} bytes", size(Toolset::Analysis));
        assert!(size(Toolset::Shell) <= 1_620, "{} bytes", size(Toolset::Shell));
        assert!(size(Toolset::Files) <= 5_400, "{} bytes", size(Toolset::Files));
    }
}
