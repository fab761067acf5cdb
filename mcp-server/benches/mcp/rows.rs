//! What is measured. Both servers are asked turn by turn, so that other load on the machine meets both.
#![expect(
    clippy::disallowed_methods,
    reason = "it makes the folders that the servers work in, and is told where the other server is"
)]

use std::fmt::Write as _;
use std::path::Path;
use std::time::Instant;
use std::{env, fs};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::client::{Server, Session};
use crate::report::{Goal, Limit, Unit};

/// Starts of each server.
const STARTS: usize = 15;
/// Questions of each kind.
const QUESTIONS: usize = 300;
/// Files of the folder that is searched.
const FILES: usize = 5_000;
/// Entries of the folder that is listed.
const ENTRIES: usize = 1_000;

/// Measures everything.
pub(crate) fn run() -> Result<Vec<Goal>> {
    let folder = tempfile::tempdir()?;
    let state = tempfile::tempdir()?;
    let root = fs::canonicalize(folder.path())?;
    fill(&root)?;
    let (ours, peer) = (ours(), peer()?);
    let mut goals = starts(&ours, &peer, &root, state.path())?;
    let mut both = (ours.start(&root, state.path())?, peer.start(&root, state.path())?);
    goals.extend(trips(&mut both.0)?);
    let path = |name: &str| json!({ "path": root.join(name) });
    let asked = [
        ("read 200 lines", ("read_file", path("a.txt")), ("read_text_file", path("a.txt")), 1.5, "line 199"),
        (
            "list 1,000 entries",
            ("list_directory", path("many")),
            ("list_directory", path("many")),
            5.0,
            "entry_999",
        ),
        (
            "find a name among 5,000 files",
            ("find_files", json!({ "pattern": "**/file_4321.txt" })),
            ("search_files", json!({ "path": root, "pattern": "**/file_4321.txt" })),
            5.0,
            "file_4321",
        ),
        (
            "search the text of 5,000 files (theirs: their names only)",
            ("search_text", json!({ "query": "needle_4321" })),
            ("search_files", json!({ "path": root, "pattern": "**/file_4321.txt" })),
            5.0,
            "4321",
        ),
    ];
    for (what, mine, theirs, least, must) in asked {
        let questions = if what.contains("5,000") { 30 } else { QUESTIONS };
        goals.extend(compare(
            what,
            &mut both,
            (mine.0, &mine.1),
            (theirs.0, &theirs.1),
            (questions, least, must),
        )?);
    }
    goals.extend(edits(&mut both, &root)?);
    Ok(goals)
}

fn ours() -> Server {
    let program = env!("CARGO_BIN_EXE_devtoolkit-mcp").to_owned();
    Server {
        name: "devtoolkit-mcp",
        program,
        arguments: vec!["--trust-host".to_owned(), "--root".to_owned()],
    }
}

fn peer() -> Result<Server> {
    let place =
        |name| env::var(name).with_context(|| format!("`{name}` is not set; run `cargo xtask bench mcp`"));
    let arguments = vec![place("DEVTOOLKIT_FILE_SERVER")?];
    Ok(Server { name: "server-filesystem", program: place("DEVTOOLKIT_NODE")?, arguments })
}

/// The tree that both work in.
fn fill(root: &Path) -> Result<()> {
    let lines = (0..200).fold(String::new(), |mut text, line| {
        let _ = writeln!(text, "line {line} of a file of an ordinary width, as source code has them");
        text
    });
    fs::write(root.join("a.txt"), &lines)?;
    fs::create_dir(root.join("many"))?;
    for entry in 0..ENTRIES {
        fs::write(root.join(format!("many/entry_{entry:03}.txt")), "")?;
    }
    for file in 0..FILES {
        let folder = root.join(format!("tree/{:02}", file % 50));
        fs::create_dir_all(&folder)?;
        fs::write(folder.join(format!("file_{file}.txt")), format!("{lines}needle_{file}\n"))?;
    }
    Ok(())
}

