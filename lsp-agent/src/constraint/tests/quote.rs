use super::*;

const OUTSIDE: QuoteRule = QuoteRule { stop: Stop::AtUniqueLine, last_break: LastBreak::Outside };

/// A quote of `file` and what follows it.
fn quoting(
    vocabulary: &Arc<Vocabulary>,
    file: &str,
    how: Quoting,
    rule: QuoteRule,
    then: &str,
) -> Constraint {
    let mut parts = Parts::new();
    let quote = parts.quote(Arc::new(Quotable::new(file, how).unwrap()), rule);
    let then = parts.literal(then);
    let root = parts.sequence([quote, then]).unwrap();
    constraint(vocabulary, parts, root)
}

/// The lines that a text quotes and their bytes; nothing where it is no whole quote.
fn quoted(file: &str, rule: QuoteRule, text: &str) -> Option<Place> {
    let vocabulary = vocabulary::<&str>(&[]);
    let mut constraint = quoting(&vocabulary, file, Quoting::Plain, rule, "");
    text.bytes().try_for_each(|byte| constraint.accept(TokenId::from(byte))).ok()?;
    constraint.found().first().map(|found| match found {
        Found::Quoted { place, .. } => place.clone(),
        Found::Chosen { .. } => unreachable!("nothing to choose"),
    })
}

fn place(lines: std::ops::Range<usize>, bytes: std::ops::Range<usize>, next: usize) -> Option<Place> {
    Some(Place { lines, bytes, next })
}

#[test]
fn a_quote_is_found_where_its_lines_are_unique() {
    let file = "fn a() {\n    x\n}\nfn b() {\n    x\n}\n";
    assert_eq!(quoted(file, OUTSIDE, "fn b() {"), place(3..4, 17..25, 26));
    assert_eq!(quoted(file, OUTSIDE, "    x"), None);
    assert_eq!(quoted(file, OUTSIDE, "    x\n}\nfn b() {"), place(1..4, 9..25, 26));
    // The second of equal pieces cannot be told from the first without what stands before it.
    assert_eq!(quoted(file, OUTSIDE, "    x\n}"), None);
    let open = QuoteRule { stop: Stop::Open, ..OUTSIDE };
    assert_eq!(quoted(file, open, "fn b() {\n    x\n}"), place(3..6, 17..33, 34));
    assert_eq!(quoted(file, open, "fn b() {\n    x\n}\n"), None);
    let inside = QuoteRule { last_break: LastBreak::Inside, ..open };
    assert_eq!(quoted(file, inside, "fn b() {\n    x\n}\n"), place(3..6, 17..33, 34));
    assert_eq!(quoted(file, inside, "fn b() {\n    x\n}"), None);
}

#[test]
fn line_breaks_byte_order_marks_and_missing_ends_are_no_obstacle() {
    assert_eq!(quoted("\u{feff}a\r\nb\r\nc", OUTSIDE, "a"), place(0..1, 3..4, 6));
    assert_eq!(
        quoted("\u{feff}a\r\nb\r\nc", QuoteRule { stop: Stop::Open, ..OUTSIDE }, "b\nc"),
        place(1..3, 6..10, 10)
    );
    assert_eq!(quoted("a\rb\n", OUTSIDE, "a\rb"), place(0..1, 0..3, 4));
    assert_eq!(quoted("é\n日本\n", OUTSIDE, "日本"), place(1..2, 3..9, 10));
    assert_eq!(quoted("", OUTSIDE, ""), place(0..1, 0..0, 0));
    assert_eq!(quoted("\u{feff}", OUTSIDE, ""), place(0..1, 3..3, 3));
    // One empty line of several is too little to quote.
    assert_eq!(quoted("a\n\nb\n", OUTSIDE, ""), None);
    assert_eq!(quoted("foo\nfoobar\n", OUTSIDE, "foo"), place(0..1, 0..3, 4));
    assert_eq!(quoted("foo\nfoobar\n", OUTSIDE, "foobar"), place(1..2, 4..10, 11));
}

#[test]
fn the_end_of_a_quote_and_the_text_of_the_file_compete() {
    let vocabulary = vocabulary(&["\n>", "\n>>>", "\nb", "\n", "a\nb", "a\n>>>", "a"]);
    let mut constraint = quoting(&vocabulary, "a\nb\na\nc\n", Quoting::Plain, OUTSIDE, "\n>>>");
    assert_eq!(allowed_tokens(&mut constraint), ["a\nb", "a"]);
    say(&mut constraint, "a");
    assert_eq!(allowed_tokens(&mut constraint), ["\nb", "\n"]);
    say(&mut constraint, "\nb");
    assert_eq!(allowed_tokens(&mut constraint), ["\n>", "\n>>>", "\n"]);
    assert_eq!(constraint.forced(10), b"\n>>>");
}

#[test]
fn files_that_repeat_themselves_are_prepared_in_time() {
    for file in ["\n".repeat(200_000), "same line\n".repeat(20_000), "x".repeat(200_000)] {
        let started = std::time::Instant::now();
        let file = Quotable::new(&file, Quoting::Plain).unwrap();
        assert!(started.elapsed() < std::time::Duration::from_secs(10), "{:?}", started.elapsed());
        assert!(file.sorted.len() > 0);
    }
    assert_eq!(
        Quotable::new(&"x".repeat((16 << 20) + 1), Quoting::Plain).err(),
        Some(QuoteError::TooLarge((16 << 20) + 1))
    );
}

