//! The scripts of a Python project, and the tools that it is set up for.

use super::TaskKind;
use super::find::{Read, Script};
use super::folder::Folder;
use std::collections::BTreeSet;
use toml::{Table, Value};

const PROJECT: &str = "pyproject.toml";
/// Files of which one says that a folder is a Python project.
const FILES: &[&str] =
    &[PROJECT, "setup.py", "setup.cfg", "tox.ini", "pytest.ini", "noxfile.py", "mypy.ini", "ruff.toml"];

/// A tool that a project may be set up for.
struct Tool {
    program: &'static str,
    kind: TaskKind,
    arguments: &'static [&'static str],
    /// Files of its own.
    files: &'static [&'static str],
    /// Its section of `setup.cfg` or `tox.ini`.
    section: &'static str,
}

const TOOLS: &[Tool] = &[
    Tool {
        program: "pytest",
        kind: TaskKind::Test,
        arguments: &[],
        files: &["pytest.ini", "conftest.py"],
        section: "[tool:pytest]",
    },
    Tool { program: "tox", kind: TaskKind::Test, arguments: &[], files: &["tox.ini"], section: "[testenv]" },
    Tool { program: "nox", kind: TaskKind::Test, arguments: &[], files: &["noxfile.py"], section: "[nox]" },
    Tool {
        program: "ruff",
        kind: TaskKind::Lint,
        arguments: &["check", "."],
        files: &["ruff.toml", ".ruff.toml"],
        section: "[ruff]",
    },
    Tool {
        program: "mypy",
        kind: TaskKind::Lint,
        arguments: &["."],
        files: &["mypy.ini", ".mypy.ini"],
        section: "[mypy]",
    },
    Tool {
        program: "pyright",
        kind: TaskKind::Lint,
        arguments: &[],
        files: &["pyrightconfig.json"],
        section: "[pyright]",
    },
    Tool {
        program: "flake8",
        kind: TaskKind::Lint,
        arguments: &["."],
        files: &[".flake8"],
        section: "[flake8]",
    },
    Tool {
        program: "black",
        kind: TaskKind::Format,
        arguments: &["--check", "."],
        files: &[],
        section: "[black]",
    },
];

/// Where scripts are written: the keys, and how one is run. What begins the last is the program.
const WRITTEN: &[(&[&str], &[&str])] = &[
    (&["tool", "pdm", "scripts"], &["pdm", "run"]),
    (&["tool", "rye", "scripts"], &["rye", "run"]),
    (&["tool", "poe", "tasks"], &["poe"]),
    (&["tool", "taskipy", "tasks"], &["task"]),
    (&["tool", "poetry", "scripts"], &["poetry", "run"]),
];

pub(super) fn python(folder: Folder<'_>) -> Read {
    let Some(file) = folder.first(FILES) else { return Ok(None) };
    let project = folder.toml(PROJECT).map_err(|error| (PROJECT, error))?.unwrap_or_default();
    let runner = runner(folder, &project);
    let mut scripts = written(&project, runner);
    let wanted = needed(&project);
    let sections: String =
        ["setup.cfg", "tox.ini"].iter().filter_map(|file| folder.text(file).ok().flatten()).collect();
    for tool in TOOLS {
        let is_set_up = at(&project, &["tool", tool.program]).is_some()
            || tool.files.iter().any(|file| folder.has(file))
            || sections.lines().any(|line| line.trim_end() == tool.section)
            || wanted.contains(tool.program);
        if is_set_up {
            scripts.push(run(tool, folder, runner));
        }
    }
    // Ruff also formats, where no other program does.
    if let Some(ruff) = scripts.iter().find(|script| script.name == "ruff")
        && !scripts.iter().any(|script| script.name == "black")
    {
        let check = ruff.argv.iter().position(|word| word == "check").expect("it was put there");
        let mut argv = ruff.argv.clone();
        argv.splice(check..=check, ["format".to_owned(), "--check".to_owned()]);
        scripts.push(Script { name: "ruff-format".to_owned(), kind: TaskKind::Format, argv, text: None });
    }
    Ok(Some((file, scripts)))
}

/// How a tool is run: from the project's own environment, by its runner, or from where the system has it.
fn run(tool: &Tool, folder: Folder<'_>, runner: Option<&'static str>) -> Script {
    let own = folder.in_environment(tool.program);
    let before: Vec<&str> = match (&own, runner) {
        (Some(own), _) => vec![own],
        (None, Some(runner)) => vec![runner, "run", tool.program],
        (None, None) => vec![tool.program],
    };
    Script::usual(tool.program, tool.kind, &[&before, tool.arguments].concat())
}

