//! The shortcuts give what xdiff gives without them.

use super::*;

/// Numbers that look random and are always the same.
fn below(state: &mut u64, bound: usize) -> usize {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    (*state % bound as u64) as usize
}

/// Lines that are often alike, so that there are many ways to say what changed.
fn line(state: &mut u64, kinds: usize) -> String {
    let alike = ["", "  ", "{", "}", "\t}", "    return;", "        return;", "// note", " \x0bx"];
    match below(state, 2) {
        0 => format!("{}\n", alike[below(state, alike.len())]),
        _ => format!("{}word_{}\n", " ".repeat(below(state, 12)), below(state, kinds)),
    }
}

fn edited(text: &[String], state: &mut u64, kinds: usize) -> Vec<String> {
    let mut lines = text.to_vec();
    for _ in 0..=below(state, 3) {
        let at = below(state, lines.len() + 1);
        let gone = below(state, 4).min(lines.len() - at);
        let come: Vec<String> = (0..below(state, 4)).map(|_| line(state, kinds)).collect();
        lines.splice(at..at + gone, come);
    }
    lines
}

#[test]
fn shortcuts_change_no_answer() {
    let (mut state, mut certain, mut asked) = (88_172_645_463_325_252, 0, 0);
    for round in 0..3_000 {
        let kinds = [4, 40, 4_000][round % 3];
        let text: Vec<String> = (0..below(&mut state, 120)).map(|_| line(&mut state, kinds)).collect();
        let (mut old, mut new) = (text.concat(), edited(&text, &mut state, kinds).concat());
        for side in [&mut old, &mut new] {
            // The last line often has no end.
            if below(&mut state, 3) == 0 {
                side.pop();
            }
        }
        let (old, new) = (old.as_bytes(), new.as_bytes());
        let (short_old, short_new) = without_common_end(old, new);
        let wanted = xdiff(short_old, short_new).expect("a difference");
        assert_eq!(changes(old, new).expect("a difference"), wanted, "round {round}");
        assert_eq!(by_words(short_old, short_new).expect("a difference"), wanted, "round {round}");
        match at_one_place(short_old, short_new) {
            _ if old == new => {}
            Some(change) => {
                assert_eq!(vec![change], wanted, "round {round}");
                certain += 1;
            }
            None => asked += 1,
        }
    }
    assert!(certain > 500 && asked > 500, "{certain} and {asked} are too few to tell");
}
