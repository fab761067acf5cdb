//! `devtoolkit-agent model`, as a program, with a hub on this machine.

#![expect(clippy::disallowed_methods, reason = "tests start the program and make its files")]

use serde_json::Value;
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

#[path = "../src/gguf/fixture.rs"]
#[allow(dead_code, reason = "the unit tests use all of it")]
mod fixture;
#[path = "../src/download/stand_in.rs"]
#[allow(dead_code, reason = "the unit tests use all of it")]
mod stand_in;

use fixture::{Fixture, Written};
use stand_in::{Reply, StandIn};

struct Person {
    home: TempDir,
}

impl Person {
    fn new() -> Self {
        Self { home: TempDir::new().expect("a folder") }
    }

    fn models(&self) -> PathBuf {
        self.home.path().join("cache/devtoolkit/models")
    }

    fn runs(&self, arguments: &[&str]) -> Output {
        self.runs_with(arguments, &[])
    }

    fn runs_with(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
        self.command(arguments).envs(environment.iter().copied()).output().expect("it starts")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_devtoolkit-agent"));
        command.env_clear().current_dir(self.home.path()).arg("model").args(arguments);
        command.env("HOME", self.home.path()).env("XDG_CACHE_HOME", self.home.path().join("cache"));
        command.env("XDG_CONFIG_HOME", self.home.path().join("config"));
        command
    }

