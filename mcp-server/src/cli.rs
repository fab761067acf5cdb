//! The command line: flags and environment become values, once, and are passed down.

#![expect(
    clippy::disallowed_methods,
    reason = "the environment is read here and nowhere else; doctor looks at folders"
)]

use anyhow::{Context, Result, bail};
use clap::{Parser, Subcommand};
use devtoolkit_mcp::main_loop::Folders;
use devtoolkit_mcp::permission::{Care, Policy};
use devtoolkit_mcp::person::{Config, Person};
use devtoolkit_mcp::sandbox::{Machine, Tier};
use devtoolkit_mcp::server::{self, Opening, Server};
use devtoolkit_mcp::tool::Toolset;
use devtoolkit_mcp::toolbox::{Selected, Toolbox};
use devtoolkit_mcp::workspace::Roots;
use std::env;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use tracing_subscriber::EnvFilter;

mod doctor;
mod http;

/// How long calls that are being written may take after the host has gone.
const LAST_MOMENTS: Duration = Duration::from_millis(450);

/// An MCP server for working on code: files, symbols and changes that are staged until a person accepts them.
#[derive(Debug, Parser)]
#[command(name = "devtoolkit-mcp", version, after_help = AFTER)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// A folder to work in; may be repeated. Otherwise the host's roots, or else the current folder
    #[arg(long = "root", value_name = "DIR", global = true)]
    roots: Vec<PathBuf>,
    /// Groups of tools to offer [default: files,symbols,shell]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    toolsets: Vec<Toolset>,
    /// Exactly these tools
    #[arg(long, value_name = "NAMES", value_delimiter = ',', conflicts_with = "toolsets")]
    tools: Vec<String>,
    /// Offer only tools that read
    #[arg(long)]
    read_only: bool,
    /// Write changes at once, for hosts in which the person reviews them; they can be undone
    #[arg(long, conflicts_with = "read_only")]
    direct: bool,
    /// Act without asking, for hosts that confirm destructive tools with the person. Of what is asked about all the same,
    /// NAMES are left to the host as well
    #[arg(long, value_name = "NAMES", value_delimiter = ',', num_args = 0.., require_equals = true)]
    trust_host: Option<Vec<Care>>,
    /// Your configuration, instead of devtoolkit/config.toml in your folder for configurations
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    /// A host besides this machine that http_request may reach; may be repeated
    #[arg(long = "allow-host", value_name = "HOST")]
    hosts: Vec<String>,
    /// Run commands in this sandbox or not at all, instead of in the best that holds here: overlay, landlock or none
    #[arg(long, value_name = "NAME", global = true)]
    sandbox: Option<Tier>,
    #[command(flatten)]
    http: http::HttpArguments,
    /// Keep no index on disk
    #[arg(long, global = true)]
    no_cache: bool,
    /// What is told on stderr: error, warn, info, debug or trace
    #[arg(long, value_name = "LEVEL", default_value = "warn")]
    log: tracing::Level,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Look at roots, folders, index and journals, and say what is to be done
    Doctor,
}

const AFTER: &str = "Started by an MCP host, which talks to it through stdin and stdout. \
    mcp-server/README.md has the configuration lines for common hosts.";

/// Becomes the place where a command runs, if we were started for that. Nothing else may have been done before.
pub(crate) fn launcher() -> Option<ExitCode> {
    #[cfg(unix)]
    return devtoolkit_mcp::sandbox::enter_launcher(env::args_os());
    #[cfg(not(unix))]
    return None;
}

/// Does what the command line says.
///
/// # Errors
/// When something that it names cannot be used.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let filter = EnvFilter::new(format!("devtoolkit={0},rmcp=off", arguments.log))
        .add_directive(format!("devtoolkit_mcp={}", arguments.log).parse()?)
        .add_directive(format!("devtoolkit_index={}", arguments.log).parse()?);
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    if let Some(Command::Doctor) = arguments.command {
        return Ok(examine(arguments));
    }
    let server = server(arguments)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(64)
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let served = match arguments.http.address() {
        None => runtime.block_on(server::serve_stdio(server)),
        Some(address) => runtime.block_on(arguments.http.serve(server, address, &folders(arguments)?.state)),
    };
    // What is being written is let finish; everything else was told to stop.
    runtime.shutdown_timeout(LAST_MOMENTS);
    served.map(|()| ExitCode::SUCCESS)
}

fn examine(arguments: &Arguments) -> ExitCode {
    let current = env::current_dir().unwrap_or_default();
    let mut roots: Vec<PathBuf> = arguments.roots.iter().map(|root| current.join(root)).collect();
    if roots.is_empty() {
        roots.push(current.clone());
    }
    let config = config(arguments, &current);
    let configured = (config.file.as_deref(), config.read().map_err(anyhow::Error::from));
    doctor::run(&roots, folders(arguments).ok().as_ref(), configured, machine(arguments))
}

fn person() -> Person<'static> {
    Person { variable: &|name| env::var_os(name), home: env::home_dir() }
}

fn config(arguments: &Arguments, current: &Path) -> Config {
    person().config(arguments.config.as_deref(), current)
}

/// Prints an error with its causes, and says what to do.
pub(crate) fn report(error: &anyhow::Error) -> ExitCode {
    say(&format!("error: {error:#}"));
    ExitCode::from(2)
}

#[expect(clippy::print_stderr, reason = "what whoever starts it has to know")]
fn say(text: &str) {
    eprintln!("{text}");
}

fn server(arguments: &Arguments) -> Result<Server> {
    let current =
        env::current_dir().context("the current folder is gone; start from another, or pass --root")?;
    let (rules, _) = config(arguments, &current).read()?;
    let policy = Policy {
        read_only: arguments.read_only,
        direct: arguments.direct,
        trust_host: arguments.trust_host.clone(),
        hosts: arguments.hosts.clone(),
        rules,
    };
    let selected = Selected {
        toolsets: arguments.toolsets.clone(),
        tools: arguments.tools.clone(),
        read_only: arguments.read_only,
    };
    let toolbox = Toolbox::new(&selected, policy)?;
    let opening = match arguments.roots.is_empty() {
        false => Opening::Given(open_roots(&arguments.roots)?),
        // Of several hosts, none says where the others work.
        true if arguments.http.address().is_some() => Opening::Given(open_roots(&[current])?),
        true => Opening::OfHost { otherwise: current },
    };
    Ok(Server::new(opening, folders(arguments)?, machine(arguments), toolbox))
}

/// What commands are to know of the machine.
fn machine(arguments: &Arguments) -> Machine {
    person().machine(env::current_exe().ok(), arguments.sandbox)
}

fn open_roots(folders: &[PathBuf]) -> Result<Roots> {
    for folder in folders {
        if !folder.is_dir() {
            let what = if folder.exists() { "is no folder" } else { "does not exist" };
            bail!("`--root {}` {what}; pass the folder of a project", folder.display());
        }
    }
    Roots::open(folders).context("`--root` cannot be opened")
}

/// The user's folders for state and cache.
fn folders(arguments: &Arguments) -> Result<Folders> {
    let cache = match arguments.no_cache {
        true => None,
        false => devtoolkit_index::store::user_cache(),
    };
    let config = config(arguments, &env::current_dir().unwrap_or_default());
    person()
        .folders(cache, &config)
        .context("there is no home folder to keep journals in; set HOME or XDG_STATE_HOME")
}