fn starts(ours: &Server, peer: &Server, root: &Path, state: &Path) -> Result<Vec<Goal>> {
    let empty = root.join("empty");
    fs::create_dir(&empty)?;
    let (mut mine, mut theirs) = (Vec::new(), Vec::new());
    let (mut memory, mut tools) = ((0.0, 0.0), (0, 0));
    for _ in 0..STARTS {
        let (a, b) = (ours.start(&empty, state)?, peer.start(&empty, state)?);
        mine.push(a.start.as_secs_f64());
        theirs.push(b.start.as_secs_f64());
        memory = (a.memory()?.max(memory.0), b.memory()?.max(memory.1));
        tools = (a.tools.chars().count() / 4, b.tools.chars().count() / 4);
    }
    let (mine, theirs) = (share(&mine, 0.5), share(&theirs, 0.5));
    let against = |text: String| format!("{} {text}", peer.name);
    Ok(vec![
        Goal {
            what: format!("{}: from its start to its list of tools, median of {STARTS}", ours.name),
            ours: Unit::Seconds.show(mine),
            peer: against(Unit::Seconds.show(theirs)),
            value: mine,
            limit: Limit::Most(0.03),
            unit: Unit::Seconds,
        },
        faster("start", mine, theirs, 20.0),
        Goal {
            what: "resident memory when idle".to_owned(),
            ours: Unit::Bytes.show(memory.0),
            peer: against(Unit::Bytes.show(memory.1)),
            value: memory.0,
            limit: Limit::Most(25e6),
            unit: Unit::Bytes,
        },
        Goal {
            what: "tokens of the list of tools (characters / 4, in thousands)".to_owned(),
            ours: tools.0.to_string(),
            peer: against(tools.1.to_string()),
            value: tools.0 as f64 / 1e3,
            limit: Limit::Most(3.0),
            unit: Unit::Share,
        },
    ])
}

/// The cost of a question without work in it.
fn trips(session: &mut Session) -> Result<Vec<Goal>> {
    let mut times = Vec::new();
    for _ in 0..QUESTIONS {
        let begun = Instant::now();
        session.ask("ping", &json!({}))?;
        times.push(begun.elapsed().as_secs_f64());
    }
    let goal = |(name, part, most): (&str, f64, f64)| Goal {
        what: format!("a round trip, `ping`: {name} of {QUESTIONS}"),
        ours: Unit::Seconds.show(share(&times, part)),
        peer: String::new(),
        value: share(&times, part),
        limit: Limit::Most(most),
        unit: Unit::Seconds,
    };
    Ok([("p50", 0.5, 150e-6), ("p99", 0.99, 500e-6)].map(goal).into())
}

/// Asks both the same, turn by turn.
fn compare(
    what: &str,
    both: &mut (Session, Session),
    mine: (&str, &Value),
    theirs: (&str, &Value),
    (questions, least, must): (usize, f64, &str),
) -> Result<Vec<Goal>> {
    let (mut ours, mut peers) = (Vec::new(), Vec::new());
    for _ in 0..questions {
        for (session, (tool, arguments), times) in
            [(&mut both.0, mine, &mut ours), (&mut both.1, theirs, &mut peers)]
        {
            let begun = Instant::now();
            let text = session.call(tool, arguments)?;
            times.push(begun.elapsed().as_secs_f64());
            ensure!(text.contains(must), "`{tool}` did not answer with `{must}`: {text}");
        }
    }
    let goal = |(name, part): (&str, f64)| {
        faster(&format!("{what}: {name} of {questions}"), share(&ours, part), share(&peers, part), least)
    };
    Ok([("p50", 0.5), ("p99", 0.99)].map(goal).into())
}

/// An edit, its difference and its writing, as each server has them: ours stages, shows and accepts with a journal and
/// synced files; the peer shows with `dryRun` and writes.
fn edits((ours, peer): &mut (Session, Session), root: &Path) -> Result<Vec<Goal>> {
    let (mut mine, mut theirs) = (Vec::new(), Vec::new());
    for turn in 0..60 {
        let (old, new) =
            if turn % 2 == 0 { ("line 100 of", "LINE 100 of") } else { ("LINE 100 of", "line 100 of") };
        let path = root.join("tree/00/file_0.txt");
        let begun = Instant::now();
        ours.call("edit_file", &json!({ "path": path, "edits": [{ "old": old, "new": new }] }))?;
        ours.call("show_changes", &json!({}))?;
        ours.call("accept_changes", &json!({}))?;
        mine.push(begun.elapsed().as_secs_f64());
        ensure!(fs::read_to_string(&path)?.contains(new), "our edit is on disk");
        let path = root.join("tree/01/file_1.txt");
        let begun = Instant::now();
        for dry in [true, false] {
            let edits = json!([{ "oldText": old, "newText": new }]);
            peer.call("edit_file", &json!({ "path": path, "edits": edits, "dryRun": dry }))?;
        }
        theirs.push(begun.elapsed().as_secs_f64());
    }
    let goal = |(name, part): (&str, f64)| {
        faster(
            &format!("edit, diff and write one file: {name} of 60"),
            share(&mine, part),
            share(&theirs, part),
            1.0,
        )
    };
    Ok([("p50", 0.5), ("p99", 0.99)].map(goal).into())
}

/// How many times as fast ours is.
fn faster(what: &str, ours: f64, peer: f64, least: f64) -> Goal {
    Goal {
        what: format!("{what}, times as fast"),
        ours: Unit::Seconds.show(ours),
        peer: Unit::Seconds.show(peer),
        value: peer / ours,
        limit: Limit::Least(least),
        unit: Unit::Times,
    }
}

/// The value that a share of the values keeps to, by nearest rank.
fn share(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or(f64::NAN)
}