    fn answer(&self, arguments: &[&str]) -> String {
        let output = self.runs(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", err(&output));
        out(&output)
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let text = self.answer(&[arguments, &["--json"]].concat());
        serde_json::from_str(&text).expect("stdout is JSON and nothing else")
    }

    fn refusal(&self, arguments: &[&str]) -> String {
        let output = self.runs(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty(), "stdout has answers alone: {}", out(&output));
        err(&output)
    }

    fn file(&self, name: &str, fixture: &Fixture) -> String {
        let path = self.home.path().join(name);
        fixture.write(&path);
        path.to_string_lossy().into_owned()
    }

    /// A list of the person's own, with one model whose file has this checksum.
    fn lists(&self, sha256: &str) {
        let folder = self.home.path().join("config/devtoolkit");
        fs::create_dir_all(&folder).expect("it can be made");
        let text = format!(
            r#"
[[model]]
name = "mine"
title = "Mine"
publisher = "Me"
repository = "me/mine"
licence = "MIT"
roles = ["edit"]
parameters = 1000000
active = 1000000
context = 4096
shape = {{ layers = 2, embedding = 64, vocabulary = 100, kv_heads = 1, key = 64, value = 64 }}
[[model.file]]
quantisation = "Q8_0"
name = "mine.gguf"
about = 2000000
sha256 = "{sha256}"
"#
        );
        fs::write(folder.join("models.toml"), text).expect("it can be written");
    }
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("it is UTF-8")
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("it is UTF-8")
}

fn sum(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A hub that has this model under any name.
fn hub_with(fixture: &Fixture) -> StandIn {
    let bytes = fixture.bytes();
    StandIn::start(move |asked| Reply::file(asked, &bytes, &sum(&bytes)))
}

#[test]
fn a_model_is_pulled_shown_verified_and_removed() {
    let person = Person::new();
    let hub = hub_with(&Fixture::mixture());
    person.lists(&sum(&Fixture::mixture().bytes()));
    let output = person.runs(&["pull", "mine", "--hub", &hub.base]);
    assert!(output.status.success(), "{}", err(&output));
    let path = person.models().join("me--mine/mine.gguf");
    assert_eq!(out(&output), format!("{}\n", path.display()));
    assert!(err(&output).contains("mine is under: MIT"), "{}", err(&output));

    let list = person.json(&["list"]);
    let mine = &list["models"].as_array().expect("a list")[0];
    assert_eq!((mine["name"].as_str(), mine["here"].as_bool()), (Some("mine"), Some(true)));
    assert!(person.answer(&["list"]).contains("gpt-oss-20b"));

    let about = person.json(&["info", "mine", "--memory", "16GB"]);
    assert_eq!(about["architecture"], "llama");
    assert_eq!(about["experts"]["used"], 2);
    assert_eq!(about["fits"], true);
    assert_eq!(about["placement"]["gpu_layers"], 0);
    assert_eq!(about["fill_in_tokens"]["prefix"], 13);
    assert!(person.answer(&["info", "mine"]).contains("experts       4 in a layer, 2 for a token"));

    assert!(person.answer(&["verify", "mine"]).starts_with("right "));
    let mut bytes = fs::read(&path).expect("it is there");
    *bytes.last_mut().expect("it has some") ^= 1;
    fs::write(&path, bytes).expect("it can be written");
    let output = person.runs(&["verify", "mine"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(out(&output).contains("WRONG") && out(&output).contains("model pull mine"), "{}", out(&output));

    assert!(person.answer(&["remove", "mine"]).starts_with("removed mine"));
    assert!(!path.exists());
    assert!(person.refusal(&["verify", "mine"]).contains("`devtoolkit-agent model pull mine` brings it"));
}

#[test]
fn the_hub_and_the_token_may_be_in_the_environment() {
    let person = Person::new();
    let hub = hub_with(&Fixture::dense());
    let environment = [("HF_ENDPOINT", hub.base.as_str()), ("MY_TOKEN", " secret\n")];
    let arguments = ["pull", "o/n@dev/f.gguf", "--token-variable", "MY_TOKEN", "--json"];
    let output = person.runs_with(&arguments, &environment);
    assert!(output.status.success(), "{}", err(&output));
    let answer: Value = serde_json::from_str(&out(&output)).expect("it is JSON");
    assert_eq!(answer["checked"], true);
    let asked = hub.asked();
    assert_eq!(asked[0].path, "/o/n/resolve/dev/f.gguf");
    assert!(asked.iter().all(|asked| asked.header("authorization") == Some("Bearer secret")));
    assert!(!err(&output).contains("secret"));
    let manifest = fs::read_to_string(person.models().join("o--n/f.gguf.manifest.json")).expect("it has one");
    assert!(!manifest.contains("secret"));
}

#[test]
fn a_pull_that_was_killed_is_continued() {
    let person = Person::new();
    let bytes = Fixture::mixture().bytes();
    let mut gets = 0;
    let hub = StandIn::start(move |asked| {
        gets += u32::from(asked.method == "GET");
        let reply = Reply::file(asked, &bytes, &sum(&bytes));
        match asked.method == "GET" && gets == 1 {
            true => Reply { hang: true, ..reply.cut(100_000) },
            false => reply,
        }
    });
    let mut command = person.command(&["pull", "o/n/f.gguf", "--hub", &hub.base]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
    let part = person.models().join("o--n/f.gguf.part");
    let deadline = Instant::now() + Duration::from_secs(60);
    while fs::metadata(&part).map_or(0, |about| about.len()) < 50_000 {
        assert!(Instant::now() < deadline, "nothing came");
        std::thread::yield_now();
    }
    child.kill().expect("it runs");
    child.wait().expect("it ended");
    person.answer(&["pull", "o/n/f.gguf", "--hub", &hub.base]);
    assert!(person.answer(&["verify", "f"]).starts_with("right "));
    let last = hub.asked().pop().expect("it was asked");
    assert!(last.from() >= 50_000, "it went on from where it was: {}", last.from());
}

#[test]
fn a_hub_with_another_file_than_listed_is_not_believed() {
    let person = Person::new();
    person.lists(&"a".repeat(64));
    let hub = hub_with(&Fixture::dense());
    let error = person.refusal(&["pull", "mine", "--hub", &hub.base]);
    assert!(error.contains("its checksum is") && error.contains("pull it by its address"), "{error}");
    assert!(!person.models().join("me--mine/mine.gguf").exists());
}

#[test]
fn wrong_names_lead_to_right_ones() {
    let person = Person::new();
    assert!(person.refusal(&["pull", "gpt-oss-20"]).contains("but there is `gpt-oss-20b`"));
    assert!(person.refusal(&["pull", "gpt-oss-20b", "--quantisation", "Q1"]).contains("it has `MXFP4`"));
    assert!(
        person
            .refusal(&["pull", "o/n/f.gguf", "--hub", "http://hub.example"])
            .contains("no address of a hub")
    );
    assert!(person.refusal(&["info", "no.gguf"]).contains("there is no model `no.gguf`"));
    assert!(person.refusal(&["info", "--model", "no.gguf"]).contains("is no file"));
    assert!(person.refusal(&["remove", "gpt-oss-20b"]).contains("is not here yet"));
    person.lists("wrong");
    assert!(person.refusal(&["list"]).contains("models.toml` is wrong: `mine`: `sha256`"));
}

#[test]
fn own_files_and_split_ones_are_told_about() {
    let person = Person::new();
    let path = person.file("own.gguf", &Fixture::dense());
    assert_eq!(person.json(&["info", "--model", &path])["name"], "Tiny");
    assert_eq!(person.json(&["info", &path])["parameters"], 398_080);
    assert_eq!(person.json(&["verify", "--model", &path])["files"][0]["state"], "unknown");
    assert!(person.refusal(&["remove", &path]).contains("delete it yourself"));
    assert!(Path::new(&path).is_file());
    for (number, part) in (1..).zip(Fixture::dense().parts(2)) {
        person.file(&format!("m-{number:05}-of-00002.gguf"), &part);
    }
    let last = person.home.path().join("m-00002-of-00002.gguf");
    let about = person.json(&["info", "--model", &last.to_string_lossy()]);
    assert_eq!((about["files"].as_array().map(Vec::len), &about["parameters"]), (Some(2), &398_080.into()));
    fs::remove_file(person.home.path().join("m-00001-of-00002.gguf")).expect("it is there");
    let error = person.refusal(&["info", "--model", &last.to_string_lossy()]);
    assert!(error.contains("`m-00001-of-00002.gguf` is missing beside it"), "{error}");
}

#[test]
fn damaged_files_are_named_with_what_to_do() {
    let person = Person::new();
    let layers = Fixture::dense().key("llama.block_count", Written::U32(999));
    let path = person.file("deep.gguf", &layers);
    assert!(person.refusal(&["info", &path]).contains("has 999 layers"));
    let bytes = Fixture::dense().bytes();
    fs::write(&path, &bytes[..bytes.len() / 2]).expect("it can be written");
    let error = person.refusal(&["verify", &path]);
    assert!(error.contains("deep.gguf` is cut short") && error.contains("model pull"), "{error}");
    fs::write(&path, "<html>").expect("it can be written");
    assert!(person.refusal(&["info", &path]).contains("begins with `<htm`"));
}

#[test]
fn what_does_not_fit_is_told_with_numbers_and_what_does() {
    let person = Person::new();
    let about = |arguments: &[&str]| person.json(&[&["info"], arguments].concat());
    let small = about(&["qwen3-coder-30b-a3b", "--memory", "8GB"]);
    assert_eq!((&small["fits"], &small["here"]), (&false.into(), &false.into()));
    let nearest = small["refusal"]["nearest"].to_string();
    assert!(nearest.contains("the model `qwen2.5-coder-7b`"), "{nearest}");
    let text = person.answer(&["info", "qwen3-coder-30b-a3b", "--memory", "8GB"]);
    assert!(text.contains("does not fit") && text.contains("of which 7.5 GB can be used"), "{text}");
    let card = about(&["qwen3-coder-30b-a3b", "--memory", "32GB", "--gpu", "12GB"]);
    assert_eq!(card["placement"]["gpu_layers"], 49);
    assert!(card["placement"]["cpu_expert_layers"].as_u64().is_some_and(|layers| layers > 10));
    let asked = about(&["qwen2.5-coder-1.5b", "--memory", "16GB", "--context", "8000", "--kv", "q8_0"]);
    assert_eq!((&asked["placement"]["context"], &asked["placement"]["kv"]), (&8192.into(), &"q8_0".into()));
}

#[test]
fn a_machine_is_recommended_what_it_can_run() {
    let person = Person::new();
    let best = |arguments: &[&str]| person.json(&[&["recommend"], arguments].concat())["recommended"].clone();
    assert_eq!(best(&["--memory", "4GB", "--cores", "2"]), "qwen2.5-coder-1.5b");
    assert_eq!(best(&["--memory", "16GB", "--cores", "8", "--gpu", "24GB"]), "qwen3-coder-30b-a3b");
    let none = person.runs(&["recommend", "--memory", "100MB"]);
    assert_eq!(none.status.code(), Some(1));
    assert!(out(&none).contains("no model of the list suits this machine"));
}
