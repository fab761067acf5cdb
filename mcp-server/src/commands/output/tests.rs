use super::*;

fn output() -> Output {
    Output::new(tempfile::tempdir().expect("folder").path()).expect("output")
}

fn lines(range: std::ops::Range<u32>) -> String {
    range.map(|number| format!("line {number}\n")).collect()
}

#[test]
fn short_output_is_shown_whole() {
    let mut output = output();
    output.push(lines(0..100).as_bytes());
    output.push(b"prompt: ");
    let whole = output.whole();
    assert_eq!(whole.head, lines(0..100) + "prompt: ");
    assert_eq!((whole.left_out, whole.rows, whole.tail.as_str()), (0, 101, ""));
    assert_eq!(output.last_line(), "prompt:");
}

#[test]
fn long_output_keeps_beginning_and_end_and_the_log_has_the_rest() {
    let mut output = output();
    let text = lines(1..100_001);
    for piece in text.as_bytes().chunks(1_000) {
        output.push(piece);
    }
    output.end();
    let whole = output.whole();
    assert!(whole.head.len() + whole.tail.len() <= SHOWN);
    assert!(whole.head.len() > HALF - 100 && whole.tail.len() > HALF - 100);
    assert!(text.starts_with(&whole.head) && text.ends_with(&whole.tail) && whole.tail.starts_with("line "));
    assert_eq!(whole.rows, 100_000);
    let from = u32::try_from(whole.from).expect("small");
    let page = output.page(whole.from, whole.left_out.min(5)).expect("page");
    assert_eq!(page.text, lines(from..from + 5));
    // What is left out ends exactly where the tail begins.
    let tail = output.page(whole.from + whole.left_out, 1).expect("page");
    assert!(whole.tail.starts_with(&tail.text), "{} {}", tail.text, &whole.tail[..20]);
}

#[test]
fn a_little_more_than_the_head_is_no_gap() {
    let mut output = output();
    let text = lines(0..15_000);
    assert!(text.len() > HALF && text.len() < 2 * HALF);
    output.push(text.as_bytes());
    assert_eq!(output.whole().head, text);
}

#[test]
fn one_endless_line_is_cut_at_characters() {
    let mut output = output();
    for _ in 0..1_000 {
        output.push("é".repeat(1_000).as_bytes());
    }
    let whole = output.whole();
    assert!(whole.head.len() + whole.tail.len() <= SHOWN && whole.left_out > 0);
    assert!(whole.tail.chars().all(|c| c == 'é'));
}

#[test]
fn a_flood_is_counted_and_no_longer_kept() {
    let mut output = output();
    let piece = "y\n".repeat(1 << 19);
    for _ in 0..70 {
        output.push(piece.as_bytes());
    }
    assert!(output.is_flood());
    assert_eq!(output.written(), 70 << 20);
    assert_eq!(output.whole().rows, 32 << 20);
    assert!(output.page(30 << 20, 2).expect("page").text == "y\ny\n");
}

#[test]
fn news_are_told_once() {
    let mut output = output();
    let mut news = |bytes: &[u8]| {
        output.push(bytes);
        let has = output.has_news();
        let part = output.news().expect("news");
        assert_eq!(has, !part.text.is_empty());
        part.text
    };
    assert_eq!(news(b"one\nName: "), "one\nName: ");
    assert_eq!(news(b""), "");
    assert_eq!(news(b"x\ntwo\n10%"), "x\ntwo\n10%");
    assert_eq!(news(b"\r20%"), "20%");
    assert_eq!(news(b" ok\n"), " ok\n");
    let long = lines(0..100_000);
    let mut told = news(long.as_bytes());
    assert_eq!(told.len(), SHOWN);
    loop {
        let more = news(b"");
        if more.is_empty() {
            break;
        }
        told.push_str(&more);
    }
    assert_eq!(told, long);
}

#[test]
fn pages_go_through_the_whole_output() {
    let mut output = output();
    output.push(b"a\nb\nc");
    assert_eq!(output.page(2, 1).expect("page"), Page { text: "b\n".into(), rows: 3, next: Some(3) });
    assert_eq!(output.page(2, 9).expect("page"), Page { text: "b\nc".into(), rows: 3, next: None });
    assert_eq!(output.page(9, 9).expect("page"), Page { text: String::new(), rows: 3, next: None });
}
