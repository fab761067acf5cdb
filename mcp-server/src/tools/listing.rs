//! Lists of answers, a page at a time.

use std::fmt::Write as _;

/// The most bytes of a page.
const BYTES: usize = 64 << 10;

/// Lines under headings, from `offset` (the first answer is 1), at most `limit` answers. A heading is written when it
/// changes; an empty one never is.
pub(super) fn listing(answers: &[(String, String)], offset: Option<usize>, limit: usize) -> String {
    let skipped = offset.unwrap_or(1).max(1) - 1;
    let (mut shown, mut heading, mut count) = (String::new(), "", 0);
    for (above, line) in answers.iter().skip(skipped).take(limit) {
        if shown.len() + line.len() > BYTES && count > 0 {
            break;
        }
        if above != heading {
            let _ = writeln!(shown, "{above}");
            heading = above;
        }
        let end = line.floor_char_boundary(BYTES);
        let _ = writeln!(shown, "{}", &line[..end]);
        count += 1;
    }
    let more = answers.len().saturating_sub(skipped + count);
    if more > 0 {
        let _ = writeln!(shown, "({more} more; ask with offset {})", skipped + count + 1);
    } else if count == 0 && skipped > 0 {
        let _ = writeln!(shown, "(nothing from offset {}; there are {})", skipped + 1, answers.len());
    }
    shown
}

/// `1 use`, `2 uses`.
pub(super) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_each_other_without_gap() {
        let answers: Vec<_> = (1..=5).map(|n| (format!("file {}", n / 3), format!("  {n}"))).collect();
        assert_eq!(
            listing(&answers, None, 3),
            "file 0\n  1\n  2\nfile 1\n  3\n(2 more; ask with offset 4)\n"
        );
        assert_eq!(listing(&answers, Some(4), 3), "file 1\n  4\n  5\n");
        assert_eq!(listing(&answers, Some(9), 3), "(nothing from offset 9; there are 5)\n");
    }
}
