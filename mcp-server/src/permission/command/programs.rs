//! Which programs are harmless with which options and arguments: one table, to be read as one. What is not in it asks.
//!
//! Harmless are options that only choose what is printed. Left out is whatever names a file to write, a program to run, or
//! a file to take names or settings from; and whatever the programs of other systems understand otherwise.

use super::options::{Options, sort};
use super::{Harmless, Look, Unclear, Word, special};
use crate::sandbox::Tier;
use Operands::{Format, Names, Nothing, Paths, UpTo, WordThenPaths, Words};

/// What may follow a program's options.
#[derive(Clone, Copy)]
enum Operands {
    Nothing,
    /// Text that is no file's name.
    Words,
    /// Files that are read.
    Paths,
    /// At most so many files: one more would be written.
    UpTo(usize),
    /// Files of which only names or sizes are shown.
    Names,
    /// A pattern, and files in which it is looked for.
    WordThenPaths,
    /// `+` and what to print.
    Format,
}

/// A row of the table.
struct Program {
    names: &'static [&'static str],
    options: Options,
    operands: Operands,
    /// Options with which it reads whole trees.
    trees: &'static [&'static str],
    /// The weakest tier in which it is harmless.
    from: Tier,
}

const fn row(
    names: &'static [&'static str],
    operands: Operands,
    flags: &'static str,
    valued: &'static str,
    long: &'static [&'static str],
) -> Program {
    Program { names, options: Options { flags, valued, long }, operands, trees: &[], from: Tier::Landlock }
}

impl Program {
    /// Reads whole trees with these options.
    const fn trees(mut self, options: &'static [&'static str]) -> Self {
        self.trees = options;
        self
    }

    /// Reads whole trees, or what files of the workspace say, in any case.
    const fn only_in_overlay(mut self) -> Self {
        self.from = Tier::Overlay;
        self
    }
}

