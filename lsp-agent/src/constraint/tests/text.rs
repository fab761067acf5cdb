use super::super::free::MOST_ENDS;
use super::*;

fn free(vocabulary: &Arc<Vocabulary>, text: FreeText, then: &str) -> Constraint {
    let mut parts = Parts::new();
    let text = parts.free(text);
    let then = parts.literal(then);
    let root = parts.sequence([text, then]).unwrap();
    constraint(vocabulary, parts, root)
}

#[test]
fn free_text_ends_at_the_first_end() {
    let vocabulary = vocabulary(&["a\n>>>", "\n>>> x", "\n>>>!", "abc", "é", ">>>"]);
    let mut text = free(&vocabulary, FreeText::until(&["\n>>>"], b"", 100).unwrap(), "!");
    assert_eq!(allowed_tokens(&mut text), ["a\n>>>", "\n>>>!", "abc", "é", ">>>"]);
    say(&mut text, "some text\n>>>");
    assert_eq!(text.forced(10), b"!");
    // At the start of a line the end's own line break was already written.
    let mut text = free(&vocabulary, FreeText::until(&["\n>>>"], b"x\n", 100).unwrap(), "");
    say(&mut text, ">>>");
    assert!(text.is_done());
    let never = FreeText::until(&["ab", ""], b"", 1);
    assert!(matches!(never, Err(PartError::Ends)));
}

#[test]
fn a_text_that_may_stop_can_still_reach_what_follows_it() {
    let vocabulary = vocabulary(&["<call>", "call"]);
    let mut text = free(&vocabulary, FreeText::until(&["<call>"], b"", 50).unwrap().or_stop(), "{}");
    say(&mut text, "I will");
    assert!(text.may_end() && !text.is_done());
    say(&mut text, "<call>");
    assert!(!text.may_end());
    assert_eq!(text.forced(9), b"{}");
    let mut text = free(&vocabulary, FreeText::open(3), "");
    say(&mut text, "abc");
    assert_eq!(text.allowed(&mut TokenMask::default()), Allowed::OnlyEnd);
    text.accept(END).unwrap();
    assert!(text.is_done());
}

#[test]
fn what_may_not_come_does_not() {
    let vocabulary = vocabulary(&["a<no>b", "<no", "<no>", "<go>", "no>", "o> x", "nod"]);
    let until = FreeText::until(&["<go>"], b"", 50).unwrap();
    let mut text = free(&vocabulary, until.without(&["<no>"], b"").unwrap(), "!");
    assert_eq!(allowed_tokens(&mut text), ["<no", "<go>", "no>", "o> x", "nod"]);
    say(&mut text, "1 < 2 <n");
    assert_eq!(allowed_tokens(&mut text), ["<no", "<go>", "no>", "nod"]);
    say(&mut text, "o");
    assert_eq!(text.accept(TokenId::from(b'>')), Err(AcceptError::NotAllowed(TokenId::from(b'>'))));
    say(&mut text, "d<go>");
    assert_eq!(text.forced(9), b"!");
    // What stands before can be its beginning.
    let text = FreeText::open(9).without(&["^{", "^ "], b"^").unwrap();
    let mut text = free(&vocabulary, text, "");
    assert!(text.accept(TokenId::from(b'{')).is_err() && text.accept(TokenId::from(b' ')).is_err());
    say(&mut text, "a {");
    let many = FreeText::open(9).without(&["a"; MOST_ENDS + 1], b"");
    assert!(matches!(many, Err(PartError::Ends)));
}

#[test]
fn a_control_token_can_follow_open_text_anywhere() {
    let vocabulary = vocabulary(&["call", "<call>", "日"]);
    let mut parts = Parts::new();
    let text = parts.free(FreeText::open(20).without(&["<call>"], b"").unwrap().or_stop());
    let mark = parts.token(CONTROL);
    let then = parts.literal("{}");
    let root = parts.sequence([text, mark, then]).unwrap();
    let mut constraint = constraint(&vocabulary, parts, root);
    for so_far in ["", "I ", "call"] {
        say(&mut constraint, so_far);
        let before = constraint.state();
        assert_eq!(allowed_tokens(&mut constraint), ["call", "日"]);
        assert!(constraint.may_end() && !constraint.is_done() && constraint.forced(9).is_empty());
        constraint.accept(CONTROL).unwrap();
        assert_eq!((constraint.forced(9), constraint.may_end()), (b"{}".to_vec(), false));
        constraint.restore(before);
    }
    say(&mut constraint, "é");
    constraint.accept(TokenId::from(0xE6_u8)).unwrap();
    assert!(constraint.accept(CONTROL).is_err(), "not within a character");
    assert!(!constraint.may_end());
}

