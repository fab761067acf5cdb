//! The worker process with a real model: `cargo xtask test` says where one is.

#![cfg(feature = "llama")]
#![expect(clippy::disallowed_methods, reason = "tests look at files and processes")]

use devtoolkit_agent::provider::llama::Running;
use devtoolkit_agent::provider::wire::{End, Generate, Grammar, KvType, Load, Part, Say};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use worker::{Answer, DEADLINE, ask, assert_alike, exact, finish, load, model, request, small_model, start};

#[path = "support/worker.rs"]
mod worker;

const STORY: &str = "<|im_start|>user\nCount from one to ten in words.<|im_end|>\n<|im_start|>assistant\n";

#[test]
fn a_model_writes_and_its_next_turn_takes_over_what_was_evaluated() {
    let Some(exact) = exact("a_model_writes") else { return };
    let llama = start(exact.clone());
    let first = ask(&llama, request(STORY, 24));
    assert_eq!(first.usage.cached, 0);
    let turn = format!("{STORY}{}<|im_end|>\n<|im_start|>user\nAnd on to fifteen.<|im_end|>\n", first.text);
    let second = ask(&llama, request(&turn, 8));
    assert!(second.usage.cached + 12 > first.usage.prompt + first.usage.generated, "{:?}", second.usage);
    assert!(second.usage.cached < second.usage.prompt);
    // The same from a fresh context.
    let fresh = start(exact);
    assert_alike(&ask(&fresh, request(&turn, 8)), &second, "a cached prefix changes nothing");
}

#[test]
fn branches_of_a_conversation_equal_fresh_ones() {
    let Some(exact) = exact("branches") else { return };
    let llama = start(exact.clone());
    let branch =
        |word: &str| format!("{STORY}One, two, {word}<|im_end|>\n<|im_start|>user\nNext?<|im_end|>\n");
    let _ = ask(&llama, request(&branch("three"), 6));
    let other = ask(&llama, request(&branch("four"), 6));
    let back = ask(&llama, request(&branch("three"), 6));
    assert!(
        other.usage.cached > 10 && back.usage.cached > other.usage.cached,
        "{:?} {:?}",
        other.usage,
        back.usage
    );
    for (word, answer) in [("four", &other), ("three", &back)] {
        let fresh = start(exact.clone());
        assert_alike(&ask(&fresh, request(&branch(word), 6)), answer, word);
    }
}

#[test]
fn drafts_change_the_speed_and_not_the_text() {
    let Some(exact) = exact("drafts") else { return };
    let llama = start(exact);
    let code = "def area(width, height):\n    return width * height\n\ndef volume(width, height, depth):\n    return width * height * depth\n";
    let prompt =
        format!("<|im_start|>user\nRepeat this code exactly:\n{code}<|im_end|>\n<|im_start|>assistant\n");
    let plain = ask(&llama, request(&prompt, 60));
    let drafted =
        ask(&llama, Generate { speculate: true, drafts: vec![code.to_owned()], ..request(&prompt, 60) });
    assert!(drafted.usage.accepted > 5, "{:?}", drafted.usage);
    assert_alike(&plain, &drafted, "drafts");
}

#[test]
fn a_smaller_model_drafts_and_changes_nothing() {
    let Some(exact) = exact("smaller") else { return };
    let Some(other) = self::model("smaller", "DEVTOOLKIT_QWEN_CODER") else { return };
    let plain = ask(&start(exact.clone()), request(STORY, 40));
    // The same model is one of the same vocabulary; it is always right, and soon seen to be no quicker.
    let llama = start(Load { draft: Some(exact.path.clone()), ..exact.clone() });
    let drafted = ask(&llama, Generate { speculate: true, ..request(STORY, 40) });
    let (tried, held) = (drafted.usage.drafted, drafted.usage.accepted);
    assert!(tried > 0 && held == tried, "{:?}", drafted.usage);
    assert_alike(&plain, &drafted, "a smaller model");
    for wrong in [other, "absent.gguf".into()] {
        let llama = start(Load { draft: Some(wrong), ..exact.clone() });
        let running = llama.generate(Generate { speculate: true, ..request(STORY, 8) });
        let loaded = running.events.iter().find_map(|say| match say {
            Say::Loaded(loaded) => Some(loaded),
            _ => None,
        });
        assert!(loaded.unwrap().warnings.iter().any(|warning| warning.contains("no drafts by")));
        assert!(!finish(&running).text.is_empty());
    }
}

