//! What is measured: starting a command that does nothing, and reading one that writes as fast as it can.
#![expect(clippy::disallowed_methods, reason = "it starts the programs that ours are measured against")]

use std::ffi::OsString;
use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs};

use anyhow::{Context, Result, ensure};
use devtoolkit_mcp::commands::{Cause, Commands};
use devtoolkit_mcp::sandbox::{Exit, Limits, Machine, Order, Sandbox, Tier};
use devtoolkit_mcp::tool::Cancel;
use devtoolkit_mcp::workspace::{RelPath, Roots, Snapshot, Workspace};

use crate::report::{Goal, Limit, Unit};

/// Starts of each kind.
const STARTS: usize = 200;
/// Floods of each kind.
const FLOODS: usize = 7;
/// Bytes of a flood: below what a command is stopped for.
const FLOOD: usize = 60_000_000;

/// A workspace to run in.
struct Place {
    root: tempfile::TempDir,
    state: tempfile::TempDir,
}

/// Measures everything.
pub(crate) fn run() -> Result<Vec<Goal>> {
    let place = Place { root: tempfile::tempdir()?, state: tempfile::tempdir()? };
    for file in 0..200 {
        fs::write(place.root.path().join(format!("{file}.txt")), "some text\n".repeat(50))?;
    }
    let mut goals = Vec::new();
    for tier in [Tier::Overlay, Tier::Landlock, Tier::Unconfined] {
        goals.extend(starts(&place.commands(Some(tier)), &place)?);
    }
    let commands = place.commands(None);
    for (what, line) in [
        ("lines of 2 bytes", "yes"),
        (
            "lines of 80 bytes",
            "yes 'a line of an ordinary width, as compilers and the runners of tests write them ...'",
        ),
        ("one line", "tr '\\0' x < /dev/zero"),
    ] {
        goals.push(flood(&commands, &place, what, &format!("{line} | head -c {FLOOD}"))?);
    }
    Ok(goals)
}

impl Place {
    /// Commands as the server runs them, in a tier or the best that there is.
    fn commands(&self, tier: Option<Tier>) -> Commands {
        let machine = Machine {
            program: Some(env!("CARGO_BIN_EXE_devtoolkit-mcp").into()),
            home: env::home_dir(),
            state: Some(self.state.path().to_owned()),
            demand: tier,
            environment: environment(),
            ..Machine::default()
        };
        Commands::new(Sandbox::new(machine), self.state.path().to_owned())
    }

    fn snapshot(&self) -> Result<Snapshot> {
        let roots = Roots::open(&[fs::canonicalize(self.root.path())?])?;
        Ok(Workspace::open(roots, self.state.path())?.0.snapshot())
    }
}

fn environment() -> Vec<(OsString, OsString)> {
    env::var_os("PATH").map(|path| ("PATH".into(), path)).into_iter().collect()
}

fn order(argv: &[&str]) -> Order {
    Order {
        argv: argv.iter().map(Into::into).collect(),
        folder: RelPath::root(),
        environment: Vec::new(),
        input: false,
        network: false,
        secrets: false,
        limits: Limits::default(),
    }
}

fn bare(argv: &[&str], folder: &Path) -> Command {
    let mut command = Command::new(argv[0]);
    command.args(&argv[1..]).current_dir(folder).env_clear().envs(environment());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

/// Runs a command through everything that `run_command` does: sandbox, reading, what it left behind.
fn confined(commands: &Commands, snapshot: &Snapshot, argv: &[&str]) -> Result<(Duration, u64)> {
    let (begun, cancel) = (Instant::now(), Cancel::default());
    let process = commands.run(&order(argv), snapshot, Duration::from_secs(100), String::new())?;
    let end = process.ended(&cancel, |_| ())?;
    process.effects(&cancel, snapshot.clone())?;
    let took = begun.elapsed();
    let written = process.look(&cancel)?.written;
    ensure!(end.exit == Exit::Code(0) && end.cause == Cause::Itself, "`{argv:?}` ended with {end:?}");
    Ok((took, written))
}

fn starts(commands: &Commands, place: &Place) -> Result<Vec<Goal>> {
    let snapshot = place.snapshot()?;
    let (mut ours, mut bares, mut over) = (Vec::new(), Vec::new(), Vec::new());
    for turn in 0..STARTS + 5 {
        let begun = Instant::now();
        let output = bare(&["true"], place.root.path()).output().context("`true` can be started")?;
        let plain = begun.elapsed().as_secs_f64();
        ensure!(output.status.success(), "`true` fails");
        let took = confined(commands, &snapshot, &["true"])?.0.as_secs_f64();
        // The first ones find nothing in memory yet.
        if turn >= 5 {
            ours.push(took);
            bares.push(plain);
            over.push(took - plain);
        }
    }
    let (name, most) = match commands.sandbox().tier() {
        Tier::Overlay => ("namespaces, overlay and seccomp", [0.015, 0.03]),
        Tier::Landlock => ("Landlock and seccomp", [0.01, 0.02]),
        Tier::Unconfined => ("unconfined", [0.002, 0.01]),
    };
    let goal = |((part, share_of), most): ((&str, f64), f64)| Goal {
        what: format!("`true` from start to reply, {name}: {part} of {STARTS} over a bare one"),
        ours: Unit::Seconds.show(share(&ours, share_of)),
        peer: format!("bare {}", Unit::Seconds.show(share(&bares, share_of))),
        value: share(&over, share_of),
        limit: Limit::Most(most),
        unit: Unit::Seconds,
    };
    Ok([("p50", 0.5), ("p99", 0.99)].into_iter().zip(most).map(goal).collect())
}

/// Our reading, which cleans, counts and keeps, beside one that throws away what it reads.
fn flood(commands: &Commands, place: &Place, what: &str, line: &str) -> Result<Goal> {
    let snapshot = place.snapshot()?;
    let argv = ["sh", "-c", line];
    let (mut ours, mut plain) = (Vec::new(), Vec::new());
    for _ in 0..FLOODS {
        let begun = Instant::now();
        let mut child = bare(&argv, place.root.path()).spawn()?;
        let (mut pipe, mut count) = (child.stdout.take().context("stdout is piped")?, 0);
        let mut piece = vec![0; 64 << 10];
        loop {
            match pipe.read(&mut piece)? {
                0 => break,
                length => count += length,
            }
        }
        child.wait()?;
        plain.push(begun.elapsed().as_secs_f64());
        ensure!(count == FLOOD, "{count} bytes came");
        let (took, written) = confined(commands, &snapshot, &argv)?;
        ensure!(written == FLOOD as u64, "{written} bytes came");
        ours.push(took.as_secs_f64());
    }
    let speed = |times: &[f64]| FLOOD as f64 / 1e6 / share(times, 0.5);
    let (ours, plain) = (speed(&ours), speed(&plain));
    Ok(Goal {
        what: format!("60 MB in {what}, cleaned and kept: share of the speed of a reader that keeps nothing"),
        ours: format!("{ours:.0} MB/s"),
        peer: format!("{plain:.0} MB/s"),
        value: ours / plain,
        limit: Limit::Least(0.1),
        unit: Unit::Times,
    })
}

/// The value that a share of the values keeps to, by nearest rank.
fn share(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or(f64::NAN)
}
