//! Texts of vocabulary entries that have a well-known meaning where the keys do not name one.

/// What fill-in-the-middle needs a token for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    Prefix,
    Suffix,
    Middle,
    Pad,
    Repository,
    Separator,
}

/// In the order of preference.
const MARKS: &[(Mark, &str)] = &[
    (Mark::Prefix, "<|fim_prefix|>"),
    (Mark::Prefix, "<fim-prefix>"),
    (Mark::Prefix, "<fim_prefix>"),
    (Mark::Prefix, "<｜fim▁begin｜>"),
    (Mark::Prefix, "<PRE>"),
    (Mark::Prefix, "▁<PRE>"),
    (Mark::Prefix, "<|code_prefix|>"),
    (Mark::Prefix, "<|prefix|>"),
    (Mark::Suffix, "<|fim_suffix|>"),
    (Mark::Suffix, "<fim-suffix>"),
    (Mark::Suffix, "<fim_suffix>"),
    (Mark::Suffix, "<｜fim▁hole｜>"),
    (Mark::Suffix, "<SUF>"),
    (Mark::Suffix, "▁<SUF>"),
    (Mark::Suffix, "<|code_suffix|>"),
    (Mark::Suffix, "<|suffix|>"),
    (Mark::Middle, "<|fim_middle|>"),
    (Mark::Middle, "<fim-middle>"),
    (Mark::Middle, "<fim_middle>"),
    (Mark::Middle, "<｜fim▁end｜>"),
    (Mark::Middle, "<MID>"),
    (Mark::Middle, "▁<MID>"),
    (Mark::Middle, "<|code_middle|>"),
    (Mark::Middle, "<|middle|>"),
    (Mark::Pad, "<|fim_pad|>"),
    (Mark::Pad, "<fim-pad>"),
    (Mark::Pad, "<fim_pad>"),
    (Mark::Repository, "<|repo_name|>"),
    (Mark::Repository, "<|fim_repo|>"),
    (Mark::Repository, "<fim-repo>"),
    (Mark::Repository, "<reponame>"),
    (Mark::Separator, "<|file_sep|>"),
];

/// The known text that `entry` is.
pub(super) fn known(entry: &[u8]) -> Option<&'static str> {
    // Of a hundred thousand entries, nearly all are ruled out by their first byte.
    if !entry.starts_with(b"<") && !entry.starts_with("▁<".as_bytes()) {
        return None;
    }
    MARKS.iter().map(|(_, text)| *text).find(|text| text.as_bytes() == entry)
}

/// The texts that can stand for `mark`, the preferred first.
pub(super) fn texts(mark: Mark) -> impl Iterator<Item = &'static str> {
    MARKS.iter().filter(move |(known, _)| *known == mark).map(|(_, text)| *text)
}
