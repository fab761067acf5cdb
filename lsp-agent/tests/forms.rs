//! Forms that a text must have, with a real model: whatever it would rather write, the text has them.

#![cfg(feature = "llama")]
#![expect(clippy::disallowed_methods, reason = "tests look at files and processes")]

use devtoolkit_agent::constraint::{Form, LastBreak, Layout, QuoteRule, Quoting, Stop};
use devtoolkit_agent::provider::wire::{End, Generate, Grammar, Sampling};
use serde_json::{Value, json};
use worker::{Answer, ask, assert_alike, load, model, request, small_model, start};

#[path = "support/worker.rs"]
mod worker;

/// A file with lines that occur twice.
const FILE: &str = "def area(width, height):\n    size = width * height\n    return size\n\ndef volume(width, height, depth):\n    size = width * height * depth\n    return size\n\ndef naïve(größe):\n    return \"ü\" + größe\n";

fn text(text: &str) -> Form {
    Form::Literal(text.to_owned())
}

/// What the model writes of a form: likeliest tokens first, then drawn by chance.
fn written(form: &Form, prompt: &str, test: &str) -> Vec<Answer> {
    let Some(model) = small_model(test) else { return Vec::new() };
    let llama = start(load(model));
    let sampled =
        |seed| Sampling { temperature: 3.0, top_k: 0, top_p: 1.0, min_p: 0.0, seed, ..Sampling::default() };
    let samplings = [Sampling::default()].into_iter().chain((0..6).map(sampled));
    samplings
        .map(|sampling| {
            let asked = Generate { form: Some(form.clone()), sampling, ..request(prompt, 400) };
            ask(&llama, asked)
        })
        .collect()
}

fn edit(quoting: Quoting, stop: Stop) -> Form {
    let rule = QuoteRule { stop, last_break: LastBreak::Outside };
    Form::Quote { file: FILE.to_owned(), quoting, rule }
}

#[test]
fn a_search_text_exists_exactly_once() {
    let form = Form::Sequence(vec![
        text("<<<<<<< SEARCH\n"),
        edit(Quoting::Plain, Stop::AtUniqueLine),
        text("\n=======\n"),
        Form::Free {
            ends: vec!["\n>>>>>>> REPLACE".to_owned()],
            never: Vec::new(),
            before: "\n".to_owned(),
            most: 120,
            may_stop: false,
        },
    ]);
    let prompt = format!(
        "<|im_start|>user\nHere is a file:\n{FILE}\nRename size to area.<|im_end|>\n<|im_start|>assistant\n"
    );
    for answer in written(&form, &prompt, "a_search_text") {
        assert_eq!(answer.end, End::Complete, "{}", answer.text);
        let rest = answer.text.strip_prefix("<<<<<<< SEARCH\n").unwrap();
        let (search, rest) = rest.split_once("\n=======\n").unwrap();
        let lines = format!("\n{FILE}");
        assert_eq!(lines.matches(&format!("\n{search}\n")).count(), 1, "{search}");
        assert!(rest.ends_with("\n>>>>>>> REPLACE"), "{rest}");
    }
}

#[test]
fn json_follows_its_schema_and_names_what_there_is() {
    let schema = json!({
        "type": "object",
        "properties": {
            "path": {"type": "string", "format": "path"},
            "search": {"type": "string", "format": "quote"},
            "lines": {"type": "integer", "minimum": 1, "maximum": 90},
            "why": {"type": "string", "maxLength": 40},
        },
        "required": ["path", "search", "lines", "why"],
    });
    let paths = ["src/größe.rs", "src/a \"b\".rs", "README.md"];
    let quote = Form::Sequence(vec![text("\""), edit(Quoting::Json, Stop::Open), text("\"")]);
    let form = Form::Json {
        schema,
        layout: Layout::Tight,
        formats: vec![
            (
                "path".to_owned(),
                Form::OneOf { texts: paths.map(str::to_owned).to_vec(), quoting: Quoting::Json },
            ),
            ("quote".to_owned(), quote),
        ],
    };
    for answer in written(&form, "{", "json_follows") {
        assert_eq!(answer.end, End::Complete, "{}", answer.text);
        let value: Value =
            serde_json::from_str(&answer.text).unwrap_or_else(|error| panic!("{error}: {}", answer.text));
        let names: Vec<&String> = value.as_object().unwrap().keys().collect();
        assert_eq!(names, ["path", "search", "lines", "why"]);
        assert!(paths.contains(&value["path"].as_str().unwrap()), "{value}");
        let search = value["search"].as_str().unwrap();
        assert_eq!(format!("\n{FILE}").matches(&format!("\n{search}\n")).count(), 1, "{search}");
        assert!((1..=90).contains(&value["lines"].as_i64().unwrap()), "{value}");
        assert!(value["why"].as_str().unwrap().chars().count() <= 40, "{value}");
    }
}

