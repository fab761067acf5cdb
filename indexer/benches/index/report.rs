//! The benchmark's result as Markdown that can go into the README as it is: tables with ratios against their
//! limits, under one line that says when, where and on which commit they were measured.
#![expect(
    clippy::disallowed_methods,
    reason = "it says on which machine and day, and on which commit, it was made"
)]

use std::fmt;
use std::fs;
use std::process::Command;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A table whose first row names its columns.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

/// One measured goal.
#[derive(Clone, Debug)]
pub(crate) struct Goal {
    /// What was measured.
    pub(crate) what: String,
    /// Our figure, with its unit.
    pub(crate) ours: String,
    /// What it is compared with, with its unit; empty where there is nothing.
    pub(crate) peer: String,
    /// The figure that the limit is about.
    pub(crate) value: f64,
    /// What the value may be.
    pub(crate) limit: Limit,
    /// How the value and its limit are written.
    pub(crate) unit: Unit,
}

/// A bound on a figure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Limit {
    /// At most this.
    Most(f64),
    /// At least this.
    Least(f64),
}

/// How a figure is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// A ratio: `0.42×`.
    Times,
    /// A share between 0 and 1, as `0.953`.
    Share,
    /// Seconds, in whichever of µs, ms and s suits.
    Seconds,
    /// Bytes, in whichever of KB, MB and GB suits (powers of 1,000).
    Bytes,
}

impl Limit {
    /// Whether `value` keeps to it; what is not a number never does.
    pub(crate) fn holds(self, value: f64) -> bool {
        match self {
            Self::Most(most) => value <= most,
            Self::Least(least) => value >= least,
        }
    }
}

impl Unit {
    /// `value` with its unit.
    pub(crate) fn show(self, value: f64) -> String {
        match self {
            Self::Times => format!("{}×", digits(value)),
            Self::Share => format!("{value:.3}"),
            Self::Seconds if value < 1e-3 => format!("{} µs", digits(value * 1e6)),
            Self::Seconds if value < 1.0 => format!("{} ms", digits(value * 1e3)),
            Self::Seconds => format!("{} s", digits(value)),
            Self::Bytes if value < 1e6 => format!("{} KB", digits(value / 1e3)),
            Self::Bytes if value < 1e9 => format!("{} MB", digits(value / 1e6)),
            Self::Bytes => format!("{} GB", digits(value / 1e9)),
        }
    }
}

/// A duration as the report shows it.
pub(crate) fn seconds(duration: Duration) -> String {
    Unit::Seconds.show(duration.as_secs_f64())
}

/// A size in bytes as the report shows it.
pub(crate) fn bytes(size: u64) -> String {
    Unit::Bytes.show(size as f64)
}

/// Three digits that count, without an exponent.
fn digits(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 0.1 => format!("{value:.2}"),
        _ => format!("{value:.4}"),
    }
}

impl Goal {
    /// Whether the limit is kept.
    pub(crate) fn holds(&self) -> bool {
        self.limit.holds(self.value)
    }
}

/// The table of all goals.
pub(crate) fn goals(goals: &[Goal]) -> Table {
    let mut table = Table::new(["measured", "ours", "against", "figure", "goal", ""]);
    for goal in goals {
        let bound = match goal.limit {
            Limit::Most(most) => format!("≤ {}", goal.unit.show(most)),
            Limit::Least(least) => format!("≥ {}", goal.unit.show(least)),
        };
        let figure = goal.unit.show(goal.value);
        let verdict = if goal.holds() { "met" } else { "**missed**" };
        table.push([&goal.what, &goal.ours, &goal.peer, &figure, &bound, verdict]);
    }
    table
}

impl Table {
    /// An empty table with these columns.
    pub(crate) fn new<const N: usize>(columns: [&str; N]) -> Self {
        Self { rows: vec![columns.map(str::to_owned).into()] }
    }

    /// Adds a row; missing cells are left empty.
    pub(crate) fn push<'a>(&mut self, cells: impl IntoIterator<Item = &'a (impl AsRef<str> + ?Sized + 'a)>) {
        self.rows.push(cells.into_iter().map(|cell| cell.as_ref().replace('|', "\\|")).collect());
    }
}

impl fmt::Display for Table {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = self.rows[0].len();
        let cell = |row: &[String], column: usize| row.get(column).cloned().unwrap_or_default();
        let width = |text: &str| text.chars().count();
        let widths: Vec<usize> = (0..columns)
            .map(|column| self.rows.iter().map(|row| width(&cell(row, column))).max().unwrap_or(0).max(3))
            .collect();
        for (number, row) in self.rows.iter().enumerate() {
            for (column, wide) in widths.iter().enumerate() {
                let text = cell(row, column);
                write!(out, "| {text}{:1$} ", "", wide - width(&text))?;
            }
            writeln!(out, "|")?;
            if number == 0 {
                for wide in &widths {
                    write!(out, "| {:-<1$} ", "", wide)?;
                }
                writeln!(out, "|")?;
            }
        }
        Ok(())
    }
}

/// One line: the day, the machine and the commit.
pub(crate) fn provenance() -> String {
    let memory =
        memory().map(|size| format!(", {:.0} GiB", size as f64 / (1_u64 << 30) as f64)).unwrap_or_default();
    format!(
        "Measured {} on {}{memory} ({}), commit {}.",
        today(),
        processor(),
        std::env::consts::OS,
        commit()
    )
}

fn processor() -> String {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let model = fs::read_to_string("/proc/cpuinfo")
        .ok()
        .and_then(|text| {
            let line = text.lines().find(|line| line.starts_with("model name"))?;
            line.split_once(':').map(|(_, model)| model.trim().to_owned())
        })
        .or_else(|| answer("sysctl", &["-n", "machdep.cpu.brand_string"]))
        .unwrap_or_else(|| std::env::consts::ARCH.to_owned());
    format!("{cores} cores of {model}")
}

/// Memory of the machine in bytes.
fn memory() -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("MemTotal:"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kibibytes| kibibytes * 1024)
}

/// The short hash of the checked-out commit, with a mark where the work tree differs from it.
fn commit() -> String {
    let Some(hash) = answer("git", &["rev-parse", "--short", "HEAD"]) else { return "unknown".to_owned() };
    match answer("git", &["status", "--porcelain", "--untracked-files=no"]) {
        Some(changes) if !changes.is_empty() => format!("{hash} with changes"),
        _ => hash,
    }
}

fn answer(program: &str, arguments: &[&str]) -> Option<String> {
    let output =
        Command::new(program).args(arguments).output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn today() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let (year, month, day) = civil(since.as_secs() / 86_400);
    format!("{year}-{month:02}-{day:02}")
}

/// Year, month and day of the `days`-th day after 1970-01-01, by walking the calendar: it runs once.
fn civil(mut days: u64) -> (u64, u64, u64) {
    let leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let mut year = 1970;
    while days >= 365 + u64::from(leap(year)) {
        days -= 365 + u64::from(leap(year));
        year += 1;
    }
    let mut month = 1;
    for length in [31, 28 + u64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    (year, month, days + 1)
}
