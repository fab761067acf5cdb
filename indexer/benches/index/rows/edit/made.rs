//! Edits as people make them, each with the name that can be asked for afterwards.

use devtoolkit_index::{Snapshot, Symbol, TextEdit};

use crate::random::Random;

/// The `number`-th edit of a file's text, and the name that it brings.
///
/// A symbol is renamed, a function is written before a definition at the top of the file, or a statement
/// is added at the beginning of a line, together with a new function where there is none to rename.
pub(super) fn edit(
    random: &mut Random,
    snapshot: &Snapshot,
    path: &str,
    text: &str,
    number: usize,
) -> (TextEdit, String) {
    let symbols = snapshot.outline(path).unwrap_or_default();
    let plain: Vec<&Symbol> = symbols.iter().filter(|symbol| is_plain(&symbol.name)).collect();
    let tops: Vec<&Symbol> = symbols.iter().filter(|symbol| symbol.depth == 0).collect();
    let name = format!("edited{number}");
    match random.below(3) {
        0 | 1 if !plain.is_empty() => {
            let range = &random.pick(&plain).name_range;
            (TextEdit { range: range.start as usize..range.end as usize, text: name.clone() }, name)
        }
        0 if !tops.is_empty() => {
            // Where the line begins, so that nothing on it is torn apart.
            let at = line_start(text, random.pick(&tops).range.start as usize);
            (function(at, &name), name)
        }
        1 => (function(0, &name), name),
        _ => (function(text.len(), &name), name),
    }
}

fn function(at: usize, name: &str) -> TextEdit {
    let text =
        format!("\nfunction {name}(first: number, second = 2): number {{\n    return first + second;\n}}\n");
    TextEdit { range: at..at, text }
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |at| at + 1)
}

/// Whether a name is one that could be another: not quoted, and no constructor.
fn is_plain(name: &str) -> bool {
    name != "constructor" && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
}