#[rustfmt::skip]
const TABLE: &[Program] = &[
    // What is there.
    row(&["ls"], Names, "aAbBcCdFgGhHiklLmnNopqQrRsStuUvxXZ1", "ITw", &[
        "all", "almost-all", "author", "color", "color=", "directory", "classify", "full-time", "format=", "hide=",
        "group-directories-first", "human-readable", "ignore=", "inode", "no-group", "recursive", "reverse", "si",
        "size", "sort=", "time=", "time-style=", "width=", "zero"]),
    row(&["tree"], Names, "adfpsugDFiNnqrtUvxhC", "LPI", &["noreport", "dirsfirst", "prune", "du", "gitignore"]),
    row(&["pwd"], Nothing, "LP", "", &[]),
    row(&["file"], Paths, "bihLkN", "", &["brief", "mime", "mime-type", "mime-encoding", "dereference", "keep-going"]),
    row(&["stat"], Names, "Lftx", "c", &["dereference", "file-system", "format=", "printf=", "terse"]),
    row(&["du"], Names, "abchHkLlmPsSx0", "dt", &[
        "all", "apparent-size", "bytes", "exclude=", "human-readable", "max-depth=", "null", "one-file-system", "si",
        "summarize", "threshold=", "total"]),
    row(&["df"], Names, "ahHiklPT", "tx", &["all", "human-readable", "inodes", "local", "portability", "print-type", "si", "total"]),
    row(&["basename", "dirname"], Words, "az", "s", &["multiple", "suffix=", "zero"]),
    row(&["realpath", "readlink"], Names, "efmnqsz", "", &[
        "canonicalize", "canonicalize-existing", "canonicalize-missing", "no-newline", "quiet", "strip", "zero"]),
    // What is in it.
    row(&["cat"], Paths, "AbeEnstTuv", "", &[
        "number", "number-nonblank", "show-all", "show-ends", "show-nonprinting", "show-tabs", "squeeze-blank"]),
    row(&["tac"], Paths, "b", "", &[]),
    row(&["nl"], Paths, "p", "bdfhilnsvw", &[]),
    row(&["head"], Paths, "qvz0123456789", "cn", &["bytes=", "lines=", "quiet", "silent", "verbose", "zero-terminated"]),
    row(&["tail"], Paths, "fFqvz0123456789", "cns", &[
        "bytes=", "follow", "follow=", "lines=", "quiet", "retry", "silent", "sleep-interval=", "verbose", "zero-terminated"]),
    row(&["wc"], Names, "clmLw", "", &["bytes", "chars", "lines", "max-line-length", "words", "total="]),
    row(&["od"], Paths, "abcdfiloxsv", "AjNtw", &["address-radix=", "format=", "output-duplicates", "read-bytes=", "skip-bytes=", "width="]),
    row(&["md5sum", "sha1sum", "sha256sum", "sha512sum"], Paths, "btz", "", &["binary", "tag", "text", "zero"]),
    row(&["sort"], Paths, "bcCdfghiMmnRrsuVz", "kt", &[
        "check", "dictionary-order", "field-separator=", "general-numeric-sort", "human-numeric-sort", "ignore-case",
        "ignore-leading-blanks", "ignore-nonprinting", "key=", "merge", "month-sort", "numeric-sort", "random-sort",
        "reverse", "sort=", "stable", "unique", "version-sort", "zero-terminated"]),
    row(&["uniq"], UpTo(1), "cdDiuz", "fsw", &[
        "all-repeated", "all-repeated=", "check-chars=", "count", "group", "group=", "ignore-case", "repeated",
        "skip-chars=", "skip-fields=", "unique", "zero-terminated"]),
    row(&["cut"], Paths, "nsz", "bcdf", &[
        "bytes=", "characters=", "complement", "delimiter=", "fields=", "only-delimited", "output-delimiter=", "zero-terminated"]),
    row(&["tr"], Words, "cCdst", "", &["complement", "delete", "squeeze-repeats", "truncate-set1"]),
    row(&["cmp"], UpTo(2), "bls", "in", &["bytes=", "ignore-initial=", "print-bytes", "quiet", "silent", "verbose"]),
    row(&["comm"], UpTo(2), "123z", "", &["check-order", "nocheck-order", "output-delimiter=", "total", "zero-terminated"]),
    row(&["diff"], UpTo(2), "abBcdeEiInNpqrstTuwyZ", "CUWx", &[
        "brief", "color", "color=", "context", "context=", "exclude=", "expand-tabs", "ignore-all-space",
        "ignore-blank-lines", "ignore-case", "ignore-space-change", "ignore-trailing-space", "label=", "minimal",
        "new-file", "no-dereference", "recursive", "report-identical-files", "side-by-side", "strip-trailing-cr",
        "suppress-common-lines", "unified", "unified=", "width="]).only_in_overlay(),
    row(&["grep", "egrep", "fgrep"], WordThenPaths, "EFGPivwxyclLoqsbHhnTzUaIrR0123456789", "eABCm", &[
        "after-context=", "basic-regexp", "before-context=", "binary-files=", "byte-offset", "color", "color=", "colour",
        "colour=", "context=", "count", "exclude-dir=", "exclude=", "extended-regexp", "files-with-matches",
        "files-without-match", "fixed-strings", "ignore-case", "include=", "initial-tab", "invert-match", "label=",
        "line-number", "line-regexp", "max-count=", "no-filename", "no-ignore-case", "no-messages", "null", "null-data",
        "only-matching", "perl-regexp", "quiet", "recursive", "dereference-recursive", "regexp=", "silent", "text",
        "with-filename", "word-regexp"]).trees(&["r", "R", "recursive", "dereference-recursive"]),
    row(&["rg"], WordThenPaths, "iISsvwxclLnNopPqUuHh0Fa.", "eABCgtTmMjdEr", &[
        "after-context=", "before-context=", "byte-offset", "case-sensitive", "color=", "column", "context=", "count",
        "count-matches", "crlf", "encoding=", "engine=", "files", "files-with-matches", "files-without-match",
        "fixed-strings", "follow", "glob=", "glob-case-insensitive", "heading", "hidden", "iglob=", "ignore-case",
        "include-zero", "invert-match", "json", "line-number", "line-regexp", "max-columns=", "max-count=",
        "max-depth=", "max-filesize=", "multiline", "multiline-dotall", "no-column", "no-config", "no-filename",
        "no-heading", "no-ignore", "no-ignore-vcs", "no-line-number", "no-messages", "null", "one-file-system",
        "only-matching", "passthru", "pcre2", "pretty", "quiet", "regexp=", "replace=", "smart-case", "sort=",
        "sortr=", "stats", "text", "threads=", "trim", "type=", "type-list", "type-not=", "unrestricted",
        "with-filename", "word-regexp"]).only_in_overlay(),
    row(&["fd", "fdfind"], WordThenPaths, "HIugisLp0aFq1", "cdeEotSj", &[
        "absolute-path", "case-sensitive", "color=", "exact-depth=", "exclude=", "extension=", "fixed-strings", "follow",
        "full-path", "glob", "hidden", "ignore-case", "max-depth=", "max-results=", "min-depth=", "no-ignore",
        "no-ignore-vcs", "print0", "quiet", "regex", "size=", "threads=", "type="]),
    // What does not look at files.
    row(&["true", "false", "whoami", "arch", "nproc", "tty"], Nothing, "", "", &["all"]),
    row(&["id", "groups"], Words, "agGnruzZ", "", &["group", "groups", "name", "real", "user", "zero"]),
    row(&["uname"], Nothing, "asnrvmpio", "", &[
        "all", "hardware-platform", "kernel-name", "kernel-release", "kernel-version", "machine", "nodename", "operating-system", "processor"]),
    row(&["which"], Words, "as", "", &["all"]),
    row(&["date"], Format, "uR", "d", &["date=", "iso-8601", "iso-8601=", "rfc-3339=", "rfc-email", "universal", "utc"]),
];

