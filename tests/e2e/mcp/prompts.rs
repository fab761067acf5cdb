//! Prompts, and endings for what is typed into them.

use super::Project;
use serde_json::{Value, json};

#[test]
fn prompts_have_what_they_are_about_in_them() {
    let project = Project::new(&[("a.md", "one\n")]);
    let mut client = project.server(&[]);
    let listed = client.request("prompts/list", json!({}));
    let names: Vec<&str> = listed["result"]["prompts"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|prompt| prompt["name"].as_str())
        .collect();
    assert_eq!(names, ["review_changes", "explain_symbol", "commit_message"]);
    let mut get = |name: &str, arguments: Value| {
        let answer = client.request("prompts/get", json!({ "name": name, "arguments": arguments }));
        match answer["result"]["messages"][0]["content"]["text"].as_str() {
            Some(text) => text.to_owned(),
            None => format!("error: {}", answer["error"]["message"].as_str().unwrap_or("none")),
        }
    };
    assert!(get("review_changes", json!({})).contains("Nothing is staged"));
    assert!(
        get("explain_symbol", json!({ "symbol": "Store.save", "path": "a.py" }))
            .contains("`Store.save` in `a.py`")
    );
    assert!(get("explain_symbol", json!({})).contains("needs the argument `symbol`"));
    assert!(
        get("explain_symbol", json!({ "symbol": "x", "colour": "red" })).contains("no argument `colour`")
    );
    assert!(get("explain_everything", json!({})).contains("no prompt `explain_everything`"));
    client.ok("write_file", json!({ "path": "a.md", "content": "```\ntwo\n" }));
    for name in ["review_changes", "commit_message"] {
        let answer = client.request("prompts/get", json!({ "name": name }));
        let text = answer["result"]["messages"][0]["content"]["text"].as_str().expect("a text");
        assert!(text.contains("+two") && text.contains("\n````diff\n"), "the fence holds: {text}");
    }
}

#[test]
fn arguments_are_completed() {
    let project = Project::new(&[
        ("src/main.py", "def main_entry():\n    pass\n"),
        ("src/more/x.py", ""),
        ("src/other.py", ""),
    ]);
    let mut client = project.server(&[]);
    let mut complete = |reference: Value, name: &str, value: &str| {
        let answer = client.request(
            "completion/complete",
            json!({ "ref": reference, "argument": { "name": name, "value": value } }),
        );
        answer["result"]["completion"]["values"].as_array().unwrap_or_else(|| panic!("{answer}")).clone()
    };
    let template = json!({ "type": "ref/resource", "uri": "devtoolkit://file/{+path}" });
    assert_eq!(complete(template.clone(), "path", "src/m"), ["src/main.py", "src/more/"]);
    assert!(complete(template.clone(), "path", "../").is_empty());
    assert!(complete(template, "nothing", "x").is_empty());
    let prompt = json!({ "type": "ref/prompt", "name": "explain_symbol" });
    let begun = std::time::Instant::now();
    // The index is made in the background.
    while complete(prompt.clone(), "symbol", "main_").is_empty() {
        assert!(begun.elapsed().as_secs() < 30, "the symbol is never known");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert_eq!(complete(prompt, "symbol", "main_")[0], "main_entry");
}