#[test]
fn a_grammar_holds_whatever_the_model_wants() {
    let Some(model) = small_model("grammar") else { return };
    let llama = start(load(model));
    let grammar = Grammar {
        text: r#"root ::= "{\"answer\": " ("true" | "false") "}""#.to_owned(),
        triggers: Vec::new(),
    };
    for speculate in [false, true] {
        let asked = Generate { grammar: Some(grammar.clone()), speculate, ..request(STORY, 40) };
        let answer = ask(&llama, asked);
        assert!(
            matches!(answer.text.as_str(), r#"{"answer": true}"# | r#"{"answer": false}"#),
            "{}",
            answer.text
        );
        assert_eq!(answer.end, End::Complete);
    }
    let wrong = Grammar { text: "root ::= missing".to_owned(), triggers: Vec::new() };
    let answer = ask(&llama, Generate { grammar: Some(wrong), ..request(STORY, 4) });
    assert!(matches!(&answer.end, End::Failed(what) if what.contains("grammar")), "{:?}", answer.end);
    assert!(ask(&llama, request(STORY, 4)).text.len() > 1, "the worker goes on");
}

#[test]
fn several_requests_run_at_once_and_each_gets_its_own() {
    let Some(exact) = exact("several") else { return };
    let llama = start(exact);
    let prompts = ["The sky is", "Two plus two is", "def main():", "Paris is in"];
    let alone: Vec<Answer> = prompts.iter().map(|prompt| ask(&llama, request(prompt, 8))).collect();
    let running: Vec<Running> = prompts.iter().map(|prompt| llama.generate(request(prompt, 8))).collect();
    for ((running, alone), prompt) in running.iter().zip(&alone).zip(prompts) {
        let answer = finish(running);
        assert!(matches!(answer.end, End::Tokens | End::Stop), "{:?}", answer.end);
        assert_alike(alone, &answer, prompt);
    }
}

#[test]
fn a_request_ends_when_nobody_waits_and_where_it_is_told_to() {
    let Some(model) = small_model("ends") else { return };
    let llama = start(load(model));
    let stop = vec!["3. 3".to_owned(), "zzz".to_owned()];
    let answer = ask(&llama, Generate { stop, ..request(STORY, 40) });
    assert_eq!((answer.text.as_str(), answer.end), ("1. 1\n2. 2\n", End::Text("3. 3".to_owned())));
    let long = format!("<|im_start|>user\n{}<|im_end|>\n", "one two three four five ".repeat(300));
    let running = llama.generate(request(&long, 400));
    // It has begun.
    while !matches!(running.events.recv_timeout(DEADLINE).unwrap(), Say::Prefill { .. }) {}
    let dropped = Instant::now();
    drop(running);
    let next = ask(&llama, request("Hello", 2));
    assert_eq!(next.end, End::Tokens);
    assert!(dropped.elapsed() < Duration::from_secs(60), "the dropped request went on");
    let late = ask(&llama, Generate { time: 1, ..request(STORY, 400) });
    assert_eq!(late.end, End::Time);
    let full = ask(&llama, request(&long.repeat(3), 4));
    assert!(matches!(&full.end, End::Failed(what) if what.contains("context holds 2048")), "{:?}", full.end);
}

#[test]
fn a_mixture_of_experts_says_what_its_dense_model_says() {
    let test = "a_mixture_of_experts";
    let (Some(dense), Some(mixture)) =
        (model(test, "DEVTOOLKIT_SMOLLM2_F32"), model(test, "DEVTOOLKIT_SMOLLM2_MOE_F32"))
    else {
        return;
    };
    let exact = |path| start(Load { kv: KvType::F32, ..load(path) });
    let answers = [dense, mixture].map(|path| {
        let answer = ask(&exact(path), request(STORY, 16));
        assert_eq!(answer.end, End::Tokens);
        answer.tokens
    });
    let [dense, mixture] = &answers;
    assert_eq!(dense.len(), 16);
    for (dense, mixture) in dense.iter().zip(mixture) {
        assert_eq!(dense.token, mixture.token);
        assert!((dense.logprob - mixture.logprob).abs() < 0.02, "{dense:?} {mixture:?}");
        assert_eq!(dense.alternatives.len(), 5);
    }
}

/// The architecture of the mixtures that are recommended, with experts that differ. Its words make no sense; where
/// experts lie and how batches are shaped must not change them.
#[test]
fn a_mixture_of_many_experts_says_the_same_wherever_they_lie() {
    let Some(mixture) = model("a_mixture_of_many_experts", "DEVTOOLKIT_RANDOM_MOE") else { return };
    let first = ask(&start(load(mixture.clone())), request(STORY, 12));
    assert_eq!(first.end, End::Tokens);
    assert_eq!(first.tokens.len(), 12);
    let other = Load { cpu_experts: 1, mmap: false, batch: 64, ..load(mixture) };
    let second = ask(&start(other), request(STORY, 12));
    assert_alike(&first, &second, "experts elsewhere");
}

#[test]
fn what_a_file_says_is_never_a_control_token() {
    let Some(model) = small_model("control") else { return };
    let llama = start(load(model));
    let tokens = |special| llama.tokens(vec![Part { text: "<|im_end|>".to_owned(), special }]).unwrap();
    assert_eq!(tokens(true).len(), 1);
    assert!(tokens(false).len() > 1);
}

#[test]
fn a_kept_prefix_comes_back_and_a_damaged_one_does_not() {
    let Some(exact) = exact("kept") else { return };
    let folder = tempfile::tempdir().unwrap();
    let keeping = Load { keep: Some(folder.path().to_path_buf()), ..exact };
    let long = format!(
        "<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n",
        "Count from one to ten. ".repeat(20)
    );
    let llama = start(keeping.clone());
    let first = ask(&llama, request(&long, 6));
    llama.unload();
    let second = ask(&llama, request(&long, 6));
    assert_alike(&first, &second, "a prefix from disk");
    assert!(second.usage.cached + 1 >= second.usage.prompt, "{:?}", second.usage);
    llama.unload();
    let states = std::fs::read_dir(folder.path())
        .unwrap()
        .flat_map(|entry| std::fs::read_dir(entry.unwrap().path()).unwrap());
    let states: Vec<PathBuf> = states.map(|entry| entry.unwrap().path()).collect();
    let states = states.iter().filter(|path| path.extension().is_some_and(|extension| extension == "state"));
    let mut damaged = 0;
    for state in states {
        let mut bytes = std::fs::read(state).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 0xff;
        std::fs::write(state, bytes).unwrap();
        damaged += 1;
    }
    assert_ne!(damaged, 0, "a state was kept");
    let third = ask(&llama, request(&long, 6));
    assert_alike(&first, &third, "a damaged prefix");
    assert_eq!(third.usage.cached, 0);
}

#[cfg(unix)]
#[test]
fn a_killed_process_costs_one_request() {
    let Some(model) = small_model("killed") else { return };
    let llama = start(load(model));
    let running = llama.generate(request(STORY, 400));
    let mut worker = None;
    loop {
        match running.events.recv_timeout(DEADLINE).unwrap() {
            Say::Loaded(loaded) => worker = i32::try_from(loaded.process).ok(),
            Say::Text { .. } => break,
            _ => {}
        }
    }
    let worker = worker.and_then(rustix::process::Pid::from_raw).expect("it was loaded before it wrote");
    rustix::process::kill_process(worker, rustix::process::Signal::KILL).unwrap();
    let answer = finish(&running);
    assert!(matches!(&answer.end, End::Failed(what) if what.contains("killed")), "{:?}", answer.end);
    assert!(!ask(&llama, request(STORY, 4)).text.is_empty());
}

#[test]
fn what_is_no_model_is_told_and_survived() {
    let folder = tempfile::tempdir().unwrap();
    let broken = folder.path().join("broken.gguf");
    std::fs::write(&broken, b"GGUF\x03\0\0\0garbage").unwrap();
    let llama = start(load(broken.clone()));
    let answer = ask(&llama, request("x", 1));
    assert!(matches!(&answer.end, End::Failed(what) if what.contains("broken.gguf")), "{:?}", answer.end);
    let again = ask(&llama, request("x", 1));
    assert_eq!(again.end, answer.end, "whoever asks again is answered again");
    llama.set_model(load(folder.path().join("absent.gguf")));
    let answer = ask(&llama, request("x", 1));
    assert!(matches!(&answer.end, End::Failed(what) if what.contains("no file")), "{:?}", answer.end);
    let Some(model) = small_model("what_is_no_model") else { return };
    llama.set_model(load(model));
    assert!(!ask(&llama, request(STORY, 4)).text.is_empty());
}