#[test]
fn a_draft_that_is_not_taken_leaves_no_trace() {
    let vocabulary = vocabulary::<&str>(&[]);
    let mut text = free(&vocabulary, FreeText::until(&["!"], b"", 100).unwrap(), "x");
    say(&mut text, "ab");
    let (state, mut before, mut after) = (text.state(), TokenMask::default(), TokenMask::default());
    text.allowed(&mut before);
    say(&mut text, "cd!");
    text.restore(state);
    text.allowed(&mut after);
    assert_eq!(before, after);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn free_text_is_bounded_utf8_with_one_end(
        tokens in pieces("日本é ab\n>>>\n>>> \n\n>>=end"),
        ends in prop::sample::select(vec![vec!["\n>>>"], vec!["\n>>>", "==="], vec!["aab", "abab"], vec!["é"]]),
        most in 0..40_u32,
        picks in prop::collection::vec(any::<u16>(), 200),
    ) {
        let vocabulary = vocabulary(&tokens);
        let mut text = free(&vocabulary, FreeText::until(&ends, b"", most).unwrap(), "END");
        let (written, done) = write(&mut text, &picks);
        prop_assert!(done);
        let written = String::from_utf8(written).unwrap();
        let body = written.strip_suffix("END").unwrap();
        let end = ends.iter().find(|end| body.ends_with(**end)).unwrap();
        let first = ends.iter().filter_map(|end| Some(body.find(end)? + end.len())).min();
        prop_assert_eq!(first, Some(body.len()), "{:?}", written);
        prop_assert!(body.chars().count() <= most as usize + end.chars().count());
    }

    #[test]
    fn open_text_is_bounded_and_has_nothing_that_may_not_come(
        tokens in pieces("日本é ab<a><b>\n<b a><>end"),
        never in prop::sample::select(vec![vec!["<b>"], vec!["<b>", "a", "\n\n"], vec!["é", "bab"]]),
        may_stop in any::<bool>(),
        most in 0..40_u32,
        picks in prop::collection::vec(any::<u16>(), 200),
    ) {
        let vocabulary = vocabulary(&tokens);
        let text = FreeText::open(most).without(&never, b"").unwrap();
        let mut parts = Parts::new();
        let text = parts.free(if may_stop { text.or_stop() } else { text });
        let (mark, then) = (parts.token(CONTROL), parts.literal("END"));
        let root = parts.sequence([text, mark, then]).unwrap();
        let mut constraint = constraint(&vocabulary, parts, root);
        let (written, done) = write(&mut constraint, &picks);
        prop_assert!(done);
        let written = String::from_utf8(written).unwrap();
        let body = if may_stop { written.strip_suffix("END").unwrap_or(&written) } else { written.strip_suffix("END").unwrap() };
        prop_assert!(!never.iter().any(|never| body.contains(never)), "{body:?}");
        prop_assert!(body.chars().count() <= most as usize);
    }

    #[test]
    fn json_strings_are_bounded_and_readable(
        tokens in pieces("日本é ab\\u0041\\n\",\"é\",\"\\\\\" \u{1}\t"),
        (least, most) in (0..4_u32, 4..30_u32),
        picks in prop::collection::vec(any::<u16>(), 80),
    ) {
        let vocabulary = vocabulary(&tokens);
        let mut parts = Parts::new();
        let (open, then) = (parts.literal("[\""), parts.literal(",\"é\"]"));
        let string = parts.json_string(Length { least, most }).unwrap();
        let root = parts.sequence([open, string, then]).unwrap();
        let (written, done) = write(&mut constraint(&vocabulary, parts, root), &picks);
        prop_assert!(done);
        let value: (String, String) = serde_json::from_slice(&written).unwrap();
        prop_assert!((least..=most).contains(&u32::try_from(value.0.chars().count()).unwrap()));
    }

    #[test]
    fn choices_are_those_of_the_list(
        texts in prop::collection::vec("[ab/\"é]{0,5}", 1..20),
        is_json in any::<bool>(),
        tokens in pieces("aabb/ab/é\"ba/"),
        picks in prop::collection::vec(any::<u16>(), 40),
    ) {
        let vocabulary = vocabulary(&tokens);
        let mut parts = Parts::new();
        let list = if is_json { OneOf::json(&texts) } else { OneOf::plain(&texts) };
        let part = parts.one_of(Arc::new(list)).unwrap();
        let then = parts.literal(";");
        let root = parts.sequence([part, then]).unwrap();
        let mut constraint = constraint(&vocabulary, parts, root);
        let (written, done) = write(&mut constraint, &picks);
        prop_assert!(done);
        let written = std::str::from_utf8(&written).unwrap().strip_suffix(';').unwrap();
        let chosen = if is_json { serde_json::from_str(written).unwrap() } else { written.to_owned() };
        let index = texts.iter().position(|text| *text == chosen).unwrap();
        prop_assert_eq!(constraint.found(), [Found::Chosen { part, index }]);
    }

    #[test]
    fn integers_are_within_their_bounds(
        one in any::<i64>(), other in prop_oneof![any::<i64>(), -200..200_i64],
        tokens in pieces("-1 0 12 99 100 07 9223372036854775807"),
        picks in prop::collection::vec(any::<u16>(), 40),
    ) {
        let (least, most) = (one.min(other), one.max(other));
        let vocabulary = vocabulary(&tokens);
        let mut parts = Parts::new();
        let (integer, then) = (parts.integer(least, most).unwrap(), parts.literal(","));
        let root = parts.sequence([integer, then]).unwrap();
        let (written, done) = write(&mut constraint(&vocabulary, parts, root), &picks);
        prop_assert!(done);
        let written = String::from_utf8(written).unwrap();
        let value: i64 = written.strip_suffix(',').unwrap_or_else(|| panic!("{written}")).parse().unwrap();
        prop_assert!((least..=most).contains(&value));
    }
}