/// Programs that know a project's environment, and what they leave there.
const RUNNERS: &[(&str, &str)] = &[
    ("uv", "uv.lock"),
    ("poetry", "poetry.lock"),
    ("pdm", "pdm.lock"),
    ("pipenv", "Pipfile"),
    ("rye", "requirements.lock"),
];

/// The program that knows the project's environment: by what the folder has, else by a folder around it.
fn runner(folder: Folder<'_>, project: &Table) -> Option<&'static str> {
    let locked =
        |folder: Folder<'_>| RUNNERS.iter().find(|(_, lock)| folder.has(lock)).map(|(runner, _)| *runner);
    let is_configured = |runner: &str| at(project, &["tool", runner]).is_some();
    let configured =
        || RUNNERS.iter().map(|(runner, _)| *runner).chain(["hatch"]).find(|runner| is_configured(runner));
    locked(folder).or_else(configured).or_else(|| folder.upwards().find_map(locked))
}

fn at<'a>(table: &'a Table, keys: &[&str]) -> Option<&'a Value> {
    let (first, rest) = keys.split_first()?;
    rest.iter().try_fold(table.get(*first)?, |value, key| value.get(key))
}

fn written(project: &Table, runner: Option<&str>) -> Vec<Script> {
    let mut scripts = Vec::new();
    let mut add = |value: Option<&Value>, before: &[&str], environment: &str| {
        for (name, script) in
            value.and_then(Value::as_table).into_iter().flatten().filter(|(name, _)| *name != "_")
        {
            let name = format!("{environment}{name}");
            scripts.push(Script::written(&name, &[before, &[&name]].concat(), text(script).as_deref()));
        }
    };
    for (keys, before) in WRITTEN {
        add(at(project, keys), before, "");
    }
    let environments = at(project, &["tool", "hatch", "envs"]).and_then(Value::as_table);
    for (name, environment) in environments.into_iter().flatten() {
        let prefix = if name == "default" { String::new() } else { format!("{name}:") };
        add(environment.get("scripts"), &["hatch", "run"], &prefix);
    }
    if let Some(runner) = runner {
        add(at(project, &["project", "scripts"]), &[runner, "run"], "");
    }
    scripts
}

/// What a script runs: a line, several, or a table with one of the keys that the runners have for it.
fn text(script: &Value) -> Option<String> {
    match script {
        Value::String(line) => Some(line.clone()),
        Value::Array(lines) => Some(joined(lines, " && ")),
        Value::Table(table) => {
            let keys = ["cmd", "shell", "composite", "sequence", "script", "call", "chain"];
            let (key, value) = keys.iter().find_map(|key| Some((*key, table.get(*key)?)))?;
            match value {
                Value::Table(_) => None,
                // Elsewhere a list has commands; here it has words.
                Value::Array(words) if key == "cmd" => Some(joined(words, " ")),
                value => text(value),
            }
        }
        Value::Integer(_) | Value::Float(_) | Value::Boolean(_) | Value::Datetime(_) => None,
    }
}

fn joined(words: &[Value], between: &str) -> String {
    words.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(between)
}

/// The names of everything that the project says it needs, to run or to be worked on.
fn needed(project: &Table) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut open: Vec<&Value> = [
        &["project", "dependencies"][..],
        &["project", "optional-dependencies"],
        &["dependency-groups"],
        &["tool", "uv", "dev-dependencies"],
        &["tool", "pdm", "dev-dependencies"],
    ]
    .iter()
    .filter_map(|keys| at(project, keys))
    .collect();
    while let Some(value) = open.pop() {
        match value {
            Value::String(requirement) => {
                let is_name = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
                let end = requirement.find(|c| !is_name(c)).unwrap_or(requirement.len());
                names.insert(requirement[..end].to_ascii_lowercase());
            }
            Value::Array(all) => open.extend(all),
            Value::Table(all) => open.extend(all.values()),
            Value::Integer(_) | Value::Float(_) | Value::Boolean(_) | Value::Datetime(_) => {}
        }
    }
    // Poetry has names as keys.
    let groups = at(project, &["tool", "poetry", "group"]).and_then(Value::as_table);
    let groups = groups.into_iter().flatten().filter_map(|(_, group)| group.get("dependencies"));
    let named = [&["tool", "poetry", "dependencies"], &["tool", "poetry", "dev-dependencies"]];
    let named = named.iter().filter_map(|keys| at(project, *keys)).chain(groups);
    names.extend(named.filter_map(Value::as_table).flat_map(Table::keys).cloned());
    names
}
