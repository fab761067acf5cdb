//! `devtoolkit-mcp doctor`: what would keep the server from working here, and what to do about it.

use anyhow::Result;
use devtoolkit_index::store::Store;
use devtoolkit_mcp::main_loop::Folders;
use devtoolkit_mcp::permission::Rules;
use devtoolkit_mcp::sandbox::{Machine, Protection, Sandbox, Tier};
use devtoolkit_mcp::workspace::{Roots, Workspace};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What was found.
struct Report {
    lines: Vec<String>,
    todo: usize,
}

impl Report {
    fn fine(&mut self, what: &str, text: &str) {
        self.lines.push(format!("ok     {what}: {text}"));
    }

    fn todo(&mut self, what: &str, text: &str, step: &str) {
        self.todo += 1;
        self.lines.push(format!("TO DO  {what}: {text}\n       -> {step}"));
    }
}

/// Looks at everything that the server needs; exit code 1 when something is to be done.
pub(super) fn run(
    roots: &[PathBuf],
    folders: Option<&Folders>,
    configured: (Option<&Path>, Result<(Rules, bool)>),
    machine: Machine,
) -> ExitCode {
    let program = machine.program.clone();
    let mut report = Report { lines: Vec::new(), todo: 0 };
    let opened = look_at_roots(&mut report, roots);
    look_at_config(&mut report, configured.0, configured.1);
    opened.iter().for_each(|roots| look_at_own_rules(&mut report, roots));
    match folders {
        None => report.todo("state", "no home folder is known", "set HOME or XDG_STATE_HOME"),
        Some(folders) => {
            look_at_folder(
                &mut report,
                "state",
                &folders.state,
                "journals and tokens are kept there; without it nothing can be written",
            );
            look_at_cache(&mut report, folders.cache.as_deref(), opened.as_ref());
            if let Some(roots) = &opened {
                look_at_journals(&mut report, roots, folders);
            }
            look_at_sandbox(&mut report, Machine { state: Some(folders.state.clone()), ..machine });
        }
    }
    look_at_host(&mut report, roots, program.as_deref());
    print(&report)
}

fn look_at_roots(report: &mut Report, folders: &[PathBuf]) -> Option<Roots> {
    let mut good = Vec::new();
    for folder in folders {
        let shown = format!("`{}`", folder.display());
        match fs::read_dir(folder) {
            Err(error) => {
                report.todo(
                    "root",
                    &format!("{shown}: {error}"),
                    "name a folder that exists and can be read with --root DIR",
                );
            }
            Ok(_)
                if folder.parent().is_none() || std::env::home_dir().is_some_and(|home| home == *folder) =>
            {
                report.todo(
                    "root",
                    &format!(
                        "{shown} is no project: everything below it would be indexed and could be changed"
                    ),
                    "start the server in a project's folder, or pass --root DIR",
                );
            }
            Ok(_) => {
                report.fine("root", &shown);
                good.push(folder.clone());
            }
        }
    }
    Roots::open(&good).ok()
}

/// Which configuration counts.
fn look_at_config(report: &mut Report, file: Option<&Path>, read: Result<(Rules, bool)>) {
    let shown =
        file.map_or_else(|| "no folder for it is known".to_owned(), |file| format!("`{}`", file.display()));
    match read {
        Ok((rules, true)) => report.fine("config", &format!("{shown} is read: {}", rules.in_words())),
        Ok((_, false)) => report.fine("config", &format!("{shown} does not exist; nothing is configured")),
        Err(error) => {
            report.todo(
                "config",
                &format!("{error:#}"),
                "mend it: with it as it is, the server does not start",
            );
        }
    }
}

/// What the workspace asks for.
fn look_at_own_rules(report: &mut Report, roots: &Roots) {
    let texts = match roots.own_rules() {
        Ok(texts) => texts,
        Err(error) => return report.todo("rules", &error.to_string(), "mend or remove it"),
    };
    for (file, text) in texts {
        match Rules::parse_of_workspace(&text, file.as_str()) {
            Err(error) => {
                report.todo("rules", &error.to_string(), "with it as it is, the workspace is not opened");
            }
            Ok((rules, ignored)) => {
                report.fine("rules", &format!("the workspace's `{file}` is read: {}", rules.in_words()));
                for line in ignored {
                    report.todo("rules", &line, "remove it there");
                }
            }
        }
    }
}