/// Every text that a quote may be, found by trying all ranges of lines.
fn all_quotes(file: &str, how: Quoting, rule: QuoteRule) -> Vec<(Vec<u8>, std::ops::Range<usize>)> {
    let text = file.strip_prefix('\u{feff}').unwrap_or(file);
    let text = text.strip_suffix('\n').unwrap_or(text);
    let lines: Vec<&str> = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).collect();
    // A carriage return at the very end has no line break behind it.
    let lines: Vec<String> = lines
        .iter()
        .enumerate()
        .map(|(place, line)| {
            let is_open = place + 1 == lines.len() && !file.ends_with('\n') && file.ends_with('\r');
            if is_open { format!("{line}\r") } else { (*line).to_owned() }
        })
        .collect();
    let mut quotes = Vec::new();
    for first in 0..lines.len() {
        for last in first..lines.len() {
            let quote = &lines[first..=last];
            if lines.windows(quote.len()).filter(|other| *other == quote).count() > 1 {
                continue;
            }
            let mut quote = quote.join("\n");
            if rule.last_break == LastBreak::Inside {
                quote.push('\n');
            }
            if !quote.is_empty() || lines.len() == 1 {
                let quote = match how {
                    Quoting::Plain => quote,
                    Quoting::Json => {
                        let written = json!(quote).to_string();
                        written[1..written.len() - 1].to_owned()
                    }
                };
                quotes.push((quote.into_bytes(), first..last + 1));
            }
            if rule.stop == Stop::AtUniqueLine {
                break;
            }
        }
    }
    quotes
}

fn files() -> impl Strategy<Value = String> {
    let line = prop::sample::select(vec![
        "", "a", "ab", "a\tb", "}", "  }", "é", "日", "\\n", "\"q\"", "\ra", ">>>", "a\\",
    ]);
    let line_break = prop::sample::select(vec!["\n", "\n", "\r\n"]);
    let lines = prop::collection::vec((line, line_break), 0..10);
    (prop::bool::weighted(0.1), lines, prop::bool::ANY).prop_map(|(mark, lines, ends)| {
        let mut text: String = lines.iter().flat_map(|(line, end)| [*line, *end]).collect();
        if !ends {
            text.truncate(text.trim_end_matches(['\n', '\r']).len());
        }
        if mark { format!("\u{feff}{text}") } else { text }
    })
}

fn rules() -> impl Strategy<Value = (Quoting, QuoteRule, &'static str)> {
    let how = prop::sample::select(vec![Quoting::Plain, Quoting::Json]);
    let stop = prop::sample::select(vec![Stop::AtUniqueLine, Stop::Open]);
    let last_break = prop::sample::select(vec![LastBreak::Outside, LastBreak::Inside]);
    let then = prop::sample::select(vec!["", "\n>>>", ">>>", "\"}"]);
    (how, stop, last_break, then)
        .prop_map(|(how, stop, last_break, then)| (how, QuoteRule { stop, last_break }, then))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn whatever_is_picked_exists_once(
        (file, tokens) in files().prop_flat_map(|file| { let tokens = pieces(&file); (Just(file), tokens) }),
        (how, rule, then) in rules(),
        picks in prop::collection::vec(any::<u16>(), 80),
    ) {
        let vocabulary = vocabulary(&tokens);
        let mut quote = quoting(&vocabulary, &file, how, rule, then);
        let quotes = all_quotes(&file, how, rule);
        prop_assert!(!quotes.is_empty());
        let texts: Vec<Vec<u8>> = quotes.iter().map(|(text, _)| [text, then.as_bytes()].concat()).collect();
        let mut written = Vec::new();
        let mut mask = TokenMask::default();
        for pick in &picks {
            let is_more = |text: &Vec<u8>| text.len() > written.len() && text.starts_with(&written);
            prop_assert_eq!(quote.is_done(), texts.contains(&written) && !texts.iter().any(is_more), "{:?}", &written);
            if quote.is_done() {
                break;
            }
            quote.allowed(&mut mask);
            for token in 0..u32::try_from(vocabulary.size()).unwrap() {
                let next = [&written, vocabulary.text(token)].concat();
                let exists = match token {
                    END => texts.contains(&written),
                    CONTROL => false,
                    _ => texts.iter().any(|text| text.starts_with(&next)),
                };
                prop_assert_eq!(
                    mask.contains(token), exists,
                    "{:?} in {:?} of {:?}", String::from_utf8_lossy(&next), String::from_utf8_lossy(&written), &file
                );
            }
            let tokens: Vec<TokenId> = mask.iter().collect();
            prop_assert!(!tokens.is_empty(), "stuck");
            let token = tokens[usize::from(*pick) % tokens.len()];
            quote.accept(token).unwrap();
            written.extend_from_slice(vocabulary.text(token));
            if token == END {
                prop_assert!(quote.is_done());
                break;
            }
        }
        if quote.is_done() {
            let ways: Vec<_> = texts.iter().zip(&quotes).filter(|(text, _)| **text == written).collect();
            let found = quote.found();
            let [Found::Quoted { place, .. }] = found.as_slice() else { panic!("{found:?}") };
            prop_assert!(ways.iter().any(|(_, (_, lines))| *lines == place.lines), "{place:?} of {ways:?}");
            let lines = file[place.bytes.clone()].replace("\r\n", "\n");
            let quoted = &ways.iter().find(|(_, (_, lines))| *lines == place.lines).unwrap().1.0;
            let plain = match how {
                Quoting::Plain => String::from_utf8(quoted.clone()).unwrap(),
                Quoting::Json => serde_json::from_str(&format!("\"{}\"", String::from_utf8_lossy(quoted))).unwrap(),
            };
            let plain = if rule.last_break == LastBreak::Inside { plain.strip_suffix('\n').unwrap() } else { &plain };
            prop_assert_eq!(plain, lines);
        }
    }
}
