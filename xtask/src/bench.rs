//! The benchmarks by name, each a `[[bench]]` target of a package.

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::commands::{quoted, wrong_use};
use crate::tools::Need;
use crate::{clients, models, program, setup};

/// Variables of the environment with what they name.
type Variables = Vec<(&'static str, PathBuf)>;

struct Bench {
    name: &'static str,
    package: &'static str,
    target: &'static str,
    needs: &'static [Need],
    /// What it is told through the environment, when it is given these arguments.
    variables: fn(&[String]) -> Result<Variables>,
}

const PEERS: &[Need] = &[Need::Build, Need::Bench];
const MODEL: &[Need] = &[Need::Build, Need::Model];

const BENCHES: &[Bench] = &[
    Bench {
        name: "index",
        package: "devtoolkit-index",
        target: "index",
        needs: PEERS,
        variables: |_| Ok(Vec::new()),
    },
    Bench {
        name: "mcp",
        package: "devtoolkit-mcp",
        target: "mcp",
        needs: PEERS,
        variables: |_| clients::file_server(),
    },
    Bench {
        name: "git",
        package: "devtoolkit-mcp",
        target: "git",
        needs: PEERS,
        variables: |_| clients::git_server(),
    },
    Bench {
        name: "shell",
        package: "devtoolkit-mcp",
        target: "shell",
        needs: PEERS,
        variables: |_| Ok(Vec::new()),
    },
    Bench {
        name: "inference",
        package: "devtoolkit-agent",
        target: "inference",
        needs: MODEL,
        variables: |_| models::measured(),
    },
    Bench {
        name: "tasks",
        package: "e2e-tests",
        target: "tasks",
        needs: &[Need::Build, Need::Model, Need::Clients],
        variables: for_tasks,
    },
];

/// What runs the projects, and a model unless another is named.
fn for_tasks(arguments: &[String]) -> Result<Variables> {
    let mut variables = vec![clients::node()?];
    let needs_none = |argument: &String| ["--model", "--script", "--help", "-h"].contains(&argument.as_str());
    if !arguments.iter().any(needs_none) {
        variables.push(models::coder()?);
    }
    Ok(variables)
}

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
    cargo.envs((bench.variables)(rest)?);
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
            "no benchmark `tea`; known: `index`, `mcp`, `git`, `shell`, `inference` and `tasks`"
        );
        let missing = command(&[]).expect_err("a name is needed");
        assert_eq!(
            missing.to_string(),
            "`bench` needs a name: `index`, `mcp`, `git`, `shell`, `inference` and `tasks`"
        );
    }
}
