use super::*;

const CODE: &str =
    "import os\n\ndef area(w, h):\n    return w * h\n\nclass Box:\n    def volume(self):\n        return 1\n";

fn target(text: Option<&str>, symbol: Option<&str>) -> Target {
    let symbol = symbol.map(|name| TargetSymbol { name: name.to_owned(), text: String::new() });
    let text = text.map(str::to_owned);
    Target { path: "src/box.py".to_owned(), text, symbol, around: String::new(), keeps_name: false }
}

fn call(target: &Target, format: Format, answer: &str) -> Result<(String, Value), Fault> {
    let call = target.call(format, answer, CallId("c".to_owned()))?;
    Ok((call.name, Value::Object(call.arguments)))
}

#[test]
fn the_format_fits_the_target() {
    assert_eq!(target(Some(CODE), Some("area")).format(), Format::Symbol);
    assert_eq!(target(Some(CODE), None).format(), Format::File);
    assert_eq!(target(None, None).format(), Format::File);
    assert_eq!(target(Some(&CODE.repeat(60)), None).format(), Format::Blocks);
}

#[test]
fn answers_become_calls() {
    let answer = "Here it is:\n```python\ndef area(w, h):\n    return w + h\n```\nDone.";
    let (name, arguments) = call(&target(Some(CODE), Some("area")), Format::Symbol, answer).unwrap();
    let body = "def area(w, h):\n    return w + h";
    assert_eq!(
        (name.as_str(), arguments),
        ("replace_symbol", json!({"path": "src/box.py", "symbol": "area", "body": body}))
    );
    let (name, arguments) = call(&target(None, None), Format::File, answer).unwrap();
    assert_eq!(
        (name.as_str(), arguments["content"].as_str()),
        ("write_file", Some("def area(w, h):\n    return w + h\n"))
    );
    let answer = "<<<<<<< SEARCH\nimport os\n=======\nimport sys\n>>>>>>> REPLACE\n<<<<<<< SEARCH\n    return w * h\n=======\n>>>>>>> REPLACE\nDONE";
    let (name, arguments) = call(&target(Some(CODE), None), Format::Blocks, answer).unwrap();
    let edits =
        json!([{"old": "import os\n", "new": "import sys\n"}, {"old": "    return w * h\n", "new": ""}]);
    assert_eq!((name.as_str(), &arguments["edits"]), ("edit_file", &edits));
    for answer in ["", "no fence", "```python\nnever closed"] {
        assert_eq!(call(&target(Some(CODE), None), Format::File, answer), Err(Fault::NoFence), "{answer}");
    }
    for answer in ["", "<<<<<<< SEARCH\nx", "<<<<<<< SEARCH\nx\n=======\ny"] {
        assert_eq!(call(&target(Some(CODE), None), Format::Blocks, answer), Err(Fault::NoBlock), "{answer}");
    }
}

#[test]
fn changes_that_cannot_be_right_are_told() {
    let whole = target(Some(CODE), None);
    let check =
        |after: &str, instruction: &str| whole.check(after, instruction).map_err(|fault| fault.to_string());
    assert_eq!(check(CODE, "x"), Err("nothing has changed: write what the step asks for".to_owned()));
    assert_eq!(check(&CODE.replace("w * h", "h * w"), "x"), Ok(()));
    let broken = check(&CODE.replace("(w, h):", "(w, h:"), "x").unwrap_err();
    assert!(broken.starts_with("the new text is not valid python: line 4: "), "{broken}");
    let dropped = CODE.split("class Box").next().unwrap();
    assert_eq!(
        check(dropped, "rename area"),
        Err("`Box`, `Box.volume` would be gone, and the step does not say so: keep it".to_owned())
    );
    assert_eq!(check(dropped, "remove Box and its volume"), Ok(()));
    let renamed = CODE.replace("def volume", "def size");
    assert_eq!(target(Some(CODE), Some("Box.volume")).check(&renamed, "another name"), Ok(()));
    assert!(target(None, None).check("def (", "x").is_err());
    let text = Target { path: "notes.txt".to_owned(), ..target(Some("one\n"), None) };
    assert_eq!(text.check("\n", "count"), Err(Fault::Emptied));
    let empty = Target { path: "shop/__init__.py".to_owned(), ..target(None, None) };
    assert_eq!(empty.check("", "make it"), Ok(()), "a new file may be empty");
}

#[test]
fn errors_that_were_there_are_not_held_against_a_change() {
    let broken = format!("{CODE}\ndef (:\n");
    let target = target(Some(&broken), None);
    assert_eq!(target.check(&broken.replace("w * h", "h * w"), "x"), Ok(()));
}

#[test]
fn a_symbol_that_is_written_under_another_name_is_renamed() {
    let text = "class A:\n    def run(self):\n        return 1\n";
    let symbol =
        TargetSymbol { name: "A.run".to_owned(), text: "    def run(self):\n        return 1\n".to_owned() };
    let target = Target {
        path: "a.py".to_owned(),
        text: Some(text.to_owned()),
        symbol: Some(symbol),
        around: String::new(),
        keeps_name: false,
    };
    let renamed = |answer: &str| target.renamed(Format::Symbol, &format!("```python\n{answer}\n```"));
    assert_eq!(renamed("    def start(self):\n        return 1"), Some("start".to_owned()));
    assert_eq!(renamed("    def run(self):\n        return 2"), None);
    assert_eq!(renamed("    def run(self):\n        return 2\n\n    def more(self):\n        pass"), None);
    assert_eq!(target.renamed(Format::File, "```\ndef start(self):\n    pass\n```"), None);
}

#[test]
fn an_answer_can_be_held_to_the_name() {
    let symbol = TargetSymbol {
        name: "A.run".to_owned(),
        text: "    @runs\n    def run(self):\n        pass\n".to_owned(),
    };
    assert_eq!(symbol.up_to_name(), "    @runs\n    def run");
    let target = Target {
        path: "a.py".to_owned(),
        text: Some(String::new()),
        symbol: Some(symbol),
        around: String::new(),
        keeps_name: true,
    };
    let Form::Sequence(parts) = target.form(Format::Symbol) else { panic!("a sequence") };
    assert_eq!(parts[0], Form::Literal("```python\n    @runs\n    def run".to_owned()));
}
