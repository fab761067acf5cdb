//! The benchmarks by name, each a `[[bench]]` target of a package.

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::commands::{quoted, wrong_use};
use crate::tools::Need;
use crate::{clients, models, program, setup};

struct Bench {
    name: &'static str,
    package: &'static str,
    target: &'static str,
    needs: &'static [Need],
    /// What it is told through the environment.
    variables: fn() -> Result<Vec<(&'static str, PathBuf)>>,
}

const PEERS: &[Need] = &[Need::Build, Need::Bench];
const MODEL: &[Need] = &[Need::Build, Need::Model];

const BENCHES: &[Bench] = &[
    Bench {
        name: "index",
        package: "devtoolkit-index",
        target: "index",
        needs: PEERS,
        variables: || Ok(Vec::new()),
    },
    Bench {
        name: "mcp",
        package: "devtoolkit-mcp",
        target: "mcp",
        needs: PEERS,
        variables: clients::file_server,
    },
    Bench {
        name: "git",
        package: "devtoolkit-mcp",
        target: "git",
        needs: PEERS,
        variables: clients::git_server,
    },
    Bench {
        name: "shell",
        package: "devtoolkit-mcp",
        target: "shell",
        needs: PEERS,
        variables: || Ok(Vec::new()),
    },
    Bench {
        name: "inference",
        package: "devtoolkit-agent",
        target: "inference",
        needs: MODEL,
        variables: models::measured,
    },
];

pub(crate) fn command(arguments: &[String]) -> Result<()> {
    let known = || quoted(BENCHES.iter().map(|bench| bench.name));
    let Some((name, rest)) = arguments.split_first() else {
        return Err(wrong_use(format!("`bench` needs a name: {}", known())));
    };
    let Some(bench) = BENCHES.iter().find(|bench| bench.name == name) else {
        return Err(wrong_use(format!("no benchmark `{name}`; known: {}", known())));
    };
    setup::ensure(bench.needs)?;
    let mut cargo = program::cargo();
    cargo.args(["bench", "--package", bench.package, "--bench", bench.target, "--"]).args(rest);
    cargo.envs((bench.variables)()?);
    if !program::run(&mut cargo)? {
        bail!("benchmark `{name}` failed; its last lines are above");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_and_missing_names_list_the_known() {
        let unknown = command(&["tea".into()]).expect_err("no such benchmark");
        assert_eq!(
            unknown.to_string(),
            "no benchmark `tea`; known: `index`, `mcp`, `git`, `shell` and `inference`"
        );
        let missing = command(&[]).expect_err("a name is needed");
        assert_eq!(
            missing.to_string(),
            "`bench` needs a name: `index`, `mcp`, `git`, `shell` and `inference`"
        );
    }
}
