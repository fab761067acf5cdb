//! What the probe finds out, and what is done with it.

use crate::world::{finish, for_both_in, sh};
use devtoolkit_mcp::sandbox::{Exit, Protection, SandboxError, Tier};

#[test]
fn the_best_tier_is_used_and_says_that_it_was_attacked() {
    for_both_in(None, |world| {
        let begun = std::time::Instant::now();
        assert_eq!(world.sandbox.tier(), Tier::Overlay, "{:?}", world.sandbox.trials());
        eprintln!("probed in {:?}", begun.elapsed());
        let [trial] = world.sandbox.trials() else { panic!("{:?}", world.sandbox.trials()) };
        assert!(trial.holds() && trial.broken.is_empty(), "{trial:?}");
    });
}

#[test]
fn the_second_tier_holds_too() {
    for_both_in(Some(Tier::Landlock), |world| {
        let [trial] = world.sandbox.trials() else { panic!("{:?}", world.sandbox.trials()) };
        assert!(trial.holds(), "{trial:?}");
        assert!(trial.broken.iter().all(|(protection, _)| *protection == Protection::Signals), "{trial:?}");
        assert_eq!(world.sandbox.tier(), Tier::Landlock);
    });
}

#[test]
fn what_was_demanded_and_does_not_hold_is_not_replaced_by_less() {
    for_both_in(Some(Tier::Overlay), |world| {
        // The probe finds no place to make its world in.
        let state = world.path("state");
        std::fs::rename(&state, world.path("moved")).expect("moved");
        std::fs::write(&state, "").expect("a file in its place");
        let error = world.start(&sh("echo x > b.txt")).err().expect("refused");
        assert!(matches!(error, SandboxError::Broken { tier: Tier::Overlay }), "{error:?}");
    });
}

#[test]
fn without_a_sandbox_only_the_environment_is_kept_back() {
    for_both_in(Some(Tier::Unconfined), |world| {
        assert!(world.sandbox.trials().is_empty());
        let confined =
            world.start(&sh("echo x > b.txt; env | grep -c CARGO; cat ~/.netrc")).expect("started");
        let ran = finish(confined);
        assert_eq!((ran.output.as_str(), ran.exit), ("0\nKEYTEXT", Exit::Code(0)));
        assert!(world.path("home/ws/b.txt").exists());
    });
}
