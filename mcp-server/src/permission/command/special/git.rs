//! `git`, asked and never told: a few commands, each with the options that only choose what is shown.
//!
//! Even these may run what a repository's configuration names (a file system monitor, a textconv, a filter). So they are
//! harmless only over an overlay, where that sees no network and no secrets, cannot touch `.git`, and what it writes is
//! staged. The git tools run none of it.

use super::{Harmless, Look, Options, Unclear, Word, sort};
use crate::sandbox::Tier;

/// What most of them have in common.
#[rustfmt::skip]
const DIFFERENCES: &[&str] = &[
    "abbrev", "abbrev=", "abbrev-commit", "after=", "all", "author=", "before=", "branches", "cached", "check",
    "color", "color=", "committer=", "compact-summary", "date=", "date-order", "decorate", "decorate=", "diff-algorithm=",
    "diff-filter=", "dirstat", "exit-code", "find-copies", "find-renames", "first-parent", "follow", "format=",
    "full-history", "full-index", "function-context", "graph", "grep=", "histogram", "ignore-all-space",
    "ignore-blank-lines", "ignore-cr-at-eol", "ignore-space-at-eol", "ignore-space-change", "ignore-submodules",
    "inter-hunk-context=", "left-right", "max-count=", "merge-base", "merges", "minimal", "name-only", "name-status",
    "no-abbrev-commit", "no-color", "no-decorate", "no-ext-diff", "no-merges", "no-patch", "no-renames", "no-textconv",
    "numstat", "oneline", "patch", "patience", "pickaxe-regex", "pretty", "pretty=", "quiet", "raw", "relative-date",
    "remotes", "reverse", "shortstat", "since=", "skip=", "staged", "stat", "stat=", "submodule", "summary", "tags",
    "text", "topo-order", "unified=", "until=", "word-diff", "word-diff=",
];

/// A command, what is harmless of it, and whether words that are no options may follow.
struct Command {
    name: &'static str,
    options: Options,
    operands: bool,
}

#[rustfmt::skip]
const COMMANDS: &[Command] = &[
    Command { name: "status", operands: true, options: Options { flags: "sbvuznoal", valued: "", long: &[
        "ahead-behind", "branch", "ignored", "long", "no-renames", "porcelain", "porcelain=", "short", "show-stash",
        "untracked-files", "untracked-files=", "verbose"] } },
    Command { name: "diff", operands: true, options: Options { flags: "abpqRuwWz0123456789MC", valued: "GSU", long: DIFFERENCES } },
    Command { name: "log", operands: true, options: Options { flags: "abcimpqRuwWz0123456789EFPMC", valued: "nGSU", long: DIFFERENCES } },
    Command { name: "show", operands: true, options: Options { flags: "abcmpqRuswWz0123456789MC", valued: "nGSU", long: DIFFERENCES } },
    Command { name: "blame", operands: true, options: Options { flags: "bceflnpstwMC", valued: "L", long: &[
        "color-lines", "date=", "line-porcelain", "porcelain", "root", "show-email", "show-name", "show-number"] } },
    Command { name: "ls-files", operands: true, options: Options { flags: "cdmoiskuvtz", valued: "x", long: &[
        "cached", "deleted", "eol", "error-unmatch", "exclude-standard", "exclude=", "ignored", "killed", "modified",
        "others", "stage", "unmerged"] } },
    Command { name: "rev-parse", operands: true, options: Options { flags: "q", valued: "", long: &[
        "abbrev-ref", "absolute-git-dir", "git-dir", "is-bare-repository", "is-inside-work-tree", "quiet", "short",
        "short=", "show-cdup", "show-prefix", "show-toplevel", "symbolic-full-name", "verify"] } },
    // A word after `branch` makes one, or moves one.
    Command { name: "branch", operands: false, options: Options { flags: "arv", valued: "", long: &[
        "all", "color", "color=", "column", "contains", "list", "merged", "no-color", "no-column", "no-merged",
        "remotes", "show-current", "sort=", "verbose"] } },
];

/// Options of `git` itself that change nothing; all others may lead it elsewhere.
const GLOBAL: &[&str] = &["--no-pager", "-P", "--no-optional-locks", "--literal-pathspecs"];

pub(super) fn judge(words: &[Word], look: Look<'_>) -> Result<Harmless, Unclear> {
    let overlay = Ok(Harmless { from: Tier::Overlay });
    let skipped = words.iter().take_while(|word| GLOBAL.contains(&word.text.as_str())).count();
    let Some((name, words)) = words[skipped..].split_first() else {
        return Err(Unclear::new("`git` is told nothing"));
    };
    if matches!(name.text.as_str(), "--version" | "version") && words.is_empty() {
        return overlay;
    }
    let Some(command) = COMMANDS.iter().find(|command| command.name == name.text) else {
        return Err(Unclear::new(format!("`git {}` is not among what is known to be harmless", name.text)));
    };
    let sorted = sort(&format!("git {}", command.name), command.options, words)?;
    if !command.operands && !sorted.operands.is_empty() {
        return Err(Unclear::new(format!(
            "`git {} {}` may change it",
            command.name, sorted.operands[0].text
        )));
    }
    for (place, operand) in sorted.operands.iter().enumerate() {
        if operand.glob {
            return Err(Unclear::new(format!("`{}` may stand for any file's name", operand.text)));
        }
        // `REVISION:PATH` shows a file.
        let path = match operand.text.rsplit_once(':') {
            Some((_, path)) if place < sorted.before_dashes && !path.is_empty() => path,
            _ => &operand.text,
        };
        if let Some(why) = look(path) {
            return Err(why);
        }
    }
    overlay
}
