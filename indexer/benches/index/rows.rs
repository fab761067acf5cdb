//! The rows of the report: which there are, and what each adds to it.
#![expect(clippy::print_stdout, reason = "the report is what this program is for")]

use anyhow::Result;

use crate::arguments::Arguments;
use crate::report::{self, Goal};
use crate::{corpora, score};

/// A topic of the report: a few figures, with how right the answers are beside them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Row {
    /// `definition` against the type checkers.
    Definition,
    /// `references` against the type checkers.
    References,
}

/// What the rows add to.
#[derive(Default)]
pub(crate) struct Report {
    /// Figures with a limit.
    pub(crate) goals: Vec<Goal>,
    /// What is good to know and has no limit; one line each.
    pub(crate) notes: Vec<String>,
    /// Tables of details with their headings.
    pub(crate) details: Vec<(String, report::Table)>,
}

impl Row {
    /// Every row, in the order of the report.
    pub(crate) const ALL: &[Self] = &[Self::Definition, Self::References];

    /// Its name on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Definition => "definition",
            Self::References => "references",
        }
    }

    /// The row of that name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|row| row.name() == name)
    }

    fn measure(self, arguments: &Arguments, report: &mut Report) -> Result<()> {
        match self {
            Self::Definition => score::definitions(arguments, report),
            Self::References => score::references(arguments, report),
        }
    }
}

/// Measures all rows that are wanted and prints the report.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    if let Some(folder) = &arguments.corpora {
        corpora::use_folder(folder);
    }
    let mut report = Report::default();
    for row in Row::ALL.iter().copied().filter(|row| arguments.wants(*row)) {
        row.measure(arguments, &mut report)?;
    }
    println!("{}\n", report::provenance());
    println!("{}", report::goals(&report.goals));
    for (heading, table) in &report.details {
        println!("{heading}\n\n{table}");
    }
    for note in &report.notes {
        println!("- {note}");
    }
    Ok(())
}
