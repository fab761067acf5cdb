//! What the bench works on: this repository's sources, and a vocabulary cut out of them.

use devtoolkit_agent::constraint::{Piece, Vocabulary};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

/// Numbers that look random (xorshift, Marsaglia 2003).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    /// A number below `most`, which is above zero.
    pub(crate) fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % most as u64).expect("below a size")
    }
}

/// The Rust sources of the packages below this one.
pub(crate) fn sources(package: &Path) -> String {
    let mut text = String::new();
    for folder in ["../indexer/src", "../mcp-server/src", "src"] {
        gather(&package.join(folder), &mut text);
    }
    text
}

fn gather(folder: &Path, text: &mut String) {
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .expect("the sources are there")
        .flatten()
        .map(|entry| entry.path())
        .collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            gather(&path, text);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            text.push_str(&std::fs::read_to_string(&path).expect("sources are text"));
        }
    }
}

/// Each byte, the words of `text` with the space before them, and its most frequent pieces: `count` tokens.
pub(crate) fn tokens(text: &str, count: usize) -> Vec<Vec<u8>> {
    let mut counts: HashMap<&[u8], usize> = HashMap::new();
    let bytes = text.as_bytes();
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte >= 0x80;
    for start in 0..bytes.len() {
        for length in 2..=7 {
            if let Some(piece) = bytes.get(start..start + length) {
                *counts.entry(piece).or_default() += length;
            }
        }
        let begins = start == 0 || !is_word(bytes[start - 1]);
        if begins {
            let mut end = start + usize::from(!is_word(bytes[start]));
            while end < bytes.len() && is_word(bytes[end]) {
                end += 1;
            }
            *counts.entry(&bytes[start..end]).or_default() += 1000;
        }
    }
    for indentation in (4..=48).step_by(4) {
        counts.insert(&[b' '; 48][..indentation], 10_000);
    }
    let mut pieces: Vec<(&[u8], usize)> = counts.into_iter().filter(|(piece, _)| piece.len() > 1).collect();
    pieces.sort_unstable_by(|one, other| other.1.cmp(&one.1).then(one.0.cmp(other.0)));
    let alone = (0..=u8::MAX).map(|byte| vec![byte]);
    alone.chain(pieces.into_iter().map(|(piece, _)| piece.to_vec())).take(count).collect()
}

pub(crate) fn vocabulary(tokens: &[Vec<u8>]) -> Arc<Vocabulary> {
    let pieces = tokens.iter().map(|token| Piece::Text(token)).chain([Piece::End, Piece::Control]);
    Arc::new(Vocabulary::new(pieces))
}

/// Paths of a large project.
pub(crate) fn paths(count: usize) -> Vec<String> {
    let words = ["core", "index", "search", "server", "tools", "model", "parse", "tests", "store", "lines"];
    let mut random = Random::new(3);
    let mut word = || words[random.below(words.len())];
    (0..count).map(|number| format!("{}/{}/{}_{}_{number}.rs", word(), word(), word(), word())).collect()
}
