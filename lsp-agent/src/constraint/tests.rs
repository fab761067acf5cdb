use super::*;
use proptest::prelude::*;
use serde_json::json;

mod quote;
mod schema;
mod text;

/// The token that ends what the model says, and one that is never text, in [`vocabulary`].
const END: TokenId = 256;
const CONTROL: TokenId = 257;

/// Each byte alone, then an end, a control token, and `more` tokens.
fn vocabulary<T: AsRef<[u8]>>(more: &[T]) -> Arc<Vocabulary> {
    let bytes: Vec<[u8; 1]> = (0..=u8::MAX).map(|byte| [byte]).collect();
    let alone = bytes.iter().map(|byte| Piece::Text(byte));
    let marks = [Piece::End, Piece::Control];
    let more = more.iter().map(|text| Piece::Text(text.as_ref()));
    Arc::new(Vocabulary::new(alone.chain(marks).chain(more)))
}

/// Bytes that are likely to be of interest in a constraint over `text`: its pieces, doubled and with line breaks.
fn pieces(text: &str) -> impl Strategy<Value = Vec<Vec<u8>>> + use<> {
    let mut text = text.as_bytes().to_vec();
    text.extend_from_slice(b"\n>>>\n\"},{ [\\n\\\\ 12 ");
    let length = text.len();
    prop::collection::vec((0..length, 1..9_usize), 0..60).prop_map(move |cuts| {
        let cut = |(start, count): (usize, usize)| text[start..(start + count).min(length)].to_vec();
        cuts.into_iter().map(cut).collect()
    })
}

fn constraint(vocabulary: &Arc<Vocabulary>, parts: Parts, root: PartId) -> Constraint {
    Constraint::new(Arc::clone(vocabulary), Arc::new(parts), root)
}

/// Writes tokens that `picks` chooses among the allowed ones, checking at each step that the mask says the same as
/// accepting each token does, and at the end that nothing got stuck. The text, whole or as far as the picks go.
fn write(constraint: &mut Constraint, picks: &[u16]) -> (Vec<u8>, bool) {
    let mut written = Vec::new();
    let mut mask = TokenMask::default();
    for pick in picks {
        if constraint.is_done() {
            return (written, true);
        }
        let allowed = constraint.allowed(&mut mask);
        assert_ne!(allowed, Allowed::Nothing, "stuck after {:?}", String::from_utf8_lossy(&written));
        let before = constraint.state();
        for token in 0..u32::try_from(constraint.vocabulary.size()).unwrap() {
            let accepted = constraint.accept(token).is_ok();
            constraint.restore(before.clone());
            let text = String::from_utf8_lossy(constraint.vocabulary.text(token)).into_owned();
            let so_far = String::from_utf8_lossy(&written).into_owned();
            assert_eq!(accepted, mask.contains(token), "token {token} {text:?} after {so_far:?}");
        }
        let tokens: Vec<TokenId> = mask.iter().collect();
        // Longer tokens more often than single bytes.
        let token =
            tokens[(usize::from(*pick) * tokens.len() / (usize::from(u16::MAX) + 1)).min(tokens.len() - 1)];
        constraint.accept(token).unwrap();
        written.extend_from_slice(constraint.vocabulary.text(token));
    }
    (written, constraint.is_done())
}

/// The texts of the tokens that are allowed, single bytes and marks left out.
fn allowed_tokens(constraint: &mut Constraint) -> Vec<String> {
    let mut mask = TokenMask::default();
    constraint.allowed(&mut mask);
    let text = |token: TokenId| String::from_utf8_lossy(constraint.vocabulary.text(token)).into_owned();
    mask.iter().filter(|token| *token > CONTROL).map(text).collect()
}

fn say(constraint: &mut Constraint, text: &str) {
    for byte in text.bytes() {
        constraint.accept(TokenId::from(byte)).unwrap_or_else(|error| panic!("{error} in {text:?}"));
    }
}

#[test]
fn fixed_parts_choices_and_control_tokens_follow_each_other() {
    let vocabulary = vocabulary(&["edit ", "edit a", "a.rs", ".rs", "b.rs", "a.rs:", "x"]);
    let mut parts = Parts::new();
    let start = parts.literal("edit ");
    let paths = parts.one_of(Arc::new(OneOf::plain(&["b.rs", "a.rs", "a.rs.bak"]))).unwrap();
    let mark = parts.token(CONTROL);
    let root = parts.sequence([start, paths, mark]).unwrap();
    let mut constraint = constraint(&vocabulary, parts, root);
    assert_eq!(allowed_tokens(&mut constraint), ["edit ", "edit a"]);
    assert_eq!(constraint.forced(100), b"edit ");
    say(&mut constraint, "edit ");
    assert_eq!(allowed_tokens(&mut constraint), ["a.rs", "b.rs"]);
    say(&mut constraint, "a.rs");
    let mut mask = TokenMask::default();
    assert_eq!(constraint.allowed(&mut mask), Allowed::Tokens);
    assert_eq!(mask.iter().collect::<Vec<_>>(), [TokenId::from(b'.'), CONTROL]);
    assert!(!constraint.may_end() && constraint.found().is_empty());
    assert_eq!(constraint.accept(TokenId::from(b'x')), Err(AcceptError::NotAllowed(TokenId::from(b'x'))));
    constraint.accept(CONTROL).unwrap();
    assert!(constraint.is_done());
    assert_eq!(constraint.found(), [Found::Chosen { part: paths, index: 1 }]);
    assert_eq!(constraint.allowed(&mut mask), Allowed::OnlyEnd);
    assert_eq!(mask.iter().collect::<Vec<_>>(), [END]);
}

#[test]
fn a_vocabulary_without_a_byte_is_said_to_be_stuck() {
    let vocabulary = Arc::new(Vocabulary::new([Piece::Text(b"a"), Piece::Text(b"bc"), Piece::End]));
    assert_eq!(vocabulary.missing_bytes().len(), 255);
    let mut parts = Parts::new();
    let root = parts.literal("ab");
    let mut constraint = constraint(&vocabulary, parts, root);
    constraint.accept(0).unwrap();
    assert_eq!(constraint.allowed(&mut TokenMask::default()), Allowed::Nothing);
}

#[test]
fn tokens_of_the_same_bytes_are_allowed_alike() {
    let vocabulary = vocabulary(&["ab", "ab", "a"]);
    let mut parts = Parts::new();
    let root = parts.literal("abc");
    let mut constraint = constraint(&vocabulary, parts, root);
    let mut mask = TokenMask::default();
    constraint.allowed(&mut mask);
    assert_eq!(mask.iter().collect::<Vec<_>>(), [TokenId::from(b'a'), 258, 259, 260]);
    assert_eq!((mask.count(), mask.is_empty()), (4, false));
}

#[test]
fn parts_that_cannot_be_are_refused() {
    let mut parts = Parts::new();
    let (empty, word) = (parts.literal(""), parts.literal("a"));
    assert_eq!(parts.one_of(Arc::new(OneOf::plain::<&str>(&[]))), Err(PartError::NoChoice));
    assert_eq!(parts.choice([]), Err(PartError::NoChoice));
    assert_eq!(parts.repeat(empty, word, 0, 3), Err(PartError::RepeatsNothing));
    assert_eq!(parts.repeat(word, word, 2, 1), Err(PartError::Bounds { least: 2, most: 1 }));
    assert_eq!(parts.integer(2, 1), Err(PartError::NoInteger));
    let nested = (0..10_000).try_fold(word, |inner, _| parts.sequence([inner, word]));
    assert_eq!(nested, Err(PartError::TooDeep));
}
