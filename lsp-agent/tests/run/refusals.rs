//! What cannot be begun is named, with what to do, and nothing is changed.

use crate::{area, right};

#[test]
fn what_is_wrong_is_named_and_nothing_is_changed() {
    let person = area();
    let before = person.tree();
    let script = person.script(&right());
    person.write("bad.jsonl", "{\"text\": \"ok\"}\n{\"txt\": \"no\"}\n");
    let bad = person.at("bad.jsonl").to_string_lossy().into_owned();
    let with = |arguments: &[&str]| person.output(&[&["run", "--replay", &script], arguments].concat());
    let rows = [
        (with(&["--workspace", "nowhere", "x"]), 1, "`nowhere` does not exist; name the folder of a project"),
        (with(&["--workspace", "area.py", "x"]), 1, "`area.py` is no folder; name the folder of a project"),
        (with(&["--session", "12345678", "x"]), 1, "there is no session `12345678`"),
        (with(&["--session", "../x", "x"]), 1, "there is no session `../x`"),
        (with(&["--config", "none.toml", "x"]), 1, "none.toml"),
        (with(&["  "]), 2, "a prompt is empty; say what is wanted"),
        (with(&[]), 2, "<PROMPT>"),
        (person.output(&["run", "--replay", &bad, "x"]), 1, "line 2 of the script is not an answer"),
        (person.output(&["run", "--replay", "gone.jsonl", "x"]), 1, "cannot read the script `gone.jsonl`"),
        (person.output(&["run", "--model", "nobody", "x"]), 1, "there is no model `nobody`"),
        (person.output(&["run", "--model", "nobody", "--replay", &bad, "x"]), 2, "--replay"),
    ];
    for (ended, code, named) in rows {
        assert_eq!(ended.code, Some(code), "{ended:?}");
        assert!(ended.err.contains(named) && ended.out.is_empty(), "{named}: {ended:?}");
        assert!(ended.err.starts_with("error: "), "{ended:?}");
    }
    assert_eq!(person.tree(), before);
    let list = person.output(&["session", "list"]).out;
    assert!(list.starts_with("there is no session"), "what did not begin is no session: {list}");
}

#[test]
fn settings_that_cannot_be_read_are_named() {
    let person = area();
    for (name, text, named) in [
        ("config/devtoolkit/agent.toml", "colour = \"x\"\n", "colour"),
        ("config/devtoolkit/config.toml", "[[allow]]\ntol = \"x\"\n", "tol"),
    ] {
        person.write(name, text);
        let ended = person.run(&right(), &["--approve", "all", "x"]);
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(ended.err.contains(name) && ended.err.contains(named), "{ended:?}");
        person.write(name, "");
    }
}

#[test]
fn a_state_folder_that_cannot_be_used_is_named() {
    let person = area();
    let before = person.tree();
    person.write("state", "a file where the folder would be");
    let ended = person.run(&right(), &["--approve", "all", "add a depth"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.err.starts_with("error: ") && ended.err.contains("state/devtoolkit"), "{ended:?}");
    assert_eq!(person.tree(), before);
}