/// Programs of which only these exact words are harmless: mostly, which version they are. Many of them look for their
/// settings in the workspace first.
#[rustfmt::skip]
const EXACT: &[(&[&str], &[&[&str]])] = &[
    (&["cargo", "rustc", "rustfmt", "clippy-driver"], &[&["--version"], &["-V"]]),
    (&["npm", "node", "deno", "bun", "tsc"], &[&["--version"], &["-v"]]),
    (&["go"], &[&["version"]]),
    (&["python", "python3", "ruby", "perl", "php", "uv", "ruff"], &[&["--version"], &["-V"]]),
    (&["java", "javac"], &[&["--version"], &["-version"]]),
    (&["gcc", "g++", "cc", "c++", "clang", "clang++", "make", "cmake", "ninja", "bash", "awk", "gawk", "jq", "docker"], &[&["--version"]]),
    (&["rustup"], &[&["--version"], &["show"]]),
];

/// Judges a program's arguments.
pub(super) fn judge(program: &str, words: &[Word], look: Look<'_>) -> Result<Harmless, Unclear> {
    if let Some(judged) = special::judge(program, words, look) {
        return judged;
    }
    if let Some((_, exact)) = EXACT.iter().find(|(names, _)| names.contains(&program)) {
        let is_one = exact.iter().any(|exact| words.iter().map(|word| &word.text).eq(exact.iter()));
        return match is_one {
            true => Ok(Harmless { from: Tier::Overlay }),
            false => Err(Unclear::new(format!("`{program}` may do anything but tell its version"))),
        };
    }
    let Some(row) = TABLE.iter().find(|row| row.names.contains(&program)) else {
        return Err(Unclear::new(format!(
            "`{program}` is not among the programs that are known to be harmless"
        )));
    };
    if let [only] = words
        && ["--version", "--help"].contains(&only.text.as_str())
    {
        return Ok(Harmless { from: row.from });
    }
    let sorted = sort(program, row.options, words)?;
    let is_pattern_given = sorted.has(&["e", "regexp", "files", "type-list"]);
    let (most, free) = match row.operands {
        Nothing => (0, 0),
        Words => (usize::MAX, usize::MAX),
        Paths | Names => (usize::MAX, 0),
        UpTo(most) => (most, 0),
        WordThenPaths => (usize::MAX, usize::from(!is_pattern_given)),
        Format => (1, 1),
    };
    if sorted.operands.len() > most {
        return Err(Unclear::new(format!("`{program}` with so many arguments is not known to be harmless")));
    }
    for (place, operand) in sorted.operands.iter().enumerate() {
        if operand.glob && !matches!(row.operands, Names) {
            return Err(Unclear::new(format!("`{}` may stand for any file's name", operand.text)));
        }
        if matches!(row.operands, Format) && !operand.text.starts_with('+') {
            return Err(Unclear::new(format!("`{program} {}` may set something", operand.text)));
        }
        if place >= free
            && let Some(why) = look(&operand.text)
        {
            return Err(why);
        }
    }
    Ok(Harmless { from: if sorted.has(row.trees) { Tier::Overlay } else { row.from } })
}
