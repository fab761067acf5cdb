//! Asking a worker for graphics cards: a real one, and programs that are none.

#![cfg(feature = "llama")]

use devtoolkit_agent::provider::cards::ask;
use devtoolkit_agent::provider::llama::Process;

#[test]
fn a_worker_knows_the_cards_of_this_machine() {
    let cards = ask(&Process::new(env!("CARGO_BIN_EXE_devtoolkit-agent").into())).expect("it answers");
    for card in &cards {
        assert!(card.free <= card.total && !card.name.is_empty(), "{card:?}");
    }
    // Without a back end for them there are none, whatever the machine has; macOS always has one.
    let has_backend = cfg!(any(feature = "cuda", feature = "vulkan", feature = "dynamic-backends"));
    assert!(cards.is_empty() || has_backend || cfg!(target_os = "macos"), "{cards:?}");
}

#[test]
fn a_process_that_does_not_answer_is_told() {
    let broken = Process {
        arguments: vec!["--no-such-flag".to_owned()],
        ..Process::new(env!("CARGO_BIN_EXE_devtoolkit-agent").into())
    };
    assert!(ask(&broken).unwrap_err().contains("--gpu"));
    let absent = Process::new("no-such-program-anywhere".into());
    assert!(ask(&absent).is_err());
}