/// Whether files can be made in a folder, which need not exist yet.
fn look_at_folder(report: &mut Report, what: &str, folder: &Path, why: &str) -> bool {
    let probe = folder.join(format!("doctor-{}", std::process::id()));
    let made = fs::create_dir_all(folder)
        .and_then(|()| fs::write(&probe, b""))
        .and_then(|()| fs::remove_file(&probe));
    let shown = format!("`{}`", folder.display());
    match &made {
        Ok(()) => report.fine(what, &format!("{shown} can be written")),
        Err(error) => {
            report.todo(what, &format!("{shown}: {error}"), &format!("make it writable for you; {why}"));
        }
    }
    made.is_ok()
}

fn look_at_cache(report: &mut Report, cache: Option<&Path>, roots: Option<&Roots>) {
    let Some(cache) = cache else {
        report.fine("cache", "not used: indexes are kept in memory");
        return;
    };
    let why = "without it the index is made anew at each start (--no-cache says that this is meant)";
    if !look_at_folder(report, "cache", &cache.join("devtoolkit"), why) {
        return;
    }
    for root in roots.iter().flat_map(|roots| roots.all()) {
        match Store::open(&root.path, Some(cache)) {
            Err(error) => report.todo("index", &error.to_string(), "see that the root can be read"),
            Ok(store) => match store.size_on_disk() {
                0 => report.fine(
                    "index",
                    &format!("none of `{}` yet; the first start makes it in the background", root.label),
                ),
                bytes => report.fine("index", &format!("of `{}`: {} KiB", root.label, bytes.div_ceil(1024))),
            },
        }
    }
}

/// Opening a workspace finishes or takes back what an earlier process left.
fn look_at_journals(report: &mut Report, roots: &Roots, folders: &Folders) {
    match Workspace::open(roots.clone(), &folders.state) {
        Err(error) => {
            let text = format!("{:#}", anyhow::Error::from(error));
            report.todo(
                "journal",
                &text,
                "see that no other server is writing there, then start doctor again",
            );
        }
        Ok((_, recovered)) if recovered.is_empty() => report.fine("journal", "nothing was left unfinished"),
        Ok((_, recovered)) => {
            for line in recovered {
                report.fine("journal", &line);
            }
        }
    }
}

/// Attacks the sandbox, and says what held.
fn look_at_sandbox(report: &mut Report, machine: Machine) {
    let sandbox = Sandbox::new(machine);
    let tier = sandbox.tier();
    for trial in sandbox.trials() {
        let what = format!("sandbox {}", trial.tier.name());
        if let Some(failure) = &trial.failure {
            report.fine(&what, &format!("cannot be used here: {failure}"));
            continue;
        }
        for protection in Protection::ALL {
            let broken = trial.broken.iter().find(|(broken, _)| *broken == protection);
            let said = match broken {
                None => format!("attacked and held: {}", protection.words()),
                Some((_, how)) => format!("DOES NOT HOLD: {}: {how}", protection.words()),
            };
            report.fine(&what, &said);
        }
    }
    match tier {
        _ if !sandbox.holds() => report.todo(
            "sandbox",
            &format!("`--sandbox {}` does not hold here, so commands are refused", tier.name()),
            "leave it out to use the best that holds",
        ),
        Tier::Overlay => report.fine("sandbox", "commands see staged text, and what they write is staged"),
        Tier::Landlock => report.fine("sandbox", "commands see the disk, and write the workspace itself"),
        Tier::Unconfined if cfg!(windows) => {
            report.fine("sandbox", "there is none for this system: each command is asked about");
        }
        Tier::Unconfined => report.todo(
            "sandbox",
            "none holds here: each command is asked about and may do whatever you may",
            "docs/security.md says what the sandboxes need of a system",
        ),
    }
}

fn look_at_host(report: &mut Report, roots: &[PathBuf], program: Option<&Path>) {
    let Some(program) = program else { return };
    let mut command = vec![program.display().to_string()];
    for root in roots {
        command.extend(["--root".to_owned(), root.display().to_string()]);
    }
    let (program, arguments) = command.split_first().expect("the program is the first");
    let entry =
        serde_json::json!({ "mcpServers": { "devtoolkit": { "command": program, "args": arguments } } });
    report.fine("host", &format!("most hosts take this in their settings:\n       {entry}"));
    report.fine(
        "host",
        "accept_changes needs a host that can ask the person (MCP elicitation); for one that confirms tools itself, add --trust-host",
    );
}

#[expect(clippy::print_stdout, reason = "doctor is for a person at a terminal, not for a host")]
fn print(report: &Report) -> ExitCode {
    for line in &report.lines {
        println!("{line}");
    }
    match report.todo {
        0 => {
            println!("everything is in order");
            ExitCode::SUCCESS
        }
        1 => {
            println!("1 thing is to be done");
            ExitCode::FAILURE
        }
        todo => {
            println!("{todo} things are to be done");
            ExitCode::FAILURE
        }
    }
}
