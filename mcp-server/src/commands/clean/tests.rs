use super::{Cleaner, ROW};
use proptest::prelude::*;

/// The text of bytes that come in pieces.
fn cleaned<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> String {
    let (mut cleaner, mut text) = (Cleaner::default(), String::new());
    for piece in pieces {
        cleaner.push(piece, &mut |row| text.push_str(row));
    }
    cleaner.end(&mut |row| text.push_str(row));
    text
}

fn check(bytes: &[u8], wanted: &str) {
    assert_eq!(cleaned([bytes]), wanted, "{:?}", bytes.escape_ascii().to_string());
    assert_eq!(cleaned(bytes.chunks(1)), wanted, "byte by byte: {:?}", bytes.escape_ascii().to_string());
}

#[test]
fn text_stays_as_it_is() {
    check(b"one\n\ttwo", "one\n\ttwo");
    check("größe 漢字 🦀\n".as_bytes(), "größe 漢字 🦀\n");
    check(b"", "");
}

#[test]
fn what_is_no_text_is_shown_as_such() {
    check(b"a\xffb\xc3\n\xe6\xbc", "a\u{fffd}b\u{fffd}\n\u{fffd}");
    check(b"a\0b\x01\x7f\x07", "a␀b␁␡");
    check("a\u{9b}31mb".as_bytes(), "a\u{fffd}31mb");
}

#[test]
fn sequences_of_terminals_are_left_out() {
    check(b"\x1b[1;31mred\x1b[0m and \x1b[38:5:1mmore\x1b[K\n", "red and more\n");
    check(b"\x1b]0;a title\x07text \x1b]8;;http://a/\x1b\\link\x1b]8;;\x1b\\", "text link");
    check(b"\x1b(B\x1b7\x1b=a\x1bMb", "ab");
    check("\x1b]0;größe\x07a".as_bytes(), "a");
}

#[test]
fn nothing_hides_behind_a_sequence_without_an_end() {
    check(b"\x1b]0;title\nsecret\n", "\nsecret\n");
    check(b"\x1b[31\nsecret", "\nsecret");
    let long = [b"\x1b]", "x".repeat(10_000).as_bytes()].concat();
    assert!(cleaned([long.as_slice()]).len() > 7_000);
}

#[test]
fn lines_that_are_drawn_over_are_kept_as_they_were_last() {
    check(b"10%\r50%\r100%\r\ndone\r\r\n", "100%\ndone\n");
    check(b"10%\r100%\r", "100%");
    check(b"|\x08/\x08-\x08 ok\n", " ok\n");
    check(b"abc\r\x1b[2Kd\n", "d\n");
}

#[test]
fn long_lines_come_in_pieces_that_stay() {
    let (mut cleaner, mut rows) = (Cleaner::default(), Vec::new());
    let long = "é".repeat(5_000);
    cleaner.push(format!("{long}\rnext\n").as_bytes(), &mut |row| rows.push(row.to_owned()));
    assert_eq!(rows.iter().map(String::len).collect::<Vec<_>>(), [ROW, ROW, 10_000 - 2 * ROW + 1, 5]);
    assert_eq!(rows.concat(), format!("{long}\nnext\n"));
}

proptest! {
    #[test]
    fn it_does_not_matter_how_bytes_are_cut(bytes in proptest::collection::vec(pieces(), 0..60), cut in 1_usize..9) {
        let bytes = bytes.concat();
        let text = cleaned([bytes.as_slice()]);
        prop_assert_eq!(&cleaned(bytes.chunks(cut)), &text);
        prop_assert!(!text.contains(|c: char| c.is_control() && c != '\n' && c != '\t'));
    }
}

/// Bytes that mean something, and any others.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    const KNOWN: &[&[u8]] =
        &[b"\x1b", b"[", b"]", b"\r", b"\n", b"\x08", b"a", b"m", b"\x07", b"\\", b"\xc3\xa9"];
    prop_oneof![
        proptest::sample::select(KNOWN).prop_map(<[u8]>::to_vec),
        any::<u8>().prop_map(|byte| vec![byte])
    ]
}