#[test]
fn text_is_free_until_a_mark_begins_a_form() {
    let call = Form::Sequence(vec![
        Form::Free {
            ends: vec!["CALL ".to_owned()],
            never: Vec::new(),
            before: String::new(),
            most: 60,
            may_stop: false,
        },
        Form::OneOf { texts: vec!["read".to_owned(), "write".to_owned()], quoting: Quoting::Plain },
        Form::Token("<|im_start|>".to_owned()),
    ]);
    for answer in written(&call, "Say", "text_is_free") {
        assert_eq!(answer.end, End::Complete, "{}", answer.text);
        let (free, called) = answer.text.split_once("CALL ").unwrap();
        assert!(free.chars().count() <= 60);
        assert!(["read<|im_start|>", "write<|im_start|>"].contains(&called), "{called}");
    }
}

#[test]
fn what_must_come_is_drafted_and_changes_nothing() {
    let Some(model) = small_model("what_must_come") else { return };
    let llama = start(load(model));
    let form = Form::Sequence(vec![
        text("The answer, which is given here in full and with every word that belongs to it, is: "),
        Form::OneOf { texts: vec!["yes".to_owned(), "no".to_owned()], quoting: Quoting::Plain },
    ]);
    let asked = |speculate| Generate { form: Some(form.clone()), speculate, ..request("Is water wet?", 60) };
    let (plain, drafted) = (ask(&llama, asked(false)), ask(&llama, asked(true)));
    assert_eq!((&plain.end, plain.usage.drafted), (&End::Complete, 0));
    assert!(drafted.usage.accepted > 10, "{:?}", drafted.usage);
    assert_alike(&plain, &drafted, "a forced draft");
}

#[test]
fn forms_that_cannot_be_are_refused_and_the_worker_goes_on() {
    let Some(model) = small_model("forms_that_cannot_be") else { return };
    let llama = start(load(model));
    let no_choice = Form::OneOf { texts: Vec::new(), quoting: Quoting::Plain };
    let no_token = Form::Token("<|nothing|>".to_owned());
    let no_schema =
        Form::Json { schema: json!({"pattern": "a+"}), layout: Layout::Tight, formats: Vec::new() };
    for (form, what) in
        [(no_choice, "a choice of nothing"), (no_token, "<|nothing|>"), (no_schema, "pattern")]
    {
        let answer = ask(&llama, Generate { form: Some(form), ..request("x", 4) });
        assert!(matches!(&answer.end, End::Failed(why) if why.contains(what)), "{:?}", answer.end);
    }
    let grammar = Some(Grammar { text: "root ::= \"a\"".to_owned(), triggers: Vec::new() });
    let both = ask(&llama, Generate { form: Some(text("a")), grammar, ..request("x", 4) });
    assert!(matches!(&both.end, End::Failed(why) if why.contains("not both")), "{:?}", both.end);
    let cut =
        ask(&llama, Generate { form: Some(text("a long text that is not finished")), ..request("x", 2) });
    assert_eq!(cut.end, End::Tokens);
    let done = ask(&llama, Generate { form: Some(text("")), ..request("x", 2) });
    assert_eq!((done.text.as_str(), done.end), ("", End::Complete));
}

#[test]
fn a_vocabulary_of_150_000_tokens_has_forms_too() {
    let Some(model) = model("a_vocabulary_of_150_000", "DEVTOOLKIT_QWEN_CODER") else { return };
    let llama = start(load(model));
    let form = Form::Sequence(vec![edit(Quoting::Plain, Stop::Open), text("\n```")]);
    let prompt = format!("Repeat the function `volume` of this file.\n```\n{FILE}```\n\n```\n");
    let answer = ask(&llama, Generate { form: Some(form), speculate: true, ..request(&prompt, 200) });
    assert_eq!(answer.end, End::Complete);
    let quoted = answer.text.strip_suffix("\n```").unwrap();
    assert!(FILE.contains(quoted), "{quoted}");
    assert!(answer.usage.accepted > 0, "{:?}", answer.usage);
}
